package csv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"github.com/postern-gateway/postern/pkg/extract"
)

// maxRecord bounds one record up to its line end, so that a file without line ends cannot fill the memory.
const maxRecord = 1 << 20

var (
	errRecordTooLong = errors.New("record too long")
	errNUL           = errors.New("NUL byte")
	errOpenQuote     = errors.New("file ends inside a quoted field")
	errShort         = errors.New("the record goes on behind the window")
)

// record is one line, or several where a quoted field spans lines.
type record struct {
	fields    []extract.Span // where in the window's text the wanted ones stand; of no more than maxColumns
	count     int            // how many fields the record has
	blank     bool           // an empty line
	empty     bool           // no field holds anything
	malformed bool           // a quote where RFC 4180 has none
	spans     bool           // a quoted field holds a line end
	torn      bool           // and it is one of those that never do
}

// sound reports whether a record has the shape of a row of so many fields.
func (r *record) sound(fields int) bool {
	return !r.malformed && r.count == fields && !r.empty && !r.torn
}

// splitter takes text apart: fields between commas or tabs, records between LF or CRLF. In quoted text (RFC 4180) fields
// may stand in quotes, with quotes doubled; in plain text a quote is a letter, and a line is a record. It copies nothing
// but wanted fields that hold a doubled quote, whose content it writes behind the window's text.
type splitter struct {
	window
	between byte   // what stands between fields
	plain   bool   // a quote is a letter
	columns []int  // per field position, which of the wanted columns it is of, or -1; nil wants every field
	oneLine []bool // per field position, whether the field never holds a line end
	rec     record // the record at hand
}

// next gives the record that begins at a place of the window, and where the one after it begins; io.EOF when there is
// none. It reads on, by the given number of bytes at first, when the record does not end in the window.
func (s *splitter) next(at, step int) (*record, int, error) {
	for {
		next, err := s.take(at)
		if !errors.Is(err, errShort) {
			return &s.rec, next, err
		}
		if err := s.more(step); err != nil {
			return nil, 0, err
		}
		step = min(2*step, 2*maxRecord)
	}
}

// take takes the record at a place of the window, and tells where the one after it begins. It is errShort when nothing but
// the end of the window ends it, io.EOF when there is none.
func (s *splitter) take(at int) (int, error) {
	end, kept := s.end(), len(s.text)
	final := s.nul < 0 && s.whole()
	if final && at == end {
		return at, io.EOF
	}
	next, ended := s.parse(at, end, final)
	length := next - at
	if ended && next > at && s.text[next-1] == '\n' {
		length--
	}
	switch {
	case ended && length <= maxRecord:
		return next, nil
	case ended || end-at > maxRecord:
		return 0, errRecordTooLong
	case s.nul >= 0:
		return 0, errNUL
	case final:
		return 0, errOpenQuote
	}
	s.text = s.text[:kept]
	return 0, errShort
}

// parse takes the record that begins at a place and stands before an end. It reports where it ends, with its line end,
// and false when it goes on behind the end, which is final when the text ends there.
func (s *splitter) parse(at, end int, final bool) (int, bool) {
	rec := &s.rec
	rec.fields, rec.count, rec.blank, rec.empty, rec.malformed, rec.spans, rec.torn = rec.fields[:0], 0, false, true, false, false, false
	quoted := !s.plain && at < end && s.text[at] == '"'
	for last := false; !last; {
		var field extract.Span
		var ended bool
		if !s.plain && at < end && s.text[at] == '"' {
			field, at, last, ended = s.quoted(at, end, final)
		} else {
			field, at, last, ended = s.bare(at, end, final)
		}
		if !ended {
			return at, false
		}
		if rec.count < maxColumns {
			rec.fields = append(rec.fields, field)
		}
		rec.count++
		rec.empty = rec.empty && field.Len == 0
	}
	rec.blank = rec.count == 1 && rec.empty && !quoted
	return at, true
}

// bare takes a field that does not begin with a quote: where it stands, where the next one begins, whether it was the
// record's last, and whether anything ended it.
func (s *splitter) bare(at, end int, final bool) (field extract.Span, next int, last, ended bool) {
	for i := at; ; i++ {
		i = s.mark(i, end)
		switch {
		case i == end:
			return s.trimmed(at, end), end, true, final
		case s.text[i] == '\n':
			return s.trimmed(at, i), i + 1, true, true
		case s.text[i] == s.between:
			return span(at, i), i + 1, false, true
		default: // a quote
			s.rec.malformed = !s.plain
		}
	}
}

// quoted is bare for a field that begins with a quote.
func (s *splitter) quoted(at, end int, final bool) (field extract.Span, next int, last, ended bool) {
	copied := len(s.text)
	from, i := at+1, at+1
	doubled := false
	for {
		q := bytes.IndexByte(s.text[i:end], '"')
		if q < 0 {
			return field, end, false, false
		}
		i += q
		if i+1 == end && !final {
			return field, end, false, false // the next byte decides: a second quote, or the end of the field
		}
		if i+1 == end || s.text[i+1] != '"' {
			break
		}
		i++
		if doubled = true; s.wants() {
			s.text = append(s.text, s.text[from:i]...)
			from = i + 1
		}
		i++
	}
	field = span(from, i)
	if bytes.IndexByte(s.text[at:i], '\n') >= 0 {
		s.rec.spans = true
		s.rec.torn = s.rec.torn || s.rec.count < len(s.oneLine) && s.oneLine[s.rec.count]
	}
	if doubled && s.wants() {
		s.text = append(s.text, s.text[from:i]...)
		field = span(copied, len(s.text))
	}
	// What stands between the closing quote and the end of the field belongs to nothing.
	rest := i + 1
	for i = rest; i < end && s.text[i] != s.between && s.text[i] != '\n'; {
		i++
	}
	last = i == end || s.text[i] == '\n'
	stray := span(rest, i)
	if last {
		stray = s.trimmed(rest, i)
	}
	s.rec.malformed = s.rec.malformed || stray.Len > 0
	if i == end {
		return field, end, true, final
	}
	return field, i + 1, last, true
}

// wants reports whether the field at hand is wanted.
func (s *splitter) wants() bool {
	n := s.rec.count
	return s.columns == nil && n < maxColumns || n < len(s.columns) && s.columns[n] >= 0
}

func span(from, to int) extract.Span { return extract.Span{At: uint32(from), Len: uint32(to - from)} }

// trimmed is a span without the CR before a line end.
func (s *splitter) trimmed(from, to int) extract.Span {
	if to > from && s.text[to-1] == '\r' {
		to--
	}
	return span(from, to)
}

// mark finds the next byte that means something: what stands between fields, a line end or, in quoted text, a quote. It is
// end when there is none before it.
func (s *splitter) mark(at, end int) int {
	b := s.text[:cap(s.text)]
	find := s.marks()
	for ; at < end; at += 8 {
		v := binary.LittleEndian.Uint64(b[at:])
		if hit := ^(find.between.not(v) & lineEnd.not(v) & find.quote.not(v)) & high; hit != 0 {
			return min(end, at+bits.TrailingZeros64(hit)>>3)
		}
	}
	return end
}

// cell is the content of a field of the record at hand, valid until the window moves or the next record is taken.
func (s *splitter) cell(field extract.Span) []byte {
	return s.text[field.At : field.At+field.Len : field.At+field.Len]
}
