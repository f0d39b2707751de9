package minimise

import (
	"bytes"
	"encoding/binary"
	"math"
)

// A wide row has the child's pseudonym in place of its number: hasLead and the pseudonym, or nothing but zeros. It is how
// the rows of a child are staged who has no number (harmonise.Unnumbered), so that nothing in memory is needed of him or her.
const (
	leadBytes = 4                       // of a number, which stands first in a row
	hasLead   = 1                       // says that a pseudonym follows
	wider     = 1 + macSize - leadBytes // by how many bytes a wide row is longer
	loose     = 1 << 31                 // marks the code of a pseudonym that is in no book
)

// widen takes the rows whose child has no number out of those appended from the at-th byte on, and puts them among the wide ones.
func (b *Batch) widen(at int, macs [][macSize]byte) {
	w, to := b.layout.width, at
	for ; at < len(b.rows); at += w {
		row := b.rows[at : at+w]
		code := binary.BigEndian.Uint32(row)
		if code&loose == 0 {
			to += copy(b.rows[to:], row)
			continue
		}
		mac := &macs[code&^loose]
		b.wide = append(append(append(b.wide, hasLead), mac[:]...), row[leadBytes:]...)
		b.wideBuckets = append(b.wideBuckets, mac[0])
	}
	b.rows, b.buckets = b.rows[:to], b.buckets[:to/w]
}

// leads is the pseudonyms of the children in a batch of what were wide rows, by code: children are numbered as they come.
type leads struct {
	first uint32 // the code of the first
	most  uint32 // no child of the table has a greater one
	macs  [][macSize]byte
}

// leader makes batches of ordered rows.
type leader struct {
	*ordering
	rows  []byte
	child [1 + macSize]byte // the last
	code  uint32            // its code
	most  uint32
}

func (o *ordering) leader() *leader {
	return &leader{ordering: o, most: uint32(min(o.stage.Rows(), math.MaxUint32-1))}
}

// batch makes a batch of some rows. Its rows are valid until the next is made; what it says of codes stays.
func (l *leader) batch(rows []byte) *Batch {
	b := &Batch{layout: l.stage.layout, rows: rows, ranks: l.ranks}
	if !l.wide {
		return b
	}
	b.leads = &leads{first: max(l.code, 1), most: l.most}
	if l.code > 0 {
		b.leads.macs = append(b.leads.macs, [macSize]byte(l.child[1:]))
	}
	l.rows = l.rows[:0]
	for at := 0; at < len(rows); at += l.width {
		lead, code := rows[at:at+1+macSize], l.code
		switch {
		case lead[0] != hasLead:
			code = 0
		case code == 0 || !bytes.Equal(lead, l.child[:]):
			l.code++
			code = l.code
			copy(l.child[:], lead)
			b.leads.macs = append(b.leads.macs, [macSize]byte(lead[1:]))
		}
		l.rows = binary.BigEndian.AppendUint32(l.rows, code)
		l.rows = append(l.rows, rows[at+1+macSize:at+l.width]...)
	}
	b.rows = l.rows
	return b
}
