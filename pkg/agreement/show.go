package agreement

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// ShowText writes an agreement so that a Data Protection Officer can read it aloud: who, why, on what basis, how long,
// where, and of every table and column what it is, how it is changed and what leaves. status may be nil.
//
// The output depends on nothing else; the error is w's.
func ShowText(w io.Writer, a *Agreement, catalogue *dataset.Catalogue, status *Status) error {
	s := &show{catalogue: catalogue, a: a}
	s.line("%s", a.Title)
	s.line("%s, version %d", a.ID, a.Version)
	s.line("SHA-256 %x", a.SHA256)
	if status != nil {
		s.status(status)
	}
	s.parties()
	s.period()
	s.care()
	s.section("What leaves")
	s.line("What leaves is personal data: pseudonymised, and about identifiable children to whoever knows enough.")
	for i := range a.Tables {
		s.table(&a.Tables[i])
	}
	_, err := w.Write(s.b.Bytes())
	if err != nil {
		return fmt.Errorf("show agreement: %w", err)
	}
	return nil
}

type show struct {
	b         bytes.Buffer
	catalogue *dataset.Catalogue
	a         *Agreement
}

func (s *show) line(format string, args ...any) {
	fmt.Fprintf(&s.b, format+"\n", args...)
}

func (s *show) section(title string) { s.line("\n%s", title) }

func (s *show) item(label, format string, args ...any) {
	s.line("  %-18s %s", label, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " "))
}

func (s *show) status(status *Status) {
	s.section("Where it stands")
	s.item("state", "%s", status.State)
	for _, r := range status.Refusals {
		s.item("refused", "%s", r.Error())
	}
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

func (s *show) parties() {
	a := s.a
	s.section("Who")
	s.item("from", "%s (%s); data protection officer: %s", a.Controller.Name, a.Controller.LACode, a.Controller.DPO)
	setting := "in a secure research environment"
	if a.Recipient.Setting == "managed" {
		setting = "in an environment of its own"
	}
	s.item("to", "%s, as a %s, %s; contact: %s", a.Recipient.Name, a.Recipient.Role, setting, a.Recipient.Contact)

	s.section("Why, and on what basis")
	s.item("purpose", "%s: %s", a.Purpose.Code, a.Purpose.Text)
	s.item("lawful basis", "UK GDPR Article %s; %s", a.LawfulBasis.Article6, a.LawfulBasis.Power)
	if a.LawfulBasis.Article9 != "" || a.LawfulBasis.Schedule1 != "" {
		s.item("special category", "UK GDPR Article %s; Data Protection Act 2018 Schedule 1, %s", a.LawfulBasis.Article9, a.LawfulBasis.Schedule1)
	}
	if a.LawfulBasis.Article10 != "" {
		s.item("criminal offences", "UK GDPR Article 10; %s", a.LawfulBasis.Article10)
	}
	s.item("impact assessment", "%s, to be reviewed by %s", a.DPIA.Ref, spoken(a.DPIA.ReviewBy))
	s.item("families are told", "%s, of: %s", a.PrivacyNotice.URL, strings.Join(a.PrivacyNotice.Covers, ", "))
	for _, t := range a.Tables {
		if !slices.Contains(a.PrivacyNotice.Covers, t.ID) {
			s.item("not told", "the notice does not cover %s, which leaves", t.ID)
		}
	}
	s.item("national opt-out", "%s: %s", strings.ReplaceAll(a.NationalDataOptOut.Determination, "_", " "), a.NationalDataOptOut.Reason)
}

func (s *show) period() {
	a := s.a
	s.section("How long, and where")
	s.item("drops", "from %s to %s, %s, at most %d a month", spoken(a.Period.ShareFrom), spoken(a.Period.ShareTo),
		a.Frequency.Schedule, a.Frequency.MaxDropsPerMonth)
	if a.Period.TermReason != "" {
		s.item("so long because", "%s", a.Period.TermReason)
	}
	s.item("about", "events from %s to %s", spoken(a.Period.DataFrom), spoken(a.Period.DataTo))
	s.item("kept", "%d days in the store; destroyed by the recipient by %s", a.Retention.BucketDays, spoken(a.Retention.RecipientUntil))
	s.item("where", "%s", strings.Join(a.Transfer.Locations, ", "))
	s.item("forbidden", "%s", strings.Join(a.Prohibitions, ", "))
}

func (s *show) care() {
	a := s.a
	s.section("How")
	unusable := "the row leaves without one"
	switch {
	case a.Pseudonyms.OnUnusable == OnUnusableQuarantine:
		unusable = "the row is kept back"
	case a.Cohort != nil:
		unusable = "the row leaves without one (if it is the child's the row is kept back, since nobody can tell whether " +
			"the child is one of those below)"
	}
	s.item("pseudonyms", "scheme %s, key epoch %d; where an identifier cannot be used %s, and a run with more than %s%% of them stops",
		a.Pseudonyms.Scheme, a.Pseudonyms.Epoch, unusable, percent(a.Pseudonyms.MaxUnusable))
	s.item("children", "%s", s.cohort())
	if l := a.Linkage; l != (Linkage{}) {
		s.item("schools", "pupils are found to be these children by their pupil numbers, which stay inside the gateway; a run stops that finds "+
			"fewer than %s%% of the children on a school's roll", percent(l.Pupils))
		if l.Returns > 0 {
			s.item("", "a run also stops that finds fewer than %s%% of one return's children in the other return of the same years", percent(l.Returns))
		}
	}
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
	c := s.a.Cohort
	if c == nil {
		return "every child in the tables below"
	}
	text := "those in " + c.Table
	for i, w := range c.Where {
		join := " with "
		if i > 0 {
			join = " and "
		}
		text += join + w.Column
		if w.From != nil {
			text += " from " + spoken(*w.From)
		}
		if w.To != nil {
			text += " to " + spoken(*w.To)
		}
		if len(w.In) > 0 {
			text += " " + either(w.In)
		}
	}
	return text + "; every table keeps only these children"
}

func (s *show) table(t *Table) {
	definition := s.catalogue.Table(t.ID)
	s.line("\n  %s", t.ID)
	if definition != nil {
		s.line("  %s", definition.Meaning)
	}
	for _, c := range t.Columns {
		var source *dataset.Column
		if definition != nil && c.From != "" {
			source = definition.Column(c.From)
		}
		s.line("")
		s.line("    %s", c.Name)
		if source != nil {
			s.line("      from      %s: %s (%s)", source.Name, source.Meaning, source.Class)
		}
		s.line("      leaves    %s", c.Treatment.InWords(source))
		if c.Why != "" {
			s.line("      why       %s", strings.ReplaceAll(c.Why, "\n", " "))
		}
		if c.JointFineness != "" {
			s.line("      together  %s", strings.ReplaceAll(c.JointFineness, "\n", " "))
		}
	}
}
