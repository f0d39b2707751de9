package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// The rules a cell can break. Each keeps its row back.
const (
	RuleCodeUnknown     = "CODE_UNKNOWN"
	RuleCodeNotInYear   = "CODE_NOT_IN_YEAR"
	RuleCodeUnmapped    = "CODE_UNMAPPED"
	RuleDateMalformed   = "DATE_MALFORMED"
	RuleDateImpossible  = "DATE_IMPOSSIBLE"
	RuleDateOrder       = "DATE_ORDER"
	RuleDateNotInYear   = "DATE_NOT_IN_YEAR"
	RuleNumberMalformed = "NUMBER_MALFORMED"
	RuleNumberRange     = "NUMBER_OUT_OF_RANGE"
	RuleBooleanUnknown  = "BOOLEAN_UNKNOWN"
	RuleKeyMalformed    = "KEY_MALFORMED"
	RuleRequiredEmpty   = "REQUIRED_EMPTY"
	RuleEncoding        = "ENCODING"
)

// Message is the plain sentence of a rule that a cell can break.
func Message(rule string) string {
	message, _ := ruleTexts(rule)
	return message
}

// Hint is what to do about a rule that a cell can break.
func Hint(rule string) string {
	_, hint := ruleTexts(rule)
	return hint
}

func ruleTexts(rule string) (message, hint string) {
	switch rule {
	case RuleCodeUnknown:
		return "the code is not in the list of the return", "correct the code in the source system, or add it to the council's definitions if the return has it"
	case RuleCodeNotInYear:
		return "the code is not in the list of this collection year", "check the code, and that the set lies in the folder of its collection year"
	case RuleCodeUnmapped:
		return "the cell is no code of the list, and no spelling of one that is known", "say which code it is in a file of the council's own definitions (apiVersion: postern/aliases/v1), or correct the cell in the source system"
	case RuleDateMalformed:
		return "the cell is not a date in a form that the return has", "write dates as the return does; a spreadsheet may have changed them on saving"
	case RuleDateImpossible:
		return "the calendar has no such day, or the year is out of range", "correct the date in the source system"
	case RuleDateOrder:
		return "the date is before the date that it must follow", "correct one of the two dates in the source system"
	case RuleDateNotInYear:
		return "the row is of another collection year than its file", "put the rows of each year in a file of their own, in the folder of that year"
	case RuleNumberMalformed:
		return "the cell is not a whole number", "correct the number in the source system"
	case RuleNumberRange:
		return "the number is outside the range of the return", "correct the number in the source system"
	case RuleBooleanUnknown:
		return "the cell is neither 0 nor 1, true nor false", "correct the cell in the source system"
	case RuleKeyMalformed:
		return "the cell is no key: too long, or a spreadsheet or a data frame has made a number of it",
			"export the table again, and save it from no other program: rows whose keys were changed cannot be joined"
	case RuleRequiredEmpty:
		return "the cell may not be empty", "fill the cell in the source system"
	case RuleEncoding:
		return "the cell is not UTF-8 text", "save the file as CSV UTF-8"
	default:
		return "the cell breaks a rule of the return", "correct the cell in the source system"
	}
}

// Decode reads one cell of a column, by the collection year of its source (0: any). It returns the value, or the rule
// that the cell breaks.
func Decode(src *Source, column *dataset.Column, cell []byte) (Value, string) {
	return decode(src, column, string(cell))
}

// decode is Decode for a text that the value may keep. It is called once per distinct cell of a batch or stock.
func decode(src *Source, column *dataset.Column, text string) (Value, string) {
	switch {
	case column.Name == dataset.CollectionYear:
		return Value{State: Known, Num: int32(src.Year)}, ""
	case column.Name == dataset.CensusTerm && src.Table.Termly:
		at, _ := column.Code(src.Term, 0)
		if at < 0 {
			return Value{}, "" // the term is not told yet
		}
		return Value{State: Known, Num: int32(at)}, ""
	}
	if !utf8.ValidString(text) {
		return Value{}, RuleEncoding
	}
	if column.Type == dataset.Identifier {
		return decodeIdentifier(column, text)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		if column.Required {
			return Value{}, RuleRequiredEmpty
		}
		return Value{}, ""
	}
	switch column.Type {
	case dataset.Code:
		return decodeCode(column, src.Year, text)
	case dataset.Date:
		d, rule := decodeDate(src.dateForms(column), text)
		if rule == "" && column.InYear && src.Year != 0 && d.YearEnding(src.Table.YearBegins) != src.Year {
			rule = RuleDateNotInYear
		}
		return Value{State: Known, Num: int32(d)}, rule
	case dataset.PartialDate:
		return decodePartialDate(src.dateForms(column), text)
	case dataset.Integer:
		return decodeInteger(column, text)
	case dataset.Boolean:
		return decodeBoolean(text, column.YesNo)
	case dataset.Key:
		return decodeKey(text)
	default:
		// Text never leaves, so it never becomes a value: only its presence counts.
		return Value{State: Unusable}, ""
	}
}

func decodeIdentifier(column *dataset.Column, text string) (Value, string) {
	normalised, outcome := identifier.NormaliseForLinkage(identifier.Kind(column.Identifier), text)
	if outcome == identifier.OK {
		v := Value{State: Known, Text: normalised}
		if plain(text) && text == normalised {
			return v, "" // as nearly all are
		}
		if simple := identifier.SimpleForm(text); simple != normalised {
			v.Simple = simple
		}
		return v, ""
	}
	if outcome == identifier.Missing && column.Required {
		return Value{}, RuleRequiredEmpty
	}
	return Value{State: Unusable, Outcome: outcome, Text: normalised}, ""
}

// plain reports whether a text is its own simple form for certain: visible ASCII without small letters.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 'a' {
			return false
		}
	}
	return true
}

func decodeCode(column *dataset.Column, year int, text string) (Value, string) {
	at, inYear := column.Code(text, year)
	if at < 0 {
		at, inYear = column.Code(strings.ToUpper(text), year)
	}
	if at < 0 && column.Aliased() {
		code, known := column.Spelt(text)
		switch {
		case !known:
			return Value{}, RuleCodeUnmapped
		case code == "" && column.Required:
			return Value{}, RuleRequiredEmpty
		case code == "":
			return Value{}, ""
		}
		at, inYear = column.Code(code, year)
	}
	switch {
	case at < 0:
		return Value{}, RuleCodeUnknown
	case !inYear:
		return Value{}, RuleCodeNotInYear
	default:
		return Value{State: Known, Num: int32(at)}, ""
	}
}

// decodePartialDate reads a date whose day, or day and month, or all three, may be ZZ (and ZZZZ): DfE's way of saying
// that they are not known.
func decodePartialDate(formats []string, text string) (Value, string) {
	upper := strings.ToUpper(text)
	switch {
	case len(upper) == 10 && upper == "ZZ/ZZ/ZZZZ":
		return Value{}, ""
	case strings.HasPrefix(upper, "ZZ/ZZ/"):
		d, rule := decodeDate(formats, "01/01/"+upper[6:])
		return Value{State: Year, Num: int32(d)}, rule
	case strings.HasPrefix(upper, "ZZ/"):
		d, rule := decodeDate(formats, "01/"+upper[3:])
		return Value{State: Month, Num: int32(d)}, rule
	default:
		d, rule := decodeDate(formats, text)
		return Value{State: Known, Num: int32(d)}, rule
	}
}

// decodeInteger reads a whole number. "134.0" is what a spreadsheet or a data frame makes of 134, and is read as it.
func decodeInteger(column *dataset.Column, text string) (Value, string) {
	text = strings.TrimSuffix(text, ".0")
	negative := strings.HasPrefix(text, "-")
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || len(digits) > 9 {
		return Value{}, RuleNumberMalformed
	}
	n := int32(0)
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return Value{}, RuleNumberMalformed
		}
		n = n*10 + int32(digits[i]-'0')
	}
	if negative {
		n = -n
	}
	if n < column.Min || n > column.Max {
		return Value{}, RuleNumberRange
	}
	return Value{State: Known, Num: n}, ""
}

// decodeBoolean reads 0 and 1, false and true, and, where the column has them, N and Y, no and yes.
func decodeBoolean(text string, yesNo bool) (Value, string) {
	switch said := strings.ToLower(text); {
	case said == "0", said == "false", yesNo && (said == "n" || said == "no"):
		return Value{State: Known}, ""
	case said == "1", said == "true", yesNo && (said == "y" || said == "yes"):
		return Value{State: Known, Num: 1}, ""
	default:
		return Value{}, RuleBooleanUnknown
	}
}

// longestKey bounds a key, in bytes.
const longestKey = 100

// decodeKey reads a key as it stands: it names a record only within its extract, so that nothing is folded. A key that
// looks as programs write a number that is not whole, or too large for them, is none: 12.0 was 12 or 0012, and 1.23E+11
// was any of many keys, whose rows would all be joined to one record.
func decodeKey(text string) (Value, string) {
	if len(text) > longestKey || reckoned(text) || !plain(text) && strings.IndexFunc(text, unicode.IsControl) >= 0 {
		return Value{}, RuleKeyMalformed
	}
	return Value{State: Known, Text: text}, ""
}

// reckoned reports whether a text is a number with a point, or with an exponent and its plus sign. Without the sign, or
// with a minus, it is as likely a key of hexadecimal digits (12e4, 1234567e-123).
func reckoned(text string) bool {
	if strings.IndexByte(text, '.') < 0 && strings.IndexByte(text, '+') < 0 {
		return false // which spares most keys what follows
	}
	text = strings.TrimPrefix(text, "-")
	rest := strings.TrimLeft(text, "0123456789")
	if len(rest) == len(text) {
		return false
	}
	if fraction, pointed := strings.CutPrefix(rest, "."); pointed {
		if rest = strings.TrimLeft(fraction, "0123456789"); rest == "" {
			return true
		}
	}
	exponent, signed := strings.CutPrefix(strings.ToLower(rest), "e+")
	return signed && exponent != "" && strings.Trim(exponent, "0123456789") == ""
}
