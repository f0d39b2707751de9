package synth

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// element is an element of a document, read by the standard library.
type element struct {
	XMLName xml.Name
	Text    string    `xml:",chardata"`
	Inside  []element `xml:",any"`
}

func (e *element) said(name string) string {
	for i := range e.Inside {
		if e.Inside[i].XMLName.Local == name {
			return strings.TrimSpace(e.Inside[i].Text)
		}
	}
	return ""
}

func (e *element) every(name string) []*element {
	var out []*element
	for i := range e.Inside {
		if e.Inside[i].XMLName.Local == name {
			out = append(out, &e.Inside[i])
		}
	}
	return out
}

// The document of a year has the rows of the set of the same year, each where the return's schema puts it.
func TestCareDocumentIsTheSet(t *testing.T) {
	opt := CohortOptions{Children: 500, Seed: 3}
	opt.Formats = []string{SSDA903}
	set := files(t, opt)
	opt.Formats = []string{SSDA903XML}
	documents := files(t, opt)
	if len(documents) != LatestYear-FirstYear+1 {
		t.Fatalf("%d documents", len(documents))
	}
	seen := map[string]int{}
	for name, text := range documents {
		folder, base := filepath.Split(name)
		if base != "ssda903.xml" || !strings.HasPrefix(text, "<?xml version='1.0' encoding='us-ascii'?>") {
			t.Errorf("%s begins with %.60q", name, text)
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r > 126 }); i >= 0 {
			t.Errorf("%s holds what is not US-ASCII", name)
		}
		var root element
		decoder := xml.NewDecoder(strings.NewReader(text))
		decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
		if err := decoder.Decode(&root); err != nil || root.XMLName.Local != "EXPSSDA903" {
			t.Fatalf("%s: %v, root %s", name, err, root.XMLName.Local)
		}
		got := map[string][]string{}
		add := func(table string, e *element, before string, names ...string) {
			for _, n := range names {
				before += "," + e.said(n)
			}
			got[table] = append(got[table], before)
		}
		for _, child := range root.every("CHILD") {
			head := child.every("HEADER")[0]
			id := head.said("CHILDID")
			idBorn := id + "," + head.said("DOB")
			add("header", head, id, "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")
			for _, e := range child.every("EPISODE") {
				add("episodes", e, id, "DECOM", "RNE", "LS", "CIN", "PL", "PLACE_PROVIDER", "DEC", "REC", "REASON_PLACE_CHANGE", "HOME_POST", "PL_POST", "URN")
			}
			switch head.said("UASC") {
			case "1":
				add("uasc", head, id, "SEX", "DOB", "DUC")
			case "0":
				seen["UASC 0"]++
			case "":
				seen["UASC empty or none"]++
			}
			if head.said("IN_TOUCH") != "" {
				add("oc3", head, idBorn, "IN_TOUCH", "ACTIV", "ACCOM")
			}
			if head.said("DATE_INT") != "" {
				add("ad1", head, idBorn, "DATE_INT", "DATE_MATCH", "FOSTER_CARE", "NB_ADOPTR", "SEX_ADOPTR", "LS_ADOPTR")
			}
			for table, v := range map[string]struct{ element, columns string }{
				"reviews": {"AREVIEW", "REVIEW REVIEW_CODE"}, "missing": {"AMISSING", "MISSING MIS_START MIS_END"},
				"placed_adoption":     {"AD_PLACED", "DATE_PLACED DATE_PLACED_CEASED REASON_PLACED_CEASED"},
				"previous_permanence": {"PERMANENCE", "PREV_PERM LA_PERM DATE_PERM"},
				"oc2":                 {"OC2", "SDQ_SCORE SDQ_REASON CONVICTED HEALTH_CHECK IMMUNISATIONS TEETH_CHECK HEALTH_ASSESSMENT SUBSTANCE_MISUSE INTERVENTION_RECEIVED INTERVENTION_OFFERED"},
			} {
				for _, e := range head.every(v.element) {
					add(table, e, idBorn, strings.Fields(v.columns)...)
				}
			}
		}
		for _, table := range tablesOf(2023) {
			name := strings.TrimSuffix(table.file, ".csv")
			var want []string
			for i, line := range strings.Split(strings.TrimSpace(set[folder+table.file]), "\n") {
				if i > 0 {
					if n := strings.Count(table.columns, ","); strings.Count(line, ",") > n {
						line = line[:strings.LastIndex(line, ",")] // LOCAL_REF
					}
					want = append(want, strings.TrimSpace(line))
				}
			}
			slices.Sort(want)
			slices.Sort(got[name])
			if seen[name] += len(want); !slices.Equal(got[name], want) {
				t.Errorf("%s of %s: the document says\n%.300q, the set\n%.300q", name, folder, got[name], want)
			}
		}
	}
	for _, what := range []string{"header", "episodes", "uasc", "oc2", "oc3", "ad1", "reviews", "missing", "previous_permanence", "placed_adoption", "UASC 0", "UASC empty or none"} {
		if seen[what] < 3 {
			t.Errorf("%d of %s: this test shows little", seen[what], what)
		}
	}
}

// Forms of the return that are asked for change nothing of each other, nor of the set; and Truth is that of the set.
func TestCareFormsDoNotDependOnEachOther(t *testing.T) {
	opt := CohortOptions{Children: 150, Seed: 4, Years: 4}
	all := files(t, CohortOptions{Children: 150, Seed: 4, Years: 4, Formats: []string{SSDA903, SSDA903XML, SSDA903Sheet, CIN}})
	n := 0
	for _, format := range []string{SSDA903, SSDA903XML, SSDA903Sheet} {
		opt.Formats = []string{CIN, format}
		for name, text := range files(t, opt) {
			if n++; all[name] != text {
				t.Errorf("%s: %s is another than with all", format, name)
			}
		}
	}
	if n != len(all)+2*4 { // cin.xml is written with each
		t.Errorf("%d files alone, %d together", n, len(all))
	}
	truth := func(format string) string {
		opt.Formats = []string{format}
		seq, err := Truth(opt)
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		for c := range seq {
			out += fmt.Sprintf("%+v\n", c)
		}
		return out
	}
	if want := truth(SSDA903); len(want) < 10_000 || truth(SSDA903XML) != want || truth(SSDA903Sheet) != want {
		t.Error("the children are others in another form of the return")
	}
}

// A workbook has a cover and a sheet for each table, of which one is misspelt; nothing is left behind when it is done.
func TestCareWorkbook(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cohort")
	summary, err := Cohort(t.Context(), dir, CohortOptions{Children: 100, Seed: 5, Years: 4, Formats: []string{SSDA903Sheet}})
	if err != nil || summary.Files != 4 || len(summary.Formats) != 1 || summary.Formats[0].Rows == 0 || len(summary.Sets) != 4 {
		t.Fatalf("%v, %+v", err, summary)
	}
	for _, set := range summary.Sets {
		entries, err := os.ReadDir(filepath.Join(dir, set.Folder))
		if err != nil || len(entries) != 1 || entries[0].Name() != "ssda903.xlsx" {
			t.Errorf("%v, %v", err, entries)
		}
		z, err := zip.OpenReader(filepath.Join(dir, set.Folder, "ssda903.xlsx"))
		if err != nil {
			t.Fatal(err)
		}
		part, err := z.Open("xl/workbook.xml")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		sheets := 11
		if set.Year >= workersFrom {
			sheets++
		}
		if n := strings.Count(string(text), "<sheet "); n != sheets || !strings.Contains(string(text), `"previous_permenance"`) || strings.Contains(string(text), "date1904=\"1\"") != (set.Year%4 == 3) {
			t.Errorf("%d: %d sheets: %s", set.Year, n, text)
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	}
}
