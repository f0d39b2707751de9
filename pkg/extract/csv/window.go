package csv

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// slack is how many bytes behind a text may be read, whatever they hold, so that it can be looked at many bytes at a time.
const slack = 16

// errCut is the error of a file that is shorter than it was when its reading began.
var errCut = errors.New("the file ends before its end")

// window is a stretch of a file in memory. What is behind size was written since the reading began, and is not looked at.
type window struct {
	file io.ReaderAt
	size int64
	from int64  // where the stretch begins in the file
	text []byte // its bytes, and behind these the cells that were unescaped; at least slack bytes follow in memory
	n    int    // how many of the bytes are the file's
	nul  int    // where the first NUL byte stands, or -1: nothing from there on is text
}

// load moves the window: n bytes from an offset on, or as many as there are.
func (w *window) load(from int64, n int) error {
	w.from, w.text, w.n, w.nul = from, w.text[:0], 0, -1
	return w.more(n)
}

// more reads n further bytes, or as many as there are, and forgets what was unescaped.
func (w *window) more(n int) error {
	n = int(min(int64(n), w.size-w.from-int64(w.n)))
	if n <= 0 {
		return nil
	}
	w.text = slices.Grow(w.text[:w.n], n+slack)
	fresh := w.text[w.n : w.n+n]
	got, err := w.file.ReadAt(fresh, w.from+int64(w.n))
	if at := bytes.IndexByte(fresh[:got], 0); at >= 0 && w.nul < 0 {
		w.nul = w.n + at
	}
	w.n += got
	w.text = w.text[:w.n]
	switch {
	case got == n:
		return nil
	case errors.Is(err, io.EOF):
		return errCut
	default:
		return err
	}
}

// end is how far the window's text goes.
func (w *window) end() int {
	if w.nul >= 0 {
		return w.nul
	}
	return w.n
}

// whole reports whether there is nothing of the file behind the window.
func (w *window) whole() bool { return w.from+int64(w.n) >= w.size }
