package document

// Code is the stable name of a kind of problem: scripts rely on it, and it is never renamed or used for another.
type Code string

// How a file is written: these are parts of YAML that are left out here, or no YAML at all. Their codes are shown in the
// line that tells a problem.
const (
	TooLarge       Code = "YAML_TOO_LARGE" // the file
	TooDeep        Code = "YAML_TOO_DEEP"  // mappings and sequences within each other
	TooMany        Code = "YAML_TOO_MANY"  // keys, items or values
	Nothing        Code = "YAML_NOTHING"   // an empty file
	Malformed      Code = "YAML_MALFORMED" // cannot be read, or is out of line
	Character      Code = "YAML_CHARACTER" // a tab, a control or invisible character, no UTF-8
	Anchor         Code = "YAML_ANCHOR"
	Alias          Code = "YAML_ALIAS"
	MergeKey       Code = "YAML_MERGE_KEY"
	Tag            Code = "YAML_TAG"
	ExplicitKey    Code = "YAML_EXPLICIT_KEY"
	Directive      Code = "YAML_DIRECTIVE"
	DocumentEnd    Code = "YAML_DOCUMENT_END"
	SecondDocument Code = "YAML_SECOND_DOCUMENT"
	DuplicateKey   Code = "YAML_DUPLICATE_KEY"
	KeyLookalike   Code = "YAML_KEY_LOOKALIKE" // a key with a letter that is not of the English alphabet
	BareWord       Code = "YAML_BARE_WORD"     // unquoted text that some readers take for something else: yes, 0123
	Ambiguous      Code = "YAML_AMBIGUOUS"     // text that readers of YAML understand differently
)

// What a file says: the shape of a document that a JSON Schema describes, too.
const (
	UnknownKey  Code = "YAML_UNKNOWN_KEY"
	MissingKey  Code = "YAML_MISSING_KEY"
	WrongKind   Code = "YAML_WRONG_KIND"   // a mapping where a list is wanted, text where a number is
	EmptyValue  Code = "YAML_EMPTY_VALUE"  // text, a list or a mapping of nothing
	Blanks      Code = "YAML_BLANKS"       // at the ends of text
	TooLong     Code = "YAML_TOO_LONG"     // text
	TooShort    Code = "YAML_TOO_SHORT"    // a list
	Repeated    Code = "YAML_REPEATED"     // an item of a list that lists each once
	UnknownWord Code = "YAML_UNKNOWN_WORD" // none of those accepted
	WrongForm   Code = "YAML_WRONG_FORM"   // text that does not match its pattern
	OutOfRange  Code = "YAML_OUT_OF_RANGE" // a number
	NoDate      Code = "YAML_NO_DATE"      // not of the calendar
)

// BrokenRule is the code of what neither the writing nor the shape is wrong with: two values that contradict each other, a name
// that is not in the definitions.
const BrokenRule Code = "RULE_BROKEN"

// Written reports whether the code is about how a file is written.
func (c Code) Written() bool {
	switch c {
	case TooLarge, TooDeep, TooMany, Nothing, Malformed, Character, Anchor, Alias, MergeKey, Tag, ExplicitKey, Directive,
		DocumentEnd, SecondDocument, DuplicateKey, KeyLookalike, BareWord, Ambiguous:
		return true
	}
	return false
}

// Shaped reports whether the code is about what a file says by itself: its keys, kinds, words, forms and bounds.
func (c Code) Shaped() bool {
	switch c {
	case UnknownKey, MissingKey, WrongKind, EmptyValue, Blanks, TooLong, TooShort, Repeated, UnknownWord, WrongForm, OutOfRange, NoDate:
		return true
	}
	return false
}
