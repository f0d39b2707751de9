package harmonise

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

const (
	// Nobody is the number of a value that identifies no child.
	Nobody = ^uint32(0)
	// Unnumbered stands for the number of a child who has none, since as many as a run remembers have one. Nothing is known of
	// such a child from other rows: he or she is in no return that links, looks up or says when an event was.
	Unnumbered = Nobody - 3
)

// Children numbers the children of one run. The numbers live in memory only and never leave it; nothing that leaves turns
// on which number a child has, or on whether. One look-up per distinct identifier of a batch, or of a worker's Stock; about
// 30 bytes a child who has a number, and 8 on disk, each time that a split is the first to have one who has none.
//
// It may be used by several goroutines at once. A number says nothing by itself: a split that was begun in the wrong place
// may have numbered what is no identifier at all. A child is one of the run's when it was met in rows that stay.
type Children struct {
	mu      sync.RWMutex
	numbers *extract.Dictionary
	most    int               // how many have a number; those of a table that passes are not numbered beyond it
	met     []form            // per child; shorter where the last ones were not met
	folded  map[uint32]string // met in another form, which NFKC folds into it
	looked  atomic.Bool       // Make looks at every identifier before it hands it on
	others  unnumbered
}

// form says in which forms a child was met.
type form uint8

const (
	inPlain  form = 1 << iota // as trimming, width and case alone make it
	inFolded                  // in another one, which NFKC folds into it
)

// NewChildren makes an empty numbering.
func NewChildren() *Children {
	return &Children{numbers: extract.NewDictionary(), most: math.MaxInt, folded: make(map[uint32]string)}
}

// NumberAtMost has only so many children of tables that pass row by row numbered, and those whom other tables name. Of the
// others a hash is kept, in a file of mode 0600 in the folder that dir makes, which Close removes. It is set before the first
// child is met.
func (c *Children) NumberAtMost(n int, dir func() (string, error)) {
	c.most = n
	c.others = unnumbered{seed: maphash.MakeSeed(), dir: dir}
}

// Close removes what was kept on disk. If there was anything, Among and Distinct are errors from then on.
func (c *Children) Close() error { return c.others.close() }

// Len is how many identifiers have a number.
func (c *Children) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.numbers.Len()
}

// has reports whether a normalised identifier is that of a child of the run who has a number.
func (c *Children) has(id []byte) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, known := c.numbers.Find(id)
	return known && int(n) < len(c.met) && c.met[n] != 0
}

// Among tells which of some words, each a normalised identifier, are one of the run's children. The function that it returns
// knows of these words only. It reads what was kept on disk once, and is an error where that is not whole.
func (c *Children) Among(words [][]byte) (func(word []byte) bool, error) {
	known := make(map[string]bool)
	for _, w := range words {
		known[string(w)] = c.has(w)
	}
	if err := c.others.find(known); err != nil {
		return nil, err
	}
	return func(word []byte) bool { return known[string(word)] }, nil
}

// Distinct refuses the run when a child without a number was met in two forms that only NFKC makes one. It is for when all rows
// were read; of all others that was found at once. It is an error where what was kept on disk could not be written, so that a
// full disk shows before anything is made of the rows.
func (c *Children) Distinct() error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	plain := make(map[string]bool, len(c.folded))
	for n := range c.folded {
		plain[string(c.numbers.Bytes(n))] = false
	}
	if err := c.others.find(plain); err != nil {
		return err
	}
	for _, both := range plain {
		if both {
			return collides("in which row is not known any more, of so many children")
		}
	}
	return nil
}

// NumbersOf numbers the distinct values of an identifier column, by their position; Nobody for a value that is not a usable
// identifier. Every child gets a number.
func (c *Children) NumbersOf(b *extract.Batch, column *extract.Column) ([]uint32, error) {
	return c.AllFrom(make([]uint32, 0, len(column.Values)), b, column, 0)
}

// AllFrom is NumbersOf for the values from a position on; their numbers are appended to dst. It serves columns whose values
// stay from one batch to the next (extract.Stock).
//
// Two raw identifiers that differ by more than trimming, width and case, and still normalise to one value, would merge two
// children: that is a refusal (ID_COLLISION), which names the row. In the rows that Make hands on it was looked for before.
func (c *Children) AllFrom(dst []uint32, b *extract.Batch, column *extract.Column, from int) ([]uint32, error) {
	if !c.looked.Load() {
		return c.meet(dst, b, column, from)
	}
	return c.number(dst, column.Values[from:], math.MaxInt), nil
}

// NumbersFrom is AllFrom, but that a child who has no number gets one only while there are fewer than NumberAtMost says, and
// is Unnumbered then.
func (c *Children) NumbersFrom(dst []uint32, b *extract.Batch, column *extract.Column, from int) ([]uint32, error) {
	if !c.looked.Load() {
		return c.meet(dst, b, column, from)
	}
	return c.number(dst, column.Values[from:], c.most), nil
}

// number appends the numbers of some values, and meets nobody. No more than so many children are numbered, but for those who
// come in a form that NFKC folds.
func (c *Children) number(dst []uint32, values []extract.Value, most int) []uint32 {
	first, lacking := len(dst), 0
	c.mu.RLock()
	full := c.numbers.Len() >= most
	for i := range values {
		n := Nobody
		if v := &values[i]; identifies(v) {
			var known bool
			switch n, known = c.numbers.Find([]byte(v.Text)); {
			case known:
			case full && v.Simple == "":
				n = Unnumbered
			default:
				n = Nobody
				lacking++
			}
		}
		dst = append(dst, n)
	}
	c.mu.RUnlock()
	if lacking == 0 {
		return dst
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range values {
		v := &values[i]
		switch {
		case dst[first+i] != Nobody || !identifies(v):
		case c.numbers.Len() < most || v.Simple != "":
			dst[first+i], _ = c.numbers.Number([]byte(v.Text))
		default:
			var known bool
			if dst[first+i], known = c.numbers.Find([]byte(v.Text)); !known {
				dst[first+i] = Unnumbered
			}
		}
	}
	return dst
}

func identifies(v *extract.Value) bool { return v.State == extract.Known && v.Text != "" }

// numbersOf is NumbersOf for rows before which all others were met, and that stay: it meets their children.
func (c *Children) numbersOf(b *extract.Batch, column *extract.Column) ([]uint32, error) {
	return c.meet(make([]uint32, 0, len(column.Values)), b, column, 0)
}

func (c *Children) meet(dst []uint32, b *extract.Batch, column *extract.Column, from int) ([]uint32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := from; i < len(column.Values); i++ {
		v := &column.Values[i]
		if !identifies(v) {
			dst = append(dst, Nobody)
			continue
		}
		n, _ := c.numbers.Number([]byte(v.Text))
		if !c.note(n, v.Simple) {
			return nil, collision(b, column, uint32(i))
		}
		dst = append(dst, n)
	}
	return dst, nil
}

// naming is a child, by the number, as a row names him or her: in the simple form, where that is another one.
type naming struct {
	child  uint32
	simple string
}

// meetAll meets children: those named in their plain form, and others. When any of them is not one child, it reports false,
// and none was met.
func (c *Children) meetAll(plain []uint32, folded []naming) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range plain {
		if int(n) < len(c.met) && c.met[n]&inFolded != 0 {
			return false
		}
	}
	forms := make(map[uint32]string, len(folded))
	for _, f := range folded {
		for _, other := range []map[uint32]string{c.folded, forms} {
			if simple, known := other[f.child]; known && simple != f.simple {
				return false
			}
		}
		forms[f.child] = f.simple
		if int(f.child) < len(c.met) && c.met[f.child]&inPlain != 0 {
			return false
		}
	}
	if len(folded) > 0 {
		for _, n := range plain {
			if _, both := forms[n]; both {
				return false
			}
		}
	}
	for _, n := range plain {
		c.note(n, "")
	}
	for _, f := range folded {
		c.note(f.child, f.simple)
	}
	return true
}

// meetEach meets the children of some values of a column, by their numbers. The value is the first that is two children.
func (c *Children) meetEach(column *extract.Column, numbers, some []uint32) (value uint32, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, value := range some {
		if n := numbers[value]; n < Unnumbered && !c.note(n, column.Values[value].Simple) {
			return value, false
		}
	}
	return 0, true
}

// note notes in which form a child was met; false when it is met in two that only NFKC makes one.
func (c *Children) note(n uint32, simple string) bool {
	for int(n) >= len(c.met) {
		c.met = append(c.met, 0)
	}
	switch first, folded := c.folded[n]; {
	case simple == "":
		c.met[n] |= inPlain
	case !folded:
		c.folded[n] = simple
		c.met[n] |= inFolded
	case first != simple:
		return false
	}
	return c.met[n] != inPlain|inFolded
}

// value is a child's identifier, as it was first met.
func (c *Children) value(number uint32) extract.Value {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return extract.Value{State: extract.Known, Text: string(c.numbers.Bytes(number)), Simple: c.folded[number]}
}

// collision refuses a value that would merge two children, and says where it stands.
func collision(b *extract.Batch, column *extract.Column, value uint32) error {
	row := int64(0)
	for at, n := range column.Index {
		if n == value {
			row = b.Rows[at]
			break
		}
	}
	return collides(b.Source.Place(row, column.Named()).String())
}

func collides(where string) error {
	return finding.Refuse(finding.IDCollision,
		"write each identifier in one way in the source system, without superscripts, ligatures and other special forms",
		"two different identifiers become the same child after normalisation (%s)", where)
}
