package agreement

import (
	"reflect"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// rules checks what columns may not do together (design: agreement.md, "What treatments may be combined"). What the
// classes of what leaves ask of the rest of the agreement is for Checks.
func (r *reader) rules() {
	r.oneAge()
	r.oneOutput()
	r.oneDomain()
	r.indexEventsUsed()
	r.childrenOnly()
}

// oneAge: ages at two finenesses, or of two tables, narrow the birth date.
func (r *reader) oneAge() {
	first := true
	for _, o := range r.outputs {
		if !o.how.Ages() {
			continue
		}
		if !first {
			o.at.Problem("is a second age: an agreement releases one", "keep the age of one table and remove this one")
		}
		first = false
	}
}

// origin is a column of a return: what columns of core tables are filled from.
type origin struct{ table, column string }

// origins are the columns of returns whose values a column shows: its own for a column of a return.
func (r *reader) origins(t *dataset.Table, c *dataset.Column) []origin {
	out := []origin{{t.ID(), c.Name}}
	for _, name := range t.Shown(c) {
		if of := t.Made.Table.Column(name); of != nil {
			out = append(out, r.origins(t.Made.Table, of)...)
		}
	}
	for i := range t.Sources {
		if table, from, shown := t.Sources[i].Shown(c.Name); shown {
			out = append(out, origin{table, from})
		}
	}
	return out
}

// oneOutput: two coarse views of one value can undo each other. Pseudonyms are no views, the same treatment in another
// table shows nothing more, and ages have their own rule.
func (r *reader) oneOutput() {
	seen := make(map[origin][]output)
	for _, o := range r.outputs {
		if o.column == nil || o.how.Kind == dataset.Pseudonym || o.how.Kind == "" || o.how.Ages() {
			continue
		}
		first := ""
		for _, from := range r.origins(o.table, o.column) {
			for _, other := range seen[from] {
				again := other.table == o.table && (o.table.Made == nil || other.column == o.column) // a table made of another has several dates of one column
				if other.table == o.table && o.table.Grouped(o.column.Name) && o.table.Grouped(other.column.Name) {
					continue // groups that the definitions make of the codes
				}
				if first == "" && (again || !reflect.DeepEqual(other.how, o.how)) {
					first = other.table.ID() + "." + other.column.Name
				}
			}
			seen[from] = append(seen[from], o)
		}
		if first != "" && !o.joint {
			o.at.Problem("is a second output of the same source column as "+first,
				"remove it, or state under joint_fineness what both tell together and why that is needed")
		}
	}
}

// oneDomain: a child's codes under two identifiers, in one agreement, would join what adoption keeps apart.
func (r *reader) oneDomain() {
	first := make(map[string]string)
	for _, o := range r.outputs {
		if o.how.Kind != dataset.Pseudonym || o.column == nil {
			continue
		}
		entity, _, _ := strings.Cut(o.column.Identifier, "/")
		switch domain, seen := first[entity]; {
		case !seen:
			first[entity] = o.column.Identifier
		case domain != o.column.Identifier:
			o.at.Problem("a "+entity+" has a pseudonym from "+domain+" already; this one is from "+o.column.Identifier,
				"an agreement releases one pseudonym of each child, school or worker")
		}
	}
}

// indexEventsUsed: days since an event and the event's date, at any fineness, give the other date back.
func (r *reader) indexEventsUsed() {
	for _, o := range r.outputs {
		if o.how.Kind != dataset.DaysSince || o.how.Event == "" {
			continue
		}
		i := slices.IndexFunc(r.events, func(e event) bool { return e.name == o.how.Event })
		if i < 0 {
			o.event.Problem("there is no such index event", "name it under index_events with its table, column and pick")
			continue
		}
		e := r.events[i]
		if e.table == nil || e.column == nil {
			continue
		}
		event := r.origins(e.table, e.column)
		dated := slices.ContainsFunc(r.outputs, func(d output) bool {
			return d.how.Kind == dataset.DateTo && d.column != nil && slices.ContainsFunc(r.origins(d.table, d.column),
				func(from origin) bool { return slices.Contains(event, from) })
		})
		if dated {
			o.event.Problem("the date of this event leaves as well, and the two give away more than either",
				"remove the dated column or the days since it")
		}
	}
}

// childrenOnly: of a table that says of no row which child it is about, no child can be left out: one who is not of the
// cohort, or objects, would leave all the same. Core tables say it of such rows.
func (r *reader) childrenOnly() {
	reported := make(map[*dataset.Table]bool)
	for _, o := range r.outputs {
		if o.table.ChildID == "" && !reported[o.table] {
			reported[o.table] = true
			o.at.Problem("this table does not say which child a row is about, so no child could be left out of it",
				"name the core table that is made of it instead")
		}
	}
}
