package dataset

import (
	"fmt"

	"github.com/postern-gateway/postern/pkg/document"
)

// aliases reads the spellings of a format's categories:
//
//	aliases:
//	  gender:
//	    - {code: M, spellings: [Male, Boy]}
//	    - {code: blank, spellings: [Not applicable]}
//
// Each list is a code list as a column's codes name it. A spelling stands for one code; "blank" is no code, but a cell that says
// nothing, unless the list has such a code.
func (b *builder) aliases(root *document.Mapping, format string) {
	if !root.Has("aliases") {
		root.Value("aliases", document.Optional())
		return
	}
	for _, e := range root.Mapping("aliases").Entries() {
		e.Known()
		codes, ok := b.lists[format+"/"+e.Key]
		if !ok {
			codes, ok = b.lists[e.Key]
		}
		if !ok {
			e.Problem("there is no code list of this name", "name one of the format's code_lists, or one of another format as format/list")
			continue
		}
		b.spell(e, codes, b.spellingsOf(format, e.Key, codes))
	}
}

// spellingsOf is what a format has as spellings of a code list: all columns of the list have the same.
func (b *builder) spellingsOf(format, list string, codes []CodeValue) *Spellings {
	if b.spellings == nil {
		b.spellings = make(map[[2]string]*Spellings)
	}
	key := [2]string{format, list}
	if b.spellings[key] == nil {
		b.spellings[key] = newSpellings(codes)
	}
	return b.spellings[key]
}

// spell reads the spellings of one list, and holds each to one code.
func (b *builder) spell(e *document.Entry, codes []CodeValue, to *Spellings) {
	column := Column{Codes: codes}
	listed := make(map[string]bool)
	for _, v := range e.Value.Sequence(document.NotEmpty()) {
		m := v.Mapping()
		code := m.String("code", document.MaxLength(40))
		at, _ := column.Code(code, 0)
		known := at >= 0
		switch {
		case code == "" || m.Broken():
		case listed[code]:
			m.Value("code").Problem("the code's spellings are listed twice", "list them together")
		case !known && code == blank:
			code, known = "", true
		case !known:
			m.Value("code").Problem("the list has no such code", "name one of the codes of the list, or blank for a cell that says nothing")
		}
		listed[code] = true
		for _, sv := range m.Sequence("spellings", document.NotEmpty()) {
			spelling := sv.String(document.MaxLength(200))
			if spelling == "" || !known {
				continue
			}
			folded := FoldSpelling(spelling)
			if folded == "" {
				sv.Problem("nothing is left of the spelling once white space and punctuation are taken off", "take it out")
				continue
			}
			if other, ok := to.add(code, folded); !ok {
				sv.Problem(fmt.Sprintf("the spelling stands for code %s already", orBlank(other)), "a spelling stands for one code: take it out of one of the two")
			}
		}
		m.Done()
	}
}

func orBlank(code string) string {
	if code == "" {
		return blank
	}
	return code
}

// addsAliases reads a file that adds to the spellings of a format. It can give a spelling no other code than the
// format's own file does.
func (b *builder) addsAliases(f file) {
	b.file, b.own = f.name, f.own
	format := f.root.String("format")
	f.root.Text("title", document.Optional())
	if _, known := b.versions[format]; !known && format != "" {
		f.root.Value("format").Problem("there is no such format", "name a format that is defined")
		f.root.Value("aliases")
		f.root.Mapping("aliases").Entries()
		return
	}
	if !f.root.Has("aliases") {
		f.root.Mapping("aliases") // says that it is missing
	}
	b.aliases(f.root, format)
	f.root.Done()
}

// spelt gives a code column the spellings of its list: a column of a built-in format those that it names, one of a council's
// own report all that the file has of its list.
func (b *builder) spelt(m *document.Mapping, format string, c *Column) {
	if !m.Has("aliases") {
		m.Value("aliases", document.Optional())
		if b.own && format != "" && m.Has("codes") {
			c.spellings = b.spellings[[2]string{format, m.String("codes")}]
		}
		return
	}
	switch named := m.String("aliases"); {
	case named == "":
	case format == "":
		m.Value("aliases").Problem("a core table is made of codes, and has no spellings", "take aliases out")
	case named != m.String("codes"):
		m.Value("aliases").Problem("the spellings are of another list than the column's codes", "name the list that codes names")
	default:
		c.spellings = b.spellingsOf(format, named, c.Codes)
	}
}

// Aliased reports whether cells of the column may be spellings of its codes.
func (c *Column) Aliased() bool { return c.spellings != nil }

// Spelt finds the code that a cell of an aliased column stands for: see Spellings.Code.
func (c *Column) Spelt(cell string) (code string, known bool) {
	if c.spellings == nil {
		return "", false
	}
	return c.spellings.Code(cell)
}
