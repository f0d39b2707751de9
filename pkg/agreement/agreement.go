// Package agreement reads Data Sharing Agreements, the roles of the people who decide on them, and their signed
// decisions, and says whether the gate is open.
//
// # The file
//
// One YAML file per agreement and version (design: agreement.md), read strictly by package document: every mistake at
// once, each with its line and column, none repeating the file. What identifies an agreement is the SHA-256 of its
// exact bytes. Its fields follow the ICO's data sharing code of practice (what a data sharing agreement should cover)
// and the articles of the UK GDPR named at each.
//
//	tables:
//	  children:                                                    # a table of the dataset definitions
//	    child_id:   {treatment: pseudonym}                         # what leaves: {how it is changed}
//	    ethnicity:  {treatment: keep, why: outcomes differ between groups}
//	    age_months: {treatment: age_months, from: birth_date}      # under another name than its source column's
//	  looked_after_episodes:
//	    child_id:   {treatment: pseudonym}
//	    start_date: {treatment: date, to: month}
//	    kinship:    {treatment: flag, from: placement_type, codes: [U1, U2, U3]}
//
// What is not named does not leave. What is named leaves only as its column's class and definition permit: names, free
// text, staff and record numbers never do, identifiers only as pseudonyms, birth dates only as one age.
//
// A file is held to three things, in this order. Its writing and its shape (keys, kinds, words, forms, bounds) are what
// schemas/agreement.schema.json describes to editors as far as a JSON Schema can; what that cannot say stands in it. The
// rules between its parts, and what the dataset definitions permit, are broken by mistakes: a period that ends before it
// begins, a birth date that would leave. What an agreement must say before it may be submitted, and what may run out on it,
// is found by Checks: most fields may be left out while it is written, and each has a refusal code of its own when it is
// still missing.
//
// # The decisions
//
// A decision is a statement of a few lines, signed with an OpenSSH key. An export needs three, of three people in three
// roles, over the exact bytes of the agreement and of the dataset definitions: a submitter submits, the Data Protection
// Officer advises, an information asset owner (or the SIRO) approves. Evaluate works out from the decisions, the roles
// and the clock the state of an agreement and what refuses an export under it.
//
//	status := agreement.Evaluate(a, catalogue.Digest(), roles, decisions, now)
//	if err := status.Permit(); err != nil {
//		return err // DSA_EXPIRED: the agreement ended on 31 December 2025
//	}
package agreement

import (
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// APIVersion is the first line of an agreement file.
const APIVersion = "postern/v1"

// Agreement is one version of a Data Sharing Agreement, whole and consistent: Parse returns no other.
type Agreement struct {
	ID      string // dsa-coventry-fv-2026
	Version int    // from 1, one more at each variation
	Title   string
	// Supersedes is the SHA-256 (hex) of the version before this one; empty in version 1.
	Supersedes string

	Programme          *Programme // nil: the sharing is part of no programme
	Controller         Controller
	Recipient          Recipient
	Onward             []Onward // who else may see the data; nobody when empty
	Archive            *Archive // nil: nothing is archived
	Purpose            Purpose
	Research           *Research // nil: not for research, or not stated
	LawfulBasis        LawfulBasis
	Confidentiality    Confidentiality
	DPIA               DPIA
	PrivacyNotice      PrivacyNotice
	NationalDataOptOut NationalDataOptOut
	Period             Period
	Review             Review
	Frequency          Frequency
	Retention          Retention
	Security           Security
	Transfer           Transfer
	Rights             Rights
	Incident           Incident
	Contacts           Contacts
	Prohibitions       []string // Prohibitions(), always
	Subjects           Subjects
	Pseudonyms         Pseudonyms
	Cohort             *Cohort // nil: every child of the tables
	Linkage            Linkage
	Choices            Choices
	Release            Release
	IndexEvents        []IndexEvent // in the order of the file
	Tables             []Table      // in the order of the file

	SHA256 [32]byte // of the exact bytes of the file: what decisions name
	File   string   // as given to Parse
}

// Period bounds the sharing: the days on which drops may be made, and those whose events may be in them. Each day
// counts, from its first second to its last in Europe/London.
type Period struct {
	ShareFrom, ShareTo civil.Date
	DataFrom, DataTo   civil.Date
	TermReason         string // why the sharing lasts longer than MaxTermMonths
}

// MaxTermMonths is how long an agreement may run without saying why.
const MaxTermMonths = 36

// Frequency bounds the drops.
type Frequency struct {
	Schedule         string // once, daily, weekly, monthly, quarterly, yearly
	MaxDropsPerMonth int
}

// Pseudonyms says how identifiers are replaced.
type Pseudonyms struct {
	Scheme      string  // p1
	Epoch       int     // of the key, from 1
	OnUnusable  string  // what a row with an identifier that cannot be used becomes: see OnUnusableNull
	MaxUnusable float64 // the share of such rows in a table above which the run stops, 0 to 1
}

// What becomes of a row whose identifier is missing, a placeholder or malformed.
const (
	OnUnusableNull       = "null"       // the row leaves, with null for the pseudonym
	OnUnusableQuarantine = "quarantine" // the row is kept back
)

// Scheme is the one scheme of pseudonyms.
const Scheme = "p1"

// Cohort limits every table to some children: those with a row in Table for which all conditions hold.
type Cohort struct {
	Table string
	Where []Condition // in the order of the file
}

// Condition is about one column: a date between two days (each included, nil for open), or a code among some.
type Condition struct {
	Column   string
	From, To *civil.Date
	In       []string
}

// Linkage says how well children must be found again in other extracts. A run that finds fewer stops: what would leave
// could mislead.
type Linkage struct {
	Pupils  float64 // the least share of the agreement's children who are on a school's roll, 0 to 1
	Returns float64 // the least share of one return's children who are in the other return of the same years, 0 to 1
}

// Release says how carefully the drop is measured before it leaves.
type Release struct {
	Profile          string   // secure, partner, wide
	QuasiIdentifiers []string // "table.column" of Tables with one row per child, beside the columns of that class
}

// IndexEvent names a date of each child from which days are counted.
type IndexEvent struct {
	Name   string
	Table  string // a table of the definitions
	Column string // a date column of it
	Pick   string // which row's date counts for a child that has several: PickEarliest, PickLatest
}

// Which row's date an index event takes.
const (
	PickEarliest = "earliest"
	PickLatest   = "latest"
)

// Table is one table that leaves.
type Table struct {
	ID      string // of the definitions: "children", "ssda903/episodes"
	Columns []Column
}

// Column is one column that leaves.
type Column struct {
	Name          string // in the drop: a letter, then letters, digits and underscores, at most 63
	From          string // the source column; empty for a constant
	Treatment     Treatment
	Why           string // why it is needed
	JointFineness string // why a further output of one source column tells no more than both are meant to
}

// Treatment is what is done to a column: one of the closed list, with the parameters that belong to it.
type Treatment struct {
	Kind string // dataset.Pseudonym, dataset.Keep, …

	Codes []string           // keep: the codes that may leave, none for all; flag: those that make it true
	Bands []int              // age_band: lower edges in years, ascending from 0
	To    string             // date: day, week, month, quarter, year
	Event string             // days_since: the name of an index event
	Map   string             // code_map: the name of a map of the definitions, empty for one of the agreement's own
	Pairs []dataset.CodePair // code_map: from each code of the column, in the order of the file, when Map is empty
	Edges []int              // band: ascending; n edges make n+1 ranges, each edge the first of its range
	Value string             // constant
}

// Ages reports whether the treatment makes an age of a birth date.
func (t Treatment) Ages() bool {
	return t.Kind == dataset.AgeMonths || t.Kind == dataset.AgeYears || t.Kind == dataset.AgeBand
}

// Prohibitions are what every recipient is forbidden; an agreement repeats them so that they are read aloud. The first
// is an offence (Data Protection Act 2018 s171), the last a condition of processing for research (UK GDPR
// Article 84C(3)).
func Prohibitions() []string {
	return []string{"re-identification", "onward-sharing", "decisions-about-individuals"}
}
