// Command duck does in DuckDB, through its Go driver, what the gate does with a daily attendance extract, less the gate: no
// checks, no quarantine, no proof. And it says what is in an output, so that those of all contenders can be held together.
//
//	duck make -form table|rescan|direct [-ordered] -month YYYY-MM -threads N EXTRACT OUTPUT
//	duck figures -of extract|parquet|csv -month YYYY-MM FILE…
//	duck version
//
// The forms of making, each with the same cells:
//
//	table    the extract is read once into a table in memory; each identifier's code is made once and joined to the rows
//	rescan   the identifiers are taken in a first reading and the rows in a second, so that no table of rows is held
//	direct   both codes are made anew for each row
//
// Ordered, rows come by the child's code and month, near to how a drop has them (a drop's are ordered to the last column).
// A code is HMAC-SHA-256 cut to 128 bits, as hexadecimal. DuckDB has SHA-256 and no HMAC, so that the two passes are written
// out; the gate's codes differ, since its keys never leave it.
package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver's name is duckdb
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "duck:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) == 0 {
		return errors.New("say make, figures or version")
	}
	set := flag.NewFlagSet(args[0], flag.ContinueOnError)
	form := set.String("form", "table", "how to make the output: table, rescan or direct")
	ordered := set.Bool("ordered", false, "order the rows by the child's code")
	threads := set.Int("threads", runtime.NumCPU(), "how many `THREADS`")
	month := set.String("month", "", "count ages on the first day of this `MONTH`, YYYY-MM")
	of := set.String("of", "parquet", "what the figures are of: extract, parquet or csv")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	var reference time.Time
	if args[0] != "version" {
		if reference, err = time.Parse("2006-01", *month); err != nil {
			return fmt.Errorf("-month: %w", err)
		}
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // temporary tables belong to their connection
	if _, err := db.Exec(fmt.Sprintf("SET threads = %d", *threads)); err != nil {
		return err
	}
	switch args[0] {
	case "make":
		steps, err := job{form: *form, ordered: *ordered, reference: reference, extract: set.Arg(0), output: set.Arg(1)}.steps()
		if err != nil {
			return err
		}
		for _, q := range steps {
			if _, err := db.Exec(q); err != nil {
				return fmt.Errorf("%w, of: %s", err, q)
			}
		}
		return nil
	case "figures":
		f, err := figuresOf(db, *of, reference, set.Args())
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(f)
	case "version":
		var v string
		if err := db.QueryRow("SELECT version()").Scan(&v); err != nil {
			return err
		}
		_, err := fmt.Println(v)
		return err
	}
	return fmt.Errorf("there is no %q: say make, figures or version", args[0])
}
