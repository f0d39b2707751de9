package harmonise

import "github.com/postern-gateway/postern/pkg/extract"

// lose looks at pupils' rows that were quarantined for a cell, or given in confidence: what they would have added is
// missing, and rows about these pupils are counted with them.
func (p *portion) lose(b *extract.Batch, confidential bool) {
	count := &p.Tally.Quarantined
	if confidential {
		count = &p.Tally.Confidential
	}
	who := p.identify(b)
	for row := range b.Len() {
		p.loseRow(b, row, who(row), count)
	}
}

func (p *portion) loseRow(b *extract.Batch, row int, child uint32, count *int64) {
	if child < shared && !p.heldBack(b, row) {
		p.lack(p.pupil(child, b, row), p.fed)
	}
	p.own(b, row, owner{count: count, void: true})
}

// withhold looks at rows about pupils that were given in confidence: what they belong to is not known.
func (p *portion) withhold(b *extract.Batch, d *detail) {
	for row := range b.Len() {
		switch o, known := p.ownerOf(b, row, d); {
		case known && o.pupil != nil:
			p.lack(o.pupil, d.fed)
		case known:
		case p.keyOf(b, row, d.Key) == nil:
			d.unreadable = true
		default:
			d.missing[p.school(b, row, d.Key)] = true
		}
	}
}
