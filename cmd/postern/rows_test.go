package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/postern-gateway/postern/pkg/export"
)

// What becomes of a row.
const (
	left        = "left"
	quarantined = "quarantined"
	repeated    = "repeated"
	outside     = "outside the data period"
	elsewhere   = "not in the cohort"
	mark        = "mark"
	nobody      = "nobody's" // without a usable identifier
)

// planted is a row that is added to a file of the latest return, and what must become of it.
type planted struct{ file, row, fate string }

// becomes is what becomes of the row under an agreement with a cohort, or about everybody. Nobody is in no cohort; without
// one, the row leaves with an empty cell, as the agreement says.
func (p planted) becomes(cohort bool) string {
	switch {
	case p.fate == nobody && cohort:
		return quarantined
	case p.fate == elsewhere && !cohort && p.file == "episodes":
		return outside
	case !cohort && (p.fate == nobody || p.fate == elsewhere):
		return left
	default:
		return p.fate
	}
}

// plantedRows are rows of many kinds, most of them bad. Child 990001 is of the cohort; 990002 left care before it began;
// of 990003 two rows of one return disagree.
func plantedRows() []planted {
	return []planted{
		// CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB: the table children, of which the rows of uasc are part.
		{"header", "990001,F,02/03/2014,WBRI,,,", left},
		{"header", "990001,F,02/03/2014,WBRI,,,", repeated},
		{"header", "990002,M,02/03/2014,WBRI,,,", elsewhere},
		{"header", "990003,M,02/03/2014,WBRI,,,", quarantined}, // the same child…
		{"header", "990003,F,02/03/2014,WBRI,,,", quarantined}, // … of another sex
		{"header", "990004,F,02/03/2014,ZZZZ,,,", quarantined}, // no such code
		{"header", "990004,1,02/03/2014,WBRI,,,", quarantined}, // a code of earlier years
		{"header", "990004,F,31/02/2014,WBRI,,,", quarantined}, // no such day
		{"header", "990004,F,2 March 2014,WBRI,,,", quarantined},
		{"header", "990004,F,02/03/2014,WBRI,,", quarantined},   // a field less
		{"header", "990004,F,02/03/2014,WBRI,,,,", quarantined}, // a field more
		{"header", `990004,F,02/03/2014,W"BRI,,,`, quarantined}, // a quote where there may be none
		{"header", "990004,F,02/03/2014,\xe9,,,", quarantined},  // not UTF-8
		{"header", ",,,,,,", quarantined},
		{"header", ",F,02/03/2014,WBRI,,,", quarantined}, // nobody makes no row of children
		{"header", "N/A,F,02/03/2014,WBRI,,,", quarantined},
		{"uasc", "990001,F,02/03/2014,02/03/2032", mark},
		{"uasc", "990009,F,02/03/2014,02/03/2032", mark}, // of a child that is listed nowhere else
		{"uasc", "990001,F,02/03/2014", quarantined},
		// CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN
		{"episodes", "990001,01/05/2025,S,C2,N1,U4,PR1,01/06/2025,X1,,,,", left},
		{"episodes", "990001,01/05/2025,S,C2,N1,U4,PR1,01/06/2025,X1,,,,", left}, // said twice in one return: the gate does not guess
		{"episodes", "990001,01/05/2019,S,C2,N1,U4,PR1,01/06/2019,X1,,,,", outside},
		{"episodes", "990002,01/05/2018,S,C2,N1,U4,PR1,01/06/2018,X1,,,,", elsewhere},
		{"episodes", "990001,,S,C2,N1,U4,PR1,01/06/2025,X1,,,,", quarantined},           // without its date
		{"episodes", "990001,01/07/2025,S,C2,N1,U4,PR1,01/06/2025,X1,,,,", quarantined}, // ended before it began
		{"episodes", "990001,01/08/2025,S,C9,N1,U4,PR1,01/09/2025,X1,,,,", quarantined},
		{"episodes", "990001,01/08/2025,S", quarantined},
		{"episodes", "N/A,01/05/2025,S,C2,N1,U4,PR1,01/06/2025,X1,,,,", nobody},
		// CHILD,DOB,MISSING,MIS_START,MIS_END
		{"missing", "990001,02/03/2014,M,01/05/2025,02/05/2025", left},
		{"missing", "990002,02/03/2014,M,01/05/2025,02/05/2025", elsewhere},
		{"missing", "990001,02/03/2014,X,01/05/2025,02/05/2025", quarantined},
		{"missing", "990001,02/03/2014,M,02/05/2025,01/05/2025", quarantined},
		{"missing", "990001,02/03/2014,M,45/05/2025,", quarantined},
		{"missing", ",02/03/2014,M,01/05/2025,02/05/2025", nobody},
	}
}

// account is what a run record says of the rows of a table.
type account struct {
	Table       string          `json:"table"`
	Read        int64           `json:"rows_read"`
	Left        int64           `json:"rows_left"`
	HeldBack    export.HeldBack `json:"rows_held_back"`
	Quarantined int64           `json:"rows_quarantined"`
}

const lastReturn = "extracts/2025-26/"

// plant adds the rows to the latest return, with an empty line between, which is no row.
func plant(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 0); err != nil {
		return err
	}
	for _, p := range plantedRows() {
		name := lastReturn + p.file + ".csv"
		if err := rewrite(ts, name, []byte(withLineEnd(ts.ReadFile(name))+p.row+"\n\n")); err != nil {
			return err
		}
	}
	return nil
}

// withLineEnd ends the last line of an extract, which not every source system does.
func withLineEnd(text string) string { return strings.TrimSuffix(text, "\n") + "\n" }

// accounted holds a run record to that of a run before the rows were planted, and to what must have become of those. Every
// row is read, and is left, held back or quarantined; all of them are in the files.
func accounted(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 3); err != nil {
		return err
	}
	var before, record struct{ Tables []account }
	if err := errors.Join(json.Unmarshal([]byte(ts.ReadFile(args[0])), &before), json.Unmarshal([]byte(ts.ReadFile(args[1])), &record)); err != nil {
		return err
	}
	if len(before.Tables) != 3 || len(record.Tables) != 3 {
		return errors.New("there are not three tables")
	}
	files := map[string][]string{"children": {"header", "uasc"}, "looked_after_episodes": {"episodes"}, "ssda903/missing": {"missing"}}
	for i, got := range record.Tables {
		want := before.Tables[i]
		for _, p := range plantedRows() {
			for _, file := range files[got.Table] {
				if p.file == file {
					add(&want, p.becomes(args[2] == "cohort"))
				}
			}
		}
		rows := int64(0)
		for _, file := range files[got.Table] {
			n, err := dataRows(ts, file)
			if err != nil {
				return err
			}
			rows += n
		}
		if got.Read != rows || got.Read != got.Left+got.HeldBack.Total()+got.Quarantined {
			return fmt.Errorf("%s: %d rows in the files, and the record does not add up: %+v", got.Table, rows, got)
		}
		if got.Left != want.Left || got.HeldBack != want.HeldBack || got.Quarantined != want.Quarantined {
			return fmt.Errorf("%s: read %d, left %d, %+v, quarantined %d; want left %d, %+v, quarantined %d",
				got.Table, got.Read, got.Left, got.HeldBack, got.Quarantined, want.Left, want.HeldBack, want.Quarantined)
		}
	}
	return nil
}

func add(r *account, fate string) {
	switch fate {
	case left:
		r.Left++
	case quarantined:
		r.Quarantined++
	case repeated:
		r.HeldBack.Superseded++
	case outside:
		r.HeldBack.OutsidePeriod++
	case elsewhere:
		r.HeldBack.NotInCohort++
	case mark:
		r.HeldBack.Marks++
	}
}

// dataRows counts the rows of a table's files: lines that are not empty, without the header.
func dataRows(ts *testscript.TestScript, file string) (int64, error) {
	names, err := filepath.Glob(ts.MkAbs("extracts/*/" + file + ".csv"))
	if err != nil || len(names) != 3 {
		return 0, fmt.Errorf("%d files of %s: %w", len(names), file, err)
	}
	n := int64(0)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		for _, line := range strings.Split(string(data), "\n")[1:] {
			if strings.TrimSpace(line) != "" {
				n++
			}
		}
	}
	return n, nil
}
