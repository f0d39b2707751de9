package xlsx_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// account holds one outcome to what is always so: the workbook is refused by a rule, or every row passes or is kept back.
func account(t *testing.T, content string, got outcome) {
	t.Helper()
	if got.err != nil {
		var bad *extract.Invalid
		if !errors.As(got.err, &bad) || len(bad.Findings) == 0 || bad.Findings[0].Hint == "" {
			t.Fatalf("%q: %v is no finding", content, got.err)
		}
		return
	}
	for sheet, tally := range got.tally {
		told := int64(0)
		for _, f := range got.findings {
			if f.Severity != finding.Quarantine || f.Place.Sheet != sheet {
				continue
			}
			told += f.Count
			for _, row := range f.Rows {
				if row < 1 || slices.ContainsFunc(got.rows[sheet], func(s string) bool { return strings.HasPrefix(s, fmt.Sprint(row, "|")) }) {
					t.Fatalf("%q: %s says row %d is kept back, and it is not", content, f.Rule, row)
				}
			}
		}
		if tally.Read != tally.Passed+tally.Quarantined || tally.Passed != int64(len(got.rows[sheet])) || told < tally.Quarantined ||
			tally.Quarantined != int64(len(got.broken[sheet])) {
			t.Fatalf("%q: %+v with %d rows, %d broken, %d told", content, tally, len(got.rows[sheet]), len(got.broken[sheet]), told)
		}
	}
}

// base is a workbook with each kind of cell, by its parts that are drawn from.
func base() (sheet, said string) {
	return texts(strings.Split(visits, ",")...) +
			`<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" s="1"><v>45351</v></c><c r="D2" t="str"><f>A1</f><v>A1</v></c><c r="F2" t="b"><v>1</v></c></row>` +
			`<row><c t="inlineStr"><is><r><t>10</t></r><rPh><t>x</t></rPh></is></c><c t="e"><v>#N/A</v></c><c/><c><v>1.0</v></c></row>` +
			texts("1003", "01/02/2024", "ZZ/05/2021", "1", "7", "true", "k"),
		"<t>1001</t>"
}

func drawn(sheet, said string) book {
	return book{sheets: []string{sheet}, shared: []string{said}, behind: map[int]string{1: `<mergeCells><mergeCell ref="A3:A3"/></mergeCells>`}}
}

func TestEveryRowIsAccountedFor(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	pieces := []string{"<", ">", "<row>", "</row>", "<c/>", "<c>", "</c>", "<v>7</v>", "<f>A1</f>", "<c t='e'><v>x</v></c>", "<v/>", " ", "&#65;", "&", "<x>", "</x>", "2", "é", "\xe9", `t="s"`, `r="A9"`, `<row r="9"/>`, "<is><t>a</t></is>"}
	refused, kept := 0, int64(0)
	for range 500 {
		sheet, shared := base()
		for range 1 + random.IntN(2) {
			at := random.IntN(len(sheet))
			if i := strings.IndexByte(sheet[at:], '>'); i >= 0 && random.IntN(3) > 0 {
				at += i + 1 // between two tags it is more often still a document
			}
			switch random.IntN(4) {
			case 0, 1:
				sheet = sheet[:at] + pieces[random.IntN(len(pieces))] + sheet[at:]
			case 2:
				sheet = sheet[:at] + sheet[min(len(sheet), at+1+random.IntN(20)):]
			default:
				// An element once more.
				if end := strings.Index(sheet[at:], "</c>"); end >= 0 {
					if begin := strings.LastIndex(sheet[:at+end], "<c"); begin >= 0 {
						sheet = sheet[:at+end+4] + sheet[begin:]
					}
				}
			}
		}
		got := read(t, drawn(sheet, shared).write(t))
		account(t, sheet, got)
		if got.err != nil {
			refused++
		}
		for _, tally := range got.tally {
			if got.err == nil {
				kept += tally.Quarantined
			}
		}
	}
	if refused < 60 || refused > 480 || kept < 60 {
		t.Errorf("%d workbooks refused, %d rows kept back: this test shows little", refused, kept)
	}
}

// FuzzReader reads anything as the rows of a sheet, and as a shared text. It never panics, never loses a row.
func FuzzReader(f *testing.F) {
	sheet, shared := base()
	f.Add(sheet, shared)
	f.Add(`<row r="1"/>`, "<r><t>x</t></r>")
	f.Fuzz(func(t *testing.T, sheet, shared string) {
		account(t, sheet, read(t, drawn(sheet, shared).write(t)))
	})
}

// FuzzArchive reads anything as a workbook.
func FuzzArchive(f *testing.F) {
	sheet, shared := base()
	f.Add(bytesOf(f, drawn(sheet, shared)))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, content []byte) {
		account(t, fmt.Sprintf("%x", content), read(t, fileOf(t, content)))
	})
}
