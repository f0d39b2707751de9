package extract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

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
	Sources []*Source // sorted by collection year, then file, then sheet, then table
	Skipped []string  // files of other kinds, not read
}

// Of lists the sources of a table, latest collection year first, in a year the latest term, then by file.
func (inv *Inventory) Of(tableID string) []*Source {
	var out []*Source
	for _, s := range inv.Sources {
		if s.Table.ID() == tableID {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, byTime)
	return out
}

// byTime orders sources latest first.
func byTime(a, b *Source) int {
	return cmp.Or(cmp.Compare(b.Year, a.Year), cmp.Compare(slices.Index(dataset.Terms(), b.Term), slices.Index(dataset.Terms(), a.Term)),
		cmp.Compare(a.File, b.File), cmp.Compare(a.Sheet, b.Sheet))
}

// Discover recognises every extract in the paths given: files, and folders with all below them. readers has one reader
// per file name ending (".csv"). Files of other kinds are skipped and listed; a file of a known kind that is not
// recognised stops the run, since leaving it out would lose children without a word. All that is wrong is returned at
// once, as *Invalid.
//
// The date columns that tell the year of a file are read, those of several files side by side; what is told, and in which
// order, does not depend on it. Digests are for those who need them (TakeDigests): here they are taken only of files of
// which two may be the same.
func Discover(ctx context.Context, catalogue *dataset.Catalogue, readers map[string]Reader, paths []string, report *finding.Report) (*Inventory, error) {
	d := &discovery{catalogue: catalogue, readers: readers, report: report, inventory: &Inventory{}, wrong: &Invalid{}, seen: make(map[string]bool)}
	if err := d.all(ctx, paths); err != nil {
		return nil, err
	}
	d.inventory.Sources = slices.DeleteFunc(d.inventory.Sources, func(s *Source) bool {
		return s.Form == Document && s.Year != 0 && !s.Table.In(s.Year)
	})
	if len(d.wrong.Findings) > 0 {
		return nil, d.wrong
	}
	if len(d.inventory.Sources) == 0 {
		message, hint := "there is no extract here", "name the folder that holds the files of the returns"
		if len(d.inventory.Skipped) > 0 {
			message, hint = "there is no extract here, only files of kinds that are not read", "name CSV, tab-separated, XML or .xlsx files (save an .xls as .xlsx), or the folder that holds them"
		}
		return nil, Stop(RuleNothingFound, finding.Place{File: strings.Join(paths, ", ")}, message, hint)
	}
	slices.SortFunc(d.inventory.Sources, func(a, b *Source) int {
		return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.File, b.File), cmp.Compare(a.Sheet, b.Sheet), cmp.Compare(a.Table.ID(), b.Table.ID()))
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
	large     sync.Mutex      // held while a large text file is read for its dates
}

// all finds the files, and tells all that is asked of them.
func (d *discovery) all(ctx context.Context, paths []string) error {
	for _, path := range paths {
		if err := d.walk(ctx, path); err != nil {
			return err
		}
	}
	found := sets(d.inventory.Sources)
	d.show(ctx, found)
	if mayRepeat(d.inventory.Sources) {
		if err := d.inventory.TakeDigests(ctx)(); err != nil {
			return err
		}
	}
	return d.years(found)
}

// mayRepeat reports whether two files of one size are of a table that several files may hold: they may be the same.
func mayRepeat(sources []*Source) bool {
	held := make(map[string]bool)
	return slices.ContainsFunc(sources, func(s *Source) bool {
		if !s.Table.Several {
			return false
		}
		key := fmt.Sprintf("%s %d %d", s.Table.ID(), s.Sheet, s.Size)
		before := held[key]
		held[key] = true
		return before
	})
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
				skippedHint(name))
			return nil
		}
		if d.seen[absolute(path)] {
			return nil // named twice: by itself and by its folder
		}
		d.seen[absolute(path)] = true
		return d.note(d.file(ctx, reader, root, path))
	})
}

func skippedHint(name string) string {
	if strings.EqualFold(filepath.Ext(name), ".xls") {
		return "nothing, unless it holds a return: then save it as .xlsx or CSV"
	}
	return "nothing, unless it holds a return: then export it as CSV"
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
	sources, err := reader.Recognise(ctx, d.catalogue, path, path, d.report)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Unreadable(finding.Place{File: path}, err)
	}
	seen := newFingerprint()
	for _, src := range sources {
		src.File, src.Path, src.below = path, path, below(root, path)
		src.Size, src.seen = info.Size(), seen
	}
	d.inventory.Sources = append(d.inventory.Sources, sources...)
	return nil
}

// below is the part of a path that the user chose to name an extract by: the last folder given, or that of a file given by
// itself, and all below it; where that folder names no more than a term, the folder around it too. What stands above (a
// home folder, a mount) says nothing of the extract.
func below(root, path string) string {
	folder := absolute(root)
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." {
		folder, rel = filepath.Dir(absolute(path)), filepath.Base(path)
	}
	named := filepath.Base(folder)
	if termSaid(named) != "" && yearSaid(named).year == 0 {
		named = filepath.Join(filepath.Base(filepath.Dir(folder)), named)
	}
	return filepath.Join(named, rel)
}

// years gives every source its collection year and term, set by set, and refuses what does not fit them.
func (d *discovery) years(found []*set) error {
	held := make(map[string]*Source) // by table, year and term
	twice := make(map[[2]string]bool)
	same := make(map[string]*Source) // of tables that several files may hold: by table, return and content
	for _, s := range found {
		year, err := d.yearOf(s)
		if err := d.note(err); err != nil {
			return err
		}
		term, err := s.termOf()
		if err := d.note(err); err != nil {
			return err
		}
		if year == 0 || s.termly() && term == "" {
			continue
		}
		if first := s.sources[0]; first.Form == Document && !slices.ContainsFunc(s.sources, func(src *Source) bool { return src.Table.In(year) }) {
			first.Year = year
			d.stop(RuleTableNotInYear, first, fmt.Sprintf("the definitions have no document of collection year %d", year),
				"put the file in a folder named for its year, such as 2025-26; or leave it out")
			continue
		}
		for _, src := range s.sources {
			src.Year, src.Term = year, term
			if src.Form == Document && !src.Table.In(year) {
				continue // a document whose year is told late came with the tables of all years; elements of this one are told when it is read
			}
			key := fmt.Sprintf("%s %d %s", src.Table.ID(), year, term)
			first := held[key]
			if first == nil {
				held[key] = src
			}
			if first != nil && !src.Table.Several {
				if first.File == src.File { // two sheets of one workbook
					d.stop(RuleTableTwice, src, fmt.Sprintf("two sheets hold this table for %s; the other is sheet %d", src.When(), first.Sheet),
						"remove one of the two, or bring their rows together on one")
				} else if pair := [2]string{first.File, src.File}; !twice[pair] { // two documents share all their tables
					twice[pair] = true
					d.stop(RuleTableTwice, src, fmt.Sprintf("two files hold this table for %s; the other is %s", src.When(), first.File),
						"remove one of the two, or put each set in a folder named for its own year, such as 2025-26")
				}
				continue
			}
			if src.Table.Several && d.again(src, same) {
				continue
			}
			d.columnsOf(src)
			if !src.Table.In(year) || !src.Table.InTerm(term) {
				d.stop(RuleTableNotInYear, src, fmt.Sprintf("the return of %s has no such table", src.When()),
					"put the file in a folder named for its year, such as 2025-26, and for its term if it is of one")
			}
		}
	}
	return nil
}

// again refuses a file of a table that several files may hold when another one of the same return has the same bytes: each
// of its rows would count twice.
func (d *discovery) again(src *Source, same map[string]*Source) bool {
	key := fmt.Sprintf("%s %d %s %d %d %x", src.Table.ID(), src.Year, src.Term, src.Sheet, src.Size, src.SHA256) // of another size, no digest was taken
	first := same[key]
	if first == nil {
		same[key] = src
		return false
	}
	d.stop(RuleTableTwice, src, fmt.Sprintf("the file is the same as %s, byte for byte", first.File), "remove one of the two")
	return true
}

// When is the return that a source is of, in words: "collection year 2026", "the autumn term of academic year 2025/26".
func (s *Source) When() string {
	switch {
	case s.Term != "":
		return fmt.Sprintf("the %s term of academic year %d/%02d", s.Term, s.Year-1, s.Year%100)
	case s.Table != nil && s.Table.YearBegins == time.September:
		return fmt.Sprintf("academic year %d/%02d", s.Year-1, s.Year%100)
	default:
		return fmt.Sprintf("collection year %d", s.Year)
	}
}

// columnsOf refuses a file that lacks a column which the return of its collection year has.
func (d *discovery) columnsOf(src *Source) {
	if src.Form == Document {
		return // what an element holds is asked row by row
	}
	for _, c := range src.Table.Columns {
		if _, has := src.Header.At[c.Name]; !has && !c.Optional && c.In(src.Year) {
			d.stop(RuleColumnMissing, src, fmt.Sprintf("the return of %s has column %s, and the file lacks it", src.When(), c.Heading()),
				"export the table again with all its columns")
		}
	}
}
