package recipient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/table"
)

// span is the pseudonyms of one file, in whose order its rows are.
type span struct {
	path        string
	first, last []byte
	distinct    int64
}

// table holds the files of a table to what the manifest says of it.
func (v *verification) table(ctx context.Context, t *manifest.Table) (string, error) {
	nulls := make([]int64, len(t.Columns))
	var spans []span
	for _, f := range t.Files {
		s, err := v.file(ctx, t, f, nulls)
		if err != nil {
			return "", err
		}
		if s.distinct > 0 {
			spans = append(spans, s)
		}
	}
	for i, c := range t.Columns {
		if nulls[i] != c.Nulls {
			return "", failf("Column %s of %s does not have as many empty cells as manifest.json says.", c.Name, t.Name)
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return bytes.Compare(a.first, b.first) })
	for i := 1; i < len(spans); i++ {
		if bytes.Compare(spans[i-1].last, spans[i].first) >= 0 {
			return "", failf("%s and %s have children in common.", spans[i-1].path, spans[i].path)
		}
	}
	if t.ChildrenColumn == "" {
		return fmt.Sprintf("%d rows, as described.", t.Rows), nil
	}
	return fmt.Sprintf("%d rows of %d children, as described and in order of %s.", t.Rows, t.DistinctChildren, t.ChildrenColumn), nil
}

// file looks at one Parquet file, and adds its empty cells to nulls.
func (v *verification) file(ctx context.Context, t *manifest.Table, f manifest.File, nulls []int64) (s span, err error) {
	raw, err := v.spool.open(ctx, v.src, f.Path)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	file, err := table.New(raw, f.Bytes)
	if errors.Is(err, table.ErrDamaged) {
		return s, failf("%s is not a Parquet file such as the gateway writes.", f.Path)
	}
	if err != nil {
		return s, err
	}
	if err := v.shape(t, f, file); err != nil {
		return s, err
	}
	s = span{path: f.Path}
	for i := range t.Columns {
		look := v.cells(t, &t.Columns[i], f, &s)
		err := file.Each(t.Columns[i].Name, func(row int64, value table.Value) error {
			if row%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if value.IsNull() {
				nulls[i]++
			}
			return look(row, value)
		})
		if errors.Is(err, table.ErrDamaged) {
			return s, failf("Column %s of %s cannot be read: the file was damaged before it was signed.", t.Columns[i].Name, f.Path)
		}
		if err != nil {
			return s, err
		}
	}
	if s.distinct != f.DistinctChildren {
		return s, failf("%s does not have as many children as manifest.json says.", f.Path)
	}
	return s, nil
}

// shape holds a file's columns, rows and metadata to the manifest.
func (v *verification) shape(t *manifest.Table, f manifest.File, file *table.File) error {
	columns := file.Columns()
	same := len(columns) == len(t.Columns)
	for i := 0; same && i < len(columns); i++ {
		c := t.Columns[i]
		same = columns[i] == table.Column{Name: c.Name, Type: table.Type(c.Type), Optional: c.Nullable}
	}
	if !same {
		return failf("The columns of %s are not those that manifest.json describes, in that order and of those types.", f.Path)
	}
	if file.Rows() != f.Rows {
		return failf("%s does not have as many rows as manifest.json says.", f.Path)
	}
	want := manifest.FileMetadata(v.manifest.Agreement.ID, v.manifest.Agreement.Version, t)
	metadata := file.Metadata()
	for _, kv := range metadata {
		value, ok := want[kv.Key]
		if !ok {
			return failf("%s carries metadata that the gateway does not write.", f.Path)
		}
		if value != kv.Value {
			return failf("The metadata of %s does not say what manifest.json says.", f.Path)
		}
	}
	if len(metadata) != len(want) {
		return failf("The metadata of %s is not complete, or says something twice.", f.Path)
	}
	return nil
}

// cells gives what looks at each cell of a column. A failure names the column and row, never the cell.
func (v *verification) cells(t *manifest.Table, c *manifest.Column, f manifest.File, s *span) func(int64, table.Value) error {
	at := func(row int64, what string) error {
		return failf("%s, column %s, row %d: %s.", f.Path, c.Name, row+1, what)
	}
	switch {
	case c.Domain != "":
		prefix := v.manifest.Pseudonyms.Prefix(c.Domain)
		ordered := order{span: s}
		return func(row int64, value table.Value) error {
			if !value.IsNull() && !isPseudonym(value.Bytes(), prefix) {
				return at(row, "the cell is not a code of the kind and code key that manifest.json gives")
			}
			if c.Name == t.ChildrenColumn && !ordered.next(value) {
				return at(row, "the rows are not in order of the code")
			}
			return nil
		}
	case c.Type == manifest.String:
		codes := make(map[string]bool, len(c.Codes))
		for _, code := range c.Codes {
			codes[code.Code] = true
		}
		return func(row int64, value table.Value) error {
			if !value.IsNull() && !codes[string(value.Bytes())] {
				return at(row, "the cell is not one of the codes that manifest.json lists")
			}
			return nil
		}
	default:
		return func(int64, table.Value) error { return nil }
	}
}

// isPseudonym reports whether text is the prefix and 32 characters of Crockford's base 32, lower case.
func isPseudonym(text []byte, prefix string) bool {
	const characters = 32
	if len(text) != len(prefix)+characters || string(text[:len(prefix)]) != prefix {
		return false
	}
	for _, c := range text[len(prefix):] {
		letter := c >= 'a' && c <= 'z' && c != 'i' && c != 'l' && c != 'o' && c != 'u'
		if !letter && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// order follows the column by which rows are ordered. Rows without a pseudonym stand together, first or last.
type order struct {
	span    *span
	leading bool // the file begins with rows without a pseudonym
	closed  bool // rows without a pseudonym have followed some with: only such may follow
}

func (o *order) next(value table.Value) bool {
	if value.IsNull() {
		o.closed = o.span.distinct > 0
		o.leading = o.leading || !o.closed
		return !o.closed || !o.leading
	}
	b := value.Bytes()
	if o.closed {
		return false
	}
	if o.span.distinct == 0 {
		o.span.first = bytes.Clone(b)
	} else if c := bytes.Compare(b, o.span.last); c <= 0 {
		return c == 0
	}
	o.span.last = append(o.span.last[:0], b...)
	o.span.distinct++
	return true
}
