package xlsx_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/finding"
)

const person = `<row><c r="A2"><v>1001</v></c></row>`

// What is wrong with a part refuses the workbook, by a rule of its own.
func TestMalice(t *testing.T) {
	header := texts(strings.Split(visits, ",")...)
	with := func(changed map[string]string) book {
		b := headed(person)
		b.changed = changed
		return b
	}
	for name, v := range map[string]struct {
		book book
		rule string
	}{
		"rows out of order":           {headed(`<row r="5"/><row r="4"/>`), "WORKBOOK_MALFORMED"},
		"a row twice":                 {headed(`<row r="5"/><row r="5"/>`), "WORKBOOK_MALFORMED"},
		"row 0":                       {headed(`<row r="0"/>`), "WORKBOOK_MALFORMED"},
		"a row beyond the last":       {headed(`<row r="1048577"/>`), "WORKBOOK_MALFORMED"},
		"a row that is no number":     {headed(`<row r="2x"/>`), "WORKBOOK_MALFORMED"},
		"cells out of order":          {headed(`<row><c r="B2"/><c r="A2"/></row>`), "WORKBOOK_MALFORMED"},
		"a cell twice":                {headed(`<row><c r="B2"/><c r="B2"/></row>`), "WORKBOOK_MALFORMED"},
		"a cell of another row":       {headed(`<row r="2"><c r="B3"/></row>`), "WORKBOOK_MALFORMED"},
		"a cell beyond XFD":           {headed(`<row r="2"><c r="XFE2"/></row>`), "WORKBOOK_MALFORMED"},
		"a cell far beyond":           {headed(`<row r="2"><c r="AAAAAAAAAAAAAAAA2"/></row>`), "WORKBOOK_MALFORMED"},
		"more cells than a sheet has": {headed(`<row r="2"><c r="XFD2"/><c/></row>`), "WORKBOOK_MALFORMED"},
		"a cell without a name":       {headed(`<row r="2"><c r=""/></row>`), "WORKBOOK_MALFORMED"},
		"a cell of no known kind":     {headed(`<row r="2"><c t="x"/></row>`), "WORKBOOK_MALFORMED"},
		"two values":                  {headed(`<row r="2"><c><v>1</v><v>2</v></c></row>`), "WORKBOOK_MALFORMED"},
		"a value in a value":          {headed(`<row r="2"><c><v>1<v>2</v></v></c></row>`), "WORKBOOK_MALFORMED"},
		"an inline text and a value":  {headed(`<row r="2"><c t="inlineStr"><is/><v>2</v></c></row>`), "WORKBOOK_MALFORMED"},
		"an attribute twice":          {headed(`<row r="2" r="3"/>`), "XML_MALFORMED"},
		"a shared text of none":       {headed(`<row r="2"><c t="s"><v>0</v></c></row>`), "WORKBOOK_MALFORMED"},
		"a shared text by a word":     {headed(`<row r="2"><c t="s"><v>x</v></c></row>`), "WORKBOOK_MALFORMED"},
		"a shared text far beyond":    {headed(`<row r="2"><c t="s"><v>99999999999</v></c></row>`), "WORKBOOK_MALFORMED"},
		"a shared text late":          {headed(strings.Repeat(`<row/>`, 40) + `<row><c t="s"><v>0</v></c></row>`), "WORKBOOK_MALFORMED"},
		"rows twice":                  {book{sheets: []string{header}, behind: map[int]string{1: "<sheetData/>"}}, "WORKBOOK_MALFORMED"},
		"no merged range":             {book{sheets: []string{header}, behind: map[int]string{1: `<mergeCells><mergeCell ref="B2:A1"/></mergeCells>`}}, "WORKBOOK_MALFORMED"},
		"a document type":             {with(map[string]string{"xl/workbook.xml": `<!DOCTYPE x [<!ENTITY a "b">]><workbook/>`}), "XML_DOCTYPE"},
		"an entity":                   {headed(`<row><c><v>&a;</v></c></row>`), "XML_ENTITY"},
		"elements in each other":      {headed(strings.Repeat("<x>", 100)), "XML_TOO_DEEP"},
		"a long attribute":            {headed(`<row r="` + strings.Repeat("0", 2<<20) + `2"/>`), "XML_TOO_LONG"},
		"many attributes":             {headed(`<row ` + manyAttributes() + `/>`), "XML_TOO_LONG"},
		"a long value":                {headed(`<row><c><v>` + strings.Repeat("1", 600<<10) + `</v></c><c><v>` + strings.Repeat("1", 600<<10) + `</v></c></row>`), "RECORD_TOO_LARGE"},
		"a long inline text":          {headed(`<row><c t="inlineStr"><is>` + strings.Repeat("<t>"+strings.Repeat("1", 600<<10)+"</t>", 2) + `</is></c></row>`), "XML_TOO_LONG"},
		"cut off":                     {with(map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + header}), "FILE_CUT_OFF"},
		"UTF-16":                      {with(map[string]string{"xl/worksheets/sheet1.xml": "\xff\xfe<\x00w\x00"}), "FILE_UTF16"},
		"another part for a sheet":    {with(map[string]string{"xl/worksheets/sheet1.xml": "<sst/>"}), "WORKBOOK_MALFORMED"},
		"a sheet that is not there":   {with(map[string]string{"xl/worksheets/sheet1.xml": ""}), "WORKBOOK_DAMAGED"},
		"no list of links":            {with(map[string]string{"xl/_rels/workbook.xml.rels": ""}), "WORKBOOK_DAMAGED"},
		"no workbook":                 {with(map[string]string{"xl/workbook.xml": ""}), "WORKBOOK_DAMAGED"},
		"another document":            {with(map[string]string{"xl/workbook.xml": "<document/>"}), "WORKBOOK_DAMAGED"},
		"a sheet in another file": {with(map[string]string{"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="file:///etc/passwd" TargetMode="External"/></Relationships>`}),
			"WORKBOOK_SUSPECT"},
		"a part for two sheets": {book{sheets: []string{header, header}, changed: map[string]string{"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/worksheet" Target="/xl/Worksheets/sheet1.xml"/></Relationships>`}}, "WORKBOOK_SUSPECT"},
		"a sheet above the archive": {with(map[string]string{"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="../../../etc/passwd"/></Relationships>`}),
			"WORKBOOK_DAMAGED"},
		"a name above the archive": {book{sheets: []string{header}, added: map[string]string{"../evil.xml": "x"}}, "WORKBOOK_SUSPECT"},
		"a name from the top":      {book{sheets: []string{header}, added: map[string]string{"/etc/passwd": "x"}}, "WORKBOOK_SUSPECT"},
		"a name of a drive":        {book{sheets: []string{header}, added: map[string]string{"c:\\evil.xml": "x"}}, "WORKBOOK_SUSPECT"},
		"names that are the same":  {book{sheets: []string{header}, added: map[string]string{"XL/WorkBook.xml": "x"}}, "WORKBOOK_SUSPECT"},
		"a bomb of blanks":         {book{sheets: []string{header, strings.Repeat(" ", 40<<20)}}, "WORKBOOK_SUSPECT"},
		"long first rows":          {book{sheets: longTops()}, "WORKBOOK_TOO_LARGE"},
		"many sheets":              {book{sheets: make([]string, 251)}, "WORKBOOK_TOO_LARGE"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, v.book.write(t))
			if got.rule() != v.rule {
				t.Errorf("%s (%v), want %s", got.rule(), got.err, v.rule)
			}
			var bad *extract.Invalid
			if errors.As(got.err, &bad) && (bad.Findings[0].Hint == "" || strings.Contains(fmt.Sprint(bad.Findings), "child ")) {
				t.Errorf("%v", bad.Findings)
			}
		})
	}
}

// longTops are sheets of first rows that are all as long as one may be.
func longTops() []string {
	row := texts(strings.Repeat("x", 1<<20-100))
	return slices.Repeat([]string{strings.Repeat(row, 20)}, 4)
}

func manyAttributes() string {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, " a%d=''", i)
	}
	return b.String()
}

// What a spreadsheet program may well write is read.
func TestAllowed(t *testing.T) {
	for name, b := range map[string]book{
		"a claim of all cells":  {sheets: []string{texts(strings.Split(visits, ",")...) + person}, changed: map[string]string{}},
		"code":                  {sheets: headed(person).sheets, added: map[string]string{"xl/vbaProject.bin": "\xd0\xcf\x11\xe0", "xl/embeddings/book.xlsx": "PK\x03\x04"}},
		"a link to other files": {sheets: headed(person).sheets, added: map[string]string{"xl/externalLinks/externalLink1.xml": "<!DOCTYPE x>", "xl/externalLinks/": ""}},
	} {
		if name == "a claim of all cells" {
			b.changed["xl/worksheets/sheet1.xml"] = `<worksheet><dimension ref="A1:XFD1048576"/><cols><col min="1" max="16384"/></cols><sheetData>` + b.sheets[0] + "</sheetData></worksheet>"
		}
		path := b.write(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := read(t, path)
		runtime.ReadMemStats(&after)
		if got.err != nil || got.tally[1].Passed != 1 {
			t.Errorf("%s: %+v, %v", name, got.tally, got.err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
			t.Errorf("%s: %d MiB are allocated", name, n>>20)
		}
	}
}

// The archive itself: no archive, one cut off, encrypted, lying, or over itself.
func TestArchives(t *testing.T) {
	sound, err := os.ReadFile(headed(person).write(t))
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int, b byte) []byte {
		out := bytes.Clone(sound)
		out[at] = b
		return out
	}
	directory := bytes.LastIndex(sound, []byte("_rels/.rels")) - 46 // what is listed of the part that is read first
	for name, v := range map[string]struct {
		content []byte
		rule    string
	}{
		"nothing":              {nil, "WORKBOOK_DAMAGED"},
		"text":                 {[]byte("CHILD,SEEN\n1,2\n"), "WORKBOOK_DAMAGED"},
		"a compound file":      {append([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), make([]byte, 4096)...), "WORKBOOK_ENCRYPTED"},
		"cut off":              {sound[:len(sound)-40], "WORKBOOK_DAMAGED"},
		"cut off in the parts": {sound[:200], "WORKBOOK_DAMAGED"},
		"an encrypted part":    {changed(directory+8, sound[directory+8]|1), "WORKBOOK_ENCRYPTED"},
		"an unknown packing":   {changed(directory+10, 99), "WORKBOOK_DAMAGED"},
		"an empty archive":     {append([]byte("PK\x05\x06"), make([]byte, 18)...), "WORKBOOK_DAMAGED"},
		"many parts":           {manyParts(t, 10_001, ""), "WORKBOOK_TOO_LARGE"},
		"a long list of parts": {manyParts(t, 3_000, strings.Repeat("x", 3000)), "WORKBOOK_TOO_LARGE"},
		"two parts of a name":  {twice(t, sound), "WORKBOOK_SUSPECT"},
		"a lie of a size":      {lying(t, 1<<33), "WORKBOOK_TOO_LARGE"},
		"a small lie":          {lying(t, 10), "WORKBOOK_DAMAGED"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "book.xlsx")
			if err := os.WriteFile(path, v.content, 0o600); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := xlsx.Reader{}.Recognise(t.Context(), catalogue(t), path, "book.xlsx", &finding.Report{})
			runtime.ReadMemStats(&after)
			if got := (outcome{err: err}).rule(); got != v.rule {
				t.Errorf("%s (%v), want %s", got, err, v.rule)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
				t.Errorf("%d MiB are allocated", n>>20)
			}
		})
	}
}

func manyParts(t *testing.T, n int, long string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range n {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("p%d%s", i, long)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// twice has the list of links of the whole twice.
func twice(t *testing.T, sound []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	from, err := zip.NewReader(bytes.NewReader(sound), int64(len(sound)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(from.File, from.File[0]) {
		if err := z.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// lying has a list of links that says it has another size.
func lying(t *testing.T, size uint64) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, 9)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(headed(person).parts()["_rels/.rels"])
	if _, err := w.Write(text); err != nil || w.Close() != nil {
		t.Fatal("not packed")
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	in, err := z.CreateRaw(&zip.FileHeader{Name: "_rels/.rels", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(text), CompressedSize64: uint64(packed.Len()), UncompressedSize64: size})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(in, &packed); err != nil || z.Close() != nil {
		t.Fatal("not written")
	}
	return out.Bytes()
}

// An overlap: two entries of the list with the bytes of one.
func TestPartsOverEachOther(t *testing.T) {
	path := book{sheets: []string{texts(strings.Split(visits, ",")...) + strings.Repeat(person, 1) + `<row><c t="str"><v>` + noise(1<<16) + `</v></c></row>`}}.write(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The size of one part is given as that of the whole file.
	at := bytes.Index(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[at+20:], uint32(len(data)))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got.rule() != "WORKBOOK_SUSPECT" {
		t.Errorf("%s: %v", got.rule(), got.err)
	}
}

func noise(n int) string {
	out := make([]byte, n)
	x := uint32(1)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[x>>27]
	}
	return string(out)
}

// A bomb of shared strings that is packed just under what is suspect is refused when it is beyond the cap.
func TestBombOfSharedStrings(t *testing.T) {
	if testing.Short() {
		t.Skip("a workbook of 270 MB unpacked")
	}
	path := filepath.Join(t.TempDir(), "book.xlsx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	z.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	b := headed(person)
	b.shared = []string{"<t>x</t>"}
	item := "<si><t>" + noise(16<<10) + strings.Repeat("x", 900<<10) + "</t></si>"
	for name, text := range b.parts() {
		in, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "xl/sharedStrings.xml" {
			_, err = io.WriteString(in, "<sst>")
			for n := 0; n < 270<<20 && err == nil; n += len(item) {
				_, err = io.WriteString(in, item)
			}
			text = "</sst>"
		}
		if _, wrong := io.WriteString(in, text); errors.Join(err, wrong) != nil {
			t.Fatal(err, wrong)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got.rule() != "WORKBOOK_TOO_LARGE" {
		t.Errorf("%s: %v", got.rule(), got.err)
	}
}

// A sheet of many rows is read in the memory of one batch.
func TestMemoryDoesNotGrow(t *testing.T) {
	path := headed(strings.Repeat(`<row><c><v>1001</v></c><c><v>45351</v></c><c/><c t="str"><v>A1</v></c></row>`, 200_000)).write(t)
	read(t, path) // what is made once
	sources, err := xlsx.Reader{}.Recognise(t.Context(), catalogue(t), path, "book.xlsx", &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	src := sources[0]
	if src.Path = path; src.TakeDigest() != nil {
		t.Fatal("no digest")
	}
	d := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, "CHILD", "SEEN", "KIND"), Report: &finding.Report{}, Sink: func(*extract.Batch) error { return nil }}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = xlsx.Reader{}.Read(t.Context(), []*extract.Demand{d})
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; err != nil || d.Tally.Passed != 200_000 || n > 8<<20 {
		t.Errorf("%+v, %d KiB allocated, %v", d.Tally, n>>10, err)
	}
}
