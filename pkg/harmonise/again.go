package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// again is why a sum is not known: the message and hint of rows that seem to be there twice. A table that was exported
// twice over would count everything twice.
const (
	againMessage = "another row says the same of the same pupil, so what the child's rows come to is not known and leaves as null"
	againHint    = "export the table again, with each record once"
)

// saidAgain looks for a pupil's row that is there twice, of a source of which a pupil may have more than one: whoever left
// a school twice has two rows of one record number, with other numbers.
func (p *portion) saidAgain(k *pupil, b *extract.Batch, row int, cells []func(int) extract.Value) {
	key := p.keyOf(b, row, p.source.Pupils.Key)
	if p.source.Pupils.Once || key == nil {
		return
	}
	n, known := p.keys.Find(key)
	if !known {
		return
	}
	var says []extract.Value
	own := make([]bool, len(p.fed)) // columns made of the pupil's rows, and not of rows about the pupil
	for i, fed := range p.fed {
		if own[i] = fed && !p.details[i]; own[i] {
			says = append(says, cells[i](row))
		}
	}
	if says == nil {
		return
	}
	if p.said == nil {
		p.said = make(map[uint32][][]extract.Value)
	}
	if slices.ContainsFunc(p.said[n], func(other []extract.Value) bool { return slices.Equal(other, says) }) {
		p.lack(k, own)
		p.Report.Add(RuleIncomplete, finding.Warning, b.Source.Place(b.Rows[row], ""), againMessage, againHint)
	}
	p.said[n] = append(p.said[n], says)
}

// pupilCode is a code of which a pupil has a row; of pupils who may have more than one, with its number.
type pupilCode struct {
	pupil       *pupil
	code, count int32
}

// repeated looks for a second row of a pupil and a code whose numbers are added up.
func (p *portion) repeated(b *extract.Batch, d *detail) func(row int, of *pupil) {
	type counted struct {
		cell        int
		feed        *dataset.Feed
		code, count *extract.Column
	}
	var sums []counted
	for i, name := range p.columns {
		if f := d.Feed(name); f != nil && f.From != "" && len(f.Where) == 1 && p.def(i).Type == dataset.Integer {
			sums = append(sums, counted{i, f, b.Column(f.Where[0].Column), b.Column(f.From)})
		}
	}
	return func(row int, of *pupil) {
		for _, s := range sums {
			v := s.code.At(row)
			if v.State != extract.Known || !slices.Contains(s.feed.Where[0].Codes, s.code.Def.Codes[v.Num].Value) {
				continue
			}
			key := pupilCode{pupil: of, code: v.Num}
			if !p.source.Pupils.Once {
				key.count = s.count.At(row).Num
			}
			if d.codes[key] {
				of.cells[s.cell].lacking = true
				p.Report.Add(RuleIncomplete, finding.Warning, b.Source.Place(b.Rows[row], s.code.Named()), againMessage, againHint)
			}
			d.codes[key] = true
		}
	}
}
