package document

import (
	"regexp"
	"strings"
)

// What other readers of YAML (1.1, 1.2, JSON) take for something else than text when it is not quoted.
var (
	numberLike = regexp.MustCompile(`^[-+]?(` +
		`\.[0-9][0-9_]*([eE][-+]?[0-9]+)?` + // .5
		`|[0-9][0-9_,]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?` + // 331, 0123, 1_000, 1.5e3
		`|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+` +
		`|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?` + // 12:30 is 750 to some
		`|\.(inf|Inf|INF|nan|NaN|NAN)` +
		`)$`)
	dateLike    = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?$`)
	wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)
	decimal     = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$`)
)

// ambiguousBool reports whether unquoted text is a truth value to some readers and text to others.
func ambiguousBool(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "no", "on", "off", "y", "n":
		return true
	case "true", "false":
		return s != "true" && s != "false"
	}
	return false
}

// mistakenFor names what unquoted text is taken for by some reader of YAML, or "" when all take it for text.
func mistakenFor(s string) string {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return "nothing"
	case "true", "false":
		return "a truth value"
	case "=", "<<":
		return "an instruction"
	}
	switch {
	case ambiguousBool(s):
		return "a truth value"
	case s[0] > '9': // as most text: dates and numbers begin with a digit, a sign or a point
		return ""
	case dateLike.MatchString(s):
		return "a date"
	case numberLike.MatchString(s):
		return "a number"
	}
	return ""
}
