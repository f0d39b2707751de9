package synth

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
)

// xmlCensus is a CIN census as encoding/xml reads it.
type xmlCensus struct {
	Collection    string     `xml:"Header>CollectionDetails>Collection"`
	Year          int        `xml:"Header>CollectionDetails>Year"`
	ReferenceDate string     `xml:"Header>CollectionDetails>ReferenceDate"`
	LEA           string     `xml:"Header>Source>LEA"`
	Children      []xmlChild `xml:"Children>Child"`
}

type xmlChild struct {
	ID       string   `xml:"ChildIdentifiers>LAchildID"`
	UPN      string   `xml:"ChildIdentifiers>UPN"`
	Former   string   `xml:"ChildIdentifiers>FormerUPN"`
	Unknown  string   `xml:"ChildIdentifiers>UPNunknown"`
	Birth    *xmlDate `xml:"ChildIdentifiers>PersonBirthDate"`
	Expected *xmlDate `xml:"ChildIdentifiers>ExpectedPersonBirthDate"`
	Death    *xmlDate `xml:"ChildIdentifiers>PersonDeathDate"`
	Gender   string   `xml:"ChildIdentifiers>GenderCurrent"`
	Sex      string   `xml:"ChildIdentifiers>Sex"`
	Ethnic   string   `xml:"ChildCharacteristics>Ethnicity"`
	Block    *struct {
		Codes []string `xml:"Disability"`
	} `xml:"ChildCharacteristics>Disabilities"`
	Cases []xmlCase `xml:"CINdetails"`
}

type xmlCase struct {
	Referral    *xmlDate `xml:"CINreferralDate"`
	Source      string   `xml:"ReferralSource"`
	Need        string   `xml:"PrimaryNeedCode"`
	Closure     *xmlDate `xml:"CINclosureDate"`
	Reason      string   `xml:"ReasonForClosure"`
	Conference  *xmlDate `xml:"DateOfInitialCPC"`
	NoAction    string   `xml:"ReferralNFA"`
	Assessments []struct {
		Start      *xmlDate `xml:"AssessmentActualStartDate"`
		Authorised *xmlDate `xml:"AssessmentAuthorisationDate"`
		Factors    []string `xml:"FactorsIdentifiedAtAssessment>AssessmentFactors"`
	}
	Plans []struct {
		Start *xmlDate `xml:"CINPlanStartDate"`
		End   *xmlDate `xml:"CINPlanEndDate"`
	} `xml:"CINPlanDates"`
	Inquiries []struct {
		Start      *xmlDate `xml:"S47ActualStartDate"`
		Target     *xmlDate `xml:"InitialCPCtarget"`
		Conference *xmlDate `xml:"DateOfInitialCPC"`
		Unneeded   string   `xml:"ICPCnotRequired"`
	} `xml:"Section47"`
	Protections []struct {
		Start    *xmlDate  `xml:"CPPstartDate"`
		End      *xmlDate  `xml:"CPPendDate"`
		Initial  string    `xml:"InitialCategoryOfAbuse"`
		Latest   string    `xml:"LatestCategoryOfAbuse"`
		Previous int       `xml:"NumberOfPreviousCPP"`
		Reviews  []xmlDate `xml:"Reviews>CPPreviewDate"`
	} `xml:"ChildProtectionPlans"`
}

// xmlDate is an ISO date; white space around it is nothing, as XML Schema has it.
type xmlDate civil.Date

func (d *xmlDate) UnmarshalText(text []byte) error {
	on, err := civil.ParseISO(strings.TrimSpace(string(text)))
	*d = xmlDate(on)
	return err
}

// on is the date, never when there is none.
func (d *xmlDate) on() civil.Date {
	if d == nil {
		return never
	}
	return civil.Date(*d)
}

// yes reads a boolean of XML Schema.
func yes(t *testing.T, text string) bool {
	t.Helper()
	switch text {
	case "1", "true":
		return true
	case "0", "false":
		return false
	}
	t.Fatalf("boolean %q", text)
	return false
}

// wideCohort is a cohort in all formats, as read back.
type wideCohort struct {
	dir      string
	opt      CohortOptions
	summary  *CohortSummary
	xml      map[int]*xmlCensus
	raw      map[int]string
	header   map[int][]row
	asylum   map[int][]row
	census   map[string][]row // by 2025 autumn pupilonroll
	premiums map[int][]row
	read1    map[string]Roll // what rolls reads, once
}

func readWide(t *testing.T, opt CohortOptions) *wideCohort {
	t.Helper()
	w := &wideCohort{
		dir: filepath.Join(t.TempDir(), "cohort"), opt: opt, xml: map[int]*xmlCensus{}, raw: map[int]string{}, header: map[int][]row{}, asylum: map[int][]row{},
		census: map[string][]row{}, premiums: map[int][]row{},
	}
	var err error
	if w.summary, err = Cohort(context.Background(), w.dir, opt); err != nil {
		t.Fatal(err)
	}
	for _, set := range w.summary.Sets {
		for _, table := range set.Tables {
			raw, err := os.ReadFile(filepath.Join(w.dir, set.Folder, filepath.FromSlash(table.File)))
			if err != nil {
				t.Fatal(err)
			}
			rows := w.read(t, set.Year, table, raw)
			if int64(rows) != table.Rows {
				t.Errorf("%s/%s: %d rows, summary says %d", set.Folder, table.File, rows, table.Rows)
			}
		}
	}
	return w
}

func (w *wideCohort) read(t *testing.T, year int, table TableSummary, raw []byte) int {
	t.Helper()
	name := strings.TrimSuffix(table.File, ".csv")
	switch table.Format {
	case CIN:
		c := &xmlCensus{}
		if err := xml.Unmarshal(raw, c); err != nil {
			t.Fatal(err)
		}
		w.xml[year], w.raw[year] = c, string(raw)
		return c.rows()
	case SchoolCensus:
		rows := records(t, raw, ',')
		w.census[fmt.Sprint(year, " ", strings.ReplaceAll(name, "/", " "))] = rows
		return len(rows)
	case GIAP:
		if bytes.ContainsAny(raw, "\"\r") || bytes.HasPrefix(raw, []byte("\ufeff")) {
			t.Errorf("%d: PupilPremium has a quote, a carriage return or a byte order mark", year)
		}
		comma := ','
		if year%2 == 0 {
			comma = '\t'
		}
		w.premiums[year] = records(t, raw, comma)
		return len(w.premiums[year])
	default:
		rows := records(t, bytes.TrimPrefix(raw, []byte("\ufeff")), ',')
		switch table.File {
		case "header.csv":
			w.header[year] = rows
		case "uasc.csv":
			w.asylum[year] = rows
		}
		return len(rows)
	}
}

// rows are those that the blocks flatten to.
func (c *xmlCensus) rows() int {
	n := len(c.Children)
	for _, child := range c.Children {
		if child.Block != nil {
			n += len(child.Block.Codes)
		}
		n += len(child.Cases)
		for _, k := range child.Cases {
			n += len(k.Assessments) + len(k.Plans) + len(k.Inquiries) + len(k.Protections)
		}
	}
	return n
}

// row is one row of a table. Cells are found by the name of their column.
type row struct {
	at    map[string]int
	cells []string
}

func (r *row) has(column string) bool { _, ok := r.at[column]; return ok }

// get is a cell, blank where the table does not have the column.
func (r *row) get(column string) string {
	if i, ok := r.at[column]; ok {
		return r.cells[i]
	}
	return ""
}

func (r *row) date(t *testing.T, column string) civil.Date {
	t.Helper()
	return record{column: r.get(column)}.date(t, column)
}

func records(t *testing.T, raw []byte, comma rune) []row {
	t.Helper()
	reader := csv.NewReader(bytes.NewReader(raw))
	reader.Comma = comma
	all, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, column := range all[0] {
		at[column] = i
	}
	out := make([]row, 0, len(all)-1)
	for _, cells := range all[1:] {
		out = append(out, row{at, cells})
	}
	return out
}

// day reads YYYY-Mon-DD 00:00:00, never when it is blank.
func day(t *testing.T, text string) civil.Date {
	t.Helper()
	if text == "" {
		return never
	}
	date, midnight := strings.CutSuffix(text, " 00:00:00")
	on, err := time.Parse("2006-Jan-02", date)
	if err != nil || !midnight {
		t.Fatalf("date %q", text)
	}
	return civil.MustYMD(on.Year(), int(on.Month()), on.Day())
}

// float reads a whole number that is written as 134.0.
func float(t *testing.T, text string) int {
	t.Helper()
	whole, ok := strings.CutSuffix(text, ".0")
	n, err := strconv.Atoi(whole)
	if !ok || err != nil {
		t.Fatalf("number %q", text)
	}
	return n
}
