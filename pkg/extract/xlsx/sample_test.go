package xlsx_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
)

// styled is a workbook with styles: the numbers of a sheet are shown as what each style's number format says.
func styled(sheets []string, formats ...string) book {
	b := book{sheets: sheets, added: map[string]string{}}
	var own, xfs strings.Builder
	for i, f := range formats {
		id := f
		if strings.Trim(f, "0123456789") != "" {
			id = string(rune('A' + i)) // the workbook's own, by any name
			own.WriteString(`<numFmt numFmtId="` + id + `" formatCode="` + f + `"/>`)
		}
		xfs.WriteString(`<xf numFmtId="` + id + `"><alignment/></xf>`)
	}
	b.added["xl/styles.xml"] = `<styleSheet><numFmts>` + own.String() + `</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>` + xfs.String() +
		`</cellXfs><cellStyles><xf numFmtId="14"/></cellStyles></styleSheet>`
	links := b.parts()["xl/_rels/workbook.xml.rels"]
	b.changed = map[string]string{"xl/_rels/workbook.xml.rels": strings.Replace(links, "</Relationships>",
		`<Relationship Id="styles" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`, 1)}
	return b
}

func sheetsOf(t *testing.T, b book) (map[int][][]string, error) {
	t.Helper()
	out := make(map[int][][]string)
	list, err := xlsx.Samples(context.Background(), b.write(t), "book.xlsx")
	for _, s := range list {
		for cells, err := range s.Rows {
			if err != nil {
				return out, err
			}
			var row []string
			for _, c := range cells {
				row = append(row, string(c))
			}
			out[s.Number] = append(out[s.Number], row)
		}
	}
	return out, err
}

// A number is a day where its style shows one: by a format that every workbook has, or one of its own.
func TestSampleStyles(t *testing.T) {
	b := styled([]string{texts("A", "B", "C", "D", "E", "F", "G") + `<row><c s="0"><v>45351</v></c><c s="1"><v>45351</v></c><c s="2"><v>45351.75</v></c><c s="3"><v>45351</v></c>` +
		`<c s="4"><v>45351</v></c><c s="5"><v>45351</v></c><c s="99"><v>7.0</v></c></row>`},
		"0", "14", "22", "dd\\-mmm\\-yyyy", "[Red]#,##0", "&quot;days&quot; 0")
	got, err := sheetsOf(t, b)
	want := map[int][][]string{1: {{"A", "B", "C", "D", "E", "F", "G"}, {"45351", "2024-02-29", "2024-02-29", "2024-02-29", "45351", "45351", "7"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// The header line is the first that is as full as any; titles above and sheets without rows are left out, and a row with
// cells beyond it is given with none.
func TestSampleRows(t *testing.T) {
	b := book{sheets: []string{
		texts("Report of a day") + `<row r="4">` + strings.TrimPrefix(texts("Person ID", "Notes", "", "Last"), "<row>") + texts("1", "x", "", "") + "<row/>" + texts("2", "", "", "", "beyond") + texts("", "", "z"),
		"", texts("hidden", "sheet"), texts("Other", "Table") + texts("a", "b"),
	}, states: map[int]string{3: "hidden"}}
	got, err := sheetsOf(t, b)
	want := map[int][][]string{
		1: {{"Person ID", "Notes", "", "Last"}, {"1", "x", "", ""}, nil, {"", "", "z", ""}},
		4: {{"Other", "Table"}, {"a", "b"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSampleRefused(t *testing.T) {
	var bad *extract.Invalid
	if _, err := sheetsOf(t, book{sheets: []string{"", ""}}); !errors.As(err, &bad) {
		t.Errorf("nothing in it: %v", err)
	}
	b := book{sheets: []string{texts("A", "B") + texts("1", "2") + "<row><c><v>1</v></x></row>"}}
	if _, err := sheetsOf(t, b); !errors.As(err, &bad) {
		t.Errorf("broken further down: %v", err)
	}
	if _, err := xlsx.Samples(context.Background(), fileOf(t, []byte("Person ID,Date\n")), "book.xlsx"); !errors.As(err, &bad) {
		t.Errorf("no workbook: %v", err)
	}
}
