package harmonise_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// The header lines of the case system's tables, as short as they may be.
const (
	personLine    = "pers_person_id,pers_sex,pers_gender,pers_ethnicity,pers_dob,pers_expected_dob"
	casesLine     = "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,cine_referral_source_code,cine_referral_outcome_json,cine_referral_nfa,cine_close_reason,cine_close_date"
	careLine      = "clae_cla_episode_id,clae_person_id,clae_cla_episode_start_date,clae_cla_episode_start_reason,clae_cla_primary_need_code,clae_cla_episode_ceased_date,clae_cla_episode_ceased_reason,clae_cla_placement_id"
	placementLine = "clap_cla_placement_id,clap_cla_placement_type,clap_cla_placement_urn,clap_cla_placement_provider,clap_cla_placement_postcode"
	disabledLine  = "disa_person_id,disa_disability_code"
	statusLine    = "immi_person_id,immi_immigration_status,immi_immigration_status_start_date,immi_immigration_status_end_date"
	numbersLine   = "link_person_id,link_identifier_type,link_identifier_value,link_valid_from_date,link_valid_to_date"
)

// TestSystemRows reads rows of the case system's tables, with the quirks that they have, and with what may be wrong.
func TestSystemRows(t *testing.T) {
	catalogue := builtIn(t)
	for _, tc := range []struct {
		name    string
		files   map[string]string
		table   string
		columns string
		want    []string // rows, in their order
		found   map[string]int64
	}{
		{
			"sex is not gender, and a date that is expected is none",
			map[string]string{"2025-26/ssd_person.csv": strings.ReplaceAll(lines(personLine,
				"00123,F,M,WBRI,2012-03-04T00:00:00,", "124,male,F,wbri,2012-03-04 00:00:00.000,", "125,Not known,,,,2026-06-01T00:00:00", "126,2,1,REFU,04/03/2012,"), "\n", "\r\n")},
			"children", "child_id sex ethnicity birth_date disabled uasc",
			[]string{"00123 F WBRI 2012-03-04  ", "124 M WBRI 2012-03-04  ", "125 U    ", "126 F REFU 2012-03-04  "},
			map[string]int64{extract.RuleDatesMixed: 1},
		},
		{
			"midnight of a summer's day in Universal Time",
			map[string]string{"2025-26/ssd_person.csv": lines(personLine, "1,F,,WBRI,2012-07-03T23:00:00Z,", "2,F,,WBRI,2012-01-03T23:00:00Z,", "3,F,,WBRI,2012-07-04T00:00:00.000Z,", "4,F,,WBRI,2012-07-03T23:00:00,")},
			"children", "child_id birth_date", []string{"1 2012-07-04", "2 2012-01-03", "3 2012-07-04", "4 2012-07-03"}, nil,
		},
		{
			"a local code of ethnicity, a sex and a day that are none",
			map[string]string{"2025-26/ssd_person.csv": lines(personLine, "1,F,,A1,2012-03-04,", "2,X,,WBRI,2012-03-04,", "3,F,,WBRI,1066-04-13T00:00:00,", "4,F,,WBRI,2012-03-04T25:00:00,", ",F,,WBRI,2012-03-04,", "6,F,,WBRI,2012-03-04,")},
			"children", "child_id sex ethnicity birth_date", []string{"6 F WBRI 2012-03-04"},
			map[string]int64{"CODE_UNMAPPED": 2, extract.RuleDateImpossible: 1, extract.RuleDateMalformed: 1, harmonise.RuleNobody: 1},
		},
		{
			"whoever has ever come alone has",
			map[string]string{
				"2025-26/ssd_person.csv": lines(personLine, "1,M,,BAFR,2006-01-01,", "2,M,,BAFR,2007-01-01,", "3,M,,BAFR,2007-01-01,", "4,M,,BAFR,2007-01-01,", "5,M,,WBRI,2007-01-01,", "6,M,,BAFR,2007-01-01,"),
				"2025-26/ssd_immigration_status.csv": lines(statusLine, "1,UASC,2021-01-01,2024-01-01", "1,Refugee status,2024-01-02,", "2,refugee,,", "2,Unaccompanied asylum seeking child,,",
					"3,Settled status,,", "4,On the moon,,", "4,Refugee,,", "6,On the moon,,", "6,u,,", "9,UASC,,"),
				"2025-26/ssd_disability.csv": lines(disabledLine, "1,NONE", "2,NONE", "2,aut", "3,LD"),
			},
			"children", "child_id disabled uasc",
			[]string{"1 false true", "2 true true", "3 true false", "4  ", "5  ", "6  true"},
			map[string]int64{"CODE_UNMAPPED": 2, harmonise.RuleOrphan: 1},
		},
		{
			"cases, with yes and no, and JSON that is never read",
			map[string]string{"2025-26/ssd_cin_episodes.csv": lines(casesLine,
				`r1,1,2025-05-01T09:30:00,N1,1a,"{""a"":""b,c""}",N,RC8,2025-06-01T17:00:00.123`, `r2,1,2025-07-01,,2A,not json,y,,`, `r3,2,2025-07-01,N1,2A,{},maybe,,`, `r4,2,2025-07-02,N1,2A,{},N,RC1,2025-07-01`, `r5,2,,N1,2A,{},N,,`)},
			"referrals", "child_id referral_date referral_source primary_need no_further_action closure_date closure_reason collection_year",
			[]string{"1 2025-05-01 1A N1 false 2025-06-01 RC8 2026", "1 2025-07-01 2A  true   2026"},
			map[string]int64{extract.RuleBooleanUnknown: 1, extract.RuleDateOrder: 1, extract.RuleRequiredEmpty: 1, extract.RuleDatesMixed: 2},
		},
		{
			"placements by their number",
			map[string]string{
				"2025-26/ssd_cla_episodes.csv": lines(careLine, "e1,1,2025-05-01,S,N1,2025-06-01,X1,p1", "e2,1,2025-06-01,L,N1,,,p1", "e3,2,2025-05-01,S,N1,,,p2", "e4,3,2025-05-01,S,N1,,,",
					"e5,4,2025-05-01,S,N1,,,p9", "e6,5,2025-05-01,S,N1,,,p3", "e7,6,2025-05-01,S,N1,,,p4", "e8,7,2025-05-01,S,N1,,,p5"),
				"2025-26/ssd_cla_placement.csv": lines(placementLine, "p1,U6,SC050028,PR4,ZZ1 1AA", "p2,z1,,PR1,ZZ1 1AB", "p3,U6,1234567,PR4,", "p3,U4,1234567,PR4,", "p4,XX,,PR1,", "p5,K2,,PR1,ZZ1 1AC", "p5,K2,,PR1,ZZ2 1AC", ",K2,,,"),
			},
			"looked_after_episodes", "child_id start_date end_reason placement_type placement_provider legal_status placement_change_reason",
			[]string{"1 2025-05-01 X1 U6 PR4  ", "1 2025-06-01  U6 PR4  ", "2 2025-05-01  Z1 PR1  ", "3 2025-05-01     ", "4 2025-05-01     ", "5 2025-05-01     ", "6 2025-05-01     ", "7 2025-05-01  K2 PR1  "},
			map[string]int64{harmonise.RuleJoinMissing: 1, harmonise.RuleJoinTwice: 1, extract.RuleCodeUnknown: 1},
		},
		{
			"the legal status on the first day",
			map[string]string{
				"2025-26/ssd_cla_episodes.csv": lines(careLine, "e1,1,2025-05-01,S,N1,2025-06-01,X1,", "e2,1,2025-06-01,L,N1,,,", "e3,2,2025-05-01,S,N1,,,", "e4,3,2025-05-01,S,N1,,,", "e5,4,2025-05-01,S,N1,,,",
					"e6,5,2025-05-01,S,N1,,,", "e7,6,2025-05-01,S,N1,,,", "e8,7,2025-05-01,S,N1,,,", "e9,8,2025-05-01,S,N1,,,"),
				"2025-26/ssd_legal_status.csv": lines("lega_person_id,lega_legal_status,lega_legal_status_start_date,lega_legal_status_end_date",
					"1,v2,2025-05-01,2025-06-01", "1,C1,2025-06-01,", // ends on the day on which the next begins
					"2,V3,2024-05-01,2025-04-30",           // over
					"3,C1,2025-05-02,",                     // not yet
					"4,C1,2025-01-01,", "4,C2,2025-01-01,", // two on one day
					"5,C1,2025-01-01,", "5,C1,2025-01-01,2025-09-01", // the same twice
					"6,C1,2025-01-01,", "6,XX,2025-03-01,", // the later one is quarantined
					"7,C1,2024-01-01,", "7,XX,2026-03-01,"), // of another time
			},
			"looked_after_episodes", "child_id start_date legal_status",
			[]string{"1 2025-05-01 V2", "1 2025-06-01 C1", "2 2025-05-01 ", "3 2025-05-01 ", "4 2025-05-01 ", "5 2025-05-01 C1", "6 2025-05-01 ", "7 2025-05-01 C1", "8 2025-05-01 "},
			map[string]int64{harmonise.RuleJoinMissing: 3, harmonise.RuleJoinTwice: 1, extract.RuleCodeUnknown: 2},
		},
		{
			"no file of placements",
			map[string]string{"2025-26/ssd_cla_episodes.csv": lines(careLine, "e1,1,2025-05-01,S,N1,,,p1")},
			"looked_after_episodes", "child_id start_date placement_type", []string{"1 2025-05-01 "}, nil,
		},
		{
			"what is joined is not asked for, and not read",
			map[string]string{
				"2025-26/ssd_cla_episodes.csv":  lines(careLine, "e1,1,2025-05-01,S,N1,,,p9"),
				"2025-26/ssd_cla_placement.csv": lines(placementLine, "p1,XX,SC050028,PR4,ZZ1 1AA"),
			},
			"looked_after_episodes", "child_id start_date start_reason", []string{"1 2025-05-01 S"}, nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := discover(t, catalogue, write(t, tc.files)...).table(t, tc.table, strings.Fields(tc.columns)...)
			if text := strings.Split(got.text(), "\n"); !slices.Equal(text, tc.want) {
				t.Errorf("made\n%s\nwant\n%s", strings.Join(text, "\n"), strings.Join(tc.want, "\n"))
			}
			if tc.found == nil {
				tc.found = map[string]int64{}
			}
			if !maps.Equal(got.found, tc.found) {
				t.Errorf("found %v, want %v", got.found, tc.found)
			}
			if got.tally.Read != sum(got.tally) || got.tally.Left != int64(len(got.rows)) {
				t.Errorf("%+v", got.tally)
			}
		})
	}
}

// TestPrecedenceOfEvents has the case that returns and the case system both have: the later year decides and, of one year,
// the source that the definitions name first. What the one that decides leaves empty is not filled from another.
func TestPrecedenceOfEvents(t *testing.T) {
	catalogue := builtIn(t)
	const header = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"
	columns := []string{"child_id", "start_date", "end_date", "legal_status", "primary_need", "collection_year"}
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  []string
		tally harmonise.Tally
		found map[string]int64
	}{
		{
			"one year", map[string]string{
				"2025-26/episodes.csv":         lines(header, "1,01/05/2025,S,C1,,K2,PR1,,,,,,"),
				"2025-26/ssd_cla_episodes.csv": lines(careLine, "e1,1,2025-05-01,S,N1,2025-06-01,E8,", "e2,2,2025-05-01,S,N1,,,"),
			},
			[]string{"1 2025-05-01  C1  2026", "2 2025-05-01   N1 2026"}, harmonise.Tally{Read: 3, Left: 2, Superseded: 1}, nil,
		},
		{
			"an earlier return", map[string]string{
				"2024-25/episodes.csv":         lines(header, "1,01/05/2024,S,C1,,K2,PR1,,,,,,", "3,01/05/2024,S,C1,,K2,PR1,,,,,,"),
				"2025-26/ssd_cla_episodes.csv": lines(careLine, "e1,1,2024-05-01,S,N1,2025-06-01,E8,"),
			},
			[]string{"1 2024-05-01 2025-06-01  N1 2026", "3 2024-05-01  C1  2025"}, harmonise.Tally{Read: 3, Left: 2, Superseded: 1}, nil,
		},
		{
			"a later return", map[string]string{
				"2025-26/episodes.csv":         lines(header, "1,01/05/2024,S,C1,,K2,PR1,,,,,,"),
				"2024-25/ssd_cla_episodes.csv": lines(careLine, "e1,1,2024-05-01,S,N1,,,"),
			},
			[]string{"1 2024-05-01  C1  2026"}, harmonise.Tally{Read: 2, Left: 1, Superseded: 1}, nil,
		},
		{
			"twice in one of them", map[string]string{
				"2025-26/episodes.csv":         lines(header, "1,01/05/2025,S,C1,,K2,PR1,,,,,,", "1,01/05/2025,S,C2,,K2,PR1,,,,,,"),
				"2025-26/ssd_cla_episodes.csv": lines(careLine, "e1,1,2025-05-01,S,N1,,,"),
			},
			[]string{"1 2025-05-01  C1  2026", "1 2025-05-01  C2  2026"}, harmonise.Tally{Read: 3, Left: 2, Superseded: 1}, map[string]int64{harmonise.RuleRepeated: 1},
		},
		{
			"twice in the other", map[string]string{
				"2025-26/episodes.csv":         lines(header, "1,01/05/2025,S,C1,,K2,PR1,,,,,,"),
				"2025-26/ssd_cla_episodes.csv": lines(careLine, "e1,1,2025-05-01,S,N1,,,", "e2,1,2025-05-01,S,N1,,,"),
			},
			[]string{"1 2025-05-01  C1  2026"}, harmonise.Tally{Read: 3, Left: 1, Superseded: 2}, nil,
		},
		{
			"quarantined in the one that decides", map[string]string{
				"2025-26/episodes.csv":         lines(header, "1,01/05/2025,S,C1,,K2,PR1,,,,,,", "2,01/05/2025,S,XX,,K2,PR1,,,,,,"),
				"2025-26/ssd_cla_episodes.csv": lines(careLine, "e1,2,2025-05-01,S,N1,,,"),
			},
			[]string{"1 2025-05-01  C1  2026"}, harmonise.Tally{Read: 3, Left: 1, Superseded: 1, Quarantined: 1}, map[string]int64{extract.RuleCodeUnknown: 1, harmonise.RuleHeldBack: 1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := discover(t, catalogue, write(t, tc.files)...).table(t, "looked_after_episodes", columns...)
			text := strings.Split(got.text(), "\n")
			slices.Sort(text)
			if !slices.Equal(text, tc.want) || got.tally != tc.tally {
				t.Errorf("made\n%s\nwant\n%s\n%+v", strings.Join(text, "\n"), strings.Join(tc.want, "\n"), got.tally)
			}
			if tc.found == nil {
				tc.found = map[string]int64{}
			}
			if !maps.Equal(got.found, tc.found) {
				t.Errorf("found %v, want %v", got.found, tc.found)
			}
		})
	}
}
