package agreement

import (
	"fmt"
	"strings"
)

func (c *comparing) recipient() {
	was, is := &c.was.Recipient, &c.is.Recipient
	c.text(unclear, "id", "The agreement's id", c.was.ID, c.is.ID)
	c.text(unclear, "recipient.name", "The recipient", was.Name, is.Name)
	c.became(ranked(was.Role, is.Role, "processor", "controller"), "recipient.role", "The recipient's role", was.Role, is.Role)
	c.became(ranked(was.Setting, is.Setting, "secure", "managed"), "recipient.setting", "The setting in which the data are used", was.Setting, is.Setting)
	c.text(otherwise, "recipient.contact", "The recipient's contact", was.Contact, is.Contact)
	c.text(otherwise, "recipient.registration", "The recipient's registration", was.Registration, is.Registration)
	c.safeguard("recipient.contract", "The contract with the recipient", was.Contract, is.Contract)
	c.text(otherwise, "recipient.notice", "The recipient's own notice to families", was.Notice, is.Notice)
	c.text(unclear, "recipient.successor_of", "Whom the recipient followed", was.SuccessorOf, is.SuccessorOf)
	c.text(otherwise, "recipient.since", "The day on which the recipient followed it", spokenOr(was.Since), spokenOr(is.Since))
	switch w, i := was.Assurance, is.Assurance; {
	case w == nil && i == nil:
	case w == nil:
		c.note(narrower, "recipient.assurance", "The recipient now shows that it keeps the data safe: %s.", assured(i))
	case i == nil:
		c.note(wider, "recipient.assurance", "The recipient no longer shows that it keeps the data safe. It did by: %s.", assured(w))
	default:
		c.text(unclear, "recipient.assurance.kind", "The evidence that the recipient keeps the data safe", w.Kind, i.Kind)
		c.text(otherwise, "recipient.assurance.ref", "The reference of that evidence", w.Ref, i.Ref)
		c.day("recipient.assurance.expires", "The last day on which that evidence counts", w.Expires, i.Expires)
	}
}

func assured(a *Assurance) string {
	return fmt.Sprintf("%s, %s, until %s", assuranceInWords(a.Kind), a.Ref, spoken(a.Expires))
}

func (c *comparing) people() {
	name := func(p NamedPerson) string { return p.Name }
	lists(c.was.Recipient.People, c.is.Recipient.People, name, func(who string, was, is *NamedPerson) {
		const what = "recipient.people"
		switch {
		case was == nil:
			c.note(wider, what, "%s of the recipient may now work with the data.", who)
		case is == nil:
			c.note(narrower, what, "%s of the recipient may no longer work with the data.", who)
		default:
			c.text(otherwise, what, "The contact of "+who, was.Contact, is.Contact)
			c.text(unclear, what, "The accreditation of "+who, was.Accreditation, is.Accreditation)
			c.openDay(what, "The last day of the accreditation of "+who, was.Until, is.Until)
		}
	})
}

func (c *comparing) onward() {
	name := func(o Onward) string { return o.Name }
	lists(c.was.Onward, c.is.Onward, name, func(who string, was, is *Onward) {
		const what = "onward_sharing"
		switch {
		case was == nil:
			c.note(wider, what, "%s may now see the data as well: %s.", who, is.Why)
		case is == nil:
			c.note(narrower, what, "%s may no longer see the data.", who)
		default:
			c.text(otherwise, what, "The reason why "+who+" may see the data", was.Why, is.Why)
		}
	})
	switch w, i := c.was.Archive, c.is.Archive; {
	case w == nil && i == nil:
	case w == nil:
		c.note(wider, "archive", "The data may now be archived in %s: %s. First: %s.", i.Place, i.Why, i.Treatment)
	case i == nil:
		c.note(narrower, "archive", "The data may no longer be archived. The archive was %s.", w.Place)
	default:
		c.text(unclear, "archive.place", "The archive", w.Place, i.Place)
		c.text(otherwise, "archive.why", "The reason for archiving", w.Why, i.Why)
		c.text(unclear, "archive.treatment", "What is done before archiving", w.Treatment, i.Treatment)
	}
}

func (c *comparing) purpose() {
	was, is := &c.was.Purpose, &c.is.Purpose
	c.text(unclear, "purpose.code", "The kind of purpose", was.Code, is.Code)
	c.text(unclear, "purpose.text", "The purpose", was.Text, is.Text)
	c.text(otherwise, "purpose.benefits", "What it is good for", was.Benefits, is.Benefits)
	c.text(otherwise, "purpose.necessity", "Why it cannot be done without personal data", was.Necessity, is.Necessity)
	c.words(narrower, "prohibitions", "The recipient is now forbidden: %s.", "The recipient is no longer forbidden: %s.", c.was.Prohibitions, c.is.Prohibitions)
}

func (c *comparing) lawful() {
	was, is := &c.was.LawfulBasis, &c.is.LawfulBasis
	c.text(unclear, "lawful_basis.article6", "The lawful basis (UK GDPR Article 6)", was.Article6, is.Article6)
	c.text(unclear, "lawful_basis.power", "The power that gives the council the task", was.Power, is.Power)
	c.text(unclear, "lawful_basis.article9", "The basis for special categories (UK GDPR Article 9)", was.Article9, is.Article9)
	c.text(unclear, "lawful_basis.schedule1", "The condition of Schedule 1", was.Schedule1, is.Schedule1)
	c.safeguard("lawful_basis.policy_document", "The appropriate policy document", was.PolicyDocument, is.PolicyDocument)
	c.text(unclear, "lawful_basis.article10", "The authority for criminal-offence data (UK GDPR Article 10)", was.Article10, is.Article10)
	c.text(unclear, "confidentiality.basis", "How the duty of confidence is met", c.was.Confidentiality.Basis, c.is.Confidentiality.Basis)
	c.text(otherwise, "confidentiality.caldicott", "The Caldicott Guardian's reference", c.was.Confidentiality.Caldicott, c.is.Confidentiality.Caldicott)

	o, n := &c.was.NationalDataOptOut, &c.is.NationalDataOptOut
	c.text(unclear, "national_data_opt_out.determination", "Whether the National Data Opt-Out applies", o.Determination, n.Determination)
	c.text(otherwise, "national_data_opt_out.reason", "The reason for that", o.Reason, n.Reason)
	c.text(otherwise, "national_data_opt_out.decided_by", "Who determined that", o.DecidedBy, n.DecidedBy)
	c.text(otherwise, "national_data_opt_out.date", "The day on which that was determined", spokenOr(o.Date), spokenOr(n.Date))
	c.text(otherwise, "national_data_opt_out.reference", "The reference of the opt-out check", o.Reference, n.Reference)
	c.openDay("national_data_opt_out.until", "The last day on which the opt-out check counts", o.Until, n.Until)
}

// safeguards are what is promised of processing for research.
func safeguards(r *Research) []string {
	var out []string
	for _, s := range []struct {
		holds bool
		words string
	}{
		{r.NoDamageOrDistress, "no substantial damage or distress is likely"},
		{r.NoIndividualDecisions, "nothing is decided about a particular child"},
		{r.Minimised, "no more is used than is needed"},
	} {
		if s.holds {
			out = append(out, s.words)
		}
	}
	return out
}

func (c *comparing) research() {
	w, i := c.was.Research, c.is.Research
	switch {
	case w == nil && i == nil:
		return
	case w == nil:
		c.note(narrower, "research", "Safeguards for research are now stated: %s.", strings.Join(safeguards(i), "; "))
		return
	case i == nil:
		c.note(wider, "research", "Safeguards for research are no longer stated. They were: %s.", strings.Join(safeguards(w), "; "))
		return
	}
	c.text(otherwise, "research.necessity", "Why the research needs data about single children", w.Necessity, i.Necessity)
	c.words(narrower, "research", "It is now promised: %s.", "It is no longer promised: %s.", safeguards(w), safeguards(i))
	c.text(otherwise, "research.ethics", "The ethics approval", w.Ethics, i.Ethics)
	c.text(otherwise, "research.protocol", "The protocol", w.Protocol, i.Protocol)
	c.text(otherwise, "research.registration", "The registration of the trial", w.Registration, i.Registration)
}

func (c *comparing) period() {
	was, is := &c.was.Period, &c.is.Period
	c.became(ordered(was.ShareFrom, is.ShareFrom).flipped(), "period.share_from", "The first day of sharing", spoken(was.ShareFrom), spoken(is.ShareFrom))
	c.day("period.share_to", "The last day of sharing", was.ShareTo, is.ShareTo)
	c.became(ordered(was.DataFrom, is.DataFrom).flipped(), "period.data_from", "The first day of the data", spoken(was.DataFrom), spoken(is.DataFrom))
	c.day("period.data_to", "The last day of the data", was.DataTo, is.DataTo)
	c.text(otherwise, "period.term_reason", "The reason for so long a time", was.TermReason, is.TermReason)
	c.became(ranked(c.was.Frequency.Schedule, c.is.Frequency.Schedule, "once", "yearly", "quarterly", "monthly", "weekly", "daily"),
		"frequency.schedule", "How often data are sent", c.was.Frequency.Schedule, c.is.Frequency.Schedule)
	c.limit("frequency.max_drops_per_month", "The most deliveries in a month", "delivery", c.was.Frequency.MaxDropsPerMonth, c.is.Frequency.MaxDropsPerMonth)
	c.openDay("review.by", "The day by which the agreement is reviewed", c.was.Review.By, c.is.Review.By)
	c.text(otherwise, "title", "The title", c.was.Title, c.is.Title)
}

func (c *comparing) retention() {
	was, is := &c.was.Retention, &c.is.Retention
	c.day("retention.recipient_until", "The day by which the recipient destroys the data", was.RecipientUntil, is.RecipientUntil)
	c.limit("retention.bucket_days", "How long a delivery stays in the store", "day", was.BucketDays, is.BucketDays)
	c.safeguard("retention.destruction", "How the recipient destroys the data", was.Destruction, is.Destruction)
	c.limit("retention.certificate_days", "The time within which the recipient certifies that", "day", was.CertificateDays, is.CertificateDays)
}

func (c *comparing) places() {
	c.words(wider, "security.stores", "Deliveries may now lie in %s.", "Deliveries may no longer lie in %s.", stores(c.was), stores(c.is))
	c.safeguard("security.access", "How the recipient's people prove who they are", c.was.Security.Access, c.is.Security.Access)
	c.safeguard("security.measure", "What else keeps the data secure", c.was.Security.Measure, c.is.Security.Measure)
	was, is := &c.was.Transfer, &c.is.Transfer
	c.words(wider, "transfer.locations", "The recipient may now hold the data in %s.", "The recipient may no longer hold the data in %s.", was.Locations, is.Locations)
	c.text(unclear, "transfer.mechanism", "What protects the data abroad", was.Mechanism, is.Mechanism)
	c.text(otherwise, "transfer.assessment", "The test of the transfer abroad", was.Assessment, is.Assessment)
	c.text(otherwise, "transfer.advice", "The ICO's advice on the transfer", was.Advice, is.Advice)
}

func stores(a *Agreement) []string {
	var out []string
	for _, p := range a.Security.Stores {
		out = append(out, placeInWords(p))
	}
	return out
}

func (c *comparing) assessment() {
	was, is := &c.was.DPIA, &c.is.DPIA
	c.text(otherwise, "dpia.ref", "The impact assessment", was.Ref, is.Ref)
	c.text(otherwise, "dpia.version", "The impact assessment's version", was.Version, is.Version)
	c.text(otherwise, "dpia.date", "The impact assessment's date", spokenOr(was.Date), spokenOr(is.Date))
	c.day("dpia.review_by", "The day by which the impact assessment is reviewed", was.ReviewBy, is.ReviewBy)
	c.became(ranked(was.ResidualRisk, is.ResidualRisk, "low", "medium", "high", ""), "dpia.residual_risk", "The risk that is left", was.ResidualRisk, is.ResidualRisk)
	c.safeguard("dpia.article36", "The ICO's answer on the high risk", was.Article36, is.Article36)
}

func (c *comparing) notice() {
	was, is := &c.was.PrivacyNotice, &c.is.PrivacyNotice
	c.text(unclear, "privacy_notice.url", "Where families are told", was.URL, is.URL)
	c.words(narrower, "privacy_notice.covers", "The privacy notice now speaks of %s.", "The privacy notice no longer speaks of %s.", was.Covers, is.Covers)
	c.text(otherwise, "privacy_notice.text", "The file with the words of the notice", was.Text, is.Text)
	c.text(unclear, "privacy_notice.sha256", "The digest of the words of the notice", was.SHA256, is.SHA256)
	c.text(otherwise, "privacy_notice.reviewed", "The day on which the notice was last reviewed", spokenOr(was.Reviewed), spokenOr(is.Reviewed))
	point := func(a Answer) string { return a.Point }
	lists(was.Answers, is.Answers, point, func(point string, was, is *Answer) {
		before, now := "", ""
		if was != nil {
			before = was.Text
		}
		if is != nil {
			now = is.Text
		}
		c.text(otherwise, "privacy_notice.answers", "The council's answer about "+point, before, now)
	})
}

func (c *comparing) rights() {
	c.text(otherwise, "rights.contact", "Who answers families", c.was.Rights.Contact, c.is.Rights.Contact)
	c.limit("rights.objection_hours", "The time within which an objection keeps a child out", "hour", c.was.Rights.ObjectionHours, c.is.Rights.ObjectionHours)
	c.text(unclear, "rights.exemptions", "The exemptions relied on", c.was.Rights.Exemptions, c.is.Rights.Exemptions)
	c.text(otherwise, "incident.contact", "Who is told of an incident", c.was.Incident.Contact, c.is.Incident.Contact)
	c.limit("incident.hours", "The time within which the recipient tells of an incident", "hour", c.was.Incident.Hours, c.is.Incident.Hours)
	c.limit("subjects.children", "The number of children that is expected", "child", c.was.Subjects.Children, c.is.Subjects.Children)
}

func (c *comparing) controller() {
	was, is := &c.was.Controller, &c.is.Controller
	c.text(unclear, "controller.name", "The council", was.Name, is.Name)
	c.text(unclear, "controller.la_code", "The council's code", was.LACode, is.LACode)
	c.text(unclear, "controller.role", "The council's role", was.Role, is.Role)
	c.text(unclear, "controller.arrangement", "The arrangement of joint controllers", was.Arrangement, is.Arrangement)
	c.text(otherwise, "controller.dpo", "The Data Protection Officer", was.DPO, is.DPO)
	c.text(otherwise, "controller.registration", "The council's registration", was.Registration, is.Registration)
	c.text(otherwise, "controller.address", "The council's address", was.Address, is.Address)
	switch w, i := c.was.Programme, c.is.Programme; {
	case w == nil && i == nil:
	case w == nil:
		c.note(narrower, "programme", "The council must now be on the signed list of the programme %s.", i.ID)
	case i == nil:
		c.note(wider, "programme", "The council need no longer be on the signed list of a programme. It was %s.", w.ID)
	default:
		c.text(unclear, "programme.id", "The programme", w.ID, i.ID)
		c.text(unclear, "programme.key", "The key that signs the programme's list", w.Key, i.Key)
	}
	o, n := &c.was.Contacts, &c.is.Contacts
	for _, contact := range []struct{ key, label, was, is string }{
		{"owner", "The owner at the council", o.Owner, n.Owner},
		{"analyst", "The analyst at the council", o.Analyst, n.Analyst},
		{"recipient_lead", "The lead at the recipient", o.RecipientLead, n.RecipientLead},
		{"recipient_dpo", "The recipient's Data Protection Officer", o.RecipientDPO, n.RecipientDPO},
		{"out_of_hours", "The contact out of hours", o.OutOfHours, n.OutOfHours},
	} {
		c.text(otherwise, "contacts."+contact.key, contact.label, contact.was, contact.is)
	}
}
