package harmonise

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// format is that of the pupils of the portion.
func (p *portion) format() string {
	format, _, _ := strings.Cut(p.source.Table, "/")
	return format
}

// outranked notes what a row says of a pupil whom another format has too, one that the definitions name before it: the row
// is held back, and what it says differently is told when all is known.
func (p *portion) outranked(k *pupil, b *extract.Batch, row int, cells []func(int) extract.Value) {
	p.Tally.Superseded++
	if k.other == nil {
		k.other, k.otherAt = make([]sum, len(p.columns)), b.Source.Place(b.Rows[row], "")
	}
	for i, name := range p.columns {
		if f := p.source.Feed(name); f != nil && f.Is == "" {
			k.other[i].add(cells[i](row), p.def(i))
		}
	}
}

// differ tells of facts that formats state differently.
func (r *intake) differ(k *pupil) {
	for i := range k.other {
		def := r.Table.Column(r.columns[i])
		this, that := k.cells[i].value(def), k.other[i].value(def)
		if this.State == extract.Known && that.State == extract.Known && this.Num != that.Num {
			r.Report.Add(RuleDiffer, finding.Notice, k.otherAt,
				"another return of the same year states this fact of the child differently; that one leaves",
				"correct the wrong one of the two in the source system")
		}
	}
}
