package agreement

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Checks holds an agreement to what it must say, and to what must still be so on a day, before anything may be submitted
// or leave under it: everything that can be found out from the file, the dataset definitions and the day. The checks come
// in a fixed order, those that passed too, each with what was seen.
//
// What a file may look like is for Parse: a file of an earlier day that says less is still read, shown and compared, and
// is held to these checks before it is used.
//
// The catalogue is the one that the agreement was parsed with.
func (a *Agreement) Checks(catalogue *dataset.Catalogue, today civil.Date) []finding.Check {
	return a.checks(catalogue, today, true)
}

// StandingChecks are those of Checks that no passing of time changes: what an agreement that has expired can still be
// held to.
func (a *Agreement) StandingChecks(catalogue *dataset.Catalogue) []finding.Check {
	return a.checks(catalogue, a.Period.ShareTo, false)
}

func (a *Agreement) checks(catalogue *dataset.Catalogue, today civil.Date, timed bool) []finding.Check {
	c := &checking{a: a, catalogue: catalogue, today: today}
	for _, row := range checkRows() {
		if row.timed && !timed {
			continue
		}
		o := outcome{Check: finding.Check{Name: row.name}}
		row.check(c, &o)
		c.out = append(c.out, o.Check)
	}
	return c.out
}

// checkRow is one check.
type checkRow struct {
	name  string
	key   string // of the file, that it is about
	timed bool   // it fails one day though nobody changed the file
	check func(*checking, *outcome)
}

func checkRows() []checkRow {
	return []checkRow{
		{"earlier version named", "supersedes", false, (*checking).supersedes},
		{"joint controllers' arrangement", "controller", false, (*checking).arrangement},
		{"processor's contract", "recipient", false, (*checking).contract},
		{"recipient still the same organisation", "recipient", true, (*checking).succession},
		{"recipient's assurance stated", "recipient", false, (*checking).assurance},
		{"recipient's assurance in date", "recipient", true, (*checking).assuranceInDate},
		{"release profile fits the recipient's setting", "release", false, (*checking).setting},
		{"research safeguards", "research", false, (*checking).research},
		{"power that gives the task", "lawful_basis", false, (*checking).power},
		{"basis for special category data", "lawful_basis", false, (*checking).article9},
		{"condition for special category data", "lawful_basis", false, (*checking).schedule1},
		{"appropriate policy document", "lawful_basis", false, (*checking).policyDocument},
		{"authority for criminal-offence data", "lawful_basis", false, (*checking).article10},
		{"duty of confidence", "confidentiality", false, (*checking).confidentiality},
		{"residual risk of the impact assessment", "dpia", false, (*checking).residualRisk},
		{"impact assessment in date", "dpia", true, (*checking).assessmentInDate},
		{"privacy notice covers every table", "privacy_notice", false, (*checking).noticeCovers},
		{"privacy notice reviewed", "privacy_notice", true, (*checking).noticeReviewed},
		{"national data opt-out determined", "national_data_opt_out", false, (*checking).optOut},
		{"national data opt-out applied in date", "national_data_opt_out", true, (*checking).optOutInDate},
		{"review stated", "review", false, (*checking).review},
		{"review in date", "review", true, (*checking).reviewInDate},
		{"stores stated", "security", false, (*checking).stores},
		{"stores stand where they may", "security", false, (*checking).storesAbroad},
		{"transfers abroad", "transfer", false, (*checking).transfers},
		{"rights answered", "rights", false, (*checking).rights},
		{"incidents told", "incident", false, (*checking).incident},
		{"contacts", "contacts", false, (*checking).contacts},
		{"every column says why it is needed", "tables", false, (*checking).reasons},
	}
}

// programmeCheck is the name of the check that is made against a programme's list.
const programmeCheck = "council is of the programme"

// CheckedKey is the key of an agreement file, at the top, that a check is about: where somebody looks who corrects what
// failed. It is empty for checks that are not of this package.
func CheckedKey(check finding.Check) string {
	if check.Name == programmeCheck {
		return "programme"
	}
	for _, row := range checkRows() {
		if row.name == check.Name {
			return row.key
		}
	}
	return ""
}

// checking is one agreement being held to its checks.
type checking struct {
	a         *Agreement
	catalogue *dataset.Catalogue
	today     civil.Date
	out       []finding.Check
}

// outcome is a check that is being made.
type outcome struct{ finding.Check }

func (o *outcome) passed(evidence string) { o.Outcome, o.Evidence = finding.CheckPassed, evidence }
func (o *outcome) warned(evidence string) { o.Outcome, o.Evidence = finding.CheckWarned, evidence }
func (o *outcome) notApplicable(evidence string) {
	o.Outcome, o.Evidence = finding.CheckNotApplicable, evidence
}

// failed refuses; the sentence is the evidence too.
func (o *outcome) failed(code finding.Code, hint, sentence string, args ...any) {
	o.Outcome, o.Refusal = finding.CheckFailed, finding.Refuse(code, hint, sentence, args...)
	o.Evidence = o.Refusal.Sentence
}

// stated passes when there is text, and refuses as incomplete when there is none.
func (o *outcome) stated(text, hint, sentence string) {
	if text == "" {
		o.failed(finding.AgreementIncomplete, hint, "%s", sentence)
		return
	}
	o.passed(text)
}

// uses lists what the agreement uses of a class, as "table.column" of the definitions: what leaves, what chooses the
// cohort, and the dates from which days are counted.
func (c *checking) uses(class dataset.Class) []string {
	var out []string
	add := func(table, column string) {
		t := c.catalogue.Table(table)
		if t == nil {
			return
		}
		name := table + "." + column
		if col := t.Column(column); col != nil && col.Class == class && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, t := range c.a.Tables {
		for _, column := range t.Columns {
			add(t.ID, column.From)
		}
	}
	if c.a.Cohort != nil {
		for _, w := range c.a.Cohort.Where {
			add(c.a.Cohort.Table, w.Column)
		}
	}
	for _, e := range c.a.IndexEvents {
		add(e.Table, e.Column)
	}
	return out
}

// and joins words as a sentence does, naming no more than a few.
func and(words []string) string {
	const most = 5
	if len(words) > most {
		return listOf(words[:most], len(words)-most)
	}
	if len(words) < 2 {
		return listOf(words, 0)
	}
	return listOf(words[:len(words)-1], 0) + " and " + words[len(words)-1]
}
