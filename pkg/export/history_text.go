package export

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// HistoryText writes a history for a terminal, to be read aloud: a block for each record. Of is how many records the
// register has, where these are some of them.
func HistoryText(w io.Writer, entries []HistoryEntry, of int) error {
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%d  %s  %s\n", e.Index, spokenMoment(e.When), e.Label())
		paragraph(&b, "what", e.What)
		paragraph(&b, "who", e.Who)
		paragraph(&b, "to whom", e.ToWhom)
		paragraph(&b, "why", e.Why)
		b.WriteByte('\n')
	}
	b.WriteString(recordCount(len(entries), of) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func recordCount(shown, of int) string {
	if shown == of {
		return countedNoun(of, "record")
	}
	return fmt.Sprintf("%d of %s", shown, countedNoun(of, "record"))
}

// lineWidth is how many characters a line of a terminal has.
const lineWidth = 80

// paragraph writes a labelled text, broken into lines, each under the first; nothing for an empty text.
func paragraph(b *strings.Builder, label, text string) { labelled(b, "     ", label, 8, text) }

func labelled(b *strings.Builder, indent, label string, width int, text string) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return
	}
	head := indent + fmt.Sprintf("%-*s ", width, label)
	b.WriteString(head)
	at := utf8.RuneCountInString(head)
	edge := at
	for _, word := range words {
		n := utf8.RuneCountInString(word)
		switch {
		case at == edge:
		case at+1+n > lineWidth:
			b.WriteString("\n" + strings.Repeat(" ", edge))
			at = edge
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	b.WriteByte('\n')
}

// HistoryCSV writes a history as comma-separated values for a spreadsheet: a line for each record. The columns are record
// and version (numbers, version empty for none), time (RFC 3339, UTC), kind, agreement, drop, what, who, to_whom and why.
func HistoryCSV(w io.Writer, entries []HistoryEntry) error {
	s := newSheet(w)
	if err := s.row("record", "time", "kind", "what", "who", "to_whom", "why", "agreement", "version", "drop"); err != nil {
		return err
	}
	for _, e := range entries {
		var version any = ""
		if e.Version != 0 {
			version = e.Version
		}
		if err := s.row(e.Index, e.When.Format(time.RFC3339), e.Kind, e.What, e.Who, e.ToWhom, e.Why, e.Agreement, version, e.Drop); err != nil {
			return err
		}
	}
	return s.done()
}
