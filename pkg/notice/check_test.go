package notice_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/notice"
	"github.com/postern-gateway/postern/schemas"
)

var definitions = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

func catalogue(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := definitions()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// example reads one of the example agreements, without what it says of its notice's text.
func example(t testing.TB, name string, cat *dataset.Catalogue) *agreement.Agreement {
	t.Helper()
	path := filepath.Join("../../agreements", name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse(path, data, cat)
	if err != nil {
		t.Fatal(err)
	}
	a.PrivacyNotice.Text, a.PrivacyNotice.SHA256, a.PrivacyNotice.Answers = "", "", nil
	return a
}

func read(t testing.TB, path string) *notice.Notice {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(data))
}

func parse(t testing.TB, text string) *notice.Notice {
	t.Helper()
	n, err := notice.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// raised writes points as "name:line", in their order.
func raised(points []notice.Point) []string {
	out := []string{}
	for _, p := range points {
		out = append(out, fmt.Sprintf("%s:%d", p.Name, p.Line))
	}
	return out
}

func expect(t *testing.T, points []notice.Point, want ...string) {
	t.Helper()
	if got := raised(points); !slices.Equal(got, want) {
		t.Errorf("raised:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	conflicts := []string{"denied", "promised", "superseded", "misstated", "listed", "another-service", "outside", "beyond", "differs", "called-", "answers-nothing"}
	for _, p := range points {
		if p.Sentence == "" || p.Hint == "" || strings.Contains(p.Sentence+p.Hint, "%!") {
			t.Errorf("%s says %q, to do: %q", p.Name, p.Sentence, p.Hint)
		}
		conflict := slices.ContainsFunc(conflicts, func(word string) bool { return strings.Contains(p.Name, word) })
		if (p.Code == finding.NoticeConflict) != conflict || p.Code != finding.NoticeConflict && p.Code != finding.NoticeGap {
			t.Errorf("%s has the code %s", p.Name, p.Code)
		}
	}
}

// items of the example agreement, as the points about them are named.
func missingItems(but ...string) []string {
	all := []string{"assessments", "asylum", "attendance", "child-codes", "child-in-need-plans", "child-protection-plans", "disability",
		"ethnicity", "free-school-meals", "legal-status", "looked-after", "pupil-premium", "referrals", "sex", "age"}
	slices.Sort(all)
	var out []string
	for _, i := range all {
		if !slices.Contains(but, i) {
			out = append(out, "item-"+i+":0")
		}
	}
	return out
}

func TestSyntheticNotices(t *testing.T) {
	cat := catalogue(t)
	a := example(t, "family-valued-2026.yaml", cat)
	for _, c := range []struct {
		file string
		want []string
	}{
		{"good.txt", nil},
		{"faulty.txt", []string{"re-identification-misstated:9", "recipient-listed-as-data-item:13", "right-to-object-missing:17", "rights-contact-of-another-service:24"}},
		{"strict.txt", append(append([]string{"consent-promised:9", "portability-promised:25"}, missingItems("ethnicity")...), "recipient-not-named:0")},
		{"other-service.txt", append(append([]string{"basis-differs:13", "sharing-denied:17", "rights-contact-of-another-service:25"},
			missingItems("age", "free-school-meals")...), "recipient-not-named:0")},
	} {
		t.Run(c.file, func(t *testing.T) {
			expect(t, notice.Check(read(t, filepath.Join("../../testdata/notices", c.file)), a, cat), c.want...)
		})
	}
}

// What is said on two lines is one point, which names both.
func TestPointOfSeveralLines(t *testing.T) {
	cat := catalogue(t)
	points := notice.Check(read(t, "../../testdata/notices/strict.txt"), example(t, "family-valued-2026.yaml", cat), cat)
	if p := points[0]; !slices.Equal(p.Lines, []int{9, 12}) || !strings.Contains(p.Sentence, "on lines 9 and 12") {
		t.Errorf("lines %v: %s", p.Lines, p.Sentence)
	}
}

// TestReferenceNotices reads notices that councils have published. Each point was judged by a reader: those of the
// Family Valued notice are its four known faults, and what has become untrue or was never said besides.
func TestReferenceNotices(t *testing.T) {
	const folder = "../../../shared/reference/notices"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the published notices are not here: they are no part of the repository")
	}
	cat := catalogue(t)
	faults := []string{"re-identification-misstated:15", "recipient-listed-as-data-item:19", "right-to-object-missing:25", "portability-promised:32", "rights-contact-of-another-service:35"}
	first := append([]string{"recipient-superseded-in-notice:9", "period-outside-notice:13"}, faults...)
	for _, c := range []struct {
		notice, agreement string
		want              []string
	}{
		{"000_*.txt", "family-valued-2026.yaml", append(append([]string{"item-age:44", "item-ethnicity:51", "consent-promised:122"}, missingItems("age", "ethnicity")...), "recipient-not-named:0")},
		{"001_*.txt", "family-valued-2026.yaml", append(append([]string{"consent-promised:40", "right-to-object-missing:52", "portability-promised:60"}, missingItems()...), "recipient-not-named:0")},
		{"002_*.txt", "family-valued-2026.yaml", append(append([]string{"complaint-to-commissioner-missing:0"}, missingItems()...),
			"recipient-not-named:0", "right-of-erasure-missing:0", "right-of-rectification-missing:0", "right-of-restriction-missing:0", "right-to-object-missing:0")},
		{"003_*.txt", "family-valued-2026.yaml", append(append([]string{"item-ethnicity:15", "sharing-denied:61", "consent-promised:65", "item-child-codes:186"},
			missingItems("child-codes", "ethnicity")...), "recipient-not-named:0")},
		{"004_*.txt", "family-valued-2026.yaml", append(first, "item-legal-status:0")},
		{"004_*.txt", "family-valued-2020.yaml", faults}, // of its own day: the recipient and the period are as they are told
	} {
		files, err := filepath.Glob(filepath.Join(folder, c.notice))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %d files, %v", c.notice, len(files), err)
		}
		t.Run(c.notice+" "+c.agreement, func(t *testing.T) {
			expect(t, notice.Check(read(t, files[0]), example(t, c.agreement, cat), cat), c.want...)
		})
	}
}

func TestAnswers(t *testing.T) {
	cat := catalogue(t)
	n := read(t, "../../testdata/notices/faulty.txt")
	a := example(t, "family-valued-2026.yaml", cat)
	long := "The page was corrected on 3 March 2026."
	a.PrivacyNotice.Answers = []agreement.Answer{
		{Point: "re-identification-misstated", Text: long},
		{Point: "consent-promised", Text: long}, // raised by another notice
		{Point: "right-to-object-missing", Text: "  It will be added. "},
		{Point: "re-identification-misstated", Text: "A second answer to the same."},
	}
	points := notice.Check(n, a, cat)
	expect(t, points, "re-identification-misstated:9", "recipient-listed-as-data-item:13", "right-to-object-missing:17", "rights-contact-of-another-service:24", "answers-nothing:0")
	if p := points[0]; !p.Answered || p.Answer != long {
		t.Errorf("answered %v: %q", p.Answered, p.Answer)
	}
	if p := points[2]; p.Answered || !strings.Contains(p.Hint, "at least 20 characters") {
		t.Errorf("an answer of 17 characters: answered %v, %q", p.Answered, p.Hint)
	}
	if p := points[4]; !strings.Contains(p.Sentence, "answer 2 and 4 of") {
		t.Errorf("the idle answers: %q", p.Sentence)
	}
	if got := raised(notice.Unanswered(points)); len(got) != 3 {
		t.Errorf("not answered: %q", got)
	}
	checks := notice.Checks(points)
	var outcomes []string
	for _, c := range checks {
		outcomes = append(outcomes, string(c.Outcome))
		if (c.Outcome == finding.CheckFailed) != (c.Refusal != nil) || c.Evidence == "" {
			t.Errorf("%s: %s, %v, %q", c.Name, c.Outcome, c.Refusal, c.Evidence)
		}
	}
	if want := []string{"passed", "failed", "failed", "failed", "warned"}; !slices.Equal(outcomes, want) {
		t.Errorf("checks %q, want %q", outcomes, want)
	}
	if r := finding.Refusals(checks)[0]; r.Code != finding.NoticeConflict || !strings.Contains(r.Sentence, "line 13 of the notice") || !strings.Contains(r.Hint, "point recipient-listed-as-data-item") {
		t.Errorf("refused: %s; %s", r, r.Hint)
	}
	if checks := notice.Checks(nil); len(checks) != 1 || checks[0].Outcome != finding.CheckPassed {
		t.Errorf("no point gives %v", checks)
	}
	// An answer of exactly the least length counts, in characters and not in bytes.
	for text, want := range map[string]bool{strings.Repeat("é", 20): true, strings.Repeat("é", 19): false} {
		a.PrivacyNotice.Answers = []agreement.Answer{{Point: "right-to-object-missing", Text: text}}
		if got := notice.Check(n, a, cat)[2].Answered; got != want {
			t.Errorf("%d characters: answered %v", len([]rune(text)), got)
		}
	}
}
