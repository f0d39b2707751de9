package agreement

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// ShowText writes an agreement so that a Data Protection Officer can read it aloud: what is to be decided, what stands in
// the way of it, and then who, why, on what basis, how long, where, and of every table and column what it is, how it is
// changed and what leaves. status may be nil; the checks are those of Agreement.Checks, and none are shown without.
//
// The output depends on nothing else; the error is w's.
func ShowText(w io.Writer, a *Agreement, catalogue *dataset.Catalogue, status *Status, checks ...finding.Check) error {
	s := &show{catalogue: catalogue, a: a}
	s.line("%s", a.Title)
	s.line("%s, version %d", a.ID, a.Version)
	s.line("SHA-256 %x", a.SHA256)
	s.question(status)
	s.exceptions(status, checks)
	s.checks(checks)
	if status != nil {
		s.status(status)
	}
	s.who()
	s.whoElse()
	s.why()
	s.told()
	s.howLong()
	s.whereTo()
	s.rights()
	s.care()
	s.items()
	if _, err := w.Write(s.b.Bytes()); err != nil {
		return fmt.Errorf("show agreement: %w", err)
	}
	return nil
}

type show struct {
	page
	catalogue *dataset.Catalogue
	a         *Agreement
}

func (s *show) section(title string) { s.line("\n%s", title) }

// item writes a labelled sentence, over as many lines as it needs.
func (s *show) item(label, format string, args ...any) {
	s.wrapped(fmt.Sprintf("  %-18s ", label), strings.Repeat(" ", 21), fmt.Sprintf(format, args...))
}

// stated is item for what may not be stated: then there is no line.
func (s *show) stated(label, format, value string) {
	if value != "" {
		s.item(label, format, value)
	}
}

// say writes a sentence without a label.
func (s *show) say(format string, args ...any) {
	s.wrapped("  ", "  ", fmt.Sprintf(format, args...))
}

// question asks what there is to decide, or says what was decided.
func (s *show) question(status *Status) {
	a := s.a
	columns, special, offences := 0, 0, 0
	for i := range a.Tables {
		definition := s.catalogue.Table(a.Tables[i].ID)
		columns += len(a.Tables[i].Columns)
		for j := range a.Tables[i].Columns {
			switch source := sourceOf(definition, &a.Tables[i].Columns[j]); {
			case source == nil:
			case source.Class == dataset.SpecialCategory:
				special++
			case source.Class == dataset.CriminalOffence:
				offences++
			}
		}
	}
	about := ""
	if n := a.Subjects.Children; n > 0 {
		about = fmt.Sprintf(" about some %d children", n)
	}
	what := fmt.Sprintf("%s of %s%s with %s, %s, until %s", counted(columns, "item"), counted(len(a.Tables), "table"), about,
		a.Recipient.Name, scheduleInWords(a.Frequency.Schedule), spoken(a.Period.ShareTo))
	state := Draft
	if status != nil {
		state = status.State
	}
	s.section("What there is to decide")
	switch state {
	case Draft, Submitted:
		s.say("May %s share %s?", a.Controller.Name, what)
	case Approved, Active:
		s.say("It is decided. %s shares %s.", a.Controller.Name, what)
	default:
		s.say("Nothing is shared under it now. It was decided that %s shares %s.", a.Controller.Name, what)
	}
	if special > 0 {
		s.say("Of a special category (health, ethnic group and the like: UK GDPR Article 9): %s.", counted(special, "item"))
	}
	if offences > 0 {
		s.say("About criminal offences (UK GDPR Article 10): %s.", counted(offences, "item"))
	}
}

// exceptions are what somebody has to look at before anything else.
func (s *show) exceptions(status *Status, checks []finding.Check) {
	var lines []string
	if status != nil {
		s.conditions(status)
		for _, r := range status.Refusals {
			lines = append(lines, r.Error()+". "+capital(r.Hint)+".")
		}
	}
	for _, c := range checks {
		switch {
		case c.Outcome == finding.CheckFailed && c.Refusal != nil:
			line := c.Refusal.Error() + ". " + capital(c.Refusal.Hint) + "."
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		case c.Outcome == finding.CheckWarned:
			lines = append(lines, "Look at this: "+c.Name+": "+c.Evidence+".")
		}
	}
	for i := range s.a.Tables {
		if id := s.a.Tables[i].ID; len(checks) == 0 && !slices.Contains(s.a.PrivacyNotice.Covers, id) {
			lines = append(lines, "Families are not told: the notice does not cover "+id+", which leaves.")
		}
	}
	if len(lines) == 0 {
		return
	}
	s.section(counted(len(lines), "thing") + " to look at first")
	for i, line := range lines {
		s.wrapped(fmt.Sprintf("  %d. ", i+1), "     ", line)
	}
}

// conditions are those of the advice in force, and how they are met.
func (s *show) conditions(status *Status) {
	if status.Conditions == "" {
		return
	}
	s.section("The Data Protection Officer's conditions")
	s.say("%s", status.Conditions)
	for _, c := range slices.Backward(status.Decisions) {
		if c.Counts && c.Decision.Verb == AdviseWithConditions && c.Decision.Reason == status.Conditions {
			s.say("%s advised so on %s. The conditions must be met.", c.Name, spokenTime(c.Decision.Time))
			break
		}
	}
	if status.Met != "" {
		s.say("The approval says how: %s", status.Met)
	} else {
		s.say("No approval says yet how they are met.")
	}
}

// capital begins a sentence.
func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// checks counts how the checks ended: what failed or warned is told above.
func (s *show) checks(checks []finding.Check) {
	if len(checks) == 0 {
		return
	}
	s.section("Checks")
	s.say("%s", ChecksInWords(checks))
	for _, c := range checks {
		if c.Outcome == finding.CheckFailed || c.Outcome == finding.CheckWarned {
			s.say("%s: %s", c.Outcome, c.Name)
		}
	}
}

func (s *show) status(status *Status) {
	s.section("Where it stands")
	s.item("state", "%s", status.State)
	for _, c := range status.Decisions {
		switch {
		case c.Counts && c.Decision.Reason != "":
			s.item("decided", "%s: %s by %s, %s: %s", spokenTime(c.Decision.Time), c.Decision.Verb, c.Name, roleInWords(c.Decision.Role), c.Decision.Reason)
		case c.Counts:
			s.item("decided", "%s: %s by %s, %s", spokenTime(c.Decision.Time), c.Decision.Verb, c.Name, roleInWords(c.Decision.Role))
		default:
			s.item("not counted", "%s: %s", c.File, c.Why)
		}
	}
}

func (s *show) who() {
	c, r := s.a.Controller, s.a.Recipient
	s.section("Who")
	s.item("from", "%s (%s); data protection officer: %s", c.Name, c.LACode, c.DPO)
	s.stated("", "%s", inWords(c.Role, map[string]string{
		"joint": "it decides together with the recipient what the data are used for", "sole": "it alone decides what the data are used for",
		"independent": "it decides for itself what it uses the data for, and so does the recipient",
	}))
	s.stated("", "arrangement between the controllers: %s", c.Arrangement)
	s.stated("", "registered with the Information Commissioner as %s", c.Registration)
	s.stated("", "address: %s", c.Address)
	setting := "in a secure research environment"
	if r.Setting == "managed" {
		setting = "in an environment of its own"
	}
	s.item("to", "%s, as a %s, %s; contact: %s", r.Name, r.Role, setting, r.Contact)
	if r.SuccessorOf != "" {
		since := ""
		if r.Since != nil {
			since = " since " + spoken(*r.Since)
		}
		s.item("", "it has taken the place of %s%s", r.SuccessorOf, since)
	}
	s.stated("", "registered as %s", r.Registration)
	s.stated("", "under contract %s", r.Contract)
	s.stated("", "it tells families what it does at %s", r.Notice)
	if r.Assurance != nil {
		s.item("kept safe", "shown by %s", assured(r.Assurance))
	}
	for _, p := range r.People {
		s.item("person", "%s (%s)%s", p.Name, p.Contact, accredited(p))
	}
	if p := s.a.Programme; p != nil {
		s.item("programme", "part of %s, whose list of councils is signed with key %s", p.ID, p.Key)
	}
}

// inWords is a word in other words; a word that there are none for stays.
func inWords(word string, words map[string]string) string {
	if other := words[word]; other != "" {
		return other
	}
	return word
}

func accredited(p NamedPerson) string {
	text := ""
	if p.Accreditation != "" {
		text += ", accredited as " + p.Accreditation
	}
	if p.Until != nil {
		text += " until " + spoken(*p.Until)
	}
	return text
}

func orNot(text string) string {
	if text == "" {
		return "not stated"
	}
	return text
}

func (s *show) whoElse() {
	s.section("Who else sees it")
	if len(s.a.Onward) == 0 {
		s.item("passed on to", "nobody")
	}
	for _, o := range s.a.Onward {
		s.item("passed on to", "%s: %s", o.Name, o.Why)
	}
	if a := s.a.Archive; a != nil {
		s.item("archived", "in %s: %s; first: %s", a.Place, a.Why, a.Treatment)
	} else {
		s.item("archived", "nowhere")
	}
}

func scheduleInWords(schedule string) string {
	return inWords(schedule, map[string]string{
		"daily": "every day", "weekly": "every week", "monthly": "every month", "quarterly": "every three months", "yearly": "every year",
	})
}

func assuranceInWords(kind string) string {
	return inWords(kind, map[string]string{
		"cyber-essentials-plus": "Cyber Essentials Plus", "iso-27001": "ISO 27001", "dspt": "the Data Security and Protection Toolkit",
		"accredited-environment": "an accredited research environment",
	})
}

// placeInWords says where deliveries may lie.
func placeInWords(p Place) string {
	text := "a " + p.Kind
	switch {
	case p.Bucket != "":
		text += " named " + p.Bucket
	case p.Kind == PlaceBucket:
		text = "any bucket"
	}
	if p.Region != "" {
		text += ", region " + p.Region
	}
	if p.Endpoint != "" {
		text += ", at " + p.Endpoint
	}
	return text + ", in " + p.Country
}

// dayOr is a day, or that it is not stated.
func dayOr(d *civil.Date) string { return orNot(spokenOr(d)) }

// ChecksInWords counts how checks ended: 17 passed · 1 failed · 1 warned.
func ChecksInWords(checks []finding.Check) string {
	count := make(map[finding.CheckOutcome]int)
	for _, c := range checks {
		count[c.Outcome]++
	}
	text := fmt.Sprintf("%d passed · %d failed · %d warned", count[finding.CheckPassed], count[finding.CheckFailed], count[finding.CheckWarned])
	if n := count[finding.CheckNotApplicable]; n > 0 {
		text += fmt.Sprintf(" · %d not applicable", n)
	}
	return text
}
