package harmonise

import (
	"math"
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
)

// presence lists the positions of the columns that a row of the source makes true.
func (k *kids) presence(source *dataset.Source) []int {
	var at []int
	for i, name := range k.columns {
		if feed := source.Feed(name); feed != nil && feed.Present {
			at = append(at, i)
		}
	}
	return at
}

// markable lists the positions of presence columns that a return can answer: it has the marking table.
func (k *kids) markable(of *extract.Source) []int {
	var at []int
	for i := range k.Table.Sources {
		source := &k.Table.Sources[i]
		if source.Adds {
			continue
		}
		for _, src := range k.in.Inventory.Of(source.Table) {
			if src.Year == of.Year && src.Table.Format == of.Table.Format {
				at = append(at, k.presence(source)...)
			}
		}
	}
	return at
}

// mark is one column that rows of a source mark children in.
type mark struct {
	fact int             // position of the column
	from *extract.Column // of the batch; nil for a mark by mere presence
	says []bool          // per distinct value: true or false
	ever bool            // true in any return is true
}

func (k *kids) marks(b *extract.Batch, source *dataset.Source) []mark {
	var out []mark
	for i, name := range k.columns {
		feed := source.Feed(name)
		switch {
		case feed == nil || i == 0:
		case feed.Present:
			out = append(out, mark{fact: i})
		default:
			m := mark{fact: i, from: b.Column(feed.From), ever: feed.TrueFor != nil}
			for _, v := range m.from.Values {
				says := v.State == extract.Known
				if says && m.ever {
					says = slices.Contains(feed.TrueFor, m.from.Def.Codes[v.Num].Value)
				} else if says {
					says = !slices.Contains(feed.FalseFor, m.from.Def.Codes[v.Num].Value)
				}
				m.says = append(m.says, says)
			}
			out = append(out, m)
		}
	}
	return out
}

// mark marks one child. Rows may come before the child's own: what they are about is sorted out at the end.
func (k *kids) mark(number uint32, id extract.Value, marks []mark, l line) {
	if number == Nobody {
		k.early = append(k.early, early{nobody: true, place: l.place("")})
		return
	}
	at := k.position(number, id)
	if k.rows[at].src == nil {
		k.early = append(k.early, early{child: at, place: l.place("")})
	}
	for _, m := range marks {
		f := &k.facts[m.fact]
		says := int32(1)
		switch {
		case m.from == nil:
		case m.ever:
			v := m.from.Index[l.at]
			if m.from.Values[v].State != extract.Known || !m.says[v] && (f.nums[at] != 0 || f.ranks[at] == doubted) {
				continue // nothing is said, or it is true already, or may be
			}
			if !m.says[v] {
				says = 0
			}
		default:
			v := m.from.Index[l.at]
			if m.from.Values[v].State != extract.Known || f.ranks[at] > l.rank { // nothing is said, or a later return has spoken
				continue
			}
			unsure := f.ranks[at] == l.rank && f.states[at] == extract.Empty
			switch {
			case !m.says[v] && unsure:
				continue // another row of the return may say that it is true
			case !m.says[v]:
				says = 0
			}
			if f.ranks[at] == l.rank {
				says |= f.nums[at]
			}
			f.ranks[at] = l.rank
		}
		f.states[at], f.nums[at] = extract.Known, says
	}
}

// doubts looks at the rows of a batch that were kept back.
func (k *kids) doubts(b *extract.Batch, source *dataset.Source, rank int16) error {
	for _, part := range b.Withheld() {
		marks := k.marks(part, source)
		id := translate(part, source, k.Table, k.columns[:1], k.in.Choices)[0]
		numbers, err := k.in.Children.numbersOf(part, &id)
		if err != nil {
			return err
		}
		for row := range part.Len() {
			k.doubt(numbers[id.Index[row]], id.At(row), marks, rank)
		}
	}
	return nil
}

// doubted is the rank of a mark by mere presence, or for what has ever been, of which a row was kept back: that there is
// none is not known.
const doubted = math.MaxInt16

// doubt notes a mark that is kept back: what its return says of the child is not known, unless another row says that it
// is true; and no earlier return speaks in its place.
func (k *kids) doubt(number uint32, id extract.Value, marks []mark, rank int16) {
	if number == Nobody {
		return
	}
	at := k.position(number, id)
	for _, m := range marks {
		f, by := &k.facts[m.fact], rank
		ever := m.from == nil || m.ever
		switch {
		case ever && f.nums[at] == 0:
			by = doubted
		case ever, f.ranks[at] > rank, f.ranks[at] == rank && f.nums[at] != 0:
			continue
		}
		f.states[at], f.nums[at], f.ranks[at] = extract.Empty, 0, by
	}
}
