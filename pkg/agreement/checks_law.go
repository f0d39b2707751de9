package agreement

import (
	"regexp"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// forResearch are the purposes that rest on the safeguards of UK GDPR Articles 84A to 84D.
func forResearch() []string { return []string{"evaluation", "research", "statistics"} }

func (c *checking) research(o *outcome) {
	purpose, r := c.a.Purpose.Code, c.a.Research
	if !slices.Contains(forResearch(), purpose) {
		o.notApplicable("the purpose is " + purpose)
		return
	}
	if r == nil {
		o.failed(finding.ResearchSafeguardFailed,
			"write research: with necessity, no_damage_or_distress, no_individual_decisions and minimised (UK GDPR Articles 84B and 84C)",
			"the purpose is %s, and the agreement does not state the safeguards of research", purpose)
		return
	}
	for _, safeguard := range []struct {
		key, sentence string
		kept          bool
	}{
		{"no_damage_or_distress", "the agreement does not rule out substantial damage or distress to the children it is about", r.NoDamageOrDistress},
		{"no_individual_decisions", "the agreement does not rule out measures or decisions about a particular child", r.NoIndividualDecisions},
		{"minimised", "the agreement does not say that no more leaves than the research needs", r.Minimised},
	} {
		if !safeguard.kept {
			o.failed(finding.ResearchSafeguardFailed,
				"where it is so, write research."+safeguard.key+": true; where it is not, this is no research under UK GDPR Article 84C and may not go on as such",
				"%s", safeguard.sentence)
			return
		}
	}
	o.passed("no substantial damage or distress, no decisions about a child, minimised")
}

func (c *checking) power(o *outcome) {
	if c.a.LawfulBasis.Power == "" {
		o.failed(finding.BasisPowerMissing, "write lawful_basis.power: the Act and section that give the council the task",
			"the agreement does not say which power the council shares under")
		return
	}
	o.passed(oneLine(c.a.LawfulBasis.Power))
}

// classed holds a basis to the columns of a class that leave or choose children.
func (c *checking) classed(o *outcome, class dataset.Class, what, basis string, code finding.Code, hint, lacks string) {
	used := c.uses(class)
	switch {
	case len(used) == 0:
		o.notApplicable("no column of " + what + " is used")
	case basis == "":
		o.failed(code, hint, "columns of %s are used (%s), and the agreement %s", what, and(used), lacks)
	default:
		o.passed(oneLine(basis) + ", for " + and(used))
	}
}

func (c *checking) article9(o *outcome) {
	c.classed(o, dataset.SpecialCategory, "a special category", c.a.LawfulBasis.Article9, finding.Article9Missing,
		"write lawful_basis.article9: the point of UK GDPR Article 9(2), such as 9(2)(j)", "names no point of UK GDPR Article 9(2)")
}

func (c *checking) schedule1(o *outcome) {
	c.classed(o, dataset.SpecialCategory, "a special category", c.a.LawfulBasis.Schedule1, finding.Schedule1Missing,
		"write lawful_basis.schedule1: the condition of Schedule 1 of the Data Protection Act 2018, such as Part 1 paragraph 4",
		"names no condition of Schedule 1 of the Data Protection Act 2018")
}

func (c *checking) article10(o *outcome) {
	c.classed(o, dataset.CriminalOffence, "criminal-offence data", c.a.LawfulBasis.Article10, finding.Article10Missing,
		"write lawful_basis.article10: the authority for it under UK GDPR Article 10", "names no authority for that (UK GDPR Article 10)")
}

// needsPolicy finds the conditions of Schedule 1 that are met only with an appropriate policy document: those of Part 2
// (paragraph 5 of the Schedule), and the first of Part 1.
var needsPolicy = regexp.MustCompile(`(?i)\bpart\s*(2|ii)\b|\bpart\s*(1|i)\b[\s,;:]*para(graph|\.)?\s*1\b`)

func (c *checking) policyDocument(o *outcome) {
	b := c.a.LawfulBasis
	switch {
	case !needsPolicy.MatchString(b.Schedule1):
		o.notApplicable("no condition that needs one is relied on")
	case b.PolicyDocument == "":
		o.failed(finding.PolicyDocumentMissing, "write lawful_basis.policy_document: the reference of the council's appropriate policy document",
			"the condition of Schedule 1 that the agreement relies on needs an appropriate policy document, and none is named")
	default:
		o.passed(b.PolicyDocument)
	}
}

func (c *checking) confidentiality(o *outcome) {
	o.stated(c.a.Confidentiality.Basis, "write confidentiality.basis: public-task, consent or section-251",
		"the agreement does not say how the common-law duty of confidence is met")
}

func (c *checking) residualRisk(o *outcome) {
	switch d := c.a.DPIA; {
	case d.ResidualRisk == "":
		o.failed(finding.AgreementIncomplete, "write dpia.residual_risk: low, medium or high, as the assessment found it",
			"the agreement does not say which risk the impact assessment %s leaves", d.Ref)
	case d.ResidualRisk == "high" && d.Article36 == "":
		o.failed(finding.AgreementIncomplete, "write dpia.article36: the reference of the ICO's answer to the prior consultation (UK GDPR Article 36)",
			"the impact assessment %s leaves a high risk, and the agreement names no answer of the ICO", d.Ref)
	case d.ResidualRisk == "high":
		o.passed("high; the ICO was consulted: " + d.Article36)
	default:
		o.passed(d.ResidualRisk)
	}
}

func (c *checking) assessmentInDate(o *outcome) {
	d := c.a.DPIA
	if d.ReviewBy < c.today {
		o.failed(finding.AssessmentOverdue, "have the assessment reviewed, and make a version with the new dpia.review_by",
			"the impact assessment %s was to be reviewed by %s", d.Ref, spoken(d.ReviewBy))
		return
	}
	o.passed(d.Ref + ", to be reviewed by " + spoken(d.ReviewBy))
}

func (c *checking) noticeCovers(o *outcome) {
	var missing []string
	for _, t := range c.a.Tables {
		if !slices.Contains(c.a.PrivacyNotice.Covers, t.ID) {
			missing = append(missing, t.ID)
		}
	}
	if len(missing) > 0 {
		o.failed(finding.NoticeGap, "tell families of them in the privacy notice and list them under privacy_notice.covers, or take the tables out",
			"tables leave of which the privacy notice does not speak: %s", and(missing))
		return
	}
	o.passed(c.a.PrivacyNotice.URL)
}

// noticeReviewed never refuses: what a notice says is held to the agreement elsewhere, this looks at its age alone.
func (c *checking) noticeReviewed(o *outcome) {
	r := c.a.PrivacyNotice.Reviewed
	switch {
	case r == nil:
		o.notApplicable("privacy_notice.reviewed is not stated")
	case c.today >= addMonths(*r, 24):
		o.warned("the privacy notice was last reviewed on " + spoken(*r) + ", more than two years ago: review it before the next drop")
	case c.today >= addMonths(*r, 12):
		o.warned("the privacy notice was last reviewed on " + spoken(*r) + ", more than a year ago")
	default:
		o.passed(spoken(*r))
	}
}

func (c *checking) optOut(o *outcome) {
	n := c.a.NationalDataOptOut
	const when = "write national_data_opt_out.reference and until: the reference of the check and the last day on which its result may be used"
	switch {
	case n.Determination == "":
		o.failed(finding.OptOutRequired, "write national_data_opt_out: {determination: not_applicable, applied or exempt, reason: …}, as the Caldicott Guardian or the DPO decided",
			"nobody has determined whether the national data opt-out applies")
	case n.Determination == "applied" && (n.Reference == "" || n.Until == nil):
		o.failed(finding.OptOutStale, when, "the national data opt-out was applied, and the agreement does not say by which check and until when that holds")
	default:
		o.passed(spaced(n.Determination) + ": " + oneLine(n.Reason))
	}
}

func (c *checking) optOutInDate(o *outcome) {
	switch n := c.a.NationalDataOptOut; {
	case n.Determination != "applied" || n.Until == nil:
		o.notApplicable("the opt-out was not applied, or not for a time")
	case *n.Until < c.today:
		o.failed(finding.OptOutStale, "check the children against the opt-out again, and make a version with the new reference and until",
			"the result of the check against the national data opt-out could be used until %s", spoken(*n.Until))
	default:
		o.passed(n.Reference + ", until " + spoken(*n.Until))
	}
}
