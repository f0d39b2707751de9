package export

import (
	"io"
	"strings"
)

// ProcessingText writes a record of processing for a terminal, to be read aloud.
func ProcessingText(w io.Writer, activities []Activity) error {
	var b strings.Builder
	for _, a := range activities {
		b.WriteString(a.Title + "\n" + a.Reference() + "\n")
		for _, f := range a.Facts() {
			label := f.Label
			for _, value := range f.Values {
				labelled(&b, "  ", label, factWidth, value)
				label = ""
			}
			if len(f.Values) == 0 {
				labelled(&b, "  ", label, factWidth, "none")
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString(strings.Replace(countedNoun(len(activities), "activity"), "activitys", "activities", 1) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// factWidth is how wide the labels of facts are, in a terminal.
const factWidth = 29

// ProcessingCSV writes a record of processing as comma-separated values: a line for each agreement, with the columns of the
// Information Commissioner's template in its order after the agreement's title, id and version. Things of one cell are divided by
// semicolons.
func ProcessingCSV(w io.Writer, activities []Activity) error {
	s := newSheet(w)
	head := []any{"title", "agreement", "version"}
	for _, f := range (Activity{}).Facts() {
		head = append(head, f.Key)
	}
	if err := s.row(head...); err != nil {
		return err
	}
	for _, a := range activities {
		cells := []any{a.Title, a.Agreement, int64(a.Version)}
		for _, f := range a.Facts() {
			cells = append(cells, strings.Join(f.Values, "; "))
		}
		if err := s.row(cells...); err != nil {
			return err
		}
	}
	return s.done()
}

// ProcessingPage is what a page about processing is made from.
type ProcessingPage struct {
	Council    string
	Chosen     bool // the activities were named one by one: there may be others
	Activities []Activity
}

// ProcessingHTML writes a record of processing as one page.
func ProcessingHTML(w io.Writer, p ProcessingPage) error {
	p.Council = oneLine(p.Council)
	return writePage(w, "processing.html", p)
}

// SharingHTML writes the sharing register, for the council's website: who shares what with whom, why, until when, and how
// to object. Its activities are public ones.
func SharingHTML(w io.Writer, p ProcessingPage) error {
	p.Council = oneLine(p.Council)
	return writePage(w, "sharing.html", p)
}
