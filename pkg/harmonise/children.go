package harmonise

import (
	"sync"
	"sync/atomic"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Nobody is the number of a value that identifies no child.
const Nobody = ^uint32(0)

// Children numbers the children of one run. The numbers live in memory only and never leave it; nothing that leaves turns
// on which number a child has. One look-up per distinct identifier of a batch, or of a worker's Stock; about 30 bytes a
// child.
//
// It may be used by several goroutines at once. A number says nothing by itself: a split that was begun in the wrong place
// may have numbered what is no identifier at all. A child is one of the run's when it was met in rows that stay.
type Children struct {
	mu      sync.RWMutex
	numbers *extract.Dictionary
	met     []form            // per child; shorter where the last ones were not met
	folded  map[uint32]string // met in another form, which NFKC folds into it
	looked  atomic.Bool       // Make looks at every identifier before it hands it on
}

// form says in which forms a child was met.
type form uint8

const (
	inPlain  form = 1 << iota // as trimming, width and case alone make it
	inFolded                  // in another one, which NFKC folds into it
)

// NewChildren makes an empty numbering.
func NewChildren() *Children {
	return &Children{numbers: extract.NewDictionary(), folded: make(map[uint32]string)}
}

// Len is how many identifiers have a number.
func (c *Children) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.numbers.Len()
}

// Has reports whether a normalised identifier is one of the run's children.
func (c *Children) Has(id []byte) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, known := c.numbers.Find(id)
	return known && int(n) < len(c.met) && c.met[n] != 0
}

// NumbersOf numbers the distinct values of an identifier column, by their position; Nobody for a value that is not a usable
// identifier.
func (c *Children) NumbersOf(b *extract.Batch, column *extract.Column) ([]uint32, error) {
	return c.NumbersFrom(make([]uint32, 0, len(column.Values)), b, column, 0)
}

// NumbersFrom is NumbersOf for the values from a position on; their numbers are appended to dst. It serves columns whose
// values stay from one batch to the next (extract.Stock).
//
// Two raw identifiers that differ by more than trimming, width and case, and still normalise to one value, would merge two
// children: that is a refusal (ID_COLLISION), which names the row. In the rows that Make hands on it was looked for before.
func (c *Children) NumbersFrom(dst []uint32, b *extract.Batch, column *extract.Column, from int) ([]uint32, error) {
	if !c.looked.Load() {
		return c.meet(dst, b, column, from)
	}
	return c.number(dst, column.Values[from:]), nil
}

// number appends the numbers of some values, and meets nobody.
func (c *Children) number(dst []uint32, values []extract.Value) []uint32 {
	first, lacking := len(dst), 0
	c.mu.RLock()
	for i := range values {
		n := Nobody
		if v := &values[i]; identifies(v) {
			var known bool
			if n, known = c.numbers.Find([]byte(v.Text)); !known {
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
		if v := &values[i]; dst[first+i] == Nobody && identifies(v) {
			dst[first+i], _ = c.numbers.Number([]byte(v.Text))
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
		if n := numbers[value]; n != Nobody && !c.note(n, column.Values[value].Simple) {
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
	return finding.Refuse(finding.IDCollision,
		"write each identifier in one way in the source system, without superscripts, ligatures and other special forms",
		"two different identifiers become the same child after normalisation (%s)", b.Source.Place(row, column.Named()))
}
