package agreement

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// InWords says what leaves of a column: "the date cut to the first day of its month". The column is the source column,
// nil where it is not known.
func (t Treatment) InWords(c *dataset.Column) string {
	switch t.Kind {
	case dataset.Pseudonym:
		return "a pseudonym, made with a secret key"
	case dataset.Keep:
		return t.keptInWords(c)
	case dataset.AgeMonths:
		return "the age in completed months at the reference date"
	case dataset.AgeYears:
		return "the age in completed years at the reference date"
	case dataset.AgeBand:
		return "the age at the reference date in bands of years: " + t.bandedInWords(c)
	case dataset.DateTo:
		if t.To == "day" {
			return "the date, to the day"
		}
		return "the date cut to the first day of its " + t.To
	case dataset.DaysSince:
		return "the number of days since " + t.Event
	case dataset.CodeMapTo:
		return t.mappedInWords()
	case dataset.Flag:
		return "true where it is " + either(t.Codes) + ", else false"
	case dataset.Band:
		return "the number in ranges: " + t.bandedInWords(c)
	case dataset.Constant:
		return "always " + t.Value
	default:
		return "nothing"
	}
}

func (t Treatment) keptInWords(c *dataset.Column) string {
	switch {
	case len(t.Codes) > 0:
		return "the code as it is, only " + either(t.Codes)
	case c == nil:
		return "as it is"
	case c.Type == dataset.Code && len(c.Codes) <= 12:
		codes := make([]string, len(c.Codes))
		for i, code := range c.Codes {
			codes[i] = code.Value
		}
		return "the code as it is: " + either(codes)
	case c.Type == dataset.Code:
		return fmt.Sprintf("the code as it is, one of %d", len(c.Codes))
	case c.Type == dataset.Integer:
		return fmt.Sprintf("the number as it is, from %d to %d", c.Min, c.Max)
	default:
		return "true or false, as it is"
	}
}

func (t Treatment) mappedInWords() string {
	if t.Map != "" {
		return "the code by the map " + t.Map + " of the definitions"
	}
	pairs := make([]string, len(t.Pairs))
	for i, p := range t.Pairs {
		pairs[i] = p.From + " as " + p.To
	}
	return "the code changed: " + strings.Join(pairs, ", ")
}

// bandedInWords names the ranges by the very codes that leave.
func (t Treatment) bandedInWords(c *dataset.Column) string {
	if ranges := t.Ranges(c); ranges != nil {
		return strings.Join(ranges.Words(), ", ")
	}
	edges := make([]string, len(t.Edges))
	for i, edge := range t.Edges {
		edges[i] = strconv.Itoa(edge)
	}
	return "divided at " + strings.Join(edges, ", ")
}

// either joins words as a sentence does: "U1, U2 or U3".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
