package document

import "regexp"

// Option says what is wanted of a value beyond its kind.
type Option func(*want)

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
		option(&w)
	}
	return w
}

// Optional allows a key to be missing.
func Optional() Option { return func(w *want) { w.optional = true } }

// NotEmpty wants at least one item of a sequence.
func NotEmpty() Option { return func(w *want) { w.notEmpty = true } }

// OneOf wants one of the words; the problem lists them.
func OneOf(words ...string) Option { return func(w *want) { w.words = words } }

// Matching wants text that matches the whole of an anchored pattern; says completes the sentence "is not …".
func Matching(pattern *regexp.Regexp, says string) Option {
	return func(w *want) { w.pattern, w.says = pattern, says }
}

// MaxLength bounds text, in characters. Without it, text has at most 2,000.
func MaxLength(characters int) Option { return func(w *want) { w.maxLength = characters } }

// Between bounds a number, both ends included.
func Between(low, high float64) Option {
	return func(w *want) { w.bounded, w.min, w.max = true, low, high }
}

// Hint says what to do when the key is missing or does not match.
func Hint(hint string) Option { return func(w *want) { w.hint = hint } }
