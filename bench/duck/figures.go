package main

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// figures tell two outputs with the same cells from two with others, in whatever order their rows are and whatever their
// codes look like. The sums are of 64-bit hashes: of each row's other cells (Cells), and of how many rows, and which, have
// one child's code, one school's, or one pair of both. So codes that mix two children up, or part one, show.
type figures struct {
	Rows     int64  `json:"rows"`
	Children int64  `json:"children"`
	Schools  int64  `json:"schools"`
	Cells    string `json:"cells"`
	ByChild  string `json:"by_child"`
	BySchool string `json:"by_school"`
	ByPair   string `json:"by_pair"`
}

// released are the columns of an output with the types that they are compared in.
const released = `CAST(child_id AS VARCHAR) AS child_id, CAST(school_id AS VARCHAR) AS school_id, CAST(age_months AS INTEGER) AS age_months,
	CAST(session_month AS DATE) AS session_month, CAST(session AS VARCHAR) AS session, CAST(attendance_code AS VARCHAR) AS attendance_code,
	CAST(fsm AS VARCHAR) AS fsm, CAST(pupil_premium AS VARCHAR) AS pupil_premium, CAST(ethnicity AS VARCHAR) AS ethnicity, CAST(gender AS VARCHAR) AS gender`

// figuresOf reads an output, or what an output of an extract must hold.
func figuresOf(db *sql.DB, of string, reference time.Time, files []string) (figures, error) {
	if len(files) == 0 || of == "extract" && len(files) > 1 {
		return figures{}, errors.New("figures are of one extract, or of all files of an output")
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = quoted(f)
	}
	list := "[" + strings.Join(names, ", ") + "]"
	var from string
	switch of {
	case "extract":
		from = fmt.Sprintf("(SELECT la_child_id AS child_id, school_urn AS school_id, %s FROM %s)", derived(reference), extract(files[0]))
	case "parquet":
		from = fmt.Sprintf("read_parquet(%s)", list)
	case "csv":
		from = fmt.Sprintf("read_csv(%s, header = true, all_varchar = true)", list)
	default:
		return figures{}, fmt.Errorf("there are no figures of %q: take extract, parquet or csv", of)
	}
	const cells = "hash(age_months, session_month, session, attendance_code, fsm, pupil_premium, ethnicity, gender)"
	groups := "CREATE TEMP TABLE pairs AS SELECT child_id, school_id, count(*) AS n, sum(" + cells + ") AS h FROM (SELECT " + released + " FROM " + from + ") GROUP BY ALL"
	if _, err := db.Exec(groups); err != nil {
		return figures{}, fmt.Errorf("%w, of: %s", err, groups)
	}
	by := func(columns ...string) string {
		return fmt.Sprintf("(SELECT CAST(sum(hash(n, h)) AS VARCHAR) FROM (SELECT sum(n) AS n, sum(h) AS h FROM pairs GROUP BY %s))", strings.Join(columns, ", "))
	}
	var f figures
	err := db.QueryRow("SELECT CAST(sum(n) AS BIGINT), count(DISTINCT child_id), count(DISTINCT school_id), CAST(sum(h) AS VARCHAR), "+
		by("child_id")+", "+by("school_id")+", "+by("child_id", "school_id")+" FROM pairs").
		Scan(&f.Rows, &f.Children, &f.Schools, &f.Cells, &f.ByChild, &f.BySchool, &f.ByPair)
	return f, err
}
