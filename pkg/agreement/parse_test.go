package agreement_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

// definitions has a column of every class and type.
const definitions = `
apiVersion: postern/dataset/v1
format: t
version: 1
title: Test format
collection_years: {from: 2016, to: 2030}
date_formats: [YYYY-MM-DD]
code_lists:
  sex: [{code: F, meaning: Female}, {code: M, meaning: Male}]
  place: [{code: U1, meaning: Kin}, {code: U2, meaning: Kin}, {code: K1, meaning: Home, to: 2020}]
tables:
  - name: people
    meaning: One row per child
    child_id: CHILD
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: UPN, type: identifier, identifier: child/upn, class: linkage-identifier, meaning: Pupil number}
      - {name: URN, type: identifier, identifier: school/urn, class: quasi-identifier, meaning: School}
      - {name: NAME, type: text, class: direct-identifier, meaning: Name}
      - {name: NOTE, type: text, class: free-text, meaning: Note}
      - {name: WORKER, type: identifier, identifier: worker/swe, class: staff, meaning: Social worker}
      - {name: RECORD, type: integer, min: 1, max: 99, class: record-identifier, meaning: Row of the source}
      - {name: SEX, type: code, codes: sex, class: quasi-identifier, meaning: Sex}
      - {name: PLACE, type: code, codes: place, class: sensitive, meaning: Placement}
      - {name: DOB, type: date, class: quasi-identifier, treatments: [age_months, age_years, age_band], meaning: Birth date}
      - {name: SEEN, type: date, class: quasi-identifier, meaning: Seen}
      - {name: LEFT, type: date, class: quasi-identifier, meaning: Left}
      - {name: ABOUT, type: partial-date, class: quasi-identifier, meaning: About}
      - {name: SCORE, type: integer, min: 0, max: 40, class: sensitive, meaning: Score}
      - {name: DISABLED, type: boolean, class: special-category, meaning: Disabled}
      - {name: CONVICTED, type: boolean, class: criminal-offence, meaning: Convicted}
  - name: providers
    meaning: One row per provider
    columns:
      - {name: PLACE, type: code, codes: place, class: ordinary, meaning: Placement}
`

const coreDefinitions = `
apiVersion: postern/core/v1
version: 1
title: Core
code_lists:
  kind: [{code: kin, meaning: Kin}, {code: other, meaning: Other}]
code_maps:
  - name: kinds
    meaning: Kinds of placement
    to: kind
    pairs: [{from: U1, to: kin}, {from: U2, to: kin}, {from: K1, to: other}]
  - name: half
    meaning: Not all of them
    to: kind
    pairs: [{from: U1, to: kin}]
tables:
  - name: folk
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: seen, type: date, class: quasi-identifier, meaning: Seen}
      - {name: sex, type: code, codes: t/sex, class: quasi-identifier, meaning: Sex}
      - {name: dob, type: date, class: quasi-identifier, treatments: [age_months, age_years, age_band], meaning: Birth date}
    sources:
      - table: t/people
        adds: true
        columns: {child_id: {from: CHILD}, seen: {from: SEEN}, sex: {from: SEX}, dob: {from: DOB}}
`

// golden uses every field and every treatment once.
const golden = `apiVersion: postern/v1
id: dsa-test-one
version: 3
title: A test
controller: {name: A Council, la_code: "331", dpo: dpo@a.example}
recipient: {name: R, role: processor, setting: managed, contact: r@r.example}
purpose: {code: research, text: To find out}
lawful_basis:
  article6: 6(1)(e)
  power: An Act, section 1
  article9: 9(2)(j)
  schedule1: Part 1 paragraph 4
  article10: An Act, section 2
dpia: {ref: D-1, review_by: 2027-03-31}
privacy_notice: {url: "https://a.example/notice", covers: [folk]}
national_data_opt_out: {determination: exempt, reason: None of it is health data}
period: {share_from: 2026-04-01, share_to: 2029-04-01, data_from: 2020-04-01, data_to: 2029-03-31, term_reason: One day more}
frequency: {schedule: quarterly, max_drops_per_month: 2}
retention: {recipient_until: 2030-03-31, bucket_days: 30}
transfer: {locations: [GB, IE]}
prohibitions: [decisions-about-individuals, re-identification, onward-sharing]
pseudonyms: {scheme: p1, epoch: 2, on_unusable: quarantine, max_unusable: 0.05}
cohort:
  table: t/people
  where:
    SEEN: {from: 2020-04-01, to: 2029-03-31}
    SEX: {in: [F]}
index_events:
  first_left: {table: t/people, column: LEFT, pick: earliest}
tables:
  folk:
    child_id: {treatment: pseudonym}
    sex: {treatment: keep, codes: [F]}
  t/people:
    child: {treatment: pseudonym, from: CHILD}
    school: {treatment: pseudonym, from: URN}
    kind: {treatment: code_map, from: PLACE, map: kinds}
    kin: {treatment: flag, from: PLACE, codes: [U1, U2], joint_fineness: kin tells nothing that kind does not}
    age: {treatment: age_band, from: DOB, bands: [0, 1, 5, 10, 16]}
    since: {treatment: days_since, from: SEEN, event: first_left}
    ABOUT: {treatment: date, to: quarter, why: because}
    score: {treatment: band, from: SCORE, edges: [10, 20]}
    DISABLED: {treatment: keep}
    CONVICTED: {treatment: keep}
    source: {treatment: constant, value: returns}
release: {profile: partner, quasi_identifiers: [folk.sex]}
`

// small reads the definitions of most tests once for all of them.
var small = sync.OnceValues(func() (*dataset.Catalogue, error) {
	return dataset.Load(fstest.MapFS{"t.yaml": {Data: []byte(definitions)}, "u.yaml": {Data: []byte(coreDefinitions)}})
})

func catalogue(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := small()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGolden(t *testing.T) {
	a, err := agreement.Parse("a.yaml", []byte(golden), catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	day := civil.MustYMD
	from, to := day(2020, 4, 1), day(2029, 3, 31)
	want := &agreement.Agreement{
		ID: "dsa-test-one", Version: 3, Title: "A test",
		Controller:         agreement.Controller{Name: "A Council", LACode: "331", DPO: "dpo@a.example"},
		Recipient:          agreement.Recipient{Name: "R", Role: "processor", Setting: "managed", Contact: "r@r.example"},
		Purpose:            agreement.Purpose{Code: "research", Text: "To find out"},
		LawfulBasis:        agreement.LawfulBasis{Article6: "6(1)(e)", Power: "An Act, section 1", Article9: "9(2)(j)", Schedule1: "Part 1 paragraph 4", Article10: "An Act, section 2"},
		DPIA:               agreement.DPIA{Ref: "D-1", ReviewBy: day(2027, 3, 31)},
		PrivacyNotice:      agreement.PrivacyNotice{URL: "https://a.example/notice", Covers: []string{"folk"}},
		NationalDataOptOut: agreement.NationalDataOptOut{Determination: "exempt", Reason: "None of it is health data"},
		Period: agreement.Period{ShareFrom: day(2026, 4, 1), ShareTo: day(2029, 4, 1), DataFrom: from, DataTo: to,
			TermReason: "One day more"},
		Frequency:    agreement.Frequency{Schedule: "quarterly", MaxDropsPerMonth: 2},
		Retention:    agreement.Retention{RecipientUntil: day(2030, 3, 31), BucketDays: 30},
		Transfer:     agreement.Transfer{Locations: []string{"GB", "IE"}},
		Prohibitions: []string{"decisions-about-individuals", "re-identification", "onward-sharing"},
		Pseudonyms:   agreement.Pseudonyms{Scheme: "p1", Epoch: 2, OnUnusable: "quarantine", MaxUnusable: 0.05},
		Cohort: &agreement.Cohort{Table: "t/people", Where: []agreement.Condition{
			{Column: "SEEN", From: &from, To: &to}, {Column: "SEX", In: []string{"F"}}}},
		Release:     agreement.Release{Profile: "partner", QuasiIdentifiers: []string{"folk.sex"}},
		IndexEvents: []agreement.IndexEvent{{Name: "first_left", Table: "t/people", Column: "LEFT", Pick: "earliest"}},
		Tables: []agreement.Table{
			{ID: "folk", Columns: []agreement.Column{
				{Name: "child_id", From: "child_id", Treatment: agreement.Treatment{Kind: "pseudonym"}},
				{Name: "sex", From: "sex", Treatment: agreement.Treatment{Kind: "keep", Codes: []string{"F"}}},
			}},
			{ID: "t/people", Columns: []agreement.Column{
				{Name: "child", From: "CHILD", Treatment: agreement.Treatment{Kind: "pseudonym"}},
				{Name: "school", From: "URN", Treatment: agreement.Treatment{Kind: "pseudonym"}},
				{Name: "kind", From: "PLACE", Treatment: agreement.Treatment{Kind: "code_map", Map: "kinds"}},
				{Name: "kin", From: "PLACE", Treatment: agreement.Treatment{Kind: "flag", Codes: []string{"U1", "U2"}}, JointFineness: "kin tells nothing that kind does not"},
				{Name: "age", From: "DOB", Treatment: agreement.Treatment{Kind: "age_band", Bands: []int{0, 1, 5, 10, 16}}},
				{Name: "since", From: "SEEN", Treatment: agreement.Treatment{Kind: "days_since", Event: "first_left"}},
				{Name: "ABOUT", From: "ABOUT", Treatment: agreement.Treatment{Kind: "date", To: "quarter"}, Why: "because"},
				{Name: "score", From: "SCORE", Treatment: agreement.Treatment{Kind: "band", Edges: []int{10, 20}}},
				{Name: "DISABLED", From: "DISABLED", Treatment: agreement.Treatment{Kind: "keep"}},
				{Name: "CONVICTED", From: "CONVICTED", Treatment: agreement.Treatment{Kind: "keep"}},
				{Name: "source", Treatment: agreement.Treatment{Kind: "constant", Value: "returns"}},
			}},
		},
		SHA256: a.SHA256, File: "a.yaml",
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got\n%+v\nwant\n%+v", a, want)
	}
	if got := fmt.Sprintf("%x", a.SHA256); got != sum(golden) {
		t.Errorf("SHA-256 %s is not that of the file", got)
	}
}

func TestInlineCodeMap(t *testing.T) {
	text := strings.Replace(golden, "cohort:\n  table: t/people\n  where:\n    SEEN: {from: 2020-04-01, to: 2029-03-31}\n    SEX: {in: [F]}\n", "", 1)
	text = strings.Replace(text, "map: kinds", "codes: {U1: kin, U2: kin, K1: home}", 1)
	a, err := agreement.Parse("a.yaml", []byte(text), catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []dataset.CodePair{{From: "U1", To: "kin"}, {From: "U2", To: "kin"}, {From: "K1", To: "home"}}
	if got := a.Tables[1].Columns[2].Treatment.Pairs; a.Cohort != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Each row changes the golden file and says, by the mark § in the new text, where each problem stands, in order.
func TestRules(t *testing.T) {
	c := catalogue(t)
	for _, tc := range []struct {
		name, old, new string
		want           []string // the beginning of each message
	}{
		{"version of the format", "postern/v1", "§postern/v2", []string{"is not one of the words"}},
		{"id", "dsa-test-one", "§dsa-Test", []string{"is not an agreement id"}},
		{"id too long", "dsa-test-one", "§dsa-" + strings.Repeat("a", 61), []string{"is longer than 64"}},
		{"id as long as can be", "dsa-test-one", "dsa-" + strings.Repeat("a", 60), nil},
		{"version", "version: 3", "version: §0", []string{"is not a whole number from 1"}},
		{"version quoted", "version: 3", `version: §"3"`, []string{"is not a whole number"}},
		{"missing key", "version: 3\n", "", []string{"1:1 is missing"}},
		{"unknown key", "version: 3\n", "version: 3\n§verison: 4\n", []string{"unknown key"}},
		{"unknown keys within", "ref: D-1", "§rev: D-1, §ref2: x", []string{"14:7 is missing", "unknown key", "unknown key"}},
		{"duplicate key", "version: 3\n", "version: 3\n§version: 4\n", []string{"this key is there twice"}},
		{"la code not quoted", `"331"`, "§331", []string{"unquoted, this is a number"}},
		{"la code", `"331"`, `§"33"`, []string{"is not the three digits"}},
		{"recipient role", "processor", "§friend", []string{"is not one of the words"}},
		{"setting", "managed", "§office", []string{"is not one of the words"}},
		{"purpose", "code: research", "code: §marketing", []string{"is a purpose for which no agreement"}},
		{"article 6", "6(1)(e)", "§6(1)(g)", []string{"is not a point of UK GDPR Article 6(1)"}},
		{"article 9", "9(2)(j)", "§9(1)", []string{"is not a point of UK GDPR Article 9(2)"}},
		{"power", "power: An Act, section 1", `power: §""`, []string{"is empty"}},
		{"what a basis needs is for Checks", "  power: An Act, section 1\n  article9: 9(2)(j)\n  schedule1: Part 1 paragraph 4\n  article10: An Act, section 2\n", "", nil},
		{"dpia date", "2027-03-31}", "§2027-02-29}", []string{"is not a date of the calendar"}},
		{"notice", "https://a.example/notice", "http://a.example/notice", []string{"15:23 is not an https address"}},
		{"notice of nothing", "covers: [folk]", "covers: §[]", []string{"is an empty list"}},
		{"opt-out", "exempt", "§ignored", []string{"is not one of the words"}},
		{"opt-out without reason", ", reason: None of it is health data", "", []string{"16:24 is missing"}},
		{"share period", "share_from: 2026-04-01, share_to: 2029-04-01", "share_from: 2026-04-01, share_to: §2026-03-31", []string{"the sharing ends before it begins"}},
		{"share period of one day", "share_from: 2026-04-01, share_to: 2029-04-01", "share_from: 2026-04-01, share_to: 2026-04-01", nil},
		{"data period", "data_to: 2029-03-31", "data_to: §2020-03-31", []string{"the period of the data ends before it begins"}},
		{"term", "share_to: 2029-04-01, data_from: 2020-04-01, data_to: 2029-03-31, term_reason: One day more",
			"share_to: §2029-04-01, data_from: 2020-04-01, data_to: 2029-03-31", []string{"the sharing lasts longer than 36 months"}},
		{"36 months", "share_to: 2029-04-01, data_from: 2020-04-01, data_to: 2029-03-31, term_reason: One day more",
			"share_to: 2029-03-31, data_from: 2020-04-01, data_to: 2029-03-31", nil},
		{"retention", "recipient_until: 2030-03-31", "recipient_until: §2029-03-31", []string{"the recipient would have to destroy"}},
		{"schedule", "schedule: quarterly", "schedule: §hourly", []string{"is not one of the words"}},
		{"drops", "max_drops_per_month: 2", "max_drops_per_month: §0", []string{"is not a whole number from 1 to 31"}},
		{"country", "[GB, IE]", "[GB, §UK1]", []string{"is not a country"}},
		{"country twice", "[GB, IE]", "[GB, §GB]", []string{"is there twice"}},
		{"Norway unquoted", "[GB, IE]", "[GB, §NO]", []string{"unquoted, this is a truth value"}},
		{"prohibition left out", "[decisions-about-individuals, re-identification, onward-sharing]", "§[re-identification, onward-sharing]", []string{"a prohibition is left out"}},
		{"prohibition changed", "onward-sharing]", "§onward-sharing-of-rows]", []string{"is not one of the words"}},
		{"prohibition added", "onward-sharing]", "onward-sharing, §sale]", []string{"is not one of the words"}},
		{"prohibition twice", "onward-sharing]", "§re-identification]", []string{"is there twice"}},
		{"scheme", "scheme: p1", "scheme: §sha256", []string{"is not one of the words"}},
		{"epoch", "epoch: 2", "epoch: §0", []string{"is not a whole number from 1"}},
		{"on_unusable", "on_unusable: quarantine", "on_unusable: §null", []string{"unquoted, this is nothing"}},
		{"on_unusable null", "on_unusable: quarantine", `on_unusable: "null"`, nil},
		{"max_unusable", "max_unusable: 0.05", "max_unusable: §1.5", []string{"is not a number from 0 to 1"}},

		{"cohort table", "cohort:\n  table: t/people", "cohort:\n  table: §t/poeple", []string{"there is no such table"}},
		{"cohort table without children", "cohort:\n  table: t/people\n  where:\n    SEEN: {from: 2020-04-01, to: 2029-03-31}\n    SEX: {in: [F]}\n",
			"cohort: {table: §t/providers}\n", []string{"this table does not say which child"}},
		{"cohort column", "SEEN: {from", "§SEE: {from", []string{"there is no such column in table t/people"}},
		{"cohort code", "SEX: {in: [F]}", "SEX: {in: [§X]}", []string{"there is no such code in column SEX"}},
		{"cohort dates of codes", "SEX: {in: [F]}", "§SEX: {from: 2020-04-01}", []string{"is a condition of dates on a column that is no date"}},
		{"cohort codes of dates", "SEX: {in: [F]}", "§LEFT: {in: [F]}", []string{"is a condition of codes on a column that has none"}},
		{"cohort of both", "SEX: {in: [F]}", "SEX: §{in: [F], from: 2020-04-01}", []string{"is not one condition"}},
		{"cohort of nothing", "SEX: {in: [F]}", "SEX: §{}", []string{"is not one condition"}},
		{"cohort backwards", "to: 2029-03-31}\n    SEX", "to: §2019-03-31}\n    SEX", []string{"ends before it begins"}},
		{"cohort by name", "SEX: {in: [F]}", "§NAME: {in: [F]}", []string{"this column names a person and never leaves"}},
		{"table without children", "release: {profile", "  t/providers: {place: {treatment: §keep, from: PLACE}}\nrelease: {profile",
			[]string{"this table does not say which child"}},

		{"event column", "column: LEFT", "column: §LEAVES", []string{"there is no such column in table t/people"}},
		{"event table", "first_left: {table: t/people", "first_left: {table: §people", []string{"there is no such table"}},
		{"event of a birth date", "column: LEFT", "column: §DOB", []string{"days cannot be counted from a birth date"}},
		{"event of a code", "column: LEFT", "column: §SEX", []string{"is not a date column"}},
		{"event pick", "pick: earliest", "pick: §any", []string{"is not one of the words"}},
		{"event name", "first_left: {table", "§First: {table", []string{"is no name of an event", "40:55 there is no such index event"}},
		{"event unknown", "event: first_left", "event: §last_left", []string{"there is no such index event"}},
		{"event dated too", "ABOUT: {treatment: date", "LEFT: {treatment: date, to: year}\n    ABOUT: {treatment: date", []string{"40:55 the date of this event leaves as well"}},

		{"table", "  folk:", "  §folks:", []string{"there is no such table", "46:49 does not name a column that leaves"}},
		{"no table", golden[strings.Index(golden, "tables:\n"):], "tables: §{}\nrelease: {profile: wide}\n", []string{"names no table"}},
		{"empty table", "  folk:\n    child_id: {treatment: pseudonym}\n    sex: {treatment: keep, codes: [F]}\n", "  folk: §{}\n", []string{"names no column", "44:49 does not name a column that leaves"}},
		{"column", "sex: {treatment: keep", "§gender: {treatment: keep", []string{"there is no such column in table folk", "46:49 does not name a column that leaves"}},
		{"from", "from: URN", "from: §LEA", []string{"there is no such column in table t/people"}},
		{"output name", "school: {", "§\"school name\": {", []string{"is no name of a column that leaves"}},
		{"output name too long", "school: {", "§" + strings.Repeat("s", 64) + ": {", []string{"is no name of a column that leaves"}},
		{"output names alike", "school: {", "§Child: {", []string{"differs from another column of the table in capital letters only"}},
		{"name", "from: URN", "from: §NAME", []string{"this column names a person and never leaves"}},
		{"free text", "from: URN", "from: §NOTE", []string{"this column holds free text and never leaves"}},
		{"staff", "from: URN", "from: §WORKER", []string{"this column is about a member of staff and never leaves"}},
		{"record number", "school: {treatment: pseudonym, from: URN}", "number: {treatment: keep, from: §RECORD}", []string{"this column numbers a record"}},
		{"never leaves, under its own name", "school: {treatment: pseudonym, from: URN}", "NAME: {treatment: §keep}", []string{"this column names a person and never leaves"}},
		{"identifier kept", "child: {treatment: pseudonym", "child: {treatment: §keep", []string{"an identifier leaves only as a pseudonym"}},
		{"identifier flagged", "child: {treatment: pseudonym", "child: {treatment: §flag, codes: [A]", []string{"an identifier leaves only as a pseudonym"}},
		{"treatment", "treatment: band", "treatment: §hash", []string{"is not one of the words"}},
		{"no treatment", "DISABLED: {treatment: keep}", "DISABLED: §{}", []string{"is missing"}},
		{"treatment of nothing", "DISABLED: {treatment: keep}", "DISABLED: {§treatment: }", []string{"has no value"}},
		{"not permitted", "treatment: band, from: SCORE, edges: [10, 20]", "treatment: §flag, from: SCORE, codes: [A]", []string{"this treatment is not permitted"}},
		{"partial date counted", "ABOUT: {treatment: date, to: quarter", "ABOUT: {treatment: §days_since, event: first_left", []string{"this treatment is not permitted"}},
		{"birth date dated", "age: {treatment: age_band, from: DOB, bands: [0, 1, 5, 10, 16]}", "age: {treatment: §date, from: DOB, to: year}", []string{"a birth date leaves only as an age"}},
		{"foreign parameter", "DISABLED: {treatment: keep}", "DISABLED: {treatment: keep, §to: day}", []string{"unknown key"}},
		{"codes of a boolean", "DISABLED: {treatment: keep}", "DISABLED: {treatment: keep, codes: §[A]}", []string{"the column has no codes"}},
		{"missing parameter", "ABOUT: {treatment: date, to: quarter, why: because}", "ABOUT: §{treatment: date}", []string{"is missing"}},
		{"fineness", "to: quarter", "to: §decade", []string{"is not one of the words"}},
		{"kept code", "keep, codes: [F]", "keep, codes: [§X]", []string{"there is no such code in column sex"}},
		{"kept code twice", "keep, codes: [F]", "keep, codes: [F, §F]", []string{"is there twice"}},
		{"kept codes none", "keep, codes: [F]", "keep, codes: §[]", []string{"is an empty list"}},
		{"flag code", "codes: [U1, U2]", "codes: [U1, §u2]", []string{"there is no such code in column PLACE"}},
		{"flag without codes", "codes: [U1, U2], ", "", []string{"38:10 is missing"}},
		{"bands not ascending", "[0, 1, 5, 10, 16]", "[0, 5, §5, §1]", []string{"is not larger than", "is not larger than"}},
		{"bands not from 0", "[0, 1, 5, 10, 16]", "§[1, 5]", []string{"leaves the youngest without a band"}},
		{"edges not ascending", "[10, 20]", "[20, §10]", []string{"is not larger than"}},
		{"edges outside", "[10, 20]", "[§0, 40, §41]", []string{"divides nothing", "divides nothing"}},
		{"map", "map: kinds", "map: §kind", []string{"there is no such code map"}},
		{"map that leaves codes out", "map: kinds", "map: §half", []string{"leaves out 2 codes of column PLACE"}},
		{"map and codes", "map: kinds", "map: kinds, codes: {U1: a, U2: b, K1: c}", []string{"37:11 a code map needs either"}},
		{"neither map nor codes", ", map: kinds", "", []string{"37:11 a code map needs either"}},
		{"inline map that leaves a code out", "map: kinds", "codes: §{U1: a, U2: b}", []string{"leaves out 1 code of column PLACE"}},
		{"inline map of no code", "map: kinds", "codes: {U1: a, U2: b, K1: c, §K9: d}", []string{"there is no such code in column PLACE"}},
		{"inline map to text", "map: kinds", `codes: {U1: a, U2: b, K1: §"free text"}`, []string{"is not a code of 1 to 40"}},
		{"constant from a column", "source: {treatment: constant, value: returns}", "source: {treatment: constant, from: §SEX, value: returns}", []string{"a constant comes from no column"}},
		{"constant text", "value: returns", "value: §two words", []string{"is not a code of 1 to 40"}},
		{"second age", "sex: {treatment: keep, codes: [F]}", "dob: {treatment: age_years}", []string{"39:22 is a second age", "46:49 does not name a column that leaves"}},
		{"second output", ", joint_fineness: kin tells nothing that kind does not", "", []string{"38:22 is a second output"}},
		{"second output of the source of a core column", "age: {treatment: age_band", "SEX: {treatment: §keep}\n    age: {treatment: age_band", []string{"is a second output"}},
		{"the same output of the source of a core column", "age: {treatment: age_band", "SEX: {treatment: keep, codes: [F]}\n    age: {treatment: age_band", nil},
		{"second domain", "school: {treatment: pseudonym, from: URN}", "pupil: {treatment: §pseudonym, from: UPN}", []string{"a child has a pseudonym from child/la-child-id already"}},
		{"quasi-identifier", "[folk.sex]", "[§folk.SEX]", []string{"does not name a column that leaves"}},
		{"quasi-identifier twice", "[folk.sex]", "[folk.sex, §folk.sex]", []string{"is there twice"}},
		{"quasi-identifier that is not measured", "[folk.sex]", "[§t/people.score, folk.sex]", []string{"is not measured: only tables with one row per child are"}},
		{"quasi-identifiers none", "[folk.sex]", "[]", nil},
		{"profile", "profile: partner", "profile: §public", []string{"is not one of the words"}},
		{"many at once", "version: 3\ntitle: A test\ncontroller: {name: A Council, la_code: \"331\"", "version: §three\ntitle: §yes\ncontroller: {§nmae: A, la_code: §331",
			[]string{"is not a whole number", "unquoted, this is a truth value", "5:13 is missing", "unknown key", "unquoted, this is a number"}},
		{"anchor", "version: 3", "version: §&a 3", []string{"anchors"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if strings.Count(golden, tc.old) != 1 {
				t.Fatalf("the golden file has the text to change %d times", strings.Count(golden, tc.old))
			}
			text, places := unmark(strings.Replace(golden, tc.old, tc.new, 1))
			_, err := agreement.Parse("a.yaml", []byte(text), c)
			var problems document.Problems
			if err != nil && !errors.As(err, &problems) {
				t.Fatalf("not problems: %v", err)
			}
			var want []string
			for _, message := range tc.want {
				if !unicode.IsDigit(rune(message[0])) && len(places) > 0 {
					message, places = places[0]+" "+message, places[1:]
				}
				want = append(want, message)
			}
			ok := len(problems) == len(want) && len(places) == 0
			for i := range min(len(problems), len(want)) {
				got := fmt.Sprintf("%d:%d %s", problems[i].Line, problems[i].Column, problems[i].Message)
				ok = ok && strings.HasPrefix(got, want[i])
			}
			if !ok {
				t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
			}
		})
	}
}

// unmark takes the marks out of a text and returns the place of each, "line:column".
func unmark(text string) (string, []string) {
	var out strings.Builder
	var places []string
	line, column := 1, 1
	for _, r := range text {
		switch r {
		case '§':
			places = append(places, fmt.Sprintf("%d:%d", line, column))
			continue
		case '\n':
			line, column = line+1, 0
		}
		column++
		out.WriteRune(r)
	}
	return out.String(), places
}

func TestShippedAgreements(t *testing.T) {
	definitions := builtIn(t)
	files, _ := filepath.Glob("../../agreements/family-valued-*.yaml")
	if len(files) != 2 {
		t.Fatalf("%d agreements are shipped, not 2", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a, err := agreement.Parse(file, data, definitions)
		if err != nil {
			t.Error(err)
			continue
		}
		var text strings.Builder
		if err := agreement.ShowText(&text, a, definitions, nil); err != nil || strings.Contains(text.String(), "anonymised\n") {
			t.Error(err)
		}
	}
}

func TestProblemsSayWhatToDo(t *testing.T) {
	text := strings.Replace(golden, "treatment: band, from: SCORE, edges: [10, 20]", "treatment: flag, from: SCORE, codes: [A]", 1)
	_, err := agreement.Parse("a.yaml", []byte(text), catalogue(t))
	if hint := finding.HintOf(err); hint != "line 42: permitted: keep, band" {
		t.Errorf("hint %q", hint)
	}
}

// A mistake in any value is told without repeating it: the values are made Greek, one word at a time.
func TestNoEcho(t *testing.T) {
	c := catalogue(t)
	lines := strings.Split(everyField(), "\n")
	reported := 0
	for i := range lines {
		for _, word := range strings.FieldsFunc(lines[i], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
			changed := append([]string{}, lines...)
			changed[i] = strings.Replace(changed[i], word, "αβγδεζη", 1)
			_, err := agreement.Parse("a.yaml", []byte(strings.Join(changed, "\n")), c)
			var problems document.Problems
			if !errors.As(err, &problems) {
				continue
			}
			reported++
			for _, p := range problems {
				if strings.Contains(p.String()+p.Hint, "αβγ") {
					t.Errorf("a problem repeats the file: %s", p)
				}
			}
		}
	}
	if reported < 300 {
		t.Errorf("only %d of the changed files had problems", reported)
	}
}
