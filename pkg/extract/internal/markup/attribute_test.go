package markup

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAttributes(t *testing.T) {
	for _, v := range []struct{ tag, name, want string }{
		{`<a b="1"/>`, "b", "[1]"},
		{`<a b="1"/>`, "c", "none"},
		{`<a b=''/>`, "b", "[]"},
		{`<a x:b='1'/>`, "b", "[1]"},
		{`<a x:b='1' b='2'/>`, "b", "[1]"},
		{"<a\n b = '1' c=\"it's\"/>", "c", "[it's]"},
		{`<a b="&lt;&#65;&amp;&quot;"/>`, "b", `[<A&"]`},
		{"<a b='x\r\ny\tz\nw'/>", "b", "[x y z w]"},
		{`<a b="&#10;"/>`, "b", "[\n]"},
		{`<a b="]]&gt;é"/>`, "b", "[]]>é]"},
	} {
		s := New(strings.NewReader(v.tag))
		s.KeepAttributes = true
		if k, err := s.Next(); err != nil || k != StartTag {
			t.Errorf("%s: %v", v.tag, err)
			continue
		}
		got := "none"
		if value := s.Attribute(v.name); value != nil {
			got = fmt.Sprintf("[%s]", value)
		}
		if got != v.want {
			t.Errorf("%s of %s is %q, want %q", v.name, v.tag, got, v.want)
		}
		if _, err := s.Next(); err != nil || s.Attribute("none") != nil {
			t.Errorf("%s: behind it %v", v.tag, err)
		}
	}
	for _, tag := range []string{`<a b="1" b="2"/>`, "<a" + strings.Repeat(" b='1'", 2) + "/>"} {
		s := New(strings.NewReader(tag))
		s.KeepAttributes = true
		if _, err := s.Next(); !errors.Is(err, RuleMalformed) {
			t.Errorf("%s: %v", tag, err)
		}
	}
	many := "<a"
	for i := range maxAttributes + 1 {
		many += fmt.Sprintf(" b%d=''", i)
	}
	s := New(strings.NewReader(many + "/>"))
	s.KeepAttributes = true
	if _, err := s.Next(); !errors.Is(err, RuleTooLong) {
		t.Errorf("%v", err)
	}
}
