package csv

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/postern-gateway/postern/pkg/finding"
)

// Rows gives the rows of a file of quoted text that is of no table yet, its header line first. Cells are valid until the
// next row. A row in which a quote stands where CSV has none is given with no cells, since nobody can tell where they
// end. After an error, which is as that of Recognise, there is no further row.
func Rows(ctx context.Context, path, file string) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		place := finding.Place{File: file}
		text, err := open(path, place)
		if err != nil {
			yield(nil, err)
			return
		}
		defer text.close()
		fields, at, err := readHeader(ctx, text.splitter, file)
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
		var cells [][]byte
		for row := int64(1); ; row++ {
			if at > chunk {
				if err := text.load(text.from+int64(at), chunk); err != nil {
					yield(nil, broken(err, place))
					return
				}
				at = 0
			}
			text.text = text.text[:text.n] // what was unescaped is forgotten
			rec, next, err := text.next(at, chunk)
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, broken(err, finding.Place{File: file, Row: row}))
				return
			}
			at = next
			if rec.blank {
				continue
			}
			cells = cells[:0]
			if !rec.malformed && rec.count <= maxColumns {
				for _, field := range rec.fields {
					cells = append(cells, text.cell(field))
				}
			}
			if !yield(cells, nil) {
				return
			}
		}
	}
}
