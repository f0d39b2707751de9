package minimise_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// attendance is a register of some pupils in no order, of whom a few name themselves in two ways, and some rows nobody.
func attendance(t testing.TB, rows int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(5, uint64(rows)))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var b strings.Builder
	b.WriteString("la_child_id,upn,forename,surname,dob,postcode,school_urn,session_date,session,attendance_code,fsm,pupil_premium,ethnicity,gender\n")
	for range rows {
		id := fmt.Sprintf("%sC%03d%s", pick("", "", " "), r.IntN(40), pick("", "", "a", "A"))
		fmt.Fprintf(&b, "%s,,A,B,%s,AB1 2CD,%s,%s,%s,%s,%s,N,WBRI,%s\n", pick(id, id, id, id, id, id, "", "UNKNOWN"), pick("01/02/2012", "03/04/2014"),
			pick("100001", "100002", "100003", ""), pick("04/09/2024", "05/09/2024", "06/09/2024"), pick("AM", "PM"), pick("/", "N", "I"), pick("Y", "N"), pick("F", "M"))
	}
	return put(t, map[string]string{"2024-25/attendance.csv": b.String()})
}

// TestNumbersDecideNothing: whether children have a number, and so whether their rows are wide, shows in no row, in no count and
// in no list of children, whatever is spilled and divided.
func TestNumbersDecideNothing(t *testing.T) {
	c := catalogue(t)
	dir := attendance(t, 3000)
	k := newKeys(t, "dsa-test")
	for name, tables := range map[string]string{
		"child":                "    mark: {treatment: keep, from: attendance_code}\n    child: {treatment: pseudonym, from: la_child_id}\n    school: {treatment: pseudonym, from: school_urn}\n    day: {treatment: date, from: session_date, to: day}\n",
		"child alone":          "    child: {treatment: pseudonym, from: la_child_id}\n",
		"child in two columns": "    child: {treatment: pseudonym, from: la_child_id}\n    session: {treatment: keep}\n    again: {treatment: pseudonym, from: la_child_id}\n",
		"no child":             "    school: {treatment: pseudonym, from: school_urn}\n    session: {treatment: keep}\n",
	} {
		for _, unusable := range []string{`on_unusable: "null", max_unusable: 1`, "on_unusable: quarantine, max_unusable: 1"} {
			a := terms{period: "2020-04-01/2029-03-31", pseudonyms: unusable, tables: "  attendance/daily:\n" + tables}.parse(t, c)
			var want, wantLeads []string
			var wantHeld string
			for n, tc := range []struct{ children, budget, limit int }{
				{1 << 20, 1 << 20, 0}, {0, 1 << 20, 0}, {1, 1, 0}, {30, 1 << 12, 0}, {45, 1, 1 << 9}, {0, 1 << 12, 1 << 7}, {1 << 20, 1, 1 << 8},
			} {
				r := start(t, c, a, k, reference(), dir)
				hashes := t.TempDir()
				r.plan.Children().NumberAtMost(tc.children, func() (string, error) { return hashes, nil })
				stage, _ := staged(t, r, "attendance/daily", func(s *minimise.Stage) {
					s.SpillAt(tc.budget)
					if tc.limit > 0 {
						s.LimitBucket(tc.limit)
					}
				})
				rows, leads, held := texts(t, stage), leadsOf(t, stage), fmt.Sprintf("%+v", *r.held["attendance/daily"])
				if n == 0 {
					want, wantLeads, wantHeld = rows, leads, held
					if len(rows) < 2000 || (len(leads) < 50) != (name == "no child") {
						t.Fatalf("%s: %d rows, %d children", name, len(rows), len(leads))
					}
				}
				if !slices.Equal(rows, want) || held != wantHeld {
					t.Errorf("%s: with %d numbers, %d bytes, buckets of %d: other rows than with all numbers", name, tc.children, tc.budget, tc.limit)
				}
				if !slices.Equal(leads, wantLeads) || childrenOf(t, stage) != int64(len(leads)) {
					t.Errorf("%s: with %d numbers %d children, %d counted; want %d", name, tc.children, len(leads), childrenOf(t, stage), len(wantLeads))
				}
				if err := r.plan.Children().Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestWideRowsAreSpilled: rows of children who have no number are counted against the stage's memory, and a damaged spill file of
// theirs is noticed when rows are ordered and when children are counted.
func TestWideRowsAreSpilled(t *testing.T) {
	c := catalogue(t)
	dir := attendance(t, 3000)
	a := terms{tables: "  attendance/daily:\n    child: {treatment: pseudonym, from: la_child_id}\n    session: {treatment: keep}\n"}.parse(t, c)
	r := start(t, c, a, newKeys(t, "dsa-test"), reference(), dir)
	hashes := t.TempDir()
	r.plan.Children().NumberAtMost(0, func() (string, error) { return hashes, nil })
	stage, _ := staged(t, r, "attendance/daily", func(s *minimise.Stage) { s.SpillAt(1 << 14) })
	if len(stage.Runs()) < 2 {
		t.Fatalf("%d spill files", len(stage.Runs()))
	}
	for _, file := range stage.Runs() {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data[40] ^= 1
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := stage.Ordered(context.Background(), func(*minimise.Batch) error { return nil }); err == nil {
		t.Error("damaged rows are ordered")
	}
	if _, err := stage.Children(context.Background()); err == nil {
		t.Error("damaged rows are counted")
	}
	off, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := stage.Children(off); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	if err := errors.Join(stage.Close(), r.plan.Children().Close()); err != nil {
		t.Error(err)
	}
	if _, err := stage.Children(context.Background()); err == nil {
		t.Error("a closed stage has children")
	}
}

// leadsOf is the children of a stage, as they are listed while rows are written, held to the rows themselves.
func leadsOf(t *testing.T, s *minimise.Stage) []string {
	t.Helper()
	var out []byte
	var want []string
	last := uint32(0)
	if err := s.Ordered(context.Background(), func(b *minimise.Batch) error {
		for from := 0; from < b.Len(); from += 700 {
			out, last = b.Slice(from, min(from+700, b.Len())).AppendLeads(out, last)
		}
		for row := range b.Len() {
			if lead := b.Lead(); lead >= 0 && !b.Null(row, lead) {
				want = append(want, cell(b, row, lead))
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	if want = slices.Compact(want); !slices.Equal(got, want) || !slices.IsSorted(got) {
		t.Errorf("%d children are listed, of %d", len(got), len(want))
	}
	return got
}

func childrenOf(t *testing.T, s *minimise.Stage) int64 {
	t.Helper()
	n, err := s.Children(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSpilledMemoryIsUsedAgain: when the children who have a number come first, and then those who have none, the memory of the
// rows of the first serves those of the others.
func TestSpilledMemoryIsUsedAgain(t *testing.T) {
	const budget = 1 << 20
	var b strings.Builder
	b.WriteString("la_child_id,session_date,session,attendance_code\n")
	for i := range 4 * budget / 10 {
		if i < 3*budget/10 {
			fmt.Fprintf(&b, "A%d,04/09/2024,AM,/\n", i%200)
		} else if i%10 < 3 {
			fmt.Fprintf(&b, "B%d,04/09/2024,AM,/\n", i%1000)
		}
	}
	c := catalogue(t)
	a := terms{period: "2020-04-01/2029-03-31", tables: "  attendance/daily:\n    child: {treatment: pseudonym, from: la_child_id}\n    day: {treatment: date, from: session_date, to: day}\n    session: {treatment: keep}\n"}.parse(t, c)
	r := start(t, c, a, newKeys(t, "dsa-test"), reference(), put(t, map[string]string{"2024-25/attendance.csv": b.String()}))
	hashes := t.TempDir()
	r.plan.Children().NumberAtMost(200, func() (string, error) { return hashes, nil })
	stage, _ := staged(t, r, "attendance/daily", func(s *minimise.Stage) { s.SpillAt(budget) })
	if n := len(stage.Runs()); n == 0 || n > 3 || childrenOf(t, stage) != 500 {
		t.Fatalf("%d spill files, %d children", n, childrenOf(t, stage))
	}
	if got := stage.Blocks(); got > budget*3/2 {
		t.Errorf("blocks take %d bytes, of %d", got, budget)
	}
	if err := errors.Join(stage.Close(), r.plan.Children().Close()); err != nil {
		t.Error(err)
	}
}

// TestClosedStageHasNoChildren: what was thrown away is not counted as nothing.
func TestClosedStageHasNoChildren(t *testing.T) {
	c := catalogue(t)
	a := terms{tables: "  attendance/daily:\n    child: {treatment: pseudonym, from: la_child_id}\n"}.parse(t, c)
	r := start(t, c, a, newKeys(t, "dsa-test"), reference(), attendance(t, 100))
	stage, _ := staged(t, r, "attendance/daily", func(*minimise.Stage) {})
	if childrenOf(t, stage) == 0 {
		t.Fatal("there are no children")
	}
	if err := stage.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := stage.Children(context.Background()); err == nil {
		t.Errorf("a closed stage has %d children", n)
	}
}

// TestChildrenAreCountedOnce: a child some of whose rows were staged before he or she had a number, and some after, is one; one
// whose number another table gave is counted in this one too.
func TestChildrenAreCountedOnce(t *testing.T) {
	c := catalogue(t)
	a := terms{tables: "  attendance/daily:\n    child: {treatment: pseudonym, from: la_child_id}\n    session: {treatment: keep}\n"}.parse(t, c)
	r := start(t, c, a, newKeys(t, "dsa-test"), reference(), attendance(t, 300))
	hashes := t.TempDir()
	dir := func() (string, error) { return hashes, nil }
	r.plan.Children().NumberAtMost(0, dir)
	before, _ := staged(t, r, "attendance/daily", func(s *minimise.Stage) { s.SpillAt(1) })
	both, _ := staged(t, r, "attendance/daily", func(*minimise.Stage) {})
	if err := r.plan.Children().Close(); err != nil {
		t.Fatal(err)
	}
	r.plan.Children().NumberAtMost(1<<20, dir)
	after, _ := staged(t, r, "attendance/daily", func(*minimise.Stage) {})
	if err := r.treat("attendance/daily", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error { return both.Add(b) }); err != nil {
		t.Fatal(err)
	}
	want := int64(len(leadsOf(t, after)))
	for name, stage := range map[string]*minimise.Stage{"before": before, "both": both, "after": after} {
		if got := childrenOf(t, stage); got != want || got < 30 || int64(len(leadsOf(t, stage))) != got {
			t.Errorf("%s: %d children are counted, of %d", name, got, want)
		}
	}
}
