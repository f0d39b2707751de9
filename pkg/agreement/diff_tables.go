package agreement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

func (c *comparing) tables() {
	id := func(t Table) string { return t.ID }
	lists(c.was.Tables, c.is.Tables, id, func(key string, was, is *Table) {
		what := "tables." + key
		switch {
		case was == nil:
			c.note(wider, what, "The table %s now leaves, with %s: %s.", key, counted(len(is.Columns), "column"), c.columnList(is))
		case is == nil:
			c.note(narrower, what, "The table %s no longer leaves. It had %s: %s.", key, counted(len(was.Columns), "column"), c.columnList(was))
		default:
			c.columns(what, c.catalogue.Table(is.ID), was, is)
		}
	})
}

// counted writes a number with its noun: 1 column, 2 columns.
func counted(n int, noun string) string {
	switch {
	case n == 1:
	case noun == "child":
		noun = "children"
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ay"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// columnList names the columns of a table, and of those of a class that people ask about, the class.
func (c *comparing) columnList(t *Table) string {
	definition := c.catalogue.Table(t.ID)
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name + marked(sourceOf(definition, &t.Columns[i]))
	}
	return strings.Join(names, ", ")
}

// sourceOf finds the source column of a column; nil for a constant, and for what is not in the definitions.
func sourceOf(t *dataset.Table, c *Column) *dataset.Column {
	if t == nil || c.From == "" {
		return nil
	}
	return t.Column(c.From)
}

// marked says of a column that its class is one of UK GDPR Articles 9 or 10.
func marked(c *dataset.Column) string {
	switch {
	case c == nil:
		return ""
	case c.Class == dataset.SpecialCategory:
		return " (special category)"
	case c.Class == dataset.CriminalOffence:
		return " (criminal-offence data)"
	default:
		return ""
	}
}

func (c *comparing) columns(table string, definition *dataset.Table, was, is *Table) {
	name := func(c Column) string { return c.Name }
	lists(was.Columns, is.Columns, name, func(key string, was, is *Column) {
		what := table + "." + key
		label := strings.TrimPrefix(what, "tables.")
		switch {
		case was == nil:
			source := sourceOf(definition, is)
			why := ""
			if is.Why != "" {
				why = " Why: " + is.Why + "."
			}
			c.note(wider, what, "%s now leaves%s: %s.%s", label, marked(source), Leaves(is.Treatment, source), why)
		case is == nil:
			c.note(narrower, what, "%s no longer leaves. It was: %s.", label, Leaves(was.Treatment, sourceOf(definition, was)))
		default:
			c.column(what, label, definition, was, is)
		}
	})
}

func (c *comparing) column(what, label string, definition *dataset.Table, was, is *Column) {
	before := len(c.d.Widened) + len(c.d.Narrowed) + len(c.d.Changed)
	unchanged := c.d.Unchanged
	source, earlier := sourceOf(definition, is), sourceOf(definition, was)
	constant := was.Treatment.Kind == dataset.Constant || is.Treatment.Kind == dataset.Constant
	if was.From != is.From && !constant {
		c.note(unclear, what, "%s is now made from %s. It was made from %s.", label, is.From, was.From)
	}
	if source == nil {
		source = earlier // of a constant now
	}
	f := fineness{catalogue: c.catalogue, column: source}
	if to := f.compare(was.Treatment, is.Treatment); to != alike {
		more := ""
		if to == wider {
			more = ", which tells more"
		}
		now, then := Leaves(is.Treatment, source), Leaves(was.Treatment, earlier)
		if now == then {
			c.note(to, what, "%s leaves by other parameters than before: %s.", label, now)
		} else {
			c.note(to, what, "%s now leaves as %s%s. It was: %s.", label, now, more, then)
		}
	}
	c.text(otherwise, what, "The reason why "+label+" is needed", was.Why, is.Why)
	switch w, i := was.JointFineness, is.JointFineness; {
	case w == "" && i != "":
		c.note(wider, what, "%s may now leave beside another output of the same column: %s.", label, i)
	case w != "" && i == "":
		c.note(narrower, what, "%s may no longer leave beside another output of the same column.", label)
	default:
		c.text(unclear, what, "Why "+label+" leaves beside another output of the same column", w, i)
	}
	c.d.Unchanged = unchanged // a column counts once, as a whole
	if len(c.d.Widened)+len(c.d.Narrowed)+len(c.d.Changed) == before {
		c.d.Unchanged++
	}
}

func (c *comparing) indexEvents() {
	name := func(e IndexEvent) string { return e.Name }
	say := func(e *IndexEvent) string {
		return fmt.Sprintf("the %s %s of the child in %s", e.Pick, e.Column, e.Table)
	}
	lists(c.was.IndexEvents, c.is.IndexEvents, name, func(key string, was, is *IndexEvent) {
		what := "index_events." + key
		switch {
		case was == nil:
			c.note(wider, what, "Days may now be counted from %s: %s.", key, say(is))
		case is == nil:
			c.note(narrower, what, "Days are no longer counted from %s.", key)
		default:
			c.text(unclear, what, "The day from which "+key+" counts", say(was), say(is))
		}
	})
}

func (c *comparing) cohort() {
	w, i := c.was.Cohort, c.is.Cohort
	switch {
	case w == nil && i == nil:
		c.d.Unchanged++
		return
	case w == nil:
		c.note(narrower, "cohort", "Only some children are now shared: %s.", i.inWords())
		return
	case i == nil:
		c.note(wider, "cohort", "Every child is now shared. It was only: %s.", w.inWords())
		return
	}
	c.text(unclear, "cohort.table", "The table that says which children are shared", w.Table, i.Table)
	column := func(c Condition) string { return c.Column }
	lists(w.Where, i.Where, column, func(key string, was, is *Condition) {
		what := "cohort.where." + key
		switch {
		case was == nil:
			c.note(narrower, what, "Children are now shared only if %s.", is.inWords())
		case is == nil:
			c.note(wider, what, "Children are now shared whatever their %s. It was only if %s.", key, was.inWords())
		default:
			c.condition(what, was, is)
		}
	})
}

func (c *comparing) condition(what string, was, is *Condition) {
	from := orderedOpen(was.From, is.From)
	if was.From != nil && is.From != nil {
		from = from.flipped() // earlier is wider
	}
	c.became(from, what, "The first "+is.Column+" of children who are shared", spokenOr(was.From), spokenOr(is.From))
	c.openDay(what, "The last "+is.Column+" of children who are shared", was.To, is.To)
	switch {
	case len(was.In) == 0 && len(is.In) == 0:
	case len(was.In) == 0:
		c.note(narrower, what, "Children are now shared only if their %s is %s.", is.Column, either(is.In))
	case len(is.In) == 0:
		c.note(wider, what, "Children are now shared whatever the code of their %s. It was only %s.", is.Column, either(was.In))
	default:
		c.words(wider, what, "Children are now shared whose "+is.Column+" is %s.", "Children are no longer shared whose "+is.Column+" is %s.", was.In, is.In)
	}
}

func (c *comparing) release() {
	c.became(ranked(c.was.Release.Profile, c.is.Release.Profile, "secure", "partner", "wide"), "release.profile", "The release profile", c.was.Release.Profile, c.is.Release.Profile)
	// One that is not measured because its column does not leave is told of with the column.
	was := slices.DeleteFunc(slices.Clone(c.was.Release.QuasiIdentifiers), func(q string) bool { return !c.is.releases(q) && c.was.releases(q) })
	is := slices.DeleteFunc(slices.Clone(c.is.Release.QuasiIdentifiers), func(q string) bool { return !c.was.releases(q) && c.is.releases(q) })
	c.words(narrower, "release.quasi_identifiers", "%s now counts when it is measured how easily a child is singled out.",
		"%s no longer counts when it is measured how easily a child is singled out.", was, is)
}

// releases reports whether table.column leaves.
func (a *Agreement) releases(name string) bool {
	return slices.ContainsFunc(a.Tables, func(t Table) bool {
		return slices.ContainsFunc(t.Columns, func(c Column) bool { return t.ID+"."+c.Name == name })
	})
}

func (c *comparing) pseudonyms() {
	was, is := &c.was.Pseudonyms, &c.is.Pseudonyms
	c.text(unclear, "pseudonyms.scheme", "How codes are made", was.Scheme, is.Scheme)
	if was.Epoch == is.Epoch {
		c.d.Unchanged++
	} else {
		c.note(otherwise, "pseudonyms.epoch", "Codes are now made with code key, version %d; it was version %d. Every child gets another code, and the "+
			"recipient can no longer tell which children of new deliveries are which of earlier ones. That tells neither more nor less.", is.Epoch, was.Epoch)
	}
	c.became(ranked(was.OnUnusable, is.OnUnusable, OnUnusableQuarantine, OnUnusableNull), "pseudonyms.on_unusable",
		"What becomes of a row whose identifier cannot be used", unusableInWords(was.OnUnusable), unusableInWords(is.OnUnusable))
	c.became(ordered(was.MaxUnusable, is.MaxUnusable), "pseudonyms.max_unusable", "The most rows without a usable identifier before a run stops",
		percent(was.MaxUnusable)+"%", percent(is.MaxUnusable)+"%")
	found := func(what, label string, was, is float64) {
		c.became(ordered(was, is).flipped(), what, label, percent(was)+"%", percent(is)+"%")
	}
	found("linkage.pupils", "The fewest children who must be found on a school's roll", c.was.Linkage.Pupils, c.is.Linkage.Pupils)
	found("linkage.returns", "The fewest children of one return who must be found in the other", c.was.Linkage.Returns, c.is.Linkage.Returns)
}

func unusableInWords(word string) string {
	switch word {
	case OnUnusableNull:
		return "the row leaves without a code"
	case OnUnusableQuarantine:
		return "the row is kept back"
	default:
		return word
	}
}
