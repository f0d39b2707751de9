package synth

import (
	"slices"
	"strings"
	"testing"
)

// checkQuirks holds 2,000 children over four years to what is meant to be in them: enough of it that a test which needs
// it does not pass for want of it.
func (w *wideCohort) checkQuirks(t *testing.T) {
	n := map[string]int{}
	for year, raw := range w.raw {
		n["comment"] += strings.Count(raw, "<!-- ")
		n["white space in a date"] += strings.Count(raw, "Date> ")
		n["empty factors"] += strings.Count(raw, "<FactorsIdentifiedAtAssessment/>")
		for _, spelling := range []string{"0", "1", "true", "false"} {
			n["boolean "+spelling] += strings.Count(raw, "<ReferralNFA>"+spelling+"<")
		}
		if lines := strings.Count(raw, "\n"); lines < 1000 {
			n["compact"]++
		} else if strings.Count(raw, "\r\n") == lines {
			n["CRLF"]++
		} else if year%2 == 0 {
			n["pretty"]++
		}
		for _, code := range []string{"<GenderCurrent>0<", "<GenderCurrent>9<", "<Sex>U<"} {
			n["unknown sex"] += strings.Count(raw, code)
		}
	}
	children := w.truth(t)
	for i := range children {
		countNeed(&children[i], n)
		countSchool(&children[i], n)
	}
	for name, rows := range w.census {
		if !strings.HasSuffix(name, " pupilonroll") {
			continue
		}
		schools := map[string]string{}
		for _, r := range rows {
			if other := schools[r.get("pupilonrolltableid")]; other != "" && other != r.get("NativeId") {
				n["key at two schools"]++
			}
			schools[r.get("pupilonrolltableid")] = r.get("NativeId")
			if r.get("upn") == "" {
				n["no UPN in the census"]++
			}
		}
	}
	pupils, err := Pupils(w.opt)
	if err != nil {
		t.Fatal(err)
	}
	for p := range pupils {
		if len(p.Rolls) > 0 {
			n["pupils of nobody's care"]++
		}
	}
	for what, want := range map[string]int{
		"comment": 10, "white space in a date": 20, "empty factors": 20, "boolean 0": 100, "boolean 1": 20, "boolean true": 20, "boolean false": 100,
		"compact": 2, "CRLF": 1, "pretty": 1, "unknown sex": 20,
		"looked after": 500, "in need only": 1100, "looked after and in the census": 400, "unborn": 15, "never born": 1, "born later": 8, "died": 1,
		"re-referral": 400, "open over two years": 300, "no further action": 150, "need known later": 10, "assessed over 31 March": 50,
		"plans over 31 March": 100, "protected over 31 March": 80, "protection again": 3, "reviews": 300,
		"disabled": 150, "not disabled": 900, "disability unknown": 100, "disability changed": 20, "ethnicity missing": 10,
		"sex differs": 2, "ethnicity differs": 4, "UPN unknown": 300, "temporary UPN": 15, "former UPN": 10, "lower-case UPN": 2, "shared UPN": 4,
		"on roll": 4000, "dual": 30, "held back": 30, "moved": 150, "left": 25, "blank status": 50, "temporary in the census": 20,
		"census temporary, CIN permanent": 3, "linked by the row's former UPN": 2, "not linked": 30,
		"meals open": 500, "meals several open": 50, "meals elsewhere": 30, "meals ended": 50, "meals on the day": 2, "eligible": 300, "not eligible": 1000,
		"premium": 500, "no premium though listed": 20, "premium twice": 20, "key at two schools": 10, "no UPN in the census": 20,
		"no marks": 100, "aggregate differs": 20, "pupils of nobody's care": 800, "pupils in care or need": 900,
	} {
		if n[what] < want {
			t.Errorf("%s: %d, want %d or more", what, n[what], want)
		}
	}
}

func countNeed(c *Child, n map[string]int) {
	if len(c.Years) > 0 {
		n["looked after"]++
		if len(c.CIN) > 0 {
			n["looked after and in the census"]++
		}
	} else {
		n["in need only"]++
	}
	n["re-referral"] += max(0, len(c.Referrals)-1)
	for _, r := range c.Referrals {
		if len(r.Years) > 1 {
			n["open over two years"]++
		}
		if r.NoFurtherAction {
			n["no further action"]++
		}
		if r.Need != "N0" && len(r.Years) > 1 && r.Years[0] > Earliest(CIN) {
			n["need known later"]++
		}
	}
	for _, a := range c.Assessments {
		n["assessed over 31 March"] += len(a.Years) - 1
	}
	for _, p := range c.CINPlans {
		n["plans over 31 March"] += len(p.Years) - 1
	}
	for _, p := range c.CPPlans {
		n["protected over 31 March"] += len(p.Years) - 1
		n["reviews"] += len(p.Reviews)
		if p.PreviousPlans > 0 {
			n["protection again"]++
		}
	}
	for i, r := range c.CIN {
		switch {
		case !r.Born && i == len(c.CIN)-1:
			n["never born"]++
		case !r.Born:
			n["born later"]++
		}
		if !r.Born {
			n["unborn"]++
		}
		if r.Died {
			n["died"]++
		}
		if i > 0 && (r.HasDisabilities != c.CIN[i-1].HasDisabilities || !slices.Equal(r.Disabilities, c.CIN[i-1].Disabilities)) {
			n["disability changed"]++
		}
		if r.Ethnicity == "" {
			n["ethnicity missing"]++
		}
		if r.UPNUnknown != "" {
			n["UPN unknown"]++
		}
		if r.UPN != "" && strings.ToUpper(r.UPN)[12] >= 'A' {
			n["temporary UPN"]++
		}
		if r.FormerUPN != "" {
			n["former UPN"]++
		}
		if strings.ToUpper(r.UPN) != r.UPN {
			n["lower-case UPN"]++
		}
		for _, h := range c.Headers {
			if h.Year == r.Year && h.Sex != r.Sex {
				n["sex differs"]++
			}
			if h.Year == r.Year && h.Ethnicity != r.Ethnicity {
				n["ethnicity differs"]++
			}
		}
	}
	n["shared UPN"] += len(c.SharedUPNs)
	for _, row := range c.Rows("children") {
		switch row[4] {
		case "true":
			n["disabled"]++
		case "false":
			n["not disabled"]++
		default:
			n["disability unknown"]++
		}
	}
}

func countSchool(c *Child, n map[string]int) {
	if len(c.Rolls) > 0 {
		n["pupils in care or need"]++
	}
	linking := c.LinkingUPNs()
	for i := range c.Rolls {
		r := &c.Rolls[i]
		if !c.links(linking, r.UPN, r.FormerUPN) {
			n["not linked"]++
		} else if !slices.Contains(linking, r.UPN) {
			n["linked by the row's former UPN"]++
		}
		if r.UPN != "" && r.UPN[12] >= 'A' {
			n["temporary in the census"]++
			for _, said := range c.CIN {
				if said.Year == r.AcademicYear && said.UPN != "" && said.UPN != r.UPN {
					n["census temporary, CIN permanent"]++
				}
			}
		}
		for _, a := range r.Attended {
			if authorised, unauthorised := a.missed(); a.HasMarks && a.HasAggregates && (authorised != a.Authorised || unauthorised != a.Unauthorised) {
				n["aggregate differs"]++
			}
			if a.HasMarks && len(a.Marks) == 0 {
				n["no marks"]++
			}
		}
		if r.Off {
			moved := slices.ContainsFunc(c.Rolls, func(o Roll) bool { return !o.Off && o.AcademicYear == r.AcademicYear && o.Term == r.Term })
			if moved {
				n["moved"]++
			} else {
				n["left"]++
			}
			continue
		}
		n["on roll"]++
		switch r.EnrolStatus {
		case "M":
			n["dual"]++
		case "S", "F", "O":
			n["held back"]++
		case "":
			n["blank status"]++
		}
		countMeals(r, n)
	}
	for _, row := range c.Rows("free_school_meals") {
		if row[4] == "true" {
			n["eligible"]++
		} else {
			n["not eligible"]++
		}
	}
	years := map[int]int{}
	for _, p := range c.Premiums {
		n["premium"]++
		if years[p.FinancialYear]++; years[p.FinancialYear] == 2 {
			n["premium twice"]++
		}
	}
	for _, row := range c.Rows("pupil_premium") {
		if row[2] == "false" {
			n["no premium though listed"]++
		}
	}
}

func countMeals(r *Roll, n map[string]int) {
	open, day := 0, CensusDate(r.AcademicYear, r.Term)
	for _, m := range r.Meals {
		if !m.Ended {
			open++
		} else {
			n["meals ended"]++
		}
		if m.Country != "ENG" && m.Country != "" {
			n["meals elsewhere"]++
		}
		if m.Start == day || m.Ended && m.End == day {
			n["meals on the day"]++
		}
	}
	if open > 0 {
		n["meals open"]++
	}
	if open > 1 {
		n["meals several open"]++
	}
}
