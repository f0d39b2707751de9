package harmonise_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/harmonise"
)

// TestChildren gives small returns and what must be made of them: every row, every count, every finding.
func TestChildren(t *testing.T) {
	catalogue := builtIn(t)
	const (
		early  = "2019-20/header.csv"
		middle = "2020-21/header.csv"
		late   = "2021-22/header.csv"
	)
	header := func(rows ...string) string { return lines(headerLine, rows...) }
	uasc := func(rows ...string) string { return lines(uascLine, rows...) }
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // child_id sex ethnicity birth_date uasc
		tally harmonise.Tally
		found map[string]int64
		at    string // the place of the first finding
	}{
		{
			name:  "one return",
			files: map[string]string{middle: header("700001,1,02/03/2010,WBRI,UN1,,", "700002,2,29/02/2012,BCRB,UN1,,")},
			want:  "700001 M WBRI 2010-03-02 \n700002 F BCRB 2012-02-29 ",
			tally: harmonise.Tally{Read: 2, Left: 2},
		},
		{
			name: "the latest return decides and a changed fact is counted",
			files: map[string]string{
				early:  header("700001,1,02/03/2010,NOBT,UN1,,"),
				middle: header("700001,1,02/03/2010,NOBT,UN1,,"),
				late:   header("700001,2,02/03/2010,WBRI,UN1,,"),
			},
			want:  "700001 F WBRI 2010-03-02 ",
			tally: harmonise.Tally{Read: 3, Left: 1, Superseded: 2},
			found: map[string]int64{harmonise.RuleChanged: 4},
			at:    "2019-20/header.csv, table ssda903/header, row 1, column ETHNIC",
		},
		{
			name: "what the latest leaves empty is filled by the latest that has it",
			files: map[string]string{
				early:  header("700001,1,02/03/2010,WBRI,UN1,,"),
				middle: header("700001,,02/03/2010,MOTH,UN1,,"),
				late:   header("700001,,,,UN1,,"),
			},
			want:  "700001 M MOTH 2010-03-02 ",
			tally: harmonise.Tally{Read: 3, Left: 1, Superseded: 2},
			found: map[string]int64{harmonise.RuleChanged: 1},
			at:    "2019-20/header.csv, table ssda903/header, row 1, column ETHNIC",
		},
		{
			name: "a child who is only in an earlier return",
			files: map[string]string{
				early: header("700002,2,01/01/2011,WIRI,UN1,,"),
				late:  header("700001,1,02/03/2010,WBRI,UN1,,"),
			},
			want:  "700001 M WBRI 2010-03-02 \n700002 F WIRI 2011-01-01 ",
			tally: harmonise.Tally{Read: 2, Left: 2},
		},
		{
			name:  "the same row twice, and rows of one return that complete each other",
			files: map[string]string{late: header("700001,1,02/03/2010,,UN1,,", "700001,1,02/03/2010,,UN1,,", "700001,1,,WBRI,UN1,,")},
			want:  "700001 M WBRI 2010-03-02 ",
			tally: harmonise.Tally{Read: 3, Left: 1, Superseded: 2},
		},
		{
			name: "a conflict in one return leaves it to an earlier one",
			files: map[string]string{
				early: header("700001,1,02/03/2010,WBRI,UN1,,"),
				late:  header("700001,1,02/03/2010,,UN1,,", "700001,1,03/03/2010,MWAS,UN1,,"),
			},
			want:  "700001 M WBRI 2010-03-02 ",
			tally: harmonise.Tally{Read: 3, Left: 1, Quarantined: 2},
			found: map[string]int64{harmonise.RuleConflict: 2},
			at:    "2021-22/header.csv, table ssda903/header, row 1",
		},
		{
			name: "what the rows of a conflict said is forgotten, also where the second says nothing",
			files: map[string]string{
				early: header("700001,1,02/03/2010,MOTH,UN1,,"),
				late:  header("700001,1,02/03/2010,WBRI,UN1,,", "700001,,03/03/2010,,UN1,,"),
			},
			want:  "700001 M MOTH 2010-03-02 ",
			tally: harmonise.Tally{Read: 3, Left: 1, Quarantined: 2},
			found: map[string]int64{harmonise.RuleConflict: 2},
			at:    "2021-22/header.csv, table ssda903/header, row 1",
		},
		{
			name:  "a conflict in the only return leaves no row, however many rows follow",
			files: map[string]string{late: header("700001,1,02/03/2010,WBRI,UN1,,", "700001,2,02/03/2010,WBRI,UN1,,", "700001,1,02/03/2010,WBRI,UN1,,")},
			tally: harmonise.Tally{Read: 3, Quarantined: 3},
			found: map[string]int64{harmonise.RuleConflict: 3},
			at:    "2021-22/header.csv, table ssda903/header, row 1",
		},
		{
			name: "conflicts in two returns, one after the other",
			files: map[string]string{
				early:  header("700001,2,02/03/2010,,UN1,,"),
				middle: header("700001,1,02/03/2010,WBRI,UN1,,", "700001,2,02/03/2010,WBRI,UN1,,"),
				late:   header("700001,1,02/03/2010,WOTH,UN1,,", "700001,1,04/03/2010,WOTH,UN1,,"),
			},
			want:  "700001 F  2010-03-02 ",
			tally: harmonise.Tally{Read: 5, Left: 1, Quarantined: 4},
			found: map[string]int64{harmonise.RuleConflict: 4},
			at:    "2020-21/header.csv, table ssda903/header, row 1",
		},
		{
			name: "rows of an earlier return that differ fill no gap: a return before it does",
			files: map[string]string{
				early:  header("700001,2,02/03/2010,MOTH,UN1,,"),
				middle: header("700001,1,02/03/2010,WBRI,UN1,,", "700001,1,02/03/2010,BCRB,UN1,,", "700001,1,02/03/2010,WBRI,UN1,,"),
				late:   header("700001,1,02/03/2010,,UN1,,"),
			},
			want:  "700001 M MOTH 2010-03-02 ",
			tally: harmonise.Tally{Read: 5, Left: 1, Superseded: 4},
			found: map[string]int64{harmonise.RuleConflict: 1, harmonise.RuleChanged: 1},
			at:    "2020-21/header.csv, table ssda903/header, row 2, column ETHNIC",
		},
		{
			name: "unaccompanied: marked, not marked, and no return that could say",
			files: map[string]string{
				early:              header("700001,1,02/03/2010,WBRI,UN1,,", "700002,1,02/03/2010,WBRI,UN1,,", "700003,1,02/03/2010,WBRI,UN1,,"),
				middle:             header("700001,1,02/03/2010,WBRI,UN1,,", "700002,1,02/03/2010,WBRI,UN1,,"),
				"2020-21/uasc.csv": uasc("700001,1,02/03/2010,02/03/2028", "700001,1,02/03/2010,02/03/2028"),
			},
			want:  "700001 M WBRI 2010-03-02 true\n700002 M WBRI 2010-03-02 false\n700003 M WBRI 2010-03-02 ",
			tally: harmonise.Tally{Read: 7, Left: 3, Superseded: 2, Marks: 2},
		},
		{
			name: "unaccompanied in an earlier return and not in a later one",
			files: map[string]string{
				early: header("700001,1,02/03/2010,WBRI,UN1,,"), "2019-20/uasc.csv": uasc("700001,1,02/03/2010,02/03/2028"),
				late: header("700001,1,02/03/2010,WBRI,UN1,,"), "2021-22/uasc.csv": uasc(),
			},
			want:  "700001 M WBRI 2010-03-02 true",
			tally: harmonise.Tally{Read: 3, Left: 1, Superseded: 1, Marks: 1},
			found: map[string]int64{"NO_ROWS": 1},
			at:    "2021-22/uasc.csv, table ssda903/uasc",
		},
		{
			name: "a mark outlives a conflict of the facts",
			files: map[string]string{
				early: header("700001,1,02/03/2010,WBRI,UN1,,"),
				late:  header("700001,1,02/03/2010,WBRI,UN1,,", "700001,2,02/03/2010,WBRI,UN1,,"), "2021-22/uasc.csv": uasc("700001,1,02/03/2010,"),
			},
			want:  "700001 M WBRI 2010-03-02 true",
			tally: harmonise.Tally{Read: 4, Left: 1, Marks: 1, Quarantined: 2},
			found: map[string]int64{harmonise.RuleConflict: 2},
			at:    "2021-22/header.csv, table ssda903/header, row 1",
		},
		{
			name: "marks of children who are nowhere else",
			files: map[string]string{
				late: header("700001,1,02/03/2010,WBRI,UN1,,"), "2021-22/uasc.csv": uasc("700009,1,02/03/2010,", "UNKNOWN,1,02/03/2010,"),
			},
			want:  "700001 M WBRI 2010-03-02 false",
			tally: harmonise.Tally{Read: 3, Left: 1, Marks: 2},
			found: map[string]int64{harmonise.RuleOrphan: 2},
			at:    "2021-22/uasc.csv, table ssda903/uasc, row 1",
		},
		{
			name:  "identifiers that stand for nobody",
			files: map[string]string{late: header(",1,02/03/2010,WBRI,UN1,,", "000000,1,02/03/2010,WBRI,UN1,,", "N/A,1,02/03/2010,WBRI,UN1,,", "12.0,1,02/03/2010,WBRI,UN1,,", "700001,1,02/03/2010,WBRI,UN1,,")},
			want:  "700001 M WBRI 2010-03-02 ",
			tally: harmonise.Tally{Read: 5, Left: 1, Quarantined: 4, Nobody: 4},
			found: map[string]int64{harmonise.RuleNobody: 4},
			at:    "2021-22/header.csv, table ssda903/header, row 1, column CHILD",
		},
		{
			name: "a row that the reader keeps back decides nothing",
			files: map[string]string{
				early: header("700001,1,02/03/2010,WBRI,UN1,,"),
				late:  header("700001,1,02/03/2010,ZZZZ,UN1,,", "700002,M,02/03/2010,WBRI,UN1,,"),
			},
			want:  "700001 M WBRI 2010-03-02 ",
			tally: harmonise.Tally{Read: 3, Left: 1, Quarantined: 2},
			found: map[string]int64{"CODE_UNKNOWN": 1, "CODE_NOT_IN_YEAR": 1},
			at:    "2021-22/header.csv, table ssda903/header, row 1, column ETHNIC",
		},
		{
			name:  "one child written in several ways that mean the same",
			files: map[string]string{late: header(`" rnd0001 ",1,02/03/2010,,UN1,,`, "RND0001,1,,WBRI,UN1,,", "ＲＮＤ０００１,1,,WBRI,UN1,,", "00700001,1,02/03/2010,WBRI,UN1,,", "700001,2,02/03/2010,WBRI,UN1,,")},
			want:  "RND0001 M WBRI 2010-03-02 \n00700001 M WBRI 2010-03-02 \n700001 F WBRI 2010-03-02 ",
			tally: harmonise.Tally{Read: 5, Left: 3, Superseded: 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths := write(t, c.files)
			for _, rows := range []int{0, 1, 2} { // what is made does not depend on how rows come in batches
				council := discover(t, catalogue, paths...)
				council.rows = rows
				got := council.table(t, "children", "child_id", "sex", "ethnicity", "birth_date", "uasc")
				if got.text() != c.want {
					t.Errorf("batches of %d: made\n%s\nwant\n%s", rows, got.text(), c.want)
				}
				if got.tally != c.tally || got.tally.Read != sum(got.tally) {
					t.Errorf("batches of %d: %+v; want %+v", rows, got.tally, c.tally)
				}
				if !maps.Equal(got.found, c.found) && len(got.found)+len(c.found) > 0 {
					t.Errorf("batches of %d: found %v; want %v", rows, got.found, c.found)
				}
				for rule, place := range got.places {
					if len(c.found) == 1 && place != c.at || !strings.Contains(place, ".csv, table ssda903/") {
						t.Errorf("%s is found at %q; want %q", rule, place, c.at)
					}
				}
			}
		})
	}
}

// TestColumnsNotAskedFor: a table is the same whatever else is asked of it, and what marks is not read for nothing.
func TestColumnsNotAskedFor(t *testing.T) {
	council := discover(t, builtIn(t), write(t, map[string]string{
		"2020-21/header.csv": lines(headerLine, "700001,1,02/03/2010,WBRI,UN1,,", "700001,2,02/03/2010,WBRI,UN1,,"),
		"2020-21/uasc.csv":   lines(uascLine, "700001,1,02/03/2010,"),
	})...)
	// The two rows differ in sex alone: without it there is no conflict, and without uasc nothing is marked.
	got := council.table(t, "children", "child_id", "ethnicity")
	if got.text() != "700001 WBRI" || got.tally != (harmonise.Tally{Read: 2, Left: 1, Superseded: 1}) {
		t.Errorf("made %q, %+v", got.text(), got.tally)
	}
}

// TestOtherIdentifiers: in a council's own table with one row per child, an identifier that is not the child's is a fact
// like any other; one that stands for nobody says nothing.
func TestOtherIdentifiers(t *testing.T) {
	catalogue := builtIn(t, fstest.MapFS{"council.yaml": {Data: []byte(`apiVersion: postern/core/v1
version: 1
title: The council's own
code_lists:
  none: [{code: x, meaning: None}]
tables:
  - name: homes
    meaning: The home of each child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}
      - {name: home, type: identifier, identifier: school/urn, class: quasi-identifier, meaning: Home}
    sources:
      - table: ssda903/episodes
        adds: true
        columns:
          child_id: {from: CHILD}
          home: {from: URN}
`)}})
	row := func(child, urn string) string { return child + ",02/07/2019,S,C1,N1,U3,PR1,,,,,," + urn }
	council := discover(t, catalogue, write(t, map[string]string{
		"2018-19/episodes.csv": lines(episodesLine, "7,02/07/2018,S,C1,N1,U3,PR1,,,,,,100007"),
		"2019-20/episodes.csv": lines(episodesLine, row("1", "100001"), row("2", "100002"), row("3", "sc012345"), row("4", ""), row("6", "100001"), row("7", "XXXXXX")),
		"2020-21/episodes.csv": lines(episodesLine, row("1", ""), row("2", "100003"), row("5", "100001"), row("5", "100004"), row("6", "100001")),
	})...)
	for _, rows := range []int{0, 1, 2} {
		council.rows = rows
		got := council.table(t, "homes", "child_id", "home")
		want := "1 100001\n2 100003\n6 100001\n3 SC012345\n4 \n7 100007"
		if got.text() != want || got.tally != (harmonise.Tally{Read: 12, Left: 6, Superseded: 4, Quarantined: 2}) {
			t.Errorf("batches of %d: made\n%s\nwant\n%s\n%+v", rows, got.text(), want, got.tally)
		}
		if !maps.Equal(got.found, map[string]int64{harmonise.RuleConflict: 2, harmonise.RuleChanged: 1}) {
			t.Errorf("batches of %d: found %v", rows, got.found)
		}
	}
}
