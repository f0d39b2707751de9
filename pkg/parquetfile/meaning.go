package parquetfile

import "sort"

// meaning is what the codes of a row group are. Of the pseudonym that rows are ordered by a batch may know only what its own
// rows have (minimise.Batch.FirstLead); of every other column each batch of an ordering knows all.
type meaning struct {
	lead int
	from []uint32 // the least code of lead that each says
	says []source
}

// add takes in what a batch says of codes.
func (m *meaning) add(b batch, says source) {
	first := b.FirstLead()
	if n := len(m.from); n > 0 && m.from[n-1] == first {
		m.says[n-1] = says // as much, and more
		return
	}
	m.lead = b.Lead()
	m.from, m.says = append(m.from, first), append(m.says, says)
}

// reset forgets all, so that what said it can go.
func (m *meaning) reset() {
	clear(m.says)
	m.from, m.says = m.from[:0], m.says[:0]
}

// AppendCode appends the text of a code.
func (m *meaning) AppendCode(dst []byte, column int, code uint32) []byte {
	at := len(m.says) - 1
	if column == m.lead {
		at = sort.Search(len(m.from), func(i int) bool { return m.from[i] > code }) - 1
	}
	return m.says[at].AppendCode(dst, column, code)
}
