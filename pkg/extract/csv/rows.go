package csv

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Rows gives the rows of a file of quoted text that is of no table yet, its header line first. Cells are valid until the
// next row. A row in which a quote stands where CSV has none is given with no cells, since nobody can tell where they
// end. After an error, which is as that of Recognise, there is no further row.
func Rows(ctx context.Context, path, file string) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		place := finding.Place{File: file}
		f, err := extract.OpenFile(path, place)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = f.Close() }() // only read from: nothing is lost
		split := newSplitter(f, nil, 0)
		fields, err := readHeader(ctx, split, file)
		if err != nil {
			yield(nil, err)
			return
		}
		header := make([][]byte, len(fields))
		for i, name := range fields {
			header[i] = []byte(name)
		}
		if !yield(header, nil) {
			return
		}
		for row := int64(1); ; row++ {
			rec, err := split.next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, broken(err, finding.Place{File: file, Row: row}))
				return
			case rec.blank:
				continue
			}
			var cells [][]byte
			if !rec.malformed && rec.count <= maxColumns {
				cells = rec.fields[:rec.count]
			}
			if !yield(cells, nil) {
				return
			}
		}
	}
}
