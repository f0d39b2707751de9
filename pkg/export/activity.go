package export

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/agreement"
)

// NotStated stands where an agreement says nothing.
const NotStated = "not stated"

// NotDecided stands for the state of an agreement where the people who decide could not be made out.
const NotDecided = "not decided"

// Activity is the entry of one agreement in the council's record of processing activities (UK GDPR Article 30(1)). Each
// text is one line; a field that the agreement says nothing of is NotStated.
type Activity struct {
	Agreement string `json:"agreement"`
	Version   int    `json:"version"`
	Title     string `json:"title"`

	// What Article 30(1) asks for, in the order in which the Information Commissioner's template for controllers asks.
	Controller      string   `json:"controller"`       // name and contact: (a)
	JointController string   `json:"joint_controller"` // the arrangement, where there is one: (a)
	DPO             string   `json:"data_protection_officer"`
	Purpose         []string `json:"purpose"`     // (b)
	Individuals     string   `json:"individuals"` // categories: (c)
	Data            []string `json:"personal_data"`
	Recipients      []string `json:"recipients"` // (d)
	Transfers       string   `json:"transfers"`  // out of the United Kingdom: (e)
	Safeguards      string   `json:"transfer_safeguards"`
	Retention       []string `json:"retention"` // (f)
	Security        []string `json:"security"`  // (g)

	// What the template asks beside it.
	LawfulBasis     string   `json:"lawful_basis"`
	SpecialCategory string   `json:"special_category"`
	CriminalOffence string   `json:"criminal_offence"`
	DPIA            string   `json:"impact_assessment"`
	Notice          string   `json:"privacy_notice"`
	Rights          []string `json:"rights"`
	State           string   `json:"state"`
	Period          string   `json:"period"`
	Decisions       []string `json:"decisions"`
}

// Reference names the agreement and its version.
func (a Activity) Reference() string { return versionOf(a.Agreement, int64(a.Version)) }

// Fact is one field of an activity as people read it.
type Fact struct {
	Key    string   // of a column: lower case, with underscores
	Label  string   // a few words
	Values []string // each a line
}

// Facts lists the fields in the order of the template.
func (a Activity) Facts() []Fact {
	one := func(s string) []string { return []string{orNotStated(s)} }
	return []Fact{
		{"controller", "Controller and contact", one(a.Controller)},
		{"joint_controller", "Joint controllers", one(a.JointController)},
		{"data_protection_officer", "Data Protection Officer", one(a.DPO)},
		{"purpose", "Purpose", a.Purpose},
		{"individuals", "Categories of individuals", one(a.Individuals)},
		{"personal_data", "Categories of personal data", a.Data},
		{"recipients", "Categories of recipients", a.Recipients},
		{"transfers", "Transfers to other countries", one(a.Transfers)},
		{"transfer_safeguards", "Safeguards of such transfers", one(a.Safeguards)},
		{"retention", "Retention", a.Retention},
		{"security", "Security measures", a.Security},
		{"lawful_basis", "Lawful basis (Article 6)", one(a.LawfulBasis)},
		{"special_category", "Special category (Article 9)", one(a.SpecialCategory)},
		{"criminal_offence", "Criminal offences (Art. 10)", one(a.CriminalOffence)},
		{"impact_assessment", "Impact assessment (DPIA)", one(a.DPIA)},
		{"privacy_notice", "Privacy notice", one(a.Notice)},
		{"rights", "Rights of the individuals", a.Rights},
		{"state", "State of the agreement", one(a.State)},
		{"period", "Period of sharing", one(a.Period)},
		{"decisions", "Decisions", a.Decisions},
	}
}

// decidedUpon reports whether a state is one that people brought an agreement to.
func decidedUpon(state string) bool {
	return state != NotDecided && state != string(agreement.Draft) && state != string(agreement.Submitted)
}

// orNotStated is a text, or NotStated.
func orNotStated(text string) string {
	if text = oneLine(text); text != "" {
		return text
	}
	return NotStated
}

// joinClauses joins what is stated of several things.
func joinClauses(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = oneLine(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "; ")
}

// prefixed puts a word or two before a text, and nothing before nothing.
func prefixed(before, text string) string {
	if oneLine(text) == "" {
		return ""
	}
	return before + text
}

// each changes every text of an activity.
func (a *Activity) each(change func(string) string) {
	for _, text := range []*string{
		&a.Title, &a.Controller, &a.JointController, &a.DPO, &a.Individuals, &a.Transfers, &a.Safeguards,
		&a.LawfulBasis, &a.SpecialCategory, &a.CriminalOffence, &a.DPIA, &a.Notice, &a.State, &a.Period,
	} {
		*text = change(*text)
	}
	for _, list := range [][]string{a.Purpose, a.Data, a.Recipients, a.Retention, a.Security, a.Rights, a.Decisions} {
		for i := range list {
			list[i] = change(list[i])
		}
	}
}
