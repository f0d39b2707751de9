package notice_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/notice"
)

func TestParse(t *testing.T) {
	text := strings.Join([]string{
		"\uFEFFOur notice", // 1
		"",                 // 2
		"We hold data, e.g. names. We keep them for No. 5", // 3
		"High Street only. “Why?” you ask. Because.",       // 4
		"----------",    // 5
		"What we share", // 6
		"We share it with people who look into how families fare over the years.", // 7
		"",                         // 8
		"We share:",                // 9
		"",                         // 10
		"  • one thing, which has", // 11
		"    a second line;",       // 12
		"  • another. And more.",   // 13
		"  1. a number",            // 14
		"  b) a letter",            // 15
		"Then no list.",            // 16
		"",                         // 17
		"## Rights",                // 18
		"•",                        // 19
		"Alone on its line",        // 20
	}, "\r\n")
	var got []string
	for i, s := range parse(t, text).Sentences {
		got = append(got, fmt.Sprintf("%d|%d|%s|%s|%d|%d|%s", i, s.Line, s.Kind, s.Marker, s.Heading, s.Lead, s.Text))
	}
	want := []string{
		"0|1|heading||-1|-1|Our notice",
		"1|3|prose||0|-1|We hold data, e.g. names.",
		"2|3|prose||0|-1|We keep them for No. 5 High Street only.",
		"3|4|prose||0|-1|“Why?” you ask.",
		"4|4|prose||0|-1|Because.",
		"5|6|heading||0|-1|What we share",
		"6|7|prose||5|-1|We share it with people who look into how families fare over the years.",
		"7|9|prose||5|-1|We share:",
		"8|11|bullet|•|5|7|one thing, which has a second line;",
		"9|13|bullet|•|5|7|another.",
		"10|13|bullet||5|7|And more.",
		"11|14|bullet|1.|5|7|a number",
		"12|15|bullet|b)|5|7|a letter",
		"13|16|prose||5|-1|Then no list.",
		"14|18|heading|##|5|-1|Rights",
		"15|20|bullet|•|14|14|Alone on its line",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := parse(t, text); n.Lines != 20 {
		t.Errorf("%d lines, want 20", n.Lines)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":      {"", "no words"},
		"no words":     {" \n--\n•\n", "no words"},
		"too long":     {strings.Repeat("a ", notice.MaxSize/2) + "b", "more than"},
		"not UTF-8":    {"caf\xe9", "UTF-8"},
		"UTF-16":       {"\xff\xfeW\x00e\x00", "UTF-8"},
		"control":      {"one\ntwo \x00 three", "line 2 of the notice has a control character"},
		"page":         {"  <!DOCTYPE html><p>We share", "markup"},
		"page without": {"<HTML>We share", "markup"},
		"rich text":    {"{\\rtf1 We share}", "markup"},
		"PDF":          {"%PDF-1.7 We share", "markup"},
	} {
		n, err := notice.Parse([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || finding.HintOf(err) == "" || n != nil {
			t.Errorf("%s: %v (%s), want %q", name, err, finding.HintOf(err), c.want)
		}
	}
	if _, err := notice.Parse([]byte(strings.Repeat("a ", notice.MaxSize/2))); err != nil {
		t.Errorf("a notice of the greatest size: %v", err)
	}
}

// letters are the letters and digits of a text, in their order.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFKC.String(text))
}

func addNotices(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("../../testdata/notices/*.txt")
	if err != nil || len(files) < 4 {
		f.Fatalf("%d notices, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a-\nb c.d\n1. x\n• \n\uFFFE\u00ad‘’"))
}

// FuzzParse holds Parse to what it says: nothing of a text is lost or put in another order, lines are in the text and in
// order, headings and leads come before what they are of.
func FuzzParse(f *testing.F) {
	addNotices(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := notice.Parse(data)
		if err != nil {
			return
		}
		var all strings.Builder
		line := 1
		for i, s := range n.Sentences {
			all.WriteString(s.Marker + s.Text)
			if s.Line < line || s.Line > n.Lines || s.Heading >= i || s.Lead >= i || s.Text == "" {
				t.Fatalf("sentence %d: %+v after line %d of %d", i, s, line, n.Lines)
			}
			line = s.Line
		}
		if got, want := letters(all.String()), letters(string(data)); got != want {
			t.Fatalf("letters %q, want %q", got, want)
		}
	})
}

// FuzzCheck holds Check to what it says of any text: each point has a name of its own and a line of the text, and an
// answer to each leaves none open.
func FuzzCheck(f *testing.F) {
	addNotices(f)
	cat := catalogue(f)
	a := example(f, "family-valued-2026.yaml", cat)
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := notice.Parse(data[:min(len(data), 1000)])
		if err != nil {
			return
		}
		names := make(map[string]bool)
		points := notice.Check(n, a, cat)
		answered := *a
		for _, p := range points {
			if names[p.Name] || p.Line < 0 || p.Line > n.Lines || p.Answered {
				t.Fatalf("%+v, of %d lines", p, n.Lines)
			}
			names[p.Name] = true
			answered.PrivacyNotice.Answers = append(answered.PrivacyNotice.Answers, agreement.Answer{Point: p.Name, Text: "It is known, and written here."})
		}
		again := notice.Check(n, &answered, cat)
		if open := notice.Unanswered(again); len(open) > 0 || len(again) != len(points) {
			t.Fatalf("%d points were answered, and of %d then %q are open", len(points), len(again), raised(open))
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	cat := catalogue(b)
	a := example(b, "family-valued-2026.yaml", cat)
	n := read(b, "../../testdata/notices/good.txt")
	b.ReportAllocs()
	for b.Loop() {
		if points := notice.Check(n, a, cat); len(points) > 0 {
			b.Fatal(points)
		}
	}
}
