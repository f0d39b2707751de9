package agreement_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

var draftDay = civil.MustYMD(2026, 6, 15)

// loaded reads the built-in definitions once for all tests.
var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

func builtIn(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answered answers every question as it is asked: by what is given, else by the suggestion, else by something.
func answered(t testing.TB, c *dataset.Catalogue, given agreement.Answers) agreement.Answers {
	t.Helper()
	days := map[string]string{
		"assurance-expires": "2029-12-31", "dpia-review-by": "2027-03-31", "opt-out-until": "2027-01-31", "share-from": "2026-07-01",
		"share-to": "2029-06-30", "data-from": "2020-04-01", "recipient-until": "2030-06-30", "review-by": "2027-06-30",
	}
	a := agreement.Answers{agreement.StoreKind: agreement.PlaceFolder, "council": "Coventry City Council", "la-code": "331"}
	ask := func(q agreement.Question) {
		a.Complete(c)
		if !q.Applies(a) || a[q.Key] != "" {
			return
		}
		answer := given[q.Key]
		for _, other := range []string{q.Suggestion(a), days[q.Key]} {
			if answer == "" {
				answer = other
			}
		}
		if answer == "" && len(q.Choices) > 0 {
			answer = q.Choices[0]
		}
		for _, other := range []string{"Some \"text\": with # marks, ünd \\ more", "https://council.example/notice?a=b#c", "yes", "6(1)(e)", "eu-west-2"} {
			if answer == "" && q.Accept(other, a) == nil {
				answer = other
			}
		}
		if err := q.Accept(answer, a); err != nil {
			t.Fatalf("%s: %v", q.Key, err)
		}
		a[q.Key] = answer
	}
	for _, q := range agreement.Questions(c, draftDay) {
		ask(q)
	}
	for _, q := range a.Whys() {
		ask(q)
	}
	return a
}

// holds parses a draft, and holds it to all checks.
func holds(t *testing.T, c *dataset.Catalogue, text []byte) *agreement.Agreement {
	t.Helper()
	a, err := agreement.Parse("draft.yaml", text, c)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, check := range a.Checks(c, draftDay) {
		if check.Outcome == finding.CheckFailed {
			t.Errorf("%s: %v", check.Name, check.Refusal)
		}
	}
	return a
}

// A draft whose questions were answered is accepted, whatever the answers, and shares the least.
func TestDraft(t *testing.T) {
	c := builtIn(t)
	tables := agreement.DraftTables(c)
	if len(tables) < 9 {
		t.Fatalf("only %d tables", len(tables))
	}
	for name, given := range map[string]agreement.Answers{
		"all tables":         {"tables": strings.Join(tables, ", ")},
		"children":           {"tables": "children"},
		"pupils":             {"tables": "attendance,children", "purpose": "service-planning"},
		"processor, managed": {"tables": "cp_plans", "recipient-role": "processor", "setting": "managed", "dpia-risk": "high", "opt-out": "applied", "schedule": "daily"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := answered(t, c, given)
			text := answers.Draft(c)
			if !bytes.Equal(text, answers.Draft(c)) {
				t.Error("two drafts of the same answers differ")
			}
			a := holds(t, c, text)
			if a.Title != answers["title"] || a.Controller.LACode != "331" || len(a.Tables) != len(answers.Tables()) {
				t.Errorf("%+v", a)
			}
			for _, table := range a.Tables {
				definition := c.Table(table.ID)
				for _, column := range table.Columns {
					source := definition.Column(column.From)
					if source.Class == dataset.SpecialCategory || source.Class == dataset.CriminalOffence || source.Class == dataset.Sensitive {
						t.Errorf("%s.%s leaves: %s", table.ID, column.Name, source.Class)
					}
					if to := column.Treatment.To; to == "day" || column.Treatment.Kind == dataset.AgeMonths {
						t.Errorf("%s.%s leaves as %s %s", table.ID, column.Name, column.Treatment.Kind, to)
					}
				}
			}
		})
	}
}

// What a draft offers beside what leaves is right as it stands: with the # away, a reason and a basis, it is accepted.
func TestDraftOffers(t *testing.T) {
	c := builtIn(t)
	text := string(answered(t, c, agreement.Answers{"tables": strings.Join(agreement.DraftTables(c), ",")}).Draft(c))
	offers := regexp.MustCompile(`(?m)^    # (.*why: )…(\}.*)$`)
	if n := len(offers.FindAllString(text, -1)); n < 20 {
		t.Fatalf("only %d columns are offered", n)
	}
	text = offers.ReplaceAllString(text, "    ${1}needed$2")
	text = strings.Replace(text, "lawful_basis:\n", "lawful_basis:\n  article9: 9(2)(j)\n  schedule1: Part 1 paragraph 4\n  article10: An Act\n", 1)
	a := holds(t, c, []byte(text))
	columns := 0
	for _, table := range a.Tables {
		columns += len(table.Columns)
	}
	if columns < 35 {
		t.Errorf("only %d columns", columns)
	}
}

// A bad answer is refused with a word on what a good one is, and is not repeated.
func TestQuestionsRefuse(t *testing.T) {
	c := builtIn(t)
	questions := agreement.Questions(c, draftDay)
	given := answered(t, c, agreement.Answers{"tables": "children,referrals"})
	for _, tc := range []struct{ key, bad, want string }{
		{"la-code", "33", "three digits"}, {"la-code", "CANARY", "three digits"},
		{"id", "CANARY", "dsa-"}, {"title", "", "empty"}, {"title", strings.Repeat("x", 501), "longer"},
		{"title", "a\x00b", "printed"}, {"title", "a\nb", "printed"}, {"title", "\xff", "printed"}, {"setting", "CANARY", "secure, managed"},
		{"recipient", "What Works for Children's Social Care", "followed by"},
		{"share-to", "CANARY", "2027-03-31"}, {"share-to", "31/03/2027", "2027-03-31"}, {"share-to", "2027-02-30", "2027-03-31"},
		{"share-to", "2026-06-30", "before it begins"}, {"share-to", "2029-07-01", "36 months"}, {"share-to", "2026-01-01", "over"},
		{"assurance-expires", "2026-06-14", "over"}, {"dpia-review-by", "2020-01-01", "over"}, {"data-from", "2029-07-01", "after the last day"},
		{"recipient-until", "2029-06-29", "before the sharing ends"}, {"tables", "CANARY", "children"}, {"tables", "children,children", "once"},
		{"tables", " , ", "no table"}, {"notice-covers", "children", "not told of referrals"}, {"notice-covers", "CANARY !", "no list"}, {"notice", "http://a.example", "https"},
		{"article6", "6(1)(z)", "6(1)(e)"}, {"research-safeguards", "no", "84C"}, {"linkage-pupils", "40%", "0.4"}, {"linkage-pupils", "1.5", "0.4"},
		{"store-country", "FR", "GB"},
	} {
		i := slices.IndexFunc(questions, func(q agreement.Question) bool { return q.Key == tc.key })
		if i < 0 {
			t.Fatalf("there is no question %s", tc.key)
		}
		err := questions[i].Accept(tc.bad, given)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v, want %s", tc.key, err, tc.want)
		}
	}
	for _, q := range questions {
		if q.Settled && q.Suggestion(given) == "" && q.Key != "council" && q.Key != "la-code" {
			t.Errorf("%s is settled without a suggestion", q.Key)
		}
	}
}
