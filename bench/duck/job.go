package main

import (
	"fmt"
	"strings"
	"time"
)

// key is this measurement's only: nothing real is behind the codes.
const key = "a throw-away key of 32 characters"

// job is one way of making the output.
type job struct {
	form            string
	ordered         bool
	reference       time.Time
	extract, output string
}

// steps are the statements, in order.
func (j job) steps() ([]string, error) {
	rows := fmt.Sprintf("(SELECT la_child_id, school_urn, %s FROM %s)", derived(j.reference), extract(j.extract))
	cells := "age_months, session_month, session, attendance_code, fsm, pupil_premium, ethnicity, gender"
	order := ""
	if j.ordered {
		order = " ORDER BY child_id, session_month"
	}
	write := func(query string) string {
		return fmt.Sprintf("COPY (%s%s) TO %s (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 1000000)", query, order, quoted(j.output))
	}
	codes := func(table, column, from string) string {
		return fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT %s AS plain, %s AS code FROM (SELECT DISTINCT %[2]s FROM %[4]s)", table, column, code(column, column), from)
	}
	joined := func(from string) string {
		return write(fmt.Sprintf("SELECT c.code AS child_id, s.code AS school_id, %s FROM %s AS r LEFT JOIN children AS c ON r.la_child_id = c.plain LEFT JOIN schools AS s ON r.school_urn = s.plain", cells, from))
	}
	switch j.form {
	case "table":
		return []string{
			"CREATE TEMP TABLE held AS FROM " + rows,
			codes("children", "la_child_id", "held"),
			codes("schools", "school_urn", "held"),
			joined("held"),
		}, nil
	case "rescan":
		return []string{
			"CREATE TEMP TABLE pairs AS SELECT DISTINCT la_child_id, school_urn FROM " + extract(j.extract),
			codes("children", "la_child_id", "pairs"),
			codes("schools", "school_urn", "pairs"),
			joined(rows),
		}, nil
	case "direct":
		return []string{
			write(fmt.Sprintf("SELECT %s AS child_id, %s AS school_id, %s FROM %s", code("la_child_id", "la_child_id"), code("school_urn", "school_urn"), cells, rows)),
		}, nil
	}
	return nil, fmt.Errorf("there is no form %q: take table, rescan or direct", j.form)
}

// extract reads a daily attendance extract with its types told, which is faster than to have DuckDB look for them.
func extract(name string) string {
	columns := make([]string, 0, 14)
	for _, c := range strings.Fields("la_child_id upn forename surname dob postcode school_urn session_date session attendance_code fsm pupil_premium ethnicity gender") {
		kind := "VARCHAR"
		if c == "dob" || c == "session_date" {
			kind = "DATE"
		}
		columns = append(columns, fmt.Sprintf("'%s': '%s'", c, kind))
	}
	return fmt.Sprintf(`read_csv(%s, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', dateformat = '%%d/%%m/%%Y', columns = {%s})`,
		quoted(name), strings.Join(columns, ", "))
}

// derived are the columns beside the identifiers. A month of age counts from the day on which it is complete.
func derived(reference time.Time) string {
	return fmt.Sprintf(`CAST((%d - year(dob)) * 12 + %d - month(dob) - CASE WHEN day(dob) > 1 THEN 1 ELSE 0 END AS INTEGER) AS age_months,
		CAST(date_trunc('month', session_date) AS DATE) AS session_month, session, attendance_code, fsm, pupil_premium, ethnicity, gender`,
		reference.Year(), int(reference.Month()))
}

// code is the expression for an identifier's code: HMAC by RFC 2104, with the key's two pads worked out here. What is hashed
// says which identifier it is, so that a child and a school of one number have different codes.
func code(kind, column string) string {
	pad := func(with byte) string {
		block := [64]byte{}
		copy(block[:], key)
		var b strings.Builder
		for _, c := range block {
			fmt.Fprintf(&b, `\x%02X`, c^with)
		}
		return "'" + b.String() + "'::BLOB"
	}
	return fmt.Sprintf("left(sha256(%s || unhex(sha256(%s || encode('%s:' || %s)))), 32)", pad(0x5C), pad(0x36), kind, column)
}

// quoted is a text as SQL has it.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
