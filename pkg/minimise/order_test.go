package minimise_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// staged is all rows of a table of a run in a stage that set has set up, and the folder of its spill files.
func staged(t testing.TB, r *run, id string, set func(*minimise.Stage)) (*minimise.Stage, string) {
	t.Helper()
	dir := t.TempDir()
	for _, table := range r.plan.Tables {
		if table.ID != id {
			continue
		}
		stage := table.NewStage(func() (string, error) { return dir, nil })
		t.Cleanup(func() { _ = stage.Close() })
		set(stage)
		if err := r.treat(id, func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error { return stage.Add(b) }); err != nil {
			t.Fatal(err)
		}
		return stage, dir
	}
	t.Fatalf("the plan has no table %s", id)
	return nil, ""
}

// ways are agreements whose rows are led by a child's pseudonym, by a date, by another pseudonym, and by a code.
func ways() map[string]terms {
	const table, period = "  looked_after_episodes:\n", "2010-04-01/2029-03-31"
	return map[string]terms{
		"child":           awkward(),
		"child alone":     {period: period, tables: table + "    child_id: {treatment: pseudonym}\n"},
		"date":            {period: period, tables: table + "    legal_status: {treatment: keep}\n    start_date: {treatment: date, to: day}\n    urn: {treatment: pseudonym, from: placement_urn}\n"},
		"other pseudonym": {period: period, tables: table + "    urn: {treatment: pseudonym, from: placement_urn}\n    legal_status: {treatment: keep}\n"},
		"code":            {period: period, tables: table + "    legal_status: {treatment: keep}\n    urn: {treatment: pseudonym, from: placement_urn}\n"},
		"year":            {period: period, tables: table + "    year: {treatment: keep, from: collection_year}\n    legal_status: {treatment: keep}\n"},
	}
}

// TestOrderTurnsOnRowsAlone: with any memory, any number of workers and buckets of any size, the same rows come back in the
// same order, and nothing is left on disk but what Close removes.
func TestOrderTurnsOnRowsAlone(t *testing.T) {
	c := catalogue(t)
	k, dir := newKeys(t, "dsa-test"), crowd(t, 400)
	for name, agreed := range ways() {
		a := agreed.parse(t, c)
		want := texts(t, start(t, c, a, k, reference(), dir).stage(t, "looked_after_episodes", 0))
		if len(want) != 400 {
			t.Fatalf("%s: %d rows", name, len(want))
		}
		for _, budget := range []int{1, 700, 1 << 20} {
			for _, workers := range []int{1, 2, 16} {
				for _, limit := range []int{0, 1, 200} {
					r := start(t, c, a, k, reference(), dir)
					r.rows = 60
					stage, spill := staged(t, r, "looked_after_episodes", func(s *minimise.Stage) {
						s.SpillAt(budget)
						s.Workers(workers)
						s.LimitBucket(limit)
					})
					for range 2 {
						if got := texts(t, stage); !slices.Equal(got, want) {
							t.Fatalf("%s: budget %d, %d workers, buckets of %d: other rows, or in another order", name, budget, workers, limit)
						}
					}
					if left, err := os.ReadDir(spill); err != nil || len(left) != len(stage.Runs()) {
						t.Errorf("%s: budget %d, buckets of %d: %d files for %d spilled, error %v", name, budget, limit, len(left), len(stage.Runs()), err)
					}
					if err := stage.Close(); err != nil {
						t.Error(err)
					}
					if left, err := os.ReadDir(spill); err != nil || len(left) != 0 {
						t.Errorf("%s: %d files are left, error %v", name, len(left), err)
					}
				}
			}
		}
	}
}

// TestDivideEnds: called off or refused while buckets are divided on disk, nothing is left behind and nobody goes on.
func TestDivideEnds(t *testing.T) {
	c := catalogue(t)
	before := runtime.NumGoroutine()
	enough := errors.New("enough")
	for name, end := range map[string]func(cancel func()) error{
		"refused":    func(func()) error { return enough },
		"called off": func(cancel func()) error { cancel(); return nil },
	} {
		stage, dir := staged(t, start(t, c, awkward().parse(t, c), newKeys(t, "dsa-test"), reference(), crowd(t, 300)), "looked_after_episodes", func(s *minimise.Stage) {
			s.LimitBucket(50)
			s.Workers(4)
		})
		ctx, cancel := context.WithCancel(context.Background())
		err := stage.Ordered(ctx, func(*minimise.Batch) error { return end(cancel) })
		cancel()
		if !errors.Is(err, enough) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != len(stage.Runs()) {
			t.Errorf("%s: %d files for %d spilled, error %v", name, len(left), len(stage.Runs()), err)
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
	// A bucket that has to be divided, and nowhere to do it.
	r := start(t, c, awkward().parse(t, c), newKeys(t, "dsa-test"), reference(), crowd(t, 100))
	stage := r.plan.Tables[0].NewStage(func() (string, error) { return "", enough })
	stage.LimitBucket(50)
	if err := r.treat("looked_after_episodes", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error { return stage.Add(b) }); err != nil {
		t.Fatal(err)
	}
	if err := stage.Ordered(context.Background(), func(*minimise.Batch) error { return nil }); !errors.Is(err, enough) {
		t.Errorf("without a folder: %v", err)
	}
}

// TestCodes: codes say what cells do, order as values do, and are the same in every batch.
func TestCodes(t *testing.T) {
	c := catalogue(t)
	r := start(t, c, awkward().parse(t, c), newKeys(t, "dsa-test"), reference(), crowd(t, 300))
	check := func(b *minimise.Batch, texts []map[uint32]string) {
		for column, d := range b.Columns() {
			codes := b.Codes(column, 3, b.Len(), []uint32{77})
			if len(codes) != b.Len()-2 || codes[0] != 77 {
				t.Fatalf("%s: %d codes of %d rows", d.Name, len(codes), b.Len())
			}
			for i, code := range codes[1:] {
				row := 3 + i
				switch {
				case (code == 0) != b.Null(row, column) || code > b.Ordinals(column):
					t.Fatalf("%s: code %d of %d; null %v", d.Name, code, b.Ordinals(column), b.Null(row, column))
				case code == 0:
				case d.Kind != minimise.Pseudonym && d.Base+int32(code)-1 != b.Number(row, column):
					t.Fatalf("%s: code %d is %d", d.Name, code, b.Number(row, column))
				case d.Kind == minimise.Pseudonym || d.Kind == minimise.Code:
					if text := string(b.AppendCode([]byte("x"), column, code)); text != "x"+cell(b, row, column) {
						t.Fatalf("%s: code %d is %s", d.Name, code, text)
					}
				}
				if texts != nil && code != 0 {
					if text, known := texts[column][code]; known && text != cell(b, row, column) {
						t.Fatalf("%s: code %d stands for two values", d.Name, code)
					}
					texts[column][code] = cell(b, row, column)
				}
			}
			order := func(x, y int) int { return cmp.Compare(codes[x-2], codes[y-2]) }
			for x := 3; texts != nil && x < b.Len(); x++ {
				for y := 3; y < b.Len(); y += 7 {
					if order(x, y) != compareRows(b, x, y, []int{column}) {
						t.Fatalf("%s: codes do not order as values do", d.Name)
					}
				}
			}
		}
	}
	stage, _ := staged(t, r, "looked_after_episodes", func(*minimise.Stage) {})
	if err := r.treat("looked_after_episodes", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error {
		check(b, nil)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	texts := make([]map[uint32]string, 7)
	for i := range texts {
		texts[i] = make(map[uint32]string)
	}
	if err := stage.Ordered(context.Background(), func(b *minimise.Batch) error {
		check(b, texts)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(texts[6]) != 5 || len(texts[3]) != 3 {
		t.Errorf("%d children, %d days", len(texts[6]), len(texts[3]))
	}
}
