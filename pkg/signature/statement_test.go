package signature

import (
	"bytes"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

const exampleStatement = `postern-decision v1
agreement: dsa-coventry-fv-2026
version: 1
role: dpo
decision: advise-with-conditions
reason: “Only while Foundations' lease runs”: see minute 4, § 2
`

func TestStatementIsReadAndWrittenInOneForm(t *testing.T) {
	s, err := ParseStatement([]byte(exampleStatement))
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := s.Value("role"); s.Kind != "postern-decision" || len(s.Fields) != 5 || !ok || got != "dpo" {
		t.Errorf("read as %+v", s)
	}
	if _, ok := s.Value("nonce"); ok {
		t.Error("a field that is not there has a value")
	}
	again, err := s.Format()
	if err != nil || string(again) != exampleStatement {
		t.Errorf("written again: %q, %v", again, err)
	}
}

func TestParseStatementRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"kind only":         "k v1\n",
		"no line end":       "k v1\na: b",
		"no version":        "k\na: b\n",
		"another version":   "k v2\na: b\n",
		"capital kind":      "K v1\na: b\n",
		"empty line":        "k v1\na: b\n\n",
		"first line empty":  "\nk v1\na: b\n",
		"CRLF":              "k v1\r\na: b\r\n",
		"no colon":          "k v1\na b\n",
		"no space":          "k v1\na:b\n",
		"two spaces":        "k v1\na:  b\n",
		"space at the end":  "k v1\na: b \n",
		"no value":          "k v1\na: \n",
		"no name":           "k v1\n: b\n",
		"capital name":      "k v1\nA: b\n",
		"name with a space": "k v1\na b: c\n",
		"name twice":        "k v1\na: b\na: c\n",
		"tab":               "k v1\na: b\tc\n",
		"NUL":               "k v1\na: b\x00\n",
		"not UTF-8":         "k v1\na: \xff\n",
		"no-break space":    "k v1\na: b\u00a0c\n",
		"turned around":     "k v1\na: b\u202ec\n",
		"invisible":         "k v1\na: b\u200bc\n",
		"line separator":    "k v1\na: b\u2028c\n",
		"byte order mark":   "\ufeffk v1\na: b\n",
		"too large":         "k v1\na: " + strings.Repeat("b", maxStatement) + "\n",
		"too many fields":   "k v1\n" + manyFields(maxFields+1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseStatement([]byte(text)); err == nil {
				t.Error("accepted")
			} else if finding.HintOf(err) == "" {
				t.Errorf("no hint: %v", err)
			}
		})
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("f" + strings.Repeat("x", i%60) + string(rune('a'+i/60)) + ": v\n")
	}
	return b.String()
}

func TestFormatStatementRefuses(t *testing.T) {
	for name, s := range map[string]Statement{
		"no kind":             {Fields: []Field{{"a", "b"}}},
		"no field":            {Kind: "k"},
		"value of two lines":  {Kind: "k", Fields: []Field{{"a", "b\nrole: owner"}}},
		"value that is empty": {Kind: "k", Fields: []Field{{"a", ""}}},
		"name with a colon":   {Kind: "k", Fields: []Field{{"a: b\nc", "d"}}},
		"kind of two lines":   {Kind: "k v1\na: b\nk", Fields: []Field{{"a", "b"}}},
	} {
		if _, err := s.Format(); err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	full := Statement{Kind: "k"}
	for line := range strings.Lines(manyFields(maxFields)) {
		full.Fields = append(full.Fields, Field{strings.TrimSuffix(line, ": v\n"), "v"})
	}
	if _, err := full.Format(); err != nil {
		t.Errorf("%d fields: %v", maxFields, err)
	}
}

func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(exampleStatement))
	f.Add([]byte("k v1\na: b: c\n"))
	f.Add([]byte("k v1\na: b\u00a0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseStatement(data)
		if err != nil {
			return
		}
		again, err := s.Format()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("accepted %q, written again as %q, %v", data, again, err)
		}
	})
}
