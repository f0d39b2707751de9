package agreement_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

// choosing is the shipped agreement with other choices, and tables beside its own.
func choosing(t *testing.T, choices string, tables ...string) string {
	t.Helper()
	data, err := os.ReadFile("../../agreements/family-valued-2026.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	from := strings.Index(text, "choices: {")
	to := from + strings.Index(text[from:], "\n")
	if from < 0 {
		t.Fatal("the shipped agreement chooses nothing")
	}
	text = strings.Replace(text[:from]+choices+text[to:], "ethnicity: {treatment: keep", "ethnicity: {treatment: code_map, map: ethnicity_20", 1)
	for _, table := range tables {
		text += "  " + table + ":\n    child_id: {treatment: pseudonym}\n"
	}
	return text
}

func TestChoices(t *testing.T) {
	c := builtIn(t)
	text := choosing(t, `choices:
  short_breaks: leave_out
  premiums: [deprivation, looked_after]
  ethnicity: {ABRI: AOTH, AWEL: AIND}
  in_confidence: [referrals]
  stricter: {SOURCES_DIFFER: stop, ENROLMENT_NOT_STATED: quarantine, COLUMN_UNKNOWN: warning}`, "looked_after_periods", "placements")
	a, err := agreement.Parse("a.yaml", []byte(text), c)
	if err != nil {
		t.Fatal(err)
	}
	want := agreement.Choices{
		ShortBreaks: agreement.ShortBreaksLeaveOut, Premiums: []string{"deprivation", "looked_after"},
		Ethnicity: map[string]string{"ABRI": "AOTH", "AWEL": "AIND"}, Confidential: []string{"referrals"},
		Stricter: map[string]finding.Severity{"SOURCES_DIFFER": finding.Stop, "ENROLMENT_NOT_STATED": finding.Quarantine, "COLUMN_UNKNOWN": finding.Warning},
	}
	if got := fmt.Sprint(a.Choices); got != fmt.Sprint(want) {
		t.Errorf("got  %s\nwant %s", got, fmt.Sprint(want))
	}
	var page strings.Builder
	if err := agreement.ShowText(&page, a, c, nil); err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{
		"short breaks they do not count as time looked after",
		"pupil premium a child has it who attracts the premium for: deprivation, looked after",
		"ethnic group codes that could be more than one: ABRI becomes AOTH, AWEL becomes AIND",
		"in confidence ROWS GIVEN IN CONFIDENCE LEAVE, as any other, in: referrals; in all other tables they stay behind",
		"where a roll does not say what kind of enrolment it is, the row stays behind (ENROLMENT_NOT_STATED)",
		"where two returns of one year state a fact of a child differently, the run stops (SOURCES_DIFFER)",
	} {
		if !strings.Contains(flat(page.String()), said) {
			t.Errorf("the page does not say %q", said)
		}
	}
}

// Each row chooses otherwise. § marks the places of the problems.
func TestMistakesOfChoices(t *testing.T) {
	c := builtIn(t)
	const premiums = "premiums: [deprivation]"
	for _, tc := range []struct {
		name, choices string
		tables        []string
		want          []string
	}{
		{"none, and a table needs one", "", nil, []string{"choices.premiums: is missing, and pupil_premium needs it"}},
		{"no short breaks", "choices: §{" + premiums + "}", []string{"placements"}, []string{"choices.short_breaks: is missing, and placements needs it"}},
		{"short breaks that nothing needs", "choices: {" + premiums + ", §short_breaks: count}", nil, []string{"choices.short_breaks: no table needs it"}},
		{"another word", "choices: {" + premiums + ", short_breaks: §sometimes}", []string{"looked_after_periods"}, []string{"choices.short_breaks: is not one of the words accepted here"}},
		{"a premium that there is not", "choices: {premiums: [deprivation, §meals]}", nil, []string{"choices.premiums[2]: there is no such premium"}},
		{"no premium", "choices: {premiums: §[]}", nil, []string{"choices.premiums: is an empty list"}},
		{"a premium twice", "choices: {premiums: [service, §service]}", nil, []string{"choices.premiums[2]: is there twice"}},
		{"a decided code", "choices: {" + premiums + ", ethnicity: {§WBRI: AOTH}}", nil, []string{"choices.ethnicity[1]: is no code that is left to the agreement"}},
		{"a code that does not come out", "choices: {" + premiums + ", ethnicity: {ABRI: §ABRI}}", nil, []string{"choices.ethnicity[1]: is none of the codes that it could become"}},
		{"no code", "choices: {" + premiums + ", ethnicity: {§abri: AOTH}}", nil, []string{"choices.ethnicity[1]: is no code"}},
		{"another table's confidence", "choices: {" + premiums + ", in_confidence: [referrals, §ssda903/header]}", nil, []string{"choices.in_confidence[2]: is no table that leaves"}},
		{"a finding that there is not", "choices: {" + premiums + ", stricter: {§SOURCES_DIFFERENT: stop}}", nil, []string{"choices.stricter[1]: there is no such finding"}},
		{"no finding", "choices: {" + premiums + ", stricter: {§sources-differ: stop}}", nil, []string{"choices.stricter[1]: is no name of a finding"}},
		{"lowered", "choices: {" + premiums + ", stricter: {CODE_UNKNOWN: §warning}}", nil, []string{"is no stricter than the finding is by itself: quarantine"}},
		{"as it is", "choices: {" + premiums + ", stricter: {NO_ROWS: §warning}}", nil, []string{"is no stricter than the finding is by itself: warning"}},
		{"a file cannot be kept back alone", "choices: {" + premiums + ", stricter: {NO_ROWS: §quarantine}}", nil, []string{"is not about a row that could be kept back alone"}},
		{"one that ends the run anyway", "choices: {" + premiums + ", stricter: {§FILE_EMPTY: stop}}", nil, []string{"this finding ends the run by itself"}},
		{"a notice is no severity to raise to", "choices: {" + premiums + ", stricter: {NO_ROWS: §notice}}", nil, []string{"is not one of the words accepted here"}},
		{"nothing chosen", "choices: {" + premiums + ", stricter: §{}}", nil, []string{"choices.stricter: chooses nothing"}},
		{"all at once", "choices: {premiums: [§meals], in_confidence: [§folk], stricter: {§NONE: stop, FIELD_COUNT: §warning}, §colour: red}", nil,
			[]string{"there is no such premium", "is no table that leaves", "there is no such finding", "is no stricter", "unknown key"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, places := unmark(choosing(t, tc.choices, tc.tables...))
			_, err := agreement.Parse("a.yaml", []byte(text), c)
			var problems document.Problems
			if !errors.As(err, &problems) || len(problems) != len(tc.want) {
				t.Fatalf("got %v, want %d problems", err, len(tc.want))
			}
			for i, want := range tc.want {
				if !strings.Contains(problems[i].String(), want) {
					t.Errorf("got %s, want %s", problems[i], want)
				}
				if at := fmt.Sprintf("%d:%d", problems[i].Line, problems[i].Column); i < len(places) && places[i] != at {
					t.Errorf("%s: at %s, want %s", want, at, places[i])
				}
			}
		})
	}
	// A choice of codes is one of columns that are used.
	text := strings.ReplaceAll(choosing(t, "choices: {"+premiums+", ethnicity: {ABRI: AOTH}}"), "    ethnicity: {treatment: code_map, map: ethnicity_20, why: outcomes differ between groups}\n", "")
	text = strings.ReplaceAll(text, "children.ethnicity, ", "")
	if _, err := agreement.Parse("a.yaml", []byte(text), c); err == nil || !strings.Contains(err.Error(), "choices.ethnicity: no table needs it") {
		t.Errorf("a decision on a column that does not leave: %v", err)
	}
}

func TestDiffChoices(t *testing.T) {
	c := builtIn(t)
	parse := func(choices string) *agreement.Agreement {
		a, err := agreement.Parse("a.yaml", []byte(choosing(t, choices, "placements")), c)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	was := parse("choices: {short_breaks: leave_out, premiums: [deprivation], stricter: {CODE_UNKNOWN: stop}}")
	is := parse("choices: {short_breaks: count, premiums: [deprivation, service], ethnicity: {ABRI: AOTH}, in_confidence: [referrals], stricter: {SOURCES_DIFFER: quarantine}}")
	d := agreement.Diff(was, is, c)
	var widened, narrowed []string
	for _, change := range d.Widened {
		widened = append(widened, change.What)
	}
	for _, change := range d.Narrowed {
		narrowed = append(narrowed, change.Sentence)
	}
	if got, want := strings.Join(widened, " "), "choices.short_breaks choices.premiums choices.in_confidence choices.ethnicity.ABRI choices.stricter.CODE_UNKNOWN"; got != want {
		t.Errorf("widened: %s\nwant %s", got, want)
	}
	if got, want := strings.Join(narrowed, " "), "Where two returns of one year state a fact of a child differently, the row stays behind now. Before: notice."; got != want {
		t.Errorf("narrowed: %s", got)
	}
	holdsBackwards(t, c, "choices", was, is)
}
