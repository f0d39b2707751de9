package harmonise

import (
	"math"

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
	columns []int             // per feed: the position of the core column among those that are made
	rows    map[string]int32  // by key: the position of the row, or untold
	spans   map[string][]span // by key, where a row holds for some days only
	filled  []filling         // per feed
}

// span is a row of a joined table that holds from one day to another, both included.
type span struct{ from, to, row int32 }

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
		j := &joined{Join: &source.Joins[i], Job: e.Job, choices: e.in.Choices, rows: make(map[string]int32), spans: make(map[string][]span)}
		names := []string{j.Key}
		for at, name := range e.columns {
			if f := j.Feed(name); f != nil {
				j.feeds, j.columns, names = append(j.feeds, f), append(j.columns, at), append(names, j.Reads(f)...)
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
		if at, twice := j.place(b, name.Text, row, cells); at >= 0 {
			for i := range j.filled {
				j.filled[i].add(cells[i].At(row))
			}
		} else if twice {
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
				s := j.span(part, row)
				s.row = untold
				j.rows[name.Text], j.spans[name.Text] = untold, append(j.spans[name.Text], s)
			}
		}
	}
	return nil
}

// place finds the position of a row that is to be kept, -1 for one that is not; and whether another one of its name, and of
// its first day, says something else.
func (j *joined) place(b *extract.Batch, name string, row int, cells []extract.Column) (at int, twice bool) {
	next := len(j.filled[0].index)
	if j.Day == "" {
		switch at, again := j.rows[name]; {
		case !again:
			j.rows[name] = int32(next)
			return next, false
		case at != untold && !j.same(at, cells, row):
			j.rows[name] = untold
			return -1, true
		default:
			return -1, false
		}
	}
	s := j.span(b, row)
	s.row = int32(next)
	for i, other := range j.spans[name] {
		if other.from == s.from && other.row != untold && !j.same(other.row, cells, row) {
			j.spans[name][i].row = untold
			j.spans[name][i].to = max(other.to, s.to)
			return -1, true
		}
	}
	j.spans[name] = append(j.spans[name], s)
	return next, false
}

// span tells between which days a row holds. A day that is not known is one long ago, or one that has not come.
func (j *joined) span(b *extract.Batch, row int) span {
	s := span{from: math.MinInt32, to: math.MaxInt32}
	if j.Day == "" {
		return s
	}
	if v := b.Column(j.Span.From).At(row); v.State == extract.Known {
		s.from = v.Num
	}
	if v := b.Column(j.Span.To).At(row); v.State == extract.Known {
		s.to = v.Num
	}
	return s
}

// on finds the row of a name that holds on a day: of several, the one that began last. Where one of them is kept back, it
// is untold.
func (j *joined) on(name string, day int32) (row int32, known bool) {
	row, began := int32(untold), int32(math.MinInt32)
	for _, s := range j.spans[name] {
		switch {
		case day < s.from || day > s.to:
		case s.row == untold:
			return untold, true
		case !known || s.from > began:
			row, began, known = s.row, s.from, true
		}
	}
	return row, known
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
	rows, missing := j.find(b)
	for i := range j.feeds {
		f := &j.filled[i]
		c := extract.Column{Def: out.Columns[j.columns[i]].Def, From: j.feeds[i].From, Values: f.values, Index: make([]uint32, b.Len())}
		for row, at := range rows {
			if at != untold {
				c.Index[row] = f.index[at]
			}
		}
		out.Columns[j.columns[i]] = c
	}
	var refused map[int]bool
	for _, row := range missing {
		if j.Report.Add(RuleJoinMissing, finding.Notice, b.Source.Place(b.Rows[row], b.Column(j.By).Named()),
			"there is no row of "+j.Join.Table+" that belongs to this one, so what it would say is null",
			"export both tables again, at one time") >= finding.Quarantine {
			if refused == nil {
				refused = make(map[int]bool)
			}
			refused[row] = true
		}
	}
	return refused
}

// find tells the row that belongs to each of a batch, untold for none, and lists those of which there should be one.
func (j *joined) find(b *extract.Batch) (rows []int32, missing []int) {
	by, rows := b.Column(j.By), make([]int32, b.Len())
	for row := range rows {
		rows[row] = untold
		name := by.At(row)
		if name.State != extract.Known {
			continue
		}
		at, known := j.rows[name.Text]
		if j.Day != "" {
			day := b.Column(j.Day).At(row)
			if day.State != extract.Known {
				continue
			}
			at, known = j.on(name.Text, day.Num)
		}
		if !known {
			missing = append(missing, row)
			continue
		}
		rows[row] = at
	}
	return rows, missing
}

// forget drops what was kept, once the rows that name it are read.
func (j *joined) forget() { j.rows, j.spans, j.filled = nil, nil, nil }
