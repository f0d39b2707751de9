package agreement

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

var (
	codePattern = regexp.MustCompile(`^[A-Z0-9]{1,20}$`)
	rulePattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,39}$`)
)

// choice is a choice as it stands in the file: what it chooses, and where.
type choice struct {
	what string
	at   *document.Value
	key  *document.Entry // where it is a key of a mapping
}

// chosen are the choices of a file, to be held to the rest of it once that is read.
type chosen struct {
	in                     *document.Mapping // nil when there are none
	premiums, confidential []choice
	ethnicity, stricter    []choice
}

// choices reads what the agreement decides where returns leave it open:
//
//	choices:
//	  short_breaks: leave_out                     # or count: whether a short break is a time of being looked after
//	  premiums: [deprivation]                     # which pupil premiums make a child eligible
//	  ethnicity: {ABRI: AOTH}                     # what a code becomes that belongs to more than one main code
//	  in_confidence: [referrals]                  # tables whose rows leave though they were given in confidence
//	  stricter: {SOURCES_DIFFER: stop}            # findings that weigh more than they do by themselves
//
// Each is there exactly where a table needs it.
func (r *reader) choices(root *document.Mapping) {
	if !root.Has("choices") {
		root.Value("choices", document.Optional())
		return
	}
	m := root.Mapping("choices")
	r.chosen.in = m
	c := &r.a.Choices
	c.ShortBreaks = m.String("short_breaks", document.Optional(), document.OneOf(ShortBreaksCount, ShortBreaksLeaveOut))
	c.Premiums, r.chosen.premiums = r.chosenOf(m, "premiums", document.Matching(eventPattern, "the name of a premium in lower case"))
	c.Confidential, r.chosen.confidential = r.chosenOf(m, "in_confidence")
	r.ethnicity(m)
	r.stricter(m)
	m.Done()
}

// chosenOf reads a list that may be left out, but not empty.
func (r *reader) chosenOf(m *document.Mapping, key string, options ...document.Option) (words []string, list []choice) {
	v := m.Value(key, document.Optional())
	if !m.Has(key) {
		return nil, nil
	}
	for _, item := range v.Sequence(document.NotEmpty()) {
		switch word := item.String(options...); {
		case word == "":
		case slices.Contains(words, word):
			item.Fault(document.Repeated, "is there twice", "list it once")
		default:
			words, list = append(words, word), append(list, choice{what: word, at: item})
		}
	}
	return words, list
}

// mappingOf reads a mapping that may be left out, but not empty.
func mappingOf(m *document.Mapping, key string) []*document.Entry {
	v := m.Value(key, document.Optional())
	if !m.Has(key) {
		return nil
	}
	of := v.Mapping()
	entries := of.Entries()
	if len(entries) == 0 && !of.Broken() {
		of.Fault(document.EmptyValue, "chooses nothing", "leave it out")
	}
	return entries
}

func (r *reader) ethnicity(m *document.Mapping) {
	for _, e := range mappingOf(m, "ethnicity") {
		to := e.Value.String(document.Matching(codePattern, "a code of capital letters and digits"))
		if !codePattern.MatchString(e.Key) {
			e.Fault(document.WrongForm, "is no code", "write a code of capital letters and digits")
			continue
		}
		if r.a.Choices.Ethnicity == nil {
			r.a.Choices.Ethnicity = make(map[string]string)
		}
		r.a.Choices.Ethnicity[e.Key] = to
		r.chosen.ethnicity = append(r.chosen.ethnicity, choice{what: e.Key, at: e.Value, key: e})
	}
}

func (r *reader) stricter(m *document.Mapping) {
	for _, e := range mappingOf(m, "stricter") {
		word := e.Value.String(document.OneOf(finding.Warning.String(), finding.Quarantine.String(), finding.Stop.String()))
		if !rulePattern.MatchString(e.Key) {
			e.Fault(document.WrongForm, "is no name of a finding", "write it as reports do: SOURCES_DIFFER")
			continue
		}
		severity, ok := finding.SeverityOf(word)
		if !ok {
			continue
		}
		if r.a.Choices.Stricter == nil {
			r.a.Choices.Stricter = make(map[string]finding.Severity)
		}
		r.a.Choices.Stricter[e.Key] = severity
		r.chosen.stricter = append(r.chosen.stricter, choice{what: e.Key, at: e.Value, key: e})
	}
}

// choicesFit holds what was chosen to the tables, and these to what was chosen.
func (r *reader) choicesFit(root *document.Mapping) {
	tables := r.looked()
	r.shortBreaksFit(root, tables)
	r.premiumsFit(root, tables)
	r.ethnicityFits()
	for _, c := range r.chosen.confidential {
		if !slices.ContainsFunc(r.a.Tables, func(t Table) bool { return t.ID == c.what }) {
			c.at.Problem("is no table that leaves", "name tables as they stand under tables")
		}
	}
	for _, c := range r.chosen.stricter {
		rule, ok := finding.RuleOf(c.what)
		may := rule.Raisable()
		switch {
		case !ok:
			c.key.Problem("there is no such finding", "docs/formats.md lists them")
		case len(may) == 0:
			c.key.Problem("this finding ends the run by itself", "leave it out")
		case r.a.Choices.Stricter[c.what] <= rule.Severity:
			c.at.Problem("is no stricter than the finding is by itself: "+rule.Severity.String(), "choose "+either(severities(may)))
		case !slices.Contains(may, r.a.Choices.Stricter[c.what]):
			c.at.Problem("this finding is not about a row that could be kept back alone", "choose "+either(severities(may)))
		}
	}
}

func severities(list []finding.Severity) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.String()
	}
	return out
}

// looked are the tables that the agreement names: those that leave, and those that are looked at.
func (r *reader) looked() []*dataset.Table {
	ids := make([]string, 0, len(r.a.Tables))
	for _, t := range r.a.Tables {
		ids = append(ids, t.ID)
	}
	if r.a.Cohort != nil {
		ids = append(ids, r.a.Cohort.Table)
	}
	for _, e := range r.a.IndexEvents {
		ids = append(ids, e.Table)
	}
	var out []*dataset.Table
	for _, id := range ids {
		if t := r.catalogue.Table(id); t != nil && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// needed records that a choice is missing which a table needs, or there though none does.
func (r *reader) needed(root *document.Mapping, key, by, hint string) {
	has := r.chosen.in != nil && r.chosen.in.Has(key)
	switch {
	case by == "" && has:
		r.log.Add(r.chosen.in.KeyPlace(key), "choices."+key, "no table needs it", "leave it out")
	case by != "" && !has:
		place := root.Place()
		if r.chosen.in != nil {
			place = r.chosen.in.Place()
		}
		r.log.Add(place, "choices."+key, "is missing, and "+by+" needs it", hint)
	}
}

func (r *reader) shortBreaksFit(root *document.Mapping, tables []*dataset.Table) {
	by := ""
	for _, t := range tables {
		if countsShortBreaks(t) && by == "" {
			by = t.ID()
		}
	}
	r.needed(root, "short_breaks", by, "write "+ShortBreaksLeaveOut+", or "+ShortBreaksCount+" where a short break (V3, V4) is a time of being looked after")
}

// countsShortBreaks reports whether a table has times of being looked after, of which short breaks may be some.
func countsShortBreaks(t *dataset.Table) bool {
	return t.Made != nil && (t.Made.How == dataset.MadePeriods || t.Made.How == dataset.MadePlacements)
}

func (r *reader) premiumsFit(root *document.Mapping, tables []*dataset.Table) {
	by := ""
	var names []string
	for _, t := range tables {
		if list := t.Premiums(); len(list) > 0 && by == "" {
			by, names = t.ID(), list
		}
	}
	r.needed(root, "premiums", by, "list those that make a child eligible, of: "+strings.Join(names, ", "))
	for _, c := range r.chosen.premiums {
		if by != "" && !slices.Contains(names, c.what) {
			c.at.Problem("there is no such premium", "the premiums are: "+strings.Join(names, ", "))
		}
	}
}

// ethnicityFits holds decisions on codes to the code maps that leave them open, of columns that the agreement uses.
func (r *reader) ethnicityFits() {
	maps := r.openMaps()
	if len(maps) == 0 && len(r.chosen.ethnicity) > 0 {
		r.log.Add(r.chosen.in.KeyPlace("ethnicity"), "choices.ethnicity", "no table needs it", "leave it out")
		return
	}
	for _, c := range r.chosen.ethnicity {
		var open []string
		left, comesOut := false, false
		for _, m := range maps {
			open = append(open, m.Undecided...)
			if m.Leaves(c.what) {
				_, decided := m.Decided(c.what, r.a.Choices.Ethnicity)
				left, comesOut = true, comesOut || decided
			}
		}
		switch {
		case !left:
			c.key.Problem("is no code that is left to the agreement", "these are: "+strings.Join(slices.Compact(slices.Sorted(slices.Values(open))), ", "))
		case !comesOut:
			c.at.Problem("is none of the codes that it could become", fmt.Sprintf("see the code map %s of the definitions", maps[0].Name))
		}
	}
}

// openMaps are the code maps that leave something to the agreement, of the columns that leave or choose the cohort.
func (r *reader) openMaps() []*dataset.CodeMap {
	var out []*dataset.CodeMap
	add := func(m *dataset.CodeMap) {
		if m != nil && len(m.Undecided) > 0 && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	fed := func(t *dataset.Table, column string) {
		for i := range t.Sources {
			if f := t.Sources[i].Feed(column); f != nil {
				add(f.Map)
			}
			if _, f := t.Sources[i].Joined(column); f != nil {
				add(f.Map)
			}
		}
	}
	for _, o := range r.outputs {
		if o.column != nil {
			fed(o.table, o.column.Name)
		}
		if o.how.Map != "" {
			add(r.catalogue.CodeMap(o.how.Map))
		}
	}
	if c := r.a.Cohort; c != nil {
		if t := r.catalogue.Table(c.Table); t != nil {
			for _, w := range c.Where {
				fed(t, w.Column)
			}
		}
	}
	return out
}
