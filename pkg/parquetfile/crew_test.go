package parquetfile

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
)

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

// TestPieces: a dictionary in several pieces, made and read by one or by many, is one dictionary to every reader.
func TestPieces(t *testing.T) {
	m := manyValues()
	size := size{page: 20_000, group: 3 * 20_000, piece: pieceValues}
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
