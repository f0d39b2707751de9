package minimise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// Lookup is a table that must be read before any other: it decides which children the agreement is about, or dates
// their index events. Give it every batch of its table with Observe.
type Lookup struct {
	Source   *dataset.Table
	Needs    []string
	children *harmonise.Children
	observe  []observer
}

// observer looks at one row of one child.
type observer func(b *extract.Batch, child uint32, row int)

// Observe looks at every row of a batch.
func (l *Lookup) Observe(b *extract.Batch) error {
	column := b.Column(l.Source.ChildID)
	numbers, err := l.children.NumbersOf(b, column)
	if err != nil {
		return err
	}
	for row := range b.Len() {
		child := numbers[column.Index[row]]
		if child == harmonise.Nobody {
			continue
		}
		for _, look := range l.observe {
			look(b, child, row)
		}
	}
	return nil
}

// population is the children the agreement is about.
type population struct{ in []bool }

func (p *population) add(child uint32) {
	for int(child) >= len(p.in) {
		p.in = append(p.in, false)
	}
	p.in[child] = true
}

// has reports whether a child belongs. A nil population has every child, and what identifies nobody.
func (p *population) has(child uint32) bool {
	return p == nil || int(child) < len(p.in) && p.in[child]
}

// eventDates holds the date of one index event for every child that has one.
type eventDates struct {
	latest bool
	known  []bool
	days   []int32
}

func (e *eventDates) add(child uint32, day int32) {
	for int(child) >= len(e.days) {
		e.days, e.known = append(e.days, 0), append(e.known, false)
	}
	if !e.known[child] || e.latest == (day > e.days[child]) {
		e.days[child], e.known[child] = day, true
	}
}

func (e *eventDates) of(child uint32) (int32, bool) {
	if int(child) >= len(e.days) || !e.known[child] {
		return 0, false
	}
	return e.days[child], true
}

// lookups makes the plan's population and index events, and the tables that fill them.
func (p *Plan) lookups(catalogue *dataset.Catalogue, a *agreement.Agreement) {
	if a.Cohort != nil {
		p.people = &population{}
		l := p.lookup(catalogue.Table(a.Cohort.Table))
		for _, where := range a.Cohort.Where {
			l.need(where.Column)
		}
		l.observe = append(l.observe, func(b *extract.Batch, child uint32, row int) {
			for _, where := range a.Cohort.Where {
				if !holds(where, b.Column(where.Column), row) {
					return
				}
			}
			p.people.add(child)
		})
	}
	for _, event := range a.IndexEvents {
		dates := &eventDates{latest: event.Pick == agreement.PickLatest}
		p.events[event.Name] = dates
		l := p.lookup(catalogue.Table(event.Table))
		l.need(event.Column)
		column := event.Column
		l.observe = append(l.observe, func(b *extract.Batch, child uint32, row int) {
			if v := b.Column(column).At(row); v.State == extract.Known {
				dates.add(child, v.Num)
			}
		})
	}
}

// lookup finds or makes the look-up of a table, so that a table is read once for all that look at it.
func (p *Plan) lookup(source *dataset.Table) *Lookup {
	for _, l := range p.Lookups {
		if l.Source == source {
			return l
		}
	}
	l := &Lookup{Source: source, Needs: []string{source.ChildID}, children: p.children}
	p.Lookups = append(p.Lookups, l)
	return l
}

func (l *Lookup) need(column string) {
	if !slices.Contains(l.Needs, column) {
		l.Needs = append(l.Needs, column)
	}
}

// holds reports whether a condition holds for a row. Nothing holds of an empty cell.
func holds(where agreement.Condition, column *extract.Column, row int) bool {
	v := column.At(row)
	if v.State != extract.Known {
		return false
	}
	if len(where.In) > 0 {
		return slices.Contains(where.In, wordOf(column.Def, v))
	}
	day := civil.Date(v.Num)
	return (where.From == nil || day >= *where.From) && (where.To == nil || day <= *where.To)
}

// wordOf is a code, or a boolean as an agreement writes it.
func wordOf(def *dataset.Column, v extract.Value) string {
	switch {
	case def.Type == dataset.Code:
		return def.Codes[v.Num].Value
	case v.Num != 0:
		return "true"
	default:
		return "false"
	}
}
