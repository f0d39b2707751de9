package document

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// source is the text of a file by lines, and what of each line the tree accounts for.
type source struct {
	text  string   // as given to the lexer: LF only, characters that are refused replaced
	lines [][]rune // without line ends
	used  [][]bool // characters that belong to a scalar, made on first use
}

// newSource checks the characters of a file. Each line's first character that is refused is reported; it is replaced,
// so that the rest of the file can still be read for its other mistakes.
func newSource(data []byte, log *Log) *source {
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	src := &source{}
	var clean strings.Builder
	for number, line := range strings.Split(text, "\n") {
		if number > 0 {
			clean.WriteByte('\n')
		}
		runes := make([]rune, 0, len(line))
		reported := false
		for len(line) > 0 {
			r, size := utf8.DecodeRuneInString(line)
			message, hint := refusedCharacter(r, size)
			if message != "" {
				if !reported {
					log.fault(Character, Place{number + 1, len(runes) + 1}, "", message, hint)
				}
				reported = true
				r = ' '
			}
			runes = append(runes, r)
			clean.WriteRune(r)
			line = line[size:]
		}
		src.lines = append(src.lines, runes)
	}
	src.text = clean.String()
	src.used = make([][]bool, len(src.lines))
	return src
}

func refusedCharacter(r rune, size int) (message, hint string) {
	switch {
	case r == utf8.RuneError && size <= 1:
		return "is not UTF-8 here", "save the file as UTF-8"
	case r == '\t':
		return "tabs are not accepted", "use spaces"
	case r == '\ufeff':
		return "a byte order mark is not accepted", "save the file as UTF-8 without a byte order mark"
	case r == ' ', r > ' ' && r < 0x7f:
		return "", ""
	case unicode.IsSpace(r), unicode.Is(unicode.Z, r):
		return "only the ordinary space is accepted", "replace this space, which looks like an ordinary one"
	case unicode.Is(unicode.C, r), !unicode.IsGraphic(r):
		return "control, formatting and private-use characters are not accepted", "remove this invisible character"
	}
	return "", ""
}

// at returns the rest of a line from a place, nil when the file has no such place.
func (s *source) at(p Place) []rune {
	if p.Line < 1 || p.Line > len(s.lines) || p.Column < 1 || p.Column > len(s.lines[p.Line-1]) {
		return nil
	}
	return s.lines[p.Line-1][p.Column-1:]
}

// use accounts for n characters from a place.
func (s *source) use(p Place, n int) {
	line := p.Line - 1
	if s.used[line] == nil {
		s.used[line] = make([]bool, len(s.lines[line]))
	}
	for i := range n {
		s.used[line][p.Column-1+i] = true
	}
}

// checkLeftovers reports the first text that no scalar accounts for: everything else in a document is indentation,
// punctuation or a comment. It means that the tree and the text do not say the same.
func (s *source) checkLeftovers(log *Log) {
	for number, line := range s.lines {
		for i, r := range line {
			if used := s.used[number]; i < len(used) && used[i] {
				continue
			}
			if r == '#' && (i == 0 || line[i-1] == ' ') {
				break // a comment
			}
			if !strings.ContainsRune(" -:,[]{}", r) {
				log.fault(Ambiguous, Place{number + 1, i + 1}, "", "this text is not read the way it looks",
					"write it more simply: one value to a line, in quotes where it has special characters")
				return
			}
		}
	}
}
