package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/postern-gateway/postern/bench/attendance"
)

// group is what limits speak of: the best of a group counts.
type group string

const (
	gate      group = "Postern"
	ordered   group = "DuckDB ordered"
	unordered group = "DuckDB unordered"
	plain     group = "Python plain"
	cached    group = "Python cached"
)

// contender is one way to do the job on one extract.
type contender struct {
	name    string
	group   group
	extract attendance.Extract
	form    string // of DuckDB and Python
	workers int    // of Postern
	runs    []cost
}

// median is that of one of the costs, for a million rows.
func (c contender) median(of func(cost) float64) float64 {
	m, _, _ := spread(c.runs, of)
	return m / float64(c.extract.Rows) * 1e6
}

// begin makes ready what one run needs in an empty folder, and says how to run it and where its output will be.
func (b *bench) begin(c contender, folder string) (args []string, output string, err error) {
	extract := b.file(c.extract)
	switch c.group {
	case gate:
		if err := copied(folder, b.council); err != nil {
			return nil, "", err
		}
		args = []string{b.postern, "export", agreementName, extract, "--reference-month", b.month}
		if c.workers > 0 {
			args = append(args, "--workers", strconv.Itoa(c.workers))
		}
		return args, filepath.Join(folder, "drops"), nil
	case ordered, unordered:
		output = filepath.Join(folder, "output.parquet")
		return []string{filepath.Join(b.tools, "duck"), "make", "-form", c.form, "-ordered=" + strconv.FormatBool(c.group == ordered),
			"-month", b.month, "-threads", strconv.Itoa(b.processors()), extract, output}, output, nil
	}
	script := filepath.Join(folder, "script.py")
	output = filepath.Join(folder, "output.csv")
	return []string{"python3", script, c.form, b.month, extract, output}, output, os.WriteFile(script, scriptPY, 0o600)
}

// file is where an extract is.
func (s setting) file(e attendance.Extract) string {
	return filepath.Join(s.folder, "extracts", e.Name())
}

// generated makes an extract that is not there yet.
func (s setting) generated(ctx context.Context, e attendance.Extract) error {
	name := s.file(e)
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "making %s\n", e.Name())
	_, err := measured(ctx, s.folder, filepath.Join(s.folder, "logs", "generate.txt"), filepath.Join(s.tools, "generate"), "-order", string(e.Order),
		"-rows", strconv.Itoa(e.Rows), "-children", strconv.Itoa(e.Children), "-seed", strconv.FormatUint(e.Seed, 10), name)
	return err
}
