package synth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

// digest is the SHA-256 of all files of a folder, with their names, in order.
func digest(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		fmt.Fprintf(h, "%s %d\n", filepath.ToSlash(rel), len(raw))
		h.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func make1(t *testing.T, opt CohortOptions) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cohort")
	if _, err := Cohort(context.Background(), dir, opt); err != nil {
		t.Fatal(err)
	}
	return digest(t, dir)
}

// The bytes of one cohort, fixed: another machine, or another version of Go, makes the same. It changes when what is
// generated is meant to change, and then only.
const pinned = "32c24f0721320b6e9fa32b666fb5184b3ae7d3c46df266c0ab2798ccda773afb"

func TestSameOptionsSameBytes(t *testing.T) {
	base := CohortOptions{Formats: ssda903Only, Children: 150, Seed: 7}
	first := make1(t, base)
	if first != pinned {
		t.Errorf("the cohort of 150 children with seed 7 has changed: %s", first)
	}
	spelt := CohortOptions{Formats: ssda903Only, Children: 150, Seed: 7, LastYear: 2026, Years: 10, LACode: "331", Progress: func(int, int) {}}
	if make1(t, spelt) != first {
		t.Error("defaults that are written out make other bytes")
	}
	for name, other := range map[string]CohortOptions{
		"seed":     {Children: 150, Seed: 8},
		"children": {Children: 151, Seed: 7},
		"council":  {Children: 150, Seed: 7, LACode: "330"},
		"last":     {Children: 150, Seed: 7, LastYear: 2025, Years: 9},
	} {
		other.Formats = ssda903Only
		if make1(t, other) == first {
			t.Errorf("another %s makes the same bytes", name)
		}
	}
}

// A child depends on the seed and the child's ordinal, not on how many others there are.
func TestMoreChildrenKeepTheFirst(t *testing.T) {
	few, err := Truth(CohortOptions{Children: 100, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for c := range few {
		want = append(want, fmt.Sprint(c))
	}
	many, err := Truth(CohortOptions{Children: 200, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for c := range many {
		if i < len(want) && fmt.Sprint(c) != want[i] {
			t.Fatalf("child %d of 200 is not child %d of 100", i, i)
		}
		i++
	}
	if i <= len(want) {
		t.Fatalf("%d children", i)
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, opt := range map[string]CohortOptions{
		"no children":       {},
		"too few children":  {Children: MinChildren - 1},
		"too many children": {Children: MaxChildren + 1},
		"negative children": {Children: -100},
		"too early":         {Children: 100, LastYear: 2016},
		"too late":          {Children: 100, LastYear: 2027},
		"too many years":    {Children: 100, LastYear: 2026, Years: 11},
		"before the first":  {Children: 100, LastYear: 2020, Years: 5},
		"negative years":    {Children: 100, Years: -1},
		"council's name":    {Children: 100, LACode: "Coventry"},
		"council's letters": {Children: 100, LACode: "33A"},
	} {
		dir := filepath.Join(t.TempDir(), "cohort")
		_, err := Cohort(context.Background(), dir, opt)
		if err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: error %v, hint %q", name, err, finding.HintOf(err))
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the folder was made", name)
		}
		if _, err := Truth(opt); err == nil {
			t.Errorf("%s: accepted by Truth", name)
		}
	}
}

func TestFolderRefused(t *testing.T) {
	opt := CohortOptions{Children: MinChildren, Years: 1}
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept.txt")
	if err := os.WriteFile(kept, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"not empty": dir, "a file": kept, "below a file": filepath.Join(kept, "x")} {
		if _, err := Cohort(context.Background(), path, opt); err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: error %v, hint %q", name, err, finding.HintOf(err))
		}
	}
	if raw, err := os.ReadFile(kept); err != nil || string(raw) != "mine" {
		t.Errorf("the file that was there: %q, %v", raw, err)
	}
	empty := t.TempDir()
	if _, err := Cohort(context.Background(), empty, opt); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
}

// names are the paths of all files below a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && path != dir {
			out = append(out, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func looksFinished(names []string) bool {
	for _, n := range names {
		if strings.HasSuffix(n, ".csv") {
			return true
		}
	}
	return false
}

func TestInterruptedRunLeavesNothing(t *testing.T) {
	made, empty := filepath.Join(t.TempDir(), "made"), t.TempDir()
	for _, dir := range []string{made, empty} {
		ctx, cancel := context.WithCancel(context.Background())
		var during []string
		_, err := Cohort(ctx, dir, CohortOptions{Children: 5000, Progress: func(done, total int) {
			if done >= 3000 {
				during = names(t, dir)
				cancel()
			}
		}})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if len(during) < 100 || looksFinished(during) {
			t.Errorf("while it was written the folder held %d files: %v", len(during), during)
		}
	}
	if _, err := os.Stat(made); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the folder that was made is still there")
	}
	if left := names(t, empty); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

const killInto = "SYNTH_TEST_KILL_INTO"

func TestKilledRunIsMarked(t *testing.T) {
	if dir := os.Getenv(killInto); dir != "" {
		_, err := Cohort(context.Background(), dir, CohortOptions{Children: 5000, Progress: func(done, total int) {
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			if err != nil {
				t.Error(err)
			}
			select {}
		}})
		t.Fatalf("not killed: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "cohort")
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledRunIsMarked$")
	cmd.Env = append(os.Environ(), killInto+"="+dir)
	if err := cmd.Run(); err == nil {
		t.Fatal("the process was not killed")
	}
	left := names(t, dir)
	if looksFinished(left) {
		t.Errorf("a killed run left finished files: %v", left)
	}
	if _, err := os.Stat(filepath.Join(dir, incomplete)); err != nil {
		t.Error(err)
	}
	_, err := Cohort(context.Background(), dir, CohortOptions{Children: MinChildren})
	if err == nil || !strings.Contains(finding.HintOf(err), "interrupted") {
		t.Errorf("error %v, hint %q", err, finding.HintOf(err))
	}
}

func TestWriteFailureLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cohort")
	g := newGenerator(CohortOptions{Children: MinChildren, LastYear: 2026, Years: 10, LACode: "331", Formats: Formats()})
	out, err := createSets(dir, g)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.files[3][reviews].out.Close(); err != nil {
		t.Fatal(err)
	}
	var failed error
	for i := 0; i < 20_000 && failed == nil; i++ {
		failed = out.write(g.person(i))
	}
	if failed == nil || finding.HintOf(failed) == "" {
		t.Fatalf("a file that cannot be written: error %v, hint %q", failed, finding.HintOf(failed))
	}
	if err := out.discard(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the folder is still there")
	}
}

func TestProgress(t *testing.T) {
	var seen []int
	_, err := Cohort(context.Background(), filepath.Join(t.TempDir(), "cohort"), CohortOptions{
		Children: 2500, Years: 1,
		Progress: func(done, total int) {
			if total != 2500 {
				t.Errorf("total %d", total)
			}
			seen = append(seen, done)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(seen) != "[1000 2000 2500]" {
		t.Errorf("progress %v", seen)
	}
}

// What is kept in memory after 1,000 children is kept after 11,000, and no more.
func TestMemoryIsFlat(t *testing.T) {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early, late uint64
	_, err := Cohort(context.Background(), filepath.Join(t.TempDir(), "cohort"), CohortOptions{
		Children: 12_000,
		Progress: func(done, total int) {
			switch done {
			case 1000:
				early = heap()
			case 11_000:
				late = heap()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if late > early+1<<20 {
		t.Errorf("%d bytes after 1,000 children, %d after 11,000", early, late)
	}
}

func BenchmarkCohort(b *testing.B) {
	const children = 20_000
	b.ReportAllocs()
	rows := int64(0)
	dir := b.TempDir()
	for i := 0; b.Loop(); i++ {
		into := filepath.Join(dir, fmt.Sprint(i))
		s, err := Cohort(context.Background(), into, CohortOptions{Children: children, Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		rows += s.Rows()
		b.StopTimer()
		if err := os.RemoveAll(into); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(children)*float64(b.N)/b.Elapsed().Seconds(), "children/s")
}

func BenchmarkPerson(b *testing.B) {
	g := newGenerator(CohortOptions{Children: MaxChildren, LastYear: 2026, Years: 10, LACode: "331", Formats: Formats()})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		g.person(i % MaxChildren)
	}
}
