package export

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// tableName says what a table is about: "child in need plans", "looked after episodes", "missing (SSDA903)".
func (w wording) tableName(id string) string {
	format, name, ok := strings.Cut(id, "/")
	if !ok {
		return strings.NewReplacer("cin_", "child in need ", "cp_", "child protection ", "_", " ").Replace(oneLine(id))
	}
	return strings.ReplaceAll(oneLine(name), "_", " ") + " (" + formatName(format) + ")"
}

func formatName(format string) string {
	switch format {
	case "ssda903", "cin":
		return strings.ToUpper(format)
	case "giap", "giap_census":
		return "Get Information about Pupils"
	default:
		return strings.ReplaceAll(oneLine(format), "_", " ")
	}
}

// data lists the categories of personal data: for each table what is in it, each thing once.
func (w wording) data() []string {
	out := []string{}
	for i := range w.a.Tables {
		t := &w.a.Tables[i]
		var things []string
		for j := range t.Columns {
			if thing := w.thing(t, &t.Columns[j]); thing != "" && !slices.Contains(things, thing) {
				things = append(things, thing)
			}
		}
		out = append(out, w.tableName(t.ID)+": "+strings.Join(things, ", "))
	}
	return out
}

// source is the column of the definitions that a column is made from; nil for a constant.
func (w wording) source(t *agreement.Table, c *agreement.Column) *dataset.Column {
	table := w.catalogue.Table(t.ID)
	if table == nil || c.From == "" {
		return nil
	}
	return table.Column(c.From)
}

// thing names what one column tells, and what class of data that is.
func (w wording) thing(t *agreement.Table, c *agreement.Column) string {
	source := w.source(t, c)
	if source == nil {
		return ""
	}
	name := meaningSaid(source)
	switch c.Treatment.Kind {
	case dataset.Pseudonym:
		return "a code in the place of " + name
	case dataset.AgeMonths:
		return "age in months"
	case dataset.AgeYears:
		return "age in years"
	case dataset.AgeBand:
		return "age band"
	case dataset.Flag:
		name += " (as yes or no)"
	case dataset.DateTo:
		if c.Treatment.To != "day" {
			name += " (to the " + c.Treatment.To + ")"
		}
	}
	switch source.Class {
	case dataset.SpecialCategory:
		return name + " (special category)"
	case dataset.CriminalOffence:
		return name + " (criminal offence)"
	default:
		return name
	}
}

// meaningSaid is a column's meaning within a sentence: without what it says of empty cells, and its first letter small unless
// it begins a word in capitals.
func meaningSaid(c *dataset.Column) string {
	text, _, _ := strings.Cut(oneLine(c.Meaning), ", null ")
	text = strings.TrimSuffix(text, ".")
	r, n := utf8.DecodeRuneInString(text)
	next, _ := utf8.DecodeRuneInString(text[n:])
	if unicode.IsUpper(r) && !unicode.IsUpper(next) {
		text = string(unicode.ToLower(r)) + text[n:]
	}
	return text
}

// ofClass lists what leaves of a class.
func (w wording) ofClass(class dataset.Class) []string {
	var out []string
	for i := range w.a.Tables {
		t := &w.a.Tables[i]
		for j := range t.Columns {
			if source := w.source(t, &t.Columns[j]); source != nil && source.Class == class {
				if name := meaningSaid(source); !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

func (w wording) special() string {
	l, what := w.a.LawfulBasis, w.ofClass(dataset.SpecialCategory)
	condition := joinClauses(prefixed("UK GDPR Article ", l.Article9), prefixed("Data Protection Act 2018 Schedule 1, ", l.Schedule1), prefixed("policy document ", l.PolicyDocument))
	switch {
	case len(what) == 0 && condition == "":
		return "no special category data"
	case len(what) == 0:
		return condition
	default:
		return sayList(what) + ": " + orNotStated(condition)
	}
}

func (w wording) criminal() string {
	authority, what := oneLine(w.a.LawfulBasis.Article10), w.ofClass(dataset.CriminalOffence)
	switch {
	case len(what) == 0 && authority == "":
		return "no criminal-offence data"
	case len(what) == 0:
		return authority
	default:
		return sayList(what) + ": " + orNotStated(authority)
	}
}
