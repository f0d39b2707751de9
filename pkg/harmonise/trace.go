package harmonise

import "github.com/postern-gateway/postern/pkg/extract"

// Trace counts how the rows of a table of pupils were found to be children's. It is for the council alone.
type Trace struct {
	Former    int64 // found by a former number: the pupil's or the child's
	Temporary int64 // found by a temporary number
	Shared    int64 // kept back: a number is that of two children
}

// trace counts for a table of pupils.
func (l *Links) trace(table int) *Trace {
	if l.traces == nil {
		l.traces = make(map[int]*Trace)
	}
	if l.traces[table] == nil {
		l.traces[table] = &Trace{}
	}
	return l.traces[table]
}

// noteFound notes by which of a pupil's numbers, the present one first, he or she was found.
func (l *Links) noteFound(table int, numbers []extract.Value) {
	for i, v := range numbers {
		if c := l.clue(v); c&finds != 0 {
			l.trace(table).add(c, i)
			return
		}
	}
}

// clue says how a pupil number finds a child.
type clue uint8

const (
	finds       clue = 1 << iota // it is a child's
	isFormer                     // as a former one
	isTemporary                  // and a temporary one
)

func (l *Links) clue(v extract.Value) clue {
	n, known := l.numbers.Find([]byte(v.Text))
	if v.Text == "" || !known || l.told[n] == secretly {
		return 0
	}
	c := finds
	if l.told[n] == asFormer {
		c |= isFormer
	}
	if temporary(v.Text) {
		c |= isTemporary
	}
	return c
}

// add counts a child found by a number of a pupil, the at-th: from 0, the present one.
func (t *Trace) add(c clue, at int) {
	if at > 0 || c&isFormer != 0 {
		t.Former++
	}
	if c&isTemporary != 0 {
		t.Temporary++
	}
}

// join adds what a part of a file came to.
func (t *Trace) join(part Trace) {
	t.Former += part.Former
	t.Temporary += part.Temporary
	t.Shared += part.Shared
}

// temporary reports whether a pupil number is one that a school gave until the true one is known: it ends in a letter.
func temporary(upn string) bool {
	last := upn[len(upn)-1]
	return last < '0' || last > '9'
}

// Traced says how the rows of a table of pupils were found to be children's.
func (l *Links) Traced(table string) Trace { return *l.trace(l.table(table)) }

// Shared is how many pupil numbers more than one child has: most often one from before and one from after an adoption. They
// link nobody.
func (l *Links) Shared() int64 {
	n := int64(0)
	for _, child := range l.child {
		if child == shared {
			n++
		}
	}
	return n
}
