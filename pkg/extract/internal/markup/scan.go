// Package markup takes XML documents apart, for readers of extracts: the pieces of a document, one after the other, in
// bounded memory. What it accepts is well-formed XML 1.0 without declarations, with names in ASCII and with no entity but
// the five of XML, in UTF-8, US-ASCII, ISO-8859-1 or Windows-1252:
//
//	s := markup.New(file)
//	for {
//		kind, err := s.Next() // a Fault, or what reading the file met
//		switch {
//		case err != nil || kind == markup.EndOfFile:
//			return err
//		case kind == markup.StartTag:
//			name := s.Name
//		}
//	}
//
// Elements more than 64 deep in each other, and a text, CDATA section, comment, instruction or tag of more than 1 MiB are
// faults, so that a document of any length costs the memory of its longest piece.
package markup

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// What is refused while it is read, however long it would go on.
const (
	MaxDepth = 64      // elements in each other
	MaxRun   = 1 << 20 // bytes of one text, CDATA section, comment, processing instruction or tag
	maxName  = 256     // bytes of a name
	firstBuf = 1 << 16
)

// Kind is what a Scanner has found.
type Kind uint8

// What a document is made of.
const (
	StartTag Kind = iota // of an element; one that closes itself has an end tag too
	EndTag
	TextRun   // text or a CDATA section; several may follow each other
	EndOfFile // behind the whole document
)

// Scanner takes a document apart. What it accepts is well-formed XML 1.0 without declarations and with names in ASCII;
// it holds one text or tag at a time, of MaxRun bytes at most.
type Scanner struct {
	src     io.Reader
	pending error // what reading met behind buf[:end]
	ascii   bool  // bytes from 0x80 on are refused
	buf     []byte
	at, end int
	lines   int64 // line ends before buf
	passed  int64 // bytes before buf

	bom, begun, rooted, closed bool

	names  []byte // of the open elements, one after the other
	opened [MaxDepth]int
	depth  int

	// KeepAttributes is set, before the first call of Next, by those who ask for attributes.
	KeepAttributes bool

	Name    []byte // of the start tag, prefix and all, until the next call of Next
	Foreign bool   // the start tag is in a namespace
	Text    []byte // of a text run, references replaced and line ends as LF, until the next call of Next
	Blank   bool   // the text is nothing but white space
	empty   bool   // the start tag closes itself: its end comes next
	pairs   []pair // of the start tag, where attributes are kept
	scratch []byte
}

// New takes apart what src has from its beginning to its end.
func New(src io.Reader) *Scanner {
	return &Scanner{src: src, buf: make([]byte, firstBuf)}
}

// Line is where the scanner stands, from 1.
func (s *Scanner) Line() int64 {
	return s.lines + 1 + int64(bytes.Count(s.buf[:s.at], []byte{'\n'}))
}

// Offset is how many bytes have been taken.
func (s *Scanner) Offset() int64 { return s.passed + int64(s.at) }

// fill reads at least one byte more behind what the buffer holds. It reports false at the end of the file. What stands in
// the buffer may move: only distances from s.at hold.
func (s *Scanner) fill() (bool, error) {
	if s.pending != nil {
		if errors.Is(s.pending, io.EOF) {
			return false, nil
		}
		return false, s.pending
	}
	if s.end == len(s.buf) {
		switch {
		case s.at > 0:
			s.slide()
		case len(s.buf) < MaxRun:
			s.buf = append(s.buf, make([]byte, len(s.buf))...)
		default:
			return false, RuleTooLong
		}
	}
	from := s.end
	n, err := s.src.Read(s.buf[s.end:])
	for tries := 0; n == 0 && err == nil; tries++ {
		if tries > 100 {
			err = io.ErrNoProgress
			break
		}
		n, err = s.src.Read(s.buf[s.end:])
	}
	s.pending = err
	if s.accept(n); s.end > from {
		return true, nil
	}
	return s.fill() // says what is pending
}

func (s *Scanner) slide() {
	s.lines += int64(bytes.Count(s.buf[:s.at], []byte{'\n'}))
	s.passed += int64(s.at)
	s.end = copy(s.buf, s.buf[s.at:s.end])
	s.at = 0
}

// accept takes n bytes more, up to one that cannot be: that one is told when the scanner gets there, however the file
// came in pieces.
func (s *Scanner) accept(n int) {
	more := s.buf[s.end : s.end+n]
	if i := bytes.IndexByte(more, 0); i >= 0 {
		more, s.pending = more[:i], RuleNUL
	}
	if s.ascii {
		if i := bytes.IndexFunc(more, func(r rune) bool { return r >= 0x80 }); i >= 0 {
			more, s.pending = more[:i], RuleEncoding
		}
	}
	s.end += len(more)
}

// have makes sure that n bytes stand from s.at on; false when the file ends before.
func (s *Scanner) have(n int) (bool, error) {
	for s.end-s.at < n {
		if more, err := s.fill(); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// find is how far from s.at a mark stands, looked for from a distance on.
func (s *Scanner) find(from int, mark string) (int, error) {
	for {
		if i := bytes.Index(s.buf[s.at+from:s.end], []byte(mark)); i >= 0 {
			return from + i, nil
		}
		from = max(from, s.end-s.at-len(mark)+1)
		if more, err := s.fill(); err != nil {
			return 0, err
		} else if !more {
			return 0, RuleCutOff
		}
	}
}

// Next finds the next tag or text. Comments and processing instructions are passed over.
func (s *Scanner) Next() (Kind, error) {
	if s.empty {
		s.empty = false
		s.pop()
		return EndTag, nil
	}
	if !s.begun {
		if err := s.begin(); err != nil {
			return 0, err
		}
	}
	for {
		if s.at == s.end {
			more, err := s.fill()
			if err != nil {
				return 0, err
			}
			if !more {
				return s.finish()
			}
			continue
		}
		var found bool
		var k Kind
		var err error
		if s.buf[s.at] != '<' {
			k, found, err = s.run()
		} else {
			k, found, err = s.markup()
		}
		if found || err != nil {
			return k, err
		}
	}
}

// finish judges the end of the file.
func (s *Scanner) finish() (Kind, error) {
	switch {
	case s.closed:
		return EndOfFile, nil
	case s.rooted:
		return 0, RuleCutOff
	default:
		return 0, RuleEmptyFile
	}
}

// begin looks at what a file may begin with before anything else: a byte order mark, and the XML declaration.
func (s *Scanner) begin() error {
	s.begun = true
	if _, err := s.have(2); err != nil {
		return err
	}
	if b := s.buf[s.at:s.end]; bytes.HasPrefix(b, []byte{0xFF, 0xFE}) || bytes.HasPrefix(b, []byte{0xFE, 0xFF}) {
		return RuleUTF16
	}
	if _, err := s.have(3); err != nil {
		return err
	}
	if bytes.HasPrefix(s.buf[s.at:s.end], []byte{0xEF, 0xBB, 0xBF}) {
		s.at, s.bom = s.at+3, true
	}
	if ok, err := s.have(6); err != nil || !ok {
		return err
	}
	if !bytes.HasPrefix(s.buf[s.at:s.end], []byte("<?xml")) || !isSpace(s.buf[s.at+5]) {
		return nil
	}
	end, err := s.find(5, "?>")
	if err != nil {
		return err
	}
	declared := s.buf[s.at+5 : s.at+end]
	s.at += end + 2
	label, ok := encodingOf(declared)
	if !ok {
		return RuleMalformed
	}
	return s.decode(label)
}

// encodingOf reads an XML declaration between its marks: version 1.0, then perhaps an encoding ("" for none), then
// perhaps whether the document stands alone.
func encodingOf(declared []byte) (string, bool) {
	label, place := "", 0
	for len(bytes.TrimLeft(declared, " \t\r\n")) > 0 {
		name, value, rest, ok := attribute(declared)
		if !ok {
			return "", false
		}
		declared = rest
		switch {
		case place == 0 && string(name) == "version" && string(value) == "1.0":
			place = 1
		case place == 1 && string(name) == "encoding" && len(value) > 0:
			label, place = string(value), 2
		case (place == 1 || place == 2) && string(name) == "standalone" && (string(value) == "yes" || string(value) == "no"):
			place = 3
		default:
			return "", false
		}
	}
	return label, place > 0
}

// decode reads what follows in an encoding, as UTF-8.
func (s *Scanner) decode(label string) error {
	var table *charmap.Charmap
	switch strings.ToLower(label) {
	case "", "utf-8":
		return nil
	case "us-ascii":
		s.ascii = true
	case "iso-8859-1":
		table = charmap.ISO8859_1
	case "windows-1252":
		table = charmap.Windows1252
	default:
		return RuleEncodingUnknown
	}
	if s.bom {
		return RuleEncoding
	}
	rest := bytes.Clone(s.buf[s.at:s.end])
	s.end = s.at
	if table == nil {
		s.accept(copy(s.buf[s.at:], rest))
		return nil
	}
	var src io.Reader = bytes.NewReader(rest)
	switch {
	case s.pending == nil:
		src = io.MultiReader(src, s.src)
	case errors.Is(s.pending, io.EOF):
		s.pending = nil
	default: // told when the rest is read
		src = io.MultiReader(src, failing{s.pending})
		s.pending = nil
	}
	s.src = transform.NewReader(src, table.NewDecoder())
	return nil
}

// failing is a reader of nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
