//go:build unix

package export_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/pseudonym"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
	"github.com/postern-gateway/postern/pkg/table"
)

// inName is a marker in the names of two files. The council's own findings and records name files; nothing that leaves
// may, and no temporary file's name.
const inName = "Marmaduke Featherstone"

// canaries makes extracts of all formats with canaries in every column of every table of two collection years.
func canaries(t *testing.T) (extracts string, c *canary) {
	t.Helper()
	from := wholeCohort(t)
	extracts = filepath.Join(t.TempDir(), "extracts")
	mustCopy(t, from, extracts)
	c = newCanary(t, extracts)
	catalogue := withReport(t)
	c.plantInAll(t, catalogue, filepath.Join(extracts, "2025-26"), 2026)
	c.plantInAll(t, catalogue, filepath.Join(extracts, "2026-27"), 2027)
	c.plantInOthers(t, catalogue, extracts)
	c.alone(t)
	reviews := filepath.Join(extracts, "2025-26", "reviews")
	if err := os.Rename(reviews+".csv", reviews+" "+inName+".csv"); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(extracts, "notes "+inName+".txt"), "not an extract")
	if len(c.search.needles) < 5000 || len(c.search.words) < len(rareCodes()) || len(c.search.days) < 1000 {
		t.Fatalf("only %d needles, %d words and %d days were planted", len(c.search.needles), len(c.search.words), len(c.search.days))
	}
	// The planted values are found in the extracts, or there would be nothing to look for.
	for _, name := range []string{"2025-26/header.csv", "2025-26/oc2.csv", "2026-27/dolo.csv", "2025-26/cin.xml", "2026-27/cin.xml",
		"2025-26/autumn/pupilonroll.csv", "2026-27/spring/fsmperiod.csv", "2025-26/autumn/addressesonroll.csv", "2025-26/pupil_premium.tab",
		"2026-27/pupil_premium.csv", "2026-27/summer/download.csv", "2025-26/ssd/person.csv", "2026-27/inspection/list_8.csv", "2025-26/inspection.xlsx",
		"2023-24/looked-after.xml", "2022-23/looked-after.xlsx", "2026-27/registers/daily.csv", "2026-27/log/calls.csv"} {
		if found, err := c.search.file(filepath.Join(extracts, name)); err != nil || len(found) < 30 {
			t.Fatalf("%s: only %d markers were found (%v)", name, len(found), err)
		}
	}
	return extracts, c
}

// plantInAll plants canaries in every table of every format, in the folder of a collection year.
func (c *canary) plantInAll(tb testing.TB, catalogue *dataset.Catalogue, folder string, year int) {
	tb.Helper()
	c.plantIn(tb, catalogue, folder, year)
	c.plantInCIN(tb, catalogue, folder, year)
	for _, term := range dataset.Terms() {
		c.plantInSchools(tb, catalogue, folder, term, year)
	}
}

// lookingStore lets a watch look before and after each put.
type lookingStore struct {
	*dir.Store
	look func()
}

func (s *lookingStore) Put(ctx context.Context, key string, b store.Body) error {
	s.look()
	defer s.look()
	return s.Store.Put(ctx, key, b)
}

// watched is a gateway that is looked at on each step of a run, with tables that spill.
func (c *council) watched(t *testing.T, w *watch) *export.Gateway {
	t.Helper()
	g := c.gateway(t)
	target, ok := g.Store.(*dir.Store)
	if !ok {
		t.Fatal("the store is no folder")
	}
	g.Store = &lookingStore{target, w.look}
	g.Progress = func(export.Event) { w.look() }
	g.StageBytes, g.MostChildren = spillSoon, 1
	return g
}

// TestCanary is trust rule 2: a value that is valid for its column, in a row that leaves or in one that is kept back, is
// nowhere but, treated, in the drop: not in what a run keeps, nor in any file that was there only for a moment, nor in a
// file's name.
func TestCanary(t *testing.T) {
	extracts, planted := canaries(t)
	c := reporting(t, noon(), func(catalogue *dataset.Catalogue) []string {
		return []string{wideAgreement(catalogue, wideID, usualPeriod, "null")}
	})
	mustMkdir(t, c.path("tmp"))
	w := newWatch(t, 500*time.Microsecond, c.path("state"), c.path("tmp"), c.drops())
	t.Setenv("TMPDIR", c.path("tmp"))
	result := c.exportWith(t, c.watched(t, w), wideID, extracts)
	w.end()
	if result.Outcome != export.Published || len(w.names) < 60 {
		t.Fatalf("the run was %s; %d files were seen", result.Outcome, len(w.names))
	}
	for held, name := range w.names {
		found, err := planted.search.file(held)
		absent(t, strings.TrimPrefix(name, c.dir), found, err)
		if begins := mustRead(t, held); strings.HasPrefix(begins, "PK") || strings.HasPrefix(begins, "<part>") || strings.Contains(begins, "<worksheet") {
			t.Errorf("%s is a part of a workbook, or one", strings.TrimPrefix(name, c.dir))
		}
		absent(t, "the name of a file", planted.search.text([]byte(strings.TrimPrefix(name, c.dir))), nil)
		leaves := strings.HasPrefix(name, c.drops()) || strings.Contains(name, "/staging/")
		if leaves && strings.Contains(mustRead(t, held), inName) || strings.Contains(name, inName) {
			t.Errorf("%s shows the name of an extract", strings.TrimPrefix(name, c.dir))
		}
	}
	for _, ending := range []string{".run", ".parquet", "CLAIM", "SHA256SUMS.sig", "manifest.json", "README.html", ".age", "records", "000001.json"} {
		if !w.saw(ending) {
			t.Errorf("the watch saw no %s: it did not look while the run was at work", ending)
		}
	}
	told := make(map[string]bool)
	record := c.runs(t, wideID)[0]
	for _, tab := range record.Tables {
		record.Findings = append(record.Findings, tab.Findings...)
	}
	for _, f := range record.Findings {
		told[f.Rule] = true
	}
	for _, rule := range []string{"PUPIL_NUMBER_SHARED", "PUPIL_ON_TWO_ROLLS", "PUPIL_KEY_TWICE", "PUPIL_UNKNOWN", "KEY_MALFORMED", "SUM_INCOMPLETE",
		"ELEMENT_UNKNOWN", "ELEMENT_NOT_IN_YEAR", "ELEMENT_TWICE", "CELL_NOT_TEXT", "TEXT_STRAY", "DATE_ORDER", "BOOLEAN_UNKNOWN", "CHILD_UNKNOWN",
		"CODE_UNMAPPED", "FORMULA_CELL", "ROWS_ABOVE_HEADER", "SHEET_HIDDEN", "SHEET_NOT_READ", "DATES_MIXED", "JOIN_MISSING", "RE_REFERRAL_OPEN_CASE"} {
		if !told[rule] {
			t.Errorf("no row broke %s: its words were not searched", rule)
		}
	}
	c.noDigests(t, extracts, result.Drop)
	c.searchMembership(t, planted, result.Drop)
	c.treatedIn(t, planted, result)
}

// noDigests holds that nothing in the drop is the bare digest of an extract, by which a guessed one could be known. The run
// record, which stays, does have them.
func (c *council) noDigests(t *testing.T, extracts, drop string) {
	t.Helper()
	s := newSearcher()
	for _, name := range filesBelow(t, extracts) {
		s.digests(mustRead(t, filepath.Join(extracts, name)), name)
	}
	for _, name := range filesBelow(t, c.path("drops", drop)) {
		found, err := s.file(c.path("drops", drop, name))
		absent(t, name, found, err)
	}
	if found, err := s.file(c.path("state", "runs", wideID, "000001.json")); err != nil || len(found) < 20 {
		t.Errorf("the run record has the digests of %d extracts (%v)", len(found), err)
	}
}

// searchMembership searches the sealed index, opened.
func (c *council) searchMembership(t *testing.T, planted *canary, drop string) {
	t.Helper()
	identities, err := age.ParseIdentities(strings.NewReader(mustRead(t, c.path("keys", "rights.identity"))))
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, name := range filesBelow(t, c.path("state", "membership", drop)) {
		var text strings.Builder
		for p, err := range c.gateway(t).State.Membership(wideID, filepath.Base(drop), strings.TrimSuffix(name, ".age"), identities[0]) {
			if err != nil {
				t.Fatal(err)
			}
			text.WriteString(p + "\n")
		}
		absent(t, "the membership index of "+name, planted.search.text([]byte(text.String())), nil)
		tables++
	}
	if tables < 10 {
		t.Errorf("there are membership indexes of %d tables only", tables)
	}
}

// treatedIn holds that the canaries of good rows did leave: their pseudonyms are in the drop, in each of its files that has
// one, and those of pupils in the tables that are made of schools' rows.
func (c *council) treatedIn(t *testing.T, planted *canary, result *export.Result) {
	t.Helper()
	all := make(map[string]bool)
	held := make(map[string]map[string]bool)
	children := []string{"child_id"}
	for _, table := range c.catalogue.Tables() {
		children = append(children, table.ChildID)
	}
	for name := range parquets(t, c.path("drops", result.Drop)) {
		held[name] = make(map[string]bool)
		for _, id := range columnOf(t, c.path("drops", result.Drop, name), children...) {
			held[name][id], all[id] = true, true
		}
	}
	codes := c.pseudonyms(t, wideID, identifier.LAChildID, planted.ids...)
	for i, p := range codes {
		if !all[p] {
			t.Errorf("canary %d of %d did not leave as a pseudonym", i+1, len(codes))
		}
	}
	for i, p := range c.pseudonyms(t, wideID, identifier.LAChildID, planted.secret...) {
		if all[p] {
			t.Errorf("canary %d, whose rows were given in confidence, left as a pseudonym", i+1)
		}
	}
	for name := range held {
		if !slices.ContainsFunc(codes, func(p string) bool { return held[name][p] }) {
			t.Errorf("%s has no canary's pseudonym", name)
		}
	}
	// The good row of each table of a school is about the first of the pupils.
	pupil := c.pseudonyms(t, wideID, identifier.LAChildID, planted.pupils[0].id)[0]
	for _, name := range []string{"attendance.parquet", "free_school_meals.parquet", "pupil_premium.parquet"} {
		if !held[name][pupil] {
			t.Errorf("%s has not the pupil whose row is good", name)
		}
	}
}

// pseudonyms are what identifiers become under an agreement of the council.
func (c *council) pseudonyms(t *testing.T, id string, kind identifier.Kind, raw ...string) []string {
	t.Helper()
	keys, err := custody.Open(references(c.dir)).AgreementKeys(laCode, id, 1)
	if err != nil {
		t.Fatal(err)
	}
	maker, err := keys.Pseudonymiser(kind)
	if err != nil {
		t.Fatal(err)
	}
	return pseudonymsBy(maker, raw)
}

func pseudonymsBy(maker *pseudonym.Pseudonymiser, raw []string) []string {
	out := make([]string, len(raw))
	for i, value := range raw {
		var mac [20]byte
		maker.MAC(&mac, []byte(value))
		out[i] = string(maker.AppendText(nil, &mac))
	}
	return out
}

// columnOf reads the first of the columns that a Parquet file has, null cells left out; none when it has none of them.
func columnOf(tb testing.TB, path string, names ...string) []string {
	tb.Helper()
	f, err := table.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, column := range f.Columns() {
		if !slices.Contains(names, column.Name) {
			continue
		}
		var out []string
		if err := f.Each(column.Name, func(_ int64, v table.Value) error {
			if !v.IsNull() {
				out = append(out, string(v.Bytes()))
			}
			return nil
		}); err != nil {
			tb.Fatal(err)
		}
		return out
	}
	return nil
}
