package harmonise_test

import (
	"context"
	"path/filepath"
	"strings"
	"github.com/postern-gateway/postern/pkg/synth"
	"os"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

const (
	zzList8 = "Child Unique ID,Gender,Ethnicity,Date of Birth,Does the Child have a Disability,UASC in last 12 months,Date Started to be Looked After,Child's Category of Need,Is this a second or subsequent period of being a Looked After Child within the last 12 months,Start date of current legal status,Child's Legal Status,Date Ceased to be Looked After,Reason Ceased to be Looked After,Start date of most recent placement,Placement Type,Placement Provider,URN of Placement"
)

func zzshow(t *testing.T, m *made) {
	t.Logf("\n%s\n%+v balanced %v\n%v", m.text(), m.tally, m.tally.Read == sum(m.tally), m.found)
}

func TestZZBook(t *testing.T) {
	for _, n := range []string{"first", "last"} {
		data, _ := os.ReadFile("/tmp/pn/m2/bk/" + n + ".xlsx")
		m := of(t, "attendance", map[string]string{"2023-24/spring/census.xlsx": string(data)}, "child_id", "academic_year", "term", "possible", "authorised", "unauthorised")
		zzshow(t, m)
	}
}

const zl4 = "Child Unique ID,Gender,Ethnicity,Date of Birth,Does the Child have a Disability,Continuous Assessment Start Date,Continuous Assessment Date of Authorisation"
const zl8 = "Child Unique ID,Gender,Ethnicity,Date of Birth,Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N),Does the Child have a Disability,Date Started to be Looked After,Child's Category of Need,Child's Legal Status,Date Ceased to be Looked After,Reason Ceased to be Looked After,Placement Type,Placement Provider,URN of Placement"

func TestZZDoubt(t *testing.T) {
	m, _ := weighed(t, "children", map[string]string{
		"2023-24/header.csv": lines(headerLine, "51,1,01/02/2012,WBRI,UN1,,", "52,2,01/02/2012,WBRI,UN1,,"),
		"2023-24/uasc.csv":   flagged(uascLine, "51,1,01/02/2012,!"),
		"2023-24/ssd_disability.csv":   lines(disabledLine, "52,NOSUCH"),
		"2023-24/list_8.csv": lines(zl8, "51,Male,WBRI,01/02/2012,No,No,01/05/2023,N1,C2,,,,,", "52,Female,WBRI,01/02/2012,No,No,01/05/2023,N1,C2,,,,,"),
	}, harmonise.Choices{}, nil, "child_id", "sex", "disabled", "uasc")
	zzshow(t, m)
}

func TestZZBroad(t *testing.T) {
	for _, table := range []string{"looked_after_episodes", "looked_after_periods"} {
	m, _ := weighed(t, table, map[string]string{
		"2022-23/list_8.csv": lines(zl8, "51,Male,WBRI,01/02/2012,No,No,01/05/2022,N1,C2,,,U4,PR1,"),
		"2023-24/list_8.csv": lines(zl8, "51,Male,WBRI,01/02/2012,No,No,01/05/2022,N1,C2,01/06/2023,Adopted,U4,PR1,"),
	}, harmonise.Choices{}, map[string]finding.Severity{"CODE_TOO_BROAD": finding.Quarantine}, "child_id", "start_date", "end_date", "end_reason")
	zzshow(t, m)
	}
}

func TestZZList8Confidential(t *testing.T) {
	m, _ := weighed(t, "looked_after_periods", map[string]string{
		"2022-23/episodes.csv": lines(episodesLine, "51,01/05/2020,S,C2,N1,U4,PR1,01/06/2022,E4A,,,,"),
		"2024-25/list_8.csv": lines(zl8, "51,Male,WBRI,01/02/2012,No,No,01/05/2024,N1,C2,,,U4,PR1,"),
	}, harmonise.Choices{}, nil, "child_id", "start_date", "end_date", "end_reason")
	zzshow(t, m)
}

func TestZZSameDay(t *testing.T) {
	for _, e := range [][]string{
		{"2023 2022-05-01 S C2 U4 2022-05-01 X1", "2023 2022-05-01 P C2 K2 - -", "2024 2022-05-01 P C2 K2 2023-06-01 E4A"},
		{"2023 2022-05-01 S C2 U4 2022-06-01 E4A", "2024 2023-05-01 S C2 U4 - -", "2023 2022-07-01 S C2 U4 - -"},
	} {
		c := discover(t, builtIn(t), write(t, returned(e...))...)
		zzshow(t, c.table(t, "looked_after_periods", "child_id", "start_date", "end_date", "ended", "reunified", "starts_before_data", "episodes", "placements"))
	}
}

func TestZZRefer(t *testing.T) {
	c := discover(t, builtIn(t), write(t, censuses("2024 2023-05-01 2023-08-01 0", "2024 2023-06-01 2023-06-01 1", "2024 2023-06-15 - 0"))...)
	zzshow(t, c.table(t, "re_referrals", "child_id", "referral_date", "previous_referral_date", "previous_closure_date", "days_since_closure"))
}

func TestZZConflictMark(t *testing.T) {
	m, _ := weighed(t, "children", map[string]string{
		"2025-26/ssd_disability.csv": lines(disabledLine, "1,LD"),
		"2025-26/ssd_person.csv":     lines(personLine, "9,F,,WBRI,2012-03-04,"),
		"2025-26/list_4.csv":         lines(zl4, "1,Male,WBRI,01/02/2012,No,01/05/2025,", "1,Male,WBRI,01/02/2012,No,01/06/2025,"),
	}, harmonise.Choices{}, map[string]finding.Severity{}, "child_id", "sex", "disabled")
	zzshow(t, m)
}

func TestZZMixed(t *testing.T) {
	tables := []string{"children", "referrals", "assessments", "cin_plans", "cp_plans", "looked_after_episodes", "looked_after_periods", "placements", "re_referrals", "attendance", "free_school_meals", "pupil_premium"}
	made2 := map[int]map[string]*made{}
	for i, formats := range [][]string{{synth.CIN, synth.SSDA903, synth.SchoolCensus, synth.GIAP}, {synth.CIN, synth.SSDA903, synth.SchoolCensus, synth.GIAP, synth.SSD, synth.AnnexA, synth.GIAPCensus}} {
		dir := filepath.Join(t.TempDir(), "x")
		if _, err := synth.Cohort(context.Background(), dir, synth.CohortOptions{Children: 900, Seed: 12, Formats: formats}); err != nil {
			t.Fatal(err)
		}
		council := discover(t, builtIn(t), dir)
		made2[i], _ = council.everything(t, tables, synth.CoreColumns)
	}
	for _, id := range tables {
		a, b := made2[0][id], made2[1][id]
		n := map[string]int{"children": 1, "attendance": 3, "free_school_meals": 3}[id]
		if n == 0 {
			n = 2
		}
		key := func(row []string) string { return strings.Join(row[:n], " ") }
		idx := map[string][]string{}
		for _, r := range b.rows {
			if _, twice := idx[key(r)]; twice {
				t.Logf("%s twice %v", id, r)
			}
			idx[key(r)] = r
		}
		lost, diff, shown := 0, map[string]int{}, map[string]string{}
		for _, r := range a.rows {
			o, ok := idx[key(r)]
			if !ok {
				lost++
				shown["lost"] = strings.Join(r, " ")
				continue
			}
			for i := range r {
				if r[i] != o[i] {
					diff[a.columns[i]+" "+func() string {
						if r[i] == "" {
							return "filled"
						}
						return "changed"
					}()]++
					shown[a.columns[i]] = strings.Join(r, " ") + " | " + strings.Join(o, " ")
				}
			}
		}
		t.Logf("%s: %d -> %d rows, lost %d, diff %v %v balanced %v %v\n   %v\n   %v", id, len(a.rows), len(b.rows), lost, diff, shown, a.tally.Read == sum(a.tally), b.tally.Read == sum(b.tally), a.found, b.found)
	}
}
