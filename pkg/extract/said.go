package extract

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// said is the year that a path names.
type said struct {
	year int  // 0 for none
	span bool // it is written as a span of two years, which it ends: 2020-21
}

// ending is the collection year that a path names, for a return whose collection year begins in a month. A single year
// is that in which the collection year ends, but with an autumn term it is the calendar year of that term.
func (s said) ending(begins time.Month, term string) int {
	if s.year != 0 && !s.span && begins == time.September && term == dataset.Autumn {
		return s.year + 1
	}
	return s.year
}

// termSaid is the term that a path names: the file's own name first, then its folders from the nearest; "" for none, or
// for a name with two.
func termSaid(path string) string {
	names := strings.Split(strings.ToLower(filepath.ToSlash(path)), "/")
	slices.Reverse(names)
	for _, name := range names {
		found := ""
		for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) }) {
			word = strings.TrimSuffix(word, "term")
			switch {
			case !slices.Contains(dataset.Terms(), word) || word == found:
			case found != "":
				return ""
			default:
				found = word
			}
		}
		if found != "" {
			return found
		}
	}
	return ""
}

// yearSaid is the year that a path names: the file's own name first, then its folders from the nearest.
// "2020-21" and "2021" are both the year that ends on 31 March 2021. A date says nothing, and neither does a name with
// two years.
func yearSaid(path string) said {
	for name := filepath.ToSlash(path); name != "" && name != "."; {
		base := name[strings.LastIndexByte(name, '/')+1:]
		if said := yearIn(base); said.year != 0 {
			return said
		}
		cut := strings.LastIndexByte(name, '/')
		if cut < 0 {
			break
		}
		name = name[:cut]
	}
	return said{}
}

// yearIn is the one year that a name has: 2021, 2020-21, 2020_2021, 202021. It is none for a name that has
// none, or two, or a span of years that are no neighbours. Dates (2021-03-31, 31.3.2021, 20210331) are passed over.
func yearIn(name string) said {
	numbers := numbersIn(name)
	found := said{}
	for len(numbers) > 0 {
		first, rest := numbers[0], numbers[1:]
		if n := dateLength(numbers); n > 0 {
			numbers = numbers[n:]
			continue
		}
		numbers = rest
		this := said{}
		switch {
		case !strings.HasPrefix(first.text, "20"):
			continue
		case len(first.text) == 4 && len(rest) > 0 && first.spans(rest[0]):
			this = said{yearEnding(first.text, rest[0].text), true}
			numbers = rest[1:]
		case len(first.text) == 4:
			this.year = yearEnding(first.text, "")
		case len(first.text) == 6 || len(first.text) == 8:
			if this = (said{yearEnding(first.text[:4], first.text[4:]), true}); this.year == 0 {
				continue
			}
		default:
			continue
		}
		if this.year == 0 || found.year != 0 {
			return said{}
		}
		found = this
	}
	return found
}

// number is a run of digits in a name.
type number struct {
	text string
	next string // what stands between it and the next number
}

var digitRuns = regexp.MustCompile(`[0-9]+`)

func numbersIn(name string) []number {
	var out []number
	end := 0
	for i, at := range digitRuns.FindAllStringIndex(name, -1) {
		if i > 0 {
			out[i-1].next = name[end:at[0]]
		}
		out = append(out, number{text: name[at[0]:at[1]]})
		end = at[1]
	}
	return out
}

// spans reports whether a year and the number after it are written as a span of years.
func (n number) spans(next number) bool {
	if n.next != "-" && n.next != "_" && n.next != " " {
		return false
	}
	return len(next.text) == 2 || len(next.text) == 4 && strings.HasPrefix(next.text, "20")
}

// yearEnding is the year that a span of years ends in: 2021 of 2020 and 21, or of 2021 alone; 0 when they are not
// neighbours.
func yearEnding(first, second string) int {
	year, err := strconv.Atoi(first)
	switch {
	case err != nil:
		return 0
	case second == "":
		return year
	case second == strconv.Itoa(year+1) || second == fmt.Sprintf("%02d", (year+1)%100):
		return year + 1
	default:
		return 0
	}
}

// dateLength is 3 when the first three numbers are a date, a year with a month and a day before or behind it, joined by
// the same mark; else 0.
func dateLength(numbers []number) int {
	if len(numbers) < 3 || numbers[0].next != numbers[1].next || len(numbers[0].next) != 1 || !strings.Contains("-_. ", numbers[0].next) {
		return 0
	}
	one, two, three := numbers[0].text, numbers[1].text, numbers[2].text
	year := func(s string) bool { return len(s) == 4 && strings.HasPrefix(s, "20") }
	upTo := func(s string, most int) bool {
		n, err := strconv.Atoi(s)
		return err == nil && len(s) <= 2 && n >= 1 && n <= most
	}
	switch {
	case year(one) && upTo(two, 12) && upTo(three, 31):
		return 3
	case year(three) && (upTo(one, 31) && upTo(two, 12) || upTo(one, 12) && upTo(two, 31)):
		return 3
	default:
		return 0
	}
}
