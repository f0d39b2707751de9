package xlsx_test

import (
	"slices"
	"strings"
	"testing"
)

// Each quirk of a cell, in a row of its own: what comes of the row, or the rule that keeps it back.
func TestCells(t *testing.T) {
	const id = `<c t="inlineStr"><is><t>1001</t></is></c>`
	for name, v := range map[string]struct{ row, want, told string }{
		"texts":                        {texts("1001", "29/02/2024", "ZZ/05/2021", "a1", "7", "true", "k/1"), "1001|2024-02-29|2021-05-01|A1|7|1|k/1", ""},
		"rich text and readings":       {`<c t="inlineStr"><is><r><rPr><b/></rPr><t>10</t></r><r><t>01</t></r><rPh sb="0"><t>x</t></rPh><phoneticPr/></is></c>`, "1001||||||", ""},
		"a no-break space":             {"<c t=\"inlineStr\"><is><t>\u00a01001\u00a0</t></is></c>", "1001||||||", ""},
		"a character by its number":    {`<c t="inlineStr"><is><t xml:space="preserve">1001_x000D_</t></is></c>`, "1001||||||", ""},
		"a number":                     {`<c><v>1001</v></c>`, "1001||||||", ""},
		"a number with a point":        {`<c t="n"><v>1001.0</v></c>`, "1001||||||", ""},
		"a number with an exponent":    {`<c><v>1.23E+11</v></c>`, "malformed||||||", ""},
		"a broken number":              {`<c><v>1001.5</v></c>`, "malformed||||||", ""},
		"a number of 16 digits":        {`<c><v>1234567890123456</v></c>`, "", "NUMBER_INEXACT 1 1 CHILD 1"},
		"a day":                        {id + `<c><v>45351</v></c>`, "1001|2024-02-29|||||", ""},
		"a day and an hour":            {id + `<c s="7"><v>45351.999988</v></c>`, "1001|2024-02-29|||||", ""},
		"a day with an exponent":       {id + `<c><v>4.5351E4</v></c>`, "1001|2024-02-29|||||", ""},
		"a day of a birth":             {id + `<c/><c><v>45351</v></c>`, "1001||2024-02-29||||", ""},
		"the first day":                {id + `<c><v>1</v></c>`, "1001|1900-01-01|||||", ""},
		"the last day before the leap": {id + `<c><v>59</v></c>`, "1001|1900-02-28|||||", ""},
		"the leap day that never was":  {id + `<c><v>60</v></c>`, "", "DATE_IMPOSSIBLE 1 1 SEEN 1"},
		"the day behind it":            {id + `<c><v>61</v></c>`, "1001|1900-03-01|||||", ""},
		"a time alone":                 {id + `<c><v>0.5</v></c>`, "", "DATE_IMPOSSIBLE 1 1 SEEN 1"},
		"before all days":              {id + `<c><v>-3</v></c>`, "", "DATE_IMPOSSIBLE 1 1 SEEN 1"},
		"the last day of 2100":         {id + `<c><v>73415</v></c>`, "1001|2100-12-31|||||", ""},
		"a day too late":               {id + `<c><v>73416</v></c>`, "", "DATE_IMPOSSIBLE 1 1 SEEN 1"},
		"digits of a day":              {id + `<c><v>20240229</v></c>`, "", "DATE_MALFORMED 1 1 SEEN 1"},
		"no number":                    {id + `<c><v>inf</v></c>`, "", "DATE_MALFORMED 1 1 SEEN 1"},
		"an ISO day":                   {id + `<c t="d"><v>2024-02-29T00:00:00</v></c>`, "1001|2024-02-29|||||", ""},
		"an ISO day in Universal Time": {id + `<c t="d"><v>2024-07-04T23:00:00.000Z</v></c>`, "1001|2024-07-05|||||", ""},
		"an ISO day of winter":         {id + `<c t="d"><v>2024-02-29T23:00:00Z</v></c>`, "1001|2024-02-29|||||", ""},
		"an ISO day alone":             {id + `<c t="d"><v>2024-02-29</v></c>`, "1001|2024-02-29|||||", ""},
		"an ISO day that there is not": {id + `<c t="d"><v>2023-02-29T00:00:00</v></c>`, "", "DATE_IMPOSSIBLE 1 1 SEEN 1"},
		"an ISO text":                  {id + `<c t="str"><v>2024-02-29</v></c>`, "1001|2024-02-29|||||", ""},
		"a code that is a number":      {id + `<c/><c/><c><v>1</v></c>`, "1001|||1|||", ""},
		"a count with a point":         {id + `<c/><c/><c/><c><v>7.0</v></c>`, "1001||||7||", ""},
		"a count with a fraction":      {id + `<c/><c/><c/><c><v>7.25</v></c>`, "", "NUMBER_MALFORMED 1 1 COUNT 1"},
		"true":                         {id + `<c/><c/><c/><c/><c t="b"><v>1</v></c>`, "1001|||||1|", ""},
		"false":                        {id + `<c/><c/><c/><c/><c t="b"><v>0</v></c>`, "1001|||||0|", ""},
		"true in a column of codes":    {id + `<c/><c/><c t="b"><v>1</v></c>`, "", "CODE_UNKNOWN 1 1 KIND 1"},
		"a key that is a number":       {id + `<c/><c/><c/><c/><c/><c><v>510000.0</v></c>`, "1001||||||510000", ""},
		"a key that was one":           {id + `<c/><c/><c/><c/><c/><c><v>1.23E+11</v></c>`, "", "KEY_MALFORMED 1 1 CASE 1"},
		"an error":                     {id + `<c/><c/><c t="e"><v>#N/A</v></c>`, "", "CELL_ERROR 1 1 KIND 1"},
		"an error of a formula":        {id + `<c/><c/><c t="e"><f>VLOOKUP(A2,B:C,2)</f><v>#REF!</v></c>`, "", "CELL_ERROR 1 1 KIND 1"},
		"a formula":                    {id + `<c/><c/><c t="str"><f>"A"&amp;1</f><v>A1</v></c>`, "1001|||A1|||", "FORMULA_CELL 1 1 KIND 1"},
		"a formula of nothing":         {id + `<c/><c/><c t="str"><f>""</f><v></v></c>`, "1001||||||", "FORMULA_CELL 1 1 KIND 1"},
		"a formula not computed":       {id + `<c/><c/><c><f>A1</f></c>`, "", "CELL_NOT_COMPUTED 1 1 KIND 1"},
		"a formula with no outcome":    {id + `<c/><c/><c><f>A1</f><v/></c>`, "", "CELL_NOT_COMPUTED 1 1 KIND 1"},
		"a cell beyond the header":     {id + `<c/><c/><c/><c/><c/><c/><c><v>1</v></c>`, "", "FIELD_COUNT 1 1 1"},
		"a blank cell beyond it":       {id + `<c/><c/><c/><c/><c/><c/><c s="4"/>`, "1001||||||", ""},
		"named cells":                  {`<c r="A2" t="str"><v>1001</v></c><c r="E2"><v>3</v></c>`, "1001||||3||", ""},
		"other elements":               {id + `<c><v>45351</v><extLst><ext><v>9</v></ext></extLst></c>`, "1001|2024-02-29|||||", ""},
		"prefixes":                     {`<x:c><x:v>1001</x:v></x:c>`, "1001||||||", ""},
	} {
		t.Run(name, func(t *testing.T) {
			row := v.row
			if !strings.HasPrefix(row, "<row") {
				row = "<row>" + row + "</row>"
			}
			got := read(t, headed(row).write(t))
			if got.err != nil {
				t.Fatal(got.err)
			}
			passed := strings.Join(got.rows[1], " ")
			if want := map[bool]string{true: "1|" + v.want, false: ""}[v.want != ""]; passed != want {
				t.Errorf("%q, want %q", passed, want)
			}
			if told := strings.Join(got.told(), "; "); told != v.told {
				t.Errorf("told %q, want %q", told, v.told)
			}
			if tally := got.tally[1]; tally.Read != 1 || tally.Read != tally.Passed+tally.Quarantined || int(tally.Quarantined) != len(got.broken[1]) {
				t.Errorf("%+v, broken %q", tally, got.broken[1])
			}
		})
	}
}

// In a workbook that counts from 1904, all days are 1,462 later, and day 0 is one.
func TestDaysFrom1904(t *testing.T) {
	for _, setting := range []string{`<workbookPr date1904="1"/>`, `<workbookPr date1904="true"/>`} {
		b := headed(`<row><c><v>1001</v></c><c><v>43889</v></c></row><row><c><v>1002</v></c><c><v>0</v></c></row><row><c><v>1003</v></c><c><v>60</v></c></row>`)
		b.before = setting
		got := read(t, b.write(t))
		if want := []string{"1|1001|2024-02-29|||||", "2|1002|1904-01-01|||||", "3|1003|1904-03-01|||||"}; got.err != nil || !slices.Equal(got.rows[1], want) {
			t.Errorf("%q, want %q; %v", got.rows[1], want, got.err)
		}
	}
}

// Shared strings, in each of the ways in which they are written.
func TestSharedStrings(t *testing.T) {
	b := book{
		sheets: []string{`<row><c t="s"><v>3</v></c><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c><c t="s"><v>2</v></c></row><row><c t="s"><v>4</v></c><c t="s"><v>4</v></c></row>`},
		shared: []string{"<t>PLACE</t>", `<r><t>10</t></r><r><rPr/><t xml:space="preserve">02 </t></r><rPh><t>no</t></rPh>`, "<t>H</t>", "<t>CHILD</t>", "", "<t/>"},
	}
	got := read(t, b.write(t))
	if want := []string{"1|1002|H"}; got.err != nil || !slices.Equal(got.rows[1], want) || got.tally[1].Read != 1 {
		t.Errorf("%q, want %q; %+v; %v", got.rows[1], want, got.tally, got.err)
	}
}

func TestMergedCells(t *testing.T) {
	b := headed()
	b.sheets[0] = "<row>" + strings.TrimPrefix(b.sheets[0], "<row>")
	for _, id := range []string{"1001", "1002", "1003", "1004", "1005", "1006"} {
		b.sheets[0] += texts(id, "", "", "1")
	}
	for name, v := range map[string]struct {
		merged string
		kept   int64
		rows   []int64
	}{
		"two rows":                {`<mergeCell ref="A3:A4"/>`, 2, []int64{2, 3}},
		"cells of one row":        {`<mergeCell ref="C5:D5"/>`, 1, []int64{4}},
		"ranges over each other":  {`<mergeCell ref="B6:B7"/><mergeCell ref="A2:A3"/><mergeCell ref="A3:B4"/>`, 5, []int64{1, 2, 3, 5, 6}},
		"beyond the last row":     {`<mergeCell ref="A7:A1048576"/>`, 1, []int64{6}},
		"the header":              {`<mergeCell ref="A1:B1"/>`, 0, nil},
		"the header and a row":    {`<mergeCell ref="A1:A2"/>`, 1, []int64{1}},
		"a column that is no one": {`<mergeCell ref="H2:XFD9"/>`, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b.behind = map[int]string{1: `<mergeCells count="1">` + v.merged + `</mergeCells>`}
			got := read(t, b.write(t))
			if got.err != nil || got.tally[1].Quarantined != v.kept || got.tally[1].Read != 6 || len(got.rows[1]) != 6-int(v.kept) {
				t.Fatalf("%+v, %v", got.tally, got.err)
			}
			var rows []int64
			for _, f := range got.findings {
				if f.Rule != "MERGED_CELLS" || f.Place.Sheet != 1 {
					t.Errorf("%v", f)
				}
				rows = append(rows, f.Rows...)
			}
			if !slices.Equal(rows, v.rows) {
				t.Errorf("rows %v, want %v", rows, v.rows)
			}
		})
	}
}

// Nothing of a column of free text ever leaves: an error in it, or a formula without an outcome, costs no row.
func TestErrorsInFreeText(t *testing.T) {
	b := book{sheets: []string{texts(append(strings.Split(visits, ","), "NOTE")...)}}
	for _, note := range []string{`<c r="H2" t="e"><v>#N/A</v></c>`, `<c r="H2"><f>A1</f></c>`, `<c r="H2"><v>1234567890123456</v></c>`} {
		full := b
		full.sheets = []string{b.sheets[0] + `<row r="2"><c r="A2"><v>1001</v></c>` + note + "</row>"}
		got := read(t, full.write(t))
		if got.err != nil || got.tally[1].Passed != 1 || slices.ContainsFunc(got.told(), func(s string) bool { return !strings.HasPrefix(s, "FORMULA_CELL") }) {
			t.Errorf("%s: %+v, told %q, %v", note, got.tally, got.told(), got.err)
		}
	}
}
