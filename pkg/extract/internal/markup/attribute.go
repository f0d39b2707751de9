package markup

import "bytes"

// maxAttributes is how many attributes a tag may have, where they are kept.
const maxAttributes = 256

// pair is an attribute as it stands in the buffer.
type pair struct{ name, value []byte }

// keep notes an attribute of the start tag. One that the tag has already is against XML (3.1, unique attributes).
func (s *Scanner) keep(name, value []byte) error {
	if len(s.pairs) == maxAttributes {
		return RuleTooLong
	}
	for _, p := range s.pairs {
		if bytes.Equal(p.name, name) {
			return RuleMalformed
		}
	}
	s.pairs = append(s.pairs, pair{name, value})
	return nil
}

// Attribute is the value of an attribute of the start tag, by its name without a prefix; nil when the tag has none. Of
// several with other prefixes it is the first. It holds until the next call of Next, and only with KeepAttributes.
func (s *Scanner) Attribute(name string) []byte {
	for _, p := range s.pairs {
		if string(p.name) != name && string(Local(p.name)) != name {
			continue
		}
		for _, c := range p.value {
			if c == '&' || c < ' ' {
				return normalised(p.value)
			}
		}
		if p.value == nil {
			return []byte{}
		}
		return p.value
	}
	return nil
}

// normalised is what a value says that was judged before: references replaced, white space as blanks (XML 3.3.3; a
// character that is given by its number stays).
func normalised(value []byte) []byte {
	out := make([]byte, 0, len(value))
	for len(value) > 0 {
		i := bytes.IndexByte(value, '&')
		plain := value
		if i >= 0 {
			plain = value[:i]
		}
		for _, c := range bytes.ReplaceAll(plain, []byte("\r\n"), []byte("\n")) {
			if c == '\r' || c == '\n' || c == '\t' {
				c = ' '
			}
			out = append(out, c)
		}
		if i < 0 {
			break
		}
		end := i + 1 + bytes.IndexByte(value[i:], ';') // there is one: judge has seen it
		out, _ = expand(out, value[i:end], true)
		value = value[end:]
	}
	return out
}

// Local is a name without its prefix.
func Local(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }
