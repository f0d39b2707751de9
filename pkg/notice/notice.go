// Package notice holds an agreement to the privacy notice that it cites: what leaves, to whom, until when and on what
// basis must be what families were told (UK GDPR Articles 13 and 14), and nothing that they were promised may be broken.
//
// Parse reads the text of a notice into sentences, each with its line, headings and bullets kept:
//
//	12  Information we will share            a heading
//	13  We share data until 2027. We …       two sentences of a paragraph
//	15    • Child in Need plans              a bullet, led in by what stands before its list
//
// Check holds an agreement to them and returns points: a NOTICE_GAP for what families are not told, a NOTICE_CONFLICT
// for what they are told otherwise. Each point has a name that never changes (item-attendance, consent-promised), the
// line of the notice that it is about, or 0 for what stands nowhere, and what to do about it.
//
//	n, err := notice.Parse(text)
//	for _, p := range notice.Check(n, a, catalogue) {
//		fmt.Println(p.Line, p.Code, p.Name, p.Sentence) // 35 NOTICE_CONFLICT rights-contact-of-another-service …
//	}
//
// A point is settled in one of three ways: the notice is changed, the agreement is changed, or the council answers it in
// writing in the agreement's privacy_notice.answers, which everybody who decides on the agreement reads. An answer is
// text of AnswerLength characters or more; an answer to a point that is not raised is a point of its own, since
// somebody believed what is no longer so.
//
// # What it can and cannot do
//
// The rules are tables of words (items.go, wording.go), read on the notice's text in small letters without punctuation,
// whatever its quotation marks, hyphens and line ends are. They know the wordings that English councils use; a notice may
// say a thing in words that no table has, and then a point is raised that an answer settles: it is worse to pass over a
// promise than to ask about one. Statements about other matters (cookies, cameras, telephone calls, payments) are left
// out, as are examples and explanations of terms. What cannot be decided is said: a table of the council's own, of which
// nobody knows what families would call it, is always a point.
//
// The day plays no part: whether a notice was reviewed of late is for the checks of package agreement.
package notice

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-gateway/postern/pkg/finding"
)

// MaxSize bounds the text of a notice, in bytes. Long ones have 30 thousand.
const MaxSize = 256 << 10

// Notice is the text of a privacy notice.
type Notice struct {
	Sentences []Sentence // in their order
	Lines     int
}

// Kind is what a sentence is part of.
type Kind string

// The kinds.
const (
	Heading Kind = "heading"
	Bullet  Kind = "bullet" // of a list, with bullets or numbers
	Prose   Kind = "prose"
)

// Sentence is one sentence, heading, or sentence of a bullet.
type Sentence struct {
	Line   int // of its first character, from 1
	Kind   Kind
	Marker string // "•", "1."; empty beside the first sentence of a bullet
	Text   string // as it stands, in one line, with single spaces
	// Heading is the position of the heading that it stands under, Lead that of the sentence before the list that it is
	// of; -1 for none.
	Heading, Lead int

	plain  string // Text in words: see plainWords
	joined string // plain with words that a line end divides put together again; empty when there are none
	dated  string // Text in small letters with plain hyphens, for dates
	lines  []lineAt
	found  map[*regexp.Regexp]int // what find found, while a check runs; nil otherwise
}

// lineAt says on which line the text of plain stands from a position on.
type lineAt struct{ from, line int }

// lineOf is the line of a position in plain.
func (s *Sentence) lineOf(position int) int {
	line := s.Line
	for _, l := range s.lines {
		if l.from > position {
			break
		}
		line = l.line
	}
	return line
}

// Parse reads the text of a notice: UTF-8, at most MaxSize bytes, with words in it. Anything else is an error that says
// what to do.
func Parse(text []byte) (*Notice, error) {
	if len(text) > MaxSize {
		return nil, finding.WithHint(fmt.Errorf("the notice has more than %d bytes", MaxSize), "save the words of the notice alone, as plain text")
	}
	if !utf8.Valid(text) {
		return nil, finding.WithHint(errors.New("the notice is not text in UTF-8"), "save it as plain text in UTF-8, not as a PDF or a document of an office program")
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	for i, r := range string(text) {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			line := 1 + bytes.Count(text[:i], []byte("\n"))
			return nil, finding.WithHint(fmt.Errorf("line %d of the notice has a control character", line), "save it as plain text in UTF-8, not as a PDF or a document of an office program")
		}
	}
	start := bytes.ToLower(bytes.TrimSpace(text[:min(len(text), 256)]))
	for _, markup := range []string{"<!doctype", "<html", "<?xml", "{\\rtf", "%pdf-"} {
		if bytes.HasPrefix(start, []byte(markup)) {
			return nil, finding.WithHint(errors.New("the notice is a page with markup, not plain text"), "open it, copy the words, and save them as plain text in UTF-8")
		}
	}
	b := builder{n: &Notice{}, heading: -1, lead: -1, last: -1}
	for line := range bytes.Lines(text) {
		b.n.Lines++
		b.line(norm.NFKC.String(string(line)), b.n.Lines)
	}
	b.flush()
	if len(b.n.Sentences) == 0 {
		return nil, finding.WithHint(errors.New("the notice has no words"), "save the words of the notice as plain text in UTF-8")
	}
	return b.n, nil
}
