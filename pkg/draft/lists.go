package draft

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// list is a code list that the definitions have, under the shortest of its names.
type list struct {
	name  string
	codes map[string]bool
	words []string
}

// listsOf gathers the code lists of all tables.
func listsOf(catalogue *dataset.Catalogue) []list {
	var out []list
	for _, named := range catalogue.CodeLists() {
		l := list{name: named.Name, codes: make(map[string]bool), words: wordsOf(named.Name)}
		for _, code := range named.Codes {
			l.codes[code.Value] = true
		}
		out = append(out, l)
	}
	return out
}

// known finds the list that all values of a column are codes of. Short codes are in many lists: then the header has to
// say which it is.
func (c *Column) known(o *observed, lists []list) bool {
	if o.manyValues || len(o.values) == 0 {
		return false
	}
	best, score := -1, 0
	for i, l := range lists {
		long := 0
		all := true
		for value := range o.values {
			in := l.codes[value] || l.codes[strings.ToUpper(value)]
			all = all && in
			if in && len(value) > 2 {
				long++
			}
		}
		if !all {
			continue
		}
		named := 0
		for _, w := range l.words {
			if len(w) > 2 && has(c.words, w[:min(len(w), 6)]+"*") {
				named++
			}
		}
		if named == 0 && long < 2 {
			continue
		}
		if s := 10_000*named + 1000 - len(l.codes); best < 0 || s > score {
			best, score = i, s
		}
	}
	if best < 0 {
		return false
	}
	c.Type, c.List = dataset.Code, lists[best].name
	c.otherwise(dataset.Sensitive)
	c.note("all values are codes of this list")
	return true
}
