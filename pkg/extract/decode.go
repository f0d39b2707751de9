package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// The rules a cell can break. Each keeps its row back.
const (
	RuleCodeUnknown     = "CODE_UNKNOWN"
	RuleCodeNotInYear   = "CODE_NOT_IN_YEAR"
	RuleDateMalformed   = "DATE_MALFORMED"
	RuleDateImpossible  = "DATE_IMPOSSIBLE"
	RuleDateOrder       = "DATE_ORDER"
	RuleNumberMalformed = "NUMBER_MALFORMED"
	RuleNumberRange     = "NUMBER_OUT_OF_RANGE"
	RuleBooleanUnknown  = "BOOLEAN_UNKNOWN"
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
	case RuleDateMalformed:
		return "the cell is not a date in a form that the return has", "write dates as DD/MM/YYYY; a spreadsheet may have changed them on saving"
	case RuleDateImpossible:
		return "the calendar has no such day, or the year is out of range", "correct the date in the source system"
	case RuleDateOrder:
		return "the date is before the date that it must follow", "correct one of the two dates in the source system"
	case RuleNumberMalformed:
		return "the cell is not a whole number", "correct the number in the source system"
	case RuleNumberRange:
		return "the number is outside the range of the return", "correct the number in the source system"
	case RuleBooleanUnknown:
		return "the cell is neither 0 nor 1, true nor false", "correct the cell in the source system"
	case RuleRequiredEmpty:
		return "the cell may not be empty", "fill the cell in the source system"
	case RuleEncoding:
		return "the cell is not UTF-8 text", "save the file as CSV UTF-8"
	default:
		return "the cell breaks a rule of the return", "correct the cell in the source system"
	}
}

// Decode reads one cell of a column for a collection year (0: any). It returns the value, or the rule that the cell
// breaks. It is called once per distinct value of a batch.
func Decode(table *dataset.Table, column *dataset.Column, year int, cell []byte) (Value, string) {
	if column.Name == dataset.CollectionYear {
		return Value{State: Known, Num: int32(year)}, ""
	}
	if !utf8.Valid(cell) {
		return Value{}, RuleEncoding
	}
	text := string(cell)
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
		return decodeCode(column, year, text)
	case dataset.Date:
		d, rule := decodeDate(table.DateFormats, text)
		return Value{State: Known, Num: int32(d)}, rule
	case dataset.PartialDate:
		return decodePartialDate(table.DateFormats, text)
	case dataset.Integer:
		return decodeInteger(column, text)
	case dataset.Boolean:
		return decodeBoolean(text)
	default:
		// Text never leaves, so it never becomes a value: only its presence counts.
		return Value{State: Unusable}, ""
	}
}

func decodeIdentifier(column *dataset.Column, text string) (Value, string) {
	normalised, outcome := identifier.Normalise(identifier.Kind(column.Identifier), text)
	if outcome == identifier.OK {
		v := Value{State: Known, Text: normalised}
		if simple := identifier.SimpleForm(text); simple != normalised {
			v.Simple = simple
		}
		return v, ""
	}
	if outcome == identifier.Missing && column.Required {
		return Value{}, RuleRequiredEmpty
	}
	return Value{State: Unusable, Outcome: outcome}, ""
}

func decodeCode(column *dataset.Column, year int, text string) (Value, string) {
	at, inYear := column.Code(text, year)
	if at < 0 {
		at, inYear = column.Code(strings.ToUpper(text), year)
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

// decodeDate tries the forms of a format. A cell that has the shape of one but names no day is impossible; any other
// is malformed.
func decodeDate(formats []string, text string) (civil.Date, string) {
	rule := RuleDateMalformed
	for _, format := range formats {
		if !hasShape(format, text) {
			continue
		}
		d, err := parseAs(format, text)
		if err == nil {
			return d, ""
		}
		rule = RuleDateImpossible
	}
	return 0, rule
}

func parseAs(format, text string) (civil.Date, error) {
	if format == dataset.DateISO {
		return civil.ParseISO(text)
	}
	return civil.ParseUK(text)
}

// hasShape reports whether text has a digit wherever the format has a letter, and its other characters elsewhere.
func hasShape(format, text string) bool {
	if len(format) != len(text) {
		return false
	}
	for i := range len(format) {
		letter := format[i] >= 'A' && format[i] <= 'Z'
		digit := text[i] >= '0' && text[i] <= '9'
		if letter != digit || !letter && format[i] != text[i] {
			return false
		}
	}
	return true
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

func decodeBoolean(text string) (Value, string) {
	switch strings.ToLower(text) {
	case "0", "false":
		return Value{State: Known}, ""
	case "1", "true":
		return Value{State: Known, Num: 1}, ""
	default:
		return Value{}, RuleBooleanUnknown
	}
}
