package harmonise_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// tracker is a report of a council's own, with less of a case and of an episode than the returns have.
const tracker = `apiVersion: postern/dataset/v1
format: tracker
version: 1
title: Cases and care, as the team tracks them
collection_years: {from: 2020, to: 2030}
date_formats: [YYYY-MM-DD]
code_lists: {}
tables:
  - name: cases
    meaning: One row per case
    child_id: person
    event_date: opened
    columns:
      - {name: person, header: Tracked person, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: opened, header: Case opened, type: date, class: quasi-identifier, required: true, meaning: Day}
      - {name: sex, header: Tracked sex, type: code, codes: sex, class: quasi-identifier, meaning: Sex}
    feeds:
      - {core: referrals, adds: true, columns: {child_id: {from: person}, referral_date: {from: opened}, collection_year: {from: collection_year}}}
      - {core: children, adds: true, columns: {child_id: {from: person}, sex: {from: sex}}}
  - name: care
    meaning: One row per episode
    child_id: person
    event_date: began
    columns:
      - {name: person, header: Tracked person, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: began, header: Episode began, type: date, class: quasi-identifier, required: true, meaning: Day}
      - {name: why, header: Why it began, type: code, codes: ssda903/rne, class: sensitive, meaning: Reason}
    feeds:
      - {core: looked_after_episodes, adds: true, columns: {child_id: {from: person}, start_date: {from: began}, start_reason: {from: why}, collection_year: {from: collection_year}}}
`

const (
	trackedCases = "Tracked person,Case opened,Tracked sex"
	trackedCare  = "Tracked person,Episode began,Why it began"
)

func tracked(t *testing.T, text string, files map[string]string) *council {
	t.Helper()
	return discover(t, builtIn(t, fstest.MapFS{"tracker.yaml": {Data: []byte(text)}}), write(t, files)...)
}

// TestReportsCountBehindReturns has a report of a later year beside the returns: it adds what they do not have, and neither
// takes the place of a row that says more, nor makes an open period one of which nobody knows how it ended.
func TestReportsCountBehindReturns(t *testing.T) {
	files := censuses("2024 2023-05-01 2023-08-01 0", "2024 2023-09-01 - 0")
	for name, text := range returned("2024 2023-05-01 S C2 U4 - -") {
		files[name] = text
	}
	files["2024/header.csv"] = lines(headerLine, "71,1,01/01/2012,WBRI,UN1,,")
	files["2025/cases.csv"] = lines(trackedCases, "71,2023-05-01,F", "71,2024-06-01,F", "72,2024-06-02,F")
	files["2025/care.csv"] = lines(trackedCare, "72,2024-06-01,S")
	files["2026/three.csv"] = lines(list3Line, "72,Male,WBRI,01/02/2013,02/06/2024,Police,Yes")
	c := tracked(t, tracker, files)
	for _, tc := range []struct{ table, columns, want string }{
		{"referrals", "child_id referral_date closure_date collection_year",
			"71 2023-05-01 2023-08-01 2024\n71 2023-09-01  2024\n71 2024-06-01  2025\n72 2024-06-02  2025"},
		{"children", "child_id sex ethnicity", "71 M WBRI\n72 F WBRI"},
		{"looked_after_periods", "child_id start_date ended collection_year", "71 2023-05-01 false 2024\n72 2024-06-01 false 2025"},
	} {
		m := c.table(t, tc.table, strings.Fields(tc.columns)...)
		if m.text() != tc.want || m.tally.Read != sum(m.tally) {
			t.Errorf("%s\n%s\nwant\n%s\n%+v %v", tc.table, m.text(), tc.want, m.tally, m.found)
		}
		if m.found[harmonise.RuleNotEnded] != 0 || m.found[harmonise.RuleChanged] != 0 {
			t.Errorf("%s: found %v", tc.table, m.found)
		}
	}

	// A file may say that years decide, as of returns.
	byYear := strings.ReplaceAll(tracker, "adds: true,", "adds: true, last: by_year,")
	m := tracked(t, byYear, files).table(t, "referrals", "child_id", "referral_date", "closure_date", "collection_year")
	if want := "71 2023-05-01  2025\n71 2024-06-01  2025\n72 2024-06-02  2025\n71 2023-09-01  2024"; m.text() != want {
		t.Errorf("by year\n%s\nwant\n%s", m.text(), want)
	}
}

// TestSilentOnOthersChildren has two sources of last resort, each of which is silent on children of whom another has a row:
// the first that speaks of a child is the only one.
func TestSilentOnOthersChildren(t *testing.T) {
	silent := strings.Replace(tracker, "{core: looked_after_episodes, adds: true,", "{core: looked_after_episodes, adds: true, last: "+dataset.LastChild+",", 1)
	m := tracked(t, silent, map[string]string{
		"2025/care.csv":  lines(trackedCare, "71,2024-06-01,S", "72,2024-06-01,S", "72,2024-07-01,P"),
		"2026/eight.csv": lines(list8Line, "71,Male,WBRI,01/02/2012,No,No,03/06/2024,N1,C2,,,U4,PR1,"),
	}).table(t, "looked_after_episodes", "child_id", "start_date")
	if want := "71 2024-06-03\n72 2024-06-01\n72 2024-07-01"; m.text() != want || m.tally.Superseded != 1 {
		t.Errorf("made\n%s\nwant\n%s\n%+v", m.text(), want, m.tally)
	}
}
