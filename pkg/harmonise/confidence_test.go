package harmonise_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// flagged adds the column that marks rows as given in confidence: a row that ends in an exclamation mark is.
func flagged(header string, rows ...string) string {
	out := []string{header + "," + dataset.InConfidence}
	for _, row := range rows {
		text, secret := strings.CutSuffix(row, "!")
		if secret {
			out = append(out, text+",1")
			continue
		}
		out = append(out, text+",")
	}
	return strings.Join(out, "\n") + "\n"
}

// weighed makes one table under choices, with findings that weigh more.
func weighed(t *testing.T, table string, files map[string]string, choices harmonise.Choices, raised map[string]finding.Severity, columns ...string) (*made, *harmonise.Links) {
	t.Helper()
	c := discover(t, builtIn(t), write(t, files)...)
	m := &made{columns: columns, found: make(map[string]int64)}
	report := &finding.Report{}
	report.Raise(raised)
	in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read, Choices: choices}
	links := harmonise.NewLinks(c.catalogue.Links(), report)
	if err := harmonise.Make(context.Background(), in, nil, links); err != nil {
		t.Fatal(err)
	}
	in.Links = links
	job := &harmonise.Job{Table: c.catalogue.Table(table), Columns: columns, Report: report, Sink: func(b *extract.Batch) error {
		for row := range b.Len() {
			var cells []string
			for _, name := range columns {
				cells = append(cells, cell(b.Column(name).Def, b.Column(name).At(row)))
			}
			m.rows = append(m.rows, cells)
		}
		return nil
	}}
	if err := harmonise.Make(context.Background(), in, []*harmonise.Job{job}, nil); err != nil {
		t.Fatal(err)
	}
	m.tally = job.Tally
	for _, f := range report.Findings() {
		m.found[f.Rule] += f.Count
	}
	return m, links
}

// Rows given in confidence are held back, and what they say is in nothing that is made of others. Under a choice they are
// rows as any other.
func TestInConfidence(t *testing.T) {
	const header, episodes = "2023-24/header.csv", "2023-24/episodes.csv"
	roll := func(rows ...string) string { return flagged(onRollLine, rows...) }
	marks := func(rows ...string) string { return flagged(detailsLine, rows...) }
	attendance := []string{"child_id", "possible", "authorised", "unauthorised"}
	children := []string{"child_id", "sex", "ethnicity", "uasc"}
	care24 := care()
	for _, tc := range []struct {
		name    string
		table   string
		columns []string
		files   map[string]string
		want    []string
		tally   harmonise.Tally
		opened  []string // under the choice; nil where it is not tried
	}{
		{"a child of whom all was said in confidence is none", "children", children, map[string]string{
			header: flagged(headerLine, "51,1,01/02/2012,WBRI,UN1,,", "52,2,01/02/2012,MWBA,UN1,,!"),
		}, []string{"51 M WBRI "}, harmonise.Tally{Read: 2, Left: 1, Confidential: 1}, []string{"51 M WBRI ", "52 F MWBA "}},

		{"facts come from the other rows", "children", children, map[string]string{
			header:               flagged(headerLine, "51,2,01/02/2012,MWBA,UN1,,!"),
			"2022-23/header.csv": lines(headerLine, "51,1,01/02/2012,,UN1,,"),
		}, []string{"51 M  "}, harmonise.Tally{Read: 2, Left: 1, Confidential: 1}, []string{"51 F MWBA "}},

		{"a row in confidence makes no conflict", "children", children, map[string]string{
			header: flagged(headerLine, "51,1,01/02/2012,WBRI,UN1,,", "51,2,01/02/2013,MWBA,UN1,,!"),
		}, []string{"51 M WBRI "}, harmonise.Tally{Read: 2, Left: 1, Confidential: 1}, nil},

		{"a mark in confidence is neither true nor false", "children", children, map[string]string{
			header:             flagged(headerLine, "51,1,01/02/2012,WBRI,UN1,,", "52,2,01/02/2012,WBRI,UN1,,", "53,2,01/02/2012,WBRI,UN1,,"),
			"2023-24/uasc.csv": flagged(uascLine, "51,1,01/02/2012,!", "52,2,01/02/2012,", "52,2,01/02/2012,!"),
		}, []string{"51 M WBRI ", "52 F WBRI true", "53 F WBRI false"}, harmonise.Tally{Read: 6, Left: 3, Marks: 1, Confidential: 2},
			[]string{"51 M WBRI true", "52 F WBRI true", "53 F WBRI false"}},

		{"an event in confidence is held back in all returns", "looked_after_episodes", []string{"child_id", "start_date", "end_date"}, map[string]string{
			episodes:               flagged(episodesLine, "51,01/05/2022,S,C2,N1,U4,PR1,01/06/2023,X1,,,,!", "52,01/05/2022,S,C2,N1,U4,PR1,,,,,,"),
			"2022-23/episodes.csv": lines(episodesLine, "51,01/05/2022,S,C2,N1,U4,PR1,,,,,,", "52,01/05/2022,S,C2,N1,U4,PR1,,,,,,"),
		}, []string{"52 2022-05-01 "}, harmonise.Tally{Read: 4, Left: 1, Superseded: 1, Confidential: 2}, []string{"51 2022-05-01 2023-06-01", "52 2022-05-01 "}},

		{"a sum that a row in confidence belongs to is null", "attendance", attendance, map[string]string{
			header:                           care24,
			"2023-24/spring/pupilonroll.csv": roll(row("a", upns[0], "C"), row("b", upns[2], "C")),
			"2023-24/spring/termlysessiondetailsonroll.csv": marks("a,S,1,3.0,I", "a,S,2,4,M!", "b,S,3,5,O"),
		}, []string{"51 120  ", "53 120 0 5"}, harmonise.Tally{Read: 5, Left: 2, Marks: 2, Confidential: 1}, []string{"51 120 7 0", "53 120 0 5"}},

		{"so are the sums of a pupil of whom a roll says something in confidence", "attendance", attendance, map[string]string{
			header:                           care24,
			"2023-24/spring/pupilonroll.csv": roll(row("a", upns[0], "C")+"!", row("b", upns[2], "C")),
			"2023-24/spring/termlysessiondetailsonroll.csv": marks("a,S,1,3.0,I", "b,S,3,5,O"),
			"2023-24/spring/pupilnolongeronroll.csv":        lines(offRollLine, "z,T,"+upns[0]+",,2020-Sep-01 00:00:00,2023-Oct-20 00:00:00,40"),
		}, []string{"53 120 0 5", "51   "}, harmonise.Tally{Read: 5, Left: 2, Marks: 1, Confidential: 2}, []string{"51 160  ", "53 120 0 5"}},

		{"rows about nobody known, in confidence, are somebody's of the school", "attendance", attendance, map[string]string{
			header:                           care24,
			"2023-24/spring/pupilonroll.csv": roll(row("a", upns[0], "C"), strings.Replace(row("b", upns[2], "C"), "b,S", "b,T", 1)),
			"2023-24/spring/termlysessiondetailsonroll.csv": marks("a,S,1,3.0,I", "z,S,2,4,M!", "b,T,3,5,O"),
		}, []string{"51 120  ", "53 120 0 5"}, harmonise.Tally{Read: 5, Left: 2, Marks: 2, Confidential: 1}, nil},

		{"a number told in confidence alone links nobody", "attendance", attendance[:2], map[string]string{
			header:                           flagged(headerLine, "51,1,01/02/2012,WBRI,"+upns[0]+",,!", "53,1,01/02/2012,WBRI,"+upns[2]+",,"),
			"2023-24/spring/pupilonroll.csv": lines(onRollLine, row("a", upns[0], "C"), row("b", upns[2], "C")),
		}, []string{"53 120"}, harmonise.Tally{Read: 2, Left: 1, Unlinked: 1}, []string{"53 120"}},

		{"a number that another child has in confidence links neither", "attendance", attendance[:2], map[string]string{
			header:                           flagged(headerLine, "51,1,01/02/2012,WBRI,"+upns[0]+",,!", "53,1,01/02/2012,WBRI,"+upns[0]+",,"),
			"2023-24/spring/pupilonroll.csv": lines(onRollLine, row("a", upns[0], "C")),
		}, nil, harmonise.Tally{Read: 1, Quarantined: 1}, nil},

		{"a row as returned", "ssda903/missing", []string{"CHILD", "MIS_START"}, map[string]string{
			header: care24, "2023-24/missing.csv": flagged("CHILD,DOB,MISSING,MIS_START,MIS_END", "51,01/02/2012,M,01/05/2023,02/05/2023", "53,01/02/2012,M,03/05/2023,04/05/2023!"),
		}, []string{"51 2023-05-01"}, harmonise.Tally{Read: 2, Left: 1, Confidential: 1}, []string{"51 2023-05-01", "53 2023-05-03"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			texts := func(m *made) []string {
				if len(m.rows) == 0 {
					return nil
				}
				return strings.Split(m.text(), "\n")
			}
			m, _ := weighed(t, tc.table, tc.files, harmonise.Choices{}, nil, tc.columns...)
			if got := texts(m); !slices.Equal(got, tc.want) || m.tally != tc.tally || sum(m.tally) != m.tally.Read {
				t.Errorf("%q, %+v\nwant %q, %+v", got, m.tally, tc.want, tc.tally)
			}
			if tc.opened == nil {
				return
			}
			m, _ = weighed(t, tc.table, tc.files, harmonise.Choices{Confidential: []string{tc.table}}, nil, tc.columns...)
			if got := texts(m); !slices.Equal(got, tc.opened) || m.tally.Confidential != 0 || sum(m.tally) != m.tally.Read {
				t.Errorf("under the choice %q, %+v\nwant %q", got, m.tally, tc.opened)
			}
			other, _ := weighed(t, tc.table, tc.files, harmonise.Choices{Confidential: []string{"another"}}, nil, tc.columns...)
			if got := texts(other); !slices.Equal(got, tc.want) {
				t.Errorf("a choice about another table: %q", got)
			}
		})
	}
}

// A finding on a row that would leave keeps it back where it weighs so.
func TestWeighed(t *testing.T) {
	q := func(rules ...string) map[string]finding.Severity {
		out := make(map[string]finding.Severity)
		for _, r := range rules {
			out[r] = finding.Quarantine
		}
		return out
	}
	for _, tc := range []struct {
		name    string
		table   string
		columns []string
		raised  map[string]finding.Severity
		files   map[string]string
		want    []string
		tally   harmonise.Tally
	}{
		{"of an event that comes twice the first row leaves", "looked_after_episodes", []string{"child_id", "end_date"}, q(harmonise.RuleRepeated), map[string]string{
			"2023-24/episodes.csv": lines(episodesLine, "51,01/05/2022,S,C2,N1,U4,PR1,01/06/2023,X1,,,,", "51,01/05/2022,S,C2,N1,U4,PR1,02/06/2023,X1,,,,"),
		}, []string{"51 2023-06-01"}, harmonise.Tally{Read: 2, Left: 1, Quarantined: 1}},

		{"a mark of nobody", "children", []string{"child_id", "uasc"}, q(harmonise.RuleOrphan), map[string]string{
			"2023-24/header.csv": lines(headerLine, "51,1,01/02/2012,WBRI,UN1,,"), "2023-24/uasc.csv": lines(uascLine, "51,1,01/02/2012,", "59,1,01/02/2012,"),
		}, []string{"51 true"}, harmonise.Tally{Read: 3, Left: 1, Marks: 1, Quarantined: 1}},

		{"a row that differs fills no gap", "children", []string{"child_id", "sex", "ethnicity"}, q(harmonise.RuleChanged), map[string]string{
			"2023-24/header.csv": lines(headerLine, "51,1,01/02/2012,,UN1,,"), "2022-23/header.csv": lines(headerLine, "51,2,01/02/2012,WBRI,UN1,,"),
		}, []string{"51 M "}, harmonise.Tally{Read: 2, Left: 1, Quarantined: 1}},

		{"an enrolment that is not stated", "attendance", []string{"child_id", "possible", "authorised"}, q(harmonise.RuleEnrolment), map[string]string{
			"2023-24/header.csv":                            care(),
			"2023-24/spring/pupilonroll.csv":                lines(onRollLine, row("a", upns[0], ""), row("b", upns[2], "C")),
			"2023-24/spring/termlysessiondetailsonroll.csv": lines(detailsLine, "a,S,1,3,I", "b,S,1,4,I"),
		}, []string{"53 120 4"}, harmonise.Tally{Read: 4, Left: 1, Marks: 1, Quarantined: 2}},

		{"a pupil number that is none", "attendance", []string{"child_id", "possible"}, q(harmonise.RuleMalformed), map[string]string{
			"2023-24/header.csv":             care(),
			"2023-24/spring/pupilonroll.csv": lines(onRollLine, row("a", "1.33E+11", "C"), row("b", upns[2], "C")),
		}, []string{"53 120"}, harmonise.Tally{Read: 2, Left: 1, Quarantined: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, _ := weighed(t, tc.table, tc.files, harmonise.Choices{}, tc.raised, tc.columns...)
			if got := strings.Split(m.text(), "\n"); !slices.Equal(got, tc.want) || m.tally != tc.tally || sum(m.tally) != m.tally.Read {
				t.Errorf("%q, %+v\nwant %q, %+v", got, m.tally, tc.want, tc.tally)
			}
			m, _ = weighed(t, tc.table, tc.files, harmonise.Choices{}, nil, tc.columns...)
			if m.tally.Quarantined != 0 || sum(m.tally) != m.tally.Read {
				t.Errorf("by itself %+v", m.tally)
			}
		})
	}
}

// What the council is told of linking: by which numbers pupils were found, and which link nobody.
func TestTraces(t *testing.T) {
	m, links := weighed(t, "attendance", map[string]string{
		"2023-24/header.csv": care("56,1,01/02/2012,WBRI," + upns[3] + ",,"), // the number of child 54 too
		"2023-24/spring/pupilonroll.csv": lines(onRollLine, row("a", upns[0], "C"), row("b", upns[5], "C"), row("c", upns[3], "C"), row("d", upns[4], "C"),
			strings.Replace(row("e", upns[1], "C"), upns[1]+",", upns[1]+","+upns[2], 1)),
	}, harmonise.Choices{}, nil, "child_id", "possible")
	if got := links.Traced("attendance"); got != (harmonise.Trace{Former: 1, Temporary: 1, Shared: 1}) || links.Shared() != 1 || m.tally.Unlinked != 1 {
		t.Errorf("%+v, %d numbers of two children, %+v", got, links.Shared(), m.tally)
	}
}
