package csv

import (
	"bytes"
	"errors"
	"io"
)

// maxRecord bounds one record, so that a file without line ends cannot fill the memory.
const maxRecord = 1 << 20

// chunk is how much is read at a time.
const chunk = 1 << 18

var (
	errRecordTooLong = errors.New("record too long")
	errNUL           = errors.New("NUL byte")
	errOpenQuote     = errors.New("file ends inside a quoted field")
)

// record is one line, or several where a quoted field spans lines.
type record struct {
	fields    [][]byte // the wanted ones are filled; valid until the next call
	count     int      // how many fields the record has
	blank     bool     // an empty line
	empty     bool     // no field holds anything
	malformed bool     // a quote where RFC 4180 has none
	spans     bool     // a quoted field holds a line end
	torn      bool     // and it is one of those that never do
}

// splitter takes text apart: fields between commas or tabs, records between LF or CRLF. In quoted text (RFC 4180) fields
// may stand in quotes, with quotes doubled; in plain text a quote is a letter, and a line is a record. It looks at every
// byte once and copies only quoted fields that hold a doubled quote. Fields that are not wanted are skipped.
type splitter struct {
	src     io.Reader
	between byte   // what stands between fields
	plain   bool   // a quote is a letter
	wanted  []int  // per field position, where it goes among the record's fields, or -1; nil wants every field
	oneLine []bool // per field position, whether the field never holds a line end
	buf     []byte
	at, end int
	nul     int  // where the first NUL byte of buf stands, or -1: nothing from there on is read
	eof     bool // there is nothing behind end
	final   bool // the bytes being parsed are the last
	rec     record
	scratch []byte // unescaped quoted fields of the current record
}

// newSplitter reads from src. wanted[i] is where field i goes among fields (-1: nowhere); a nil wanted keeps all.
func newSplitter(src io.Reader, wanted []int, keep int) *splitter {
	s := &splitter{src: src, between: ',', wanted: wanted, buf: make([]byte, chunk), nul: -1}
	s.rec.fields = make([][]byte, keep)
	return s
}

// next returns the next record, or io.EOF.
func (s *splitter) next() (*record, error) {
	for {
		end := s.end
		if s.nul >= 0 {
			end = s.nul
		}
		if s.at < end {
			n, complete, err := s.parse(s.buf[s.at:end])
			if err != nil {
				return nil, err
			}
			if complete {
				s.at += n
				return &s.rec, nil
			}
		}
		if s.nul >= 0 {
			return nil, errNUL
		}
		if s.eof {
			if s.at == s.end {
				return nil, io.EOF
			}
			return nil, errOpenQuote
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads more behind what is not yet parsed, moving or growing the buffer when it is full.
func (s *splitter) fill() error {
	if s.at > 0 {
		copy(s.buf, s.buf[s.at:s.end])
		s.end -= s.at
		s.at = 0
	}
	if s.end > maxRecord {
		return errRecordTooLong
	}
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	n, err := s.src.Read(s.buf[s.end:])
	if at := bytes.IndexByte(s.buf[s.end:s.end+n], 0); at >= 0 {
		s.nul = s.end + at
	}
	s.end += n
	if errors.Is(err, io.EOF) {
		s.eof = true
		return nil
	}
	return err
}

// parse takes one record off the front of b. It reports how many bytes the record took with its line end, and whether
// it was complete: when not, the caller reads more and starts the record again.
func (s *splitter) parse(b []byte) (int, bool, error) {
	s.final = s.eof && s.nul < 0
	if len(b) > maxRecord {
		s.final = s.final && len(b) == maxRecord+1
		b = b[:maxRecord+1]
	}
	rec := &s.rec
	rec.count, rec.blank, rec.empty, rec.malformed, rec.spans, rec.torn = 0, false, true, false, false, false
	clear(rec.fields)
	s.scratch = s.scratch[:0]
	at := 0
	for {
		field, n, last, complete := s.field(b[at:])
		if !complete {
			if len(b) > maxRecord {
				return 0, false, errRecordTooLong
			}
			return 0, false, nil
		}
		at += n
		s.keep(field)
		rec.count++
		rec.empty = rec.empty && len(field) == 0
		if last {
			rec.blank = rec.count == 1 && rec.empty && (s.plain || b[0] != '"')
			return at, true, nil
		}
	}
}

// keep puts a field where it is wanted. Of a record that is too wide for any return, it keeps no more than shows that.
func (s *splitter) keep(field []byte) {
	n := s.rec.count
	switch {
	case s.wanted == nil && n <= maxColumns:
		s.rec.fields = append(s.rec.fields[:n], field)
	case n < len(s.wanted) && s.wanted[n] >= 0:
		s.rec.fields[s.wanted[n]] = field
	}
}

// field takes one field off the front of b: its content, how many bytes it took with what ends it, whether it was the
// record's last, and whether it was complete.
func (s *splitter) field(b []byte) (field []byte, n int, last, complete bool) {
	if len(b) > 0 && b[0] == '"' && !s.plain {
		return s.quoted(b)
	}
	between := s.between
	for i, c := range b {
		switch c {
		case between:
			return b[:i], i + 1, false, true
		case '\n':
			return trimCR(b[:i]), i + 1, true, true
		case '"':
			s.rec.malformed = !s.plain
		}
	}
	return trimCR(b), len(b), true, s.final
}

func trimCR(b []byte) []byte {
	if len(b) > 0 && b[len(b)-1] == '\r' {
		return b[:len(b)-1]
	}
	return b
}

// quoted is field for one that begins with a quote.
func (s *splitter) quoted(b []byte) (field []byte, n int, last, complete bool) {
	start := len(s.scratch)
	at, from := 1, 1
	for {
		q := bytes.IndexByte(b[at:], '"')
		if q < 0 {
			return nil, 0, false, false
		}
		at += q
		if at+1 == len(b) && !s.final {
			return nil, 0, false, false // the next byte decides: a second quote, or the end of the field
		}
		if at+1 < len(b) && b[at+1] == '"' {
			s.scratch = append(s.scratch, b[from:at+1]...)
			at += 2
			from = at
			continue
		}
		break
	}
	field = b[from:at]
	if len(s.scratch) > start {
		s.scratch = append(s.scratch, field...)
		field = s.scratch[start:]
	}
	if bytes.IndexByte(field, '\n') >= 0 {
		s.rec.spans = true
		s.rec.torn = s.rec.torn || s.rec.count < len(s.oneLine) && s.oneLine[s.rec.count]
	}
	rest, n, last, complete := s.afterQuote(b[at+1:])
	if rest > 0 {
		s.rec.malformed = true
	}
	return field, at + 1 + n, last, complete
}

// afterQuote takes what follows a closing quote up to the end of the field or the line: how many bytes stand between,
// and how many were taken.
func (s *splitter) afterQuote(b []byte) (between, n int, last, complete bool) {
	for i := range len(b) {
		switch b[i] {
		case s.between:
			return i, i + 1, false, true
		case '\n':
			return len(trimCR(b[:i])), i + 1, true, true
		}
	}
	return len(trimCR(b)), len(b), true, s.final
}
