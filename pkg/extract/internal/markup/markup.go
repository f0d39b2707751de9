package markup

import "bytes"

// markup takes what a < begins. It reports false for what is passed over.
func (s *Scanner) markup() (Kind, bool, error) {
	if s.depth > 0 { // most often an end tag, as it should be
		want := s.names[s.opened[s.depth-1]:]
		if b := s.buf[s.at:s.end]; len(b) > len(want)+2 && b[1] == '/' && b[len(want)+2] == '>' && bytes.Equal(b[2:len(want)+2], want) {
			s.at += len(want) + 3
			s.pop()
			return EndTag, true, nil
		}
	}
	if ok, err := s.have(2); err != nil {
		return 0, false, err
	} else if !ok {
		return 0, false, RuleCutOff
	}
	switch s.buf[s.at+1] {
	case '/':
		return s.closing()
	case '?':
		return 0, false, s.instruction()
	case '!':
		return s.declaration()
	default:
		return s.opening()
	}
}

// closing takes an end tag that is not written in the shortest way, or is not the right one.
func (s *Scanner) closing() (Kind, bool, error) {
	end, err := s.find(2, ">")
	if err != nil {
		return 0, false, err
	}
	tag := bytes.TrimRight(s.buf[s.at+2:s.at+end], " \t\r\n")
	if s.depth == 0 || !bytes.Equal(tag, s.names[s.opened[s.depth-1]:]) {
		return 0, false, RuleMalformed
	}
	s.at += end + 1
	s.pop()
	return EndTag, true, nil
}

// instruction passes over a processing instruction. An XML declaration has its place at the beginning, and nowhere else.
func (s *Scanner) instruction() error {
	end, err := s.find(2, "?>")
	if err != nil {
		return err
	}
	body := s.buf[s.at+2 : s.at+end]
	n := nameLength(body)
	if n == 0 || bytes.EqualFold(body[:n], []byte("xml")) || n < len(body) && !isSpace(body[n]) {
		return RuleMalformed
	}
	s.at += end + 2
	return nil
}

// declaration takes a comment or a CDATA section, and refuses all else that begins so.
func (s *Scanner) declaration() (Kind, bool, error) {
	const comment, cdata = "<!--", "<![CDATA["
	if ok, err := s.have(3); err != nil || !ok {
		return 0, false, orCutOff(err)
	}
	switch s.buf[s.at+2] {
	case '-':
		if ok, err := s.have(len(comment)); err != nil || !ok {
			return 0, false, orCutOff(err)
		}
		if !bytes.HasPrefix(s.buf[s.at:s.end], []byte(comment)) {
			return 0, false, RuleMalformed
		}
		return 0, false, s.comment()
	case '[':
		if ok, err := s.have(len(cdata)); err != nil || !ok {
			return 0, false, orCutOff(err)
		}
		if !bytes.HasPrefix(s.buf[s.at:s.end], []byte(cdata)) || s.depth == 0 {
			return 0, false, RuleMalformed
		}
		end, err := s.find(len(cdata), "]]>")
		if err != nil {
			return 0, false, err
		}
		err = s.literal(s.buf[s.at+len(cdata) : s.at+end])
		s.at += end + 3
		return TextRun, true, err
	default:
		return 0, false, RuleDoctype
	}
}

func orCutOff(err error) error {
	if err != nil {
		return err
	}
	return RuleCutOff
}

// comment passes over a comment, in which two hyphens stand only at its end.
func (s *Scanner) comment() error {
	end, err := s.find(4, "--")
	if err != nil {
		return err
	}
	ok, err := s.have(end + 3)
	switch {
	case err != nil || !ok:
		return orCutOff(err)
	case s.buf[s.at+end+2] != '>':
		return RuleMalformed
	}
	s.at += end + 3
	return nil
}

// opening takes a start tag.
func (s *Scanner) opening() (Kind, bool, error) {
	end, err := s.tagEnd()
	if err != nil {
		return 0, false, err
	}
	tag := s.buf[s.at+1 : s.at+end]
	n := nameLength(tag)
	if n == 0 || n > maxName {
		return 0, false, RuleMalformed
	}
	name, rest := tag[:n], tag[n:]
	if len(rest) > 0 && rest[len(rest)-1] == '/' {
		s.empty = true
		rest = rest[:len(rest)-1]
	}
	if s.Foreign, err = s.attributes(name, rest); err != nil {
		return 0, false, err
	}
	if s.closed {
		return 0, false, RuleTrailing
	}
	if s.depth == MaxDepth {
		return 0, false, RuleTooDeep
	}
	s.rooted = true
	s.opened[s.depth] = len(s.names)
	s.names = append(s.names, name...)
	s.depth++
	s.Name = name
	s.at += end + 1
	return StartTag, true, nil
}

// tagEnd is how far from s.at the > of a start tag stands: one outside quotes.
func (s *Scanner) tagEnd() (int, error) {
	near := s.buf[s.at:s.end]
	if i := bytes.IndexByte(near, '>'); i >= 0 && bytes.IndexByte(near[:i], '"') < 0 && bytes.IndexByte(near[:i], '\'') < 0 {
		return i, nil
	}
	quote := byte(0)
	for i := 1; ; i++ {
		if s.at+i == s.end {
			if more, err := s.fill(); err != nil || !more {
				return 0, orCutOff(err)
			}
		}
		switch c := s.buf[s.at+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, nil
		}
	}
}

// attributes judges the attributes of a start tag, keeps those that are asked for, and reports whether its element is in a
// namespace.
func (s *Scanner) attributes(name, attributes []byte) (bool, error) {
	s.pairs = s.pairs[:0]
	in := bytes.IndexByte(name, ':') >= 0
	if bytes.Count(name, []byte{':'}) > 1 {
		return false, RuleMalformed
	}
	for len(attributes) > 0 {
		if len(inside(attributes)) == 0 {
			break
		}
		key, value, rest, ok := attribute(attributes)
		if !ok || bytes.Count(key, []byte{':'}) > 1 {
			return false, RuleMalformed
		}
		if err := judge(value); err != nil {
			return false, err
		}
		if s.KeepAttributes {
			if err := s.keep(key, value); err != nil {
				return false, err
			}
		}
		in = in || string(key) == "xmlns" && len(value) > 0
		attributes = rest
	}
	return in, nil
}

// attribute takes one attribute, with the white space that must stand before it.
func attribute(b []byte) (name, value, rest []byte, ok bool) {
	trimmed := inside(b)
	n := nameLength(trimmed)
	if n == 0 || n > maxName || len(trimmed) == len(b) {
		return nil, nil, nil, false
	}
	name, trimmed = trimmed[:n], inside(trimmed[n:])
	if len(trimmed) == 0 || trimmed[0] != '=' {
		return nil, nil, nil, false
	}
	trimmed = inside(trimmed[1:])
	if len(trimmed) == 0 || trimmed[0] != '"' && trimmed[0] != '\'' {
		return nil, nil, nil, false
	}
	end := bytes.IndexByte(trimmed[1:], trimmed[0])
	if end < 0 {
		return nil, nil, nil, false
	}
	return name, trimmed[1 : 1+end], trimmed[end+2:], true
}

// pop closes the innermost element.
func (s *Scanner) pop() {
	s.depth--
	s.names = s.names[:s.opened[s.depth]]
	s.closed = s.depth == 0
}

// nameLength is how many bytes at the beginning are a name: letters of ASCII, digits, and the marks that names have.
func nameLength(b []byte) int {
	for i, c := range b {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == ':':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.'):
		default:
			return i
		}
	}
	return len(b)
}

// inside is what stands behind white space.
func inside(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
