package dataset

import (
	"regexp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

// headings reads the other names that a header line may have for a column, and the pattern of them.
func headings(m *document.Mapping, c *Column) {
	c.Headers = m.Strings("headers", document.Optional(), document.Matching(headerName, "a name as a header line has it"))
	c.folded = c.foldedNames()
	pattern := m.String("like", document.Optional(), document.MaxLength(200))
	if pattern == "" {
		return
	}
	_, err := regexp.Compile(pattern) // by itself first: a bracket too many would end what holds it to the whole header
	like, whole := regexp.Compile("^(?i:" + pattern + ")$")
	switch {
	case err != nil || whole != nil:
		m.Value("like").Problem("the pattern is no regular expression of the kind RE2", "correct it: see the syntax of RE2")
	case like.MatchString("") || like.MatchString("q7 0z-!"):
		m.Value("like").Problem("the pattern fits any header", "let it fit the headers of this column only")
	default:
		c.Like = like
	}
}

// How well a header fits a column: the better kind decides.
const (
	fitsNot     = iota
	fitsLike    // the column's pattern
	fitsHeaders // one of its other names
	fitsName    // its heading
)

// Fits reports how well a folded header fits the column: 0 for not at all, more for better.
func (c *Column) Fits(folded string) int {
	names := c.folded
	if names == nil {
		names = c.foldedNames()
	}
	switch at := slices.Index(names, folded); {
	case folded == "":
		return fitsNot
	case at == 0:
		return fitsName
	case at > 0:
		return fitsHeaders
	case c.Like != nil && c.Like.MatchString(folded):
		return fitsLike
	default:
		return fitsNot
	}
}

// foldedNames are the column's heading and its other names, folded.
func (c *Column) foldedNames() []string {
	names := []string{Fold(c.Heading())}
	for _, h := range c.Headers {
		names = append(names, Fold(h))
	}
	return names
}

// Takes lists the columns that a header fits best: none, one, or several, between which nothing decides.
func (t *Table) Takes(header string) []*Column {
	folded := Fold(header)
	columns := t.Columns
	if t.heads != nil {
		if c := t.heads[folded]; c != nil {
			return []*Column{c}
		}
		columns = t.patterned
	}
	var best []*Column
	most := fitsLike
	for _, c := range columns {
		switch n := c.Fits(folded); {
		case n > most:
			best, most = []*Column{c}, n
		case n == most:
			best = append(best, c)
		}
	}
	return best
}

// Lacks reports whether folded headers lack a column that a file must have and that its names alone tell: a quick look,
// before patterns are tried.
func (t *Table) Lacks(folded map[string]bool) bool {
	return slices.ContainsFunc(t.Columns, func(c *Column) bool {
		if c.Optional || c.From != 0 || c.To != 0 || c.Like != nil {
			return false
		}
		names := c.folded
		if names == nil {
			names = c.foldedNames()
		}
		return !slices.ContainsFunc(names, func(name string) bool { return folded[name] })
	})
}

// index prepares Takes: no header is one of two columns by name, so that only patterns are left to be tried.
func (t *Table) index() {
	t.heads = make(map[string]*Column)
	for _, c := range t.Columns {
		for _, name := range c.foldedNames() {
			t.heads[name] = c
		}
		if c.Like != nil {
			t.patterned = append(t.patterned, c)
		}
	}
}

// headed finds a column of the table that has one of a column's headers already, by name.
func (t *Table) headed(c *Column) *Column {
	for _, other := range t.Columns {
		for _, h := range c.Headers {
			if n := other.Fits(Fold(h)); n > fitsLike {
				return other
			}
		}
		if len(other.Headers) > 0 && slices.ContainsFunc(other.Headers, func(h string) bool { return Fold(h) == Fold(c.Heading()) }) {
			return other
		}
	}
	return nil
}

// meets reports whether a header could be taken for either of two columns.
func (c *Column) meets(other *Column) bool {
	for _, pair := range [][2]*Column{{c, other}, {other, c}} {
		for _, h := range append([]string{pair[0].Heading(), pair[0].Name}, pair[0].Headers...) {
			if pair[1].Fits(Fold(h)) != fitsNot || strings.EqualFold(h, pair[1].Name) {
				return true
			}
		}
	}
	return c.Like != nil && other.Like != nil && overlaps(c.Like, other.Like)
}

// Weakens reports whether a name in a header line is that of a column of the table, a council's own, and of a column of
// a built-in one that is of a higher class: then no file that both tables fit may be read as the council's.
func (t *Table) Weakens(builtIn *Table, header string) bool {
	if !t.own || builtIn.own {
		return false
	}
	for _, was := range builtIn.Takes(header) {
		for _, c := range t.Takes(header) {
			if !c.Class.AtLeast(was.Class) {
				return true
			}
		}
	}
	return false
}
