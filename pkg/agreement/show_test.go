package agreement_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// flat is a text with one space between words, however its lines are broken.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestShow(t *testing.T) {
	c := newCouncil(t)
	c.submit().advise(agreement.AdviseWithConditions).approve("they work in the secure setting only")
	c.add("Malloryasset-owner", c.decision(agreement.AssetOwner, agreement.Approve, ""))
	status := agreement.Evaluate(c.a, c.definitions, c.roles, c.decisions, noon)
	checks := []finding.Check{
		{Name: "one", Outcome: finding.CheckPassed, Evidence: "seen"},
		{Name: "two", Outcome: finding.CheckFailed, Evidence: "not seen", Refusal: finding.Refuse(finding.NoticeGap, "tell them", "families are not told")},
		{Name: "three", Outcome: finding.CheckWarned, Evidence: "long ago"},
		{Name: "four", Outcome: finding.CheckNotApplicable, Evidence: "nothing"},
	}
	var first, second, without strings.Builder
	if err := errors.Join(agreement.ShowText(&first, c.a, c.catalogue, status, checks...), agreement.ShowText(&second, c.a, c.catalogue, status, checks...),
		agreement.ShowText(&without, c.a, c.catalogue, nil)); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("two texts of one agreement differ")
	}
	text, at := flat(first.String()), 0
	for _, want := range []string{ // in this order: what there is to decide, exceptions, the rest
		"A test dsa-test-one, version 3 SHA-256 ",
		"What there is to decide It is decided. A Council shares 13 items of 2 tables with R, every three months, until 1 April 2029.",
		"Of a special category (health, ethnic group and the like: UK GDPR Article 9): 1 item. About criminal offences (UK GDPR Article 10): 1 item.",
		"The Data Protection Officer's conditions a reason Dora advised so on 1 April 2026. The conditions must be met. The approval says how: they work in the secure setting only",
		"2 things to look at first 1. NOTICE_GAP: families are not told. Tell them. 2. Look at this: three: long ago.",
		"Checks 1 passed · 1 failed · 1 warned · 1 not applicable failed: two warned: three",
		"state active",
		"decided 1 April 2026: advise-with-conditions by Dora, data protection officer: a reason",
		"not counted decisions/dsa-test-one/03.txt: it is signed by a key that holds no role",
		"to R, as a processor, in an environment of its own; contact: r@r.example",
		"passed on to nobody archived nowhere",
		"drops from 1 April 2026 to 1 April 2029, quarterly, at most 2 a month so long because One day more",
		"names and numbers are replaced with a code only the council can undo (code key, version 2, scheme p1)",
		"a run with more than 5% of them stops",
		"those in t/people with SEEN from 1 April 2020 to 31 March 2029 and SEX F; every table keeps only these children",
		"first_left: the earliest LEFT of the child in t/people",
		"What leaves is personal data.",
		"age from DOB: Birth date class can single a child out together with others (quasi-identifier) leaves the age at the reference date in bands of years: 00-00, 01-04, 05-09, 10-15, 16+",
		"the date cut to the first day of its quarter why because",
		"score from SCORE: Score class sensitive leaves the number in ranges: 00-09, 10-19, 20-40",
		"class SPECIAL CATEGORY of personal data, UK GDPR Article 9",
		"source leaves always returns",
	} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("the text does not say %q after\n%s", want, text[:at])
		}
		at += i
	}
	for _, column := range c.a.Tables[1].Columns {
		if !strings.Contains(first.String(), "\n    "+column.Name+"\n") {
			t.Errorf("column %s is not shown", column.Name)
		}
	}
	for _, want := range []string{
		"May A Council share 13 items of 2 tables with R", "true where it is U1 or U2, else false why not stated together kin tells nothing that kind does not",
		"Families are not told: the notice does not cover t/people, which leaves.",
	} {
		if !strings.Contains(flat(without.String()), want) {
			t.Errorf("without status and checks the text does not say %q", want)
		}
	}
}

// A page says all that an agreement says: every text and number of one in which everything is stated.
func TestShowSaysEverything(t *testing.T) {
	cat := catalogue(t)
	a := whole(t, cat)
	skipped := []string{"Version", "Title"} // twice on the page, or spelt otherwise: see TestShow
	for i, l := range leavesOf(a) {
		is := copied(a)
		at := leavesOf(is)[i].at(is)
		text := func(a *agreement.Agreement) string {
			var b strings.Builder
			if err := agreement.ShowText(&b, a, cat, nil); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		if slices.Contains(skipped, l.name) || strings.HasPrefix(l.name, "SHA256") || !alter(at) {
			continue
		}
		switch l.name {
		case "File", "Supersedes", "Security.Stores[].Kind": // where it lies; a digest of what is not shown; a word that there is not
			continue
		}
		if text(a) == text(is) && !strings.Contains(l.name, "Treatment") {
			t.Errorf("%s is not on the page", l.name)
		}
	}
}

// goldenPage is the page of the agreement as shipped. Read it when it changes: POSTERN_UPDATE_SHOW=1 writes it anew.
const goldenPage = "testdata/family-valued-2026.txt"

func TestShowGolden(t *testing.T) {
	cat := builtIn(t)
	data, err := os.ReadFile("../../agreements/family-valued-2026.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse("family-valued-2026.yaml", data, cat)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := agreement.ShowText(&text, a, cat, nil, a.Checks(cat, draftDay)...); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if n := len([]rune(line)); n > 120 && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("a line of %d letters: %s", n, line)
		}
	}
	for _, word := range []string{"anonymised", "data subject", "HMAC", "pseudonymis"} {
		if strings.Contains(strings.ToLower(text.String()), strings.ToLower(word)) {
			t.Errorf("the page says %s", word)
		}
	}
	if os.Getenv("POSTERN_UPDATE_SHOW") != "" {
		if err := os.WriteFile(goldenPage, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenPage)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("the page is\n%s\nand not that of %s", text.String(), goldenPage)
	}
}

// Under a cohort a row of which nobody can tell whose it is stays, whatever on_unusable says; the text says so.
func TestShowUnusable(t *testing.T) {
	c := catalogue(t)
	cohort := golden[strings.Index(golden, "cohort:"):strings.Index(golden, "index_events:")]
	null := strings.Replace(golden, "on_unusable: quarantine", `on_unusable: "null"`, 1)
	for text, want := range map[string]string{
		golden: "where a number cannot be used the row is kept back, and a run",
		null: "where a number cannot be used the row leaves without one (if it is the child's the row is kept back, " +
			"since nobody can tell whether the child is one of those below), and a run",
		strings.Replace(null, cohort, "", 1): "where a number cannot be used the row leaves without one, and a run",
	} {
		a, err := agreement.Parse("a.yaml", []byte(text), c)
		if err != nil {
			t.Fatal(err)
		}
		var shown strings.Builder
		if err := agreement.ShowText(&shown, a, c, nil); err != nil || !strings.Contains(flat(shown.String()), want) {
			t.Errorf("%v, and the text does not say %q", err, want)
		}
	}
}

// Every number is in the range whose code says so, and the codes stand sorted however the numbers do.
func TestRanges(t *testing.T) {
	band := func(edges ...int) agreement.Treatment { return agreement.Treatment{Kind: dataset.Band, Edges: edges} }
	ages := func(bands ...int) agreement.Treatment {
		return agreement.Treatment{Kind: dataset.AgeBand, Bands: bands}
	}
	number := func(least, most int32) *dataset.Column {
		return &dataset.Column{Type: dataset.Integer, Min: least, Max: most}
	}
	for _, tc := range []struct {
		how    agreement.Treatment
		column *dataset.Column
		want   string
		in     map[int]string
	}{
		{ages(0, 1, 5, 10, 16), nil, "00-00 01-04 05-09 10-15 16+", map[int]string{0: "00-00", 1: "01-04", 4: "01-04", 15: "10-15", 16: "16+", 99: "16+"}},
		{ages(0, 5), nil, "0-4 5+", map[int]string{4: "0-4", 5: "5+", 40: "5+"}},
		{ages(0), nil, "0+", map[int]string{0: "0+", 17: "0+"}},
		{band(14, 17), number(0, 40), "00-13 14-16 17-40", map[int]string{0: "00-13", 13: "00-13", 14: "14-16", 40: "17-40"}},
		{band(5, 100), number(5, 2000), "0005-0099 0100-2000", map[int]string{5: "0005-0099", 100: "0100-2000"}},
		{band(0), number(-20, 5), "-20--01 00-05", map[int]string{-20: "-20--01", -1: "-20--01", 0: "00-05"}},
		{band(-10, 0), number(-20, 5), "-20--11 -10--01 00-05", map[int]string{-11: "-20--11", -10: "-10--01", 5: "00-05"}},
	} {
		ranges := tc.how.Ranges(tc.column)
		if got := strings.Join(ranges.Words(), " "); got != tc.want {
			t.Errorf("ranges %s, want %s", got, tc.want)
		}
		var values []string
		for _, code := range ranges.Codes() {
			values = append(values, code.Value)
			if code.Meaning == "" {
				t.Errorf("%s has no meaning", code.Value)
			}
		}
		if !slices.IsSorted(values) || len(values) != len(ranges.Words()) {
			t.Errorf("codes %q", values)
		}
		for n, want := range tc.in {
			if got := values[ranges.Place(n)]; got != want {
				t.Errorf("%d is in %s, want %s", n, got, want)
			}
		}
		if words := tc.how.InWords(tc.column); !strings.HasSuffix(words, ": "+strings.ReplaceAll(tc.want, " ", ", ")) {
			t.Errorf("in words: %s", words)
		}
	}
	if got := band(10, 20).InWords(nil); got != "the number in ranges: divided at 10, 20" {
		t.Errorf("a band of a column that is not known: %s", got)
	}
	for _, how := range []agreement.Treatment{{Kind: dataset.Keep}, {Kind: dataset.AgeBand}, band(1)} {
		if how.Ranges(nil) != nil {
			t.Errorf("%+v has ranges", how)
		}
	}
}
