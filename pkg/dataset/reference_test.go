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

// referenceClass is the class that a column must have by what the reference list of columns says of it.
func referenceClass(said string) dataset.Class {
	for _, c := range []struct {
		begins string
		class  dataset.Class
	}{
		{"LINKAGE-ID", dataset.LinkageIdentifier}, {"DIRECT", dataset.DirectIdentifier}, {"QUASI", dataset.QuasiIdentifier},
		{"SPECIAL(Art10", dataset.CriminalOffence}, {"SPECIAL(Art9", dataset.SpecialCategory}, {"SENSITIVE", dataset.Sensitive},
		{"STAFF", dataset.Staff}, {"SAFE", dataset.Ordinary},
	} {
		if strings.HasPrefix(said, c.begins) {
			return c.class
		}
	}
	return ""
}

// Where the definitions say otherwise, and why. Each is stricter than the reference, never looser.
var classExceptions = map[string]dataset.Class{
	"header.MC_DOB": dataset.DirectIdentifier, // the date of birth of another child, about whom no agreement is made
	"episodes.LS":   dataset.CriminalOffence,  // J1 to J3 are remand, detention and sentence: the whole column is held to Article 10
	"oc3.ACTIV":     dataset.SpecialCategory,  // G4 and G6 say illness and pregnancy: the whole column is held to Article 9
}

var typeExceptions = map[string]dataset.Type{
	"prev_perm.DATE_PERM": dataset.PartialDate, // returned as ZZ/05/2021 where the day is not known
	"prev_perm.LA_PERM":   dataset.Text,        // an authority's number or a country: no domain, and never left
}

// Codes of earlier or later years that the reference list, made for one year, lacks.
var codesBeyond = map[string][]string{
	"header.SEX":     {"1", "2"},
	"uasc.SEX":       {"1", "2"},
	"episodes.PLACE": {"H5", "P2"},
	"episodes.REC":   {"E43", "E44"},
	"oc3.ACTIV":      {"F3", "P3"},
}

func TestDefinitionsAgainstTheReference(t *testing.T) {
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
	names := map[string]string{"social_worker": "sw_episodes", "dolo (2026/27, from d2i validator)": "dolo"}
	seen := make(map[string]bool)
	for _, r := range records {
		if r[0] != "SSDA903" {
			continue
		}
		table, name := r[1], r[2]
		if names[table] != "" {
			table = names[table]
		}
		id := table + "." + name
		seen[id] = true
		def := c.Table("ssda903/" + table)
		if def == nil || def.Column(name) == nil {
			t.Errorf("%s is not defined", id)
			continue
		}
		column := def.Column(name)
		class := referenceClass(r[4])
		if except, ok := classExceptions[id]; ok {
			if except == class {
				t.Errorf("%s is no exception: the reference says %q", id, r[4])
			}
			class = except
		}
		if column.Class != class {
			t.Errorf("%s is of class %s; the reference says %q", id, column.Class, r[4])
		}
		checkType(t, id, column, r[3])
	}
	if len(seen) != 78 {
		t.Errorf("the reference has %d columns of the return, want 78", len(seen))
	}
	for _, table := range c.Tables() {
		for _, column := range table.Columns {
			if table.Format == "ssda903" && column.Name != dataset.CollectionYear && !table.Marks(column.Name) && !seen[table.Name+"."+column.Name] {
				t.Errorf("%s.%s is in no reference", table.ID(), column.Name)
			}
		}
	}
}

func checkType(t *testing.T, id string, column *dataset.Column, said string) {
	t.Helper()
	var want dataset.Type
	switch {
	case typeExceptions[id] != "":
		want = typeExceptions[id]
	case strings.HasPrefix(said, "date"):
		want = dataset.Date
	case strings.HasPrefix(said, "numeric"):
		want = dataset.Integer
	case strings.HasPrefix(said, "string:postcode"):
		want = dataset.Text
	case strings.HasPrefix(said, "string"):
		want = dataset.Identifier
	case strings.HasPrefix(said, "cat["):
		want = dataset.Code
		listed := strings.Split(strings.TrimSuffix(strings.TrimPrefix(said, "cat["), "]"), "|")
		var beyond []string
		for _, code := range column.Codes {
			if at := slices.Index(listed, code.Value); at >= 0 {
				listed = slices.Delete(listed, at, at+1)
			} else {
				beyond = append(beyond, code.Value)
			}
		}
		if len(listed) > 0 {
			t.Errorf("%s lacks the codes %v", id, listed)
		}
		if !slices.Equal(beyond, codesBeyond[id]) {
			t.Errorf("%s has codes %v beyond the reference, want %v", id, beyond, codesBeyond[id])
		}
	}
	if column.Type != want {
		t.Errorf("%s is of type %s; the reference says %q", id, column.Type, said)
	}
}
