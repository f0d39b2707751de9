package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

// lowered is the error of definitions that take a class down. It is a refusal, and it is every mistake of the files.
type lowered struct {
	refusal  *finding.Refusal
	problems document.Problems
}

func (l *lowered) Error() string    { return l.problems.Error() }
func (l *lowered) Unwrap() []error  { return []error{l.refusal, l.problems} }
func (l *lowered) NextStep() string { return l.refusal.Hint }

// asLowered makes the error of what is wrong with the files, in their order, and of the columns of a lowered class.
func asLowered(parsed []file, problems, columns document.Problems) error {
	place := make(map[string]int)
	for i, f := range parsed {
		place[f.name] = i
	}
	problems = append(problems, columns...)
	slices.SortStableFunc(problems, func(x, y document.Problem) int {
		return cmp.Or(cmp.Compare(place[x.File], place[y.File]), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column), cmp.Compare(x.Message, y.Message))
	})
	first := columns[0]
	return &lowered{problems: problems, refusal: finding.Refuse(finding.ClassLowered,
		"take that out: the class of a built-in column is only ever raised, by a file of "+apiClasses,
		"the council's own definitions take a class down, in %d places; the first is %s:%d:%d", len(columns), first.File, first.Line, first.Column)}
}

// lower records that the council's own definitions would take a class down. Beside it everything else that is wrong is
// told.
func (b *builder) lower(at *document.Value, message, hint string) {
	place := at.Place()
	if slices.ContainsFunc(b.lowered, func(p document.Problem) bool {
		return p.File == b.file && p.Line == place.Line && p.Column == place.Column
	}) {
		return // it stands for columns of several tables
	}
	b.lowered = append(b.lowered, document.Problem{
		File: b.file, Code: document.Code(finding.ClassLowered), Line: place.Line, Column: place.Column, Path: at.Path(), Message: message, Hint: hint,
	})
}

// heldUp holds the columns of a council's table to those of a built-in one in whose place it would stand: one of the same
// name, or one for which the same files would be taken. classes are where the table's columns say their classes.
func (b *builder) heldUp(t *Table, classes []*document.Value) {
	if !b.own {
		return
	}
	for _, other := range b.tables {
		if other.own || other.ID() != t.ID() && !likeFiles(t, other) {
			continue
		}
		for i, at := range classes {
			c := t.Columns[i]
			for _, was := range counterparts(other, c, t) {
				if classed(c) && !c.Class.AtLeast(was.Class) {
					b.lower(at, "the built-in column that this stands for is "+string(was.Class), "give it that class, or one that never leaves")
				}
			}
		}
	}
}

// classed reports whether a column has a class: one that could not be read is another mistake.
func classed(c *Column) bool { return c.Class.AtLeast(Ordinary) }

// likeFiles reports whether a council's source table would be taken for a built-in one: it has most of the columns that a
// file of that must have; or it is of the same elements of the same document.
func likeFiles(own, builtIn *Table) bool {
	switch {
	case own.Core() || builtIn.Core():
		return false
	case sameElements(own, builtIn):
		return true
	case !own.Delimited || !builtIn.Delimited:
		return false
	}
	must, has := 0, 0
	for _, c := range builtIn.Columns {
		if c.Optional || c.From != 0 || c.To != 0 {
			continue
		}
		must++
		if slices.ContainsFunc(own.Columns, c.meets) {
			has++
		}
	}
	return 2*has > must
}

// counterparts lists the built-in columns that a council's column stands for, or may stand for: one whose pattern fits the
// headers of several stands for each of them.
func counterparts(builtIn *Table, c *Column, own *Table) []*Column {
	var out []*Column
	if sameElements(own, builtIn) {
		if other := builtIn.at(own.element(c)); other != nil {
			out = append(out, other)
		}
	}
	if other := builtIn.columnLike(c.Name); other != nil {
		out = append(out, other)
	}
	for _, other := range builtIn.Columns {
		if c.meets(other) {
			out = append(out, other)
		}
	}
	return out
}

// raising is one column whose class a council raises.
type raising struct {
	file          string
	table, column string
	class         Class
	at            *document.Mapping
	done          bool
}

// raises reads a file of raised classes:
//
//	apiVersion: postern/classes/v1
//	title: What this council guards more than others
//	raise:
//	  - {table: children, column: uasc, class: special-category, why: It tells of a nationality}
//
// How a column is read does not change: nothing becomes free text, or a key.
func (b *builder) raises(f file) {
	root := f.root
	root.Text("title")
	var accepted []string
	for _, c := range Classes() {
		if c != FreeText && c != RecordIdentifier && c != Ordinary {
			accepted = append(accepted, string(c))
		}
	}
	for _, v := range root.Sequence("raise", document.NotEmpty()) {
		m := v.Mapping()
		r := &raising{file: f.name, at: m, table: m.String("table"), column: m.String("column"), class: Class(m.String("class", document.OneOf(accepted...)))}
		m.Text("why")
		m.Done()
		if r.table != "" && r.column != "" && r.class != "" {
			b.raised = append(b.raised, r)
		}
	}
	root.Done()
}

// raiseNow raises what is there by now: the columns of source tables before core tables are read, which inherit it.
func (b *builder) raiseNow(last bool) {
	for _, r := range b.raised {
		if r.done {
			continue
		}
		t := b.find(r.table)
		if t == nil {
			if last {
				r.at.Value("table").Problem("there is no such table", "name one as format/table, or a core table by its name")
			}
			continue
		}
		r.done = true
		b.file = r.file
		switch c := t.Column(r.column); {
		case c == nil:
			r.at.Value("column").Problem("the table has no such column", "name one of its columns")
		case c.Type == Key:
			r.at.Value("column").Problem("a key joins tables and never leaves", "take it out")
		case !r.class.AtLeast(c.Class):
			b.lower(r.at.Value("class"), fmt.Sprintf("the column is %s, and this would ask for less", c.Class),
				"choose one of: "+strings.Join(above(c.Class), ", "))
		default:
			c.raise(r.class)
			c.raised = true
		}
	}
}

// above lists the classes to which one can be raised.
func above(c Class) []string {
	var out []string
	for _, other := range Classes() {
		if other != c && other != FreeText && other != RecordIdentifier && other.AtLeast(c) {
			out = append(out, string(other))
		}
	}
	return out
}
