package parquetfile_test

import (
	"context"
	"maps"
	"math"
	"path/filepath"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/parquetfile"
)

// stageAll stages all rows, of which so many children have a number, or had one before.
func (s *staging) stageAll(t *testing.T, most int) *minimise.Stage {
	t.Helper()
	dir := t.TempDir()
	s.plan.Children().NumberAtMost(most, func() (string, error) { return dir, nil })
	stage := s.table().NewStage(func() (string, error) { return dir, nil })
	t.Cleanup(func() { _ = stage.Close() })
	in := harmonise.Input{Inventory: s.inventory, Children: s.plan.Children(), Read: csv.Reader{}.Read}
	report, treater := &finding.Report{}, s.table().Treater()
	job := &harmonise.Job{Table: s.table().Source, Columns: s.table().Needs(), Report: report, Sink: func(b *extract.Batch) error {
		treated := s.table().NewBatch()
		if err := treater.Apply(treated, b, minimise.NewHeld(), report); err != nil {
			return err
		}
		return stage.Add(treated)
	}}
	if err := harmonise.Make(context.Background(), in, []*harmonise.Job{job}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.plan.Children().Close(); err != nil {
		t.Error(err)
	}
	return stage
}

// TestNumbersDecideNoByte: whether children have a number, so that every batch knows all pseudonyms, or have none, so that each
// knows those of its own rows alone, shows in no byte, wherever pages, row groups and parts end: between rows of one child and
// between rows of none.
func TestNumbersDecideNoByte(t *testing.T) {
	const rows = 500
	for _, sizes := range []parquetfile.Sizes{parquetfile.Standard(), small(1 << 20), small(rows - 1), {Page: 1, Group: 1, Part: 1 << 20}, {Page: 1, Group: 2, Part: rows - 1}} {
		s := newStaging(t, everyKind, drawn(t, rows))
		var want map[string]string
		var described []parquetfile.Written
		for _, most := range []int{0, 60, math.MaxInt} { // whoever has a number keeps it
			stage := s.stageAll(t, most)
			dir, files := write(t, s, stage, sizes)
			for _, f := range files {
				if err := readBack(s, filepath.Join(dir, filepath.FromSlash(f.Path)), f); err != nil {
					t.Fatal(err)
				}
			}
			if want == nil {
				want, described = contents(t, dir), files
			}
			if !maps.Equal(contents(t, dir), want) {
				t.Errorf("%+v: with %d children who have a number: other bytes", sizes, most)
			}
			children, before := int64(0), int64(0)
			for i := range files {
				children, before = children+files[i].Children, before+described[i].Children
			}
			if n, err := stage.Children(context.Background()); err != nil || n != children || n != before {
				t.Errorf("%+v: with %d children who have a number: %d children in the files, %d in the stage (%v), %d before", sizes, most, children, n, err, before)
			}
		}
		if (len(want) > 1) != (sizes.Part < rows) {
			t.Errorf("%+v: %d files", sizes, len(want))
		}
	}
}

// TestWriterForgetsChildren: what a writer keeps of children's pseudonyms is that of a row group, not that of the file.
func TestWriterForgetsChildren(t *testing.T) {
	s := newStaging(t, everyKind, drawn(t, 500))
	w, err := parquetfile.CreateOf(filepath.Join(t.TempDir(), "x.parquet"), s.table().Columns, options(), small(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	batches, most := 0, 0
	if err := s.stageAll(t, 0).Ordered(context.Background(), func(b *minimise.Batch) error {
		batches++
		err := w.Write(b)
		most = max(most, w.Says())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if batches < 70 || most < 10 || most > 60 {
		t.Errorf("of %d batches a writer keeps up to %d", batches, most)
	}
	if _, err := w.Close(); err != nil {
		t.Error(err)
	}
}
