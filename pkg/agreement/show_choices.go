package agreement

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// choices says what the agreement decides where returns leave it open, and what becomes of rows given in confidence.
func (s *show) choices() {
	c := s.a.Choices
	s.stated("short breaks", "%s", inWords(c.ShortBreaks, map[string]string{
		ShortBreaksCount:    "they count as time looked after",
		ShortBreaksLeaveOut: "they do not count as time looked after",
	}))
	s.stated("pupil premium", "a child has it who attracts the premium for: %s", strings.ReplaceAll(strings.Join(c.Premiums, ", "), "_", " "))
	if len(c.Ethnicity) > 0 {
		s.item("ethnic group", "codes that could be more than one: %s", decisions(c.Ethnicity))
	}
	if len(c.Confidential) == 0 {
		s.item("in confidence", "rows that the council has marked as given in confidence stay behind")
	} else {
		s.item("in confidence", "ROWS GIVEN IN CONFIDENCE LEAVE, as any other, in: %s; in all other tables they stay behind", strings.Join(c.Confidential, ", "))
	}
	for i, rule := range slices.Sorted(maps.Keys(c.Stricter)) {
		label := ""
		if i == 0 {
			label = "stricter than usual"
		}
		s.item(label, "where %s, %s (%s)", saysOf(rule), holdsInWords(c.Stricter[rule]), rule)
	}
}

// decisions writes what becomes of codes: "ABRI becomes AOTH, AWEL becomes AOTH".
func decisions(m map[string]string) string {
	var out []string
	for _, code := range slices.Sorted(maps.Keys(m)) {
		out = append(out, code+" becomes "+m[code])
	}
	return strings.Join(out, ", ")
}

// saysOf is what a finding of a rule says was found.
func saysOf(rule string) string {
	if r, ok := finding.RuleOf(rule); ok && r.Says != "" {
		return r.Says
	}
	return "there is a finding of this kind"
}

// holdsInWords is what a finding of a severity does.
func holdsInWords(s finding.Severity) string {
	switch s {
	case finding.Notice:
		return "it is noted"
	case finding.Warning:
		return "there is a warning"
	case finding.Quarantine:
		return "the row stays behind"
	default:
		return "the run stops"
	}
}

// choices compares what the two versions decide where returns leave it open.
func (c *comparing) choices() {
	was, is := c.was.Choices, c.is.Choices
	c.became(ranked(was.ShortBreaks, is.ShortBreaks, ShortBreaksLeaveOut, ShortBreaksCount), "choices.short_breaks",
		"Whether a short break is a time of being looked after", strings.ReplaceAll(was.ShortBreaks, "_", " "), strings.ReplaceAll(is.ShortBreaks, "_", " "))
	c.words(unclear, "choices.premiums", "The premium %s now makes a child eligible.", "The premium %s no longer makes a child eligible.", was.Premiums, is.Premiums)
	c.words(wider, "choices.in_confidence", "Rows of %s now leave though they were given in confidence.",
		"Rows of %s that were given in confidence no longer leave.", was.Confidential, is.Confidential)
	for _, code := range keysOf(was.Ethnicity, is.Ethnicity) {
		before, now := was.Ethnicity[code], is.Ethnicity[code]
		what, label := "choices.ethnicity."+code, "What becomes of the ethnicity code "+code
		switch {
		case before == now:
			c.became(alike, what, label, before, now)
		case before == "": // such a cell was empty
			c.became(wider, what, label, before, now)
		case now == "":
			c.became(narrower, what, label, before, now)
		default:
			c.became(unclear, what, label, before, now)
		}
	}
	for _, rule := range keysOf(was.Stricter, is.Stricter) {
		c.stricter(rule, was.Stricter, is.Stricter)
	}
}

func (c *comparing) stricter(rule string, was, is map[string]finding.Severity) {
	own, _ := finding.RuleOf(rule)
	severity := func(in map[string]finding.Severity) finding.Severity {
		if s, raised := in[rule]; raised {
			return s
		}
		return own.Severity
	}
	before, now := severity(was), severity(is)
	_, raisedBefore := was[rule]
	_, raisedNow := is[rule]
	to := ordered(before, now).flipped()
	if to == alike && raisedBefore != raisedNow { // of a rule that there is no more
		to = unclear
	}
	c.note(to, "choices.stricter."+rule, "Where %s, %s now. Before: %s.", saysOf(rule), holdsInWords(now), fmt.Sprint(before))
}

// keysOf are the keys of two maps, sorted.
func keysOf[V any](a, b map[string]V) []string {
	var out []string
	for key := range a {
		out = append(out, key)
	}
	for key := range b {
		if _, there := a[key]; !there {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}
