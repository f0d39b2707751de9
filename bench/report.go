package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// spread is the median, the least and the most of something over runs.
func spread(runs []cost, of func(cost) float64) (median, least, most float64) {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = of(r)
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2, values[0], values[n-1]
}

// report is all of it as Markdown that is legible as it stands.
func report(s setting, m machine, parts []part) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s: %s, %s of memory, %s. %s, %s, DuckDB %s. Load at the beginning %s, at the end %s.\n",
		m.at.Format("2 January 2006"), m.processor, m.memory, m.kernel, m.postern, m.python, m.duckdb, m.load, m.loadAfter)
	fmt.Fprintf(&b, "Rounds: %d; medians, with the least and the most where there is more than one. CPU seconds are user and\nsystem; MB are 10^6 bytes; × is how many times the first line's, row for row; other work is how many processors were busy with something else meanwhile.\n", s.repeats)
	for _, p := range parts {
		fmt.Fprintf(&b, "\n### %s\n\n", p.title)
		b.WriteString(table(s.rowsOf(p)))
		b.WriteString("\n" + table(limitsOf(p)))
	}
	b.WriteString("\nEvery output held what its extract does: rows, cells, and which rows are of one child and one school. Every run of\nPostern on one extract made the same Parquet files, byte by byte.\n")
	return b.String()
}

// rowsOf is the table of a part.
func (s setting) rowsOf(p part) [][]string {
	out := [][]string{{"", "rows", "CPU s", "×", "wall s", "×", "peak MiB", "MB/s", "output MB", "other work"}}
	first := p.contenders[0]
	for _, c := range p.contenders {
		in := 0.0
		if info, err := os.Stat(s.file(c.extract)); err == nil {
			in = float64(info.Size()) / 1e6
		}
		took, _, _ := spread(c.runs, wall)
		size, _, _ := spread(c.runs, output)
		_, _, most := spread(c.runs, others)
		elsewhere := fmt.Sprintf("at most %.1f", most)
		if most < 0 {
			elsewhere = "not told"
		}
		out = append(out, []string{
			c.name, million(c.extract),
			ranged(c.runs, cpu, 2), fmt.Sprintf("%.2f", c.median(cpu)/first.median(cpu)),
			ranged(c.runs, wall, 2), fmt.Sprintf("%.2f", c.median(wall)/first.median(wall)),
			ranged(c.runs, peak, 0), fmt.Sprintf("%.0f", in/took), fmt.Sprintf("%.1f", size), elsewhere,
		})
	}
	return out
}

func ranged(runs []cost, of func(cost) float64, digits int) string {
	median, least, most := spread(runs, of)
	if len(runs) == 1 {
		return fmt.Sprintf("%.*f", digits, median)
	}
	return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, median, digits, least, digits, most)
}

// limitsOf is the table of what was asked of a part.
func limitsOf(p part) [][]string {
	out := [][]string{{"limit", "at most", "measured", ""}}
	for _, l := range p.limits {
		digits, word := 3, "held"
		if l.most > 10 {
			digits = 0
		}
		if l.value > l.most {
			word = "not held"
		}
		out = append(out, []string{l.says, fmt.Sprintf("%.*f", digits, l.most), fmt.Sprintf("%.*f", digits, l.value), word})
	}
	return out
}

// table sets rows, the first of which is the head, as a table of Markdown: names to the left, numbers to the right.
func table(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			gap := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				cell += gap
			} else {
				cell = gap + cell
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i, w := range width {
			if i == 0 {
				b.WriteString("|" + strings.Repeat("-", w+2))
			} else {
				b.WriteString("|" + strings.Repeat("-", w+1) + ":")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// runsCSV is every single run.
func runsCSV(parts []part) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }
	rows := [][]string{{"part", "contender", "rows", "cpu_seconds", "wall_seconds", "peak_mib", "output_mb", "others"}}
	for _, p := range parts {
		for _, c := range p.contenders {
			for _, r := range c.runs {
				rows = append(rows, []string{p.name, c.name, strconv.Itoa(c.extract.Rows), number(r.cpu), number(r.wall), number(r.peak), number(r.output), number(r.others)})
			}
		}
	}
	_ = w.WriteAll(rows) // to memory, which does not fail
	return b.Bytes()
}
