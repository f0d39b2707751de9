package synth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/postern-gateway/postern/pkg/finding"
)

// incomplete is the file that stands in the folder while the sets are being written.
const incomplete = "INCOMPLETE"

const incompleteText = "The synthetic extracts in this folder were not finished. Delete the folder and make them again.\n"

// part is the suffix of files that are being written.
const part = ".part"

// sets are the open files of all annual sets.
type sets struct {
	g       *generator
	window  *window
	formats formats
	keys    keys
	laCode  string
	// register makes the daily attendance.
	register register
	dir      string
	made     bool      // dir was made here
	folders  []string  // made here, each before what is in it
	files    [][]*file // by year
	returns  [][]*file // by year: those of SSDA903, in the order of its tables
	others   []others
	books    []*book // workbooks of all years
}

// others are the open files of one year that are not of SSDA903; nil for those that are not written.
type others struct {
	care   *careFile
	sheets *careBook
	cin    *cinFile
	census [terms]*censusFiles
	giap   *file
	// downloads are the census downloads, daily the daily attendance.
	downloads [terms]*file
	daily     *file
	ssd       *ssdFiles
	annex     *annexBook
}

// createSets makes the folders and opens the files. A folder that holds anything is refused.
func createSets(dir string, g *generator) (*sets, error) {
	s := &sets{g: g, window: g.window, formats: g.formats, keys: g.keys, laCode: g.identifiers.laCode, register: g.register, dir: dir}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, finding.WithHint(fmt.Errorf("synthetic cohort: %w", err), "name a folder that can be made")
		}
		s.made = true
	case err != nil:
		return nil, finding.WithHint(fmt.Errorf("synthetic cohort: %w", err), "name a new or an empty folder")
	case len(entries) > 0:
		hint := "name a new or an empty folder: nothing is overwritten"
		for _, e := range entries {
			if e.Name() == incomplete {
				hint = "an earlier run into it was interrupted: delete the folder, or name another"
			}
		}
		return nil, finding.WithHint(fmt.Errorf("folder %s is not empty", dir), hint)
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(writeFailed(err), s.discard())
	}
	return s, nil
}

func (s *sets) open() error {
	if err := os.WriteFile(filepath.Join(s.dir, incomplete), []byte(incompleteText), 0o600); err != nil {
		return err
	}
	for k, y := range s.window.years {
		s.files, s.returns, s.others = append(s.files, nil), append(s.returns, nil), append(s.others, others{})
		have := s.formats.in(y.number)
		if k < len(s.window.years)-1 {
			have = have.annual()
		}
		if len(have) == 0 {
			continue
		}
		if err := s.folder(y.folder()); err != nil {
			return err
		}
		if have[SSDA903] {
			for _, t := range tablesOf(y.number) {
				if _, err := s.create(k, t); err != nil {
					return err
				}
			}
			s.returns[k] = slices.Clone(s.files[k])
			if k == len(s.window.years)/2 {
				s.returns[k][episodes].addLocalRef()
			}
		}
		if err := s.openOthers(k, y, have); err != nil {
			return err
		}
	}
	return nil
}

// openOthers opens the files of a year that are not of SSDA903.
func (s *sets) openOthers(k int, y year, have formats) error {
	o := &s.others[k]
	if have[SSDA903XML] {
		f, err := s.create(k, careTable())
		if err != nil {
			return err
		}
		o.care = newCareFile(f, y)
	}
	if have[SSDA903Sheet] {
		o.sheets = newCareBook(s.openBook(k, SSDA903Sheet, "ssda903.xlsx", workbookOptions{epoch1904: y.number%4 == 3}), y)
	}
	if have[CIN] {
		f, err := s.create(k, cinTable())
		if err != nil {
			return err
		}
		o.cin = newCINFile(f, y, s.laCode)
	}
	for term := range terms {
		if !have[SchoolCensus] && !have[GIAPCensus] || !s.window.taken(k, term) {
			break
		}
		if err := s.folder(filepath.Join(y.folder(), termName(term))); err != nil {
			return err
		}
		if err := s.openTerm(k, y, term, have); err != nil {
			return err
		}
	}
	if have[Attendance] && k >= len(s.window.years)-s.register.years {
		f, err := s.create(k, dailyTable())
		if err != nil {
			return err
		}
		o.daily = f
	}
	if have[GIAP] {
		f, err := s.create(k, premiumTable(y.number))
		if err != nil {
			return err
		}
		o.giap = f
	}
	if have[AnnexA] {
		o.annex = newAnnexBook(s.openBook(k, AnnexA, "annex_a.xlsx", workbookOptions{}), s.g)
	}
	if have[SSD] {
		o.ssd = &ssdFiles{g: s.g}
		for i, t := range ssdTables() {
			f, err := s.create(k, t)
			if err != nil {
				return err
			}
			o.ssd.files[i] = f
		}
	}
	return nil
}

// openTerm opens the files of a census.
func (s *sets) openTerm(k int, y year, term int, have formats) error {
	o := &s.others[k]
	if have[SchoolCensus] {
		c := &censusFiles{year: y, term: term}
		for i, t := range censusTables(y.number, term) {
			f, err := s.create(k, t)
			if err != nil {
				return err
			}
			c.files[i] = f
		}
		c.plan()
		o.census[term] = c
	}
	if have[GIAPCensus] {
		f, err := s.create(k, downloadTable(y.number, term))
		if err != nil {
			return err
		}
		o.downloads[term] = f
	}
	return nil
}

func (s *sets) folder(name string) error {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	s.folders = append(s.folders, path)
	return nil
}

// create opens a file of a year's folder.
func (s *sets) create(k int, t table) (*file, error) {
	f, err := createFile(filepath.Join(s.dir, s.window.years[k].folder(), filepath.FromSlash(t.file)), t)
	if err == nil {
		s.files[k] = append(s.files[k], f)
	}
	return f, err
}

// commit closes the files, gives them their names and takes the mark of incompleteness away.
func (s *sets) commit() error {
	for k := range s.others {
		if c := s.others[k].care; c != nil {
			c.finish()
		}
		if c := s.others[k].sheets; c != nil {
			c.finish()
		}
		if c := s.others[k].cin; c != nil {
			c.finish()
		}
	}
	for _, b := range s.books {
		if err := b.close(); err != nil {
			return writeFailed(err)
		}
	}
	for _, set := range s.files {
		for _, f := range set {
			if err := f.close(); err != nil {
				return writeFailed(err)
			}
		}
	}
	for _, set := range s.files {
		for _, f := range set {
			if err := os.Rename(f.path+part, f.path); err != nil {
				return writeFailed(err)
			}
		}
	}
	for _, b := range s.books {
		if err := os.Rename(b.path+part, b.path); err != nil {
			return writeFailed(err)
		}
	}
	if err := os.Remove(filepath.Join(s.dir, incomplete)); err != nil {
		return writeFailed(err)
	}
	return nil
}

// writeFailed says what to do about a disk that takes no more.
func writeFailed(err error) error {
	return finding.WithHint(fmt.Errorf("synthetic cohort: %w", err), "make room, or name a folder elsewhere; nothing of the cohort is kept")
}

// discard removes what was made, the mark last.
func (s *sets) discard() error {
	var errs []error
	remove := func(path string) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("synthetic cohort: what was written could not be removed: %w", err))
		}
	}
	for _, set := range s.files {
		for _, f := range set {
			f.abandon()
			remove(f.path + part)
			remove(f.path)
		}
	}
	for _, b := range s.books {
		if err := b.abandon(); err != nil {
			errs = append(errs, fmt.Errorf("synthetic cohort: what was written could not be removed: %w", err))
		}
		remove(b.path)
	}
	for _, folder := range slices.Backward(s.folders) {
		remove(folder)
	}
	remove(filepath.Join(s.dir, incomplete))
	if s.made {
		remove(s.dir)
	}
	return errors.Join(errs...)
}

func (s *sets) count() int {
	n := len(s.books)
	for _, set := range s.files {
		n += len(set)
	}
	return n
}

func (s *sets) summary() []SetSummary {
	out := make([]SetSummary, 0, len(s.files))
	for k, set := range s.files {
		y := s.window.years[k]
		sum := SetSummary{Year: y.number, Folder: y.folder()}
		for _, f := range set {
			sum.Tables = append(sum.Tables, TableSummary{Format: f.table.format, File: f.table.file, Rows: f.rows})
		}
		for _, b := range s.books {
			if b.year == k {
				sum.Tables = append(sum.Tables, TableSummary{Format: b.format, File: b.file, Rows: b.rows})
			}
		}
		if len(sum.Tables) > 0 {
			out = append(out, sum)
		}
	}
	return out
}
