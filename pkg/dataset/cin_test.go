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

// cinElements lists the columns of the CIN census by the path of their element from the root.
func cinElements(t *testing.T) map[string][]*dataset.Column {
	t.Helper()
	out := make(map[string][]*dataset.Column)
	for _, table := range builtIn(t).Tables() {
		if table.Format != "cin" {
			continue
		}
		for _, column := range table.Columns {
			if column.Name == dataset.CollectionYear {
				continue
			}
			scope, below := strings.Split(table.Row, "/"), column.Path
			for strings.HasPrefix(below, "../") {
				scope, below = scope[:len(scope)-1], below[len("../"):]
			}
			path := strings.Join(append(scope, below), "/")
			path = strings.TrimSuffix(path, "/.")
			out[path] = append(out[path], column)
		}
	}
	return out
}

// The definition has every element of the reference list of columns, with the class and type that it says, and no other.
func TestCINAgainstTheReference(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "reference", "columns.csv"))
	if err != nil {
		t.Skip("the reference list of columns is not beside the repository:", err)
	}
	defer func() { _ = f.Close() }() // only read from
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	elements := cinElements(t)
	// Codes that the reference does not list, and that are read as text.
	text := []string{"FGDMMeetingOffer", "FGDMMeetingFac", "PPOutcome"}
	seen := make(map[string]bool)
	for _, r := range records {
		if r[0] != "CIN census" || r[1] == "Header" {
			continue
		}
		group, _, _ := strings.Cut(r[1], " (")
		for _, name := range strings.Split(r[2], " / ") {
			name, _, _ = strings.Cut(name, " (")
			path := "Children/Child/" + group + "/" + strings.TrimSuffix(name, "[*]")
			seen[path] = true
			if len(elements[path]) == 0 {
				t.Errorf("%s is not defined", path)
			}
			class := referenceClass(strings.Replace(r[4], "SPECIAL (health", "SPECIAL(Art9 health", 1))
			for _, column := range elements[path] {
				if column.Class != class {
					t.Errorf("%s is of class %s; the reference says %q", path, column.Class, r[4])
				}
				if got, want := column.Type, cinType(r[3], column.Name); got != want && !slices.Contains(text, column.Name) {
					t.Errorf("%s is of type %s; the reference says %q", path, got, r[3])
				}
				if strings.Contains(r[2], "[*]") != (column.Path == ".") {
					t.Errorf("%s may stand more than once in its element, or not, and is a row of its own, or not", path)
				}
			}
		}
	}
	for path := range elements {
		if !seen[path] {
			t.Errorf("%s is in no reference", path)
		}
	}
	if len(seen) != 44 {
		t.Errorf("the reference has %d elements of the return, want 44", len(seen))
	}
}

// cinType is the type that the reference says in one way or another.
func cinType(said, name string) dataset.Type {
	switch {
	case strings.HasPrefix(said, "xs:date"), strings.HasPrefix(said, "date"):
		return dataset.Date
	case said == "0|1|true|false":
		return dataset.Boolean
	case strings.HasPrefix(said, "int"), name == "ReviewMeetingsCount":
		return dataset.Integer
	case name == "LAchildID", name == "UPN", name == "FormerUPN":
		return dataset.Identifier
	default:
		return dataset.Code
	}
}

// How many codes each list has. The years of those that not every return has are in TestWhatEachYearHas.
func TestCINCodes(t *testing.T) {
	c := builtIn(t)
	for id, n := range map[string]int{"cin_details.ReferralSource": 22, "cin_details.PrimaryNeedCode": 10, "cin_details.ReasonForClosure": 9, "child.Ethnicity": 20,
		"child.UPNunknown": 7, "disabilities.Disability": 13, "cp_plans.InitialCategoryOfAbuse": 5, "cp_plans.LatestCategoryOfAbuse": 5, "factors.AssessmentFactors": 44} {
		table, column, _ := strings.Cut(id, ".")
		if got := len(c.Table("cin/" + table).Column(column).Codes); got != n {
			t.Errorf("%s has %d codes, want %d", id, got, n)
		}
	}
}

// Every table tells the child by the authority's own number, every dated one its event; no UPN or birth date leaves.
func TestCINTables(t *testing.T) {
	tables := 0
	for _, table := range builtIn(t).Tables() {
		if table.Format != "cin" {
			continue
		}
		tables++
		if table.ChildID != "LAchildID" || table.Document == nil || !strings.HasPrefix(table.Row, "Children/Child") || len(table.YearEvidence) != 0 {
			t.Errorf("%s: %+v", table.ID(), table)
		}
		if event := table.EventDate; (event == "") != (table.Name == "child" || table.Name == "disabilities") || event != "" && !table.Column(event).Required && table.Name != "pre_proceedings" {
			t.Errorf("%s is dated by %q", table.ID(), event)
		}
		for _, column := range table.Columns {
			birth := strings.HasSuffix(column.Name, "BirthDate")
			if column.Identifier == "child/upn" && len(column.Treatments) != 0 || birth != column.IsBirthDate() {
				t.Errorf("%s.%s permits %v", table.ID(), column.Name, column.Treatments)
			}
		}
	}
	if tables != 10 {
		t.Errorf("%d tables", tables)
	}
}
