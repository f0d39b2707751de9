package draft

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// describe judges every column by its header and what was counted of its cells.
func describe(header []string, seen []observed, catalogue *dataset.Catalogue, looked bool) []Column {
	lists := listsOf(catalogue)
	taken := map[string]bool{dataset.CollectionYear: true, dataset.CensusTerm: true, "in_confidence": true}
	times := make(map[string]int)
	for _, name := range header {
		times[dataset.Fold(name)]++
	}
	out := make([]Column, len(header))
	for i := range header {
		c := &out[i]
		c.Number, c.Header, c.words = i+1, header[i], wordsOf(header[i])
		c.Distinct, c.longest = seen[i].distinct.count(), seen[i].longest
		switch {
		case c.Header == "":
			c.Skip = "it has no name in the header line"
		case times[dataset.Fold(c.Header)] > 1:
			c.Skip = "another column has the same name: have the report give each its own"
		case taken[dataset.Fold(c.Header)]:
			c.Skip = "every table has a column of this name already"
		case len(c.Header) > 120:
			c.Skip = "its name is too long"
		case !looked && capitals(strings.Fields(c.Header)) && len(strings.Fields(c.Header)) > 1 && len(strings.Fields(c.Header)) < 4 && !known(c.words):
			c.Skip = "its name looks like that of a person: have the report call it otherwise, or say with --headed that it is none"
		}
		if c.Skip != "" {
			continue
		}
		c.Name = nameOf(c.Header, c.Number, taken)
		c.judge(&seen[i], lists)
		c.remark(&seen[i])
	}
	oneChild(out)
	return out
}

// judge settles type and class. What is told for certain by the cells comes first, then what the header says.
func (c *Column) judge(o *observed, lists []list) {
	r := roleOf(c.words)
	if r != nil {
		c.Class, c.Meaning, c.told = r.class, r.meaning, r.class != ""
	}
	is := func(names ...string) bool { return r != nil && slices.Contains(names, r.is) }
	switch {
	case o.filled == 0:
		c.Type = dataset.Text
		c.note("all cells are empty in the sample")
		if r == nil || !r.text {
			c.Class, c.Meaning = "", ""
		}
	case o.most(o.upn, 60), is("upn"):
		c.identifier(identifier.UPN, dataset.DirectIdentifier, "Unique pupil number")
	case o.most(o.nhs, 80), is("nhs"):
		c.identifier(identifier.NHSNumber, dataset.DirectIdentifier, "NHS number")
	case is("uln"):
		c.identifier(identifier.ULN, dataset.DirectIdentifier, "Unique learner number")
	case o.most(o.worker, 60):
		c.text(dataset.Staff, "Registration number of a social worker")
	case o.most(o.email, 30):
		c.text(dataset.DirectIdentifier, "E-mail address")
	case o.most(o.postcode, 40):
		c.text(dataset.DirectIdentifier, "Postcode")
	case o.most(o.phone, 60) && !o.most(o.dates(), 50):
		c.text(dataset.DirectIdentifier, "Telephone number")
	case o.zoned > 0 && o.most(o.zoned+o.dates(), 80):
		c.Type, c.Class = dataset.PartialDate, dataset.QuasiIdentifier
	case o.most(o.dates(), 80):
		c.date(o, is("birth"))
	case o.most(o.shortYear+o.dates(), 80):
		c.text(dataset.QuasiIdentifier, c.Meaning)
		c.note("dates with a year of two digits, or a day or month of one, are not read: have the report write four and two")
	case is("child"):
		c.identifier(identifier.LAChildID, dataset.LinkageIdentifier, r.meaning)
		if !o.most(o.childLike, 95) {
			c.note("%s of the cells cannot be a child's number", few(o.filled-o.childLike))
		}
	case r != nil && r.text:
		c.Type = dataset.Text
	case c.known(o, lists):
	default:
		c.byShape(o, r)
	}
}

// byShape judges a column of which neither a known list nor its header tells what it is.
func (c *Column) byShape(o *observed, r *role) {
	truths := o.bit + o.truth + o.yes
	counts := r != nil && r.is == "count"
	switch {
	case o.most(truths, 95) && !(counts && o.most(o.bit, 95)):
		c.Type, c.YesNo = dataset.Boolean, o.yes > 0
		c.otherwise(dataset.Sensitive)
	case o.most(o.whole, 95) && (r != nil && r.is == "record" || o.zeroed > 0 || o.least >= 100_000 || o.greatest > 999_999_999 || o.least < -999_999_999):
		c.key("whole numbers that look like the number of something")
	case o.most(o.whole, 95):
		c.Type, c.Negative = dataset.Integer, o.least < 0
		for c.Max = 10; c.Max < o.greatest || c.Negative && c.Max < -o.least; {
			c.Max *= 10
		}
		c.otherwise(dataset.Sensitive)
	case o.most(o.decimal+o.whole, 95):
		c.text(c.Class, c.Meaning)
		c.otherwise(dataset.Sensitive)
		c.note("numbers with a decimal point or thousands' commas are read as text, which never leaves")
	case r != nil && r.is == "record":
		c.key("each names a record")
	case o.few() && r == nil && o.most(o.person, 60) && !known(c.words):
		c.text(dataset.DirectIdentifier, "")
		c.note("looks like names of people; if they are the labels of a list: type code, with that list")
	case o.few():
		c.Type, c.codes = dataset.Code, true
		c.otherwise(dataset.Sensitive)
		if o.longest > 40 {
			c.note("the longest value has more than 40 characters: give short codes to the list, and write what the report writes as their spellings under aliases")
		}
		if o.most(o.person, 60) {
			c.note("values look as names do: if they are people's, the type is text and the class direct-identifier, or staff of workers")
		}
	case o.most(o.person, 60) && o.words < 4*o.filled:
		c.text(dataset.DirectIdentifier, "")
		c.note("looks like names of people")
	case o.words == o.filled && o.most(o.childLike, 80):
		c.key("each looks like the number of something")
	default:
		c.text(dataset.FreeText, "")
		c.note("looks like free text")
	}
}

// few reports whether a column may be one of codes: few different values, each of them short.
func (o *observed) few() bool {
	n := int64(len(o.values))
	return !o.manyValues && n > 0 && n <= 80 && o.longest <= longestCode && (n <= 12 || 4*n <= o.filled)
}

func (c *Column) identifier(kind identifier.Kind, class dataset.Class, meaning string) {
	c.Type, c.Identifier, c.Class, c.Meaning = dataset.Identifier, string(kind), class, meaning
	c.note("identifies a person")
}

func (c *Column) text(class dataset.Class, meaning string) {
	c.Type, c.Class, c.Meaning = dataset.Text, class, meaning
}

func (c *Column) key(why string) {
	c.Type, c.Class = dataset.Key, dataset.RecordIdentifier
	if c.Meaning == "" || c.Meaning != "Number of the record in the system" {
		c.Meaning = ""
	}
	c.note("%s; if it is the authority's own number for the child: type identifier, identifier child/la-child-id, class linkage-identifier", why)
}

// otherwise is the class where the header said none.
func (c *Column) otherwise(class dataset.Class) {
	if c.Class == "" || !c.Class.Releasable() && c.Class != dataset.Staff {
		c.Class = class
	}
}

func (c *Column) date(o *observed, birth bool) {
	c.Type, c.Class = dataset.Date, dataset.QuasiIdentifier
	forms := dataset.DateForms()
	var found []int
	for i := range forms {
		if o.forms[i] > 0 {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int { return int(o.forms[b] - o.forms[a]) })
	for _, i := range found {
		c.Dates = append(c.Dates, forms[i])
	}
	if len(c.Dates) > 1 {
		c.note("dates are written in %d forms: have the report write one", len(c.Dates))
	}
	if other := o.filled - o.dates(); other > 0 {
		c.note("%s of the cells are no dates that can be read: their rows are kept back", few(other))
	}
	if birth {
		c.Treatments = []string{dataset.AgeMonths, dataset.AgeYears, dataset.AgeBand}
	}
	if !birth || has(c.words, "mother*", "father*", "parent*", "carer*", "sibling*", "partner*") {
		c.Meaning = ""
	}
}

// remark adds what holds of any column.
func (c *Column) remark(o *observed) {
	if o.broken > 0 {
		c.note("%s of the cells are not UTF-8: save the report as CSV UTF-8", few(o.broken))
	}
	if o.absent > 0 && c.Type != dataset.Text && c.Type != dataset.Identifier {
		c.note("%s of the cells say in a word that there is nothing, such as N/A: have the report leave them empty", few(o.absent))
	}
	switch c.Type {
	case dataset.Integer:
		if other := o.filled - o.whole; other > 0 {
			c.note("%s of the cells are no whole numbers: their rows are kept back", few(other))
		}
	case dataset.Boolean:
		if other := o.filled - o.bit - o.truth - o.yes; other > 0 {
			c.note("%s of the cells say neither: their rows are kept back", few(other))
		}
	}
}

// few is a count in words that tell its size.
func few(n int64) string {
	if n < 10 {
		return "fewer than ten"
	}
	return fmt.Sprintf("about %d", n/10*10)
}

func (c *Column) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

// oneChild leaves one column as the child's number: the one with the most values. Others name somebody else.
func oneChild(columns []Column) {
	best := -1
	for i := range columns {
		if columns[i].child() && (best < 0 || columns[i].Distinct > columns[best].Distinct) {
			best = i
		}
	}
	for i := range columns {
		if columns[i].child() && i != best {
			columns[i].Class = dataset.DirectIdentifier
			columns[i].Meaning = ""
			columns[i].note("another column looks more like the child's number; whose is this?")
		}
	}
}

// child reports whether the column is the authority's own number for a child.
func (c *Column) child() bool {
	return c.Type == dataset.Identifier && c.Identifier == string(identifier.LAChildID) && c.Class == dataset.LinkageIdentifier
}
