package minimise_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// marks are rows of registers as a worker's reader hands them on: columns whose values stay from batch to batch and grow.
type marks struct {
	table *minimise.Table
	r     *rand.Rand
	stock []extract.Column
	at    []map[string]uint32
	rows  int64
	dated bool // every row has a date
}

var markColumns = []string{"la_child_id", "school_urn", "session_date", "session", "attendance_code"}

func newMarks(table *minimise.Table, seed uint64) *marks {
	m := &marks{table: table, r: rand.New(rand.NewPCG(seed, 1))}
	for _, name := range markColumns {
		m.stock = append(m.stock, extract.Column{Def: table.Source.Column(name), Stock: new(extract.Stock)})
		m.at = append(m.at, make(map[string]uint32))
	}
	return m
}

// batch makes the next batch. The same seed makes the same rows, with a stock or, each batch by itself, without.
func (m *marks) batch(rows int, stocked bool) *extract.Batch {
	b := &extract.Batch{Source: &extract.Source{File: "marks.csv", Table: m.table.Source, Year: 2021}}
	for i := range m.stock {
		if !stocked || m.r.IntN(5) == 0 && m.rows > 500 { // a reader begins a new stock when the old one has grown too large
			m.stock[i].Values, m.stock[i].Stock = nil, new(extract.Stock)
			clear(m.at[i])
		}
		c := m.stock[i]
		c.Index = nil
		if !stocked {
			c.Stock = nil
		}
		b.Columns = append(b.Columns, c)
	}
	r := rand.New(rand.NewPCG(uint64(m.rows), 7))
	for range rows {
		m.rows++
		b.Rows = append(b.Rows, m.rows)
		for i := range b.Columns {
			v := extract.Value{State: extract.Known, Num: int32(r.IntN(2))}
			switch i {
			case 0:
				v.Num, v.Text = 0, fmt.Sprint("C", r.IntN(20+int(m.rows)/10))
			case 1:
				v.Num, v.Text = 0, fmt.Sprint(100_000+r.IntN(5))
			case 2:
				v.Num = int32(civil.MustYMD(2021, 3, 1)) + int32(r.IntN(60))
			}
			if r.IntN(40) == 0 && (i != 2 || !m.dated) {
				v = extract.Value{}
			}
			key := fmt.Sprint(v)
			n, known := m.at[i][key]
			if !known {
				n = uint32(len(b.Columns[i].Values))
				m.at[i][key] = n
				b.Columns[i].Values = append(b.Columns[i].Values, v)
			}
			b.Columns[i].Index = append(b.Columns[i].Index, n)
		}
	}
	for i := range b.Columns {
		m.stock[i].Values = b.Columns[i].Values
	}
	return b
}

const marksTerms = `  attendance/daily:
    mark: {treatment: keep, from: attendance_code}
    school: {treatment: pseudonym, from: school_urn}
    gone: {treatment: days_since, from: session_date, event: gone}
    child: {treatment: pseudonym, from: la_child_id}
    half: {treatment: keep, from: session}
    who: {treatment: constant, value: us}
`

// marksPlan is an agreement on registers, with an index event of some children.
func marksPlan(t *testing.T, k *keys, period string, quarantine bool) *minimise.Plan {
	t.Helper()
	c := catalogue(t)
	a := terms{period: period, tables: marksTerms, more: "index_events: {gone: {table: ssda903/missing, column: MIS_START, pick: earliest}}\n"}
	if quarantine {
		a.pseudonyms = "on_unusable: quarantine, max_unusable: 1"
	}
	plan, err := minimise.Compile(c, a.parse(t, c), k, reference())
	if err != nil {
		t.Fatal(err)
	}
	look := plan.Lookups[0]
	ids := extract.Column{Def: look.Source.Column("CHILD")}
	days := extract.Column{Def: look.Source.Column("MIS_START"), Values: []extract.Value{{State: extract.Known, Num: int32(civil.MustYMD(2021, 4, 1))}}}
	b := &extract.Batch{Source: &extract.Source{Table: look.Source, Year: 2021}}
	for i := range 30 {
		ids.Values = append(ids.Values, extract.Value{State: extract.Known, Text: fmt.Sprint("C", 2*i)})
		ids.Index, days.Index, b.Rows = append(ids.Index, uint32(i)), append(days.Index, 0), append(b.Rows, int64(i))
	}
	b.Columns = []extract.Column{ids, days}
	if err := look.Observe(b); err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestStocks: rows, counts and findings are the same whether a Treater has met the values before or not.
func TestStocks(t *testing.T) {
	k := newKeys(t, "dsa-test")
	for _, test := range []struct {
		period     string
		quarantine bool
	}{{"2021-03-08/2021-04-20", false}, {"2021-03-08/2021-04-20", true}, {"2021-03-01/2021-05-31", true}, {"2021-03-01/2021-05-31", false}} {
		all := strings.HasPrefix(test.period, "2021-03-01") // every date is in the period
		var want []string
		var wantHeld *minimise.Held
		var wantFound []finding.Finding
		for _, stocked := range []bool{false, true} {
			table := marksPlan(t, k, test.period, test.quarantine).Tables[0]
			stage := table.NewStage(nil)
			m, treater, treated, held, report := newMarks(table, 3), table.Treater(), table.NewBatch(), minimise.NewHeld(), &finding.Report{}
			m.dated = all
			for i := range 40 {
				if i%3 == 0 { // a batch may gather what comes of several
					if err := stage.Add(treated); err != nil {
						t.Fatal(err)
					}
					treated.Reset()
				}
				if err := treater.Apply(treated, m.batch(1+i*3, stocked), held, report); err != nil {
					t.Fatal(err)
				}
			}
			if err := stage.Add(treated); err != nil {
				t.Fatal(err)
			}
			got := texts(t, stage)
			if want == nil {
				want, wantHeld, wantFound = got, held, report.Findings()
				if len(want) < 1000 || (held.OutsidePeriod < 200) != all || held.Nobody < 30 || (held.Unusable > 0) != test.quarantine || held.Cells["gone"][minimise.NoEvent] == 0 {
					t.Fatalf("too little was drawn: %d rows, %+v", len(want), held)
				}
			}
			if !slices.Equal(got, want) || !reflect.DeepEqual(held, wantHeld) || !reflect.DeepEqual(report.Findings(), wantFound) {
				t.Errorf("with a stock, %d rows, %+v; want %d rows, %+v", len(got), held, len(want), wantHeld)
			}
			if held.Seen != int64(len(got))+held.OutsidePeriod+held.Unusable+held.NotInCohort {
				t.Errorf("%d rows left: the account does not add up: %+v", len(got), held)
			}
			for name, counts := range held.Cells {
				n := int64(0)
				for count := range maps.Values(counts) {
					n += count
				}
				if n != int64(len(got)) {
					t.Errorf("%s: %d outcomes of %d rows", name, n, len(got))
				}
			}
		}
	}
}

// TestSideBySide: several goroutines treat parts of the rows, each with its own Treater; what is joined is what one makes.
func TestSideBySide(t *testing.T) {
	k := newKeys(t, "dsa-test")
	plan := marksPlan(t, k, "2021-03-08/2021-04-20", false)
	var batches []*extract.Batch
	m := newMarks(plan.Tables[0], 5)
	for range 40 {
		batches = append(batches, m.batch(100, false))
	}
	var want []string
	var wantHeld *minimise.Held
	for _, workers := range []int{1, 2, 8} {
		table := marksPlan(t, k, "2021-03-08/2021-04-20", false).Tables[0]
		treated, counts, errs := make([]*minimise.Batch, len(batches)), make([]*minimise.Held, len(batches)), make([]error, workers)
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				treater := table.Treater()
				for i := w; i < len(batches); i += workers {
					treated[i], counts[i] = table.NewBatch(), minimise.NewHeld()
					errs[w] = errors.Join(errs[w], treater.Apply(treated[i], batches[i], counts[i], &finding.Report{}))
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		stage, held := table.NewStage(nil), minimise.NewHeld()
		stage.Workers(workers)
		for i := range batches {
			held.Join(counts[i])
			if err := stage.Add(treated[i]); err != nil {
				t.Fatal(err)
			}
		}
		got := texts(t, stage)
		if want == nil {
			want, wantHeld = got, held
		}
		if !slices.Equal(got, want) || !reflect.DeepEqual(held, wantHeld) || len(got) < 2000 {
			t.Errorf("%d workers: %d rows, %+v; want %d, %+v", workers, len(got), held, len(want), wantHeld)
		}
	}
}

// TestTreaterRefuses: a number that its column may not hold ends the run if a row leaves with it, and nothing is appended;
// nor is anything to a batch of another table, or to rows that are ordered.
func TestTreaterRefuses(t *testing.T) {
	c := catalogue(t)
	plan, err := minimise.Compile(c, terms{tables: "  ssda903/oc2:\n    score: {treatment: keep, from: SDQ_SCORE}\n  ssda903/header:\n    sex: {treatment: keep, from: SEX}\n"}.parse(t, c), newKeys(t, "dsa-test"), reference())
	if err != nil {
		t.Fatal(err)
	}
	table := plan.Tables[0]
	def := table.Source.Column("SDQ_SCORE")
	batch := func(numbers ...int32) *extract.Batch {
		b := &extract.Batch{Source: &extract.Source{Table: table.Source, Year: 2024}, Columns: []extract.Column{
			{Def: table.Source.Column("CHILD"), Values: []extract.Value{{State: extract.Known, Text: "1"}}}, {Def: def},
		}}
		for i, n := range numbers {
			b.Rows = append(b.Rows, int64(i)+1)
			b.Columns[0].Index = append(b.Columns[0].Index, 0)
			b.Columns[1].Values, b.Columns[1].Index = append(b.Columns[1].Values, extract.Value{State: extract.Known, Num: n}), append(b.Columns[1].Index, uint32(i))
		}
		return b
	}
	treater, into := table.Treater(), table.NewBatch()
	if err := treater.Apply(into, batch(def.Min, def.Max), minimise.NewHeld(), &finding.Report{}); err != nil || into.Len() != 2 || into.Number(0, 0) != def.Min || into.Number(1, 0) != def.Max {
		t.Fatalf("%d rows, error %v", into.Len(), err)
	}
	for _, n := range []int32{def.Min - 1, def.Max + 1, 1 << 30, -1 << 31} {
		err := treater.Apply(into, batch(def.Min, n), minimise.NewHeld(), &finding.Report{})
		if err == nil || into.Len() != 2 || strings.Contains(err.Error(), fmt.Sprint(n)) {
			t.Errorf("%d rows, error %v", into.Len(), err)
		}
	}
	outside := batch(def.Min, def.Max+1)
	outside.Rows, outside.Columns[0].Index, outside.Columns[1].Index = outside.Rows[:1], []uint32{0}, []uint32{0}
	if err := treater.Apply(into, outside, minimise.NewHeld(), &finding.Report{}); err != nil || into.Len() != 3 {
		t.Errorf("a value that no row leaves with: %v", err)
	}
	if err := treater.Apply(plan.Tables[1].NewBatch(), batch(def.Min), minimise.NewHeld(), &finding.Report{}); err == nil {
		t.Error("rows went to a batch of another table")
	}
	stage := table.NewStage(nil)
	if err := stage.Add(into); err != nil {
		t.Fatal(err)
	}
	if err := stage.Ordered(context.Background(), func(b *minimise.Batch) error {
		if err := treater.Apply(b, batch(def.Min), minimise.NewHeld(), &finding.Report{}); err == nil {
			t.Error("rows went to those that are ordered")
		}
		if err := table.NewStage(nil).Add(b); err == nil {
			t.Error("ordered rows were staged again")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestBegunBefore: a row whose date is not known, and that tells of what had begun before the data period, is held back, also
// where nothing else is.
func TestBegunBefore(t *testing.T) {
	table := marksPlan(t, newKeys(t, "dsa-test"), "2021-03-08/2021-04-20", false).Tables[0]
	b := newMarks(table, 1).batch(2, false)
	for i := range b.Columns {
		b.Columns[i].Index = []uint32{0, 0}
		b.Columns[i].Values = b.Columns[i].Values[:1]
	}
	b.Columns[0].Values[0] = extract.Value{State: extract.Known, Text: "C1"}
	b.Columns[2].Values[0] = extract.Value{}
	for _, test := range []struct {
		begun []civil.Date
		left  int
	}{
		{nil, 2}, {[]civil.Date{civil.MustYMD(2021, 3, 7), civil.MustYMD(2021, 3, 8)}, 1}, {[]civil.Date{civil.MustYMD(2021, 4, 20), civil.MustYMD(2021, 4, 20)}, 2},
	} {
		b.Begun = test.begun
		treated, held := table.NewBatch(), minimise.NewHeld()
		if err := table.Treater().Apply(treated, b, held, &finding.Report{}); err != nil || treated.Len() != test.left || held.OutsidePeriod != int64(2-test.left) {
			t.Errorf("begun %v: %d rows left, %+v, error %v", test.begun, treated.Len(), held, err)
		}
	}
}
