package harmonise

import (
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of joined tables.
const (
	RuleJoinTwice   = "JOIN_KEY_TWICE"
	RuleJoinMissing = "JOIN_MISSING"
)

// joined is a table of which a row fills in columns of another's rows, read first and kept by its key: per row its key and
// a few numbers, about 100 bytes, until the rows that name it are read.
type joined struct {
	*dataset.Join
	*Job
	choices Choices
	feeds   []*dataset.Feed
	columns []int            // per feed: the position of the core column among those that are made
	rows    map[string]int32 // by key: the position of the row, or untold
	filled  []filling        // per feed
}

// untold is the row of a key of which nothing can be said: rows that have it differ, or one of them is kept back.
const untold = -1

// filling is one column of a joined table: distinct values, the first of them empty, and per row the position of its own.
type filling struct {
	values []extract.Value
	known  map[extract.Value]uint32
	index  []uint32
}

// joins makes what fills in the rows of a source, as far as it is asked for and there is a file of it, and the readings
// that it takes.
func (e *events) joins(source *dataset.Source, src *extract.Source) (joins []*joined, first []reading) {
	for i := range source.Joins {
		j := &joined{Join: &source.Joins[i], Job: e.Job, choices: e.in.Choices, rows: make(map[string]int32)}
		names := []string{j.Key}
		for at, name := range e.columns {
			if f := j.Join.Feed(name); f != nil {
				j.feeds, j.columns, names = append(j.feeds, f), append(j.columns, at), append(names, f.From)
				j.filled = append(j.filled, filling{values: make([]extract.Value, 1), known: make(map[extract.Value]uint32)})
			}
		}
		there := false
		for _, from := range e.in.Inventory.Of(j.Join.Table) {
			if len(j.feeds) == 0 || from.Year != src.Year || from.Term != src.Term {
				continue
			}
			there = true
			d := &extract.Demand{Source: from, Want: extract.NewWant(from.Table, names...), Report: e.Report, Sink: j.add}
			first = append(first, reading{demand: d, tally: &e.Tally})
		}
		if there {
			joins = append(joins, j)
		}
	}
	return joins, first
}

// add keeps rows of the joined table.
func (j *joined) add(b *extract.Batch) error {
	j.Tally.Marks += int64(b.Len())
	cells := make([]extract.Column, len(j.feeds))
	for i, f := range j.feeds {
		cells[i] = *b.Column(f.From)
		if def := j.Job.Table.Column(f.Column); def.Type == dataset.Code {
			cells[i].Values = translateCodes(&cells[i], f, def, j.choices)
		}
	}
	key := b.Column(j.Key)
	for row := range b.Len() {
		name := key.At(row)
		if name.State != extract.Known {
			continue
		}
		at, again := j.rows[name.Text]
		switch {
		case !again:
			j.rows[name.Text] = int32(len(j.filled[0].index))
			for i := range j.filled {
				j.filled[i].add(cells[i].At(row))
			}
		case at != untold && !j.same(at, cells, row):
			j.rows[name.Text] = untold
			if j.Report.Add(RuleJoinTwice, finding.Warning, b.Source.Place(b.Rows[row], key.Named()),
				"two rows of one number say different things, so neither fills in the rows that name it",
				"remove the wrong row in the source system") >= finding.Quarantine {
				j.Tally.Marks--
				j.Tally.Quarantined++
			}
		}
	}
	for _, part := range b.Withheld() {
		key := part.Column(j.Key)
		for row := range part.Len() {
			if name := key.At(row); name.State == extract.Known {
				j.rows[name.Text] = untold
			}
		}
	}
	return nil
}

func (f *filling) add(v extract.Value) {
	n, known := f.known[v]
	if !known && v != f.values[0] {
		n = uint32(len(f.values))
		f.known[v], f.values = n, append(f.values, v)
	}
	f.index = append(f.index, n)
}

// same reports whether a row says what the one at a position says.
func (j *joined) same(at int32, cells []extract.Column, row int) bool {
	for i := range j.filled {
		if f := &j.filled[i]; f.values[f.index[at]] != cells[i].At(row) {
			return false
		}
	}
	return true
}

// fill fills in the rows of a batch. It returns those that are to be kept back, nil for none.
func (j *joined) fill(b, out *extract.Batch) map[int]bool {
	by := b.Column(j.By)
	rows := make([]int32, len(by.Values)) // by distinct value
	missing := make([]bool, len(by.Values))
	for i, v := range by.Values {
		at, known := j.rows[v.Text]
		if rows[i] = at; !known || v.State != extract.Known {
			rows[i], missing[i] = untold, v.State == extract.Known
		}
	}
	for i := range j.feeds {
		f := &j.filled[i]
		c := extract.Column{Def: out.Columns[j.columns[i]].Def, From: j.feeds[i].From, Values: f.values, Index: make([]uint32, b.Len())}
		for row, n := range by.Index {
			if rows[n] != untold {
				c.Index[row] = f.index[rows[n]]
			}
		}
		out.Columns[j.columns[i]] = c
	}
	var refused map[int]bool
	for row, n := range by.Index {
		if missing[n] && j.Report.Add(RuleJoinMissing, finding.Notice, b.Source.Place(b.Rows[row], by.Named()),
			"the row names one of "+j.Join.Table+" that is not there, so what that would say is null",
			"export both tables again, at one time") >= finding.Quarantine {
			if refused == nil {
				refused = make(map[int]bool)
			}
			refused[row] = true
		}
	}
	return refused
}

// forget drops what was kept, once the rows that name it are read.
func (j *joined) forget() { j.rows, j.filled = nil, nil }
