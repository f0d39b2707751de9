package harmonise_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/schemas"
)

// The header lines of the returns.
const (
	headerLine   = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB"
	episodesLine = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"
	uascLine     = "CHILD,SEX,DOB,DUC"
)

// lines joins a header line and rows to a file.
func lines(header string, rows ...string) string {
	return header + "\n" + strings.Join(rows, "\n") + "\n"
}

// loaded reads the built-in definitions once for all tests.
var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

// builtIn is the built-in definitions, and others beside them.
func builtIn(t testing.TB, others ...fs.FS) *dataset.Catalogue {
	t.Helper()
	c, err := loaded()
	if len(others) > 0 {
		c, err = dataset.Load(append([]fs.FS{schemas.Files}, others...)...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// write puts files, named below a new folder, on disk and returns their paths, sorted.
func write(t testing.TB, files map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// council is a set of recognised extracts.
type council struct {
	catalogue *dataset.Catalogue
	inventory *extract.Inventory
	rows      int // the most rows in a batch; 0 for what the reader makes
}

func readerOf(path string) extract.Reader {
	switch filepath.Ext(path) {
	case ".xml":
		return xml.Reader{}
	case ".xlsx":
		return xlsx.Reader{}
	default:
		return csv.Reader{}
	}
}

func discover(t testing.TB, catalogue *dataset.Catalogue, paths ...string) *council {
	t.Helper()
	c := &council{catalogue: catalogue}
	var err error
	readers := make(map[string]extract.Reader)
	for _, ending := range []string{".csv", ".tab", ".xml", ".xlsx"} {
		readers[ending] = readerOf(ending)
	}
	if c.inventory, err = extract.Discover(context.Background(), c.catalogue, readers, paths, &finding.Report{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// made is a table as it was brought together: cells as text, an empty one as "".
type made struct {
	columns []string
	rows    [][]string
	tally   harmonise.Tally
	found   map[string]int64  // rows, by rule
	places  map[string]string // the first place of a rule, without the file's folder
}

// table brings one table together.
func (c *council) table(t testing.TB, id string, columns ...string) *made {
	t.Helper()
	m, err := c.try(id, harmonise.NewChildren(), columns...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (c *council) try(id string, children *harmonise.Children, columns ...string) (*made, error) {
	m := &made{columns: columns, found: make(map[string]int64), places: make(map[string]string)}
	report := &finding.Report{}
	in := harmonise.Input{Inventory: c.inventory, Children: children, Read: c.read}
	var err error
	m.tally, err = makeTable(in, report, c.catalogue.Table(id), columns, func(b *extract.Batch) error {
		for row := range b.Len() {
			cells := make([]string, len(columns))
			for i, name := range columns {
				column := b.Column(name)
				if column == nil {
					return fmt.Errorf("column %s was not made", name)
				}
				cells[i] = cell(column.Def, column.At(row))
			}
			m.rows = append(m.rows, cells)
		}
		return nil
	})
	for _, f := range report.Findings() {
		m.found[f.Rule] += f.Count
		if _, seen := m.places[f.Rule]; !seen {
			f.Place.File = filepath.Base(filepath.Dir(f.Place.File)) + "/" + filepath.Base(f.Place.File)
			m.places[f.Rule] = f.Place.String()
		}
	}
	return m, err
}

// makeTable makes one table alone.
func makeTable(in harmonise.Input, report *finding.Report, table *dataset.Table, columns []string, sink func(*extract.Batch) error) (harmonise.Tally, error) {
	job := &harmonise.Job{Table: table, Columns: columns, Report: report, Sink: sink}
	err := harmonise.Make(context.Background(), in, []*harmonise.Job{job}, nil)
	return job.Tally, err
}

// read reads a file, handing rows on in small batches where the council says so.
func (c *council) read(ctx context.Context, demands []*extract.Demand) error {
	smaller := make([]*extract.Demand, len(demands))
	for i, d := range demands {
		own := *d
		own.Sink = func(b *extract.Batch) error { return c.hand(b, d.Sink) }
		smaller[i] = &own
	}
	err := readerOf(demands[0].Source.Path).Read(ctx, smaller)
	for i, d := range demands {
		d.Tally = smaller[i].Tally
	}
	return err
}

func (c *council) hand(b *extract.Batch, sink func(*extract.Batch) error) error {
	if c.rows == 0 {
		return sink(b)
	}
	for from := 0; from < b.Len() || from == 0; from += c.rows {
		some := part(b, from, min(from+c.rows, b.Len()))
		if first, last := from == 0, from+c.rows >= b.Len(); c.rows%2 == 1 && first || c.rows%2 == 0 && last {
			some.Broken, some.Confidential = b.Broken, b.Confidential // they come with some of the others: it makes no difference with which
		}
		if err := sink(some); err != nil {
			return err
		}
	}
	return nil
}

// part is some rows of a batch, with only their own distinct values.
func part(b *extract.Batch, from, to int) *extract.Batch {
	out := &extract.Batch{Source: b.Source, Rows: slices.Clone(b.Rows[from:to])}
	for _, c := range b.Columns {
		own := extract.Column{Def: c.Def}
		at := make(map[uint32]uint32)
		for _, n := range c.Index[from:to] {
			if _, seen := at[n]; !seen {
				at[n] = uint32(len(own.Values))
				own.Values = append(own.Values, c.Values[n])
			}
			own.Index = append(own.Index, at[n])
		}
		out.Columns = append(out.Columns, own)
	}
	return out
}

// cell writes a value as the return would: codes as codes, dates as YYYY-MM-DD.
func cell(def *dataset.Column, v extract.Value) string {
	switch {
	case v.State == extract.Empty:
		return ""
	case v.State == extract.Unusable:
		return "unusable: " + v.Outcome.String()
	case v.State != extract.Known:
		return "partial"
	}
	switch def.Type {
	case dataset.Identifier:
		return v.Text
	case dataset.Code:
		return def.Codes[v.Num].Value
	case dataset.Date:
		return civil.Date(v.Num).String()
	case dataset.Boolean:
		return strconv.FormatBool(v.Num != 0)
	default:
		return strconv.Itoa(int(v.Num))
	}
}

// text writes rows one a line, in the order they came.
func (m *made) text() string {
	var out []string
	for _, row := range m.rows {
		out = append(out, strings.Join(row, " "))
	}
	return strings.Join(out, "\n")
}

// sum is the right-hand side of the accounting rule.
func sum(t harmonise.Tally) int64 {
	return t.Left + t.Superseded + t.Marks + t.Merged + t.Aside + t.Unlinked + t.Elsewhere + t.Confidential + t.Quarantined
}
