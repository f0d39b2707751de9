package markup

import (
	"bytes"
	"unicode/utf8"
)

// run takes a text up to the next tag. It reports false for white space outside the root element.
func (s *Scanner) run() (Kind, bool, error) {
	length, seen := 0, 0
	for {
		if i := bytes.IndexByte(s.buf[s.at+seen:s.end], '<'); i >= 0 {
			length = seen + i
			break
		}
		seen = s.end - s.at
		more, err := s.fill()
		if err != nil {
			return 0, false, err
		}
		if !more {
			length = seen
			break
		}
	}
	err := s.read(s.buf[s.at : s.at+length])
	if err == nil && s.depth == 0 && !s.Blank {
		err = RuleMalformed
		if s.closed {
			err = RuleTrailing
		}
	}
	s.at += length
	return TextRun, s.depth > 0, err
}

// read makes of a text what it says: references replaced, line ends as LF. A plain text is not copied.
func (s *Scanner) read(raw []byte) error {
	at := 0
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\n' || raw[at] == '\t') {
		at++
	}
	s.Text, s.Blank = raw, at == len(raw)
	for ; at < len(raw); at++ {
		if c := raw[at]; c < ' ' || c >= utf8.RuneSelf || c == '&' || c == '>' {
			return s.rewrite(raw, true)
		}
	}
	return nil
}

// literal is read for a CDATA section, in which no character begins anything.
func (s *Scanner) literal(raw []byte) error { return s.rewrite(raw, false) }

func (s *Scanner) rewrite(raw []byte, references bool) error {
	out, err := expand(s.scratch[:0], raw, references)
	s.scratch, s.Text = out, out
	s.Blank = len(bytes.TrimLeft(out, " \t\r\n")) == 0
	return err
}

// judge judges the value of an attribute, which is not read.
func judge(value []byte) error {
	plain := true
	for _, c := range value {
		if c == '<' {
			return RuleMalformed
		}
		plain = plain && c >= ' ' && c < utf8.RuneSelf && c != '&'
	}
	if plain {
		return nil
	}
	// ]]> may stand in a value: no text ends there.
	_, err := expand(nil, bytes.ReplaceAll(value, []byte("]]>"), []byte("]]")), true)
	return err
}

// expand appends what a text says.
func expand(out, raw []byte, references bool) ([]byte, error) {
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '&' && references:
			n, length, err := reference(raw[i:])
			if err != nil {
				return out, err
			}
			out = utf8.AppendRune(out, n)
			i += length
		case c == '>' && references && bytes.HasSuffix(raw[:i], []byte("]]")):
			return out, RuleMalformed
		case c == '\r':
			out = append(out, '\n')
			i++
			if i < len(raw) && raw[i] == '\n' {
				i++
			}
		case c < utf8.RuneSelf:
			if !isCharacter(rune(c)) {
				return out, RuleMalformed
			}
			out = append(out, c)
			i++
		default:
			r, size := utf8.DecodeRune(raw[i:])
			if r == utf8.RuneError && size == 1 {
				return out, RuleEncoding
			}
			if !isCharacter(r) {
				return out, RuleMalformed
			}
			out = append(out, raw[i:i+size]...)
			i += size
		}
	}
	return out, nil
}

// reference reads a reference to a character, by its number or one of the five names, and how many bytes it takes.
func reference(b []byte) (rune, int, error) {
	end := bytes.IndexByte(b, ';')
	if end < 2 {
		return 0, 0, RuleMalformed
	}
	body := b[1:end]
	if body[0] == '#' {
		r, ok := number(body[1:])
		if !ok || !isCharacter(r) {
			return 0, 0, RuleMalformed
		}
		return r, end + 1, nil
	}
	switch string(body) {
	case "lt":
		return '<', end + 1, nil
	case "gt":
		return '>', end + 1, nil
	case "amp":
		return '&', end + 1, nil
	case "apos":
		return '\'', end + 1, nil
	case "quot":
		return '"', end + 1, nil
	}
	if nameLength(body) == len(body) {
		return 0, 0, RuleEntity
	}
	return 0, 0, RuleMalformed
}

// number reads decimal digits, or x and hexadecimal ones.
func number(digits []byte) (rune, bool) {
	base := rune(10)
	if len(digits) > 0 && digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	n := rune(0)
	for _, c := range digits {
		d := rune(-1)
		switch {
		case '0' <= c && c <= '9':
			d = rune(c - '0')
		case base == 16 && 'a' <= c && c <= 'f':
			d = rune(c-'a') + 10
		case base == 16 && 'A' <= c && c <= 'F':
			d = rune(c-'A') + 10
		}
		if n = n*base + d; d < 0 || n > utf8.MaxRune {
			return 0, false
		}
	}
	return n, len(digits) > 0
}

// isCharacter reports whether XML 1.0 allows a character (section 2.2).
func isCharacter(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n' || r == '\r'
	case r <= 0xD7FF, 0xE000 <= r && r <= 0xFFFD, 0x10000 <= r && r <= utf8.MaxRune:
		return true
	default:
		return false
	}
}
