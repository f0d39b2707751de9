package export

import (
	"cmp"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/agreement"
)

// What stands in a copy for everybody in the place of what is left out of it.
const (
	nameLeftOut = "[name left out]"
	mailLeftOut = "[e-mail address left out]"
)

// publishable makes a function that leaves e-mail addresses, and these people's names, out of a text. It is the second
// guard of what is made for everybody: fields that are about people are not in it to begin with.
func publishable(names []string) func(string) string {
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) }) // the longest first: a name may be part of another
	var patterns []string
	for _, name := range slices.Compact(names) {
		if words := strings.Fields(name); len(words) > 0 {
			first, last := edge(name[0]), edge(name[len(name)-1])
			for i, w := range words {
				words[i] = regexp.QuoteMeta(w)
			}
			patterns = append(patterns, first+strings.Join(words, `[\s._-]+`)+last)
		}
	}
	mail := regexp.MustCompile(`[^\s<>()"\[\],;:]*[^\s<>()"\[\],;:][@＠﹫][^\s<>()"\[\],;:]+`)
	var person *regexp.Regexp
	if len(patterns) > 0 {
		person = regexp.MustCompile(`(?i)(?:` + strings.Join(patterns, "|") + `)`)
	}
	return func(text string) string {
		text = mail.ReplaceAllString(text, mailLeftOut)
		if person != nil {
			text = person.ReplaceAllString(text, nameLeftOut)
		}
		return text
	}
}

// edge is where a name begins or ends: not within a longer word, as far as that can be told of letters without accents.
func edge(b byte) string {
	if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' {
		return `\b`
	}
	return ""
}

// digestOf is the SHA-256 of an agreement's file, in hex as the register has it.
func digestOf(a *agreement.Agreement) string { return hex.EncodeToString(a.SHA256[:]) }
