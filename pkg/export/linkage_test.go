//go:build unix

package export_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/synth"
)

// linked is what a run record says of linking.
type linked struct {
	Table, Domain             string
	Children, Numbered, Found int64
}

func (c *council) links(t *testing.T, run int) map[string]linked {
	t.Helper()
	data, err := c.gateway(t).State.Run(shippedID, run)
	if err != nil {
		t.Fatal(err)
	}
	var record struct{ Linkage []linked }
	if err := json.Unmarshal(data, &record); err != nil {
		t.Fatal(err)
	}
	out := make(map[string]linked)
	for _, l := range record.Linkage {
		out[l.Table] = l
	}
	return out
}

// wholeOptions are those of wholeCohort.
func wholeOptions() synth.CohortOptions {
	return synth.CohortOptions{Children: 100, Seed: 11, Years: 2}
}

// found counts, from what the generator meant, the agreement's children who have a row in each table of pupils, and who
// have one in any.
func found(t *testing.T) (children int64, by map[string]int64) {
	t.Helper()
	by = make(map[string]int64)
	truth, err := synth.Truth(wholeOptions())
	if err != nil {
		t.Fatal(err)
	}
	day := slices.Index(synth.CoreColumns("referrals"), "referral_date")
	for child := range truth {
		if !slices.ContainsFunc(child.Rows("referrals"), func(row []string) bool { return row[day] >= "2020-04-01" }) {
			continue
		}
		children++
		anywhere := false
		for _, id := range []string{"attendance", "free_school_meals", "pupil_premium"} {
			if len(child.Rows(id)) > 0 {
				by[id]++
				anywhere = true
			}
		}
		if anywhere {
			by["any school roll"]++
		}
	}
	return children, by
}

// TestLinkageIsTold: the run record has how many children were found, exactly, as the generator meant it; the manifest
// has shares in bands, and nothing else; and the drop verifies.
func TestLinkageIsTold(t *testing.T) {
	c := newCouncil(t, wholeAgreement(t))
	drop := c.export(t, shippedID, wholeCohort(t)).Drop
	if whole := c.settled(t, shippedID); !slices.Equal(whole, []string{drop}) {
		t.Fatalf("the store holds %v", whole)
	}
	links := c.links(t, 1)
	children, by := found(t)
	for id, n := range by {
		l := links[id]
		if l.Children != children || l.Found != n || l.Domain != "child/upn" || l.Numbered > l.Children || l.Found > l.Numbered || n == 0 || n == children {
			t.Errorf("%s: %+v, want %d found of %d", id, l, n, children)
		}
	}
	if l := links["ssda903/header"]; l.Domain != "child/la-child-id" || l.Children == 0 || l.Found > l.Children {
		t.Errorf("between the returns: %+v", l)
	}
	if len(links) != 5 {
		t.Errorf("the run record has %d rates: %+v", len(links), links)
	}
	var m struct {
		Linkage []map[string]string `json:"linkage"`
	}
	if err := json.Unmarshal([]byte(mustRead(t, c.path("drops", drop, "manifest.json"))), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Linkage) != 4 {
		t.Errorf("the manifest has %v", m.Linkage)
	}
	for _, told := range m.Linkage {
		l := links[told["table"]]
		want := map[string]string{"table": l.Table, "domain": l.Domain, "linked_percent": manifest.Percent(l.Found, l.Children)}
		if !maps.Equal(told, want) {
			t.Errorf("the manifest has %v, want %v", told, want)
		}
	}
}

// rewrite changes the files of a copy of extracts whose path matches.
func rewrite(t *testing.T, extracts, match string, how func(text string) string) {
	t.Helper()
	n := 0
	for _, name := range filesBelow(t, extracts) {
		if regexp.MustCompile(match).MatchString(name) {
			path := filepath.Join(extracts, name)
			before := mustRead(t, path)
			after := how(before)
			if before == after {
				t.Fatalf("nothing was changed in %s", name)
			}
			mustWrite(t, path, after)
			n++
		}
	}
	if n == 0 {
		t.Fatalf("no file is %s", match)
	}
}

// emptied puts something else in the place of what matches.
func emptied(pattern, with string) func(string) string {
	return func(text string) string { return regexp.MustCompile(pattern).ReplaceAllString(text, with) }
}

// numberless takes the pupil numbers out of the returns on children.
func numberless(t *testing.T, extracts string) {
	t.Helper()
	rewrite(t, extracts, `cin\.xml$`, emptied(`<(UPN|FormerUPN)>[^<]*</`, "<$1></"))
	rewrite(t, extracts, `header\.csv$`, emptied(`(?m)^([^,]*,[^,]*,[^,]*,[^,]*),[A-Z][0-9]{11}[0-9A-Z],`, "$1,,"))
}

// firstRows leaves the first three rows of a file.
func firstRows(text string) string { return strings.Join(strings.SplitAfterN(text, "\n", 5)[:4], "") }

// refusesLinkage holds that a run over extracts stops with one finding, about a table, that says something; and that
// nothing is written.
func refusesLinkage(t *testing.T, text, extracts, about, says string) {
	t.Helper()
	c := newCouncil(t, text)
	err := c.tryExport(t, c.gateway(t), shippedID, extracts)
	var invalid *extract.Invalid
	if !errors.As(err, &invalid) || len(invalid.Findings) != 1 {
		t.Fatalf("the run failed with %v", err)
	}
	f := invalid.Findings[0]
	if f.Rule != export.RuleLinkage || f.Place.Table != about || !strings.Contains(f.Message, says) || f.Hint == "" {
		t.Errorf("the finding is %+v; want it on %s, saying that %s", f, about, says)
	}
	c.nothingMade(t)
}

// nothingMade holds that a run left nothing but the decisions in the register.
func (c *council) nothingMade(t *testing.T) {
	t.Helper()
	if keys := objects(t, c.gateway(t).Store, ""); len(keys) > 0 {
		t.Errorf("the store holds %v", keys)
	}
	if h := c.history(t); len(h.prepared)+len(h.published)+len(h.abandoned) > 0 {
		t.Errorf("the register: %+v", h)
	}
	for _, folder := range []string{"membership", "drops"} {
		if left := filesBelow(t, c.path("state", folder)); len(left) > 0 {
			t.Errorf("%s holds %v", folder, left)
		}
	}
	c.nothingLeft(t)
}

// TestLinkageBelowAgreed: when too few children are found, the run stops, and says which side is short.
func TestLinkageBelowAgreed(t *testing.T) {
	copied := func(t *testing.T) string {
		to := filepath.Join(t.TempDir(), "extracts")
		mustCopy(t, wholeCohort(t), to)
		return to
	}
	t.Run("the children's returns lack pupil numbers", func(t *testing.T) {
		extracts := copied(t)
		numberless(t, extracts)
		refusesLinkage(t, wholeAgreement(t), extracts, "any school roll", "the children's returns are short")
	})
	t.Run("the schools' extracts are not all there", func(t *testing.T) {
		extracts := copied(t)
		rewrite(t, extracts, `(/pupilonroll\.csv|pupil_premium\.(csv|tab))$`, firstRows)
		for _, name := range filesBelow(t, extracts) {
			if strings.HasSuffix(name, "pupilnolongeronroll.csv") || strings.HasSuffix(name, "offroll.csv") {
				if err := os.Remove(filepath.Join(extracts, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		refusesLinkage(t, wholeAgreement(t), extracts, "any school roll", "the schools' extracts are short")
	})
	t.Run("the schools' extracts are of others", func(t *testing.T) {
		extracts := copied(t)
		rewrite(t, extracts, `(/pupilonroll\.csv|/pupilnolongeronroll\.csv|pupil_premium\.(csv|tab))$`, emptied(`\b([A-Z])331([0-9]{9})\b`, "${1}332$2"))
		refusesLinkage(t, wholeAgreement(t), extracts, "any school roll", "the schools' extracts are short")
	})
	t.Run("the returns number children differently", func(t *testing.T) {
		extracts := copied(t)
		rewrite(t, extracts, `^[^/]*/(header|episodes|uasc)\.csv$`, emptied(`(?m)^([0-9])`, "Z$1"))
		refusesLinkage(t, wholeAgreement(t), extracts, "ssda903/header", "number children differently")
	})
}

// TestLinkageAtTheRate: a rate that is just met lets the run through, and one that is not stops it.
func TestLinkageAtTheRate(t *testing.T) {
	children, by := found(t)
	rate := float64(by["any school roll"]) / float64(children)
	asking := func(rate float64) string {
		return strings.Replace(wholeAgreement(t), "linkage: {pupils: 0.40", fmt.Sprintf("linkage: {pupils: %.6f", rate), 1)
	}
	c := newCouncil(t, asking(rate-0.000001))
	c.export(t, shippedID, wholeCohort(t))
	refusesLinkage(t, asking(rate+0.000001), wholeCohort(t), "any school roll", "the ")
}

// TestLinkageBelowAgreedCommand: the command ends with the code of invalid extracts, for plan as for export.
func TestLinkageBelowAgreedCommand(t *testing.T) {
	postern := command(t)
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, wholeCohort(t), extracts)
	numberless(t, extracts)
	c := today(t, func(_ *council, period string) []string {
		// Without the words of the notice, which speak of another period.
		text := regexp.MustCompile(`(?m)^  (text: notices|sha256: ).*\n`).ReplaceAllString(wholeAgreement(t), "")
		return []string{regexp.MustCompile(`(?m)^period: .*$`).ReplaceAllString(text, period)}
	})
	for _, args := range [][]string{{"plan", c.agreementFile(shippedID), extracts}, {"export", c.agreementFile(shippedID), extracts}} {
		got := c.run(t, postern, args...)
		if got.code != 4 || !strings.Contains(got.stderr, "LINKAGE_BELOW_AGREED") || !strings.Contains(got.stderr, "the children's returns are short") {
			t.Errorf("%s ended with %d: %s", args[0], got.code, got.stderr)
		}
	}
	c.nothingMade(t)
}

// TestOtherAuthority: a document of another authority is refused where the agreement needs it, and left alone where it does
// not.
func TestOtherAuthority(t *testing.T) {
	extracts := filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, wholeCohort(t), extracts)
	rewrite(t, extracts, `2025-26/cin\.xml$`, emptied(`<LEA>331<`, "<LEA>201<"))
	c := newCouncil(t, wholeAgreement(t))
	err := c.tryExport(t, c.gateway(t), shippedID, extracts)
	var invalid *extract.Invalid
	if !errors.As(err, &invalid) || len(invalid.Findings) != 1 || invalid.Findings[0].Rule != export.RuleOtherAuthority ||
		invalid.Findings[0].Place.File != filepath.Join(extracts, "2025-26", "cin.xml") || strings.Contains(invalid.Findings[0].Message+invalid.Findings[0].Hint, "201") {
		t.Errorf("the run failed with %v", err)
	}
	c.nothingMade(t)

	other := preamble(wideID, usualPeriod, "", "null") + "tables:\n  ssda903/missing:\n    CHILD: {treatment: pseudonym, why: it is tried}\n"
	c = newCouncil(t, other)
	for _, src := range c.export(t, wideID, extracts).Manifest.Sources {
		if src.Format != "ssda903" {
			t.Errorf("the drop is made of %s/%s too", src.Format, src.Table)
		}
	}
}
