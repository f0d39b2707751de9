package dataset

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

// guards holds a core column to what its source may do: else a council's core table would release what the format's own
// definition holds back.
func (b *builder) guards(at *document.Value, source, to *Column) {
	b.guardsCells(at, source, to)
	if !to.Class.Releasable() || !source.Class.Releasable() {
		return
	}
	if b.inherits(source) {
		to.Treatments = slices.DeleteFunc(slices.Clone(to.Treatments), func(t string) bool { return !source.Permits(t) })
	}
	for _, treatment := range to.Treatments {
		if !source.Permits(treatment) {
			at.Problem("the core column permits a treatment that its source does not",
				"list under its treatments only some of: "+strings.Join(source.Treatments, ", "))
			return
		}
	}
}

// guardsCells is guards for a core column that is made of its source's cells in a way that shows none of them.
func (b *builder) guardsCells(at *document.Value, source, to *Column) {
	b.guardsClass(at, source, to, "the core column is of a weaker class than its source",
		"give the core column the class "+string(source.Class)+", or feed it from another column")
}

// guardsClass holds a core column to a class that is at least its source's. A built-in one inherits what the council has
// raised; of the council's own, a lower class is refused.
func (b *builder) guardsClass(at *document.Value, source, to *Column, message, hint string) {
	switch {
	case to.Class.AtLeast(source.Class) || !classed(source) || !classed(to):
	case b.inherits(source):
		to.raise(join(to.Class, source.Class))
		to.raised = true // a table that is made of this one inherits it too
	case b.own && b.late:
		b.lower(at, message, "raise the core column to "+string(source.Class)+" in a file of "+apiClasses+", or feed it from another column")
	case b.own:
		b.lower(at, message, hint)
	default:
		at.Problem(message, hint)
	}
}

// inherits reports whether a core table that is being read takes over a column's class: it is built in, and the council
// has raised the class.
func (b *builder) inherits(source *Column) bool { return source.raised && !b.own }

func (b *builder) sameClass(at *document.Value, from *Table, to *Column, names ...string) {
	for _, name := range names {
		if c := from.Column(name); c != nil {
			b.guardsCells(at, c, to)
		}
	}
}

// guardsPresence holds a core column to what it says of a child to be in a table at all: something sensitive, and whatever
// each row of the table must say.
func (b *builder) guardsPresence(at *document.Value, from *Table, to *Column) {
	b.guardsClass(at, &Column{Class: Sensitive}, to, "that a child is in the table says something of the child, and the core column is of a weaker class than that",
		"give the core column the class "+string(Sensitive)+", or one above it")
	for _, c := range from.Columns {
		if c.Required && (c.Class == SpecialCategory || c.Class == CriminalOffence) {
			b.guardsCells(at, c, to)
		}
	}
}
