package synth

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// workbook is one Office Open XML workbook (.xlsx) being written, row by row and into all of its sheets at once. Each
// sheet is a part file beside the workbook's own until close puts them together: memory is one buffer per sheet,
// whatever the number of rows. The same rows give the same bytes: no clock goes into it.
//
//	w := createWorkbook(path, workbookOptions{})
//	s := w.sheet("Header")
//	s.header("CHILD", "SEX", "DOB")
//	s.row(cellText("1001"), cellNumber(1), cellDate(born))
//	err := w.close() // the file is at path + part: the caller gives it its name
type workbook struct {
	path    string
	options workbookOptions
	sheets  []*worksheet
	shared  map[string]int
	strings []string
	err     error // the first one; nothing is written after it
}

// workbookOptions say how a workbook is written.
type workbookOptions struct {
	epoch1904 bool // days are counted from 1 January 1904, as workbooks of old Macintosh programs have it
}

// sharedMost is how many strings the table of shared strings has at most: those of headers. Others stand in their cells.
const sharedMost = 4096

// createWorkbook begins a workbook; nothing is on the disk before its first sheet. What goes wrong is told by close.
func createWorkbook(path string, o workbookOptions) *workbook {
	return &workbook{path: path, options: o, shared: make(map[string]int)}
}

// worksheet is one sheet of a workbook.
type worksheet struct {
	book   *workbook
	name   string
	path   string
	out    *os.File
	buf    *bufio.Writer
	line   []byte
	rows   int64 // rows so far, blank ones and headers too
	hidden string
	merged []string
}

// sheet begins a sheet. Names have at most 31 characters, none of them []:*?/\.
func (w *workbook) sheet(name string) *worksheet {
	s := &worksheet{book: w, name: name, path: fmt.Sprintf("%s%s.%d", w.path, part, len(w.sheets)+1)}
	w.sheets = append(w.sheets, s)
	out, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		w.fail(err)
		s.path = "" // not made here: not removed here
		s.buf = bufio.NewWriter(io.Discard)
		return s
	}
	s.out, s.buf = out, bufio.NewWriterSize(out, bufferSize)
	s.put(xmlStart + `<worksheet xmlns="` + sheetSpace + `"><sheetData>`)
	return s
}

// hide hides the sheet; very: so that only a program can show it again.
func (s *worksheet) hide(very bool) {
	s.hidden = "hidden"
	if very {
		s.hidden = "veryHidden"
	}
}

// merge makes one cell of a range such as A2:A3.
func (s *worksheet) merge(ref string) { s.merged = append(s.merged, ref) }

// header writes a row of names, as shared strings.
func (s *worksheet) header(names ...string) {
	s.begin()
	for i, name := range names {
		s.cell(i, cellShared(name))
	}
	s.end()
}

// row writes a row, the first cell into column A. A cell that is cellNone is left out.
func (s *worksheet) row(cells ...sheetCell) {
	s.begin()
	for i := range cells {
		s.cell(i, cells[i])
	}
	s.end()
}

// skip leaves a row out: the next one has the number after it.
func (s *worksheet) skip() { s.rows++ }

func (s *worksheet) begin() {
	s.rows++
	s.line = append(s.line[:0], `<row r="`...)
	s.line = append(strconv.AppendInt(s.line, s.rows, 10), `">`...)
}

func (s *worksheet) end() {
	s.line = append(s.line, "</row>"...)
	if _, err := s.buf.Write(s.line); err != nil {
		s.book.fail(err)
	}
}

func (s *worksheet) put(text string) {
	if _, err := s.buf.WriteString(text); err != nil {
		s.book.fail(err)
	}
}

func (w *workbook) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// close puts the parts together at path + part, and removes the part files of the sheets.
func (w *workbook) close() error {
	if w.err == nil {
		w.err = w.assemble()
	}
	return errors.Join(w.err, w.removeSheets())
}

// abandon removes what was written, the file at path + part too.
func (w *workbook) abandon() error {
	err := w.removeSheets()
	if gone := os.Remove(w.path + part); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

func (w *workbook) removeSheets() error {
	var errs []error
	for _, s := range w.sheets {
		if s.out == nil {
			continue
		}
		errs = append(errs, s.out.Close(), os.Remove(s.path))
		s.out = nil
	}
	return errors.Join(errs...)
}

func (w *workbook) assemble() (err error) {
	out, err := os.OpenFile(w.path+part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	z := zip.NewWriter(out)
	for _, p := range w.parts() {
		in, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(in, p.text); err != nil {
			return err
		}
	}
	for i, s := range w.sheets {
		in, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), Method: zip.Deflate})
		if err != nil {
			return err
		}
		if err := s.copyTo(in); err != nil {
			return err
		}
	}
	return z.Close()
}

// copyTo ends the sheet and copies it.
func (s *worksheet) copyTo(out io.Writer) error {
	s.put("</sheetData>")
	if len(s.merged) > 0 {
		s.put(fmt.Sprintf(`<mergeCells count="%d">`, len(s.merged)))
		for _, ref := range s.merged {
			s.put(`<mergeCell ref="` + ref + `"/>`)
		}
		s.put("</mergeCells>")
	}
	s.put("</worksheet>")
	if err := s.buf.Flush(); err != nil {
		return err
	}
	if _, err := s.out.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(out, s.out)
	return err
}

// number of a shared string; false when the table is full.
func (w *workbook) number(text string) (int, bool) {
	n, ok := w.shared[text]
	if !ok && len(w.strings) < sharedMost {
		n, ok = len(w.strings), true
		w.shared[strings.Clone(text)] = n
		w.strings = append(w.strings, text)
	}
	return n, ok
}
