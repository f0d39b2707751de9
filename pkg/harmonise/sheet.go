package harmonise

import (
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/extract"
)

// sheet gathers the rows of a table that is made of another one, and passes them on in batches.
type sheet struct {
	*derived
	batch *extract.Batch
	seen  []map[int32]uint32 // per column, the position of a value
	ids   map[uint32]uint32  // of a child
}

// add adds a row.
func (s *sheet) add(r *result) error {
	if s.batch == nil {
		s.begin()
	}
	e := &r.from[0]
	s.batch.Rows = append(s.batch.Rows, int64(e.row))
	s.batch.Begun = append(s.batch.Begun, civil.Date(r.begun))
	for i := range s.batch.Columns {
		c := &s.batch.Columns[i]
		if c.Def.Name == s.Table.ChildID {
			n, known := s.ids[e.child]
			if !known {
				n = uint32(len(c.Values))
				s.ids[e.child] = n
				c.Values = append(c.Values, s.in.Children.value(e.child))
			}
			c.Index = append(c.Index, n)
			continue
		}
		v := r.cell(c.Def.Name)
		if v.State != extract.Known || c.Def.Max > c.Def.Min && (v.Num < c.Def.Min || v.Num > c.Def.Max) {
			v = extract.Value{Num: noDay} // a number that the column cannot have does not leave
		}
		n, known := s.seen[i][v.Num]
		if !known {
			n = uint32(len(c.Values))
			s.seen[i][v.Num] = n
			if v.State != extract.Known {
				v.Num = 0
			}
			c.Values = append(c.Values, v)
		}
		c.Index = append(c.Index, n)
	}
	if s.batch.Len() == emitRows {
		return s.pass()
	}
	return nil
}

func (s *sheet) begin() {
	columns := with(s.Columns, s.Table.ChildID)
	s.batch = &extract.Batch{Source: &extract.Source{Table: s.Table}, Columns: make([]extract.Column, len(columns))}
	s.seen, s.ids = make([]map[int32]uint32, len(columns)), make(map[uint32]uint32)
	for i, name := range columns {
		s.batch.Columns[i].Def = s.Table.Column(name)
		s.seen[i] = make(map[int32]uint32)
	}
}

// pass passes on what was gathered.
func (s *sheet) pass() error {
	if s.batch == nil {
		return nil
	}
	b := s.batch
	s.batch = nil
	return s.Sink(b)
}

// The ways to make a cell.

func dayCell(day int32) extract.Value {
	if day == noDay {
		return extract.Value{}
	}
	return extract.Value{State: extract.Known, Num: day}
}

func codeCell(code int16) extract.Value {
	if code == noCode {
		return extract.Value{}
	}
	return extract.Value{State: extract.Known, Num: int32(code)}
}

func numberCell(n int32, known bool) extract.Value {
	if !known {
		return extract.Value{}
	}
	return extract.Value{State: extract.Known, Num: n}
}

func truthCell(t truth) extract.Value {
	return numberCell(int32(t&1), t != unknown)
}

// truth is what is known of a question.
type truth uint8

const (
	no      truth = 0
	yes     truth = 1
	unknown truth = 2
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}
