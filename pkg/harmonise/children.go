package harmonise

import (
	"errors"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Nobody is the number of a value that identifies no child.
const Nobody = ^uint32(0)

// Children numbers the children of one run, in order of first appearance. The numbers live in memory only and never
// leave it. One look-up per distinct identifier of a batch; about 30 bytes a child.
type Children struct {
	numbers *extract.Dictionary
	plain   []bool            // per child: seen in its simple form
	folded  map[uint32]string // seen in another form, which NFKC folds into it
}

// NewChildren makes an empty numbering.
func NewChildren() *Children {
	return &Children{numbers: extract.NewDictionary(), folded: make(map[uint32]string)}
}

// Len is how many children there are.
func (c *Children) Len() int { return c.numbers.Len() }

// errCollision is met when two raw identifiers become one.
var errCollision = errors.New("two identifiers become one")

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

// number gives a child's number, a new one for a new child; Nobody for a value that is not a usable identifier.
//
// Two raw identifiers that differ by more than trimming, width and case, and still normalise to one value, would merge
// two children: that is an error.
func (c *Children) number(v extract.Value) (uint32, error) {
	if v.State != extract.Known || v.Text == "" {
		return Nobody, nil
	}
	n, isNew := c.numbers.Number([]byte(v.Text))
	if isNew {
		c.plain = append(c.plain, false)
	}
	first, folded := c.folded[n]
	switch {
	case v.Simple == "":
		c.plain[n] = true
		if !folded {
			return n, nil
		}
	case !folded:
		c.folded[n] = v.Simple
		if !c.plain[n] {
			return n, nil
		}
	case first == v.Simple && !c.plain[n]:
		return n, nil
	}
	return Nobody, errCollision
}

// value is a child's identifier, as it was first met.
func (c *Children) value(number uint32) extract.Value {
	return extract.Value{State: extract.Known, Text: string(c.numbers.Bytes(number)), Simple: c.folded[number]}
}

// Has reports whether a normalised identifier is one of the run's children.
func (c *Children) Has(id []byte) bool {
	_, known := c.numbers.Find(id)
	return known
}

// NumbersOf numbers the distinct values of an identifier column.
func (c *Children) NumbersOf(b *extract.Batch, column *extract.Column) ([]uint32, error) {
	numbers := make([]uint32, len(column.Values))
	for i, v := range column.Values {
		n, err := c.number(v)
		if err != nil {
			return nil, collision(b, column, uint32(i))
		}
		numbers[i] = n
	}
	return numbers, nil
}
