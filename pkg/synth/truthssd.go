package synth

import (
	"slices"
	"strconv"
)

// SystemRecord is what an extract of the Standard Safeguarding Dataset says of the child, on the cohort's last day, where
// the annual returns may say something else. Cases, assessments, child protection plans and episodes are those of the
// returns.
type SystemRecord struct {
	Year         int      // collection year of the extract
	Sex          string   // M, F or U
	Ethnicity    string   // "" for none
	Born         bool     // the council knows of the birth
	Disabilities []string // as noted: NONE alone for none, nil where nothing is
	Statuses     []Status
	UPNs         []string
	CINPlans     []Plan // those of earlier years too, of which the CIN census has no dates
}

// Status is an immigration status.
type Status struct {
	Name string // as written
	UASC bool
}

// trueSystem tells it; nil for an identity that no return has.
func (g *generator) trueSystem(p *person, id *identity) *SystemRecord {
	x, known := g.system(p, id)
	if !known {
		return nil
	}
	s := &SystemRecord{
		Year: g.window.years[len(g.window.years)-1].number, Sex: x.sex, Ethnicity: x.ethnicity, Born: x.born,
		Disabilities: slices.Clone(x.disabilities), UPNs: slices.Clone(x.upns),
	}
	for i, status := range x.statuses {
		s.Statuses = append(s.Statuses, Status{Name: status.name, UASC: p.uasc && i == 0})
	}
	for i := range id.need.plans {
		if pl := &id.need.plans[i]; g.within(pl.start, pl.end) {
			ended := pl.end <= g.window.to
			s.CINPlans = append(s.CINPlans, Plan{id.need.referrals[pl.referral].on, pl.start, ended, orNone(ended, pl.end), []int{s.Year}})
		}
	}
	return s
}

// SystemRows are the child's rows of a core table, as the gate must make them from an extract of the Standard Safeguarding
// Dataset and the files of schools: cells as in Rows. What the dataset does not have is null.
func (c *Child) SystemRows(table string) [][]string {
	var rows [][]string
	s := c.System
	if s == nil {
		return nil
	}
	add := func(cells ...string) { rows = append(rows, append([]string{c.ID}, cells...)) }
	year := strconv.Itoa(s.Year)
	switch table {
	case "children":
		add(s.Sex, s.Ethnicity, dateIf(s.Born, c.BirthDate), s.disabled(), s.uasc())
	case "cin_plans":
		for i := range s.CINPlans {
			pl := &s.CINPlans[i]
			add(pl.Start.String(), dateIf(pl.Ended, pl.End), year)
		}
	case "cp_plans":
		for i := range c.CPPlans {
			pl := &c.CPPlans[i]
			add(pl.Start.String(), dateIf(pl.Ended, pl.End), "", year)
		}
	case "looked_after_episodes":
		for i := range c.Episodes {
			e := &c.Episodes[i]
			add(e.Start.String(), dateIf(e.Ended, e.End), e.StartReason, e.LegalStatus, e.Need, e.Place, e.Provider, e.URN, e.EndReason, "", year)
		}
	case "referrals", "assessments":
		for _, row := range c.Rows(table) {
			row[len(row)-1] = year
			rows = append(rows, row)
		}
	default:
		return c.Rows(table)
	}
	return rows
}

func (s *SystemRecord) disabled() string {
	if len(s.Disabilities) == 0 {
		return ""
	}
	return yesNo(slices.ContainsFunc(s.Disabilities, func(code string) bool { return code != "NONE" }))
}

func (s *SystemRecord) uasc() string {
	if len(s.Statuses) == 0 {
		return ""
	}
	return yesNo(slices.ContainsFunc(s.Statuses, func(st Status) bool { return st.UASC }))
}
