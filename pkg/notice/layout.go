package notice

import (
	"regexp"
	"strings"
	"unicode"
)

// builder puts lines together to paragraphs and bullets, and takes these apart into sentences.
type builder struct {
	n       *Notice
	block   []textLine // lines of the paragraph or bullet that is being read
	marker  string     // of the bullet; empty in a paragraph
	heading int        // position of the last heading
	lead    int        // position of the sentence before the list that is being read
	last    int        // position of the last sentence that is of no list
}

type textLine struct {
	text     string
	number   int
	indented bool
}

var bulletMarker = regexp.MustCompile(`^(?:[•●▪■◦‣⁃∙·○*]|[-–—](?: )|o(?: {2,}|\t)|\(?(?:[0-9]{1,2}|[a-z]|[ivx]{1,4})[.)](?: |\t))\s*`)

var loneBullet = regexp.MustCompile(`^[•●▪■◦‣⁃∙·○*]$`)

// line takes one line. A line without a letter or digit ends what is being read, as an empty one does.
func (b *builder) line(raw string, number int) {
	text := strings.Map(func(r rune) rune {
		switch {
		case r == '\u00AD' || r == '\u200B' || r == '\u200C' || r == '\u200D' || r == '\u2060' || r == '\uFEFF' || r == dividing:
			return -1 // seen by nobody
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, raw)
	indented := strings.HasPrefix(text, " ")
	text = strings.TrimSpace(text)
	if !strings.ContainsFunc(text, isWordRune) {
		b.flush()
		if loneBullet.MatchString(text) {
			b.marker = text // its words are on the next line
		}
		return
	}
	if hashes := strings.TrimLeft(text, "#"); hashes != text && strings.HasPrefix(hashes, " ") {
		b.flush()
		b.sentence(Heading, text[:len(text)-len(hashes)], []textLine{{strings.TrimSpace(hashes), number, false}})
		return
	}
	if m := bulletMarker.FindString(text); m != "" && strings.ContainsFunc(text[len(m):], isWordRune) {
		b.flush()
		b.marker = strings.TrimSpace(m)
		b.block = append(b.block, textLine{text[len(m):], number, indented})
		return
	}
	if b.marker != "" && len(b.block) > 0 && !b.continues(text, indented) {
		b.flush()
	}
	b.block = append(b.block, textLine{text, number, indented})
}

// continues reports whether a line without a marker goes on with the bullet before it.
func (b *builder) continues(text string, indented bool) bool {
	before := b.block[len(b.block)-1].text
	first := []rune(text)[0]
	return indented || unicode.IsLower(first) || len(before) >= 60 && !strings.ContainsAny(before[len(before)-1:], ".;:!?")
}

// flush ends the paragraph or bullet that is being read.
func (b *builder) flush() {
	block, marker := b.block, b.marker
	b.block, b.marker = nil, ""
	switch {
	case len(block) == 0:
		return
	case marker != "":
		b.sentence(Bullet, marker, block)
		return
	case len(block) == 1 && titled(block[0].text):
		b.sentence(Heading, "", block)
		return
	case len(block) > 1 && titled(block[0].text) && len(block[0].text) < 60 && len(block[1].text) >= 60 && startsLarge(block[1].text):
		b.sentence(Heading, "", block[:1])
		block = block[1:]
	}
	b.sentence(Prose, "", block)
}

// titled reports whether a line looks like a heading.
func titled(text string) bool {
	return len(strings.Fields(text)) <= 14 && !strings.ContainsAny(text[len(text)-1:], ".,;:!")
}

func startsLarge(text string) bool { return unicode.IsUpper([]rune(text)[0]) }

// sentence takes lines apart into sentences. A heading is one.
func (b *builder) sentence(kind Kind, marker string, lines []textLine) {
	var text []rune
	var at []int // the line of each
	for i, l := range lines {
		if i > 0 {
			divided := len(text) > 1 && text[len(text)-1] == '-' && unicode.IsLetter(text[len(text)-2]) && unicode.IsLower([]rune(l.text)[0])
			if divided {
				text[len(text)-1] = dividing
			} else {
				text, at = append(text, ' '), append(at, l.number)
			}
		}
		space := false
		for _, r := range l.text {
			if r == ' ' && space {
				continue
			}
			space = r == ' '
			text, at = append(text, r), append(at, l.number)
		}
	}
	from := 0
	for i := range text {
		if i+1 < len(text) && (kind == Heading || !ends(text, i)) {
			continue
		}
		b.add(kind, marker, text[from:i+1], at[from:i+1])
		from, marker = i+1, ""
	}
}

// dividing stands for a hyphen at the end of a line: part of the word, or put there by the line's end. It is no character
// of any text.
const dividing = '\uFFFE'

// ends reports whether a sentence ends with the character at a position: a full stop, or what closes after it, with a
// space and what may begin a sentence behind.
func ends(text []rune, i int) bool {
	stop := i
	for stop > 0 && strings.ContainsRune(`"'”’)]`, text[stop]) {
		stop--
	}
	if !strings.ContainsRune(".?!", text[stop]) || i+2 >= len(text) || text[i+1] != ' ' {
		return false
	}
	if next := text[i+2]; !unicode.IsUpper(next) && !unicode.IsDigit(next) && !strings.ContainsRune(`"'“‘([*`, next) {
		return false
	}
	begin := stop
	for begin > 0 && unicode.IsLetter(text[begin-1]) {
		begin--
	}
	if text[stop] != '.' {
		return true
	}
	switch strings.ToLower(string(text[begin:stop])) {
	case "mr", "mrs", "ms", "dr", "st", "no", "nos", "art", "para", "reg", "regs", "ss", "cf", "vs", "tel", "nb":
		return false
	}
	return stop-begin != 1 // the point after a single letter, as in e.g., ends nothing
}

// add puts a sentence at the end of the notice, and keeps in mind what stands where.
func (b *builder) add(kind Kind, marker string, text []rune, at []int) {
	for len(text) > 0 && text[0] == ' ' {
		text, at = text[1:], at[1:]
	}
	if !strings.ContainsFunc(string(text), isWordRune) {
		return
	}
	position := len(b.n.Sentences)
	s := Sentence{Line: at[0], Kind: kind, Marker: marker, Heading: b.heading, Lead: -1}
	s.words(text, at)
	switch kind {
	case Heading:
		b.heading, b.last = position, position
	case Prose:
		b.last = position
	case Bullet:
		if position == 0 || b.n.Sentences[position-1].Kind != Bullet {
			b.lead = b.last
		}
		s.Lead = b.lead
	}
	b.n.Sentences = append(b.n.Sentences, s)
}
