//go:build unix

package export_test

import (
	"encoding/xml"
	"errors"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// extractFile is what a file of extracts holds, counted line by line, or by the standard library's reader of XML.
type extractFile struct {
	set    string           // its folder: one return of one time
	term   string           // that the folder is named for
	header []string         // of a text file
	rows   map[string]int64 // by table, or by the path of an element
}

type extractFiles []extractFile

// filesOf counts what all files below a folder of extracts hold.
func filesOf(t *testing.T, extracts string) extractFiles {
	t.Helper()
	var out extractFiles
	for _, name := range filesBelow(t, extracts) {
		text := mustRead(t, filepath.Join(extracts, name))
		f := extractFile{set: path.Dir(name), rows: make(map[string]int64)}
		if base := path.Base(f.set); slices.Contains(dataset.Terms(), base) {
			f.term = base
		}
		table := strings.TrimSuffix(path.Base(name), path.Ext(name))
		switch {
		case path.Ext(name) == ".xml":
			countElements(t, text, f.rows)
			out = append(out, f)
			continue
		case table == "download":
			table = "giap_census/census"
		case f.term != "":
			table = "school_census/" + table
		case table == "pupil_premium":
			table = "giap/" + table
		case table == "previous_permanence":
			table = "ssda903/prev_perm"
		default:
			table = "ssda903/" + table
		}
		for line := range strings.Lines(text) {
			switch {
			case f.header == nil:
				f.header = strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool { return r == ',' || r == '\t' })
			case strings.Trim(line, " \r\n") != "":
				f.rows[table]++
			}
		}
		out = append(out, f)
	}
	return out
}

// countElements counts elements by their path below the root.
func countElements(t *testing.T, text string, rows map[string]int64) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	var names []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			names = append(names, token.Name.Local)
			rows[strings.Join(names[1:], "/")]++
		case xml.EndElement:
			names = names[:len(names)-1]
		}
	}
}

// of counts a table's rows in the files that are wanted.
func (fs extractFiles) of(table *dataset.Table, wanted func(extractFile) bool) int64 {
	n := int64(0)
	for _, f := range fs {
		if wanted(f) {
			n += f.rows[table.ID()]
		}
		if wanted(f) && table.Row != "" {
			n += f.rows[table.Row]
		}
	}
	return n
}

// feeding counts the rows that a run reads for a table: of a core table, those of all that feed it. A roll that tells of
// two half terms is read for each.
func (fs extractFiles) feeding(catalogue *dataset.Catalogue, table *dataset.Table) int64 {
	all := func(extractFile) bool { return true }
	if !table.Core() {
		return fs.of(table, all)
	}
	if table.Made != nil {
		return fs.feeding(catalogue, table.Made.Table)
	}
	n := int64(0)
	for i := range table.Sources {
		source := &table.Sources[i]
		if source.Pupils == nil {
			n += fs.of(catalogue.Table(source.Table), all)
			continue
		}
		for _, roll := range fs {
			if roll.rows[source.Table] > 0 {
				n += fs.told(catalogue, source, roll)
			}
		}
	}
	return n
}

// told counts the rows of a roll and of the tables about its pupils, 0 for a roll that tells nothing of what the source
// is of.
func (fs extractFiles) told(catalogue *dataset.Catalogue, source *dataset.Source, roll extractFile) int64 {
	if len(source.Periods) > 0 && !slices.ContainsFunc(source.Periods, func(p dataset.Period) bool { return p.Census == roll.term }) {
		return 0
	}
	details := int64(0)
	for _, d := range source.Details {
		details += fs.of(catalogue.Table(d.Table), func(f extractFile) bool { return f.set == roll.set })
	}
	tells := details > 0
	for _, feed := range source.Columns {
		tells = tells || slices.Contains(roll.header, feed.From) || len(feed.AnyOf) > 0
	}
	if !tells {
		return 0
	}
	return roll.rows[source.Table] + details
}
