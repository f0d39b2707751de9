package export

import (
	"bytes"
	"context"
	"sync"

	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/parquetfile"
	"github.com/postern-gateway/postern/pkg/state"
)

// members are the lists of the pseudonyms that are in a drop, one of each table that has a child's, for the rights officer alone.
// They are made while the tables are written, and nothing is to be seen of them before they are sealed.
type members map[*Staged]*state.MembershipWriter

// listMembers begins the lists of a drop.
func (d *drop) listMembers() (members, error) {
	recipient, err := d.Keys.RightsRecipient()
	if err != nil {
		return nil, err
	}
	m := make(members)
	for _, t := range d.survey.Tables {
		if t.Table.Children < 0 {
			continue
		}
		if m[t], err = d.State.MembershipWriter(d.judgement.Agreement.ID, d.name(), t.Table.ID, recipient); err != nil {
			delete(m, t)
			m.discard()
			return nil, err
		}
	}
	return m, nil
}

// rows are the rows of a table, whose children are listed as they go by.
func (m members) rows(t *Staged) parquetfile.Rows {
	if w := m[t]; w != nil {
		return listing{t.Stage, w}
	}
	return t.Stage
}

// seal puts the lists in their places, in the order of the survey's tables.
func (m members) seal(s *Survey) error {
	for _, t := range s.Tables {
		if w := m[t]; w != nil {
			if err := w.Close(); err != nil {
				return err
			}
		}
	}
	return nil
}

// discard gives up the lists that were not sealed.
func (m members) discard() {
	for _, w := range m {
		w.Discard()
	}
}

// listing is a stage whose children are listed.
type listing struct {
	*minimise.Stage
	list *state.MembershipWriter
}

// Ordered hands the rows on. Another goroutine lists their children: what it meets, the list says when it is sealed.
func (l listing) Ordered(ctx context.Context, yield func(*minimise.Batch) error) error {
	texts, free := make(chan []byte, 1), make(chan []byte, 2)
	var writing sync.WaitGroup
	writing.Go(func() {
		for text := range texts {
			for line := range bytes.Lines(text) {
				if l.list.Add(bytes.TrimSuffix(line, []byte{'\n'})) != nil {
					break // it stays with the list
				}
			}
			select {
			case free <- text[:0]:
			default:
			}
		}
	})
	defer writing.Wait() // also where yield panics: the list is given up then
	defer close(texts)
	last := uint32(0)
	return l.Stage.Ordered(ctx, func(b *minimise.Batch) error {
		var text []byte
		select {
		case text = <-free:
		default:
		}
		if text, last = b.AppendLeads(text, last); len(text) > 0 {
			texts <- text
		}
		return yield(b)
	})
}
