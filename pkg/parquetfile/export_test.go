package parquetfile

import (
	"context"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// Sizes says after how many rows pages, row groups and parts are cut.
type Sizes struct {
	Page, Group int
	Part        int64
}

func (s Sizes) size() size {
	return size{page: s.Page, group: s.Group, part: s.Part, piece: sizes().piece}
}

// Standard are the sizes of every file that is written.
func Standard() Sizes {
	s := sizes()
	return Sizes{Page: s.page, Group: s.group, Part: s.part}
}

// WriteTableOf is WriteTable with other sizes.
func WriteTableOf(ctx context.Context, dir, base string, rows Rows, columns []minimise.Column, opt Options, s Sizes) ([]Written, error) {
	return writeTable(ctx, dir, base, rows, columns, opt, s.size())
}

// CreateOf is Create with other sizes.
func CreateOf(path string, columns []minimise.Column, opt Options, s Sizes) (*Writer, error) {
	return create(path, columns, opt, s.size(), &shop{}, 0)
}

// Says is how many batches say what the codes of the row group at hand are.
func (w *Writer) Says() int { return len(w.meaning.says) }
