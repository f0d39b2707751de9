package markup

import (
	"bytes"
	stdxml "encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// taken is a document as a scanner takes it apart: a line per tag, and per stretch of text between two tags.
func taken(in io.Reader) ([]string, error) {
	s := New(in)
	var out []string
	var open [][]byte
	text := ""
	put := func(what string) {
		if text != "" {
			out = append(out, fmt.Sprintf("text %q", text))
		}
		text = ""
		out = append(out, what)
	}
	for {
		k, err := s.Next()
		if err != nil {
			return nil, err
		}
		switch k {
		case StartTag:
			open = append(open, bytes.Clone(s.Name))
			put("start " + string(s.Name))
		case EndTag:
			put("end " + string(open[len(open)-1]))
			open = open[:len(open)-1]
		case TextRun:
			if s.Blank != (strings.Trim(string(s.Text), " \t\r\n") == "") {
				return nil, errors.New("a text is blank, or is not, and the scanner says otherwise")
			}
			text += string(s.Text)
		default:
			return out, nil
		}
	}
}

// standard is the same by the standard library.
func standard(document []byte) ([]string, error) {
	d := stdxml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(document, []byte("\xef\xbb\xbf"))))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	var out []string
	text := ""
	depth := 0
	put := func(what string) {
		if text != "" {
			out = append(out, fmt.Sprintf("text %q", text))
		}
		text = ""
		out = append(out, what)
	}
	name := func(n stdxml.Name) string {
		if n.Space != "" {
			return n.Space + ":" + n.Local
		}
		return n.Local
	}
	var open []string
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) && depth == 0 {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case stdxml.StartElement:
			open = append(open, name(t.Name))
			put("start " + name(t.Name))
			depth++
		case stdxml.EndElement:
			if depth == 0 || open[len(open)-1] != name(t.Name) {
				return nil, errors.New("not the element that is open")
			}
			put("end " + name(t.Name))
			open = open[:len(open)-1]
			depth--
		case stdxml.CharData:
			if depth > 0 {
				text += string(t)
			}
		}
	}
}

// compare holds one document to the standard library: what is accepted here, it reads the same. It reports whether the
// document was accepted.
func compare(t *testing.T, document []byte) bool {
	t.Helper()
	got, err := taken(bytes.NewReader(document))
	slow, slowErr := taken(iotest.OneByteReader(bytes.NewReader(document)))
	halves, halvesErr := taken(iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(document))))
	if fmt.Sprint(got, err) != fmt.Sprint(slow, slowErr) || fmt.Sprint(got, err) != fmt.Sprint(halves, halvesErr) {
		t.Fatalf("%q in pieces:\n%v %v\n%v %v\n%v %v", document, got, err, slow, slowErr, halves, halvesErr)
	}
	if err != nil {
		var f Fault
		if !errors.As(err, &f) {
			t.Fatalf("%q: %v is no finding", document, err)
		}
		return false
	}
	if bytes.Contains(document, []byte("encoding")) {
		return true // the standard library is given no other encodings here
	}
	want, err := standard(document)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%q\n%v\nthe standard library: %v, %v", document, got, want, err)
	}
	return true
}

// pieces are what documents are drawn from.
func pieces() []string {
	return []string{"<a>", "</a>", "<b>", "</b>", "<a/>", "<b />", "<a >", "</a >", "<a x='1'>", "<a x=\"'>\" y='\">'>", "<a x='1'/>", "<p:a>", "</p:a>",
		"<a xmlns='n'>", "text", " ", "\n", "\r\n", "\r", "\t", "&lt;", "&amp;", "&#65;", "&#x41;", "&#13;", "&e;", "&#0;", "&#xD800;", "&", "]]>", "]]", ">", "'",
		"<!-- c -->", "<!---->", "<!-- > <a> -->", "<!-- -- -->", "<!--->", "<![CDATA[<a>&amp;]]>", "<![CDATA[]]>", "<![CDATA[]]]]>", "<![CDATA[\r\n]]>", "<![CDATA[",
		"<?p d?>", "<?p?>", "<?p d>", "<?xml version='1.0'?>", "<!DOCTYPE a>", "<", "</", "é", "\xe9", "\x01", "\xef\xbf\xbf", "<é>", "<1>", "<a b>", "<a b=c>", "<a b='<'>", "<a b='&e;'>", "<a/ >", "<a b='1'c='2'>"}
}

// Whatever is put together of the pieces, an accepted document is read as the standard library reads it.
func TestScannerAgainstTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	all, accepted := pieces(), 0
	sound := []string{"text", " ", "\r\n", "\r", "&lt;", "&#x41;", "]]", "<!-- > <a> -->", "<![CDATA[<a>&amp;]]>", "<![CDATA[]]]]>", "<?p d?>", "é", "<c/>", "<c x='>'/>", "<c>", "</c>"}
	for i := range 8_000 {
		var b strings.Builder
		from := all
		if i%2 == 0 {
			from = sound
			b.WriteString([]string{"", "\xef\xbb\xbf", "<?xml version='1.0'?>\n", "<!-- c -->", "<?p?>\n"}[random.IntN(5)])
		}
		b.WriteString("<r>")
		for range random.IntN(7) {
			b.WriteString(from[random.IntN(len(from))])
		}
		b.WriteString("</r>")
		if i%3 == 0 {
			b.WriteString(from[random.IntN(len(from))])
		}
		if compare(t, []byte(b.String())) {
			accepted++
		}
	}
	if accepted < 1200 {
		t.Errorf("only %d documents were accepted: this test shows little", accepted)
	}
}

// FuzzScanner takes anything for a document.
func FuzzScanner(f *testing.F) {
	for _, p := range pieces() {
		f.Add([]byte("<r>" + p + "</r>"))
	}
	f.Add([]byte("<?xml version=\"1.0\" encoding=\"windows-1252\"?><r>\x80</r>"))
	f.Fuzz(func(t *testing.T, document []byte) { compare(t, document) })
}

// What only this reader refuses is refused by its own rule.
func TestScannerRules(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	declared := func(label string) string { return "<?xml version='1.0' encoding='" + label + "'?>" }
	for _, v := range []struct {
		document string
		want     error
	}{
		{"", RuleEmptyFile}, {" \n", RuleEmptyFile}, {"<!-- c -->", RuleEmptyFile}, {"\xef\xbb\xbf", RuleEmptyFile}, {"<?xml version='1.0'?>", RuleEmptyFile},
		{"<", RuleCutOff}, {"<a", RuleCutOff}, {"<a>", RuleCutOff}, {"<a></a", RuleCutOff}, {"<a></", RuleCutOff}, {"<a><!", RuleCutOff}, {"<a><!--", RuleCutOff},
		{"<a><!-- c --", RuleCutOff}, {"<a><![CDATA[", RuleCutOff}, {"<a><![CD", RuleCutOff}, {"<a>text", RuleCutOff}, {"<a x='", RuleCutOff}, {"<a><?p", RuleCutOff}, {"<?xml version='1.0'", RuleCutOff},
		{"text", RuleMalformed}, {"text<a/>", RuleMalformed}, {"<a></b>", RuleMalformed}, {"</a>", RuleMalformed}, {"<a><b></a></b>", RuleMalformed}, {"<![CDATA[x]]><a/>", RuleMalformed},
		{" <?xml version='1.0'?><a/>", RuleMalformed}, {"<a><?xml version='1.0'?></a>", RuleMalformed}, {"<?XML version='1.0'?><a/>", RuleMalformed},
		{"<?xml version='1.1'?><a/>", RuleMalformed}, {"<?xml?><a/>", RuleMalformed}, {"<?xml encoding='utf-8'?><a/>", RuleMalformed}, {"<?xml version='1.0' encoding=''?><a/>", RuleMalformed},
		{"<?xml version='1.0' standalone='maybe'?><a/>", RuleMalformed}, {"<?xml version='1.0' encoding='utf-8' encoding='utf-8'?><a/>", RuleMalformed},
		{"<a b='1'c='2'/>", RuleMalformed}, {"<" + strings.Repeat("n", maxName+1) + "/>", RuleMalformed}, {"<é/>", RuleMalformed}, {"<a:b:c/>", RuleMalformed}, {"<a>]]></a>", RuleMalformed}, {"<a>\x0b</a>", RuleMalformed},
		{"<a>&#x110000;</a>", RuleMalformed}, {"<a>&#xD800;</a>", RuleMalformed}, {"<a>&#;</a>", RuleMalformed}, {"<a>&#x;</a>", RuleMalformed}, {"<a>&amp</a>", RuleMalformed}, {"<a>& ;</a>", RuleMalformed}, {"<a>&;</a>", RuleMalformed},
		{"<a/><b/>", RuleTrailing}, {"<a/>text", RuleTrailing}, {"<a/><a>", RuleTrailing}, {"<a/>&lt;", RuleTrailing},
		{"<!DOCTYPE a><a/>", RuleDoctype}, {"<!doctype a><a/>", RuleDoctype}, {"<a><!ENTITY e 'x'></a>", RuleDoctype}, {"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", RuleDoctype},
		{"<!ELEMENT", RuleDoctype}, {"<a/><!DOCTYPE a>", RuleDoctype},
		{"<a>&e;</a>", RuleEntity}, {"<a>&nbsp;</a>", RuleEntity}, {"<a b='&e;'/>", RuleEntity}, {"<a>&LT;</a>", RuleEntity},
		{deep(64), nil}, {deep(65), RuleTooDeep}, {strings.Repeat("<a>", 200_000), RuleTooDeep},
		{"\xff\xfe<\x00a\x00", RuleUTF16}, {"\xfe\xff\x00<\x00a", RuleUTF16}, {"<\x00a\x00/\x00>\x00", RuleNUL}, {"\x00<\x00a", RuleNUL}, {"<a>\x00</a>", RuleNUL}, {"<a/>\x00", RuleNUL}, {"<a><!-- \x00 --></a>", RuleNUL},
		{"<a>\xe9</a>", RuleEncoding}, {"<a b='\xe9'/>", RuleEncoding}, {"<a>\xed\xa0\x80</a>", RuleEncoding}, {declared("us-ascii") + "<a>é</a>", RuleEncoding}, {declared("us-ascii") + "<a/><!-- é -->", RuleEncoding},
		{"\xef\xbb\xbf" + declared("iso-8859-1") + "<a/>", RuleEncoding}, {declared("UTF-8") + "<a>\x80</a>", RuleEncoding},
		{declared("utf-16") + "<a/>", RuleEncodingUnknown}, {declared("ebcdic") + "<a/>", RuleEncodingUnknown},
		{declared("us-ascii") + "<a>e</a>", nil}, {declared("US-ASCII") + "<a/>", nil}, {"\xef\xbb\xbf" + declared("utf-8") + "<a>é</a>", nil}, {"<?xml version=\"1.0\" standalone='no' ?>\n<a/>\n<!-- c -->\n", nil},
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(v.document), "in bytes": iotest.OneByteReader(strings.NewReader(v.document))} {
			if _, err := taken(in); !errors.Is(err, v.want) || (err == nil) != (v.want == nil) {
				t.Errorf("%.60q %s: %v, want %v", v.document, name, err, v.want)
			}
		}
	}
}

// Bytes beyond ASCII are what the declaration says they are.
func TestScannerEncodings(t *testing.T) {
	for label, v := range map[string]struct{ bytes, want string }{
		"windows-1252": {"\x80\xe9", "€é"}, "ISO-8859-1": {"\xa3\xe9", "£é"}, "utf-8": {"£é", "£é"}, "us-ascii": {"&#163;e", "£e"},
	} {
		for _, n := range []int{1, 70_000} { // beyond what the first look takes in
			document := "<?xml version='1.0' encoding='" + label + "'?><a>" + strings.Repeat(v.bytes, n) + "</a>"
			got, err := taken(strings.NewReader(document))
			if want := fmt.Sprintf("text %q", strings.Repeat(v.want, n)); err != nil || len(got) != 3 || got[1] != want {
				t.Errorf("%s: %v, %.100q", label, err, got)
			}
		}
	}
}

// endless repeats a text for ever, and counts.
type endless struct {
	text string
	read int
}

func (e *endless) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		n += copy(b[n:], e.text[(e.read+n)%len(e.text):])
	}
	e.read += n
	return n, nil
}

// What never ends costs no more than the bound of one piece.
func TestScannerIsBounded(t *testing.T) {
	for name, v := range map[string]struct {
		begin, repeat string
		want          error
	}{
		"text":                    {"<a>", "x", RuleTooLong},
		"text of references":      {"<a>", "&amp;", RuleTooLong},
		"white space":             {"<a>", " ", RuleTooLong},
		"white space at the root": {"", "\n", RuleTooLong},
		"CDATA":                   {"<a><![CDATA[", "x", RuleTooLong},
		"CDATA of tags":           {"<a><![CDATA[", "<a>", RuleTooLong},
		"comment":                 {"<a><!--", "x", RuleTooLong},
		"comment of tags":         {"<a><!--", "<a>> ", RuleTooLong},
		"instruction":             {"<a><?p ", "x>", RuleTooLong},
		"tag name":                {"<", "x", RuleTooLong},
		"end tag":                 {"<a></", "a", RuleTooLong},
		"attribute":               {"<a b='", "x", RuleTooLong},
		"attribute of tags":       {"<a b='", "<a>", RuleTooLong},
		"attributes":              {"<a", " b=''", RuleTooLong},
		"attribute names":         {"<a ", "b", RuleTooLong},
		"XML declaration":         {"<?xml ", "x", RuleTooLong},
		"directive":               {"<!DOCTYPE a [", "<!ENTITY b 'c'>", RuleDoctype},
		"levels":                  {"", "<a>", RuleTooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			rest := &endless{text: v.repeat}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := taken(io.MultiReader(strings.NewReader(v.begin), rest))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, v.want) {
				t.Errorf("%v, want %v", err, v.want)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 || rest.read > 2*MaxRun {
				t.Errorf("%d KiB allocated, %d KiB read", n>>10, rest.read>>10)
			}
		})
	}
}

// A hundred megabytes of sound elements, each with its longest text, is read in the memory of one.
func TestScannerMemoryDoesNotGrow(t *testing.T) {
	element := "<b x='" + strings.Repeat("y", 1000) + "'>" + strings.Repeat("x", MaxRun-4096) + "</b><!-- " + strings.Repeat("c", 1000) + " -->"
	s := New(io.MultiReader(strings.NewReader("<a>"), io.LimitReader(&endless{text: element}, int64(100*len(element))), strings.NewReader("</a>")))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	texts := 0
	for {
		k, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		if k == TextRun {
			texts++
		}
		if k == EndOfFile {
			break
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; texts != 100 || n > 8<<20 {
		t.Errorf("%d texts, %d KiB allocated", texts, n>>10)
	}
}
