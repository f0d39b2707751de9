package export

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// pages are the templates: page.html is the frame (head, style, footer) of each of the others.
//
//go:embed page.html history.html processing.html sharing.html
var pages embed.FS

// writePage fills in one of the pages. What is not a template's own words is escaped by html/template for the place where
// it stands.
func writePage(w io.Writer, name string, data any) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"day":  func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"time": func(t time.Time) string { return t.UTC().Format("15:04 UTC") },
		"link": func(text string) bool {
			return strings.HasPrefix(text, "https://") && !strings.ContainsAny(text, " <>\"'")
		},
		"capital": capital,
		"anchor":  func(i int) string { return fmt.Sprintf("agreement-%d", i+1) },
	}).ParseFS(pages, "page.html", name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// capital begins a value with a capital letter, as a page does; an address stays as it is.
func capital(text string) string {
	word, _, _ := strings.Cut(text, " ")
	r, n := utf8.DecodeRuneInString(text)
	if text == "" || strings.ContainsAny(word, "@/.") {
		return text
	}
	return string(unicode.ToUpper(r)) + text[n:]
}

// HistoryPage is what the page of a history says beside its records.
type HistoryPage struct {
	Council string
	Origin  string // the register's name
	Root    string // of all records, base64
	Records int    // of the whole register
	Chosen  string // how these records were chosen; empty for all
	Public  bool
	Entries []HistoryEntry
}

// Shown counts the records on the page.
func (p HistoryPage) Shown() string { return recordCount(len(p.Entries), p.Records) }

// HistoryHTML writes a history as one page: it asks nothing of the network, has no script, and prints.
func HistoryHTML(w io.Writer, p HistoryPage) error {
	p.Council, p.Origin, p.Chosen = oneLine(p.Council), oneLine(p.Origin), oneLine(p.Chosen)
	return writePage(w, "history.html", p)
}
