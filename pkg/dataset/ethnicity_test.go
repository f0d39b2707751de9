package dataset_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// wantEthnicity is which extended codes each of the main ones has, from the published lists.
var wantEthnicity = map[string]string{
	"WBRI": "WCOR WENG WNIR WSCO WWEL WOWB", "WIRI": "", "WIRT": "", "WROM": "WROG WROR WROO",
	"WOTH": "WALB WBOS WCRO WGRE WGRK WGRC WITA WKOS WPOR WSER WTUR WTUK WTUC WEUR WEEU WWEU WOTW",
	"MWBC": "", "MWBA": "", "MWAS": "MWAP MWAI MWAO", "MOTH": "MAOE MABL MACH MBOE MBCH MCOE MWOE MWCH MOTM",
	"AIND": "", "APKN": "AMPK AKPA AOPK", "ABAN": "", "AOTH": "AAFR AKAO ANEP ASNL ASLT ASRO AOTA",
	"BCRB": "", "BAFR": "BANN BCON BGHA BNGN BSLN BSOM BSUD BAOF", "BOTH": "BEUR BNAM BOTB", "CHNE": "CHKC CMAL CSNG CTWN COCH",
	"OOTH": "OAFG ORAB OARA OEGY OFIL OIRN OIRQ OJPN OKOR OKRD OLAM OLEB OLIB OMAL OMRC OPOL OTHA OVIE OYEM OOEG",
	"REFU": "", "NOBT": "",
}

// TestEthnicity20: every code that a school may return becomes one of the twenty main codes, or is left to the agreement;
// and none becomes another one than the published lists say.
func TestEthnicity20(t *testing.T) {
	c := builtIn(t)
	by, main := c.CodeMap("ethnicity_20"), c.Table("children").Column("ethnicity")
	if by == nil || len(by.Codes) != 20 || !slices.Equal(by.Codes, main.Codes) {
		t.Fatalf("%+v", by)
	}
	want := make(map[string]string)
	for to, codes := range wantEthnicity {
		for code := range strings.FieldsSeq(to + " " + codes) {
			want[code] = to
		}
	}
	undecided := []string{"ABRI", "AWEL", "BBRI", "BWEL"}
	if len(want) != 104 || len(by.Pairs) != len(want) || !slices.Equal(by.Undecided, undecided) {
		t.Errorf("%d codes, %d pairs, undecided %v", len(want), len(by.Pairs), by.Undecided)
	}
	census := c.Table("school_census/pupilonroll").Column("ethnicity").Codes
	for _, code := range census {
		to, ok := by.To(code.Value)
		if to != want[code.Value] || ok == by.Leaves(code.Value) {
			t.Errorf("%s becomes %q (%v); want %q", code.Value, to, ok, want[code.Value])
		}
	}
	if daily := c.Table("attendance/daily").Column("ethnicity"); !slices.Equal(daily.Codes, census) || daily.Class != dataset.SpecialCategory {
		t.Errorf("a register has other codes of ethnicity than the census: %+v", daily)
	}
	if len(census) != len(want)+len(undecided) {
		t.Errorf("a school may return %d codes; %d are told of", len(census), len(want)+len(undecided))
	}
	for _, code := range undecided {
		if _, ok := by.Decided(code, nil); ok {
			t.Errorf("%s is decided by nobody", code)
		}
		if _, ok := by.Decided(code, map[string]string{code: "WENG"}); ok {
			t.Errorf("%s became a code that does not come out", code)
		}
		if to, ok := by.Decided(code, map[string]string{code: "AOTH"}); !ok || to != "AOTH" {
			t.Errorf("%s became %q", code, to)
		}
	}
	if to, _ := by.Decided("WENG", map[string]string{"WENG": "OOTH"}); to != "WBRI" {
		t.Errorf("a code that the map decides was decided otherwise: %s", to)
	}
}

const undecidedMap = `apiVersion: postern/core/v1
version: 1
title: A council's own map
code_lists:
  own: [{code: X, meaning: One}, {code: "Z", meaning: Other}]
code_maps:
  - {name: own_map, meaning: A map, to: own, undecided: UNDECIDED, pairs: [{from: A, to: X}, {from: B, to: "Z"}]}
tables:
  - name: kids
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns: [{name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}]
    sources: [{table: ssda903/header, adds: true, columns: {child_id: {from: CHILD}}}]
`

// TestUndecidedCodes: a code is mapped or left open, once.
func TestUndecidedCodes(t *testing.T) {
	returns := formats(t, "ssda903")
	for list, wrong := range map[string]bool{"[C]": false, "[D, C]": false, "[A]": true, "[C, C]": true, "[]": true} {
		_, err := dataset.Load(returns, own(strings.Replace(undecidedMap, "UNDECIDED", list, 1)))
		if (err != nil) != wrong {
			t.Errorf("undecided %s: %v", list, err)
		}
	}
}

// TestStreamingTables: what a table that streams may say, and what is a mistake of it.
func TestStreamingTables(t *testing.T) {
	const good = `apiVersion: postern/core/v1
version: 1
title: A council's own table
code_lists: {}
tables:
  - name: marks
    meaning: One row per mark
    child_id: child_id
    one_row_per: [child_id, day, half]
    streams: true
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}
      - {name: day, type: date, class: quasi-identifier, meaning: Day}
      - {name: half, type: code, codes: attendance/session, class: ordinary, meaning: Half}
      - {name: ill, type: boolean, class: sensitive, meaning: Ill}
    sources:
      - table: attendance/daily
        adds: true
        linked_by: [upn]
        columns: {child_id: {from: la_child_id}, day: {from: session_date}, half: {from: session}, ill: {from: attendance_code, true_for: [I, M]}}
`
	returns := formats(t, "attendance")
	for name, tc := range map[string]struct{ old, new, want string }{
		"as it is":                       {"", "", ""},
		"one code is that code":          {"true_for: [I, M]", "true_for: [I]", "weaker class"},
		"a code that there is not":       {"true_for: [I, M]", "true_for: [I, Q1]", "no such code"},
		"no streaming":                   {"    streams: true\n", "", "only a table that streams"},
		"linked by a column that is not": {"linked_by: [upn]", "linked_by: [session]", "not of a type"},
		"pupils":                         {"adds: true", "pupils: {identifiers: [upn]}", "sources that add rows"},
		"a sum":                          {"ill: {from: attendance_code, true_for: [I, M]}", "ill: {any_of: [fsm, pupil_premium]}", "no such feed"},
	} {
		text := strings.Replace(good, tc.old, tc.new, 1)
		c, err := dataset.Load(returns, own(text))
		switch {
		case tc.want == "" && err != nil, tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v", name, err)
		case tc.want == "":
			table := c.Table("marks")
			if !table.Streams || !table.Linked() || table.PerPupil() || !table.Grouped("ill") || table.Grouped("half") {
				t.Errorf("%+v", table)
			}
		}
	}
}

// own is a council's own folder, of one file.
func own(text string) fs.FS { return fstest.MapFS{"own.yaml": {Data: []byte(text)}} }
