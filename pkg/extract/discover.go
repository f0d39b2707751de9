package extract

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of a set of files.
const (
	RuleNothingFound   = "NO_EXTRACTS"
	RulePathUnreadable = "PATH_UNREADABLE"
	RuleTableTwice     = "TABLE_TWICE"
	RuleTableNotInYear = "TABLE_NOT_IN_YEAR"
	RuleColumnMissing  = "COLUMN_MISSING"
	RuleFileSkipped    = "FILE_SKIPPED"
)

// Inventory is what was found in the folders and files given.
type Inventory struct {
	Sources []*Source // sorted by collection year, then file
	Skipped []string  // files of other kinds, not read
}

// Of lists the sources of a table, latest collection year first, then by file.
func (inv *Inventory) Of(tableID string) []*Source {
	var out []*Source
	for _, s := range inv.Sources {
		if s.Table.ID() == tableID {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *Source) int { return cmp.Or(cmp.Compare(b.Year, a.Year), cmp.Compare(a.File, b.File)) })
	return out
}

// Discover recognises every extract in the paths given: files, and folders with all below them. readers has one reader
// per file name ending (".csv"). Files of other kinds are skipped and listed; a file of a known kind that is not
// recognised stops the run, since leaving it out would lose children without a word. All that is wrong is returned at
// once, as *Invalid.
//
// Each file is read once for its digest, and the date columns that tell the year once more.
func Discover(ctx context.Context, catalogue *dataset.Catalogue, readers map[string]Reader, paths []string, report *finding.Report) (*Inventory, error) {
	d := &discovery{catalogue: catalogue, readers: readers, report: report, inventory: &Inventory{}, wrong: &Invalid{}, seen: make(map[string]bool)}
	for _, path := range paths {
		if err := d.walk(ctx, path); err != nil {
			return nil, err
		}
	}
	if err := d.years(ctx); err != nil {
		return nil, err
	}
	if len(d.wrong.Findings) > 0 {
		return nil, d.wrong
	}
	if len(d.inventory.Sources) == 0 {
		return nil, Stop(RuleNothingFound, finding.Place{File: strings.Join(paths, ", ")}, "there is no extract here",
			"name the folder that holds the CSV files of the returns")
	}
	slices.SortFunc(d.inventory.Sources, func(a, b *Source) int {
		return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.File, b.File))
	})
	return d.inventory, nil
}

type discovery struct {
	catalogue *dataset.Catalogue
	readers   map[string]Reader
	report    *finding.Report
	inventory *Inventory
	wrong     *Invalid
	seen      map[string]bool // absolute paths
}

// note keeps an *Invalid for the end, so that all of them are told at once, and passes any other error on.
func (d *discovery) note(err error) error {
	var bad *Invalid
	if errors.As(err, &bad) {
		d.wrong.Findings = append(d.wrong.Findings, bad.Findings...)
		return nil
	}
	return err
}

func (d *discovery) stop(rule string, src *Source, message, hint string) {
	d.wrong.Findings = append(d.wrong.Findings, finding.Finding{
		Rule: rule, Severity: finding.Stop, Place: src.Place(0, ""), Count: 1, Message: message, Hint: hint,
	})
}

func (d *discovery) walk(ctx context.Context, root string) error {
	// A root that is a link is followed: with a slash behind it, the folder that it leads to is meant.
	start := root
	if info, err := os.Stat(root); err == nil && info.IsDir() {
		start = filepath.Clean(root) + string(filepath.Separator)
	}
	return filepath.WalkDir(start, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return d.unreadable(path, err)
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != start && strings.HasPrefix(name, ".") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") {
			return nil
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return d.note(Stop(RulePathUnreadable, finding.Place{File: path}, "it is a link to a folder, and only files are followed",
				"give postern the folder itself, or put it in the place of the link"))
		}
		reader, known := d.readers[strings.ToLower(filepath.Ext(name))]
		if !known {
			d.inventory.Skipped = append(d.inventory.Skipped, path)
			d.report.Add(RuleFileSkipped, finding.Notice, finding.Place{File: path}, "the file is of a kind that is not read",
				"nothing, unless it holds a return: then export it as CSV")
			return nil
		}
		if d.seen[absolute(path)] {
			return nil // named twice: by itself and by its folder
		}
		d.seen[absolute(path)] = true
		return d.note(d.file(ctx, reader, root, path))
	})
}

func (d *discovery) unreadable(path string, err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		err = inPath.Err
	}
	return d.note(Stop(RulePathUnreadable, finding.Place{File: path}, fmt.Sprintf("it cannot be read: %v", err),
		"check the path, and that the account that runs postern may read it"))
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func (d *discovery) file(ctx context.Context, reader Reader, root, path string) error {
	fields, err := reader.Fields(ctx, path, path)
	if err != nil {
		return err
	}
	table, header, err := Match(d.catalogue, path, fields, d.report)
	if err != nil {
		return err
	}
	src := &Source{File: path, Path: path, Table: table, Header: header, below: below(root, path)}
	if src.SHA256, src.Size, err = digest(path); err != nil {
		return err
	}
	d.inventory.Sources = append(d.inventory.Sources, src)
	return nil
}

// below is the part of a path that the user chose to name an extract by: the last folder given, and all below it. What
// stands above it (a home folder, a mount) says nothing of the extract.
func below(root, path string) string {
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." {
		return filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
	}
	if abs, err := filepath.Abs(root); err == nil {
		root = abs
	}
	return filepath.Join(filepath.Base(root), rel)
}

func digest(path string) ([sha256.Size]byte, int64, error) {
	var sum [sha256.Size]byte
	f, err := os.Open(path)
	if err != nil {
		return sum, 0, fmt.Errorf("digest of an extract: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from: nothing is lost
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return sum, 0, fmt.Errorf("digest of an extract: %w", err)
	}
	h.Sum(sum[:0])
	return sum, n, nil
}

// years gives every source its collection year, set by set, and refuses what does not fit it.
func (d *discovery) years(ctx context.Context) error {
	held := make(map[string]*Source) // by table and year
	for _, s := range sets(d.inventory.Sources) {
		year, err := d.yearOf(ctx, s)
		if err := d.note(err); err != nil {
			return err
		}
		if year == 0 {
			continue
		}
		for _, src := range s.sources {
			src.Year = year
			key := fmt.Sprintf("%s %d", src.Table.ID(), year)
			if first := held[key]; first != nil {
				d.stop(RuleTableTwice, src, fmt.Sprintf("two files hold this table for collection year %d; the other is %s", year, first.File),
					"remove one of the two, or put each set in a folder named for its own year, such as 2025-26")
				continue
			}
			held[key] = src
			d.columnsOf(src)
			if !src.Table.In(year) {
				d.stop(RuleTableNotInYear, src, fmt.Sprintf("the return of collection year %d has no such table", year),
					"put the file in a folder named for its year, such as 2025-26")
			}
		}
	}
	return nil
}

// columnsOf refuses a file that lacks a column which the return of its collection year has.
func (d *discovery) columnsOf(src *Source) {
	for _, c := range src.Table.Columns {
		if _, has := src.Header.At[c.Name]; !has && !c.Optional && c.In(src.Year) {
			d.stop(RuleColumnMissing, src, fmt.Sprintf("the return of collection year %d has column %s, and the file lacks it", src.Year, c.Name),
				"export the table again with all its columns")
		}
	}
}
