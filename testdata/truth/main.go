// Command truth says what is true of the children that `postern synth cohort` makes, for programs that cannot import the
// generator.
//
//	truth CHILDREN SEED
//
// Standard output is one JSON object: for each core table its columns and its rows, as synth.Child.Rows gives them, of
// all children of the cohort that `postern synth cohort DIR --children CHILDREN --seed SEED` writes. Cells are text, "" for
// null. It reads no extract: what a drop holds of them can be held against it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/postern-gateway/postern/pkg/synth"
)

func main() {
	if err := write(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "truth:", err)
		os.Exit(2)
	}
}

// table is one core table.
type table struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

func write(w io.Writer, args []string) error {
	if len(args) != 2 {
		return errors.New("wants the number of children and the seed")
	}
	children, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	truth, err := synth.Truth(synth.CohortOptions{Children: children, Seed: seed})
	if err != nil {
		return err
	}
	tables := make(map[string]*table)
	for _, id := range synth.CoreTables() {
		tables[id] = &table{Columns: synth.CoreColumns(id)}
	}
	for child := range truth {
		for id, t := range tables {
			t.Rows = append(t.Rows, child.Rows(id)...)
		}
	}
	return json.NewEncoder(w).Encode(tables)
}
