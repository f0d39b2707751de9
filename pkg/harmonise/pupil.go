package harmonise

import (
	"cmp"
	"context"
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
)

// The rules of pupils.
const (
	RuleTwoRolls   = "PUPIL_ON_TWO_ROLLS"
	RuleNoPupil    = "PUPIL_UNKNOWN"
	RuleKeyTwice   = "PUPIL_KEY_TWICE"
	RuleEnrolment  = "ENROLMENT_NOT_STATED"
	RuleIncomplete = "SUM_INCOMPLETE"
)

// pupils makes a core table from rows of pupils: one return (a census, or a year's download) after the other, each passed
// on when all its sources are read.
type pupils struct {
	*Job
	in      Input
	columns []string // those asked for, and those that make a row unique
	number  int      // of the table, in Links
}

func newPupils(in Input, job *Job) *pupils {
	return &pupils{Job: job, in: in, columns: with(job.Columns, job.Table.OneRowPer...), number: in.Links.table(job.Table.ID())}
}

// occasion is one return.
type occasion struct {
	year int
	term string
}

func occasionOf(src *extract.Source) occasion { return occasion{src.Year, src.Term} }

func (p *pupils) readings() []reading {
	var occasions []occasion
	for i := range p.Table.Sources {
		for _, src := range p.in.Inventory.Of(p.Table.Sources[i].Table) {
			if !slices.Contains(occasions, occasionOf(src)) {
				occasions = append(occasions, occasionOf(src))
			}
		}
	}
	slices.SortFunc(occasions, func(a, b occasion) int {
		return cmp.Or(cmp.Compare(b.year, a.year), cmp.Compare(slices.Index(dataset.Terms(), b.term), slices.Index(dataset.Terms(), a.term)))
	})
	var out []reading
	for _, o := range occasions {
		r := &intake{pupils: p, rows: make(map[pupilKey]*pupil)}
		var rolls, details []reading
		for i := range p.Table.Sources {
			own, about := r.readings(o, &p.Table.Sources[i])
			rolls, details = append(rolls, own...), append(details, about...)
		}
		// All pupils come before all rows about them, and what is of one file side by side: it is read once.
		all := append(byFile(rolls), byFile(details)...)
		if len(all) > 0 {
			last := &all[len(all)-1]
			last.then = append(last.then, r.pass)
		}
		out = append(out, all...)
	}
	return out
}

// byFile brings readings of one file together, in order of its first.
func byFile(readings []reading) []reading {
	first := make(map[*extract.Source]int)
	for i, r := range readings {
		if _, known := first[r.demand.Source]; !known {
			first[r.demand.Source] = i
		}
	}
	slices.SortStableFunc(readings, func(a, b reading) int { return first[a.demand.Source] - first[b.demand.Source] })
	return readings
}

func (p *pupils) finish(context.Context) error { return nil }

// intake is the rows that one return makes.
type intake struct {
	*pupils
	rows     map[pupilKey]*pupil
	list     []*pupil // in order of first appearance
	portions []*portion
}

// portion is what one source of the definitions makes of one return: a term, or half a term.
type portion struct {
	*intake
	source  *dataset.Source
	period  dataset.Period
	when    occasion // what the return tells of
	census  occasion // the return
	details []bool   // per column: made of rows about the pupils, not of the pupil's own
	fed     []bool   // per column: made of cells, of either
	keys    *extract.Dictionary
	owners  []owner // by key
	schools *extract.Dictionary
	said    map[uint32][][]extract.Value // by key, what rows say, of a source of which a pupil may have more than one
	buffer  []byte                       // for keys
}

// owner is the pupil whom rows of other tables name by a key; of a pupil who makes no row, where such rows are counted.
type owner struct {
	pupil  *pupil
	count  *int64
	school uint32
	void   bool // nobody can tell whose the key is
}

// detail is one table with rows about the pupils, being read.
type detail struct {
	*dataset.Detail
	fed        []bool             // per column: made of its rows
	broken     int64              // rows quarantined for a cell
	nobody     int64              // rows about nobody on the roll
	missing    map[uint32]bool    // the schools of these
	unreadable bool               // a row's key could not be read
	codes      map[pupilCode]bool // of which there is a row
}

// pupilKey is what makes a row of the table one, within one return.
type pupilKey struct {
	child uint32
	when  occasion // what the return tells of
}

// readings lists what is read of one return for one source: the pupils, and the rows about them.
func (r *intake) readings(o occasion, source *dataset.Source) (pupils, about []reading) {
	period, ok := periodOf(source, o.term)
	rolls := r.sourcesOf(source.Table, o)
	if !ok || len(rolls) == 0 {
		return nil, nil
	}
	p := &portion{intake: r, source: source, period: period, census: o, when: occasion{o.year - period.YearsBack, period.Term},
		details: make([]bool, len(r.columns)), fed: make([]bool, len(r.columns)),
		keys: extract.NewDictionary(), schools: extract.NewDictionary()}
	for c, name := range r.columns {
		f := source.Feed(name)
		p.fed[c] = f != nil && f.Is == ""
	}
	for i := range source.Details {
		for _, src := range r.sourcesOf(source.Details[i].Table, o) {
			d := &detail{Detail: &source.Details[i], fed: make([]bool, len(r.columns)), missing: make(map[uint32]bool), codes: make(map[pupilCode]bool)}
			for c, name := range r.columns {
				d.fed[c] = d.Feed(name) != nil
				p.details[c], p.fed[c] = p.details[c] || d.fed[c], p.fed[c] || d.fed[c]
			}
			read := r.reading(src, append(slices.Clone(d.Key), readsOf(r.columns, d.Feed)...), func(b *extract.Batch) { p.addDetails(b, d) })
			read.then = append(read.then, func() error { return p.settle(d, src, read.demand.Tally) })
			about = append(about, read)
		}
	}
	if len(about) == 0 && !tells(source, rolls) {
		return nil, nil // of a half term that the return says nothing of
	}
	r.portions = append(r.portions, p)
	wanted := slices.Concat(source.Pupils.Identifiers, source.Pupils.Key, []string{source.Pupils.Status}, readsOf(r.columns, source.Feed, r.in.Choices.Premiums...))
	for _, src := range rolls {
		pupils = append(pupils, r.reading(src, wanted, p.addPupils))
	}
	return pupils, about
}

func (r *intake) reading(src *extract.Source, columns []string, take func(*extract.Batch)) reading {
	d := &extract.Demand{Source: src, Want: extract.NewWant(src.Table, columns...), Report: r.Report, Sink: func(b *extract.Batch) error {
		take(b)
		return nil
	}}
	return reading{demand: d, tally: &r.Tally}
}

func (r *intake) sourcesOf(table string, o occasion) []*extract.Source {
	return slices.DeleteFunc(r.in.Inventory.Of(table), func(src *extract.Source) bool { return occasionOf(src) != o })
}

// periodOf says what a return of a term tells of; false when the source has no part in it.
func periodOf(source *dataset.Source, term string) (dataset.Period, bool) {
	if len(source.Periods) == 0 {
		return dataset.Period{}, true
	}
	at := slices.IndexFunc(source.Periods, func(p dataset.Period) bool { return p.Census == term })
	if at < 0 {
		return dataset.Period{}, false
	}
	return source.Periods[at], true
}

// tells reports whether any of the files has a column that a cell of the table is made of.
func tells(source *dataset.Source, rolls []*extract.Source) bool {
	for i := range source.Columns {
		for _, name := range source.Columns[i].Reads() {
			if slices.ContainsFunc(rolls, func(src *extract.Source) bool { _, has := src.Header.At[name]; return has }) {
				return true
			}
		}
	}
	return false
}

// readsOf lists what is read of a source for some columns of the table; of what an agreement chooses, what it chose.
func readsOf(columns []string, feed func(string) *dataset.Feed, chosen ...string) []string {
	var out []string
	for _, name := range columns {
		if f := feed(name); f != nil {
			out = append(out, f.ReadsOf(chosen)...)
		}
	}
	return out
}

// tellsOf is the source of the rows that a portion makes: what it tells of, by a file that it is made from.
func (p *portion) tellsOf(file string) *extract.Source {
	src := &extract.Source{File: file, Table: p.Table, Year: p.when.year}
	if from, to := p.period.FromMonth, p.period.ToMonth; from != 0 {
		src.First, src.Last = p.monthDay(from), p.monthDay(to%12+1)-1
		if src.Last < src.First {
			src.Last = p.monthDay(to) + 30 // of the last month of a year that ends with it
		}
	}
	return src
}

// monthDay is the first day of a month in the academic year that a portion tells of.
func (p *portion) monthDay(month int) civil.Date {
	year := p.when.year
	if month >= int(p.Table.YearBegins) {
		year--
	}
	return civil.MustYMD(year, month, 1)
}
