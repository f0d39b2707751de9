package dataset

import (
	"regexp"
	"testing"
)

// Which patterns have a text in common was told by hand: of those that do, one such text is given.
func TestOverlaps(t *testing.T) {
	for _, c := range []struct{ a, b, both string }{
		{`ethnic(ity|s)?`, `ethnic.*`, "ethnics"},
		{`ethnic(ity|s)?`, `sex`, ""},
		{`date of (birth|death)`, `.*birth`, "date of birth"},
		{`date of birth`, `date of birth.+`, ""},
		{`a*b`, `a*c`, ""},
		{`a*b`, `[a-c]{3}`, "aab"},
		{`[0-9]{2}`, `[0-9]{3}`, ""},
		{`K`, "\u212a", "k"}, // the sign of the kelvin is a k but for case
		{`[^a-y]`, `z`, "z"},
		{`[^a-z]`, `[a-z]`, ""},
		{`x(yz)*`, `xy(zy)*z`, "xyzyz"},
		{`\bend\b`, `e..`, "end"},
		{`.`, `[\n-\v]`, "\v"},
	} {
		a, b := regexp.MustCompile("^(?i:"+c.a+")$"), regexp.MustCompile("^(?i:"+c.b+")$")
		if c.both != "" && (!a.MatchString(c.both) || !b.MatchString(c.both)) {
			t.Errorf("%s, %s: the example fits not both", c.a, c.b)
		}
		if overlaps(a, b) != (c.both != "") || overlaps(b, a) != (c.both != "") {
			t.Errorf("%s and %s: %t", c.a, c.b, overlaps(a, b))
		}
	}
}
