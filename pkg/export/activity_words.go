package export

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// wording puts the fields of an agreement into plain words.
type wording struct {
	a         *agreement.Agreement
	catalogue *dataset.Catalogue
	public    bool // without what is about a person
}

func (w wording) controller() string {
	c := w.a.Controller
	return joinClauses(c.Name, c.Address, prefixed("registered with the ICO as ", c.Registration))
}

func (w wording) joint() string {
	c := w.a.Controller
	switch c.Role {
	case "":
		return NotStated
	case "joint":
		return joinClauses("jointly with "+w.a.Recipient.Name, prefixed("arrangement ", c.Arrangement))
	case "independent":
		return "none: council and recipient each decide for themselves"
	default:
		return "none"
	}
}

func (w wording) purpose() []string {
	p := w.a.Purpose
	out := []string{orNotStated(p.Text), "kind of purpose: " + orNotStated(strings.ReplaceAll(p.Code, "-", " "))}
	for _, more := range []string{prefixed("who benefits, and how: ", p.Benefits), prefixed("why it needs data about people: ", p.Necessity)} {
		if more != "" {
			out = append(out, more)
		}
	}
	return out
}

func (w wording) lawfulBasis() string {
	l := w.a.LawfulBasis
	return joinClauses(prefixed("UK GDPR Article ", l.Article6), l.Power,
		prefixed("the duty of confidence is met by: ", strings.ReplaceAll(w.a.Confidentiality.Basis, "-", " ")))
}

func (w wording) individuals() string {
	who := "children and young people whom the council's records in the tables below are about"
	if c := w.a.Cohort; c != nil {
		who = "children and young people with an entry in the council's records of " + w.tableName(c.Table) + " that meets the agreement's conditions"
	}
	switch n := w.a.Subjects.Children; {
	case n == 0:
		return who
	case n < 10:
		return who + "; fewer than 10 are expected"
	default:
		return who + "; about " + withCommas(n) + " are expected"
	}
}

// withCommas writes 4,912.
func withCommas(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (w wording) recipients() []string {
	r := w.a.Recipient
	setting := "a secure research environment"
	if r.Setting == "managed" {
		setting = "an environment of its own"
	}
	out := []string{joinClauses(r.Name+", as a "+r.Role+", in "+setting, prefixed("registered as ", r.Registration), prefixed("contract ", r.Contract),
		prefixed("successor of ", r.SuccessorOf), prefixed("its own notice: ", r.Notice))}
	if len(w.a.Onward) == 0 {
		out = append(out, "nobody else: it may not be passed on")
	}
	for _, o := range w.a.Onward {
		out = append(out, joinClauses(o.Name, prefixed("why: ", o.Why)))
	}
	if x := w.a.Archive; x != nil {
		out = append(out, joinClauses("archive: "+x.Place, prefixed("why: ", x.Why), prefixed("done first: ", x.Treatment)))
	}
	return out
}

// countryName says where a place is.
func countryName(code string) string {
	if code == "GB" {
		return "the United Kingdom"
	}
	return oneLine(code)
}

func (w wording) abroad() bool {
	return slices.ContainsFunc(w.a.Transfer.Locations, func(code string) bool { return code != "GB" })
}

func (w wording) transfers() string {
	if !w.abroad() {
		return "none: held in the United Kingdom only"
	}
	var places []string
	for _, code := range w.a.Transfer.Locations {
		places = append(places, countryName(code))
	}
	return "held in " + sayList(places)
}

func (w wording) safeguards() string {
	t := w.a.Transfer
	if !w.abroad() {
		return "not needed"
	}
	mechanism := map[string]string{
		"adequacy": "adequacy regulations", "idta": "International Data Transfer Agreement", "addendum": "UK Addendum to the EU standard clauses",
	}[t.Mechanism]
	return orNotStated(joinClauses(mechanism, prefixed("assessment ", t.Assessment), prefixed("advice of the ICO ", t.Advice)))
}

func (w wording) retention() []string {
	r := w.a.Retention
	out := []string{"each delivery stays in the council's store for " + countedNoun(r.BucketDays, "day"), "the recipient destroys every copy by " + spokenDay(r.RecipientUntil)}
	if r.Destruction != "" {
		out = append(out, "how it is destroyed: "+oneLine(r.Destruction))
	}
	if r.CertificateDays > 0 {
		out = append(out, "the recipient certifies that within "+countedNoun(r.CertificateDays, "day"))
	}
	return out
}

func (w wording) security() []string {
	out := []string{
		"names, addresses, dates of birth and free text never leave; the numbers that follow a person leave only as codes, made with a secret key that the council keeps",
		"each delivery is signed, and held to the agreement before it leaves",
	}
	for _, p := range w.a.Security.Stores {
		place := "a folder"
		if p.Kind == "bucket" {
			place = "a bucket" + prefixed(" of the region ", p.Region)
		}
		out = append(out, oneLine("stored in "+place+" in "+countryName(p.Country)))
	}
	s := w.a.Security
	if len(s.Stores) == 0 {
		out = append(out, "where drops are stored: "+NotStated)
	}
	for _, more := range []string{prefixed("how the recipient's people prove who they are: ", s.Access), prefixed("also agreed: ", s.Measure)} {
		if more != "" {
			out = append(out, oneLine(more))
		}
	}
	if x := w.a.Recipient.Assurance; x != nil {
		out = append(out, joinClauses("the recipient's assurance: "+assuranceSaid(x.Kind), x.Ref, "until "+spokenDay(x.Expires)))
	}
	return out
}

// assuranceSaid names a kind of assurance as it names itself.
func assuranceSaid(kind string) string {
	switch kind {
	case "cyber-essentials-plus":
		return "Cyber Essentials Plus"
	case "iso-27001":
		return "ISO/IEC 27001"
	case "dspt":
		return "NHS Data Security and Protection Toolkit"
	default:
		return strings.ReplaceAll(kind, "-", " ")
	}
}

func (w wording) dpia() string {
	d := w.a.DPIA
	return joinClauses(d.Ref, prefixed("version ", d.Version), datedWords("of ", d.Date), prefixed("risk that remains: ", d.ResidualRisk), prefixed("ICO consulted: ", d.Article36),
		"to be reviewed by "+spokenDay(d.ReviewBy))
}

func datedWords(before string, d *civil.Date) string {
	if d == nil {
		return ""
	}
	return before + spokenDay(*d)
}

func (w wording) rights() []string {
	r := w.a.Rights
	out := []string{"answered by: " + orNotStated(r.Contact)}
	if w.public {
		out[0] = "answered by the council, in the way that its privacy notice says"
	}
	if r.ObjectionHours > 0 {
		out = append(out, "an objection keeps a child out of deliveries within "+countedNoun(r.ObjectionHours, "hour"))
	}
	if r.Exemptions != "" {
		out = append(out, "exemptions relied on: "+oneLine(r.Exemptions))
	}
	if w.a.LawfulBasis.Article6 != "6(1)(a)" {
		out = append(out, "consent is not the basis: families may object, and may ask to see, correct, restrict or erase")
	}
	return out
}

// decision says what was decided, and when; who did it and what they wrote, where it is not for everybody.
func (w wording) decision(c agreement.Considered) string {
	d := c.Decision
	who := "the " + roleSaid(string(d.Role))
	if !w.public {
		who = oneLine(c.Name) + " (" + roleSaid(string(d.Role)) + ")"
	}
	what := verbSaid(string(d.Verb))
	if !d.Verb.IsAdvice() {
		what, _, _ = strings.Cut(what, ":")
	}
	text := d.Time.UTC().Format("2 January 2006")
	if day, err := civil.On(d.Time); err == nil { // the day in England
		text = spokenDay(day)
	}
	text += ": " + what + ", by " + who
	if w.public || d.Reason == "" {
		return text
	}
	return text + ": " + oneLine(d.Reason)
}
