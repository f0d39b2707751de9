package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

// expected reads a text row by row with the standard library and tells which rows pass, by the rules as the package
// comment says them. It reports false for a text that the standard library does not read.
func expected(table *dataset.Table, year int, header extract.Header, text []byte) (passed []int64, read int64, ok bool) {
	r := stdcsv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	if _, err := r.Read(); err != nil {
		return nil, 0, false
	}
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return passed, read, true
		}
		if err != nil {
			return nil, 0, false
		}
		read++
		if len(fields) == header.Fields && strings.Join(fields, "") != "" && sound(table, year, header, fields) {
			passed = append(passed, read)
		}
	}
}

func sound(table *dataset.Table, year int, header extract.Header, fields []string) bool {
	values := make(map[string]extract.Value)
	for _, column := range table.Columns {
		cell := ""
		if at, has := header.At[column.Name]; has {
			cell = fields[at]
		}
		value, rule := extract.Decode(&extract.Source{Table: table, Year: year}, column, []byte(cell))
		if rule != "" {
			return false
		}
		values[column.Name] = value
	}
	for _, column := range table.Columns {
		if column.NotBefore == "" {
			continue
		}
		this, that := values[column.Name], values[column.NotBefore]
		if this.State == extract.Known && that.State == extract.Known && this.Num < that.Num {
			return false
		}
	}
	return true
}

// base is a sound file of episodes.
func base(rows int) string {
	var b strings.Builder
	b.WriteString(episodesLine)
	for i := range rows {
		fmt.Fprintf(&b, "%d,%02d/05/2019,S,C2,N%d,U%d,PR1,%02d/06/2019,X1,CARPL,\"CV1 2AB\",CV3 4CD,42444%02d\n", 510000+i%7, 1+i%28, 1+i%8, 1+i%6, 1+i%28, i%100)
	}
	return b.String()
}

func mutate(random *rand.Rand, text []byte) []byte {
	text = slices.Clone(text)
	pieces := []string{"\"", ",", "\n", "\r\n", "\"\"", " ", "x", "0", "99/99/9999", "\xe9", ",,,,,,,,,,,,\n", "\n\n", "K3", "E43", "é"}
	for range 1 + random.IntN(4) {
		if len(text) <= len(episodesLine) {
			return text
		}
		at := len(episodesLine) + random.IntN(len(text)-len(episodesLine)) // the header stays
		switch random.IntN(6) {
		case 0:
			text = slices.Insert(text, at, []byte(pieces[random.IntN(len(pieces))])...)
		case 1:
			text[at] = byte(1 + random.IntN(255))
		case 2:
			text = slices.Delete(text, at, min(len(text), at+1+random.IntN(30)))
		case 3:
			text = slices.Insert(text, at, text[at:min(len(text), at+random.IntN(200))]...)
		case 4:
			text = text[:at]
		default:
			text = append(text[:at:at], append([]byte(pieces[random.IntN(len(pieces))]), text[min(len(text), at+1):]...)...)
		}
	}
	return text
}

// Whatever happens to a file, every row that is read passes or is kept back, and which does is what the rules say.
func TestEveryRowIsAccountedFor(t *testing.T) {
	c := catalogue(t)
	random := rand.New(rand.NewPCG(13, 14))
	compared, refused, quarantined := 0, 0, int64(0)
	for range 300 {
		text := mutate(random, []byte(base(30)))
		got := read(t, c, file(t, string(text)), 2020)
		account(t, text, got)
		if got.err != nil {
			refused++
			continue
		}
		quarantined += got.tally.Quarantined
		_, header, err := extract.Match(c, "", strings.Split(strings.TrimSpace(episodesLine), ","), &finding.Report{})
		if err != nil {
			t.Fatal(err)
		}
		passed, rows, ok := expected(c.Table("ssda903/episodes"), 2020, header, text)
		if !ok {
			continue // quotes that the standard library refuses altogether
		}
		compared++
		if rows != got.tally.Read || !slices.Equal(passed, got.rows) {
			t.Fatalf("%q\nread %d, passed %v; want %d and %v", text, got.tally.Read, got.rows, rows, passed)
		}
	}
	if compared < 150 || refused < 5 || quarantined < 100 {
		t.Errorf("only %d files compared, %d refused, %d rows kept back: this test shows little", compared, refused, quarantined)
	}
}

// account holds one outcome to what is always so.
func account(t *testing.T, text []byte, got outcome) {
	t.Helper()
	var bad *extract.Invalid
	if got.err != nil {
		if !errors.As(got.err, &bad) || len(bad.Findings) == 0 {
			t.Fatalf("%q: %v is no finding", text, got.err)
		}
		return
	}
	if got.tally.Read != got.tally.Passed+got.tally.Quarantined || got.tally.Passed != int64(len(got.rows)) {
		t.Fatalf("%q: %+v does not add up with %d rows", text, got.tally, len(got.rows))
	}
	last, told := int64(0), int64(0)
	for _, n := range got.rows {
		if n <= last || n > got.tally.Read {
			t.Fatalf("%q: row %d after row %d of %d", text, n, last, got.tally.Read)
		}
		last = n
	}
	for _, f := range got.findings {
		if f.Severity == finding.Quarantine {
			told += f.Count
		}
		for _, row := range f.Rows {
			if f.Severity == finding.Quarantine && (row < 1 || row > got.tally.Read || slices.Contains(got.rows, row)) {
				t.Fatalf("%q: %s says row %d is kept back, and it is not", text, f.Rule, row)
			}
		}
	}
	if told < got.tally.Quarantined {
		t.Fatalf("%q: %d rows kept back, and only %d told", text, got.tally.Quarantined, told)
	}
	shapeless := int64(0) // rows of which no cell could be read: each breaks one rule
	for _, f := range got.findings {
		if f.Rule == csv.RuleFieldCount || f.Rule == csv.RuleQuote || f.Rule == csv.RuleBlankRow {
			shapeless += f.Count
		}
	}
	if int64(len(got.broken))+shapeless != got.tally.Quarantined || !slices.IsSorted(got.broken) ||
		slices.ContainsFunc(got.broken, func(n int64) bool { return slices.Contains(got.rows, n) }) {
		t.Fatalf("%q: %d rows kept back, of which %d for a cell and %d for their shape", text, got.tally.Quarantined, len(got.broken), shapeless)
	}
}

// FuzzReader reads anything as a file. It never panics, never loses a row, and never repeats a cell.
func FuzzReader(f *testing.F) {
	f.Add([]byte(headerLine+goodRow), 2020)
	f.Add([]byte(base(2)), 2018)
	f.Add([]byte("\xef\xbb\xbfCHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM\r\n1,01/01/2001,P1,331,ZZ/05/2001"), 2021)
	f.Add([]byte("\xff\xfeC\x00"), 0)
	c := catalogue(f)
	f.Fuzz(func(t *testing.T, text []byte, year int) {
		account(t, text, read(t, c, file(t, string(text)), year))
	})
}

// No finding and no error holds any part of a cell, whatever rule the cell breaks.
func TestFindingsHoldNoCell(t *testing.T) {
	c := catalogue(t)
	const canary = "canary"
	for i, table := range c.Tables() {
		if !table.Delimited {
			continue
		}
		var names, cells []string
		must := slices.IndexFunc(table.Columns, func(c *dataset.Column) bool { return !c.Optional && c.From == 0 && c.To == 0 })
		kept := int64(3) // of the four rows below, those that are not rows of the table whatever their cells hold
		for _, column := range table.Columns {
			names, cells = append(names, column.Heading()), append(cells, canary+column.Name)
			if column.Type != dataset.Text && column.Type != dataset.Key && column.Type != dataset.Identifier && column.Name != dataset.CollectionYear && column.Name != dataset.CensusTerm {
				kept = 4
			}
		}
		header, row := strings.Join(names, ",")+",CANARY NAME\n", strings.Join(cells, ",")
		sick := row + "," + canary + "\n" + row + "\n" + row + ",\"" + canary + "\"canary\n" + strings.ReplaceAll(row, canary, canary+"\xff") + ",x\n"
		contents := map[string]string{
			"bad cells":        header + sick,
			"no header line":   row + "\n" + sick,
			"half a header":    strings.Join(slices.Delete(slices.Clone(names), must, must+1), ",") + ",CANARY\n" + sick,
			"a quote left":     header + sick + "\"canary\n",
			"a quote tears":    header + sick + "\"canary\ncanary\",\n",
			"a NUL byte":       header + sick + "canary\x00canary\n",
			"a column twice":   header[:len(header)-1] + "," + names[0] + "\n" + sick,
			"a quote in names": "\"CANARY\"canary," + header,
		}
		if table.Plain { // a quote is a letter like any other
			delete(contents, "a quote left")
			delete(contents, "a quote tears")
			contents["quoted names"] = "\"" + names[0] + "\"," + strings.Join(names[1:], ",") + "\n" + sick
		}
		if i == len(c.Tables())-1 { // long ones once
			contents["a long line"] = header + strings.Repeat(canary, 1<<18) + "\n"
			contents["a long header"] = strings.Repeat(canary, 1<<18) + "\n"
		}
		for name, content := range contents {
			got := read(t, c, file(t, content), 2027)
			said := strings.ToLower(fmt.Sprint(got.err, got.findings))
			var bad *extract.Invalid
			if errors.As(got.err, &bad) {
				said += strings.ToLower(fmt.Sprint(bad.Findings))
			}
			if strings.Contains(said, canary) {
				t.Errorf("%s, %s: a cell is repeated: %s", table.ID(), name, said)
			}
			if got.err == nil && got.tally.Quarantined != kept {
				t.Errorf("%s, %s: %+v; want %d rows kept back", table.ID(), name, got.tally, kept)
			}
			if got.err == nil != (name == "bad cells") {
				t.Errorf("%s, %s: %v", table.ID(), name, got.err)
			}
		}
	}
}

// The rows kept back for a cell come with the batch, apart from the others: the cells that broke a rule are empty, the
// others say what they said.
func TestBrokenRowsComeApart(t *testing.T) {
	c := catalogue(t)
	path := file(t, episodesLine+
		"51,02/05/2020,S,C2,N1,U4,PR1,01/06/2020,X1,,,,\n"+
		"52,03/05/2020,S,C9,N1,U4,PR1,01/06/2020,X1,,,,\n"+ // no such legal status
		"53,30/02/2020,S,C2,N1,U4,PR1,01/06/2020,X1,,,,\n"+ // no such day
		"54,04/05/2020,S,C2,N1,U4,PR1,01/05/2020,X1,,,,\n"+ // ended before it began: each date by itself is sound
		"x\n"+
		"55,05/05/2020,S,C2,N1,U4,PR1,01/06/2020,X1,,,,\n")
	src := recognisedAs(t, c, path, episodesLine)
	var got []string
	tell := func(what string, b *extract.Batch) {
		for row, n := range b.Rows {
			line := fmt.Sprint(what, " ", n)
			for i := range b.Columns {
				v := b.Columns[i].At(row)
				if b.Columns[i].Def.Name == dataset.InConfidence {
					continue
				}
				if v.State == extract.Known && b.Columns[i].Def.Type == dataset.Date {
					v.Text = civil.Date(v.Num).String()
				}
				line += " " + v.Text
			}
			got = append(got, line)
		}
	}
	tally, err := pass(t.Context(), src, extract.NewWant(src.Table, "CHILD", "DECOM", "LS", "DEC"), func(b *extract.Batch) error {
		tell("sound", b)
		tell("broken", b.Broken)
		if b.Broken.Source != src || b.Broken.Broken != nil {
			t.Error("the broken rows are not of the same source")
		}
		return nil
	}, &finding.Report{})
	want := []string{"sound 1 51 2020-05-02  2020-06-01", "sound 6 55 2020-05-05  2020-06-01",
		"broken 2 52 2020-05-03  2020-06-01", "broken 3 53   2020-06-01", "broken 4 54 2020-05-04  2020-05-01"}
	if err != nil || !slices.Equal(got, want) || tally != (extract.Tally{Read: 6, Passed: 2, Quarantined: 4}) {
		t.Errorf("%v, %+v\n%s\nwant\n%s", err, tally, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is told is bounded: a million bad rows are one finding with ten rows.
func TestManyBadRowsAreOneFinding(t *testing.T) {
	got := read(t, catalogue(t), file(t, headerLine+strings.Repeat("510000,9,11/07/2015,WBRI,,,\nx\n", 40_000)), 2020)
	if got.err != nil || got.tally != (extract.Tally{Read: 80_000, Quarantined: 80_000}) || len(got.findings) != 2 {
		t.Fatalf("%v, %+v, %d findings", got.err, got.tally, len(got.findings))
	}
	for _, f := range got.findings {
		if f.Count != 40_000 || len(f.Rows) != finding.RowsKept || f.Rule != csv.RuleFieldCount && f.Rule != extract.RuleCodeUnknown {
			t.Errorf("%+v", f)
		}
	}
}
