package synth

import "path/filepath"

// book is a workbook of a year's folder.
type book struct {
	*workbook
	year         int // position of the year
	format, file string
	rows         int64 // of all its sheets
}

// openBook begins a workbook in a year's folder.
func (s *sets) openBook(k int, format, file string, o workbookOptions) *book {
	path := filepath.Join(s.dir, s.window.years[k].folder(), filepath.FromSlash(file))
	b := &book{workbook: createWorkbook(path, o), year: k, format: format, file: file}
	s.books = append(s.books, b)
	return b
}
