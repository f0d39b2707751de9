package finding

import (
	"bytes"
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed page.html
var page string

// PageMark stands in the first lines of every page that WritePage writes, and in no extract: a program may write over a
// file that has it.
const PageMark = `<meta name="generator" content="postern inspect">`

// WritePage writes what was found as a page for people: one section for each file, that can be sent to those who own the
// system it is from. The page holds no value of any cell, loads nothing from anywhere and runs no script. The output depends
// on nothing but the files given.
func WritePage(w io.Writer, files []Looked) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"name":  filepath.Base,
		"where": where, "rows": rowsInWords, "does": doesInWords, "summary": summary,
		"sentence": sentence,
		"found":    func(all []Looked) []Looked { return those(all, true) },
		"sound":    func(all []Looked) []Looked { return those(all, false) },
		"anchor":   func(i int) string { return "file-" + strconv.Itoa(i+1) },
		"secret": func(tables []LookedTable) bool {
			for _, t := range tables {
				if t.Confidential > 0 {
					return true
				}
			}
			return false
		},
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("the page of findings: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, files); err != nil {
		return fmt.Errorf("the page of findings: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// those are the files in which something was found, or the others.
func those(all []Looked, found bool) []Looked {
	var out []Looked
	for _, l := range all {
		if (len(l.Findings) > 0) == found {
			out = append(out, l)
		}
	}
	return out
}

// where says in which table and column of a file something was found.
func where(p Place) string {
	var parts []string
	if p.Sheet > 0 {
		parts = append(parts, "sheet "+strconv.Itoa(p.Sheet))
	}
	if p.Table != "" {
		parts = append(parts, "table "+p.Table)
	}
	if p.Column != "" {
		parts = append(parts, "column "+p.Column)
	}
	if len(parts) == 0 {
		return "The whole file"
	}
	return sentence(strings.Join(parts, ", "))
}

// rowsInWords names the first rows, and says how many there are.
func rowsInWords(f Finding) string {
	if len(f.Rows) == 0 {
		return "–"
	}
	list := make([]string, len(f.Rows))
	for i, n := range f.Rows {
		list[i] = strconv.FormatInt(n, 10)
	}
	text := strings.Join(list, ", ")
	if more := f.Count - int64(len(f.Rows)); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// doesInWords is what a finding of a severity does, for people who have not met the word.
func doesInWords(s Severity) string {
	switch s {
	case Notice:
		return "For your information"
	case Warning:
		return "Please check. It is used all the same"
	case Quarantine:
		return "The row is not used until it is put right"
	default:
		return "Nothing is used until it is put right"
	}
}

// summary says how much was found, the worst first.
func summary(l Looked) string {
	var parts []string
	for _, s := range []Severity{Stop, Quarantine, Warning, Notice} {
		if n := l.Count(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, map[Severity]string{
				Stop: "that stop everything", Quarantine: "that keep rows back", Warning: "to check", Notice: "for information",
			}[s]))
		}
	}
	return strings.Join(parts, ", ")
}

// sentence begins a text with a capital letter.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
