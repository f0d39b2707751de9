package document

import "regexp"

// Option says what is wanted of a value beyond its kind.
type Option func(want) want

type want struct {
	optional  bool
	notEmpty  bool
	words     []string
	pattern   *regexp.Regexp
	says      string
	hint      string
	maxLength int
	bounded   bool
	min, max  float64
}

// defaultMaxLength bounds texts, in characters.
const defaultMaxLength = 2000

func wanted(options []Option) want {
	w := want{maxLength: defaultMaxLength}
	for _, option := range options {
		w = option(w)
	}
	return w
}

// Optional allows a key to be missing.
func Optional() Option { return func(w want) want { w.optional = true; return w } }

// NotEmpty wants at least one item of a sequence.
func NotEmpty() Option { return func(w want) want { w.notEmpty = true; return w } }

// OneOf wants one of the words; the problem lists them.
func OneOf(words ...string) Option { return func(w want) want { w.words = words; return w } }

// Matching wants text that matches the whole of an anchored pattern; says completes the sentence "is not …".
func Matching(pattern *regexp.Regexp, says string) Option {
	return func(w want) want { w.pattern, w.says = pattern, says; return w }
}

// MaxLength bounds text, in characters. Without it, text has at most 2,000.
func MaxLength(characters int) Option {
	return func(w want) want { w.maxLength = characters; return w }
}

// Between bounds a number, both ends included.
func Between(low, high float64) Option {
	return func(w want) want { w.bounded, w.min, w.max = true, low, high; return w }
}

// Hint says what to do when the key is missing or does not match.
func Hint(hint string) Option { return func(w want) want { w.hint = hint; return w } }
