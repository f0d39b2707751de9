package csv_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

const (
	premiumLine = "UPN,Surname,Forename,Sex,DOB,NCYear,Deprivation Pupil Premium,Service Child Premium,Adopted from Care Premium," +
		"Looked After Premium,PupilPremiumFTE,PupilPremiumCashAmount,PupilPremiumFYStartDate,PupilPremiumFYEndDate,LastFSM\n"
	premiumRow = "H801200001001,SUR1,FOR1,F,01/05/2015,4,1,0,0,0,1,1480.00,01/04/2025,31/03/2026,\n"
)

func tabs(text string) string { return strings.ReplaceAll(text, ",", "\t") }

// In plain text a quote is a letter, and a row of another count of fields is kept back whatever it holds.
func TestPlainText(t *testing.T) {
	c := catalogue(t)
	row := func(old, new string) string { return strings.Replace(premiumRow, old, new, 1) }
	for name, v := range map[string]struct {
		content string
		passed  []int64
		rules   []string
	}{
		"commas":                          {premiumLine + premiumRow + premiumRow, []int64{1, 2}, nil},
		"tabs":                            {tabs(premiumLine + premiumRow + premiumRow), []int64{1, 2}, nil},
		"a byte order mark and CRLF":      {"\xef\xbb\xbf" + strings.ReplaceAll(tabs(premiumLine+premiumRow), "\n", "\r\n"), []int64{1}, nil},
		"no line end at the end":          {strings.TrimSpace(premiumLine + premiumRow), []int64{1}, nil},
		"names in another case":           {strings.ToUpper(premiumLine) + premiumRow, []int64{1}, nil},
		"spaces around names":             {strings.ReplaceAll(premiumLine, ",", " , ") + premiumRow, []int64{1}, nil},
		"other columns left out":          {"UPN,Deprivation Pupil Premium,Service Child Premium,Adopted from Care Premium,Looked After Premium,PupilPremiumFYStartDate\nH801200001001,1,0,0,0,01/04/2025\n", []int64{1}, nil},
		"a comma in a surname":            {premiumLine + row("SUR1", "Smith, Jones") + premiumRow, []int64{2}, []string{"FIELD_COUNT 1"}},
		"a comma in a surname, quoted":    {premiumLine + row("SUR1", "\"Smith, Jones\"") + premiumRow, []int64{2}, []string{"FIELD_COUNT 1"}},
		"a comma in a surname, and tabs":  {tabs(premiumLine) + strings.Replace(tabs(premiumRow), "SUR1", "Smith, Jones", 1), []int64{1}, nil},
		"a quote at the front of a name":  {premiumLine + row("FOR1", "\"Jo") + premiumRow, []int64{1, 2}, nil},
		"quotes around a name":            {premiumLine + row("FOR1", "\"Jo\"") + premiumRow, []int64{1, 2}, nil},
		"an apostrophe and a quote":       {premiumLine + row("SUR1", "O'Neil \"x") + premiumRow, []int64{1, 2}, nil},
		"quotes around a premium":         {premiumLine + row(",1,0,0,0,", ",\"1\",0,0,0,") + premiumRow, []int64{2}, []string{"BOOLEAN_UNKNOWN Deprivation Pupil Premium 1"}},
		"a line end in a name":            {premiumLine + row("SUR1", "\"Sm\nith\"") + premiumRow, []int64{3}, []string{"FIELD_COUNT 1 2"}},
		"a tab in a name":                 {tabs(premiumLine) + strings.Replace(tabs(premiumRow), "SUR1", "S\tUR1", 1) + tabs(premiumRow), []int64{2}, []string{"FIELD_COUNT 1"}},
		"too few fields":                  {premiumLine + "H801200001001\n" + premiumRow, []int64{2}, []string{"FIELD_COUNT 1"}},
		"a field too many, an empty one":  {premiumLine + row("\n", ",\n") + premiumRow, []int64{2}, []string{"FIELD_COUNT 1"}},
		"nothing but commas":              {premiumLine + ",,,,,,,,,,,,,,\n" + premiumRow, []int64{2}, []string{"ROW_EMPTY 1"}},
		"blank lines":                     {premiumLine + "\n\r\n" + premiumRow + "\n", []int64{1}, nil},
		"a row of another financial year": {premiumLine + row("01/04/2025", "01/04/2024") + premiumRow, []int64{2}, []string{"DATE_NOT_IN_YEAR PupilPremiumFYStartDate 1"}},
		"a pupil without premium":         {premiumLine + row(",1,0,0,0,1,1480.00,01/04/2025,", ",,,,,,,,"), []int64{1}, nil},
		"a premium that is a count":       {premiumLine + row(",1,0,0,0,", ",2,0,0,0,"), nil, []string{"BOOLEAN_UNKNOWN Deprivation Pupil Premium 1"}},
		"a UPN that is a float":           {premiumLine + row("H801200001001", "1.23E+11") + premiumRow, []int64{1, 2}, nil}, // nobody's, and links nobody
		"a cell that is not UTF-8":        {premiumLine + row("H801200001001", "H8\xe9") + premiumRow, []int64{2}, []string{"ENCODING UPN 1"}},
		"no rows":                         {tabs(premiumLine), nil, []string{"NO_ROWS"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, c, file(t, v.content), 2026)
			if got.err != nil || got.table != "giap/pupil_premium" {
				t.Fatal(got.err, got.table)
			}
			if !slices.Equal(got.rows, v.passed) || !slices.Equal(got.rules(), v.rules) {
				t.Errorf("passed %v with %v; want %v with %v", got.rows, got.rules(), v.passed, v.rules)
			}
			account(t, []byte(v.content), got)
		})
	}
}

func TestPlainTextThatIsRefused(t *testing.T) {
	c := catalogue(t)
	for name, v := range map[string]struct{ content, rule string }{
		"quotes in the header":        {strings.Replace(premiumLine, "UPN", "\"UPN\"", 1) + premiumRow, csv.RuleHeader},
		"quotes around the header":    {"\"" + strings.Join(strings.Split(strings.TrimSpace(premiumLine), ","), "\",\"") + "\"\n", csv.RuleHeader},
		"a quote in an unknown name":  {"x\"y," + premiumLine + premiumRow, csv.RuleHeader},
		"a premium's column missing":  {strings.Replace(premiumLine, "Looked After Premium", "Looked After", 1) + premiumRow, extract.RuleTableUnknown},
		"names without their spaces":  {strings.ReplaceAll(premiumLine, " ", "") + premiumRow, extract.RuleTableUnknown},
		"a name twice":                {strings.Replace(premiumLine, "Surname", "deprivation pupil premium", 1) + premiumRow, extract.RuleHeaderTwice},
		"UTF-16":                      {utf16Text(tabs(premiumLine+premiumRow), false, true), csv.RuleUTF16},
		"a NUL byte in a row":         {premiumLine + "\x00" + premiumRow, csv.RuleNUL},
		"a NUL byte behind a quote":   {premiumLine + "\"\x00" + premiumRow, csv.RuleNUL},
		"a line of more than 1 MiB":   {premiumLine + strings.Repeat("\"", 1<<20+1), csv.RuleLineTooLong},
		"semicolons, which are none":  {strings.ReplaceAll(premiumLine, ",", ";"), extract.RuleTableUnknown},
		"a header of tabs and commas": {strings.Replace(premiumLine, ",", "\t", 7) + premiumRow, extract.RuleTableUnknown},
	} {
		got := read(t, c, file(t, v.content), 2026)
		var bad *extract.Invalid
		if !errors.As(got.err, &bad) || bad.Findings[0].Rule != v.rule || bad.Findings[0].Hint == "" {
			t.Errorf("%s: %v, want %s", name, got.err, v.rule)
		}
	}
}

// The values come out of the columns that they stand under, by the names of the definitions.
func TestPlainTextCells(t *testing.T) {
	c := catalogue(t)
	random := rand.New(rand.NewPCG(21, 22))
	names := []string{"O'Neil", "\"Jo\"", "\"", "Smith Jones", "Zoë", "x"}
	upns := []string{"H801200001001", "A801200001001", "UN3", "12.0", ""}
	for range 200 {
		var b strings.Builder
		var want []string
		between := []string{",", "\t"}[random.IntN(2)]
		b.WriteString(strings.ReplaceAll(premiumLine, ",", between))
		for range random.IntN(8) {
			upn, premiums := upns[random.IntN(len(upns))], make([]string, 4)
			for i := range premiums {
				premiums[i] = []string{"0", "1", ""}[random.IntN(3)]
			}
			b.WriteString(strings.Join(slices.Concat([]string{upn, names[random.IntN(6)], names[random.IntN(6)], "F", "01/05/2015", "4"}, premiums,
				[]string{"1", "1480.00", "01/04/2025", "31/03/2026", names[random.IntN(6)]}), between) + "\n")
			want = append(want, map[string]string{"H801200001001": upn, "A801200001001": upn}[upn]+" "+strings.Join(premiums, " "))
		}
		src := recognisedAs(t, c, file(t, b.String()), premiumLine)
		src.Year = 2026
		var got []string
		asked := extract.NewWant(src.Table, "UPN", "DeprivationPupilPremium", "ServiceChildPremium", "AdoptedFromCarePremium", "LookedAfterPremium")
		_, err := pass(t.Context(), src, asked, func(batch *extract.Batch) error {
			for row := range batch.Rows {
				cells := []string{batch.Columns[0].At(row).Text}
				for i := 1; i < 5; i++ {
					cell := ""
					if v := batch.Columns[i].At(row); v.State == extract.Known {
						cell = fmt.Sprint(v.Num)
					}
					cells = append(cells, cell)
				}
				got = append(got, strings.Join(cells, " "))
			}
			return nil
		}, &finding.Report{})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q: %v, %q; want %q", b.String(), err, got, want)
		}
	}
}

// What stands between fields is told by the header, and the file's name means nothing.
func TestDelimiters(t *testing.T) {
	c := catalogue(t)
	for name, content := range map[string]string{
		"a return with tabs":                     tabs(headerLine + goodRow + goodRow),
		"a return with tabs and quotes":          tabs("\"CHILD\",SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n\"510000\",1,11/07/2015,WBRI,\"\",,\n" + goodRow),
		"tabs, and a comma in a further column":  "A,B\t" + tabs(headerLine) + "x,y\t" + tabs(goodRow) + "x,y\t" + tabs(goodRow),
		"commas, and a tab in a further column":  "A\tB," + headerLine + "x\ty," + goodRow + "x\ty," + goodRow,
		"tabs, and a line end in a further cell": "A\t" + tabs(headerLine) + "\"x\ny\"\t" + tabs(goodRow) + "\t" + tabs(goodRow),
	} {
		got := read(t, c, file(t, content), 2020)
		if got.err != nil || got.table != "ssda903/header" || !slices.Equal(got.rows, []int64{1, 2}) {
			t.Errorf("%s: %v, %s, %v, %v", name, got.err, got.table, got.rows, got.findings)
		}
	}
	got := read(t, c, file(t, tabs(headerLine)+goodRow), 2020)
	if got.err != nil || !slices.Equal(got.rules(), []string{"FIELD_COUNT 1"}) {
		t.Errorf("commas under a header of tabs: %v, %v", got.err, got.rules())
	}
}

// Downloads of one financial year may be several, of either kind; what is no financial year of theirs is refused.
func TestDiscoverPupilPremium(t *testing.T) {
	readers := map[string]extract.Reader{".csv": csv.Reader{}, ".tab": csv.Reader{}, ".tsv": csv.Reader{}}
	summer, autumn, last := premiumLine+premiumRow, tabs(premiumLine+premiumRow), strings.Replace(premiumLine+premiumRow, "01/04/2025", "01/04/2024", 1)
	for name, v := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"two downloads of one year":   {map[string]string{"2025-26/pp summer.csv": summer, "2025-26/pp autumn.tab": autumn}, []string{"2026 2025-26/pp autumn.tab", "2026 2025-26/pp summer.csv"}},
		"the year by its dates alone": {map[string]string{"pp.tsv": autumn}, []string{"2026 pp.tsv"}},
		"two years":                   {map[string]string{"2025-26/pp.csv": summer, "2024-25/pp.csv": last}, []string{"2025 2024-25/pp.csv", "2026 2025-26/pp.csv"}},
		"a year too early":            {map[string]string{"2024-25/pp.csv": summer}, []string{extract.RuleYearMismatch}},
		"no date and no folder":       {map[string]string{"pp.csv": premiumLine}, []string{extract.RuleYearUnknown}},
	} {
		root := filepath.Join(t.TempDir(), "extracts")
		for file, content := range v.files {
			path := filepath.Join(root, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, path, content)
		}
		inventory, err := extract.Discover(t.Context(), catalogue(t), readers, []string{root}, &finding.Report{})
		var got []string
		var bad *extract.Invalid
		if errors.As(err, &bad) {
			got = append(got, bad.Findings[0].Rule)
		} else if err != nil {
			t.Fatal(err)
		} else {
			for _, s := range inventory.Sources {
				below, _ := filepath.Rel(root, s.File)
				got = append(got, fmt.Sprint(s.Year, " ", filepath.ToSlash(below)))
			}
		}
		if !slices.Equal(got, v.want) {
			t.Errorf("%s: %v, want %v", name, got, v.want)
		}
	}
}
