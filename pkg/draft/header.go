package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/identifier"
)

var manyDigits = regexp.MustCompile(`[0-9]{5}`)

// headed refuses a first line that is no header line: its cells would stand in the draft as names of columns.
func headed(header []string, seen []observed, looked bool) error {
	const hint = "have the report write a header line; nothing of the first line is shown here, since it may be a child's data"
	named, sure := 0, 0
	for i, name := range header {
		if name == "" {
			continue
		}
		named++
		switch {
		case isData(name):
			return finding.WithHint(fmt.Errorf("%w: in column %d it has a date, a number or an identifier", ErrNoHeader, i+1), hint)
		case seen[i].headerAgain > 0:
			return finding.WithHint(fmt.Errorf("%w: what stands in column %d stands there again in rows below", ErrNoHeader, i+1), hint)
		case known(wordsOf(name)):
			sure++
		}
	}
	switch {
	case named == 0:
		return finding.WithHint(fmt.Errorf("%w: it is empty", ErrNoHeader), hint)
	case !looked && 3*sure < named:
		return finding.WithHint(fmt.Errorf("%w: of %d words or phrases in it, %d are such as columns are called by", ErrNoHeader, named, sure),
			"look at it: if it is a header line and none of it is a child's data, say so with --headed")
	}
	return nil
}

// known reports whether any of some words is such as columns are called by.
func known(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(headerWords(), w) })
}

// isData reports whether a cell of the first line looks like a cell of a row.
func isData(text string) bool {
	if extract.DateForm(dataset.DateForms(), text) >= 0 || shortDate.MatchString(text) || partialDate.MatchString(text) ||
		emailLike.MatchString(text) || postcodeLike.MatchString(text) || phoneLike.MatchString(text) || manyDigits.MatchString(text) {
		return true
	}
	if strings.IndexFunc(text, unicode.IsLetter) < 0 || len(text) > 200 {
		return true
	}
	for _, kind := range []identifier.Kind{identifier.UPN, identifier.NHSNumber, identifier.WorkerSWE} {
		if _, outcome := identifier.Normalise(kind, text); outcome == identifier.OK {
			return true
		}
	}
	return false
}

// wordsOf takes a header apart into words in lower case: at blanks and signs, and where a small letter meets a capital.
func wordsOf(header string) []string {
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	runes := []rune(header)
	for i, r := range runes {
		switch {
		case r == '\'': // child's is one word
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1])):
			flush()
		}
		word.WriteRune(unicode.ToLower(r))
	}
	flush()
	return spelled(words)
}

// spelled adds what single letters in a row spell: d, o, b is dob.
func spelled(words []string) []string {
	for from := 0; from < len(words); from++ {
		to := from
		for to < len(words) && len(words[to]) == 1 && words[to][0] >= 'a' {
			to++
		}
		if to-from > 1 {
			words = append(words, strings.Join(words[from:to], ""))
			from = to
		}
	}
	return words
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// Name makes a name in lower case of any text; otherwise when nothing of it can stand in one.
func Name(text, otherwise string) string {
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(text), "_"), "_")
	switch {
	case name == "":
		return otherwise
	case name[0] < 'a':
		name = otherwise + "_" + name
	}
	if len(name) > 50 {
		name = strings.TrimRight(name[:50], "_")
	}
	return name
}

// nameOf makes a column's name of its header, unlike the names that there are.
func nameOf(header string, number int, taken map[string]bool) string {
	name := header
	if !plainName.MatchString(name) {
		name = Name(header, fmt.Sprintf("column_%d", number))
	}
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s_%d", strings.TrimSuffix(name, fmt.Sprintf("_%d", n-1)), n)
	}
	taken[strings.ToLower(name)] = true
	return name
}

var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)
