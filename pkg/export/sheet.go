package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// sheet writes comma-separated values (RFC 4180: lines end in CR LF, cells with commas, quotes or line ends are quoted, and
// the first line names the columns) that a spreadsheet takes for what they are: text is never a formula, and a number is
// never text.
type sheet struct {
	w *csv.Writer
}

func newSheet(w io.Writer) *sheet {
	s := &sheet{w: csv.NewWriter(w)}
	s.w.UseCRLF = true
	return s
}

// row writes one line. A cell is a string, which is text, or an int64, which is a number.
func (s *sheet) row(cells ...any) error {
	line := make([]string, len(cells))
	for i, cell := range cells {
		switch c := cell.(type) {
		case int64:
			line[i] = strconv.FormatInt(c, 10)
		case string:
			line[i] = cellText(c)
		default:
			return fmt.Errorf("write a cell: %T is neither text nor a number", cell)
		}
	}
	return s.w.Write(line)
}

// done writes what is left.
func (s *sheet) done() error {
	s.w.Flush()
	return s.w.Error()
}

// cellText makes a cell that no spreadsheet computes. One that begins with = + - or @, in any width, with a control character, or
// with blanks or what cannot be seen before one of these, gets an apostrophe in front, as OWASP ASVS 5.0 1.2.10 has it
// (CWE-1236). NUL, at which some readers end a line, is left out.
func cellText(text string) string {
	bare := strings.ReplaceAll(text, "\x00", "")
	if begins := strings.TrimLeftFunc(bare, unseen); begins != "" && strings.ContainsRune("=+-@＝＋－＠﹢﹣﹦﹫−", firstRune(begins)) ||
		text != "" && unicode.IsControl(firstRune(text)) {
		return "'" + bare
	}
	return bare
}

func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 0
}

// unseen reports whether a spreadsheet might pass over a character at the beginning of a cell.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp)
}
