package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// heldColumn is a reason for which rows are held back, as it stands in the run record and on screen.
type heldColumn struct {
	key, label, words string
	rare              bool // it has a column only where there is such a row
}

func heldColumns() []heldColumn {
	return []heldColumn{
		{"superseded", "repeated", "a later return, or one that counts first, says it too", false},
		{"marks", "marks", "rows that set a flag or add to another row", false},
		{"merged", "merged", "rows that became one row with another", true},
		{"set_aside", "set aside", "rows that the table is not about, such as short breaks", true},
		{"unlinked", "no child", "pupils who are none of the returns' children", false},
		{"elsewhere", "other school", "pupils whom another school's row counts", false},
		{"in_confidence", "in confidence", "rows marked as given in confidence", true},
		{"not_in_cohort", "other children", "not in the agreement's cohort", false},
		{"outside_period", "outside dates", "not in its data period", false},
	}
}

// accountLine is the account of one table, in text: "0" is none.
type accountLine struct {
	table, read, left, quarantined string
	held                           map[string]string
}

// writeAccountLines accounts for every row that was read.
func writeAccountLines(b *strings.Builder, lines []accountLine) {
	var columns []heldColumn
	for _, c := range heldColumns() {
		shown := !c.rare
		for _, l := range lines {
			shown = shown || l.held[c.key] != "0" && l.held[c.key] != ""
		}
		if shown {
			columns = append(columns, c)
		}
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(t, "WHAT WAS HELD BACK\tread\tleft") // a strings.Builder never fails
	for _, c := range columns {
		_, _ = fmt.Fprintf(t, "\t%s", c.label)
	}
	_, _ = fmt.Fprint(t, "\tquarantined\n")
	for _, l := range lines {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s", l.table, l.read, l.left)
		for _, c := range columns {
			_, _ = fmt.Fprintf(t, "\t%s", l.held[c.key])
		}
		_, _ = fmt.Fprintf(t, "\t%s\n", l.quarantined)
	}
	_ = t.Flush()
	words := make([]string, 0, len(columns)+1)
	for _, c := range columns {
		words = append(words, c.label+": "+c.words)
	}
	writeWords(b, append(words, "quarantined: a finding keeps the row back"))
}

// writeWords writes explanations one after the other, over as many lines as they need.
func writeWords(b *strings.Builder, words []string) {
	const wide = 116
	at := 0
	for i, text := range words {
		if i > 0 {
			b.WriteString(" ·")
			at += 2
		}
		for _, word := range strings.Fields(text) {
			n := len([]rune(word)) + 1
			switch {
			case at == 0:
				n--
			case at+n > wide:
				b.WriteString("\n")
				at, n = 0, n-1
			default:
				b.WriteString(" ")
			}
			b.WriteString(word)
			at += n
		}
	}
	b.WriteString("\n")
}
