package draft_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/draft"
	"github.com/postern-gateway/postern/schemas"
)

// builtIn is the catalogue of the built-in definitions.
var builtIn = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

func catalogue(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rowsOf gives rows, in one buffer that each row overwrites, as readers do.
func rowsOf(rows ...[]string) draft.Rows {
	return func(yield func([][]byte, error) bool) {
		var buffer []byte
		for _, row := range rows {
			buffer = buffer[:0]
			cells := make([][]byte, len(row))
			for _, cell := range row {
				buffer = append(buffer, cell...)
			}
			at := 0
			for i, cell := range row {
				cells[i] = buffer[at : at+len(cell)]
				at += len(cell)
			}
			if !yield(cells, nil) {
				return
			}
		}
	}
}

// column is a sample of one column beside a child's number: n rows, each what cell says.
func column(header string, n int, cell func(row int) string) draft.Rows {
	rows := [][]string{{"Person ID", header}}
	for i := range n {
		rows = append(rows, []string{fmt.Sprint(400000 + 7*i), cell(i)})
	}
	return rowsOf(rows...)
}

func inspect(t *testing.T, rows draft.Rows) *draft.Table {
	t.Helper()
	table, err := draft.Inspect(context.Background(), "rows", rows, catalogue(t), draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func pick(of ...string) func(int) string { return func(row int) string { return of[row%len(of)] } }

func numbered(format string) func(int) string {
	return func(row int) string { return fmt.Sprintf(format, row) }
}

// What a column is taken for: by its header, its cells, or both. In doubt it is the stricter.
func TestColumns(t *testing.T) {
	upns := []string{"H801200001001", "A331000000012"}
	for i, u := range upns {
		upns[i] = withLetter(u[1:])
	}
	for _, c := range []struct {
		header string
		cell   func(int) string
		kind   dataset.Type
		class  dataset.Class
	}{
		{"Referral Date", numbered("%02[1]d-03-2024"), dataset.Text, dataset.FreeText}, // replaced below: see days
		{"Forename", pick("Ann", "Bo"), dataset.Text, dataset.DirectIdentifier},
		{"Child's Surname", pick("Marker"), dataset.Text, dataset.DirectIdentifier},
		{"Mother", pick("Ann Marker", ""), dataset.Text, dataset.DirectIdentifier},
		{"Contact", pick("ann@example.org", "bo@example.org"), dataset.Text, dataset.DirectIdentifier},
		{"Where", pick("CV1 2AB", "B15 3TT"), dataset.Text, dataset.DirectIdentifier},
		{"Best number", pick("024 7655 5555", "07700 900123"), dataset.Text, dataset.DirectIdentifier},
		{"Home address line 1", numbered("%d Any Street"), dataset.Text, dataset.DirectIdentifier},
		{"Allocated Worker", pick("Jo Bloggs", "Pat Smith"), dataset.Text, dataset.Staff},
		{"Created By", pick("jbloggs"), dataset.Text, dataset.Staff},
		{"Reg", pick("SW123456", "SW99887"), dataset.Text, dataset.Staff},
		{"Case Notes", numbered("Visited %d"), dataset.Text, dataset.FreeText},
		{"What happened", numbered("Family seen %d times, and all is said to be well"), dataset.Text, dataset.FreeText},
		{"Who", func(row int) string {
			return []string{"Ann ", "Bo ", "Cy "}[row%3] + string(rune('A'+row%26)) + strings.Repeat("a", row/26+1)
		}, dataset.Text, dataset.DirectIdentifier},
		{"Pupil", pick(upns...), dataset.Identifier, dataset.DirectIdentifier},
		{"UPN", pick("UN1", ""), dataset.Identifier, dataset.DirectIdentifier},
		{"NHS Number", pick("943 476 5919"), dataset.Identifier, dataset.DirectIdentifier},
		{"Health ref", pick("9434765919", "9434765870"), dataset.Identifier, dataset.DirectIdentifier},
		{"Ethnic Origin", pick("WBRI", "AIND", "MWAS"), dataset.Code, dataset.SpecialCategory},
		{"Gender", pick("M", "F"), dataset.Code, dataset.QuasiIdentifier},
		{"Religion", pick("a", "b"), dataset.Code, dataset.SpecialCategory},
		{"Disabled?", pick("Y", "N"), dataset.Boolean, dataset.SpecialCategory},
		{"Known to Police", pick("1", "0", ""), dataset.Boolean, dataset.CriminalOffence},
		{"NFA?", pick("Yes", "No"), dataset.Boolean, dataset.Sensitive},
		{"Risk Level", pick("Low", "High"), dataset.Code, dataset.Sensitive},
		{"Number of Contacts", pick("0", "1"), dataset.Integer, dataset.Sensitive},
		{"Days Open", numbered("%d"), dataset.Integer, dataset.Sensitive},
		{"% Attendance", numbered("%d.5"), dataset.Text, dataset.Sensitive},
		{"Referral Ref", numbered("REF-%05d"), dataset.Key, dataset.RecordIdentifier},
		{"Something", numbered("X%07dQ"), dataset.Key, dataset.RecordIdentifier},
		{"Sibling ID", numbered("%d"), dataset.Text, dataset.DirectIdentifier},
		{"Lead", pick("Jane Marker", "Bob Marker", "Zoe Marker"), dataset.Text, dataset.DirectIdentifier},
		{"Kind of Plan", pick("Child Protection", "Early Help"), dataset.Code, dataset.Sensitive},
		{"Empty Column", pick(""), dataset.Text, ""},
	} {
		if strings.HasPrefix(c.header, "Referral Date") {
			c.cell, c.kind, c.class = func(row int) string { return fmt.Sprintf("%02d-03-2024", row%28+1) }, dataset.Date, dataset.QuasiIdentifier
		}
		got := inspect(t, column(c.header, 60, c.cell)).Columns[1]
		if got.Type != c.kind || got.Class != c.class {
			t.Errorf("%s is %s of class %s, want %s of class %s %v", c.header, got.Type, got.Class, c.kind, c.class, got.Notes)
		}
	}
}

// withLetter is a pupil number by its last twelve characters.
func withLetter(twelve string) string {
	sum := 0
	for i, d := range twelve {
		sum += (i + 2) * int(d-'0')
	}
	return string("ABCDEFGHJKLMNPQRTUVWXYZ"[sum%23]) + twelve
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		header string
		cell   func(int) string
		dates  []string
		notes  string
	}{
		{"Seen on", pick("05/03/2024"), []string{dataset.DateUK}, ""},
		{"Seen on", pick("5 Mar 2024", "05-03-2024", "05-03-2024"), []string{dataset.DateDashes, dataset.DateMonthName}, "written in 2 forms"},
		{"Seen on", pick("20240305"), []string{dataset.DateDigits}, ""},
		{"Seen on", pick("05/03/2024 00:00"), []string{dataset.DateTimeUK}, ""},
		{"Seen on", pick("05/03/2024", "05/03/2024", "05/03/2024", "05/03/2024", "05/03/2024", "N/A"), []string{dataset.DateUK}, "are no dates"},
		{"Seen on", pick("05/03/24"), nil, "year of two digits"},
		{"Seen on", pick("5/3/2024"), nil, "day or month of one"},
	} {
		got := inspect(t, column(c.header, 30, c.cell)).Columns[1]
		if !slices.Equal(got.Dates, c.dates) || c.notes != "" && !strings.Contains(strings.Join(got.Notes, "; "), c.notes) || (got.Type == dataset.Date) != (c.dates != nil) {
			t.Errorf("%s: %s %v %v", c.cell(0), got.Type, got.Dates, got.Notes)
		}
	}
	born := inspect(t, column("D.O.B.", 30, pick("05/03/2012"))).Columns[1]
	if born.Treatments == nil || born.Meaning != "Date of birth" {
		t.Errorf("a date of birth: %+v", born)
	}
	partial := inspect(t, column("Born", 30, pick("ZZ/03/2012", "04/03/2012"))).Columns[1]
	if partial.Type != dataset.PartialDate {
		t.Errorf("a partial date: %+v", partial)
	}
}

// A first line that is data is refused: it would stand in the draft as names of columns.
func TestNoHeader(t *testing.T) {
	body := []string{"700101", "Ann", "Marker", "M", "05/03/2012", "WBRI"}
	second := []string{"700102", "Bo", "Marker", "F", "06/03/2012", "WBRI"}
	for name, header := range map[string][]string{
		"a row":                    {"700100", "Cy", "Sample", "M", "04/03/2012", "WIRI"},
		"a date":                   {"Person ID", "First", "Last", "Sex", "04/03/2012", "Ethnicity"},
		"a short date":             {"Person ID", "First", "Last", "Sex", "4/3/12", "Ethnicity"},
		"a number":                 {"700100", "First", "Last", "Sex", "DOB", "Ethnicity"},
		"a postcode":               {"Person ID", "First", "CV1 2AB", "Sex", "DOB", "Ethnicity"},
		"an address":               {"Person ID", "First", "a@example.org", "Sex", "DOB", "Ethnicity"},
		"a registration":           {"Person ID", "First", "SW1234", "Sex", "DOB", "Ethnicity"},
		"what stands below":        {"Person ID", "First", "Marker", "Sex", "DOB", "Ethnicity"},
		"a code that stands below": {"Person ID", "First", "Last", "F", "DOB", "Ethnicity"},
		"names":                    {"Ann", "Bo", "Cy", "Dee", "Eve", "Flo"},
		"nothing":                  {"", " ", "", "", "", ""},
	} {
		_, err := draft.Inspect(context.Background(), "rows", rowsOf(header, body, second), catalogue(t), draft.Options{})
		if !errors.Is(err, draft.ErrNoHeader) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, cell := range header {
			if cell = strings.TrimSpace(cell); len(cell) > 2 && strings.Contains(err.Error(), cell) {
				t.Errorf("%s: the error repeats the line: %v", name, err)
			}
		}
	}
	// Odd words are refused until somebody says that they were looked at; what looks like data always is.
	odd := []string{"Zonk", "Blarg", "Quux", "Frob", "Wibble", "Flum"}
	if _, err := draft.Inspect(context.Background(), "rows", rowsOf(odd, body), catalogue(t), draft.Options{Headed: true}); err != nil {
		t.Error(err)
	}
	if _, err := draft.Inspect(context.Background(), "rows", rowsOf(body, second), catalogue(t), draft.Options{Headed: true}); !errors.Is(err, draft.ErrNoHeader) {
		t.Errorf("a row that somebody calls a header: %v", err)
	}
}

func TestNothingToDraft(t *testing.T) {
	for name, rows := range map[string]draft.Rows{"no line": rowsOf(), "a header alone": rowsOf([]string{"Person ID", "Date"}), "uneven rows alone": rowsOf([]string{"Person ID", "Date"}, []string{"1"})} {
		if _, err := draft.Inspect(context.Background(), "rows", rows, catalogue(t), draft.Options{}); !errors.Is(err, draft.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := draft.Inspect(context.Background(), "rows", rowsOf(make([]string, 600), make([]string, 600)), catalogue(t), draft.Options{}); !errors.Is(err, draft.ErrTooWide) {
		t.Errorf("too wide: %v", err)
	}
	broken := errors.New("it broke")
	var rows iter.Seq2[[][]byte, error] = func(yield func([][]byte, error) bool) { yield(nil, broken) }
	if _, err := draft.Inspect(context.Background(), "rows", rows, catalogue(t), draft.Options{}); !errors.Is(err, broken) {
		t.Errorf("a reader's error: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := draft.Inspect(ctx, "rows", column("Date", 5, pick("x")), catalogue(t), draft.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// A marker in every cell of every column, whatever the column is taken for, is in no draft, no name, no note and no error.
func TestNothingOfTheSampleLeaves(t *testing.T) {
	const marker = "Qzjx"
	headers := []string{"Person ID", "Forename", "Allocated Worker", "Risk Level", "Case Notes", "Referral Ref", "Gender", "Ethnicity", "Date", "UPN", "Anything else", "Rarely"}
	var rows [][]string
	rows = append(rows, headers)
	for i := range 200 {
		row := make([]string, len(headers))
		for j := range row {
			row[j] = fmt.Sprintf("%s%d", marker, i%(1+j*7))
		}
		row[len(row)-1] = []string{"", marker}[(i/199)%2]
		rows = append(rows, row)
	}
	table := inspect(t, rowsOf(rows...))
	out := draft.Write("local", []*draft.Table{table})
	if text := string(out) + fmt.Sprintf("%+v", table); strings.Contains(strings.ToLower(text), strings.ToLower(marker)) {
		t.Error("the marker is in the draft")
	}
	// Numbers and dates: of a column of one value nothing tells which.
	for _, cell := range []string{"7713", "94077", "13-07-2019", "987654321", "-4471", "3.14159"} {
		table := inspect(t, column("Anything", 50, pick(cell)))
		out := draft.Write("local", []*draft.Table{table})
		digits := regexp.MustCompile("[0-9]+").FindAllString(cell, -1)
		if text := string(out) + fmt.Sprintf("%+v", table); strings.Contains(text, cell) || strings.Contains(text, slices.MaxFunc(digits, func(a, b string) int { return len(a) - len(b) })) {
			t.Errorf("%s is in the draft:\n%s", cell, out)
		}
	}
	// And the control: what stands in the header line is there.
	if !bytes.Contains(out, []byte("Anything else")) {
		t.Error("the search finds nothing")
	}
}

// The same sample gives the same draft; rows behind the limit and the order of values within do not matter to counts.
func TestDeterministic(t *testing.T) {
	rows := func() draft.Rows { return column("Team notes", 5000, numbered("word %d")) }
	first := draft.Write("local", []*draft.Table{inspect(t, rows())})
	for range 3 {
		if !bytes.Equal(first, draft.Write("local", []*draft.Table{inspect(t, rows())})) {
			t.Fatal("two drafts of one sample differ")
		}
	}
}

// Of a long file the first rows are read, and the count of different values is about right.
func TestBounded(t *testing.T) {
	read := 0
	long := func(yield func([][]byte, error) bool) {
		if !yield([][]byte{[]byte("Person ID"), []byte("Reference")}, nil) {
			return
		}
		for ; yield([][]byte{fmt.Appendf(nil, "P%d", read), fmt.Appendf(nil, "%d", read)}, nil); read++ {
		}
	}
	table, err := draft.Inspect(context.Background(), "rows", long, catalogue(t), draft.Options{Rows: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	if table.Rows != 20_000 || !table.More || read > 20_001 {
		t.Errorf("%d rows counted, %d read", table.Rows, read)
	}
	if n := table.Columns[0].Distinct; n < 17_000 || n > 23_000 {
		t.Errorf("20,000 different values are told as %d", n)
	}
}

// filled is a draft whose open places were filled in.
func filled(text []byte, feeds bool) []byte {
	for _, r := range [][2]string{
		{`(?m)^( *)(title|meaning): # FILL IN:.*$`, `$1$2: Said by somebody`},
		{`(?m)^( *)class: # FILL IN:.*$`, `${1}class: direct-identifier`},
		{`(?m)^ *child_id: # FILL IN:.*\n`, ``},
		{`(?m)^( *[a-z0-9_]+): \[\] # FILL IN:.*$`, `$1: [{code: "X", meaning: Something}]`},
	} {
		text = regexp.MustCompile(r[0]).ReplaceAll(text, []byte(r[1]))
	}
	if feeds {
		text = regexp.MustCompile(`(?m)^    # +.*map: }.*\n`).ReplaceAll(text, nil)
		text = regexp.MustCompile(`(?m)^    # (feeds:$|  )`).ReplaceAll(text, []byte(`    $1`))
		text = regexp.MustCompile(`(?m)^# (links:$|  - )`).ReplaceAll(text, []byte(`$1`))
	}
	return text
}

// holds reports what is wrong with a definition beside the built-in ones.
func holds(t testing.TB, text []byte) error {
	t.Helper()
	_, err := dataset.Load(schemas.Files, fstest.MapFS{"own.yaml": {Data: text}})
	return err
}

// A draft as written does not load, for each place that is open; filled in it does, with the feeds that it suggests.
func TestDraftLoads(t *testing.T) {
	rows := [][]string{{"Person ID", "D.O.B.", "Gender", "Ethnic Origin", "UPN", "Referral Date", "NFA?", "Referral Source", "Team", "Last Contact (days ago)",
		"Assessment Start", "Assessment Completed", "CP Plan Start", "CP Plan End", "% seen", "Größe", "no", "a\\b\"c", "collection_year", "Team", ""}}
	for i := range 50 {
		rows = append(rows, []string{fmt.Sprint(800000 + i), "01/02/2012", "MF"[i%2 : i%2+1], "WBRI", withLetter(fmt.Sprintf("3310000%05d", i)), "03/04/2025", "Y", pick("a", "b")(i), "North", fmt.Sprint(i - 3),
			"03/05/2025", "", "03/06/2025", "", "x", "1.5", "Q", "some longer text here that nobody needs", "2025", "x", "y"})
	}
	table := inspect(t, rowsOf(rows...))
	text := draft.Write("local", []*draft.Table{table})
	if err := holds(t, text); err == nil || strings.Count(err.Error(), "\n")+1 != draft.Open(text) {
		t.Errorf("%d places are open: %v\n%s", draft.Open(text), err, text)
	}
	if err := holds(t, filled(text, false)); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	if err := holds(t, filled(text, true)); err != nil {
		t.Errorf("with feeds: %v\n%s", err, filled(text, true))
	}
	var feeds []string
	for _, f := range table.Feeds {
		feeds = append(feeds, f.Core)
	}
	for _, want := range []string{"children", "referrals", "assessments", "cp_plans"} {
		if !slices.Contains(feeds, want) {
			t.Errorf("%s is not suggested: %v", want, feeds)
		}
	}
}

// A report with a column for each worker has their names in its header line: they stand in no draft, unless somebody says
// that these are none.
func TestHeadersThatAreNames(t *testing.T) {
	rows := rowsOf([]string{"Child ID", "Referral Date", "Zoe Blackmarker", "Key Worker", "Reason, if any"},
		[]string{"4711", "01/02/2024", "1", "x", "a"}, []string{"4712", "02/02/2024", "0", "y", "b"})
	table := inspect(t, rows)
	text := string(draft.Write("ours", []*draft.Table{table}))
	if table.Columns[2].Skip == "" || table.Columns[3].Skip != "" || strings.Contains(strings.ToLower(text), "blackmarker") {
		t.Errorf("a name stands in the draft:\n%s", text)
	}
	headed, err := draft.Inspect(context.Background(), "rows", rows, catalogue(t), draft.Options{Headed: true})
	if err != nil || headed.Columns[2].Name != "zoe_blackmarker" {
		t.Errorf("%+v, %v", headed, err)
	}
	if err := holds(t, filled(draft.Write("ours", []*draft.Table{table}), false)); err != nil {
		t.Error(err)
	}
}

// What a header says of a column is not lowered for the sake of a core table that it might feed.
func TestFeedsLowerNoClass(t *testing.T) {
	rows := [][]string{{"Child ID", "Referral Date", "Police Referral Source", "Referral Source"}}
	for i := range 40 {
		rows = append(rows, []string{fmt.Sprint(4711 + i), fmt.Sprintf("%02d/02/2024", i%28+1), []string{"1A", "1B"}[i%2], []string{"1A", "1B"}[i%2]})
	}
	table := inspect(t, rowsOf(rows...))
	if got := table.Columns[2].Class; got != dataset.CriminalOffence {
		t.Errorf("the column of the police is of class %s", got)
	}
	if len(table.Feeds) == 0 || slices.ContainsFunc(table.Feeds, func(f draft.Feed) bool {
		return slices.ContainsFunc(f.Columns, func(c draft.FeedColumn) bool { return c.From == table.Columns[2].Name })
	}) {
		t.Errorf("%+v", table.Feeds)
	}
}
