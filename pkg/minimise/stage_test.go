package minimise_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// awkward is an agreement whose order of columns is not the order of rows, with a null in every column.
func awkward() terms {
	return terms{
		period: "2010-04-01/2029-03-31",
		tables: `  looked_after_episodes:
    urn: {treatment: pseudonym, from: placement_urn}
    kinship: {treatment: flag, from: placement_type, codes: [U1, U2, U3]}
    end_date: {treatment: date, to: month}
    start_date: {treatment: date, to: day}
    legal_status: {treatment: keep, codes: [C1, C2]}
    year: {treatment: keep, from: collection_year}
    child_id: {treatment: pseudonym}
`,
	}
}

// crowd writes episodes of a few children on a few days, so that many rows are alike in their first columns.
func crowd(t testing.TB, rows int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(3, uint64(rows)))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var b strings.Builder
	b.WriteString(episodesLine)
	for range rows {
		fmt.Fprintf(&b, "%s,%s,S,%s,N1,%s,PR1,%s,,,,,%s\n", pick("1", "2", "3", "4", "5", "UNKNOWN"), pick("01/05/2020", "02/05/2020", "03/06/2020"),
			pick("C1", "C2", "V2"), pick("U1", "U4", ""), pick("", "01/09/2020", "02/10/2020"), pick("", "100001", "100002", "SC012345"))
	}
	return put(t, map[string]string{"2020-21/episodes.csv": b.String()})
}

// compareRows orders two rows as the layout is documented: child, event date, then the other columns as they stand in
// the agreement; null before any value; pseudonyms by their bytes, all else by number.
func compareRows(b *minimise.Batch, x, y int, columns []int) int {
	for _, c := range columns {
		nullX, nullY := b.Null(x, c), b.Null(y, c)
		switch {
		case nullX && nullY:
			continue
		case nullX != nullY:
			return map[bool]int{true: -1, false: 1}[nullX]
		}
		order := cmp.Compare(b.Number(x, c), b.Number(y, c))
		if b.Columns()[c].Kind == minimise.Pseudonym {
			order = bytes.Compare(b.MAC(x, c)[:], b.MAC(y, c)[:])
			if text := bytes.Compare(b.AppendText(nil, x, c), b.AppendText(nil, y, c)); text != order {
				panic("the bytes of two pseudonyms order otherwise than their texts")
			}
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

func TestOrder(t *testing.T) {
	c := catalogue(t)
	r := start(t, c, awkward().parse(t, c), newKeys(t, "dsa-test"), reference(), crowd(t, 500))
	stage := r.stage(t, "looked_after_episodes", 0)
	seen, ties := 0, 0
	if err := stage.Ordered(context.Background(), func(b *minimise.Batch) error {
		if b.Lead() != 6 {
			t.Errorf("rows are led by column %d", b.Lead())
		}
		for row := range b.Len() {
			if seen++; row == 0 {
				continue
			}
			order := []int{6, 3, 0, 1, 2, 4, 5}
			if compareRows(b, row-1, row, order) > 0 {
				t.Fatalf("row %d comes after one that is less", row)
			}
			if compareRows(b, row-1, row, order[:2]) == 0 {
				ties++
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if seen != 500 || ties < 300 {
		t.Errorf("%d rows, %d of them decided late", seen, ties)
	}
}

// TestNumbersOrderBySign: numbers below zero come first, and come back as they were.
func TestNumbersOrderBySign(t *testing.T) {
	c := catalogue(t)
	var b strings.Builder
	b.WriteString(episodesLine)
	for _, day := range []string{"01/06/2020", "30/04/2020", "01/05/2020", "31/05/2020", "02/05/2020", "01/04/2020"} {
		b.WriteString(episode("1", day, "", "C1"))
	}
	_, rows := all(t, c, terms{
		more:   "index_events: {gone: {table: ssda903/missing, column: MIS_START, pick: earliest}}\n",
		tables: "  ssda903/episodes:\n    days: {treatment: days_since, from: DECOM, event: gone}\n",
	}.parse(t, c), newKeys(t, "dsa-test"), reference(), put(t, map[string]string{
		"2020-21/episodes.csv": b.String(), "2020-21/missing.csv": "CHILD,DOB,MISSING,MIS_START,MIS_END\n1,02/03/2010,M,01/05/2020,\n",
	}))
	if got := strings.Join(rows["ssda903/episodes"], " "); got != "-30 -1 0 1 30 31" {
		t.Errorf("rows %s", got)
	}
}

// TestStageSpills: whatever fits in memory, and in whatever batches rows come, the same rows come back in the same order.
func TestStageSpills(t *testing.T) {
	c := catalogue(t)
	a, k, dir := awkward().parse(t, c), newKeys(t, "dsa-test"), crowd(t, 300)
	want := texts(t, start(t, c, a, k, reference(), dir).stage(t, "looked_after_episodes", 0))
	for _, budget := range []int{1, 500, 5_000, 1 << 20} {
		for _, rows := range []int{1, 7, 100, 0} {
			r := start(t, c, a, k, reference(), dir)
			r.rows = rows
			stage := r.stage(t, "looked_after_episodes", budget)
			spilled := len(stage.Runs())
			if (spilled > 0) != (budget < 1<<20) || stage.Rows() != 300 {
				t.Errorf("budget %d, batches of %d: %d runs, %d rows", budget, rows, spilled, stage.Rows())
			}
			for range 2 { // it can be called again
				if got := texts(t, stage); !slices.Equal(got, want) {
					t.Fatalf("budget %d, batches of %d: %d rows in another order, or others", budget, rows, len(got))
				}
			}
			for _, run := range stage.Runs() {
				info, err := os.Stat(run)
				if err != nil || info.Mode() != 0o600 || info.Size() == 0 {
					t.Errorf("%s: mode %v, error %v", filepath.Base(run), info.Mode(), err)
				}
			}
			runs := slices.Clone(stage.Runs())
			if err := stage.Close(); err != nil {
				t.Error(err)
			}
			if err := stage.Close(); err != nil {
				t.Errorf("closed twice: %v", err)
			}
			for _, run := range runs {
				if _, err := os.Stat(run); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is still there: %v", filepath.Base(run), err)
				}
			}
		}
	}
}

// TestSpilledRowsHoldNothingUntreated looks for what was in the extract in the bytes of the spill files.
func TestSpilledRowsHoldNothingUntreated(t *testing.T) {
	c := catalogue(t)
	dir := put(t, map[string]string{"2025-26/header.csv": headerLine + "RND000123456789,M,17/05/2011,MWAS,UN1,,\nRND000123456788,F,17/05/2012,MWAS,UN1,,\n"})
	r := start(t, c, terms{tables: "  children:\n    child_id: {treatment: pseudonym}\n    sex: {treatment: keep}\n"}.parse(t, c), newKeys(t, "dsa-test"), reference(), dir)
	stage := r.stage(t, "children", 1)
	if len(stage.Runs()) == 0 {
		t.Fatal("nothing was spilled")
	}
	for _, run := range stage.Runs() {
		data, err := os.ReadFile(run)
		if err != nil || len(data) != 2*(4+1) || bytes.Contains(data, []byte("RND")) || bytes.Contains(data, []byte("1234567")) {
			t.Errorf("%d bytes, error %v", len(data), err)
		}
	}
}

// spilled is a stage with several spill files.
func spilled(t *testing.T) *minimise.Stage {
	t.Helper()
	c := catalogue(t)
	r := start(t, c, awkward().parse(t, c), newKeys(t, "dsa-test"), reference(), crowd(t, 100))
	r.rows = 20
	stage := r.stage(t, "looked_after_episodes", 1)
	if len(stage.Runs()) != 5 {
		t.Fatalf("%d spill files", len(stage.Runs()))
	}
	return stage
}

// TestDamagedSpill: a spill file that is cut off, grown, emptied or gone is an error and not fewer rows.
func TestDamagedSpill(t *testing.T) {
	const width = 2*4 + 2*2 + 3 + 2*1 // two pseudonyms, two dates, a year, a code and a boolean
	for name, damage := range map[string]func(path string, data []byte) error{
		"cut within a row":     func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)-1], 0o600) },
		"cut within the first": func(path string, data []byte) error { return os.WriteFile(path, data[:1], 0o600) },
		"cut between rows":     func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)-width], 0o600) },
		"empty":                func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"a row more":           func(path string, data []byte) error { return os.WriteFile(path, append(data, data[:width]...), 0o600) },
		"a byte more":          func(path string, data []byte) error { return os.WriteFile(path, append(data, 0), 0o600) },
		"gone":                 func(path string, _ []byte) error { return os.Remove(path) },
		"a bit turned": func(path string, data []byte) error {
			data[len(data)/2] ^= 1
			return os.WriteFile(path, data, 0o600)
		},
	} {
		stage := spilled(t)
		rows := 0
		read := func() error {
			rows = 0
			return stage.Ordered(context.Background(), func(b *minimise.Batch) error { rows += b.Len(); return nil })
		}
		if err := read(); err != nil || rows != 100 {
			t.Fatalf("%d rows, error %v", rows, err)
		}
		path := stage.Runs()[2]
		data, err := os.ReadFile(path)
		if err != nil || len(data) != 20*width {
			t.Fatalf("%d bytes, error %v", len(data), err)
		}
		if err := damage(path, data); err != nil {
			t.Fatal(err)
		}
		if err := read(); err == nil || rows >= 100 {
			t.Errorf("%s: %d rows, error %v", name, rows, err)
		}
	}
}

// TestDamagedBucket: damage in a bucket that is divided is met while a part of it is read, before its sum is known.
func TestDamagedBucket(t *testing.T) {
	c := catalogue(t)
	r := start(t, c, awkward().parse(t, c), newKeys(t, "dsa-test"), reference(), crowd(t, 100))
	stage := r.stage(t, "looked_after_episodes", 8<<20)
	stage.LimitBucket(1 << 14)
	stage.Workers(2)
	if err := r.treat("looked_after_episodes", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error {
		for range 1600 {
			if err := stage.Add(b); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	read := func() error { return stage.Ordered(context.Background(), func(*minimise.Batch) error { return nil }) }
	if err := read(); err != nil {
		t.Fatal(err)
	}
	path := stage.Runs()[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 7, len(data) / 2} { // in a child's number, in a date, anywhere
		data[at] ^= 0xff
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := read(); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("byte %d turned: %v", at, err)
		}
		data[at] ^= 0xff
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != len(stage.Runs()) {
		t.Errorf("%d files are left, error %v", len(left), err)
	}
}

func TestStageFails(t *testing.T) {
	c := catalogue(t)
	a := terms{tables: "  children:\n    child_id: {treatment: pseudonym}\n  looked_after_episodes:\n    child_id: {treatment: pseudonym}\n"}.parse(t, c)
	dir := put(t, map[string]string{"2020-21/header.csv": headerLine + header("1", "1") + header("2", "1"), "2020-21/episodes.csv": episodesLine + episode("1", "01/05/2020", "", "C1")})
	r := start(t, c, a, newKeys(t, "dsa-test"), reference(), dir)

	// Rows of one table cannot be staged as those of another, however alike they are.
	other := r.plan.Tables[1].NewStage(func() (string, error) { return t.TempDir(), nil })
	if err := r.treat("children", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error { return other.Add(b) }); err == nil || other.Rows() != 0 {
		t.Errorf("%d rows of another table were staged: %v", other.Rows(), err)
	}

	// Without a folder, or with a file in the way, rows are not spilled.
	full := errors.New("no room")
	taken := t.TempDir()
	if err := os.WriteFile(filepath.Join(taken, "children-0000.run"), []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]func() (string, error){
		"no folder": func() (string, error) { return "", full }, "a folder that is not there": func() (string, error) { return filepath.Join(taken, "none"), nil },
		"a file in the way": func() (string, error) { return taken, nil },
	} {
		stage := r.plan.Tables[0].NewStage(folder)
		stage.SpillAt(1)
		if err := r.treat("children", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error { return stage.Add(b) }); err == nil {
			t.Errorf("%s: rows were spilled", name)
		}
		if err := stage.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if data, err := os.ReadFile(filepath.Join(taken, "children-0000.run")); err != nil || string(data) != "not ours" {
		t.Errorf("the file in the way was changed: %v", err)
	}

	// What the visitor says, and a run that is called off, ends it.
	stage := r.stage(t, "children", 0)
	enough := errors.New("enough")
	if err := stage.Ordered(context.Background(), func(*minimise.Batch) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the visitor's error becomes %v", err)
	}
	empty := r.plan.Tables[0].NewStage(nil)
	visits := 0
	if err := empty.Ordered(context.Background(), func(*minimise.Batch) error { visits++; return nil }); err != nil || visits != 0 {
		t.Errorf("an empty stage: %d batches, error %v", visits, err)
	}
}

// TestManyRows hands on more rows than go into one batch, from memory and from spill files.
func TestManyRows(t *testing.T) {
	c := catalogue(t)
	a, k, dir := terms{tables: "  looked_after_episodes:\n    child_id: {treatment: pseudonym}\n    start_date: {treatment: date, to: day}\n"}.parse(t, c), newKeys(t, "dsa-test"), crowd(t, 100)
	for _, budget := range []int{0, 100_000} {
		r := start(t, c, a, k, reference(), dir)
		stage := r.stage(t, "looked_after_episodes", budget)
		if err := r.treat("looked_after_episodes", func(_ *minimise.Table, _ *extract.Batch, b *minimise.Batch) error {
			for range 1599 {
				if err := stage.Add(b); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var sizes, most int
		last, counts := "", make(map[string]int)
		if err := stage.Ordered(context.Background(), func(b *minimise.Batch) error {
			sizes, most = sizes+b.Len(), max(most, b.Len())
			for row := range b.Len() {
				text := cell(b, row, 0) + " " + cell(b, row, 1)
				if text < last {
					t.Fatal("rows are out of order")
				}
				last = text
				counts[text]++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if sizes != 160_000 || most > 32768 || budget == 0 && most < 32768 {
			t.Errorf("budget %d: %d rows in batches of up to %d", budget, sizes, most)
		}
		for text, n := range counts {
			if n%1600 != 0 {
				t.Errorf("budget %d: %d rows of %s", budget, n, text)
			}
		}
		// Called off between two batches.
		ctx, cancel := context.WithCancel(context.Background())
		if err := stage.Ordered(ctx, func(*minimise.Batch) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("budget %d: called off: %v", budget, err)
		}
	}
}

// TestSlice: a part of a batch has the rows of the batch.
func TestSlice(t *testing.T) {
	c := catalogue(t)
	stage := start(t, c, awkward().parse(t, c), newKeys(t, "dsa-test"), reference(), crowd(t, 30)).stage(t, "looked_after_episodes", 0)
	if err := stage.Ordered(context.Background(), func(b *minimise.Batch) error {
		for from := range b.Len() {
			for to := from; to <= b.Len(); to++ {
				s := b.Slice(from, to)
				if s.Len() != to-from || s.Lead() != b.Lead() {
					t.Fatalf("%d to %d: %d rows", from, to, s.Len())
				}
				for row := range s.Len() {
					for column := range b.Columns() {
						if cell(s, row, column) != cell(b, from+row, column) || s.Null(row, column) && s.Number(row, column) != 0 {
							t.Fatalf("%d to %d: row %d differs", from, to, row)
						}
					}
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
