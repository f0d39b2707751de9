package agreement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

func (s *show) why() {
	a := s.a
	s.section("Why, and on what basis")
	s.item("purpose", "%s: %s", a.Purpose.Code, a.Purpose.Text)
	s.stated("good for", "%s", a.Purpose.Benefits)
	s.stated("why not totals", "%s", a.Purpose.Necessity)
	basis := a.LawfulBasis
	s.item("lawful basis", "UK GDPR Article %s; %s", basis.Article6, orNot(basis.Power))
	if basis.Article9 != "" || basis.Schedule1 != "" {
		s.item("special category", "UK GDPR Article %s; Data Protection Act 2018 Schedule 1, %s", orNot(basis.Article9), orNot(basis.Schedule1))
	}
	s.stated("policy document", "%s", basis.PolicyDocument)
	s.stated("criminal offences", "UK GDPR Article 10; %s", basis.Article10)
	if c := a.Confidentiality; c.Basis != "" {
		s.item("confidence", "kept: %s", inWords(c.Basis, map[string]string{
			"public-task": "the council shares as its public task asks, with safeguards", "consent": "those whom it is about agreed",
			"section-251": "the Secretary of State allowed it (section 251)",
		}))
		s.stated("", "the Caldicott Guardian's reference: %s", c.Caldicott)
	}
	if r := a.Research; r != nil {
		s.item("research", "%s", r.Necessity)
		s.item("", "promised: %s", orNot(strings.Join(safeguards(r), "; ")))
		s.stated("", "ethics approval: %s", r.Ethics)
		s.stated("", "protocol: %s", r.Protocol)
		s.stated("", "registration: %s", r.Registration)
	}
	s.item("impact assessment", "%s, to be reviewed by %s", assessmentInWords(a.DPIA), spoken(a.DPIA.ReviewBy))
	s.stated("", "the risk that is left: %s", a.DPIA.ResidualRisk)
	s.stated("", "the Information Commissioner answered: %s", a.DPIA.Article36)
	opt := a.NationalDataOptOut
	s.item("national opt-out", "%s: %s", orNot(strings.ReplaceAll(opt.Determination, "_", " ")), orNot(opt.Reason))
	if opt.DecidedBy != "" {
		s.item("", "determined by %s on %s", opt.DecidedBy, dayOr(opt.Date))
	}
	if opt.Reference != "" {
		s.item("", "checked: %s, which counts until %s", opt.Reference, dayOr(opt.Until))
	}
}

func assessmentInWords(d DPIA) string {
	text := d.Ref
	if d.Version != "" {
		text += " version " + d.Version
	}
	if d.Date != nil {
		text += " of " + spoken(*d.Date)
	}
	return text
}

func (s *show) told() {
	n := s.a.PrivacyNotice
	s.section("What families are told")
	s.item("families are told", "at %s, of: %s", n.URL, strings.Join(n.Covers, ", "))
	if n.Reviewed != nil {
		s.item("", "the council last reviewed that notice on %s", spoken(*n.Reviewed))
	}
	if n.Text != "" {
		s.item("", "its words: %s, SHA-256 %s", n.Text, orNot(n.SHA256))
	}
	for _, answer := range n.Answers {
		s.item("answered", "%s: %s", answer.Point, answer.Text)
	}
}

func (s *show) howLong() {
	a := s.a
	s.section("How long")
	s.item("drops", "from %s to %s, %s, at most %d a month", spoken(a.Period.ShareFrom), spoken(a.Period.ShareTo),
		a.Frequency.Schedule, a.Frequency.MaxDropsPerMonth)
	s.stated("so long because", "%s", a.Period.TermReason)
	s.item("about", "events from %s to %s", spoken(a.Period.DataFrom), spoken(a.Period.DataTo))
	s.item("kept", "%d days in the store; destroyed by the recipient by %s", a.Retention.BucketDays, spoken(a.Retention.RecipientUntil))
	s.stated("destroyed how", "%s", a.Retention.Destruction)
	if days := a.Retention.CertificateDays; days > 0 {
		s.item("", "the recipient certifies that within %d days", days)
	}
	s.item("looked at again", "by %s", dayOr(a.Review.By))
}

func (s *show) whereTo() {
	a := s.a
	s.section("Where it goes")
	for _, place := range stores(a) {
		s.item("sent through", "%s", place)
	}
	s.item("held in", "%s", strings.Join(a.Transfer.Locations, ", "))
	s.stated("", "protected abroad by: %s", a.Transfer.Mechanism)
	s.stated("", "test of the transfer: %s", a.Transfer.Assessment)
	s.stated("", "the Information Commissioner advised: %s", a.Transfer.Advice)
	s.stated("who may open it", "%s", a.Security.Access)
	s.stated("kept secure by", "%s", a.Security.Measure)
	s.item("forbidden", "%s", strings.Join(a.Prohibitions, ", "))
}

func (s *show) rights() {
	a := s.a
	s.section("Rights, incidents and whom to ring up")
	s.item("rights", "families ask %s", orNot(a.Rights.Contact))
	if h := a.Rights.ObjectionHours; h > 0 {
		s.item("", "who objects is left out of what is sent, within %d hours", h)
	}
	s.stated("", "exemptions relied on: %s", a.Rights.Exemptions)
	if h := a.Incident.Hours; h > 0 {
		s.item("incident", "the recipient tells %s within %d hours", orNot(a.Incident.Contact), h)
	} else {
		s.item("incident", "the recipient tells %s", orNot(a.Incident.Contact))
	}
	s.stated("council's owner", "%s", a.Contacts.Owner)
	s.stated("council's analyst", "%s", a.Contacts.Analyst)
	s.stated("recipient's lead", "%s", a.Contacts.RecipientLead)
	s.stated("recipient's DPO", "%s", a.Contacts.RecipientDPO)
	s.stated("out of hours", "%s", a.Contacts.OutOfHours)
}

func (s *show) care() {
	a := s.a
	s.section("With what care")
	unusable := "the row leaves without one"
	switch {
	case a.Pseudonyms.OnUnusable == OnUnusableQuarantine:
		unusable = "the row is kept back"
	case a.Cohort != nil:
		unusable = "the row leaves without one (if it is the child's the row is kept back, since nobody can tell whether " +
			"the child is one of those below)"
	}
	s.item("codes", "names and numbers are replaced with a code only the council can undo (code key, version %d, scheme %s)",
		a.Pseudonyms.Epoch, a.Pseudonyms.Scheme)
	s.item("", "where a number cannot be used %s, and a run with more than %s%% of them stops", unusable, percent(a.Pseudonyms.MaxUnusable))
	s.item("children", "%s", s.cohort())
	if l := a.Linkage; l != (Linkage{}) {
		s.item("schools", "pupils are found to be these children by their pupil numbers, which stay inside the gateway; a run stops that finds "+
			"fewer than %s%% of the children on a school's roll", percent(l.Pupils))
		if l.Returns > 0 {
			s.item("", "a run also stops that finds fewer than %s%% of one return's children in the other return of the same years", percent(l.Returns))
		}
	}
	s.choices()
	s.item("release profile", "%s", a.Release.Profile)
	if len(a.Release.QuasiIdentifiers) > 0 {
		s.item("", "beside the columns that single a child out by their class: %s", strings.Join(a.Release.QuasiIdentifiers, ", "))
	}
	for _, e := range a.IndexEvents {
		s.item("days counted from", "%s: the %s %s of the child in %s", e.Name, e.Pick, e.Column, e.Table)
	}
}

// percent writes a share without trailing zeros.
func percent(share float64) string {
	text := fmt.Sprintf("%.4f", 100*share)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func (s *show) cohort() string {
	if s.a.Cohort == nil {
		return "every child in the tables below"
	}
	return s.a.Cohort.inWords() + "; every table keeps only these children"
}

// inWords says which children are shared.
func (c *Cohort) inWords() string {
	text := "those in " + c.Table
	for i := range c.Where {
		join := " with "
		if i > 0 {
			join = " and "
		}
		text += join + c.Where[i].inWords()
	}
	return text
}

func (c *Condition) inWords() string {
	text := c.Column
	if c.From != nil {
		text += " from " + spoken(*c.From)
	}
	if c.To != nil {
		text += " to " + spoken(*c.To)
	}
	if len(c.In) > 0 {
		text += " " + either(c.In)
	}
	return text
}

func (s *show) items() {
	s.section("What leaves")
	s.line("What leaves is personal data. Names and numbers are replaced with a code only the council can undo, and someone")
	s.line("who knows a child well may still recognise the child. Nothing that is not listed here leaves.")
	for i := range s.a.Tables {
		s.table(&s.a.Tables[i])
	}
}

func (s *show) table(t *Table) {
	definition := s.catalogue.Table(t.ID)
	s.line("\n  %s", t.ID)
	if definition != nil {
		s.say("%s", definition.Meaning)
	}
	if !slices.Contains(s.a.PrivacyNotice.Covers, t.ID) {
		s.say("NOT IN THE PRIVACY NOTICE")
	}
	for i := range t.Columns {
		s.column(&t.Columns[i], sourceOf(definition, &t.Columns[i]))
	}
}

// column writes one item. What it is measured by is its source's class.
func (s *show) column(c *Column, source *dataset.Column) {
	detail := func(label, text string) {
		s.wrapped(fmt.Sprintf("      %-9s ", label), strings.Repeat(" ", 16), text)
	}
	s.line("\n    %s", c.Name)
	switch {
	case source == nil && c.From != "":
		detail("from", c.From)
	case source != nil:
		detail("from", fmt.Sprintf("%s: %s", source.Name, source.Meaning))
		detail("class", classInWords(source.Class))
	}
	detail("leaves", Leaves(c.Treatment, source))
	detail("why", orNot(c.Why))
	if c.JointFineness != "" {
		detail("together", c.JointFineness)
	}
}

// classInWords says what a column can do to the child behind it.
func classInWords(c dataset.Class) string {
	switch c {
	case dataset.LinkageIdentifier:
		return "follows a child through tables (linkage-identifier)"
	case dataset.QuasiIdentifier:
		return "can single a child out together with others (quasi-identifier)"
	case dataset.SpecialCategory:
		return "SPECIAL CATEGORY of personal data, UK GDPR Article 9"
	case dataset.CriminalOffence:
		return "CRIMINAL-OFFENCE DATA, UK GDPR Article 10"
	case dataset.Sensitive:
		return "sensitive"
	case dataset.Ordinary:
		return "about the return rather than the child (ordinary)"
	default:
		return string(c)
	}
}

// Leaves says what leaves of a column, in the words that people use: InWords, but for codes.
func Leaves(t Treatment, source *dataset.Column) string {
	if t.Kind == dataset.Pseudonym {
		return "a code only the council can undo, instead of the number"
	}
	return t.InWords(source)
}
