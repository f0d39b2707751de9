package parquetfile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// TestCrew draws tasks that are split, once, twice or not at all: each is done once and so is each part, the error is that of the
// first part that has one, and after a task that wants no more none is begun.
func TestCrew(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 6))
		splits := make([][]int, r.IntN(12)) // of each task, into how many parts
		for task := range splits {
			for range r.IntN(3) {
				splits[task] = append(splits[task], r.IntN(9))
			}
		}
		last := len(splits)
		if r.IntN(3) == 0 {
			last = r.IntN(12)
		}
		wrong := r.IntN(9)
		done := make([]atomic.Int64, len(splits))
		sideBySide(1+r.IntN(6), len(splits), func(h *hand, task int) bool {
			done[task].Add(1)
			for _, parts := range splits[task] {
				of := make([]atomic.Int64, parts)
				err := h.split(parts, func(_ *hand, part int) error {
					of[part].Add(1)
					if part >= wrong {
						return fmt.Errorf("part %d", part)
					}
					return nil
				})
				if (err != nil) != (parts > wrong) || err != nil && err.Error() != fmt.Sprintf("part %d", wrong) {
					t.Errorf("seed %d: %d parts, %d is wrong: %v", seed, parts, wrong, err)
				}
				for part := range of {
					if n := of[part].Load(); n != 1 {
						t.Errorf("seed %d: part %d is done %d times when its task goes on", seed, part, n)
					}
				}
			}
			return task != last
		})
		for task := range done {
			if n := done[task].Load(); n > 1 || n == 0 && task <= last {
				t.Errorf("seed %d: task %d of %d is done %d times, the last being %d", seed, task, len(done), n, last)
			}
		}
	}
}

// TestCrewHelpsFirst: a worker whose task is done takes a part of another's before a new task.
func TestCrewHelpsFirst(t *testing.T) {
	split, helped := make(chan struct{}), make(chan struct{})
	sideBySide(2, 3, func(h *hand, task int) bool {
		switch task {
		case 0:
			_ = h.split(2, func(_ *hand, part int) error { // no part fails
				if part == 0 {
					close(split)
					<-helped
				} else {
					close(helped)
				}
				return nil
			})
		case 1:
			<-split
		default:
			select {
			case <-helped:
			default:
				t.Error("a task is begun while another has a part that nobody does")
			}
		}
		return true
	})
}

// manyValues are rows with dictionaries of several pieces.
func manyValues() *made {
	const rows = 3*pieceValues + 5
	r := rand.New(rand.NewPCG(16, 16))
	m := &made{
		columns: []minimise.Column{
			{Name: "child", Kind: minimise.Pseudonym}, {Name: "other", Kind: minimise.Pseudonym}, {Name: "number", Kind: minimise.Integer, Base: -7}, {Name: "few", Kind: minimise.Boolean},
		},
		most: []uint32{rows, 3 * rows, 1 << 21, 2}, codes: make([][]uint32, 4), to: rows,
	}
	for row := range uint32(rows) {
		m.codes[0] = append(m.codes[0], row) // the first is null
		m.codes[1] = append(m.codes[1], 1+r.Uint32N(3*rows))
		m.codes[2] = append(m.codes[2], r.Uint32N(1<<21))
		m.codes[3] = append(m.codes[3], r.Uint32N(3))
	}
	return m
}

// TestPieces: a dictionary in several pieces, made and read by one or by many, is one dictionary to every reader, also in a file
// of several row groups, whose memory is used again while others help.
func TestPieces(t *testing.T) {
	m := manyValues()
	for _, size := range []size{{page: 20_000, group: 3 * 20_000, piece: pieceValues}, {page: 2_000, group: 6_000, piece: 500}} {
		path, written := m.file(t, rand.New(rand.NewPCG(1, 1)), size, 1)
		m.hold(t, path, written)
		for _, workers := range []int{2, 3, 16} {
			again, other := m.file(t, rand.New(rand.NewPCG(1, 2)), size, workers)
			if bytesOf(t, again) != bytesOf(t, path) {
				t.Errorf("%d workers write other bytes than one", workers)
			}
			for range 3 {
				if _, err := ReadBack(context.Background(), again, m.columns, other, Options{Workers: workers}, func(*minimise.Column, []byte) error { return nil }); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestPiecesFail: what is wrong in a piece is what it would be in a whole dictionary, whoever came upon it.
func TestPiecesFail(t *testing.T) {
	m := manyValues()
	size := size{page: 20_000, group: 3 * 20_000, piece: pieceValues}
	path, written := m.file(t, rand.New(rand.NewPCG(1, 1)), size, 1)
	early, late := errors.New("early"), errors.New("late")
	text := func(code uint32) string { return string(m.AppendCode(nil, 0, code)) }
	for workers := range 4 {
		if _, err := ReadBack(context.Background(), path, m.columns, written, Options{Workers: 1 + workers}, func(c *minimise.Column, got []byte) error {
			switch {
			case c.Name == "child" && string(got) == text(pieceValues+9):
				return early
			case c.Name == "child" && string(got) == text(2*pieceValues+9):
				return late
			}
			return nil
		}); !errors.Is(err, early) {
			t.Errorf("%d workers: %v", 1+workers, err)
		}
		var seen atomic.Int64
		_, err := ReadBack(context.Background(), path, m.columns, written, Options{Workers: 1 + workers}, func(*minimise.Column, []byte) error {
			if seen.Add(1) == 3*pieceValues {
				panic("as the library may") // what is tested: a panic in a helper becomes a refusal
			}
			return nil
		})
		var refusal *finding.Refusal
		if !errors.As(err, &refusal) || refusal.Code != finding.VerifyAfterWriteFailed {
			t.Errorf("%d workers: %v", 1+workers, err)
		}
		// Texts out of order just where a piece begins.
		w, err := create(filepath.Join(t.TempDir(), "x"), m.columns, Options{Workers: 1 + workers}, size, &shop{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err = w.write(m, swapped{m}); err == nil {
			_, err = w.Close()
		}
		if !errors.Is(err, errOrder) {
			t.Errorf("%d workers: %v", 1+workers, err)
		}
	}
}

// swapped gives the last code of the first piece the text of the code after it, and the other way round.
type swapped struct{ *made }

func (s swapped) AppendCode(dst []byte, column int, code uint32) []byte {
	if column == 0 && (code == pieceValues || code == pieceValues+1) {
		code = 2*pieceValues + 1 - code
	}
	return s.made.AppendCode(dst, column, code)
}
