package attendance

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

func written(t *testing.T, e Extract) []string {
	t.Helper()
	var b bytes.Buffer
	if err := e.Write(&b); err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(b.String()))
	if lines[0] != Header || len(lines) != e.Rows+1 {
		t.Fatalf("%s has %d lines", e.Name(), len(lines))
	}
	return lines[1:]
}

func TestShuffledHoldsTheRowsOfRegister(t *testing.T) {
	for _, rows := range []int{1, 2, 3, 1000, 4097} {
		e := Extract{Order: Register, Rows: rows, Children: 70, Seed: 3}
		register := written(t, e)
		e.Order = Shuffled
		shuffled := written(t, e)
		if rows > 3 && slices.Equal(register, shuffled) {
			t.Errorf("%d rows: the order is that of the register", rows)
		}
		slices.Sort(register)
		slices.Sort(shuffled)
		if !slices.Equal(register, shuffled) {
			t.Errorf("%d rows: the rows differ", rows)
		}
	}
}

func TestCells(t *testing.T) {
	cells := func(e Extract) [][]string {
		got, err := csv.NewReader(strings.NewReader(strings.Join(written(t, e), ""))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	counts := func(rows [][]string, column int) int {
		seen := make(map[string]bool)
		for _, r := range rows {
			seen[r[column]] = true
		}
		return len(seen)
	}
	distinct := cells(Extract{Order: Distinct, Rows: 3000, Seed: 5})
	register := cells(Extract{Order: Register, Rows: 3000, Children: 100, Seed: 5})
	for column, want := range map[int][2]int{0: {3000, 100}, 1: {3000, 100}, 7: {0, 15}, 8: {2, 2}} {
		if got := counts(distinct, column); got != want[0] && want[0] != 0 {
			t.Errorf("column %d has %d distinct cells of %d rows; want %d", column, got, len(distinct), want[0])
		}
		if got := counts(register, column); got != want[1] {
			t.Errorf("column %d has %d distinct cells of %d rows; want %d", column, got, len(register), want[1])
		}
	}
	if len(distinct[0]) != strings.Count(Header, ",")+1 {
		t.Errorf("a row has %d cells", len(distinct[0]))
	}
	if !slices.ContainsFunc(distinct, func(r []string) bool { return strings.Contains(r[3], ",") }) {
		t.Error("no cell needs its quotes")
	}
}

func TestOtherSeed(t *testing.T) {
	e := Extract{Order: Register, Rows: 100, Children: 10, Seed: 1}
	one, again := written(t, e), written(t, e)
	e.Seed = 2
	if other := written(t, e); !slices.Equal(one, again) || slices.Equal(one, other) {
		t.Error("the seed alone decides what the rows are")
	}
}

// Weights 2 to 13 over the twelve digits, by 23, say which letter stands before them.
func TestUPN(t *testing.T) {
	for _, n := range []int{0, 1, 99_999, 20_000_000} {
		number, sum := upn(n), 0
		for i, d := range number[1:] {
			sum += (i + 2) * int(d-'0')
		}
		if len(number) != 13 || "ABCDEFGHJKLMNPQRTUVWXYZ"[sum%23] != number[0] {
			t.Errorf("%d: the letter does not check the digits", n)
		}
	}
}

func TestImpossible(t *testing.T) {
	for _, e := range []Extract{{Order: Register, Children: 1}, {Order: Shuffled, Rows: 1}, {Order: "sorted", Rows: 1, Children: 1}} {
		if err := e.Write(&bytes.Buffer{}); err == nil {
			t.Errorf("%+v can be made", e)
		}
	}
}
