// Package identifier brings identifiers to one written form and says which of them may stand for a child.
//
// The same child is written 510000, " 510000 " and, by a spreadsheet, ５１００００ in three extracts. Before a pseudonym is
// made, each raw value is normalised, and what comes out is either the one form (OK) or the reason why the value
// identifies nobody. A value that is not OK is never hashed: it leaves as null, and its outcome is counted.
//
// What is done to every kind, in this order:
//
//  1. Unicode NFKC (full-width digits become digits, no-break spaces become spaces);
//  2. white space and zero-width characters are removed at both ends;
//  3. the letters a to z become upper-case. No other letter does: a dotless ı stays what it is and is refused,
//     so that upper-casing never turns one council's typing slip into another child's identifier.
//
// Inside the value, white space and hyphens are removed for NHS numbers and ULNs only, which people group to read them
// aloud. An inner space in a child ID is an error, not a style: it is malformed.
//
//	kind               OK after normalisation                                  otherwise
//	child/la-child-id  1 to 20 of A-Z 0-9 . _ / - beginning with a letter or   only zeros, NULL, NONE, N/A, NA, UNKNOWN,
//	                   digit; leading zeros kept; not a number as a            TEST: placeholder; UN1 to UN7: unknown
//	                   spreadsheet writes it (12.0, 1.2E+05)
//	child/upn          check letter, 11 digits, digit or letter                UN1 to UN7: unknown; zeros after the letter:
//	                                                                           placeholder; wrong letter: check-digit
//	child/nhs-number   10 digits, modulus 11                                   all digits equal: placeholder; check-digit
//	child/uln          10 digits, modulus 11 as the DfE applies it             all digits equal: placeholder; check-digit
//	school/urn         6 or 7 digits, or SC and 6 digits                       only zeros: placeholder
//	worker/swe         SW and 1 to 10 digits                                   XX…: unknown; only zeros: placeholder
//
// An empty value is missing, for every kind; everything else is malformed. For example
//
//	Normalise(LAChildID, " 00123 ")        // "00123", OK
//	Normalise(NHSNumber, "943 476 5919")   // "9434765919", OK
//	Normalise(UPN, "UN3")                  // "", Unknown
//
// These are the rules of version 1 of each pseudonymisation domain. They never change under one version: a changed rule
// would give a child a new pseudonym in the middle of a study.
//
// There are no keys here and nothing is remembered. No error or name in this package repeats a value.
package identifier

// Kind says what an identifier identifies and by which rules. Its text is the name of the pseudonymisation domain.
type Kind string

// The kinds that a pseudonym can be made of.
const (
	LAChildID Kind = "child/la-child-id" // the council's own number for a child: CHILD, LAchildID, Child Unique ID
	UPN       Kind = "child/upn"         // Unique Pupil Number (Government Data Standards Catalogue, UPN v2.0)
	NHSNumber Kind = "child/nhs-number"  // NHS number (NHS Data Dictionary)
	ULN       Kind = "child/uln"         // Unique Learner Number (Learning Records Service, DfE)
	SchoolURN Kind = "school/urn"        // Unique Reference Number of a school, or SC number of a children's home
	WorkerSWE Kind = "worker/swe"        // Social Work England registration number
)

// Kinds returns every kind, in the order in which they are documented.
func Kinds() []Kind { return []Kind{LAChildID, UPN, NHSNumber, ULN, SchoolURN, WorkerSWE} }

// Valid reports whether the kind is one of those that this package knows.
func (k Kind) Valid() bool {
	switch k {
	case LAChildID, UPN, NHSNumber, ULN, SchoolURN, WorkerSWE:
		return true
	default:
		return false
	}
}

// Outcome says what a raw value turned out to be. The set is closed.
type Outcome uint8

// The outcomes. Only OK may be hashed.
const (
	OK          Outcome = iota // one identifier, in its one form
	Missing                    // nothing but white space
	Placeholder                // stands for nobody: zeros, NULL, one digit repeated
	Unknown                    // a code that says "not known": UN1 to UN7, XX…
	CheckDigit                 // right shape, wrong check digit or letter
	Malformed                  // anything else
)

// Outcomes returns every outcome, in order.
func Outcomes() []Outcome { return []Outcome{OK, Missing, Placeholder, Unknown, CheckDigit, Malformed} }

// String gives the word used in reports, counts and vector files.
func (o Outcome) String() string {
	switch o {
	case OK:
		return "ok"
	case Missing:
		return "missing"
	case Placeholder:
		return "placeholder"
	case Unknown:
		return "unknown"
	case CheckDigit:
		return "check-digit"
	default:
		return "malformed"
	}
}

// MarshalText writes the outcome's word, for JSON.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Normalise returns the one form of a raw value, and OK; or "" and why there is none. The form is printable ASCII, and
// normalising it again changes nothing. A kind that is not Valid makes every value Malformed: nothing is ever hashed
// by accident.
//
// A value that is already in its form, or only needs trimming, is returned without allocating.
func Normalise(kind Kind, raw string) (string, Outcome) {
	form, outcome := NormaliseForLinkage(kind, raw)
	if outcome != OK {
		return "", outcome
	}
	return form, OK
}

// NormaliseForLinkage is Normalise, but returns the form of a value whose check digit or letter is wrong as well (with
// CheckDigit). It is for comparing identifiers inside the gateway, where a UPN links an education row to a child
// whatever its check letter. What it returns with CheckDigit must not be hashed.
func NormaliseForLinkage(kind Kind, raw string) (string, Outcome) {
	if !kind.Valid() {
		return "", Malformed
	}
	form := fold(raw)
	if kind == NHSNumber || kind == ULN {
		form = ungroup(form)
	}
	if form == "" {
		return "", Missing
	}
	var outcome Outcome
	switch kind {
	case LAChildID:
		outcome = judgeChildID(form)
	case UPN:
		outcome = judgeUPN(form)
	case NHSNumber:
		outcome = judgeTenDigits(form, nhsCheckDigit)
	case ULN:
		outcome = judgeTenDigits(form, ulnCheckDigit)
	case SchoolURN:
		outcome = judgeURN(form)
	default:
		outcome = judgeWorker(form)
	}
	if outcome != OK && outcome != CheckDigit {
		return "", outcome
	}
	return form, outcome
}
