package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/bench/attendance"
)

func TestSpread(t *testing.T) {
	of := func(values ...float64) []cost {
		out := make([]cost, len(values))
		for i, v := range values {
			out[i].cpu = v
		}
		return out
	}
	for _, c := range []struct {
		runs []cost
		want [3]float64
	}{
		{of(3), [3]float64{3, 3, 3}},
		{of(5, 1), [3]float64{3, 1, 5}},
		{of(9, 2, 4), [3]float64{4, 2, 9}},
		{of(8, 1, 3, 5), [3]float64{4, 1, 8}},
	} {
		median, least, most := spread(c.runs, cpu)
		if got := [3]float64{median, least, most}; got != c.want {
			t.Errorf("spread of %d runs is %v; want %v", len(c.runs), got, c.want)
		}
	}
}

// TestLimits holds Postern to the best of DuckDB's forms, row for row.
func TestLimits(t *testing.T) {
	one := func(g group, rows int, cpu, wall, peak float64) contender {
		return contender{group: g, extract: attendance.Extract{Rows: rows}, runs: []cost{{cpu: cpu, wall: wall, peak: peak}}}
	}
	p := part{name: "main", contenders: []contender{
		one(gate, 1000, 3, 2, 500), one(ordered, 1000, 30, 4, 9000), one(ordered, 1000, 10, 8, 9000),
		one(unordered, 1000, 6, 6, 9000), one(plain, 100, 7.5, 7.5, 20), one(cached, 100, 1, 1, 20),
	}}
	p.hold()
	want := []float64{0.3, 0.5, 0.5, 1.0 / 3, 0.04, 500}
	if len(p.limits) != len(want) {
		t.Fatalf("%d limits; want %d", len(p.limits), len(want))
	}
	for i, l := range p.limits {
		if math.Abs(l.value-want[i]) > 1e-9 {
			t.Errorf("%s: %v; want %v", l.says, l.value, want[i])
		}
	}
	if held([]part{p}) {
		t.Error("half of DuckDB's wall time is held to be a third")
	}
	p.limits[1].value = 0.3
	if !held([]part{p}) {
		t.Error("all limits are held, and one is said not to be")
	}
}

func TestTable(t *testing.T) {
	got := table([][]string{{"", "×"}, {"Größe", "1.00"}, {"a", "10"}})
	want := "|       |    × |\n|-------|-----:|\n| Größe | 1.00 |\n| a     |   10 |\n"
	if got != want {
		t.Errorf("the table is\n%swant\n%s", got, want)
	}
}

func TestMeasuredFails(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if _, err := measured(t.Context(), t.TempDir(), log, "python3", "-c", "print('said'); exit(3)"); err == nil {
		t.Error("a command that fails is measured")
	}
	if text, err := os.ReadFile(log); err != nil || !strings.Contains(string(text), "said") {
		t.Errorf("the log holds %q (%v)", text, err)
	}
}

// TestMade sees another byte, another name, and that there is nothing.
func TestMade(t *testing.T) {
	folder := t.TempDir()
	if _, _, _, err := made(folder); err == nil {
		t.Error("an empty folder is an output")
	}
	digests := make(map[string]bool)
	for _, step := range [][2]string{{"a.parquet", "x"}, {"a.parquet", "y"}, {"b.parquet", ""}} {
		if err := os.WriteFile(filepath.Join(folder, step[0]), []byte(step[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, digest, err := made(folder)
		if err != nil || digests[digest] {
			t.Errorf("%s: the digest is that of another output (%v)", step, err)
		}
		digests[digest] = true
	}
}
