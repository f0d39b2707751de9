package finding_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

// looked is a few files, one of them with something of each severity.
func looked() []finding.Looked {
	at := func(file, table, column string, sheet int, row int64) finding.Place {
		return finding.Place{File: file, Table: table, Column: column, Sheet: sheet, Row: row}
	}
	var r finding.Report
	for row := int64(3); row < 30; row++ {
		r.Add("CODE_UNKNOWN", finding.Quarantine, at("x/header.csv", "ssda903/header", "ETHNIC", 0, row), "the code is not in the list", "correct the code")
	}
	r.Add("FILE_EMPTY", finding.Stop, at("x/empty.csv", "", "", 0, 0), "the file holds nothing", "export it again")
	r.Add("NO_ROWS", finding.Warning, at("x/book.xlsx", "annex_a/list_1", "", 2, 0), "the table has no rows", "check it")
	r.Add("FILE_SKIPPED", finding.Notice, at("x/<b>&.pdf", "", "", 0, 0), "the file is of a kind that is not read", "")
	r.Add("TABLE_MISSING", finding.Stop, at("", "ssda903/episodes", "", 0, 0), "no extract holds this table", "add it")
	return finding.ByFile([]finding.Looked{
		{File: "x/header.csv", Tables: []finding.LookedTable{{Table: "ssda903/header", When: "collection year 2026", Rows: 40, Sound: 10, Quarantined: 27, Confidential: 3}}},
		{File: "x/sound.csv", Tables: []finding.LookedTable{{Table: "ssda903/uasc", When: "collection year 2026", Rows: 5, Sound: 5}}},
		{File: "x/book.xlsx", Tables: []finding.LookedTable{{Table: "annex_a/list_1", Sheet: 2, When: "collection year 2026"}}},
	}, r.Findings())
}

func TestByFile(t *testing.T) {
	var names []string
	for _, l := range looked() {
		names = append(names, l.File)
		for _, f := range l.Findings {
			if f.Place.File != l.File {
				t.Errorf("%s is told of %s", f, l.File)
			}
		}
		if l.Tables == nil || l.Findings == nil {
			t.Errorf("%s: a list is null", l.File)
		}
	}
	if got, want := strings.Join(names, " "), "x/<b>&.pdf x/book.xlsx x/empty.csv x/header.csv x/sound.csv "; got != want {
		t.Errorf("in the order %q, want %q", got, want)
	}
}

func TestWritePage(t *testing.T) {
	var first, second bytes.Buffer
	if err := errors.Join(finding.WritePage(&first, looked()), finding.WritePage(&second, looked())); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two pages of the same findings differ")
	}
	page := first.String()
	if at := strings.Index(page, finding.PageMark); at < 0 || at > 300 {
		t.Errorf("the mark stands at %d", at)
	}
	flat := strings.Join(strings.Fields(page), " ")
	for _, want := range []string{
		`<html lang="en-GB">`, "default-src 'none'",
		`>x/header.csv</a>: 1 that keep rows back`, `<h2 id="file-4">header.csv</h2>`, "27</td><td class=\"number\">3</td>",
		`The code is not in the list.<span class="rule">CODE_UNKNOWN</span>`, "<td>Table ssda903/header, column ETHNIC</td>",
		"<td>3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 17 more</td>", `<td class="quarantine">The row is not used until it is put right</td>`, "<td>Correct the code.</td>",
		"<td>Sheet 2, table annex_a/list_1</td>", "<td>The whole file</td>", "All files together", "x/&lt;b&gt;&amp;.pdf", "<td>Nothing.</td>",
		`<h2 id="sound">Files in which nothing was found</h2>`, `<th scope="row">x/sound.csv</th>`,
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, never := range []string{"<script", "http:", "https:", "src=", "%!", "anonymised"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if strings.Count(page, "<section") != 6 {
		t.Errorf("%d sections", strings.Count(page, "<section"))
	}
	wellFormed(t, page)
	var none bytes.Buffer
	if err := finding.WritePage(&none, nil); err != nil || !strings.Contains(none.String(), "</html>") {
		t.Errorf("a page of nothing: %v", err)
	}
}

// wellFormed holds the page to elements that close in order, cells under headers that say what they head, and references
// that lead somewhere.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(regexp.MustCompile(`<meta [^>]*>`).ReplaceAllString(page, "")))
	ids, asked := make(map[string]bool), make(map[string]bool)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		scoped := start.Name.Local != "th"
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "id":
				ids[a.Value] = true
			case "href":
				asked[strings.TrimPrefix(a.Value, "#")] = true
			case "aria-labelledby":
				asked[a.Value] = true
			case "scope":
				scoped = true
			}
		}
		if !scoped {
			t.Error("a header of a table does not say what it heads")
		}
	}
	for id := range asked {
		if !ids[id] {
			t.Errorf("nothing has the id %s", id)
		}
	}
}
