package agreement

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

// output is a column that leaves, with what the rules need to know of it.
type output struct {
	table  *dataset.Table
	column *dataset.Column // nil for a constant
	name   string
	how    Treatment
	joint  bool
	at     *document.Value // its treatment
	event  *document.Value // of days_since
	codes  []listedCode    // of flag and keep, as listed
}

func (r *reader) tables(root *document.Mapping) {
	m := root.Mapping("tables")
	entries := m.Entries()
	if len(entries) == 0 && !m.Broken() {
		m.Fault(document.EmptyValue, "names no table", "an agreement lists every table and column that leaves")
	}
	files := make(map[string]bool)
	for _, e := range entries {
		t := r.catalogue.Table(e.Key)
		file := strings.ReplaceAll(e.Key, "/", "_") // as a drop names it
		switch {
		case t != nil && files[file]:
			e.Known()
			e.Problem("another table of the agreement leaves in a file of the same name, "+file, "leave one of the two out")
		case t != nil:
			e.Known()
		case !tableIDPattern.MatchString(e.Key):
			e.Fault(document.WrongForm, "is no name of a table", r.tableHint())
		default:
			e.Problem("there is no such table in the dataset definitions", r.tableHint())
		}
		files[file] = true
		columns := e.Value.Mapping()
		out := Table{}
		if t != nil {
			out.ID = t.ID()
		}
		names := make(map[string]bool)
		entries := columns.Entries()
		if len(entries) == 0 && !columns.Broken() {
			columns.Fault(document.EmptyValue, "names no column", "leave the table out, or list the columns that leave")
		}
		for _, c := range entries {
			out.Columns = append(out.Columns, r.column(c, t))
			folded := strings.ToLower(c.Key)
			if names[folded] {
				c.Problem("differs from another column of the table in capital letters only", "most tools take them for one: choose another name")
			}
			names[folded] = true
		}
		r.a.Tables = append(r.a.Tables, out)
	}
}

func (r *reader) column(e *document.Entry, t *dataset.Table) Column {
	named := outputPattern.MatchString(e.Key)
	if !named {
		e.Fault(document.WrongForm, "is no name of a column that leaves", "use a letter, then letters, digits and underscores, at most 63")
	}
	var source *dataset.Column
	if t != nil {
		if source = t.Column(e.Key); source != nil {
			e.Known()
		}
	}
	m := e.Value.Mapping()
	out := Column{Name: e.Key, From: e.Key}
	kind := m.Value("treatment")
	from := m.Value("from", document.Optional())
	constant := false
	o := output{table: t, name: e.Key, at: kind}
	out.Treatment, constant = r.treatment(m, kind, &o)
	switch {
	case constant && m.Has("from"):
		from.Fault(document.UnknownKey, "a constant comes from no column", "leave out from")
		out.From = ""
	case constant:
		out.From = ""
	case m.Has("from"):
		source = r.columnNamed(from, t)
	case t != nil && source == nil && named && !m.Broken():
		e.Problem("there is no such column in table "+t.ID(), "name the source column with from; "+columnHint(t))
	}
	if constant {
		source = nil
	}
	if source != nil {
		out.From = source.Name
	}
	out.Why = m.Text("why", document.Optional(), document.MaxLength(500))
	out.JointFineness = m.Text("joint_fineness", document.Optional(), document.MaxLength(500))
	m.Done()
	if source != nil {
		r.permitted(m, kind, source, &out.Treatment, &o)
	}
	if t != nil && (source != nil || constant) {
		o.column, o.how, o.joint = source, out.Treatment, m.Has("joint_fineness")
		r.outputs = append(r.outputs, o)
	}
	return out
}

// permitted holds one column to its own definition; what columns may not do together is in rules.
func (r *reader) permitted(m *document.Mapping, kind *document.Value, c *dataset.Column, how *Treatment, o *output) {
	switch {
	case !c.Class.Releasable():
		at := kind
		if m.Has("from") {
			at = m.Value("from")
		}
		at.Problem(neverLeaves(c.Class), "remove it from the agreement")
		return
	case how.Kind == "":
		return
	case o.table != nil && o.table.Marks(c.Name):
		kind.Problem("this column says what was given in confidence, and never leaves", "remove it from the agreement")
		return
	case c.Class == dataset.LinkageIdentifier && how.Kind != dataset.Pseudonym:
		kind.Problem("an identifier leaves only as a pseudonym", "write treatment: pseudonym, or remove the column")
		return
	case c.IsBirthDate() && !how.Ages():
		kind.Problem("a birth date leaves only as an age", "choose age_months, age_years or age_band")
		return
	case !c.Permits(how.Kind):
		kind.Problem("this treatment is not permitted for the column", "permitted: "+strings.Join(c.Treatments, ", "))
		return
	case !fits(how.Kind, c.Type):
		kind.Problem("this treatment does not fit a column of type "+string(c.Type), "")
		return
	}
	r.parameters(m, c, how, o)
}

// fits reports whether a treatment can be done to the cells of a type, whatever a definition permits.
func fits(kind string, t dataset.Type) bool {
	switch kind {
	case dataset.Pseudonym:
		return t == dataset.Identifier
	case dataset.Keep:
		return t == dataset.Code || t == dataset.Boolean || t == dataset.Integer
	case dataset.AgeMonths, dataset.AgeYears, dataset.AgeBand, dataset.DaysSince:
		return t == dataset.Date
	case dataset.DateTo:
		return t == dataset.Date || t == dataset.PartialDate
	case dataset.CodeMapTo, dataset.Flag:
		return t == dataset.Code
	case dataset.Band:
		return t == dataset.Integer
	default:
		return false
	}
}
