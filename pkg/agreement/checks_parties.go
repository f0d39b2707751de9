package agreement

import (
	"fmt"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// supersedes: a version says which one it takes the place of, so that nobody can slip one in between.
func (c *checking) supersedes(o *outcome) {
	if c.a.Version == 1 {
		o.notApplicable("this is version 1")
		return
	}
	o.stated(c.a.Supersedes, "write supersedes: and the SHA-256 of the file of the version before, as postern agreement show prints it",
		fmt.Sprintf("version %d does not name the version that it takes the place of", c.a.Version))
}

// arrangement: UK GDPR Article 26.
func (c *checking) arrangement(o *outcome) {
	switch p := c.a.Controller; {
	case p.Role != "joint":
		o.notApplicable("the council is not a joint controller")
	case p.Arrangement == "":
		o.failed(finding.JointArrangementMissing, "write controller.arrangement: the reference of what the joint controllers agreed (UK GDPR Article 26)",
			"%s is a joint controller, and the agreement names no arrangement between the controllers", p.Name)
	default:
		o.passed(p.Arrangement)
	}
}

// contract: UK GDPR Article 28.
func (c *checking) contract(o *outcome) {
	switch p := c.a.Recipient; {
	case p.Role != "processor":
		o.notApplicable("the recipient is a controller")
	case p.Contract == "":
		o.failed(finding.ContractMissing, "write recipient.contract: the reference of the contract with the processor (UK GDPR Article 28)",
			"%s is a processor, and the agreement names no contract with it", p.Name)
	default:
		o.passed(p.Contract)
	}
}

// succession: an agreement with an organisation is no agreement with the one that followed it.
func (c *checking) succession(o *outcome) {
	p := c.a.Recipient
	if s := succeeded(p.Name); s != nil && c.today >= s.since {
		o.failed(finding.RecipientSuperseded,
			fmt.Sprintf("make a version whose recipient.name is %s, with successor_of: %s and since: %s, and have it decided on", s.by, s.name, s.since),
			"%s was followed by %s on %s: this agreement does not let anybody else have the data", s.name, s.by, spoken(s.since))
		return
	}
	if p.SuccessorOf != "" && p.Since != nil {
		if c.today < *p.Since {
			o.failed(finding.RecipientSuperseded, "correct recipient.since, or wait until that day",
				"%s takes the place of %s only on %s", p.Name, p.SuccessorOf, spoken(*p.Since))
			return
		}
		o.passed(fmt.Sprintf("%s, which followed %s on %s", p.Name, p.SuccessorOf, spoken(*p.Since)))
		return
	}
	o.passed(p.Name)
}

func (c *checking) assurance(o *outcome) {
	if s := c.a.Recipient.Assurance; s != nil {
		o.passed(s.Kind + " " + s.Ref)
		return
	}
	o.failed(finding.AgreementIncomplete, "write recipient.assurance: {kind: …, ref: …, expires: …}: the certificate or accreditation that shows it",
		"the agreement does not say what shows that %s keeps the data safe", c.a.Recipient.Name)
}

func (c *checking) assuranceInDate(o *outcome) {
	switch s := c.a.Recipient.Assurance; {
	case s == nil:
		o.notApplicable("no assurance is stated")
	case s.Expires < c.today:
		o.failed(finding.RecipientAssuranceExpired, "ask the recipient for its new certificate, and make a version that names it under recipient.assurance",
			"the assurance of %s (%s %s) ran out on %s", c.a.Recipient.Name, s.Kind, s.Ref, spoken(s.Expires))
	default:
		o.passed(fmt.Sprintf("%s %s, until %s", s.Kind, s.Ref, spoken(s.Expires)))
	}
}

// setting: the secure profile releases what only a research environment may hold.
func (c *checking) setting(o *outcome) {
	profile, setting := c.a.Release.Profile, c.a.Recipient.Setting
	if profile == "secure" && setting == "managed" {
		o.failed(finding.ProfileMismatch, "write release.profile: partner (or wide), or recipient.setting: secure where the recipient works in an accredited or trusted research environment",
			"the release profile secure is for research environments, and %s works in an environment of its own", c.a.Recipient.Name)
		return
	}
	o.passed("profile " + profile + ", setting " + setting)
}

func (c *checking) rights(o *outcome) {
	o.stated(c.a.Rights.Contact, "write rights: {contact: …, objection_hours: …}: who answers families who use their rights",
		"the agreement does not say who answers families who use their rights")
}

func (c *checking) incident(o *outcome) {
	i := c.a.Incident
	text := ""
	if i.Contact != "" && i.Hours > 0 {
		text = fmt.Sprintf("%s, within %d hours", i.Contact, i.Hours)
	}
	o.stated(text, "write incident: {contact: …, hours: …}: whom the recipient tells of an incident, and within how many hours",
		"the agreement does not say who is told of an incident, and how soon")
}

func (c *checking) contacts(o *outcome) {
	var missing []string
	for _, contact := range []struct{ key, value string }{
		{"owner", c.a.Contacts.Owner}, {"recipient_lead", c.a.Contacts.RecipientLead}, {"recipient_dpo", c.a.Contacts.RecipientDPO},
	} {
		if contact.value == "" {
			missing = append(missing, contact.key)
		}
	}
	if len(missing) > 0 {
		o.failed(finding.AgreementIncomplete, "write under contacts: "+strings.Join(missing, ", "),
			"the agreement does not say whom to ring up: %s missing under contacts", and(missing))
		return
	}
	o.passed(c.a.Contacts.Owner + "; " + c.a.Contacts.RecipientLead + "; " + c.a.Contacts.RecipientDPO)
}

// reasons: only what is needed leaves, and somebody has said of each column why it is.
func (c *checking) reasons(o *outcome) {
	var missing []string
	columns := 0
	for _, t := range c.a.Tables {
		for _, column := range t.Columns {
			columns++
			if column.Why == "" {
				missing = append(missing, t.ID+"."+column.Name)
			}
		}
	}
	if len(missing) > 0 {
		o.failed(finding.AgreementIncomplete, "write why: in each of these columns, or take out those that nobody needs",
			"the agreement does not say why these columns are needed: %s", and(missing))
		return
	}
	o.passed(fmt.Sprintf("%d columns of %d tables", columns, len(c.a.Tables)))
}
