package xml_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/finding"
)

// discover finds what is in a path, and reads all columns of what it finds.
func discover(t testing.TB, paths ...string) outcome {
	t.Helper()
	readers := map[string]extract.Reader{".xml": xml.Reader{Catalogue: catalogue(t)}, ".csv": csv.Reader{}}
	got := outcome{tally: make(map[string]extract.Tally), rows: make(map[string][]string), broken: make(map[string][]string)}
	report := &finding.Report{}
	inventory, err := extract.Discover(t.Context(), catalogue(t), readers, paths, report)
	if err != nil {
		got.err = err
		return got
	}
	got.sources = inventory.Sources
	byFile := make(map[string][]*extract.Demand)
	for _, src := range inventory.Sources {
		name := src.Table.Name
		var names []string
		for _, c := range src.Table.Columns {
			names = append(names, c.Name)
		}
		byFile[src.Path] = append(byFile[src.Path], &extract.Demand{Source: src, Want: extract.NewWant(src.Table, names...), Report: report, Sink: func(b *extract.Batch) error {
			for row, number := range b.Rows {
				got.rows[name] = append(got.rows[name], line(b, row, number))
			}
			if b.Broken != nil {
				for row, number := range b.Broken.Rows {
					got.broken[name] = append(got.broken[name], line(b.Broken, row, number))
				}
			}
			return nil
		}})
	}
	for path, demands := range byFile {
		if err := readers[filepath.Ext(path)].Read(t.Context(), demands); err != nil {
			got.err = err
			return got
		}
		for _, d := range demands {
			got.tally[d.Source.Table.Name] = d.Tally
		}
	}
	got.findings = report.Findings()
	return got
}

// care is a return of children looked after in a folder of its year.
func care(t testing.TB, folder, children string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), folder, "ssda903.xml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("<?xml version='1.0' encoding='us-ascii'?>\n<EXPSSDA903>"+children+"</EXPSSDA903>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	header903 = "<CHILDID>%d</CHILDID><UPN>UN1</UPN><SEX>2</SEX><DOB>28/07/2010</DOB><ETHNIC>BAFR</ETHNIC>"
	episode   = "<EPISODE><DECOM>06/01/2020</DECOM><RNE>S</RNE><LS>C1</LS><CIN>N4</CIN><PL>U1</PL><DEC /><REC /></EPISODE>"
)

func child903(number int, inHeader, behind string) string {
	return "<CHILD><HEADER>" + fmt.Sprintf(header903, number) + inHeader + "</HEADER>" + behind + "</CHILD>"
}

// One document gives the rows of ten tables; what a HEADER does not say makes no row, and nothing is taken over from the
// child before.
func TestDocumentWithoutAHeader(t *testing.T) {
	full := "<UASC>1</UASC><DUC>28/07/2028</DUC><DATE_INT>01/05/2019</DATE_INT><DATE_MATCH>02/06/2019</DATE_MATCH><FOSTER_CARE>0</FOSTER_CARE>" +
		"<NB_ADOPTR>2</NB_ADOPTR><SEX_ADOPTR>MF</SEX_ADOPTR><LS_ADOPTR>L11</LS_ADOPTR><IN_TOUCH>NO</IN_TOUCH><ACTIV>0</ACTIV><ACCOM>0</ACCOM>" +
		"<AMISSING><MISSING>M</MISSING><MIS_START>03/02/2020</MIS_START></AMISSING><AREVIEW><REVIEW>01/03/2020</REVIEW><REVIEW_CODE>PN1</REVIEW_CODE></AREVIEW>" +
		"<MOTHER>1</MOTHER><MC_DOB>01/01/2019</MC_DOB><PERMANENCE><PREV_PERM>P1</PREV_PERM><LA_PERM>331</LA_PERM><DATE_PERM>ZZ/05/2014</DATE_PERM></PERMANENCE>" +
		"<OC2><SDQ_SCORE>12</SDQ_SCORE><CONVICTED>0</CONVICTED></OC2><AD_PLACED><DATE_PLACED>01/05/2019</DATE_PLACED></AD_PLACED>"
	bare := "<UASC/><DUC/><AREVIEW/><AREVIEW><REVIEW/><REVIEW_CODE/></AREVIEW><MOTHER/><PERMANENCE><PREV_PERM/></PERMANENCE><AMISSING/><AD_PLACED/><IN_TOUCH/>"
	got := discover(t, care(t, "2019-20", child903(1, full, episode+episode)+child903(2, bare, episode)+child903(3, "<UASC>0</UASC>", "")+child903(4, "<UASC> false </UASC>", "")))
	if got.err != nil || len(got.told()) != 0 {
		t.Fatalf("%v, %q", got.err, got.told())
	}
	want := map[string][]string{
		"header": {"1|1|2|2010-07-28|BAFR|(unknown)|1|2019-01-01", "2|2|2|2010-07-28|BAFR|(unknown)||", "3|3|2|2010-07-28|BAFR|(unknown)||", "4|4|2|2010-07-28|BAFR|(unknown)||"},
		"episodes": {"1|1|2020-01-06|S|C1|N4|U1|||||||(missing)", "2|1|2020-01-06|S|C1|N4|U1|||||||(missing)",
			"3|2|2020-01-06|S|C1|N4|U1|||||||(missing)"},
		"uasc":            {"1|1|2|2010-07-28|2028-07-28"},
		"ad1":             {"1|1|2010-07-28|2019-05-01|2019-06-02|0|2|MF|L11"},
		"oc2":             {"1|1|2010-07-28|12||0|||||||"},
		"oc3":             {"1|1|2010-07-28|NO|0|0"},
		"missing":         {"1|1|2010-07-28|M|2020-02-03|"},
		"reviews":         {"1|1|2010-07-28|2020-03-01|PN1"},
		"prev_perm":       {"1|1|2010-07-28|P1|(ok)|16191"},
		"placed_adoption": {"1|1|2010-07-28|2019-05-01||"},
	}
	for table, rows := range want {
		if !slices.Equal(got.rows[table], rows) {
			t.Errorf("%s:\n%q, want\n%q", table, got.rows[table], rows)
		}
		if n := int64(len(rows)); got.tally[table].Read != n || got.tally[table].Passed != n {
			t.Errorf("%s: %+v, want %d rows", table, got.tally[table], n)
		}
	}
	for _, src := range got.sources {
		if src.Year != 2020 || src.Authority != "" || src.Form != extract.Document || want[src.Table.Name] == nil {
			t.Errorf("%s: %d, %q", src.Table.ID(), src.Year, src.Authority)
		}
	}
	if len(got.sources) != len(want) {
		t.Errorf("%d tables", len(got.sources))
	}
}

// What is ambiguous in a document keeps its rows back, and says so by its place.
func TestRowsOfTheCareDocumentKeptBack(t *testing.T) {
	for name, v := range map[string]struct {
		children string
		told     []string
		read     map[string]string // "read passed"
	}{
		"the child's number twice": {child903(1, "<CHILDID>2</CHILDID><UASC>1</UASC><AREVIEW><REVIEW>01/03/2020</REVIEW><REVIEW_CODE>PN1</REVIEW_CODE></AREVIEW>", episode),
			[]string{"ELEMENT_TWICE ssda903/episodes CHILD 1", "ELEMENT_TWICE ssda903/header CHILD 1", "ELEMENT_TWICE ssda903/reviews CHILD 1", "ELEMENT_TWICE ssda903/uasc CHILD 1"},
			map[string]string{"header": "1 0", "episodes": "1 0", "uasc": "1 0", "reviews": "1 0"}},
		"two headers": {"<CHILD><HEADER><CHILDID>1</CHILDID></HEADER><HEADER><CHILDID>2</CHILDID></HEADER>" + episode + "</CHILD>",
			[]string{"ELEMENT_TWICE ssda903/episodes CHILD 1"}, map[string]string{"header": "2 2", "episodes": "1 0"}},
		"a flag twice": {child903(1, "<UASC>0</UASC><UASC>1</UASC>", ""), []string{"ELEMENT_TWICE ssda903/uasc UASC 1"},
			map[string]string{"header": "1 1", "uasc": "1 0"}},
		"a flag of elements": {child903(1, "<UASC><b>1</b></UASC>", ""), []string{"CELL_NOT_TEXT ssda903/uasc UASC 1", "ELEMENT_UNKNOWN ssda903/header CHILD/HEADER/UASC 1"},
			map[string]string{"header": "1 1", "uasc": "1 0"}},
		"a flag that is wanted too, twice": {child903(1, "<IN_TOUCH>YES</IN_TOUCH><IN_TOUCH>NO</IN_TOUCH>", ""), []string{"ELEMENT_TWICE ssda903/oc3 IN_TOUCH 1"},
			map[string]string{"header": "1 1", "oc3": "1 0"}},
		"a review without its day":     {child903(1, "<AREVIEW><REVIEW_CODE>PN1</REVIEW_CODE></AREVIEW>", ""), []string{"REQUIRED_EMPTY ssda903/reviews REVIEW 1"}, map[string]string{"reviews": "1 0"}},
		"an episode without anything":  {child903(1, "", "<EPISODE/>"), []string{"REQUIRED_EMPTY ssda903/episodes DECOM 1"}, map[string]string{"episodes": "1 0"}},
		"a date of the census":         {child903(1, "", strings.Replace(episode, "06/01/2020", "2020-01-06", 1)), nil, map[string]string{"episodes": "1 1"}},
		"a code of another year":       {child903(1, "<IN_TOUCH>YES</IN_TOUCH>", strings.Replace(episode, ">U1<", ">K3<", 1)), []string{"CODE_NOT_IN_YEAR ssda903/episodes PLACE 1"}, map[string]string{"episodes": "1 0", "oc3": "1 1"}},
		"an element that there is not": {child903(1, "<NAME>x</NAME>", ""), []string{"ELEMENT_UNKNOWN ssda903/header CHILD/HEADER 1"}, map[string]string{"header": "1 1"}},
	} {
		got := discover(t, care(t, "2019-20", v.children))
		var told []string
		for _, f := range got.findings {
			if f.Rule != extract.RuleYearNotEvident {
				told = append(told, fmt.Sprintf("%s %s %s %d", f.Rule, f.Place.Table, f.Place.Column, f.Count))
			}
		}
		slices.Sort(told)
		if got.err != nil || !slices.Equal(told, v.told) {
			t.Errorf("%s: %v, %q, want %q", name, got.err, told, v.told)
		}
		for table, want := range v.read {
			if is := fmt.Sprint(got.tally[table].Read, " ", got.tally[table].Passed); is != want {
				t.Errorf("%s: %s: %s read and passed, want %s", name, table, is, want)
			}
		}
	}
}

// The year is told by the path, else by the dates inside; a year without definitions, or with a set in text beside it,
// refuses the file.
func TestYearOfADocumentWithoutAHeader(t *testing.T) {
	content := child903(1, "", strings.Repeat(episode, 30))
	year := func(got outcome) int {
		if got.err != nil || len(got.sources) == 0 {
			return 0
		}
		return got.sources[0].Year
	}
	if got := discover(t, care(t, "returns", content)); year(got) != 2020 {
		t.Errorf("told by its dates: %v, %d", got.err, year(got))
	}
	if got := discover(t, care(t, "2020-21", content)); year(got) != 2021 || !slices.ContainsFunc(got.findings, func(f finding.Finding) bool { return f.Rule == extract.RuleYearNotEvident }) {
		t.Errorf("told by its path: %v, %q", got.err, got.told())
	}
	for folder, rule := range map[string]string{"2018-19": extract.RuleYearMismatch, "2030-31": extract.RuleTableNotInYear} {
		if got := discover(t, care(t, folder, content)); got.rule() != rule {
			t.Errorf("%s: %v, want %s", folder, got.err, rule)
		}
	}
	if got := discover(t, care(t, "returns", child903(1, "", ""))); got.rule() != extract.RuleYearUnknown {
		t.Errorf("nothing tells the year: %v", got.err)
	}
	// A set in text of the same year, in the same folder or another: each table that both have is there twice.
	path := care(t, "2019-20", content)
	for _, folder := range []string{filepath.Dir(path), t.TempDir()} {
		beside := filepath.Join(folder, "header_2020.csv")
		if err := os.WriteFile(beside, []byte("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,2,28/07/2010,BAFR,UN1,,\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		got := discover(t, path, beside)
		var bad *extract.Invalid
		if !errors.As(got.err, &bad) || len(bad.Findings) != 1 || bad.Findings[0].Rule != extract.RuleTableTwice || bad.Findings[0].Place.Table != "ssda903/header" {
			t.Errorf("%v", got.err)
		}
	}
	// What the document has not may lie beside it.
	workers := filepath.Join(t.TempDir(), "sw_2024.csv")
	if err := os.WriteFile(workers, []byte("CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON\n1,28/07/2010,SW1,01/05/2023,,MANAGE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	late := care(t, "2023-24", content)
	if got := discover(t, late, workers); got.err != nil || len(got.sources) != 11 {
		t.Errorf("%v, %d tables", got.err, len(got.sources))
	}
}

// A document of a root that two formats have, one with a header and one without, is the one whose header it has.
func TestHeadedBeforeHeadless(t *testing.T) {
	c := catalogue(t)
	for name, v := range map[string]struct{ content, rule string }{
		"a CIN census":         {document(2024, ""), ""},
		"a care document":      {"<EXPSSDA903/>", ""},
		"another case":         {"<expssda903/>", xml.RuleDocumentUnknown},
		"in a namespace":       {"<EXPSSDA903 xmlns='urn:x'/>", string(xml.RuleNamespace)},
		"a schema":             {"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'/>", xml.RuleDocumentUnknown},
		"with a document type": {"<!DOCTYPE EXPSSDA903><EXPSSDA903/>", string(xml.RuleDoctype)},
	} {
		sources, err := xml.Reader{}.Recognise(t.Context(), c, file(t, v.content), "x.xml", &finding.Report{})
		if got := (outcome{err: err}); got.rule() != v.rule {
			t.Errorf("%s: %v, want %q", name, err, v.rule)
		}
		if v.rule == "" && len(sources) == 0 {
			t.Errorf("%s: no tables", name)
		}
	}
}

// The public sample of a return of children looked after: 253 children of 2017/18, of whose dates one is a day of the year
// after. What is right about it was counted in the file, not by this program.
func TestCareSample(t *testing.T) {
	got := discover(t, filepath.Join(samples(t), filepath.FromSlash(looked), "fake_903.xml"))
	if got.err != nil {
		t.Fatal(got.err)
	}
	want := map[string]extract.Tally{
		"header": {Read: 253, Passed: 253}, "uasc": {Read: 12, Passed: 12}, "reviews": {Read: 1206, Passed: 1206}, "oc2": {Read: 253, Passed: 253},
		"episodes": {Read: 459, Passed: 425, Quarantined: 34}, // 19 have CUSTOD, 15 others E45 to E48: both are of 2018/19 on
		"oc3":      {Read: 6, Passed: 5, Quarantined: 1},      // 01 is no accommodation
		"ad1":      {Read: 3, Passed: 3}, "missing": {Read: 6, Passed: 6}, "prev_perm": {Read: 253, Passed: 253},
		"placed_adoption": {Read: 3, Quarantined: 3}, // every reason is XXX
	}
	for _, src := range got.sources {
		if name := src.Table.Name; got.tally[name] != want[name] || src.Year != 2018 {
			t.Errorf("%s of %d: %+v, want %+v", name, src.Year, got.tally[name], want[name])
		}
	}
	if len(got.sources) != len(want) {
		t.Errorf("%d tables", len(got.sources))
	}
	told := []string{"CODE_NOT_IN_YEAR ssda903/episodes REASON_PLACE_CHANGE 19", "CODE_NOT_IN_YEAR ssda903/episodes REC 15",
		"CODE_UNKNOWN ssda903/oc3 ACCOM 1", "CODE_UNKNOWN ssda903/placed_adoption REASON_PLACED_CEASED 3"}
	if !slices.Equal(got.told(), told) {
		t.Errorf("told %q, want\n%q", got.told(), told)
	}
	for table, row := range map[string]string{
		"header": "1|907440|2|2010-07-28|BAFR|(malformed)||", "uasc": "22|996322|2|2002-10-03|2020-09-28",
		"episodes": "2|907440|2017-10-06|T|J3|N4|P2|PR3|2018-03-07|E11||(ok)|(ok)|8809927",
		"reviews":  "1|907440|2010-07-28|2015-09-27|PN0", "missing": "1|", "prev_perm": "1|907440|2010-07-28|Z1||",
	} {
		if !slices.ContainsFunc(got.rows[table], func(s string) bool { return strings.HasPrefix(s, row) }) {
			t.Errorf("%s has no row %s: %.200q", table, row, got.rows[table])
		}
	}
}

// FuzzCareDocument reads anything as a return of children looked after. It never panics, never loses a row.
func FuzzCareDocument(f *testing.F) {
	f.Add([]byte("<EXPSSDA903>" + child903(1, "<UASC>1</UASC><IN_TOUCH>NO</IN_TOUCH>", episode) + child903(2, "<UASC/>", episode) + "</EXPSSDA903>"))
	f.Add([]byte("<EXPSSDA903><CHILD><HEADER/><EPISODE/></CHILD></EXPSSDA903>"))
	f.Add([]byte("<?xml version='1.0' encoding='us-ascii'?><EXPSSDA903><CHILD><HEADER><CHILDID>1<UASC>1</UASC></CHILDID></HEADER></CHILD>x</EXPSSDA903>"))
	f.Add([]byte("<EXPSSDA903><CHILD><HEADER><DATE_INT>01/05/2019</DATE_INT><DATE_INT/><PERMANENCE><DATE_PERM>ZZ/ZZ/ZZZZ</DATE_PERM></PERMANENCE></HEADER></CHILD></EXPSSDA903>"))
	folder := filepath.Join(f.TempDir(), "2019-20")
	if err := os.Mkdir(folder, 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(folder, fmt.Sprintf("%d.xml", os.Getpid()))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		got := discover(t, path)
		if got.err != nil {
			var bad *extract.Invalid
			if !errors.As(got.err, &bad) || bad.Findings[0].Hint == "" {
				t.Fatalf("%q: %v is no finding", content, got.err)
			}
			return
		}
		for table, tally := range got.tally {
			if tally.Read != tally.Passed+tally.Quarantined || tally.Passed != int64(len(got.rows[table])) || tally.Quarantined != int64(len(got.broken[table])) {
				t.Fatalf("%q: %s: %+v with %d rows, %d broken", content, table, tally, len(got.rows[table]), len(got.broken[table]))
			}
		}
		if got.tally["uasc"].Read > got.tally["header"].Read || got.tally["oc3"].Read > got.tally["header"].Read {
			t.Fatalf("%q: more rows than headers", content)
		}
	})
}

// No finding on a return of children looked after holds any part of a cell, or of a name that is not the definitions'.
func TestCareFindingsHoldNothingOfTheFile(t *testing.T) {
	const canary = "Canary"
	inside := ""
	for _, name := range []string{"UASC", "DUC", "DATE_INT", "DATE_MATCH", "FOSTER_CARE", "NB_ADOPTR", "SEX_ADOPTR", "LS_ADOPTR", "IN_TOUCH", "ACTIV", "ACCOM", "MOTHER", "MC_DOB", canary} {
		inside += "<" + name + " a='" + canary + "'>" + canary + "</" + name + ">" + canary
	}
	for _, group := range []string{"AREVIEW REVIEW REVIEW_CODE", "AMISSING MISSING MIS_START MIS_END", "PERMANENCE PREV_PERM LA_PERM DATE_PERM", "OC2 SDQ_SCORE SDQ_REASON CONVICTED",
		"AD_PLACED DATE_PLACED DATE_PLACED_CEASED REASON_PLACED_CEASED"} {
		names := strings.Fields(group)
		inside += "<" + names[0] + ">" + canary
		for _, name := range names[1:] {
			inside += "<" + name + ">" + canary + "</" + name + ">"
		}
		inside += "</" + names[0] + ">"
	}
	head := strings.NewReplacer("<SEX>2", "<SEX>"+canary, "BAFR", canary, "28/07/2010", canary).Replace(child903(1, inside, strings.NewReplacer("06/01/2020", canary, "C1", canary, "U1", canary).Replace(episode)+canary))
	for name, content := range map[string]string{"bad cells": head, "cells twice": head + child903(2, inside+inside, ""), "cut off": head + "<CHILD>" + canary + "<" + canary, "an entity": "<CHILD>&" + canary + ";</CHILD>"} {
		got := discover(t, care(t, "2019-20", content))
		said := fmt.Sprint(got.err, got.findings)
		var bad *extract.Invalid
		if errors.As(got.err, &bad) {
			said += fmt.Sprint(bad.Findings)
		}
		if strings.Contains(strings.ToLower(said), strings.ToLower(canary)) {
			t.Errorf("%s: the file is repeated: %s", name, said)
		}
		if got.err == nil && len(got.findings) < 20 {
			t.Errorf("%s: only %d findings", name, len(got.findings))
		}
	}
}
