package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// Value is a value being walked: the value of a key, or an item of a sequence.
type Value struct {
	node  *node
	path  string
	log   *Log
	given bool
}

// Given reports whether the value is in the file at all (a key without a value is not a value).
func (v *Value) Given() bool { return v.given && v.node.kind != empty }

// Place is where the value begins; for a key that is missing, where its mapping begins.
func (v *Value) Place() Place { return v.node.place }

// Path names the value by the known keys that lead to it.
func (v *Value) Path() string { return v.path }

// Is reports whether the value is one of some words, without asking for it.
func (v *Value) Is(words ...string) bool {
	return v.node.kind == scalar && slices.Contains(words, v.node.text)
}

// IsMapping reports whether the value is a mapping.
func (v *Value) IsMapping() bool { return v.node.kind == mapping }

// IsSequence reports whether the value is a sequence.
func (v *Value) IsSequence() bool { return v.node.kind == sequence }

// Problem records a problem about the value. Neither message nor hint may repeat text of the source.
func (v *Value) Problem(message, hint string) { v.Fault(BrokenRule, message, hint) }

// Fault records a problem about the value, with its code. Neither message nor hint may repeat text of the source.
func (v *Value) Fault(code Code, message, hint string) {
	v.log.fault(code, v.node.place, v.path, message, hint)
}

// is reports whether the value is of a kind, and records that it is not, in words that say what was wanted.
func (v *Value) is(k kind, wanted string) bool {
	switch v.node.kind {
	case k:
		return true
	case broken:
	case empty:
		v.Fault(EmptyValue, "has no value, "+wanted+" is wanted", "")
	case mapping:
		v.Fault(WrongKind, "is a mapping where "+wanted+" is wanted", "")
	case sequence:
		v.Fault(WrongKind, "is a list where "+wanted+" is wanted", "")
	case scalar:
		v.Fault(WrongKind, "is a single value where "+wanted+" is wanted", "")
	}
	return false
}

// unquoted records text that stands unquoted where some readers take it for something else.
func (v *Value) unquoted() bool {
	if v.node.style != plain {
		return false
	}
	if what := mistakenFor(v.node.text); what != "" {
		v.Fault(BareWord, "unquoted, this is "+what+" to some readers where text is wanted", `write it in "quotes"`)
		return true
	}
	return false
}

// String reads text: one line, not empty, without blanks at its ends.
func (v *Value) String(options ...Option) string {
	if !v.is(scalar, "text") || v.unquoted() {
		return ""
	}
	s := v.node.text
	if v.node.style == block {
		s = strings.TrimSuffix(s, "\n")
	}
	switch {
	case strings.Contains(s, "\n"):
		v.Fault(WrongKind, "is text of several lines where one line is wanted", "")
		return ""
	case strings.TrimSpace(s) == "":
		v.Fault(EmptyValue, "is empty", "")
		return ""
	case strings.TrimSpace(s) != s:
		v.Fault(Blanks, "has blanks at its beginning or end", "")
		return ""
	}
	return v.bounded(s, wanted(options))
}

// Text reads prose: one or more lines, not empty. The line feed at the end of a block is not part of it.
func (v *Value) Text(options ...Option) string {
	if !v.is(scalar, "text") || v.unquoted() {
		return ""
	}
	s := strings.TrimSpace(v.node.text)
	if s == "" {
		v.Fault(EmptyValue, "is empty", "")
		return ""
	}
	return v.bounded(s, wanted(options))
}

func (v *Value) bounded(s string, w want) string {
	length := 0
	for range s {
		length++
	}
	switch {
	case length > w.maxLength:
		v.Fault(TooLong, fmt.Sprintf("is longer than %d characters", w.maxLength), "")
	case w.words != nil && !slices.Contains(w.words, s):
		v.Fault(UnknownWord, "is not one of the words accepted here", "accepted: "+strings.Join(w.words, ", "))
	case w.pattern != nil && !w.pattern.MatchString(s):
		v.Fault(WrongForm, "is not "+w.says, w.hint)
	default:
		return s
	}
	return ""
}

// Int reads a whole number, written without quotes, leading zeros or separators.
func (v *Value) Int(options ...Option) int {
	if !v.is(scalar, "a whole number") {
		return 0
	}
	n, err := strconv.Atoi(v.node.text)
	if v.node.style != plain || !wholeNumber.MatchString(v.node.text) || err != nil {
		v.Fault(WrongKind, "is not a whole number", "write it in digits, without quotes and without leading zeros")
		return 0
	}
	if w := wanted(options); w.bounded && (float64(n) < w.min || float64(n) > w.max) {
		v.Fault(OutOfRange, fmt.Sprintf("is not a whole number from %v to %v", w.min, w.max), "")
		return 0
	}
	return n
}

// Float reads a decimal number, written without quotes or exponent.
func (v *Value) Float(options ...Option) float64 {
	if !v.is(scalar, "a number") {
		return 0
	}
	f, err := strconv.ParseFloat(v.node.text, 64)
	if v.node.style != plain || !decimal.MatchString(v.node.text) || err != nil {
		v.Fault(WrongKind, "is not a number", "write it in digits with a decimal point, without quotes: 0.02")
		return 0
	}
	if w := wanted(options); w.bounded && (f < w.min || f > w.max) {
		v.Fault(OutOfRange, fmt.Sprintf("is not a number from %v to %v", w.min, w.max), "")
		return 0
	}
	return f
}

// Bool reads true or false, written without quotes.
func (v *Value) Bool(...Option) bool {
	if !v.is(scalar, "true or false") {
		return false
	}
	if v.node.style != plain || v.node.text != "true" && v.node.text != "false" {
		v.Fault(WrongKind, "is not true or false", "write true or false, in lower case and without quotes")
		return false
	}
	return v.node.text == "true"
}

// Date reads a day of the calendar written YYYY-MM-DD, with or without quotes.
func (v *Value) Date(...Option) (civil.Date, bool) {
	if !v.is(scalar, "a date") {
		return 0, false
	}
	date, err := civil.ParseISO(v.node.text)
	if err != nil || v.node.style == block {
		v.Fault(NoDate, "is not a date of the calendar", "write it as year-month-day: 2026-04-01")
		return 0, false
	}
	return date, true
}

// Sequence reads the items of a sequence. With NotEmpty it must have one.
func (v *Value) Sequence(options ...Option) []*Value {
	if !v.is(sequence, "a list") {
		return nil
	}
	if w := wanted(options); w.notEmpty && len(v.node.items) == 0 {
		v.Fault(EmptyValue, "is an empty list", "")
	}
	items := make([]*Value, len(v.node.items))
	for i, item := range v.node.items {
		items[i] = &Value{node: item, path: fmt.Sprintf("%s[%d]", v.path, i+1), log: v.log, given: true}
	}
	return items
}

// Strings reads a sequence of texts, each as String does. An item that is wrong is left out (and recorded).
func (v *Value) Strings(options ...Option) []string {
	var out []string
	for _, item := range v.Sequence(options...) {
		if s := item.String(options...); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Mapping reads a mapping. When the value is something else, the mapping returned is broken.
func (v *Value) Mapping() *Mapping {
	n := v.node
	if !v.is(mapping, "a mapping (keys and values)") {
		n = &node{place: v.node.place}
	}
	return &Mapping{node: n, path: v.path, log: v.log}
}
