package manifest

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
)

//go:embed readme.html
var readme string

// ReadmeHTML writes README.html: what the drop is, how to check it, what is in it, in words that need no other page.
// It asks nothing of the network, has no script, and prints.
func ReadmeHTML(m *Manifest) ([]byte, error) {
	t, err := template.New(ReadmeName).Funcs(template.FuncMap{
		"day":      day,
		"first":    func(format string) bool { return format == FormatV1 },
		"at":       func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"number":   number,
		"anchor":   func(table string) string { return "table-" + strings.ReplaceAll(table, "/", "-") },
		"type":     typeInWords,
		"share":    shareInWords,
		"list":     func(items []string) string { return strings.Join(items, ", ") },
		"origins":  origins,
		"sentence": func(text string) string { return strings.TrimSuffix(text, ".") + "." },
	}).Parse(readme)
	if err != nil {
		return nil, fmt.Errorf("README.html: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, m); err != nil {
		return nil, fmt.Errorf("README.html: %w", err)
	}
	return b.Bytes(), nil
}

// origins brings source columns together by their table, in the order of the tables: "cin/child: Sex, GenderCurrent".
func origins(sources []string) []string {
	var tables []string
	columns := make(map[string][]string)
	for _, source := range sources {
		table, column, _ := strings.Cut(source, ".")
		if !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
		if column != "" {
			columns[table] = append(columns[table], column)
		}
	}
	for i, table := range tables {
		if len(columns[table]) > 0 {
			tables[i] = table + ": " + strings.Join(columns[table], ", ")
		}
	}
	return tables
}

// day writes 21 November 2026.
func day(d civil.Date) string {
	y, m, dd := d.YMD()
	return fmt.Sprintf("%d %s %d", dd, time.Month(m), y)
}

// number writes 4,912.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func typeInWords(c Column) string {
	switch {
	case c.Domain != "":
		return "code for a person or place"
	case c.Type == String:
		return "one of a list"
	case c.Type == Date:
		return "date"
	case c.Type == Int32:
		return "whole number"
	default:
		return "true or false"
	}
}

// shareInWords makes a clause of what Percent writes.
func shareInWords(percent string) string {
	switch percent {
	case "0":
		return "No children"
	case "100":
		return "All children"
	case "under 1":
		return "Fewer than 1 in 100 children"
	case "under 10 children":
		return "Fewer than 10 children"
	case "all but under 10 children":
		return "All but fewer than 10 children"
	default:
		return "About " + percent + " in 100 children"
	}
}
