package draft

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/identifier"
)

// feeds writes what the table may feed, as comments.
func (w *writer) feeds(t *Table) {
	if len(t.Feeds) == 0 {
		w.line(4, "# feeds: no core table is suggested. See the keys of a feed in docs/schemas.md.")
		return
	}
	w.line(4, "# Core tables that it may feed: take the # and the blank behind it from the lines of those that are right.")
	w.line(4, "# feeds:")
	for _, f := range t.Feeds {
		w.line(4, "#   - core: %s", f.Core)
		w.line(4, "#     adds: true")
		w.line(4, "#     columns:")
		for _, c := range f.Columns {
			with := ""
			switch {
			case c.Map != "":
				with = ", map: " + c.Map
			case c.Unmapped:
				with = ", map: " // to be filled in: the codes are none of the core column's
			}
			w.line(4, "#       %s: {from: %s%s}%s", c.To, c.From, with, map[bool]string{true: " # " + FillIn + ": a map of code_maps, or take the line out"}[c.Unmapped])
		}
	}
}

// links writes, as a comment, how the report may link pupils to children.
func (w *writer) links(format string, tables []*Table) {
	for _, t := range tables {
		child := slices.IndexFunc(t.Columns, func(c Column) bool { return c.child() })
		pupil := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Identifier == string(identifier.UPN) })
		if child >= 0 && pupil >= 0 {
			w.line(0, "\n# The report has both numbers of a child: without the # it tells, inside the gate, which pupils are which children.")
			w.line(0, "# links:")
			w.line(0, "#   - {table: %s/%s, child_id: %s, identifiers: [%s]}", format, t.Name, t.Columns[child].Name, t.Columns[pupil].Name)
			return
		}
	}
}

// formList writes forms of dates as items of a list: one with a time in quotes, for its colons.
func formList(forms []string) string {
	out := slices.Clone(forms)
	for i, form := range out {
		if strings.Contains(form, ":") {
			out[i] = inQuotes(form)
		}
	}
	return strings.Join(out, ", ")
}

// quoted is a name as YAML text: in quotes where it would be something else to some reader.
func quoted(name string) string {
	switch strings.ToLower(name) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return inQuotes(name)
	default:
		return name
	}
}

func inQuotes(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
