package extract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Small files of the school census. Pupils tell a year by when they entered; the others tell none.
const (
	pupilsHead   = "pupilonrolltableid,NativeId,upn,formerupn,entrydate,enrolstatus,termlysessionspossible\n"
	pupils2025   = pupilsHead + "k1,SCH1,H801200001001,,2024-Sep-03 00:00:00,C,120.0\n"
	pupils2026   = pupilsHead + "k1,SCH1,H801200001001,,2025-Sep-03 00:00:00,C,120.0\n"
	sessionsOf   = "pupilonrolltableid,NativeId,termlysessiondetailsonrolltableid,sessions,attendancereason\nk1,SCH1,s1,3.0,I\n"
	summerHalf   = "pupilonrolltableid,NativeId,summerhalfterm2sessiondetailsonrolltableid,sessions,attendancereason\nk1,SCH1,s1,3.0,I\n"
	mealsAutumn  = "fsmperiodsonrolltableid,NativeId,pupilonrolltableid,fsmstartdate,fsmenddate,ukcountry\nf1,SCH1,k1,2024-Oct-16 00:00:00,,\n"
	mealsSpring  = "fsmperiodtableid,NativeId,pupilonrolltableid,fsmstartdate,fsmenddate,ukcountry\nf1,SCH1,k1,2024-Oct-16 00:00:00,,\n"
	needsHead    = "senneedstableid,NativeId,pupilonrolltableid,sentyperank,sentype\n"
	pupilsLeaves = "pupilnolongeronrolltableid,NativeId,upn,formerupn,entrydate,leavingdate,termlysessionspossible\nk9,SCH1,H801200001001,,2019-Sep-03 00:00:00,2024-Jul-20 00:00:00,50\n"
)

func TestDiscoverTerms(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"a census in a folder of its year and term": {
			map[string]string{"2024-25/autumn/p.csv": pupils2025, "2024-25/autumn/s.csv": sessionsOf},
			[]string{"2025 autumn school_census/pupilonroll 2024-25/autumn/p.csv", "2025 autumn school_census/termlysessiondetailsonroll 2024-25/autumn/s.csv"}},
		"two censuses of a year": {
			map[string]string{"2024-25/autumn/p.csv": pupils2025, "2024-25/spring/p.csv": pupils2025},
			[]string{"2025 autumn school_census/pupilonroll 2024-25/autumn/p.csv", "2025 spring school_census/pupilonroll 2024-25/spring/p.csv"}},
		"one year and autumn is that of the calendar": {
			map[string]string{"2024_autumn_p.csv": pupils2025, "2025_spring_p.csv": pupils2025, "2025_spring_s.csv": sessionsOf},
			[]string{"2025 autumn school_census/pupilonroll 2024_autumn_p.csv", "2025 spring school_census/pupilonroll 2025_spring_p.csv",
				"2025 spring school_census/termlysessiondetailsonroll 2025_spring_s.csv"}},
		"one folder per year, terms in the names": {
			map[string]string{"2024-25/autumn_p.csv": pupils2025, "2024-25/spring_p.csv": pupils2025},
			[]string{"2025 autumn school_census/pupilonroll 2024-25/autumn_p.csv", "2025 spring school_census/pupilonroll 2024-25/spring_p.csv"}},
		"the days of entry do not tell the year": {
			map[string]string{"autumn/p.csv": pupils2025, "autumn/s.csv": sessionsOf}, []string{"YEAR_UNKNOWN autumn"}},
		"the term from a table that no other has": {
			map[string]string{"2024-25/p.csv": pupils2025, "2024-25/m.csv": mealsAutumn, "2024-25/h.csv": summerHalf},
			[]string{"2025 autumn school_census/summerhalfterm2sessiondetailsonroll 2024-25/h.csv", "2025 autumn school_census/fsmperiodsonroll 2024-25/m.csv",
				"2025 autumn school_census/pupilonroll 2024-25/p.csv"}},
		"leavers of the year before tell no year": {
			map[string]string{"2024-25/autumn/l.csv": pupilsLeaves, "2024-25/autumn/p.csv": pupils2025},
			[]string{"2025 autumn school_census/pupilnolongeronroll 2024-25/autumn/l.csv", "2025 autumn school_census/pupilonroll 2024-25/autumn/p.csv"}},
		"beside the files of another return": {
			map[string]string{"2024-25/header.csv": header, "2024-25/autumn/p.csv": pupils2025},
			[]string{"2025 autumn school_census/pupilonroll 2024-25/autumn/p.csv", "2025  ssda903/header 2024-25/header.csv"}},
		"in one folder with another return, each by its own months": {
			map[string]string{"autumn/2025_autumn_p.csv": pupils2026, "autumn/e.csv": episodes2021},
			[]string{"2021  ssda903/episodes autumn/e.csv", "2026 autumn school_census/pupilonroll autumn/2025_autumn_p.csv"}},
		"nothing tells the term":    {map[string]string{"2024-25/p.csv": pupils2025}, []string{"TERM_UNKNOWN 2024-25/p.csv"}},
		"a name with two terms":     {map[string]string{"2024-25/autumn spring/p.csv": pupils2025}, []string{"TERM_UNKNOWN 2024-25/autumn spring/p.csv"}},
		"nothing tells the year":    {map[string]string{"autumn/s.csv": sessionsOf}, []string{"YEAR_UNKNOWN autumn/s.csv"}},
		"neither":                   {map[string]string{"set/s.csv": sessionsOf}, []string{"YEAR_UNKNOWN set/s.csv", "TERM_UNKNOWN set/s.csv"}},
		"the dates are later":       {map[string]string{"2024-25/autumn/p.csv": pupils2026}, []string{"YEAR_MISMATCH 2024-25/autumn/p.csv"}},
		"a single year of spring":   {map[string]string{"2024/spring/p.csv": pupils2025}, []string{"YEAR_MISMATCH 2024/spring/p.csv"}},
		"a table of another term":   {map[string]string{"2024-25/spring/m.csv": mealsAutumn}, []string{"TABLE_NOT_IN_YEAR 2024-25/spring/m.csv"}},
		"and the other way round":   {map[string]string{"2024-25/autumn/m.csv": mealsSpring}, []string{"TABLE_NOT_IN_YEAR 2024-25/autumn/m.csv"}},
		"a table of spring alone":   {map[string]string{"2024-25/summer/n.csv": needsHead}, []string{"TABLE_NOT_IN_YEAR 2024-25/summer/n.csv"}},
		"meals in summer":           {map[string]string{"2024-25/summer/m.csv": mealsSpring}, []string{"2025 summer school_census/fsmperiod 2024-25/summer/m.csv"}},
		"a table twice in a term":   {map[string]string{"2024-25/autumn/a.csv": sessionsOf, "2024-25/autumn/b.csv": sessionsOf}, []string{"TABLE_TWICE 2024-25/autumn/b.csv"}},
		"twice in two folders":      {map[string]string{"a/2024-25/autumn/a.csv": sessionsOf, "b/2024_autumn.csv": sessionsOf}, []string{"TABLE_TWICE b/2024_autumn.csv"}},
		"before the definitions":    {map[string]string{"2015-16/autumn/s.csv": sessionsOf}, []string{"TABLE_NOT_IN_YEAR 2015-16/autumn/s.csv"}},
		"no date inside is of then": {map[string]string{"2025-26/spring/p.csv": pupils2025}, []string{"2026 spring school_census/pupilonroll 2025-26/spring/p.csv", "YEAR_NOT_EVIDENT 2025-26/spring/p.csv"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, c.files)
			inventory, report, err := discover(t, root)
			got := listed(root, inventory, report, err)
			if err == nil {
				for i, s := range inventory.Sources {
					got[i] = strings.Replace(got[i], " ", " "+s.Term+" ", 1)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// Sources of a table come the latest first: by year, in a year by term, in a term by file.
func TestInventoryOfTerms(t *testing.T) {
	root := tree(t, map[string]string{"2024-25/autumn/a.csv": sessionsOf, "2024-25/spring/a.csv": sessionsOf, "2024-25/summer/a.csv": sessionsOf, "2025-26/autumn/a.csv": sessionsOf})
	inventory, _, err := discover(t, root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range inventory.Of("school_census/termlysessiondetailsonroll") {
		got = append(got, s.When())
	}
	if want := []string{"the autumn term of academic year 2025/26", "the summer term of academic year 2024/25", "the spring term of academic year 2024/25",
		"the autumn term of academic year 2024/25"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhen(t *testing.T) {
	april, september := &dataset.Table{YearBegins: 4}, &dataset.Table{YearBegins: 9}
	for want, s := range map[string]*extract.Source{
		"collection year 2026":                     {Table: april, Year: 2026},
		"academic year 2025/26":                    {Table: september, Year: 2026},
		"academic year 2099/00":                    {Table: september, Year: 2100},
		"the autumn term of academic year 2025/26": {Table: september, Year: 2026, Term: dataset.Autumn},
	} {
		if got := s.When(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A day of entry is of the academic year that begins on 1 September: one of a later year than the path says refuses it.
func TestDiscoverYearsFromSeptember(t *testing.T) {
	for entered, want := range map[string]string{
		"2024-Aug-31": "YEAR_NOT_EVIDENT", "2024-Sep-01": "", "2025-Aug-31": "", "2025-Sep-01": "YEAR_MISMATCH",
	} {
		root := tree(t, map[string]string{"2024-25/autumn/p.csv": pupilsHead + "k1,SCH1,,," + entered + " 00:00:00,C,\n"})
		inventory, report, err := discover(t, root)
		got := strings.Join(listed(root, inventory, report, err), ", ")
		if (err == nil) == (want == "YEAR_MISMATCH") || !strings.Contains(got, want) || want == "" && strings.Contains(got, "YEAR") {
			t.Errorf("entered %s: %s, want %s", entered, got, want)
		}
	}
}

// A file given by itself, or the folder of its term, lies in the folder of its year.
func TestDiscoverFilesOfATerm(t *testing.T) {
	root := tree(t, map[string]string{"2024-25/autumn/p.csv": pupils2025, "2019-20/more/s.csv": sessionsOf})
	for _, given := range []string{"2024-25/autumn/p.csv", "2024-25/autumn", "2024-25/autumn/"} {
		inventory, _, err := discover(t, root+string(filepath.Separator)+filepath.FromSlash(given))
		if err != nil || inventory.Sources[0].When() != "the autumn term of academic year 2024/25" {
			t.Errorf("%s: %+v, %v", given, inventory, err)
		}
	}
	if _, _, err := discover(t, filepath.Join(root, "2019-20", "more")); err == nil {
		t.Error("beyond a folder that names no term, the folder around it was asked")
	}
	if _, _, err := discover(t, filepath.Join(root, "2019-20", "more", "s.csv")); err == nil {
		t.Error("a folder that names no term was looked beyond")
	}
}

const documents = `apiVersion: postern/dataset/v1
format: docs
version: 1
title: A return as a document
collection_years: {from: 2020, to: 2027}
date_formats: [YYYY-MM-DD]
document: {root: Message, is: X, is_at: Header/Is, year: Header/Year, reference_date: Header/Date, authority: Header/LA}
code_lists: {}
tables:
  - {name: one, meaning: A table, row: Rows/One, columns: [{name: A, type: boolean, class: ordinary, meaning: A, path: A}]}
  - {name: two, meaning: A table, from: 2022, row: Rows/Two, columns: [{name: A, type: boolean, class: ordinary, meaning: A, path: A}]}
`

// document is a reader of files whose whole content is the year that they state.
type document struct{ c *dataset.Catalogue }

func (d document) Recognise(_ context.Context, _ *dataset.Catalogue, path, _ string, _ *finding.Report) ([]*extract.Source, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	year := 0
	if _, err := fmt.Sscan(string(data), &year); err != nil {
		return nil, err
	}
	sources := []*extract.Source{{Form: extract.Document, Table: d.c.Table("docs/one"), Year: year, Authority: "331"}}
	if year >= 2022 {
		sources = append(sources, &extract.Source{Form: extract.Document, Table: d.c.Table("docs/two"), Year: year, Authority: "331"})
	}
	return sources, nil
}

func (document) Read(context.Context, []*extract.Demand) error {
	return errors.New("a document that states its year is not asked for dates")
}

// A document states its own year: its path is held to it, and no date is asked. Its tables are of one file.
func TestDiscoverDocuments(t *testing.T) {
	c, err := dataset.Load(fstest.MapFS{"docs.yaml": {Data: []byte(documents)}, "twins.yaml": {Data: []byte(twins)}})
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string]extract.Reader{".doc": document{c}, ".csv": csv.Reader{}}
	for name, v := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"a folder of its year":        {map[string]string{"2022-23/a.doc": "2023"}, []string{"2023 docs/one 2022-23/a.doc", "2023 docs/two 2022-23/a.doc"}},
		"a folder of no year":         {map[string]string{"x/a.doc": "2021"}, []string{"2021 docs/one x/a.doc"}},
		"several in one folder":       {map[string]string{"a.doc": "2020", "b.doc": "2021"}, []string{"2020 docs/one a.doc", "2021 docs/one b.doc"}},
		"a folder of another year":    {map[string]string{"2021-22/a.doc": "2023"}, []string{"YEAR_MISMATCH 2021-22/a.doc"}},
		"a name of another year":      {map[string]string{"2022-23/a_2024.doc": "2023"}, []string{"YEAR_MISMATCH 2022-23/a_2024.doc"}},
		"two of one year, told once":  {map[string]string{"a.doc": "2023", "b.doc": "2023"}, []string{"TABLE_TWICE b.doc"}},
		"a year of no definitions":    {map[string]string{"a.doc": "2019"}, []string{"TABLE_NOT_IN_YEAR a.doc"}},
		"beside text of another year": {map[string]string{"2018-19/t.csv": "ONE,TWO,PERHAPS\n", "2019-20/a.doc": "2020"}, []string{"2019 twins/first 2018-19/t.csv", "2020 docs/one 2019-20/a.doc"}},
	} {
		root := tree(t, v.files)
		report := &finding.Report{}
		inventory, err := extract.Discover(t.Context(), c, readers, []string{root}, report)
		if got := listed(root, inventory, report, err); !slices.Equal(got, v.want) {
			t.Errorf("%s: %v, want %v", name, got, v.want)
		}
		if err == nil && inventory.Of("docs/one")[0].Authority != "331" {
			t.Errorf("%s: what the document states of itself is lost", name)
		}
	}
}
