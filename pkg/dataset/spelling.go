package dataset

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold brings a name or a label to the form in which it is compared: Unicode's compatibility forms made one (NFKC), all
// dashes a hyphen and all single and double quotation marks the straight ones, every run of white space, a no-break
// space too, one space and none at the ends, and letters without regard to case. What people type, and what a word
// processor makes of it, is the same afterwards: "Main establishment – URN " and "main establishment - urn".
func Fold(text string) string {
	if plain(text) {
		return strings.ToLower(text)
	}
	text = norm.NFKC.String(text)
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Pd, r) || r == '\u2212':
			return '-'
		case strings.ContainsRune("\u2018\u2019\u201a\u201b`\u00b4\u02bc", r):
			return '\''
		case strings.ContainsRune("\u201c\u201d\u201e\u201f", r):
			return '"'
		case r == '\u200b' || r == '\ufeff' || r == '\u00ad':
			return -1 // a space, a mark and a hyphen that nobody sees
		case unicode.Is(unicode.Cherokee, r):
			return unicode.ToLower(r) // of these the library makes the other case, whichever there is
		default:
			return r
		}
	}, text)
	text = norm.NFKC.String(cases.Fold().String(text))
	return strings.Join(strings.Fields(text), " ")
}

// plain reports whether a text is ASCII with single spaces within it: then folding is a matter of case alone.
func plain(text string) bool {
	space := true
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ':
			if space {
				return false
			}
			space = true
		case c < ' ' || c == '`' || c >= 0x7f:
			return false
		default:
			space = false
		}
	}
	return !space || text == ""
}

// enumerator is what a form numbers its choices with: "a) ", "(b) ", "12) ", "1. ".
var enumerator = regexp.MustCompile(`^\(?([a-z]|[0-9]{1,2})(\) ?|\. )`)

// closing is punctuation that ends a label without being part of it.
const closing = " .,;:!?*-"

// joint is a slash or a hyphen with spaces around it, which some type and some do not.
var joint = regexp.MustCompile(` ?([/-]) ?`)

// FoldSpelling is Fold for a label chosen from a list: spaces around slashes and hyphens count for nothing, and the
// enumerators in front of it and the punctuation that closes it are taken off, as long as something is left.
func FoldSpelling(cell string) string {
	if cell = Fold(cell); strings.ContainsAny(cell, "/-") {
		cell = joint.ReplaceAllString(cell, "$1")
	}
	for {
		shorter := strings.TrimRight(cell, closing)
		if at := enumerator.FindStringIndex(shorter); at != nil {
			shorter = shorter[at[1]:]
		}
		if shorter == "" || shorter == cell {
			return cell
		}
		cell = shorter
	}
}

// Spellings says which code of a list each way of writing a category stands for.
type Spellings struct {
	codes  map[string]string // by FoldSpelling of the spelling; "" for an empty cell
	inList map[string]string // the list's codes, by FoldSpelling
}

func newSpellings(codes []CodeValue) *Spellings {
	s := &Spellings{codes: make(map[string]string), inList: make(map[string]string)}
	for _, c := range codes {
		s.inList[FoldSpelling(c.Value)] = c.Value
	}
	return s
}

// Code finds the code that a cell stands for; "" is a cell that says nothing. The whole cell is looked up, never a part
// of it: "Male" is in "Female". What may stand before a spelling is the code that it means, with a colon, a hyphen or a
// space between: "N1 - Abuse or neglect". A cell whose code and label are of two codes stands for neither.
func (s *Spellings) Code(cell string) (code string, known bool) { return s.folded(FoldSpelling(cell)) }

// folded is Code for a cell that is folded.
func (s *Spellings) folded(folded string) (code string, known bool) {
	if code, known = s.whole(folded); known {
		return code, true
	}
	at := strings.IndexAny(folded, " :-")
	if at < 0 {
		return "", false
	}
	front, isCode := s.inList[folded[:at]]
	if label, known := s.whole(FoldSpelling(strings.TrimLeft(folded[at:], " :-"))); isCode && known && label == front {
		return label, true
	}
	return "", false
}

// whole looks a folded cell up.
func (s *Spellings) whole(folded string) (code string, known bool) {
	if code, known = s.codes[folded]; !known {
		code, known = s.inList[folded]
	}
	return code, known
}

// add gives a code a spelling, which is folded. It reports the code that a cell so written stands for already, by itself or
// as a code with its label, when that is another one.
func (s *Spellings) add(code, folded string) (other string, ok bool) {
	if already, known := s.folded(folded); known && already != code {
		return already, false
	}
	s.codes[folded] = code
	return "", true
}
