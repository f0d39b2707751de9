package harmonise

import "github.com/postern-gateway/postern/pkg/extract"

// stocked is one column of the table, made from a source column value by value. What was made of a value is remembered as
// long as the source column's stock lasts.
type stocked struct {
	from   *extract.Stock
	stock  *extract.Stock
	values []extract.Value
}

// make makes the column from one of a batch.
func (s *stocked) make(out, from *extract.Column, of func(extract.Value) extract.Value) {
	if from.Stock == nil || from.Stock != s.from || len(s.values) > len(from.Values) {
		s.values = s.values[:0]
		if s.from != nil {
			s.values = nil // whoever got it may still look at it
		}
		if s.from, s.stock = from.Stock, nil; from.Stock != nil {
			s.stock = new(extract.Stock)
		}
	}
	for _, v := range from.Values[len(s.values):] {
		s.values = append(s.values, of(v))
	}
	out.From, out.Values, out.Index, out.Stock = from.Def.Name, s.values, from.Index, s.stock
}

// pupilNumbers is a column of pupils' numbers: what the links know of each distinct one.
type pupilNumbers struct {
	links    *Links
	column   *extract.Column
	stock    *extract.Stock
	children []uint32 // per distinct value: Links.find
	clues    []clue   // per distinct value
}

// look takes in the column of a batch.
func (p *pupilNumbers) look(column *extract.Column) {
	if column.Stock == nil || column.Stock != p.stock || len(p.clues) > len(column.Values) {
		p.stock, p.children, p.clues = column.Stock, p.children[:0], p.clues[:0]
	}
	p.column = column
	for _, v := range column.Values[len(p.clues):] {
		p.children, p.clues = append(p.children, p.links.find([]extract.Value{v})), append(p.clues, p.links.clue(v))
	}
}

// pupilsOf tells the child of a row by its pupil numbers: Nobody when none is a child's, shared when one is two children's,
// or they are of different ones.
func pupilsOf(all []pupilNumbers, row int) uint32 {
	found := Nobody
	for i := range all {
		switch child := all[i].children[all[i].column.Index[row]]; {
		case child == Nobody:
		case found != Nobody && found != child:
			return shared
		default:
			found = child
		}
	}
	return found
}

// found is an identifier column with the identifiers of children whom a row's pupil numbers found, behind its own values.
type found struct {
	children *Children
	from     *extract.Stock
	stock    *extract.Stock
	values   []extract.Value
	own      []uint32          // per value of the source column, its position
	at       map[uint32]uint32 // per child who was found, the position
	on       bool              // some row of the stock was found so
}

// begin takes in the column of a batch.
func (f *found) begin(from *extract.Column) {
	if from.Stock == nil || from.Stock != f.from || len(f.own) > len(from.Values) {
		*f = found{children: f.children, from: from.Stock}
	}
	if f.on {
		f.take(from)
	}
}

// take makes the list of values longer by those that are new in the source column.
func (f *found) take(from *extract.Column) {
	for _, v := range from.Values[len(f.own):] {
		f.own, f.values = append(f.own, uint32(len(f.values))), append(f.values, v)
	}
}

// of is the position of a child who was found.
func (f *found) of(child uint32, from *extract.Column) uint32 {
	if !f.on {
		f.on, f.at = true, make(map[uint32]uint32)
		if f.from != nil {
			f.stock = new(extract.Stock)
		}
		f.take(from)
	}
	n, known := f.at[child]
	if !known {
		n = uint32(len(f.values))
		f.at[child], f.values = n, append(f.values, f.children.value(child))
	}
	return n
}
