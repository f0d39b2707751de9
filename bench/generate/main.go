// Command generate writes one made-up attendance extract to a file that is not there yet. It is a process of its own so that
// the measuring one stays small: the peak memory of a process counts from that of the one that began it.
//
//	generate -order register|shuffled|distinct -rows N [-children N] [-seed N] FILE
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/postern-gateway/postern/bench/attendance"
)

func main() {
	var e attendance.Extract
	flag.StringVar((*string)(&e.Order), "order", string(attendance.Register), "the `ORDER` of rows: register, shuffled or distinct")
	flag.IntVar(&e.Rows, "rows", 1_000_000, "how many rows")
	flag.IntVar(&e.Children, "children", 100_000, "how many children take turns")
	flag.Uint64Var(&e.Seed, "seed", 1, "what the rows are drawn from")
	flag.Parse()
	if err := write(e, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// write makes the file whole or not at all.
func write(e attendance.Extract, name string) error {
	part := name + ".part"
	f, err := os.Create(part)
	if err != nil {
		return err
	}
	if err := e.Write(f); err != nil {
		_ = f.Close() // it is of no use
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(part, name)
}
