package synth

import "strconv"

// AnnexRecord is what Ofsted's Annex A says of the child on the cohort's last day: lists 3 to 10, of which core tables are
// made. Cases, assessments, plans and periods of care are those within the months that a list looks back.
type AnnexRecord struct {
	Year        int    // collection year of the form
	Listed      bool   // is in any of these lists
	Sex         string // M, F or U
	Ethnicity   string // "" for none, or where the form has a group of several only
	Born        bool
	Disabled    string // true, false, or "" where no list says
	UASC        string
	Referrals   []Referral
	Assessments []Assessment
	Plans       []Plan // of cases that stand at a child in need plan: with the dates of the case
	CPPlans     []CPPlan
	Care        []Episode // one for each period of care: as it stands, from its first day
}

// trueAnnexA tells it; nil for an identity that no return has.
func (g *generator) trueAnnexA(p *person, id *identity) *AnnexRecord {
	x, known := g.system(p, id)
	if !known {
		return nil
	}
	span, h := g.annexSpan(), &id.need
	r := &AnnexRecord{Year: g.window.years[len(g.window.years)-1].number, Sex: x.sex, Born: x.born}
	if x.ethnicity != "" && annexGroup(id, x.ethnicity) == "" {
		r.Ethnicity = x.ethnicity
	}
	asked := false // by a list that has the question about a disability
	for i := range h.referrals {
		c := &h.referrals[i]
		if c.on >= span.whole && c.on <= span.day {
			r.Referrals = append(r.Referrals, Referral{Date: c.on, Source: c.source, NoFurtherAction: c.noAction})
		}
		if c.noAction || !span.lately(c.on, c.closed) {
			continue
		}
		asked = true
		if g.caseStatus(id, i) == "CINP" {
			r.Plans = append(r.Plans, Plan{Referral: c.on, Start: c.on})
		}
	}
	for i := range h.assessments {
		if a := &h.assessments[i]; span.lately(a.start, a.authorised) {
			ended := a.authorised <= span.day
			r.Assessments = append(r.Assessments, Assessment{Start: a.start, Authorised: ended, AuthorisedDate: orNone(ended, a.authorised)})
		}
	}
	for i := range h.inquiries {
		q := &h.inquiries[i]
		asked = asked || q.start >= span.half && q.start <= span.day
	}
	for i := range h.protections {
		if pr := &h.protections[i]; span.lately(pr.start, pr.end) {
			ended := pr.end <= span.day
			r.CPPlans = append(r.CPPlans, CPPlan{Start: pr.start, Ended: ended, End: orNone(ended, pr.end), PreviousPlans: pr.previous})
		}
	}
	for i := range id.periods {
		per := &id.periods[i]
		asked = asked || per.adoption.planned && per.adoption.decided >= span.whole && per.adoption.decided <= span.day
		if !span.lately(per.start, per.end) {
			continue
		}
		e := lastEpisode(id, per, span.day)
		t := Episode{Start: per.start, LegalStatus: e.ls, Need: e.cin, Place: g.placeNow(e), Provider: e.provider, URN: trimmed(line(nil).urn(e.urn))}
		if per.end <= span.day {
			t.End, t.Ended, t.EndReason = per.end, true, per.reason
		}
		r.Care = append(r.Care, t)
	}
	leaver := id.years[len(g.window.years)-1].careLeaver
	asked = asked || leaver || len(r.Assessments)+len(r.CPPlans)+len(r.Care) > 0
	if asked {
		r.Disabled = disabled(&x)
	}
	if leaver || len(r.Care) > 0 {
		r.UASC = yesNo(p.uasc)
	}
	r.Listed = asked || len(r.Referrals) > 0
	return r
}

// AnnexARows are the child's rows of a core table, as the gate must make them from an Annex A alone: cells as in Rows.
// What the form does not have is null.
func (c *Child) AnnexARows(table string) [][]string {
	a := c.AnnexA
	if a == nil || !a.Listed {
		return nil
	}
	var rows [][]string
	add := func(cells ...string) { rows = append(rows, append([]string{c.ID}, cells...)) }
	year := strconv.Itoa(a.Year)
	switch table {
	case "children":
		add(a.Sex, a.Ethnicity, dateIf(a.Born, c.BirthDate), a.Disabled, a.UASC)
	case "referrals":
		for i := range a.Referrals {
			r := &a.Referrals[i]
			add(r.Date.String(), r.Source, "", yesNo(r.NoFurtherAction), "", "", year)
		}
	case "assessments":
		for i := range a.Assessments {
			as := &a.Assessments[i]
			add(as.Start.String(), dateIf(as.Authorised, as.AuthorisedDate), year)
		}
	case "cin_plans":
		for i := range a.Plans {
			add(a.Plans[i].Start.String(), "", year)
		}
	case "cp_plans":
		for i := range a.CPPlans {
			pl := &a.CPPlans[i]
			add(pl.Start.String(), dateIf(pl.Ended, pl.End), strconv.Itoa(pl.PreviousPlans), year)
		}
	case "looked_after_episodes":
		for i := range a.Care {
			e := &a.Care[i]
			add(e.Start.String(), dateIf(e.Ended, e.End), "S", e.LegalStatus, e.Need, e.Place, e.Provider, e.URN, e.EndReason, "", year)
		}
	}
	return rows
}
