package finding

import (
	"slices"
	"sort"
	"strings"
)

// Rule is a rule that extracts are held to, with what breaking it does by itself. An agreement may make it weigh more
// (Raisable), never less.
type Rule struct {
	Name     string   // DATE_ORDER
	Severity Severity // of its findings; of those that come in two weights, the one that most of them have
	// Row is set for a warning or a notice on a row that can be kept back alone: it may be raised to Quarantine. Others
	// are about files, columns and sums, or about rows that do not leave anyway: they may be raised to Stop.
	Row  bool
	Says string // what was found, in the words of a sentence: "one return has an event twice"; none where nothing can be raised
}

// Rules lists every rule, sorted by name. A test holds the list to the rules that the code has, and to docs/formats.md.
func Rules() []Rule {
	out := lighter()
	for name := range strings.FieldsSeq(stops) {
		out = append(out, Rule{Name: name, Severity: Stop})
	}
	slices.SortFunc(out, func(a, b Rule) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// stops are the rules that end the run by themselves.
const stops = `
		COLUMN_MISSING DOCUMENT_UNKNOWN ENCODING_UNKNOWN FILE_BINARY FILE_CUT_OFF FILE_EMPTY FILE_ENCODING
		FILE_UNREADABLE FILE_UTF16 HEADER_AMBIGUOUS HEADER_DUPLICATE HEADER_MALFORMED LINE_TOO_LONG LINKAGE_BELOW_AGREED NOTHING_USABLE
		NO_EXTRACTS OTHER_AUTHORITY PATH_UNREADABLE QUOTE_NOT_CLOSED RECORD_TOO_LARGE TABLE_AMBIGUOUS TABLE_MISSING
		TABLE_NOT_IN_YEAR TABLE_TWICE TABLE_UNKNOWN TERM_UNKNOWN TOO_MANY_COLUMNS WORKBOOK_DAMAGED WORKBOOK_ENCRYPTED
		WORKBOOK_MALFORMED WORKBOOK_SUSPECT WORKBOOK_TOO_LARGE XML_DOCTYPE XML_ENTITY XML_MALFORMED
		XML_NAMESPACE XML_TOO_DEEP XML_TOO_LONG XML_TRAILING_CONTENT YEAR_MISMATCH YEAR_NOT_DEFINED YEAR_UNKNOWN`

// lighter are all others.
func lighter() []Rule {
	return []Rule{
		{"BOOLEAN_UNKNOWN", Quarantine, false, "a cell is neither true nor false"},
		{"CELL_ERROR", Quarantine, false, "a cell of a workbook holds an error"},
		{"CELL_NOT_COMPUTED", Quarantine, false, "a formula of a workbook has no outcome"},
		{"CELL_NOT_TEXT", Quarantine, false, "an element of a document stands inside a value"},
		{"CHILD_CONFLICT", Quarantine, false, "rows of one return state different facts of one child"},
		{"CHILD_UNKNOWN", Warning, true, "a row marks a child whom no return lists"},
		{"CODE_NOT_IN_YEAR", Quarantine, false, "a code is of other collection years"},
		{"CODE_TOO_BROAD", Notice, true, "a category is broader than those that the core table tells apart"},
		{"CODE_UNDECIDED", Warning, true, "a code belongs to more than one of those that it could become, and the agreement does not say to which"},
		{"CODE_UNKNOWN", Quarantine, false, "a code is one that the return does not have"},
		{"CODE_UNMAPPED", Quarantine, false, "a category is no code of the list, and no spelling of one that is known"},
		{"COLUMN_UNKNOWN", Notice, false, "a file has a column that the definitions do not have"},
		{"DAILY_REPEATED", Warning, true, "a register has a session of a child twice, one row after the other"},
		{"DATES_MIXED", Warning, false, "dates of one column are written in more than one form"},
		{"DATE_IMPOSSIBLE", Quarantine, false, "a date is of no day that there is"},
		{"DATE_MALFORMED", Quarantine, false, "a cell is no date in a form that the return has"},
		{"DATE_NOT_IN_YEAR", Quarantine, false, "a row is of another year than its file"},
		{"DATE_ORDER", Quarantine, false, "an end comes before its beginning"},
		{"ELEMENT_NOT_IN_YEAR", Warning, false, "a document has an element that the return of its year does not have"},
		{"ELEMENT_TWICE", Quarantine, false, "an element of a document stands twice where one belongs"},
		{"ELEMENT_UNKNOWN", Notice, false, "a document has an element that the definitions do not have"},
		{"ENCODING", Quarantine, false, "a cell is not UTF-8"},
		{"ENROLMENT_NOT_STATED", Warning, true, "a roll does not say what kind of enrolment it is"},
		{"EVENT_REPEATED", Warning, true, "one return has an event twice"},
		{"FACT_CHANGED", Notice, true, "a later return states a fact of a child differently"},
		{"FIELD_COUNT", Quarantine, false, "a row has more or fewer cells than the header"},
		{"FILE_SKIPPED", Notice, false, "a file is of a kind that is not read"},
		{"FORMULA_CELL", Notice, true, "a cell of a workbook is a formula"},
		{"ID_UNUSABLE", Quarantine, false, "a cell identifies no child"},
		{"JOIN_KEY_TWICE", Warning, true, "two rows that fill in others, of one number or one first day, say different things"},
		{"JOIN_MISSING", Notice, true, "the row that should fill in another is not there"},
		{"KEY_MALFORMED", Quarantine, false, "a record's key was made a number, as 12.0 or 1.23E+11"},
		{"LATER_ROW_QUARANTINED", Warning, false, "the latest row on an event is kept back, so that older ones are held back with it"},
		{"MERGED_CELLS", Quarantine, false, "a row of a workbook is part of merged cells"},
		{"NOTHING_LEAVES", Warning, false, "rows of a table were read, and none of it leaves"},
		{"NO_ROWS", Warning, false, "a table has no rows"},
		{"NUMBER_INEXACT", Quarantine, false, "an identifier was made a number of which digits are lost"},
		{"NUMBER_MALFORMED", Quarantine, false, "a cell is no whole number"},
		{"NUMBER_OUT_OF_RANGE", Quarantine, false, "a number is one that the return cannot have"},
		{"PERIOD_GAP", Warning, true, "an episode of care is missing between two others, or after the last"},
		{"PERIOD_INCOMPLETE", Warning, true, "an episode of a period of care is held back"},
		{"PERIOD_NOT_ENDED", Warning, true, "the returns do not say how a period of care ended that is over"},
		{"PERIOD_OVERLAP", Warning, true, "an episode of care began before the one before it had ended"},
		{"PLACEMENT_UNCLEAR", Warning, true, "an episode does not say, or contradicts, whether the placement changed"},
		{"PUPIL_KEY_TWICE", Warning, false, "two pupils of a school have one record number"},
		{"PUPIL_NUMBER_LETTER", Notice, false, "the check letter of a pupil number is wrong"},
		{"PUPIL_NUMBER_MALFORMED", Warning, true, "a school row has no pupil number, so that the pupil is found to be no child"},
		{"PUPIL_NUMBER_SHARED", Quarantine, false, "a pupil number is that of two children"},
		{"PUPIL_ON_TWO_ROLLS", Quarantine, false, "a child is on two rolls, neither of them subsidiary"},
		{"PUPIL_UNKNOWN", Quarantine, false, "a row is about a pupil who is not on the roll of the same return"},
		{"QUOTE_MISPLACED", Quarantine, false, "a quote stands where CSV has none"},
		{"REQUIRED_EMPTY", Quarantine, false, "a cell that may not be empty is"},
		{"RE_REFERRAL_OPEN_CASE", Notice, false, "a referral was made while the case before it was open"},
		{"RE_REFERRAL_UNCLEAR", Warning, false, "it is not known whether the case before a referral was closed"},
		{"ROWS_ABOVE_HEADER", Notice, false, "rows stand above the header of a sheet"},
		{"ROW_EMPTY", Quarantine, false, "a row holds nothing"},
		{"SHEET_HIDDEN", Warning, false, "a sheet of a workbook is hidden"},
		{"SHEET_NOT_READ", Notice, false, "a sheet of a workbook is no table"},
		{"SHORT_BREAK_NOT_STATED", Warning, true, "an episode does not say whether it is a short break"},
		{"SOURCES_DIFFER", Notice, true, "two returns of one year state a fact of a child differently"},
		{"SUM_INCOMPLETE", Warning, false, "a row that belongs to a sum is missing"},
		{"TABLE_MISSING_IN_YEAR", Warning, false, "a year or term that has other extracts lacks a table that is needed"},
		{"TEXT_STRAY", Warning, false, "a document has text between its elements"},
		{"YEAR_NOT_EVIDENT", Warning, false, "no date in a file is of the year that its path says"},
	}
}

// RuleOf finds a rule by its name.
func RuleOf(name string) (Rule, bool) {
	all := Rules()
	i := sort.Search(len(all), func(i int) bool { return all[i].Name >= name })
	if i == len(all) || all[i].Name != name {
		return Rule{}, false
	}
	return all[i], true
}

// Raisable lists the severities that the rule may be raised to, mildest first: none for one that ends the run already.
func (r Rule) Raisable() []Severity {
	var out []Severity
	for _, s := range Severities() {
		if s > r.Severity && (s != Quarantine || r.Row) {
			out = append(out, s)
		}
	}
	return out
}

// Severities lists all severities, mildest first.
func Severities() []Severity { return []Severity{Notice, Warning, Quarantine, Stop} }

// SeverityOf finds a severity by its word.
func SeverityOf(word string) (Severity, bool) {
	for _, s := range Severities() {
		if s.String() == word {
			return s, true
		}
	}
	return 0, false
}
