package extract

import (
	"context"

	"github.com/postern-gateway/postern/pkg/finding"
)

// Intake takes in the rows of one demand from a reader that may keep a row back before its cells are looked at: for an
// element that stands twice, an error in a cell. It counts them in the demand's tally, and hands them on batch by batch.
type Intake struct {
	*Demand
	sound, unsound *Collector
}

// NewIntake makes an empty intake.
func NewIntake(d *Demand) *Intake {
	return &Intake{Demand: d, sound: NewCollector(d.Source, d.Want, d.Report), unsound: NewCollector(d.Source, d.Want, &finding.Report{})}
}

// Add takes a row in: its number in the file, from 1, and its cells in the order of the demand's columns, which are copied.
// What is wrong with one that is not sound has been reported; of its cells, those that cannot be used are empty.
func (i *Intake) Add(ctx context.Context, number int64, cells [][]byte, sound bool) error {
	i.Tally.Read++
	if sound {
		i.sound.Add(number, cells)
	} else {
		i.Tally.Quarantined++
		i.unsound.Add(number, cells)
	}
	if i.sound.Full() || i.unsound.Full() {
		return i.Flush(ctx)
	}
	return nil
}

// Flush hands on what was taken in.
func (i *Intake) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := i.sound.Flush(i.Demand); err != nil {
		return err
	}
	// That something is said of a child and a day keeps an older row on the same from leaving: rows that are not sound come
	// as broken ones too. They were counted, and what is wrong with them was told, where they were met.
	return i.unsound.Flush(&Demand{Source: i.Source, Want: i.Want, Confidential: true, Sink: func(b *Batch) error {
		for _, part := range []*Batch{b, b.Broken} {
			if part == nil || part.Len() == 0 {
				continue
			}
			none := &Batch{Source: i.Source, Columns: make([]Column, len(part.Columns))}
			for at, c := range part.Columns {
				none.Columns[at] = Column{Def: c.Def, From: c.From}
			}
			none.Broken = &Batch{Source: i.Source, Rows: part.Rows, Columns: part.Columns}
			if err := i.Sink(none); err != nil {
				return err
			}
		}
		return nil
	}})
}
