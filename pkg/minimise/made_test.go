package minimise_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// Only what a table that is made of another one needs becomes values in memory.
func TestMadeTablesReadNothingElse(t *testing.T) {
	c := catalogue(t)
	dir, _ := cohort(t, 120, 4)
	for columns, want := range map[string]string{
		"looked_after_periods start_date":   "CHILD DEC DECOM LS REC RNE in_confidence",
		"looked_after_periods kinship":      "CHILD DEC DECOM LS PLACE REC RNE in_confidence",
		"placements start_date":             "CHILD DEC DECOM LS PLACE REC RNE in_confidence",
		"placements change_reason":          "CHILD DEC DECOM LS PLACE REASON_PLACE_CHANGE REC RNE in_confidence",
		"looked_after_periods legal_status": "CHILD DEC DECOM LS REC RNE in_confidence",
	} {
		table, column, _ := strings.Cut(columns, " ")
		how := "{treatment: keep}"
		if column == "start_date" {
			how = "{treatment: date, to: day}"
		}
		a := terms{tables: "  " + table + ":\n    " + column + ": " + how + "\n", more: "choices: {short_breaks: leave_out}\n"}.parse(t, c)
		r, _ := all(t, c, a, newKeys(t, "dsa-test"), reference(), dir)
		if got := strings.Join(slices.Sorted(maps.Keys(r.read["ssda903/episodes"])), " "); got != want {
			t.Errorf("%s: read %s, want %s", columns, got, want)
		}
	}
}

// What a plan tells of columns of such tables: where they come from, through the table that theirs is made of; and which
// premiums count.
func TestMadeTablesLineage(t *testing.T) {
	c := catalogue(t)
	a := terms{
		tables: `  looked_after_periods:
    child_id: {treatment: pseudonym}
    start_date: {treatment: date, to: day}
    reunified: {treatment: keep}
  placements:
    kinship: {treatment: keep}
  re_referrals:
    within_12_months_of_referral: {treatment: keep}
  pupil_premium:
    eligible: {treatment: keep}
`,
		more: "choices: {short_breaks: leave_out, premiums: [looked_after, deprivation]}\nlinkage: {pupils: 0}\n",
	}.parse(t, c)
	plan, err := minimise.Compile(c, a, newKeys(t, "dsa-test"), reference())
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	meaning := ""
	for _, table := range plan.Tables {
		for _, column := range table.Columns {
			var returned []string
			for _, name := range column.Sources {
				if !strings.HasPrefix(name, "ssd/") && !strings.HasPrefix(name, "annex_a/") {
					returned = append(returned, name)
				}
			}
			got[table.ID+"."+column.Name] = strings.Join(returned, " ")
			if column.Name == "eligible" {
				meaning = column.Meaning
			}
		}
	}
	want := map[string]string{
		"looked_after_periods.child_id": "ssda903/episodes.CHILD", "looked_after_periods.start_date": "ssda903/episodes.DECOM",
		"looked_after_periods.reunified": "ssda903/episodes.REC", "placements.kinship": "ssda903/episodes.PLACE",
		"re_referrals.within_12_months_of_referral": "cin/cin_details.CINreferralDate",
		"pupil_premium.eligible":                    "giap/pupil_premium.DeprivationPupilPremium giap/pupil_premium.LookedAfterPremium",
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if !strings.HasSuffix(meaning, ": deprivation, looked_after") {
		t.Errorf("the meaning does not say which premiums count: %s", meaning)
	}
	if plan.Tables[0].PerChild() || !plan.Linked() {
		t.Error("periods are one per child, or premiums link nobody")
	}
}

// A period whose beginning is not known is held to the data period by the first day on which it is known.
func TestMadeTablesInPeriod(t *testing.T) {
	c := catalogue(t)
	row := func(child, from, rne, to, reason string) string {
		return child + "," + from + "," + rne + ",C1,N1,U6,PR1," + to + "," + reason + ",,,,"
	}
	const header = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
	dir := put(t, map[string]string{"2021/episodes.csv": header + strings.Join([]string{
		row("1", "31/03/2020", "S", "", ""), row("2", "01/04/2020", "S", "", ""), // one began before the data period, one in it
		row("3", "31/03/2020", "P", "01/09/2020", "X1"), row("3", "01/09/2020", "P", "", ""), // began before it, on a day not known
		row("4", "01/04/2020", "P", "", ""), // had begun on its first day: nobody knows when
	}, "\n") + "\n"})
	a := terms{
		tables: "  looked_after_periods:\n    child_id: {treatment: pseudonym}\n    start_date: {treatment: date, to: day}\n    starts_before_data: {treatment: keep}\n" +
			"  placements:\n    child_id: {treatment: pseudonym}\n    start_date: {treatment: date, to: day}\n    period_start_date: {treatment: date, to: day}\n",
		more: "choices: {short_breaks: leave_out}\n",
	}.parse(t, c)
	k := newKeys(t, "dsa-test")
	r, rows := all(t, c, a, k, reference(), dir)
	_ = r
	for table, want := range map[string][]string{
		"looked_after_periods": {k.child(t, "2") + " 2020-04-01 false", k.child(t, "4") + " - true"},
		"placements":           {k.child(t, "2") + " 2020-04-01 2020-04-01", k.child(t, "3") + " 2020-09-01 -", k.child(t, "4") + " 2020-04-01 -"},
	} {
		slices.Sort(want)
		if got := slices.Sorted(slices.Values(rows[table])); !slices.Equal(got, want) {
			t.Errorf("%s\n%s\nwant\n%s", table, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
