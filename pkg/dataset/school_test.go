package dataset_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// The tables of the school census: the terms whose return has them, the columns that must be there, and those that tell a
// year.
var wantCensusTables = map[string]struct{ terms, must, evidence string }{
	"pupilonroll":                          {"", "pupilonrolltableid NativeId upn formerupn entrydate enrolstatus termlysessionspossible", "entrydate"},
	"pupilnolongeronroll":                  {"", "pupilnolongeronrolltableid NativeId upn formerupn entrydate leavingdate termlysessionspossible", ""},
	"termlysessiondetailsonroll":           {"", "termlysessiondetailsonrolltableid NativeId pupilonrolltableid attendancereason sessions", ""},
	"termlysessiondetailsoffroll":          {"", "termlysessiondetailsoffrolltableid NativeId pupilnolongeronrolltableid attendancereason sessions", ""},
	"summerhalfterm2sessiondetailsonroll":  {"autumn", "summerhalfterm2sessiondetailsonrolltableid NativeId pupilonrolltableid attendancereason sessions", ""},
	"summerhalfterm2sessiondetailsoffroll": {"autumn", "summerhalfterm2sessiondetailsoffrolltableid NativeId pupilnolongeronrolltableid attendancereason sessions", ""},
	"fsmperiodsonroll":                     {"autumn", "fsmperiodsonrolltableid NativeId pupilonrolltableid fsmstartdate fsmenddate ukcountry", ""},
	"fsmperiod":                            {"spring summer", "fsmperiodtableid NativeId pupilonrolltableid fsmstartdate fsmenddate ukcountry", ""},
	"termlyexclusionsonroll":               {"", "termlyexclusionsonrolltableid NativeId pupilonrolltableid startdate category", ""},
	"termlyexclusionsoffroll":              {"", "termlyexclusionsoffrolltableid NativeId pupilnolongeronrolltableid startdate category", ""},
	"senneeds":                             {"spring", "senneedstableid NativeId pupilonrolltableid sentyperank sentype", ""},
	"addressesonroll":                      {"autumn", "addressesonrolltableid NativeId pupilonrolltableid postcode", ""},
	"addresses":                            {"spring summer", "addressestableid NativeId pupilonrolltableid postcode", ""},
	"addressesoffroll":                     {"", "addressesoffrolltableid NativeId pupilnolongeronrolltableid postcode", ""},
	"schoolcensus":                         {"", "schoolcensustableid NativeId referencedate collection term year", "referencedate"},
}

func TestTablesOfTheSchoolCensus(t *testing.T) {
	seen := 0
	for _, table := range builtIn(t).Tables() {
		if table.Format != "school_census" {
			continue
		}
		seen++
		want, known := wantCensusTables[table.Name]
		if !known {
			t.Errorf("%s is not among the tables", table.ID())
			continue
		}
		var must []string
		for _, c := range table.Columns {
			if !c.Optional {
				must = append(must, c.Name)
			}
			if joins := strings.HasPrefix(c.Name, "pupil") && strings.HasSuffix(c.Name, "tableid") || c.Name == "NativeId"; joins != (c.Type == dataset.Key && c.Required) && c.Name != "schoolcensustableid" {
				t.Errorf("%s.%s joins tables, or is a key: not both", table.ID(), c.Name)
			}
		}
		if strings.Join(table.Terms, " ") != want.terms || strings.Join(must, " ") != want.must || strings.Join(table.YearEvidence, " ") != want.evidence {
			t.Errorf("%s: terms %v, must have %v, told by %v", table.ID(), table.Terms, must, table.YearEvidence)
		}
		if !table.Termly || table.YearBegins != 9 || table.From != 2017 || table.To != 2027 || table.ChildID != "" || table.Several {
			t.Errorf("%+v", table)
		}
	}
	if seen != len(wantCensusTables) {
		t.Errorf("%d tables, want %d", seen, len(wantCensusTables))
	}
}

// A code of the census with the years that have it, and those that no year has.
func TestCodesOfTheSchoolCensus(t *testing.T) {
	c := builtIn(t)
	codes := func(table, column string) (out []string) {
		for _, v := range c.Table("school_census/" + table).Column(column).Codes {
			if v.From != 0 || v.To != 0 {
				t.Errorf("%s.%s: code %s is of some years only", table, column, v.Value)
			}
			out = append(out, v.Value)
		}
		return out
	}
	attendance := strings.Fields(`# / B C C1 C2 D E F G H I J J1 K L M N O P Q R S T U V W X Y Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z \`)
	slices.Sort(attendance)
	for _, table := range []string{"termlysessiondetailsonroll", "termlysessiondetailsoffroll", "summerhalfterm2sessiondetailsonroll", "summerhalfterm2sessiondetailsoffroll"} {
		if got := codes(table, "attendancereason"); !slices.Equal(got, attendance) {
			t.Errorf("%s: codes %v, want %v", table, got, attendance)
		}
	}
	for column, want := range map[string]string{"enrolstatus": "C F M O S", "sex": "F M", "gender": "F M"} {
		if got := strings.Join(codes("pupilonroll", column), " "); got != want {
			t.Errorf("%s: codes %s, want %s", column, got, want)
		}
	}
	if got := strings.Join(codes("fsmperiod", "ukcountry"), " "); got != "ENG NIR SCT WLS" {
		t.Errorf("countries %s", got)
	}
	ethnicity := codes("pupilonroll", "ethnicity")
	if len(ethnicity) != 108 {
		t.Errorf("%d codes of ethnicity, want 108", len(ethnicity))
	}
	for _, main := range c.Table("ssda903/header").Column("ETHNIC").Codes {
		if !slices.Contains(ethnicity, main.Value) {
			t.Errorf("the main code %s of ethnicity is missing", main.Value)
		}
	}
	for _, name := range []string{"sex", "gender"} {
		column := c.Table("school_census/pupilonroll").Column(name)
		for year, want := range map[int]bool{2020: name == "gender", 2023: name == "gender", 2024: true, 2025: name == "sex"} {
			if column.In(year) != want || !column.Optional {
				t.Errorf("%s in %d: %v", name, year, column.In(year))
			}
		}
	}
}

// Where the definitions say otherwise than the reference, and why. Each is stricter, never looser.
var schoolExceptions = map[string]dataset.Class{
	"NativeId":               dataset.RecordIdentifier, // it joins tables, and no core table shows it
	"senneedstableid":        dataset.RecordIdentifier,
	"senneedsorderseqcolumn": dataset.RecordIdentifier,
	"attendancereason":       dataset.SpecialCategory,  // I, M and R say illness and religion: the whole column is held to Article 9
	"eligibilitycode":        dataset.DirectIdentifier, // a number given to one parent
	"thirtyhourcode":         dataset.DirectIdentifier,
	"Language":               dataset.QuasiIdentifier, // as in the census itself
	"Funding_Basis_ECO":      dataset.Sensitive,       // why a young child's hours are funded
	"Funding_Basis_HSD":      dataset.SpecialCategory,
	"Funding_Basis_LAA":      dataset.Sensitive,
	"EYPPR":                  dataset.Sensitive,
	"EYPPBF":                 dataset.Sensitive,
}

func TestSchoolDefinitionsAgainstTheReference(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "reference", "columns.csv"))
	if err != nil {
		t.Skip("the reference list of columns is not beside the repository:", err)
	}
	defer func() { _ = f.Close() }() // only read from
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	c := builtIn(t)
	checked, used := 0, make(map[string]bool)
	for _, r := range records {
		id := ""
		switch {
		case strings.HasPrefix(r[0], "School census"):
			id = "school_census/" + r[1]
		case r[0] == "GIAP download":
			id = map[string]string{"PupilPremium.csv": "giap/pupil_premium", "CensusSpring.csv": "giap_census/census"}[r[1]]
		default:
			continue
		}
		checked++
		table := c.Table(id)
		if table == nil {
			t.Errorf("%s is not defined", id)
			continue
		}
		at := slices.IndexFunc(table.Columns, func(c *dataset.Column) bool { return c.Heading() == r[2] })
		if at < 0 {
			t.Errorf("%s.%s is not defined", id, r[2])
			continue
		}
		class := referenceClass(r[4])
		if strings.HasPrefix(r[4], "RECORD-ID") {
			class = dataset.RecordIdentifier
		}
		if except, ok := schoolExceptions[r[2]]; ok {
			used[r[2]] = used[r[2]] || except != class
			class = except
		}
		if got := table.Columns[at].Class; got != class {
			t.Errorf("%s.%s is of class %s; the reference says %q", id, r[2], got, r[4])
		}
		schoolType(t, id, table.Columns[at], r[3])
	}
	if checked != 402 || len(used) != len(schoolExceptions) {
		t.Errorf("%d columns of the reference, want 402; exceptions %v", checked, used)
	}
}

// schoolType holds a column to the type that the reference says. Text is what no type of ours is, and what never leaves.
func schoolType(t *testing.T, id string, column *dataset.Column, said string) {
	t.Helper()
	types := []dataset.Type{dataset.Text}
	switch {
	case strings.HasPrefix(said, "date"):
		types = append(types, dataset.Date)
	case strings.HasPrefix(said, "numeric:{'type': 'integer'"):
		types = append(types, dataset.Integer)
	case said == "cat[0|1]":
		types = append(types, dataset.Boolean)
	case strings.HasPrefix(said, "string"):
		types = append(types, dataset.Key, dataset.Identifier)
	case strings.HasPrefix(said, "text"):
		types = append(types, dataset.Identifier, dataset.Date, dataset.Boolean, dataset.Code)
	case strings.HasPrefix(said, "cat["):
		types = append(types, dataset.Code)
		if column.Type != dataset.Code {
			break
		}
		list, whole := strings.CutSuffix(strings.TrimPrefix(said, "cat["), "]")
		listed := strings.Split(list, "|")
		if !whole || strings.HasSuffix(list, "...") { // the reference has cut a long list short
			listed = listed[:len(listed)-1]
		}
		for _, code := range listed {
			if at, _ := column.Code(code, 0); at < 0 {
				t.Errorf("%s.%s lacks the code %s", id, column.Name, code)
			}
		}
	}
	if !slices.Contains(types, column.Type) {
		t.Errorf("%s.%s is of type %s; the reference says %q", id, column.Name, column.Type, said)
	}
}

// Of pupil premium, what must be there is what the core table is made of, and its year.
func TestTablesOfGIAP(t *testing.T) {
	c := builtIn(t)
	for id, want := range map[string]string{
		"giap/pupil_premium": "UPN, Deprivation Pupil Premium, Service Child Premium, Adopted from Care Premium, Looked After Premium, PupilPremiumFYStartDate",
		"giap_census/census": "PupilMatchingRef, AcademicYear, CensusTerm, UPN, FSMeligible",
	} {
		table := c.Table(id)
		var must []string
		for _, column := range table.Columns {
			if !column.Optional {
				must = append(must, column.Heading())
			}
			if column.InYear != (column.Name == "PupilPremiumFYStartDate") {
				t.Errorf("%s: a row is told by its %s", id, column.Name)
			}
		}
		if strings.Join(must, ", ") != want || !table.Plain || !table.Several || table.ChildID != "" ||
			table.Termly != (id == "giap_census/census") || (table.YearBegins == 9) != table.Termly {
			t.Errorf("%s must have %v: %+v", id, must, table)
		}
	}
}
