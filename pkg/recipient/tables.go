package recipient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

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
	if err := v.columns(ctx, t, f, file, nulls, &s); err != nil {
		return s, err
	}
	if s.distinct != f.DistinctChildren {
		return s, failf("%s does not have as many children as manifest.json says.", f.Path)
	}
	return s, nil
}

// columnsAtOnce is how many columns of a file are looked at side by side, at most: each takes a page and a dictionary.
const columnsAtOnce = 4

// columns looks at the columns of a file, several at once. Of several failures, that of the first column is the answer.
func (v *verification) columns(ctx context.Context, t *manifest.Table, f manifest.File, file *table.File, nulls []int64, s *span) error {
	errs := make([]error, len(t.Columns))
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), columnsAtOnce, len(errs)) {
		workers.Go(func() {
			// Columns are taken in their order: when one fails, all before it are looked at to their end.
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(errs) {
					return
				}
				if errs[i] = v.column(ctx, t, i, f, file, &nulls[i], s); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// column looks at one column of a file; at the pseudonyms in whose order the rows are for s too.
func (v *verification) column(ctx context.Context, t *manifest.Table, i int, f manifest.File, file *table.File, nulls *int64, s *span) error {
	look := v.cells(t, &t.Columns[i], f, s)
	err := file.Pages(t.Columns[i].Name, func(p table.Page) error {
		*nulls += int64(p.Nulls)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return look(p)
	})
	if errors.Is(err, table.ErrDamaged) {
		return failf("Column %s of %s cannot be read: the file was damaged before it was signed.", t.Columns[i].Name, f.Path)
	}
	return err
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

// cells gives what looks at the pages of a column. A failure names the column and the first row that is wrong, never the cell.
func (v *verification) cells(t *manifest.Table, c *manifest.Column, f manifest.File, s *span) func(table.Page) error {
	at := func(row int64, what string) error {
		return failf("%s, column %s, row %d: %s.", f.Path, c.Name, row+1, what)
	}
	switch {
	case c.Domain != "":
		pseudonyms := refused{allowed: coded(v.manifest.Pseudonyms.Prefix(c.Domain))}
		ordered := order{span: s}
		return func(p table.Page) error {
			wrong := pseudonyms.first(p)
			if c.Name == t.ChildrenColumn {
				if row := ordered.first(p); row < wrong {
					return at(p.Row+int64(row), "the rows are not in order of the code")
				}
			}
			if wrong < len(p.Index) {
				return at(p.Row+int64(wrong), "the cell is not a code of the kind and code key that manifest.json gives")
			}
			return nil
		}
	case c.Type == manifest.String:
		listed := make(map[string]bool, len(c.Codes))
		for _, code := range c.Codes {
			listed[code.Code] = true
		}
		codes := refused{allowed: func(text []byte) bool { return listed[string(text)] }}
		return func(p table.Page) error {
			if wrong := codes.first(p); wrong < len(p.Index) {
				return at(p.Row+int64(wrong), "the cell is not one of the codes that manifest.json lists")
			}
			return nil
		}
	default:
		return func(table.Page) error { return nil }
	}
}

// refused finds cells that are not allowed. It looks at each of the values that pages point to once, and at the rows only if
// one of those is not allowed: a value that no row points to is no cell.
type refused struct {
	allowed func(text []byte) bool
	not     []bool // those of the page's values that are not allowed; empty if all are
}

// first is the first row of the page that is not allowed, or how many rows the page has.
func (r *refused) first(p table.Page) int {
	if p.Fresh {
		r.not = r.not[:0]
		for i := range p.Values.Len() {
			if r.allowed(p.Values.Bytes(i)) {
				continue
			}
			if len(r.not) == 0 {
				r.not = make([]bool, p.Values.Len())
			}
			r.not[i] = true
		}
	}
	if len(r.not) > 0 {
		for row, i := range p.Index {
			if i >= 0 && r.not[i] {
				return row
			}
		}
	}
	return len(p.Index)
}

// coded tells pseudonyms of a kind and a code key from other texts.
func coded(prefix string) func(text []byte) bool {
	begin := []byte(prefix)
	return func(text []byte) bool {
		code, ok := bytes.CutPrefix(text, begin)
		return ok && manifest.IsCode(code)
	}
}

// order follows the column by which rows are ordered. Rows without a pseudonym stand together, first or last.
type order struct {
	span    *span
	leading bool // the file begins with rows without a pseudonym
	closed  bool // rows without a pseudonym have followed some with: only such may follow
}

// first is the first row of the page that is out of order, or how many rows the page has. A row that points to the same value as
// the one before is what that was.
func (o *order) first(p table.Page) int {
	const none = -2
	before, last := int32(none), o.span.last // last is only lent until the page ends
	for row, i := range p.Index {
		if i == before {
			continue
		}
		before = i
		if i < 0 {
			o.closed = o.span.distinct > 0
			o.leading = o.leading || !o.closed
			if o.closed && o.leading {
				return row
			}
			continue
		}
		if o.closed {
			return row
		}
		text, c := p.Values.Bytes(int(i)), 1
		if o.span.distinct == 0 {
			o.span.first = bytes.Clone(text)
		} else {
			c = bytes.Compare(text, last)
		}
		if c < 0 {
			return row
		}
		if c > 0 {
			o.span.distinct++
		}
		last = text
	}
	o.span.last = append(o.span.last[:0], last...)
	return len(p.Index)
}
