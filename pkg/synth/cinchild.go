package synth

import (
	"strconv"

	"github.com/postern-gateway/postern/pkg/civil"
)

// childBytes is more than a child usually takes. A longer one makes the buffer longer.
const childBytes = 8 << 10

// child writes what the year's census has of a child.
func (c *cinFile) child(p *person, id *identity, k int) {
	if len(c.buf) > bufferSize-childBytes {
		c.flush()
	}
	if c.quirk(uint64(id.index), 97) {
		c.comment("case file " + strconv.Itoa(id.index%1000) + " checked")
	}
	r := &id.need.returns[k]
	c.open("Child")
	c.rows++
	c.identifiers(p, id, r)
	c.open("ChildCharacteristics")
	c.some("Ethnicity", r.ethnicity)
	if r.block {
		c.open("Disabilities")
		for _, code := range r.disabilities {
			c.some("Disability", code)
			if code != "" {
				c.rows++
			}
		}
		c.shut("Disabilities")
	}
	c.shut("ChildCharacteristics")
	for i := range id.need.referrals {
		if id.need.referrals[i].in(c.year) {
			c.details(&id.need, i)
		}
	}
	c.shut("Child")
}

func (c *cinFile) identifiers(p *person, id *identity, r *described) {
	c.open("ChildIdentifiers")
	c.leaf("LAchildID", id.id)
	c.some("UPN", r.upn)
	c.some("FormerUPN", r.former)
	c.some("UPNunknown", r.unknown)
	if p.birth <= c.year.end {
		c.dated("PersonBirthDate", p.birth)
	} else {
		c.line()
		c.buf = append(c.buf, "<ExpectedPersonBirthDate>"...)
		c.buf = append(c.buf, p.birth.String()...)
		c.buf = append(c.buf, "</ExpectedPersonBirthDate>"...)
	}
	if c.year.number >= sexLettersFrom {
		c.leaf("Sex", oneOf(r.sex == "9", "U", r.sex))
	} else {
		c.leaf("GenderCurrent", genderCode(r.sex))
	}
	c.known("PersonDeathDate", p.died)
	c.shut("ChildIdentifiers")
}

func genderCode(sex string) string {
	switch sex {
	case "M":
		return "1"
	case "F":
		return "2"
	case "U":
		return "0"
	default:
		return "9"
	}
}

// needIn is PrimaryNeedCode as a year returned it: the first year of several may not have known it.
func (r *referral) needIn(y year) string {
	if r.needAtFirst != "" && r.closed > y.end && r.on >= y.start {
		return r.needAtFirst
	}
	return r.need
}

// details writes one CINdetails block: what of the case is of the year.
func (c *cinFile) details(h *history, at int) {
	r, y := &h.referrals[at], c.year
	c.open("CINdetails")
	c.rows++
	c.dated("CINreferralDate", r.on)
	c.leaf("ReferralSource", r.source)
	if !r.noAction {
		c.leaf("PrimaryNeedCode", r.needIn(y))
		c.known("CINclosureDate", r.closed)
		if r.closed <= y.end {
			c.leaf("ReasonForClosure", r.reason)
		}
		if y.holds(r.conference) {
			c.dated("DateOfInitialCPC", r.conference)
		}
	}
	for i := range h.assessments {
		a := &h.assessments[i]
		if a.referral != at || !y.overlaps(a.start, a.authorised) {
			continue
		}
		c.assessment(a)
	}
	for i := range h.plans {
		pl := &h.plans[i]
		if pl.referral != at || y.number < plansFrom || !y.overlaps(pl.start, pl.end) {
			continue
		}
		c.rows++
		c.open("CINPlanDates")
		c.dated("CINPlanStartDate", pl.start)
		c.known("CINPlanEndDate", pl.end)
		c.shut("CINPlanDates")
	}
	for i := range h.inquiries {
		q := &h.inquiries[i]
		if q.referral != at || !y.holds(q.start) && !y.holds(q.conference) {
			continue
		}
		c.rows++
		c.open("Section47")
		c.dated("S47ActualStartDate", q.start)
		c.known("InitialCPCtarget", q.target)
		c.known("DateOfInitialCPC", q.conference)
		c.said("ICPCnotRequired", q.conferenceUnneeded, int(q.start))
		c.shut("Section47")
	}
	c.said("ReferralNFA", r.noAction, int(r.on))
	for i := range h.protections {
		if pr := &h.protections[i]; pr.referral == at && y.overlaps(pr.start, pr.end) {
			c.protection(pr)
		}
	}
	c.shut("CINdetails")
}

func (c *cinFile) assessment(a *assessment) {
	c.rows++
	c.open("Assessments")
	c.dated("AssessmentActualStartDate", a.start)
	c.known("AssessmentAuthorisationDate", a.authorised)
	if a.authorised <= c.year.end {
		if a.factors[0] == "" {
			c.empty("FactorsIdentifiedAtAssessment")
		} else {
			c.open("FactorsIdentifiedAtAssessment")
			for _, code := range a.factors {
				c.some("AssessmentFactors", code)
			}
			c.shut("FactorsIdentifiedAtAssessment")
		}
	}
	c.shut("Assessments")
}

func (c *cinFile) protection(pr *protection) {
	c.rows++
	c.open("ChildProtectionPlans")
	c.dated("CPPstartDate", pr.start)
	c.known("CPPendDate", pr.end)
	c.leaf("InitialCategoryOfAbuse", pr.category)
	c.leaf("LatestCategoryOfAbuse", oneOf(pr.end <= c.year.end, pr.later, pr.category))
	c.leaf("NumberOfPreviousCPP", strconv.Itoa(pr.previous))
	begun := false
	for on := pr.start + civil.Date(pr.first); on < pr.end && on <= c.year.end; on += civil.Date(pr.others) {
		if on < c.year.start {
			continue
		}
		if !begun {
			c.open("Reviews")
			begun = true
		}
		c.dated("CPPreviewDate", on)
	}
	if begun {
		c.shut("Reviews")
	}
	c.shut("ChildProtectionPlans")
}
