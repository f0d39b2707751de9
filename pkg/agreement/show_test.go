package agreement_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
)

func TestShow(t *testing.T) {
	c := newCouncil(t)
	c.submit().advise(agreement.AdviseWithConditions).approve("")
	c.add("Malloryasset-owner", c.decision(agreement.AssetOwner, agreement.Approve, ""))
	status := agreement.Evaluate(c.a, c.definitions, c.roles, c.decisions, noon)
	var first, second strings.Builder
	if err := errors.Join(agreement.ShowText(&first, c.a, c.catalogue, status), agreement.ShowText(&second, c.a, c.catalogue, status)); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("two texts of one agreement differ")
	}
	for _, want := range []string{
		"dsa-test-one, version 3\n",
		"state              active\n",
		"1 April 2026: advise-with-conditions by Dora, data protection officer: a reason\n",
		"not counted        decisions/dsa-test-one/03.txt: it is signed by a key that holds no role\n",
		"R, as a processor, in an environment of its own; contact: r@r.example\n",
		"the notice does not cover t/people, which leaves\n",
		"from 1 April 2026 to 1 April 2029, quarterly, at most 2 a month\n",
		"those in t/people with SEEN from 1 April 2020 to 31 March 2029 and SEX F; every table keeps only these children\n",
		"a run with more than 5% of them stops\n",
		"first_left: the earliest LEFT of the child in t/people\n",
		"    age\n      from      DOB: Birth date (quasi-identifier)\n      leaves    the age at the reference date in bands of years: 00-00, 01-04, 05-09, 10-15, 16+\n",
		"true where it is U1 or U2, else false\n      together  kin tells nothing that kind does not\n",
		"    score\n      from      SCORE: Score (sensitive)\n      leaves    the number in ranges: 00-09, 10-19, 20-40\n",
		"    source\n      leaves    always returns\n",
		"the date cut to the first day of its quarter\n      why       because\n",
	} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("the text does not say %q", want)
		}
	}
	for _, c := range c.a.Tables[1].Columns {
		if !strings.Contains(first.String(), "\n    "+c.Name+"\n") {
			t.Errorf("column %s is not shown", c.Name)
		}
	}
}

// Under a cohort a row of which nobody can tell whose it is stays, whatever on_unusable says; the text says so.
func TestShowUnusable(t *testing.T) {
	c := catalogue(t)
	cohort := golden[strings.Index(golden, "cohort:"):strings.Index(golden, "index_events:")]
	null := strings.Replace(golden, "on_unusable: quarantine", `on_unusable: "null"`, 1)
	for text, want := range map[string]string{
		golden: "where an identifier cannot be used the row is kept back, and a run",
		null: "where an identifier cannot be used the row leaves without one (if it is the child's the row is kept back, " +
			"since nobody can tell whether the child is one of those below), and a run",
		strings.Replace(null, cohort, "", 1): "where an identifier cannot be used the row leaves without one, and a run",
	} {
		a, err := agreement.Parse("a.yaml", []byte(text), c)
		if err != nil {
			t.Fatal(err)
		}
		var shown strings.Builder
		if err := agreement.ShowText(&shown, a, c, nil); err != nil || !strings.Contains(shown.String(), want) {
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
