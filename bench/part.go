package main

import (
	"fmt"
	"math"

	"github.com/postern-gateway/postern/bench/attendance"
)

// part is one comparison.
type part struct {
	name, title string
	contenders  []contender
	limits      []limit
}

// limit is what a measurement must not exceed.
type limit struct {
	says  string
	value float64
	most  float64
}

// peakLimit is the most memory that a run of Postern may have, MiB.
const peakLimit = 512

func (b *bench) part(name string) part {
	extract := func(order attendance.Order, rows int) attendance.Extract {
		return attendance.Extract{Order: order, Rows: rows, Children: b.children, Seed: b.seed}
	}
	strangers := func(rows int) attendance.Extract {
		e := extract(attendance.Distinct, rows)
		e.Children = rows
		return e
	}
	postern := func(name string, e attendance.Extract, workers int) contender {
		return contender{name: name, group: gate, extract: e, workers: workers}
	}
	duck := func(e attendance.Extract) []contender {
		return []contender{
			{name: "DuckDB ordered, table", group: ordered, extract: e, form: "table"},
			{name: "DuckDB ordered, rescan", group: ordered, extract: e, form: "rescan"},
			{name: "DuckDB unordered, table", group: unordered, extract: e, form: "table"},
			{name: "DuckDB unordered, rescan", group: unordered, extract: e, form: "rescan"},
		}
	}
	register := extract(attendance.Register, b.rows)
	p := part{name: name}
	beside := func(e attendance.Extract) {
		p.contenders = append([]contender{postern("Postern", e, b.workers)}, duck(e)...)
	}
	switch name {
	case "main":
		p.title = "A register"
		beside(register)
		few := extract(attendance.Register, b.script)
		p.contenders = append(p.contenders, contender{name: "Python script", group: plain, extract: few, form: "plain"},
			contender{name: "Python script, remembering", group: cached, extract: few, form: "cached"})
	case "shuffled":
		p.title = "The same rows shuffled"
		beside(extract(attendance.Shuffled, b.rows))
	case "distinct":
		p.title = "No child twice"
		beside(strangers(b.distinct))
	case "workers":
		p.title = "Workers"
		for _, n := range []int{1, 2, 16} {
			p.contenders = append(p.contenders, postern(fmt.Sprintf("Postern, workers: %d", n), register, n))
		}
	case "growth":
		p.title = "Growth"
		for _, n := range b.sizes {
			p.contenders = append(p.contenders, postern(fmt.Sprintf("Postern, rows: %d", n), extract(attendance.Register, n), b.workers))
		}
	case "crowd":
		p.title = "Growth of what has no child twice"
		for _, n := range []int{b.distinct, 5 * b.distinct} {
			p.contenders = append(p.contenders, postern(fmt.Sprintf("Postern, children: %d", n), strangers(n), b.workers))
		}
	}
	return p
}

// hold works out how a measured part stands to its limits.
func (p *part) hold() {
	best := func(of group, what func(cost) float64) float64 {
		least := math.Inf(1)
		for _, c := range p.contenders {
			if c.group == of {
				least = min(least, c.median(what))
			}
		}
		return least
	}
	share := func(than group, most float64) {
		p.limits = append(p.limits,
			limit{"CPU seconds, of those of the best of " + string(than), best(gate, cpu) / best(than, cpu), most},
			limit{"wall seconds, of those of the best of " + string(than), best(gate, wall) / best(than, wall), most})
	}
	switch p.name {
	case "main":
		share(ordered, 1.0/3)
		share(unordered, 2.0/3)
		p.limits = append(p.limits, limit{"CPU seconds a row, of those of " + string(plain), best(gate, cpu) / best(plain, cpu), 1.0 / 20})
	case "shuffled":
		share(ordered, 1.0/2)
	case "distinct":
		share(ordered, 2.0/3)
	case "workers":
		p.limits = append(p.limits, limit{"wall seconds of two workers, of those of one", p.contenders[1].median(wall) / p.contenders[0].median(wall), 0.6})
	case "growth", "crowd":
		first, last := p.contenders[0], p.contenders[len(p.contenders)-1]
		p.limits = append(p.limits, limit{"CPU seconds a row of the last size, of those of the first", last.median(cpu) / first.median(cpu), 1.25})
	}
	most := 0.0
	for _, c := range p.contenders {
		if c.group == gate {
			_, _, high := spread(c.runs, peak)
			most = max(most, high)
		}
	}
	p.limits = append(p.limits, limit{"peak memory of Postern, MiB", most, peakLimit})
}

// held says whether every limit is.
func held(parts []part) bool {
	for _, p := range parts {
		for _, l := range p.limits {
			if l.value > l.most {
				return false
			}
		}
	}
	return true
}

func cpu(c cost) float64    { return c.cpu }
func wall(c cost) float64   { return c.wall }
func peak(c cost) float64   { return c.peak }
func others(c cost) float64 { return c.others }
func output(c cost) float64 { return c.output }
