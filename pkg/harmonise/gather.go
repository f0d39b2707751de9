package harmonise

import (
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// gather keeps what is needed of the rows that the other table would leave.
func (d *derived) gather(b *extract.Batch) error {
	child := b.Column(d.from[0])
	numbers, err := d.in.Children.numbersOf(b, child)
	if err != nil {
		return err
	}
	read := d.reader(b)
	for row := range b.Len() {
		e := read(row)
		if e.child = numbers[child.Index[row]]; e.child == Nobody {
			d.refuse(b, row, child, RuleNobody, "the cell identifies no child, so there is no child to make a row of", "fill in the child's identifier in the source system")
			d.Tally.Nobody++
			continue
		}
		if e.start == noDay {
			d.refuse(b, row, b.Column(d.from[1]), RuleUndated, "the cell is empty, and without its date nothing can be made of the row", "fill in the date in the source system")
			d.lost = append(d.lost, e)
			continue
		}
		if d.shape.stated >= 0 && e.codes[d.shape.stated] == noCode && d.unstated(b, row) >= finding.Quarantine {
			d.Tally.Quarantined++
			d.lost = append(d.lost, e)
			continue
		}
		d.rows = append(d.rows, e)
	}
	return nil
}

// unstated reports a row that may be one to be set aside: it does not say.
func (d *derived) unstated(b *extract.Batch, row int) finding.Severity {
	return d.Report.Add(RuleUnstated, finding.Warning, b.Source.Place(b.Rows[row], d.shape.codes[d.shape.stated]),
		"the row does not say the legal status, so that it is not known whether it is a short break; it counts as none",
		"state the legal status in the source system; an agreement can make it keep the row back")
}

func (d *derived) refuse(b *extract.Batch, row int, column *extract.Column, rule, message, hint string) {
	d.Report.Add(rule, finding.Quarantine, b.Source.Place(b.Rows[row], column.Named()), message, hint)
	d.Tally.Quarantined++
}

// lose keeps whose rows are held back, and of when they are: what they would have told is not known.
func (d *derived) lose(b *extract.Batch) error {
	child := b.Column(d.from[0])
	numbers, err := d.in.Children.numbersOf(b, child)
	if err != nil {
		return err
	}
	read := d.reader(b)
	for row := range b.Len() {
		e := read(row)
		if e.child = numbers[child.Index[row]]; e.child != Nobody && !d.isAside(&e) {
			d.lost = append(d.lost, e)
		}
	}
	return nil
}

func (d *derived) isAside(e *event) bool { return d.shape.aside != nil && d.shape.aside(d, e) }

// reader reads the events of a batch.
func (d *derived) reader(b *extract.Batch) func(row int) event {
	if n := len(d.places); n == 0 || d.places[n-1].File != b.Source.File || d.places[n-1].Year != b.Source.Year {
		d.places = append(d.places, b.Source)
	}
	start, until := b.Column(d.from[1]), b.Column(d.shape.until)
	var codes [6]*extract.Column
	for i, name := range d.shape.codes {
		if name != "" {
			codes[i] = b.Column(name)
		}
	}
	return func(row int) event {
		e := event{src: uint32(len(d.places) - 1), row: uint32(b.Rows[row]), year: int16(b.Source.Year), start: dayOf(start.At(row)), until: dayOf(until.At(row))}
		for i, c := range codes {
			e.codes[i] = noCode
			if c != nil {
				if v := c.At(row); v.State == extract.Known {
					e.codes[i] = int16(v.Num)
				}
			}
		}
		return e
	}
}

func dayOf(v extract.Value) int32 {
	if v.State != extract.Known {
		return noDay
	}
	return v.Num
}
