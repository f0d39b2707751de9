package notice

import (
	"regexp"
	"strings"
	"unicode"
)

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func isApostrophe(r rune) bool {
	return r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == '′' || r == '`'
}

func isHyphen(r rune) bool {
	return r == '-' || r == '‐' || r == '‑' || r == '‒' || r == '–' || r == '—' || r == '−' || r == dividing
}

// words works out the forms of a sentence that rules are read on. In plain there are only letters in lower case, digits,
// apostrophes within words, and single spaces: "Children's records (2020–25)" is "children's records 2020 25", and "&"
// is "and".
func (s *Sentence) words(text []rune, at []int) {
	var shown, plain, joined, dated strings.Builder
	divided := false
	space := func() {
		for _, b := range []*strings.Builder{&plain, &joined} {
			if b.Len() > 0 && !strings.HasSuffix(b.String()[b.Len()-1:], " ") {
				b.WriteByte(' ')
			}
		}
	}
	line := 0
	for i, r := range text {
		switch {
		case r == dividing:
			shown.WriteByte('-')
			dated.WriteByte('-')
		case isHyphen(r):
			shown.WriteRune(r)
			dated.WriteByte('-')
		default:
			shown.WriteRune(r)
			dated.WriteRune(unicode.ToLower(r))
		}
		within := i > 0 && i+1 < len(text) && isWordRune(text[i-1]) && isWordRune(text[i+1])
		switch {
		case isWordRune(r):
			if at[i] != line {
				line = at[i]
				s.lines = append(s.lines, lineAt{plain.Len(), line})
			}
			plain.WriteRune(unicode.ToLower(r))
			joined.WriteRune(unicode.ToLower(r))
		case isApostrophe(r) && within:
			plain.WriteByte('\'')
			joined.WriteByte('\'')
		case r == dividing:
			divided = true
			if !strings.HasSuffix(plain.String(), " ") {
				plain.WriteByte(' ')
			}
		case r == '&':
			space()
			plain.WriteString("and ")
			joined.WriteString("and ")
		case unicode.IsMark(r): // an accent that stands alone is part of its letter
		default:
			space()
		}
	}
	s.Text = strings.TrimSpace(shown.String())
	s.plain, s.dated = strings.TrimSpace(plain.String()), strings.TrimSpace(dated.String())
	if divided {
		s.joined = strings.TrimSpace(joined.String())
	}
}

// plainWords is a name or phrase as it would stand in the plain form of a sentence.
func plainWords(text string) string {
	var s Sentence
	runes := []rune(text)
	s.words(runes, make([]int, len(runes)))
	return s.plain
}

// wording is one thing that sentences may say: what matches, and what looks like it and is something else.
type wording struct {
	says *regexp.Regexp
	not  *regexp.Regexp // what it matches is not looked at; nil for nothing
}

// says makes a wording of a pattern over plain text, where words are divided by single spaces. The pattern matches whole
// words.
func says(pattern string, not ...string) wording {
	w := wording{says: whole(pattern)}
	if len(not) > 0 {
		w.not = whole(strings.Join(not, "|"))
	}
	return w
}

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`\b(?:` + pattern + `)\b`) }

// find looks for the wording in a sentence and returns the line on which it stands; 0 when it does not.
func (w wording) find(s *Sentence) int {
	if line, known := s.found[w.says]; known {
		return line
	}
	line := 0
	if at := w.at(s.plain); at >= 0 {
		line = s.lineOf(at)
	} else if s.joined != "" && w.at(s.joined) >= 0 {
		line = s.Line
	}
	if s.found != nil {
		s.found[w.says] = line
	}
	return line
}

// in reports whether a sentence says it.
func (w wording) in(s *Sentence) bool { return w.find(s) > 0 }

func (w wording) at(text string) int {
	if w.says == nil {
		return -1
	}
	if w.not != nil {
		text = w.not.ReplaceAllStringFunc(text, func(found string) string { return strings.Repeat("_", len(found)) })
	}
	if found := w.says.FindStringIndex(text); found != nil {
		return found[0]
	}
	return -1
}
