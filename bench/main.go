// Command bench measures what a drop of daily attendance costs beside what its user could have written instead, on the
// machine that it runs on, and checks that they have made the same thing. `make bench` builds and runs it.
//
// The job: of an extract with 14 columns, put codes for the child's and the school's numbers, work out the age in months and
// the month of the session, keep six columns, and write Parquet. It is done by
//
//	Postern       postern export: recognising, treating, ordering, writing, reading back, scanning, signing and publishing
//	              to a folder, under an agreement that three people signed; keys and people are made for the measurement
//	DuckDB        the same cells and nothing else (bench/duck): rows in the order of the child's codes, and in no order
//	Python        the script that an analyst would write (script.py), to CSV
//
// in these parts:
//
//	main      a register: the children in the same order every day
//	shuffled  the same rows in no order
//	distinct  no child twice
//	workers   Postern with 1, 2 and 16 workers on the register: the time, and that the Parquet files are the same bytes
//	growth    Postern on registers of several sizes
//	crowd     Postern where no child comes twice, and five times as many: memory must not grow with children either
//
// Contenders run one after another, each as a process of its own, in rounds, and each round begins with another one: what
// else the machine does then meets all of them. CPU seconds (user and system, of the process and what it began) and peak
// memory are the system's own accounts of the process. The extract is read once before each run, so that it comes from
// memory, and what earlier runs have written is on disk by then.
//
// The cells of every output are held against the extract's (see duck figures), and the Parquet files of Postern to those of
// its other runs, byte by byte. The report is printed, and is in FOLDER/report.md; every single run is in FOLDER/runs.csv.
// Exit code 1: something failed, or outputs differ, or -strict and a limit is not held. Linux tells of the machine and of
// what else it does; macOS does not, and Windows will not do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting is what was asked for.
type setting struct {
	postern, tools, folder string
	rows, distinct, script int
	children, repeats      int
	seed                   uint64
	workers                int // 0: as many as there are processors
	sizes                  []int
	parts                  []string
	month                  string // on whose first day ages are counted
	strict                 bool
}

func main() {
	s, err := asked()
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		err = run(ctx, s)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func asked() (setting, error) {
	var s setting
	var sizes, parts string
	flag.StringVar(&s.postern, "postern", "bin/postern", "the `COMMAND` to measure")
	flag.StringVar(&s.folder, "folder", "bench/out", "the `FOLDER` for extracts, which are kept, outputs, which are not, and the report")
	flag.IntVar(&s.rows, "rows", 1_000_000, "rows of the register")
	flag.IntVar(&s.distinct, "distinct", 0, "rows of the extract in which no child comes twice (default: as -rows, at most 1,000,000)")
	flag.IntVar(&s.script, "script", 0, "rows that the Python script is given, whose cost grows with nothing but rows (default: a tenth of -rows)")
	flag.IntVar(&s.children, "children", 100_000, "children in the register")
	flag.IntVar(&s.repeats, "repeats", 3, "rounds")
	flag.Uint64Var(&s.seed, "seed", 1, "what the extracts are drawn from")
	flag.IntVar(&s.workers, "workers", 0, "workers of Postern and threads of DuckDB (default: the processors there are)")
	flag.StringVar(&sizes, "sizes", "", "rows of the registers of part growth, by commas (default: a tenth of -rows, and -rows)")
	flag.StringVar(&parts, "parts", "main,shuffled,distinct,workers,growth,crowd", "which parts, by commas")
	flag.StringVar(&s.month, "month", time.Now().UTC().Format("2006-01"), "count ages on the first day of this `MONTH`, at most twelve back")
	flag.BoolVar(&s.strict, "strict", false, "end with exit code 1 when a limit is not held")
	flag.Parse()
	if s.distinct == 0 {
		s.distinct = min(s.rows, 1_000_000)
	}
	if s.script == 0 {
		s.script = max(s.rows/10, 1)
	}
	s.parts = strings.Split(parts, ",")
	for _, p := range s.parts {
		if !slices.Contains([]string{"main", "shuffled", "distinct", "workers", "growth", "crowd"}, p) {
			return s, fmt.Errorf("-parts: there is no part %q", p)
		}
	}
	s.sizes = []int{max(s.rows/10, 1), s.rows}
	if sizes != "" {
		s.sizes = nil
		for _, word := range strings.Split(sizes, ",") {
			n, err := strconv.Atoi(word)
			if err != nil {
				return s, fmt.Errorf("-sizes: %w", err)
			}
			s.sizes = append(s.sizes, n)
		}
	}
	if s.repeats < 1 || slices.Min(append(s.sizes, s.rows, s.distinct, s.script, s.children)) < 1 {
		return s, errors.New("rows, children and repeats must be at least 1")
	}
	self, err := os.Executable()
	if err != nil {
		return s, err
	}
	s.tools = filepath.Dir(self)
	for _, name := range []*string{&s.postern, &s.folder} {
		if *name, err = filepath.Abs(*name); err != nil {
			return s, err
		}
	}
	return s, nil
}

// run measures all parts and reports them.
func run(ctx context.Context, s setting) error {
	if err := os.MkdirAll(filepath.Join(s.folder, "logs"), 0o755); err != nil {
		return err
	}
	council, err := found(ctx, s)
	if err != nil {
		return fmt.Errorf("the council: %w", err)
	}
	b := &bench{setting: s, council: council, expected: make(map[string]figures), bytes: make(map[string]string)}
	machine := machineOf(ctx, s)
	var parts []part
	for _, name := range s.parts {
		p := b.part(name)
		if err := b.measure(ctx, &p); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		parts = append(parts, p)
	}
	machine.loadAfter = load()
	if err := os.WriteFile(filepath.Join(s.folder, "runs.csv"), runsCSV(parts), 0o644); err != nil {
		return err
	}
	text := report(s, machine, parts)
	fmt.Print(text)
	if err := os.WriteFile(filepath.Join(s.folder, "report.md"), []byte(text), 0o644); err != nil {
		return err
	}
	if s.strict && !held(parts) {
		return errors.New("a limit is not held")
	}
	return nil
}

// processors is how many threads each contender has.
func (s setting) processors() int {
	if s.workers > 0 {
		return s.workers
	}
	return runtime.NumCPU()
}
