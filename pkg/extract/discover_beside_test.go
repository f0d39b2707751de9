package extract_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
)

// reading is a reader of CSV that reads for the drop, or for the dates, in its own way.
type reading struct {
	csv.Reader
	read func(context.Context, *extract.Demand) error
}

func (r reading) Read(ctx context.Context, demands []*extract.Demand) error {
	return r.read(ctx, demands[0])
}

func discoverBy(t *testing.T, root string, read func(context.Context, *extract.Demand) error) []string {
	t.Helper()
	report := &finding.Report{}
	inventory, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": reading{read: read}}, []string{root}, report)
	return listed(root, inventory, report, err)
}

// The dates of a file that is read split by split tell the same year, whoever reads which split, and whatever was read
// wrongly and dropped.
func TestEvidenceBySplits(t *testing.T) {
	rows := strings.Repeat("510000,01/05/2019,S,C2,N1,U4,PR1,31/03/2021,E4A,,,,\n", 900) + strings.Repeat("510000,01/05/2031,S,C2,N1,U4,PR1,,,,,,\n", 9)
	root := tree(t, map[string]string{"set/e.csv": episodesHead + rows, "set/h.csv": header})
	want := []string{"2021 ssda903/episodes set/e.csv", "2021 ssda903/header set/h.csv"}
	if got := discoverBy(t, root, func(ctx context.Context, d *extract.Demand) error {
		workers := []extract.Worker{d.Workers.Worker(), d.Workers.Worker()}
		whole := *d
		whole.Workers = nil
		batches := 0
		whole.Sink = func(b *extract.Batch) error {
			for at := 0; at < b.Len(); at += 100 {
				part := *b
				part.Rows = b.Rows[at:min(at+100, b.Len())]
				part.Columns = slices.Clone(b.Columns)
				for i := range part.Columns {
					part.Columns[i].Index = b.Columns[i].Index[at:min(at+100, b.Len())]
				}
				batches++
				dropped, piece := workers[batches%2].Begin(d.Report.Apart(), false), workers[batches%2].Begin(d.Report.Apart(), false)
				if err := errors.Join(dropped.Add(b), piece.Add(&part), piece.Join()); err != nil {
					return err
				}
			}
			return nil
		}
		return csv.Reader{}.Read(ctx, []*extract.Demand{&whole})
	}); !slices.Equal(got, want) {
		t.Errorf("by splits: %q, want %q", got, want)
	}
	if got := discoverBy(t, root, func(ctx context.Context, d *extract.Demand) error {
		d.Workers = nil
		return csv.Reader{}.Read(ctx, []*extract.Demand{d})
	}); !slices.Equal(got, want) {
		t.Errorf("in one piece: %q, want %q", got, want)
	}
}

// A file of which the digest is not of what was read for its year is refused, whichever of the two comes first.
func TestDigestsAreOfWhatWasRead(t *testing.T) {
	root := tree(t, map[string]string{"set/e.csv": episodes2021})
	for round := range 50 {
		inventory, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, []string{root}, &finding.Report{})
		if err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 { // the file changes before its digest is taken, or is read otherwise meanwhile
			if err := os.WriteFile(filepath.Join(root, "set/e.csv"), []byte(episodes2022), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		settle := inventory.TakeDigests(t.Context())
		w := inventory.Sources[0].Watch(strings.NewReader(episodes2022))
		if _, err := io.Copy(io.Discard, w); err != nil {
			t.Fatal(err)
		}
		same := w.Same()
		var refusal *finding.Refusal
		if err := settle(); same || (err != nil) != (round%2 == 0) || err != nil && (!errors.As(err, &refusal) || refusal.Code != finding.SourceChanged) {
			t.Fatalf("round %d: the same %v, %v", round, same, err)
		}
		if err := os.WriteFile(filepath.Join(root, "set/e.csv"), []byte(episodes2021), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Digests that are no longer wanted end, and say so.
func TestDigestsEnd(t *testing.T) {
	root := tree(t, map[string]string{"set/e.csv": episodes2021})
	inventory, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, []string{root}, &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	settle := inventory.TakeDigests(ctx)
	if err := settle(); !errors.Is(err, context.Canceled) || !errors.Is(settle(), context.Canceled) {
		t.Errorf("%v", err)
	}
}

// However files fall to those who read them, what is wrong with each is told in the same order.
func TestDiscoverTellsInOrder(t *testing.T) {
	files := make(map[string]string)
	var want []string
	for i := range 12 {
		files[fmt.Sprintf("%02d/e.csv", i)] = episodes2021
		want = append(want, fmt.Sprintf("WRONG %02d/e.csv", i))
	}
	root := tree(t, files)
	for range 10 {
		if got := discoverBy(t, root, func(_ context.Context, d *extract.Demand) error {
			for range rand.IntN(50) {
				runtime.Gosched()
			}
			return extract.Stop("WRONG", d.Source.Place(0, ""), "it is wrong", "")
		}); !slices.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	}
	// An error that is no finding ends it, and it is the first one's.
	for range 10 {
		report := &finding.Report{}
		_, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": reading{read: func(_ context.Context, d *extract.Demand) error {
			if base := filepath.Base(filepath.Dir(d.Source.Path)); base >= "03" {
				return errors.New(base)
			}
			return nil
		}}}, []string{root}, report)
		if err == nil || err.Error() != "03" {
			t.Fatalf("%v", err)
		}
	}
}

// Two files of a table that several files may hold are the same only when their bytes are: their digests are taken when their
// sizes are equal, and not otherwise.
func TestSeveralFilesOfATable(t *testing.T) {
	const head = "la_child_id,session_date,session,attendance_code\n"
	row := "510000,02/09/2025,AM,/\n"
	for want, files := range map[string]map[string]string{
		"two of other sizes":  {"2025-26/a.csv": head + row, "2025-26/b.csv": head + row + "510001,02/09/2025,AM,/\n"},
		"two of other bytes":  {"2025-26/a.csv": head + row, "2025-26/b.csv": head + "510001,02/09/2025,AM,/\n"},
		"one file, and again": {"2025-26/a.csv": head + row, "2025-26/b.csv": head + row},
	} {
		root := tree(t, files)
		inventory, err := extract.Discover(t.Context(), catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, []string{root}, &finding.Report{})
		if want == "one file, and again" {
			var bad *extract.Invalid
			if !errors.As(err, &bad) || bad.Findings[0].Rule != extract.RuleTableTwice {
				t.Errorf("%s: %v", want, err)
			}
			continue
		}
		if err != nil || len(inventory.Sources) != 2 {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if err := inventory.TakeDigests(t.Context())(); err != nil || inventory.Sources[0].SHA256 == inventory.Sources[1].SHA256 {
			t.Errorf("%s: %v, the digests %x", want, err, inventory.Sources[0].SHA256)
		}
	}
}
