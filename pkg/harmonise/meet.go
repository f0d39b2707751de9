package harmonise

import "github.com/postern-gateway/postern/pkg/extract"

// names numbers the children whom the rows of one worker's splits name.
type names struct {
	children *Children
	stock    *extract.Stock
	numbers  []uint32 // per distinct value
	seen     []uint32 // per distinct value: in which split it was last met
	split    uint32   // the one at hand
	fresh    []uint32 // the values that the batch at hand is the first of its split to have
	most     int      // the most children that a split named
}

// of numbers the distinct values of a batch's column.
func (n *names) of(column *extract.Column) []uint32 {
	if column.Stock == nil || column.Stock != n.stock || len(n.numbers) > len(column.Values) {
		n.stock, n.numbers, n.seen = column.Stock, n.numbers[:0], n.seen[:0]
	}
	n.numbers = n.children.number(n.numbers, column.Values[len(n.numbers):], n.children.most)
	for len(n.seen) < len(n.numbers) {
		n.seen = append(n.seen, 0)
	}
	n.fresh = n.fresh[:0]
	return n.numbers
}

// saw notes that a row has a value.
func (n *names) saw(value uint32) {
	if n.seen[value] != n.split {
		n.seen[value] = n.split
		n.fresh = append(n.fresh, value)
	}
}

// met is the children whom the rows of one split name.
type met struct {
	*names
	joined bool     // those of all splits before it were met
	plain  []uint32 // by number; some may be there twice
	folded []naming // in a form that NFKC folds into another one
	others []uint64 // hashes of those who have no number
}

// meetings begins a split.
func (n *names) meetings(joined bool) met {
	n.split++
	return met{names: n, joined: joined, plain: make([]uint32, 0, n.most)}
}

// meet takes in the children whom the rows of a batch are the first of the split to name. Where all splits before it were
// joined, two that become one are found here, and the refusal names the row.
func (m *met) meet(b *extract.Batch, column *extract.Column) error {
	if m.joined {
		if value, ok := m.children.meetEach(column, m.numbers, m.fresh); !ok {
			return collision(b, column, value)
		}
	}
	for _, value := range m.fresh {
		switch child, simple := m.numbers[value], column.Values[value].Simple; {
		case child == Nobody:
		case child == Unnumbered:
			m.others = append(m.others, m.children.others.hash(&column.Values[value]))
		case simple == "":
			m.plain = append(m.plain, child)
		default:
			m.folded = append(m.folded, naming{child, simple})
		}
	}
	m.most = max(m.most, len(m.plain))
	if m.joined { // the piece may be a whole file
		err := m.children.others.add(m.others)
		m.others = m.others[:0]
		return err
	}
	return nil
}

// join meets the split's children. Where one of them is not one child the split has to be read again (extract.ErrAgain).
func (m *met) join() error {
	if !m.joined && !m.children.meetAll(m.plain, m.folded) {
		return extract.ErrAgain
	}
	return m.children.others.add(m.others)
}

// each hands on every child of the split who has a number, some more than once.
func (m *met) each(do func(child uint32)) {
	for _, child := range m.plain {
		do(child)
	}
	for _, f := range m.folded {
		do(f.child)
	}
}
