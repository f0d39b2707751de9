package dataset

import (
	"regexp"
	"slices"
	"sort"
)

// Class is what a column can do to the child behind it. It decides what may leave, whatever an agreement says. AtLeast
// orders the classes.
type Class string

// The classes. Special categories are those of UK GDPR Article 9, criminal offence data those of Article 10.
const (
	DirectIdentifier  Class = "direct-identifier"  // names a person: never leaves
	LinkageIdentifier Class = "linkage-identifier" // follows a child through tables: leaves only as a pseudonym
	QuasiIdentifier   Class = "quasi-identifier"   // singles a child out together with others
	SpecialCategory   Class = "special-category"   // Article 9: ethnicity, health, …
	CriminalOffence   Class = "criminal-offence"   // Article 10
	Sensitive         Class = "sensitive"          // not Article 9 or 10, still harmful
	Staff             Class = "staff"              // about a worker: never leaves
	FreeText          Class = "free-text"          // unbounded text: never leaves
	RecordIdentifier  Class = "record-identifier"  // joins tables inside the gateway: never leaves
	Ordinary          Class = "ordinary"           // about the return, not the child
)

// Classes lists every class.
func Classes() []Class {
	return []Class{DirectIdentifier, LinkageIdentifier, QuasiIdentifier, SpecialCategory, CriminalOffence, Sensitive,
		Staff, FreeText, RecordIdentifier, Ordinary}
}

// Releasable reports whether a column of the class can ever leave, treated.
func (c Class) Releasable() bool {
	switch c {
	case DirectIdentifier, FreeText, Staff, RecordIdentifier:
		return false
	default:
		return slices.Contains(Classes(), c)
	}
}

// Type is how the cells of a column are read.
type Type string

// The types. There is no free string among those that can leave: Text is read only to be refused.
const (
	Identifier  Type = "identifier"   // of the domain that Column.Identifier names
	Code        Type = "code"         // one of Column.Codes
	Date        Type = "date"         // a day of the calendar
	PartialDate Type = "partial-date" // a day, or ZZ for what is not known: ZZ/05/2014
	Integer     Type = "integer"      // between Min and Max
	Boolean     Type = "boolean"      // 0/1 or false/true
	Text        Type = "text"         // anything; never leaves
	Key         Type = "key"          // names a record within its extract, to join tables inside the gateway; never leaves
)

// Types lists every type.
func Types() []Type { return []Type{Identifier, Code, Date, PartialDate, Integer, Boolean, Text, Key} }

// Forms of dates that a format may have.
const (
	DateUK  = "DD/MM/YYYY"
	DateISO = "YYYY-MM-DD"
	// DateCensus is how extracts of the school census write a day: 2024-Oct-16 00:00:00.
	DateCensus = "YYYY-MON-DD 00:00:00"
	// Times are read and dropped; seconds may have a fraction. After those of the first form may stand a Z: then the time is
	// Universal Time, and the day that of London.
	DateTimeISO   = "YYYY-MM-DDTHH:MM:SS"
	DateTimeSpace = "YYYY-MM-DD HH:MM:SS"
	// What reports of case systems have. A year of two digits is in none: 01/02/03 is any of six days.
	DateDashes    = "DD-MM-YYYY"
	DateTimeUK    = "DD/MM/YYYY HH:MM" // seconds may follow
	DateMonthName = "D MON YYYY"       // 3 Mar 2024, 03 March 2024
	DateDigits    = "YYYYMMDD"
)

// DateForms lists every form of dates.
func DateForms() []string {
	return []string{DateUK, DateISO, DateCensus, DateTimeISO, DateTimeSpace, DateDashes, DateTimeUK, DateMonthName, DateDigits}
}

// Treatments that the closed list of the agreement format has and that a column may permit.
const (
	Pseudonym = "pseudonym"
	Keep      = "keep"
	AgeMonths = "age_months"
	AgeYears  = "age_years"
	AgeBand   = "age_band"
	DateTo    = "date"
	DaysSince = "days_since"
	CodeMapTo = "code_map"
	Flag      = "flag"
	Band      = "band"
	Constant  = "constant" // takes no column: no column permits it
)

// defaultTreatments are those a column permits when its definition does not say.
func defaultTreatments(t Type, c Class) []string {
	if !c.Releasable() {
		return nil
	}
	switch t {
	case Identifier:
		return []string{Pseudonym}
	case Code:
		return []string{Keep, CodeMapTo, Flag}
	case Date:
		return []string{DateTo, DaysSince}
	case PartialDate:
		return []string{DateTo}
	case Integer:
		return []string{Keep, Band}
	case Boolean:
		return []string{Keep}
	default:
		return nil
	}
}

// CodeValue is one code of a column's closed list, with the collection years in which the return has it.
type CodeValue struct {
	Value   string
	Meaning string
	From    int // first collection year, 0 for any
	To      int // last collection year, 0 for any
}

// In reports whether the code is of a collection year. Year 0 (not known, or harmonised) has every code.
func (c CodeValue) In(year int) bool {
	return year == 0 || (c.From == 0 || year >= c.From) && (c.To == 0 || year <= c.To)
}

// Column is one column of a table.
type Column struct {
	Name       string         // as the return writes it; harmonised columns in lower case
	Header     string         // of a text format: how the header line writes the name, where that is no name of a definition
	Headers    []string       // other names that a header line may have for it
	Like       *regexp.Regexp // fits, whole and folded, headers that vary more than a list of names can say; nil for none
	Type       Type
	Class      Class
	Meaning    string      // one plain sentence, for the data dictionary
	Identifier string      // the pseudonymisation domain of an Identifier, such as child/la-child-id
	Codes      []CodeValue // of a Code column, sorted by value
	Min, Max   int32       // of an Integer column, both inclusive
	From, To   int         // collection years in which the return has the column, 0 for open
	Required   bool        // an empty cell keeps the row back
	Optional   bool        // the column may be absent from a file's header
	Treatments []string    // what an agreement may do to it; empty for a column that never leaves
	Path       string      // of an XML format: where the cell stands, seen from the row's element
	NotBefore  string      // a date column of the same table that this date may not precede
	Dates      []string    // of a Date column: how its cells are written, where that is not as the format's others; nil for these
	Of         []string    // of a table that is made of another one: the columns of that one which this is told from
	YesNo      bool        // of a Boolean column: cells may also be Y and N, yes and no
	InYear     bool        // a date that says which collection year a row is of: that of its file, or the row is kept back

	folded    []string   // its names in a header line, folded, once it is read
	spellings *Spellings // of a Code column: what its cells may be beside codes; nil for codes only
	raised    bool       // the council has raised its class
}

// Code returns the position of a code in the column's sorted list and whether it is of the collection year.
// The position is -1 for a code that no year has.
func (c *Column) Code(value string, year int) (int, bool) {
	i := sort.Search(len(c.Codes), func(i int) bool { return c.Codes[i].Value >= value })
	if i == len(c.Codes) || c.Codes[i].Value != value {
		return -1, false
	}
	return i, c.Codes[i].In(year)
}

// Heading is the name of the column in the header line of a file.
func (c *Column) Heading() string {
	if c.Header != "" {
		return c.Header
	}
	return c.Name
}

// Permits reports whether an agreement may name the treatment for the column.
func (c *Column) Permits(treatment string) bool { return slices.Contains(c.Treatments, treatment) }

// IsBirthDate reports whether the column is a date that leaves only as an age.
func (c *Column) IsBirthDate() bool {
	return c.Type == Date && c.Permits(AgeMonths) && !c.Permits(DateTo)
}

// In reports whether the return of a collection year has the column.
func (c *Column) In(year int) bool {
	return year == 0 || (c.From == 0 || year >= c.From) && (c.To == 0 || year <= c.To)
}
