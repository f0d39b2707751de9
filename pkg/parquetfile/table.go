package parquetfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// parts is how many files a table is written in when one is not enough.
const parts = 16

// Rows are the rows of a table, which come in order. A minimise.Stage has them.
type Rows interface {
	Rows() int64
	Ordered(ctx context.Context, yield func(*minimise.Batch) error) error
}

// WriteTable writes a table's staged rows below dir, in one file or in parts, and describes each file. The files are
// base.parquet, or base/00.parquet to base/15.parquet; a part without rows is not written.
func WriteTable(ctx context.Context, dir, base string, rows Rows, columns []minimise.Column, opt Options) ([]Written, error) {
	return writeTable(ctx, dir, base, rows, columns, opt, sizes())
}

func writeTable(ctx context.Context, dir, base string, rows Rows, columns []minimise.Column, opt Options, size size) ([]Written, error) {
	t := &tableWriter{dir: dir, base: base, columns: columns, opt: opt, size: size, rows: rows.Rows(), partAt: -1}
	err := rows.Ordered(ctx, t.add)
	if err == nil && t.open == nil && len(t.done) == 0 {
		err = t.begin(0) // a table without rows is a file without rows
	}
	if err == nil {
		err = t.end()
	}
	if err != nil {
		if t.open != nil {
			t.open.Abandon()
		}
		return nil, err
	}
	return t.done, nil
}

type tableWriter struct {
	dir, base string
	columns   []minimise.Column
	opt       Options
	size      size
	shop      shop
	rows      int64
	partAt    int // the pseudonym column that decides the part, or -1 for one file
	open      *Writer
	part      int
	done      []Written
}

// add writes a batch, beginning a new part where the pseudonym's first four bits change. Rows come ordered by them.
func (t *tableWriter) add(b *minimise.Batch) error {
	if t.rows > t.size.part {
		t.partAt = b.Lead()
	}
	for from := 0; from < b.Len(); {
		part := t.partOf(b, from)
		to := from + sort.Search(b.Len()-from, func(n int) bool { return t.partOf(b, from+n) > part })
		if t.open == nil || part != t.part {
			if err := t.end(); err != nil {
				return err
			}
			if err := t.begin(part); err != nil {
				return err
			}
		}
		if err := t.open.Write(b.Slice(from, to)); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// partOf is the part of a row: nulls are first in the order, and so in the first part.
func (t *tableWriter) partOf(b *minimise.Batch, row int) int {
	if t.partAt < 0 || b.Null(row, t.partAt) {
		return 0
	}
	return int(b.MAC(row, t.partAt)[0]) * parts >> 8
}

func (t *tableWriter) begin(part int) error {
	name := t.base + ".parquet"
	if t.partAt >= 0 {
		name = fmt.Sprintf("%s/%02d.parquet", t.base, part)
		if err := os.MkdirAll(filepath.Join(t.dir, t.base), 0o700); err != nil {
			return fmt.Errorf("create folder of a table's parts: %w", err)
		}
	}
	w, err := create(filepath.Join(t.dir, filepath.FromSlash(name)), t.columns, t.opt, t.size, &t.shop, t.rows)
	if err != nil {
		return err
	}
	w.written.Path = name
	t.open, t.part = w, part
	return nil
}

func (t *tableWriter) end() error {
	if t.open == nil {
		return nil
	}
	written, err := t.open.Close()
	t.open = nil
	if err != nil {
		return err
	}
	t.done = append(t.done, written)
	return nil
}
