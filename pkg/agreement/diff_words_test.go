package agreement_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
)

func parse(t *testing.T, cat *dataset.Catalogue, text string) *agreement.Agreement {
	t.Helper()
	a, err := agreement.Parse("a.yaml", []byte(text), cat)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A change in the file, and what is said of it: + widened, ? widened because nobody can tell, - narrowed, = changed.
func TestDiffWords(t *testing.T) {
	cat := catalogue(t)
	for _, tc := range []struct{ name, old, new, want string }{
		{"column added", "    sex: {treatment: keep, codes: [F]}\n", "    sex: {treatment: keep, codes: [F]}\n    kept: {treatment: constant, value: a, why: To count}\n",
			"+ folk.kept now leaves: always a. Why: To count."},
		{"special column removed", "    DISABLED: {treatment: keep}\n", "", "- t/people.DISABLED no longer leaves. It was: true or false, as it is."},
		{"finer date", "treatment: date, to: quarter", "treatment: date, to: day",
			"+ t/people.ABOUT now leaves as the date, to the day, which tells more. It was: the date cut to the first day of its quarter."},
		{"coarser date", "treatment: date, to: quarter", "treatment: date, to: year", "- t/people.ABOUT now leaves as the date cut to the first day of its year. It was: "},
		{"band to months", "treatment: age_band, from: DOB, bands: [0, 1, 5, 10, 16]", "treatment: age_months, from: DOB", "+ t/people.age now leaves as the age in completed months"},
		{"months from years", "treatment: age_band, from: DOB, bands: [0, 1, 5, 10, 16]", "treatment: age_years, from: DOB", "+ t/people.age now leaves as the age in completed years"},
		{"finer bands", "bands: [0, 1, 5, 10, 16]", "bands: [0, 1, 5, 8, 10, 16]", "+ t/people.age now leaves"},
		{"other bands", "bands: [0, 1, 5, 10, 16]", "bands: [0, 2, 5, 10, 16]", "? t/people.age now leaves"},
		{"map to codes", "treatment: code_map, from: PLACE, map: kinds", "treatment: keep, from: PLACE", "+ t/people.kind now leaves as the code as it is"},
		{"map to flag", "treatment: code_map, from: PLACE, map: kinds", "treatment: flag, from: PLACE, codes: [U1]", "? t/people.kind now leaves as true where it is U1"},
		{"map renamed", "treatment: code_map, from: PLACE, map: kinds", "treatment: code_map, from: PLACE, codes: {U1: a, U2: a, K1: b}", "= t/people.kind now leaves as the code changed"},
		{"more codes", "sex: {treatment: keep, codes: [F]}", "sex: {treatment: keep}", "+ folk.sex now leaves as the code as it is: F or M, which tells more."},
		{"other flag", "codes: [U1, U2], joint", "codes: [U1], joint", "? t/people.kin now leaves as true where it is U1, else false. It was: true where it is U1 or U2"},
		{"finer ranges", "edges: [10, 20]", "edges: [5, 10, 20]", "+ t/people.score now leaves"},
		{"number itself", "treatment: band, from: SCORE, edges: [10, 20]", "treatment: keep, from: SCORE", "+ t/people.score now leaves as the number as it is"},
		{"days to date", "treatment: days_since, from: SEEN, event: first_left", "treatment: date, from: SEEN, to: day", "+ t/people.since now leaves as the date, to the day"},
		{"no constant", "treatment: constant, value: returns", "treatment: keep, from: SEX, joint_fineness: It is the sex of folk", "+ t/people.source now leaves"},
		{"longer sharing", "share_to: 2029-04-01", "share_to: 2029-06-30", "+ The last day of sharing is now: 30 June 2029. It was: 1 April 2029."},
		{"earlier sharing", "share_from: 2026-04-01", "share_from: 2026-03-01", "+ The first day of sharing is now: 1 March 2026."},
		{"older data", "data_from: 2020-04-01", "data_from: 2019-04-01", "+ The first day of the data is now: 1 April 2019."},
		{"newer data", "data_to: 2029-03-31", "data_to: 2028-03-31", "- The last day of the data is now: 31 March 2028."},
		{"kept longer", "recipient_until: 2030-03-31", "recipient_until: 2031-03-31", "+ The day by which the recipient destroys the data is now: 31 March 2031."},
		{"longer in the store", "bucket_days: 30", "bucket_days: 60", "+ How long a delivery stays in the store is now: 60 days. It was: 30 days."},
		{"other recipient", "recipient: {name: R,", "recipient: {name: S,", "? The recipient is now: S. It was: R."},
		{"own setting", "setting: managed", "setting: secure", "- The setting in which the data are used is now: secure."},
		{"another country", "locations: [GB, IE]", "locations: [GB, IE, FR]", "+ The recipient may now hold the data in FR."},
		{"more often", "schedule: quarterly", "schedule: daily", "+ How often data are sent is now: daily. It was: quarterly."},
		{"no cohort", "cohort:\n  table: t/people\n  where:\n    SEEN: {from: 2020-04-01, to: 2029-03-31}\n    SEX: {in: [F]}\n", "",
			"+ Every child is now shared. It was only: those in t/people with SEEN from 1 April 2020 to 31 March 2029 and SEX F."},
		{"condition gone", "    SEX: {in: [F]}\n", "", "+ Children are now shared whatever their SEX. It was only if SEX F."},
		{"more of a cohort", "SEX: {in: [F]}", "SEX: {in: [F, M]}", "+ Children are now shared whose SEX is M."},
		{"earlier in a cohort", "SEEN: {from: 2020-04-01, to", "SEEN: {from: 2018-04-01, to", "+ The first SEEN of children who are shared is now: 1 April 2018."},
		{"open cohort", "SEEN: {from: 2020-04-01, to: 2029-03-31}", "SEEN: {to: 2029-03-31}", "+ The first SEEN of children who are shared is no longer stated."},
		{"wider release", "profile: partner", "profile: wide", "+ The release profile is now: wide. It was: partner."},
		{"less measured", "profile: partner, quasi_identifiers: [folk.sex]", "profile: partner", "+ folk.sex no longer counts when it is measured how easily a child is singled out."},
		{"rows of nobody", "on_unusable: quarantine", `on_unusable: "null"`, "+ What becomes of a row whose identifier cannot be used is now: the row leaves without a code."},
		{"more of nobody", "max_unusable: 0.05", "max_unusable: 0.5", "+ The most rows without a usable identifier before a run stops is now: 50%. It was: 5%."},
		{"new key", "epoch: 2", "epoch: 3", "= Codes are now made with code key, version 3; it was version 2. Every child gets another code"},
		{"purpose", "text: To find out", "text: To find out more", "? The purpose is now: To find out more. It was: To find out."},
		{"basis", "article9: 9(2)(j)", "article9: 9(2)(h)", "? The basis for special categories (UK GDPR Article 9) is now: 9(2)(h). It was: 9(2)(j)."},
		{"assessment later", "review_by: 2027-03-31", "review_by: 2028-03-31", "+ The day by which the impact assessment is reviewed is now: 31 March 2028."},
		{"not told", "covers: [folk]", "covers: [t/people]", "+ The privacy notice no longer speaks of folk."},
		{"joined", ", joint_fineness: kin tells nothing that kind does not}", ", joint_fineness: another}", "? Why t/people.kin leaves beside another output of the same column is now: another."},
		{"contact", "contact: r@r.example", "contact: s@r.example", "= The recipient's contact is now: s@r.example. It was: r@r.example."},
		{"title", "title: A test", "title: Another", "= The title is now: Another. It was: A test."},
		{"reason", "why: because", "why: to count", "= The reason why t/people.ABOUT is needed is now: to count. It was: because."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			parse := func(text string) *agreement.Agreement { return parse(t, cat, text) }
			if strings.Count(golden, tc.old) != 1 {
				t.Fatalf("the golden file has the text to change %d times", strings.Count(golden, tc.old))
			}
			was, is := parse(golden), parse(strings.Replace(golden, tc.old, tc.new, 1))
			d := agreement.Diff(was, is, cat)
			var said []string
			add := func(mark string, changes []agreement.Change) {
				for _, c := range changes {
					if c.Unclear {
						mark = "?"
					}
					said = append(said, mark+" "+c.Sentence)
				}
			}
			add("+", d.Widened)
			add("-", d.Narrowed)
			add("=", d.Changed)
			found := false
			for _, s := range said {
				found = found || strings.HasPrefix(s, tc.want)
			}
			if !found {
				t.Errorf("it says %q, and not %q", said, tc.want)
			}
			holdsBackwards(t, cat, tc.name, was, is)
		})
	}
}

// What widened is said first, and what nobody can tell is marked.
func TestDiffText(t *testing.T) {
	cat := catalogue(t)
	was := parse(t, cat, golden)
	changed := strings.NewReplacer("version: 3", "version: 4", "to: quarter", "to: day", "share_to: 2029-04-01", "share_to: 2028-04-01",
		"title: A test", "title: Another", "text: To find out", "text: To find out more").Replace(golden)
	is := parse(t, cat, changed)
	var text strings.Builder
	if err := agreement.DiffText(&text, agreement.Diff(was, is, cat)); err != nil {
		t.Fatal(err)
	}
	const want = `From dsa-test-one version 3 to dsa-test-one version 4

WIDENED (2)
  - t/people.ABOUT now leaves as the date, to the day, which tells more. It was: the date cut to the first day of
    its quarter.
  ? The purpose is now: To find out more. It was: To find out.
  ? whether this is more or less cannot be worked out: look at it yourself

NARROWED (1)
  - The last day of sharing is now: 1 April 2028. It was: 1 April 2029.

CHANGED OTHERWISE (1)
  - The title is now: Another. It was: A test.

Unchanged: `
	if !strings.HasPrefix(text.String(), want) {
		t.Errorf("it says\n%s\nand not\n%s", text.String(), want)
	}
}
