package xml_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

func catalogue(t testing.TB) *dataset.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// header is that of a return; body goes into Children.
const header = `<Header><CollectionDetails><Collection>CIN</Collection><Year>%[1]d</Year><ReferenceDate>%[1]d-03-31</ReferenceDate></CollectionDetails>` +
	`<Source><SourceLevel>L</SourceLevel><LEA>331</LEA><SoftwareCode>x</SoftwareCode></Source></Header>`

func document(year int, children string) string {
	return "<Message>" + fmt.Sprintf(header, year) + "<Children>" + children + "</Children></Message>"
}

func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cin.xml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// outcome is what came of one file.
type outcome struct {
	err      error
	sources  []*extract.Source
	tally    map[string]extract.Tally // by table name
	rows     map[string][]string      // of the rows that pass: number, then the cells
	broken   map[string][]string      // of the rows kept back
	findings []finding.Finding
}

// rule is the rule that refused the file, "" when it was read.
func (o outcome) rule() string {
	var bad *extract.Invalid
	var refusal *finding.Refusal
	switch {
	case o.err == nil:
		return ""
	case errors.As(o.err, &bad):
		return bad.Findings[0].Rule
	case errors.As(o.err, &refusal):
		return string(refusal.Code)
	default:
		return "error: " + o.err.Error()
	}
}

// told lists the findings: rule, column, count.
func (o outcome) told() []string {
	var out []string
	for _, f := range o.findings {
		out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %d", f.Rule, strings.TrimPrefix(f.Place.Table, "cin/"), f.Place.Column, f.Count)), " "))
	}
	slices.Sort(out)
	return out
}

// read recognises a file and reads all columns of all its tables.
func read(t testing.TB, path string) outcome {
	t.Helper()
	return readWith(t, xml.Reader{Catalogue: catalogue(t)}, path, nil)
}

// readWith reads the columns that columns gives for a table, all where it is nil, none of the table where it gives none.
func readWith(t testing.TB, reader xml.Reader, path string, columns func(*dataset.Table) []string) outcome {
	t.Helper()
	report := &finding.Report{}
	got := outcome{tally: make(map[string]extract.Tally), rows: make(map[string][]string), broken: make(map[string][]string)}
	if got.sources, got.err = reader.Recognise(t.Context(), catalogue(t), path, "cin.xml", report); got.err != nil {
		return got
	}
	var demands []*extract.Demand
	for _, src := range got.sources {
		src.File, src.Path = "cin.xml", path
		if err := src.TakeDigest(); err != nil {
			t.Fatal(err)
		}
		var names []string
		if columns != nil {
			if names = columns(src.Table); len(names) == 0 {
				continue
			}
		} else {
			for _, c := range src.Table.Columns {
				names = append(names, c.Name)
			}
		}
		name := src.Table.Name
		demands = append(demands, &extract.Demand{Source: src, Want: extract.NewWant(src.Table, names...), Report: report, Sink: func(b *extract.Batch) error {
			for row, number := range b.Rows {
				got.rows[name] = append(got.rows[name], line(b, row, number))
			}
			if b.Broken != nil {
				for row, number := range b.Broken.Rows {
					got.broken[name] = append(got.broken[name], line(b.Broken, row, number))
				}
			}
			return nil
		}})
	}
	got.err = reader.Read(t.Context(), demands)
	for _, d := range demands {
		got.tally[d.Source.Table.Name] = d.Tally
	}
	got.findings = report.Findings()
	return got
}

// line writes one row: its number, and its cells but for the collection year and the mark of confidence.
func line(b *extract.Batch, row int, number int64) string {
	parts := []string{fmt.Sprint(number)}
	for i := range b.Columns {
		c := &b.Columns[i]
		if c.Def.Name == dataset.CollectionYear || b.Source.Table.Marks(c.Def.Name) {
			continue
		}
		parts = append(parts, shown(c.Def, c.At(row)))
	}
	return strings.Join(parts, "|")
}

func shown(def *dataset.Column, v extract.Value) string {
	switch {
	case v.State == extract.Empty:
		return ""
	case v.State == extract.Unusable:
		return "(" + v.Outcome.String() + ")"
	case def.Type == dataset.Date:
		return civil.Date(v.Num).String()
	case def.Type == dataset.Code:
		return def.Codes[v.Num].Value
	case def.Type == dataset.Identifier:
		return v.Text
	default:
		return fmt.Sprint(v.Num)
	}
}
