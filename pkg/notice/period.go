package notice

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
)

const months = `january|february|march|april|may|june|july|august|september|october|november|december`

// aDate is a day, a month or a year as notices write it, in small letters: "31 march 2029", "april 2026", "2025",
// "the end of 2025", "31/03/2029", "2020/21".
const aDate = `(?:the )?(?:(?:end|start|beginning) of )?(?:the )?(?:(?:academic|financial|calendar|school) )?(?:year )?(?:\d{1,2}/\d{1,2}/(?:19|20)\d\d|(?:(?:\d{1,2}(?:st|nd|rd|th)? )?(?:of )?(?:` + months + `),? )?(?:19|20)\d\d(?:/\d\d)?)`

var (
	rangeOf  = regexp.MustCompile(`\b(?:between|from|starting in|beginning in) (` + aDate + `) ?(?:and|to|until|till|up to|through|-) ?(` + aDate + `)\b`)
	dashed   = regexp.MustCompile(`\b(` + aDate + `) ?(?:-|to|until) ?(` + aDate + `)\b`)
	until    = regexp.MustCompile(`\b(?:until|till|up to|ending in|ending on|ends in|ends on|no later than|not after|before|by) (` + aDate + `)\b`)
	since    = regexp.MustCompile(`\b(?:from|since|starting in|starting on|beginning in|beginning on) (` + aDate + `)\b`)
	forYears = regexp.MustCompile(`\bfor (?:a (?:period|maximum|total) of |up to |a further |at most |no (?:more|longer) than )?([a-z]+|\d{1,2}) years?\b`)
	ofData   = regexp.MustCompile(`(?:cover(?:s|ing)?|relat\w+ to|about|record(?:s|ed)|collected|gathered|referred|known to us|events?|going back|dat(?:ed|ing)|(?:data|information|records) (?:from|of|for|between))(?: \w+){0,6} ?$`)
	inDate   = regexp.MustCompile(`^(?:the )?(?:(end|start|beginning) of )?(?:the )?(?:(academic|financial|calendar|school) )?(?:year )?(?:(\d{1,2})/(\d{1,2})/(\d{4})|(?:(?:(\d{1,2})(?:st|nd|rd|th)? )?(?:of )?(` + months + `),? )?(\d{4})(/\d\d)?)$`)
)

// stretch is a period as a notice states it; a day that it does not state is nil.
type stretch struct {
	from, to *civil.Date
	data     bool // of the events that are told of, not of the sharing
	line     int
	certain  bool // it is said to be of this sharing
}

// dayOf reads a date, as early (or as late) as the words allow.
func dayOf(text string, late bool) *civil.Date {
	m := inDate.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // the pattern has digits there, or nothing
		return n
	}
	switch m[1] {
	case "end":
		late = true
	case "start", "beginning":
		late = false
	}
	day, month, year := number(m[3]), number(m[4]), number(m[5])
	if year == 0 {
		day, month, year = number(m[6]), 1+slices.Index(strings.Split(months, "|"), m[7]), number(m[8])
	}
	spans := m[9] != "" || m[2] == "academic" || m[2] == "school" || m[2] == "financial"
	switch {
	case month > 0 && day > 0:
	case month > 0 && late:
		for day = 31; day > 28; day-- {
			if _, ok := civil.FromYMD(year, month, day); ok {
				break
			}
		}
	case month > 0:
		day = 1
	case spans && late: // an academic year ends on 31 August, a financial year before
		year, month, day = year+1, 8, 31
	case spans:
		month, day = 4, 1
	case late:
		month, day = 12, 31
	default:
		month, day = 1, 1
	}
	if d, ok := civil.FromYMD(year, month, day); ok {
		return &d
	}
	return nil
}

func count(word string) int {
	if n, err := strconv.Atoi(word); err == nil {
		return n
	}
	return 1 + slices.Index([]string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"}, word)
}

// stretches reads the periods of a sentence.
func stretches(s *Sentence) []stretch {
	var out []stretch
	text := s.dated
	seen := func(at []int) bool { return ofData.MatchString(text[:at[0]]) }
	for _, pattern := range []*regexp.Regexp{rangeOf, dashed} {
		for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
			out = append(out, stretch{from: dayOf(text[at[2]:at[3]], false), to: dayOf(text[at[4]:at[5]], true), data: seen(at)})
		}
		if out != nil {
			return out
		}
	}
	one := stretch{}
	if at := since.FindStringSubmatchIndex(text); at != nil {
		one.from, one.data = dayOf(text[at[2]:at[3]], false), seen(at)
		if m := forYears.FindStringSubmatch(text); m != nil && one.from != nil && count(m[1]) > 0 {
			to := later(*one.from, count(m[1])) - 1
			one.to = &to
		}
	}
	if at := until.FindStringSubmatchIndex(text); at != nil {
		one.to, one.data = dayOf(text[at[2]:at[3]], true), one.data || seen(at)
	}
	if one.from != nil || one.to != nil {
		out = append(out, one)
	}
	return out
}

// later is the same day some years on; 29 February becomes 1 March.
func later(d civil.Date, years int) civil.Date {
	y, m, day := d.YMD()
	if on, ok := civil.FromYMD(y+years, m, day); ok {
		return on
	}
	return civil.MustYMD(y+years, m+1, 1)
}

// period holds the time of the sharing, and that of the events, to what the notice says of them.
func (c *check) period() {
	var found []stretch
	share, off, keeping := c.v.sharing, c.v.aside, c.v.retaining
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		if keeping.in(s) || c.about(s, off) || !c.about(s, share) {
			continue
		}
		for _, p := range stretches(s) {
			p.line, p.certain = s.Line, c.ofThis(s)
			found = append(found, p)
		}
	}
	if slices.ContainsFunc(found, func(p stretch) bool { return p.certain }) {
		found = slices.DeleteFunc(found, func(p stretch) bool { return !p.certain })
	}
	line := 0
	if len(found) > 0 {
		line = found[0].line
	}
	c.mention("the time of the sharing", line)
	var wrong []string
	var lines []int
	certain := false
	for _, data := range []bool{false, true} {
		those := slices.DeleteFunc(slices.Clone(found), func(p stretch) bool { return p.data != data })
		if len(those) == 0 || slices.ContainsFunc(those, c.within) {
			continue
		}
		p := those[0]
		what, from, to := "data are shared", c.a.Period.ShareFrom, c.a.Period.ShareTo
		if data {
			what, from, to = "the information is", c.a.Period.DataFrom, c.a.Period.DataTo
		}
		ours := fmt.Sprintf("and the agreement from %s to %s", spoken(from), spoken(to))
		if !data && p.to != nil && c.a.Period.ShareTo <= *p.to && c.a.Period.DataTo > *p.to {
			ours = "and the agreement has events up to " + spoken(c.a.Period.DataTo)
		}
		wrong = append(wrong, fmt.Sprintf("the notice says that %s %s, %s", what, p, ours))
		lines = append(lines, p.line)
		certain = certain || p.certain
	}
	if len(wrong) == 0 {
		return
	}
	hint := "change the notice before the sharing begins, or the agreement's period"
	if !certain {
		hint = "it is not said to be of this sharing: answer whose it is, or " + hint
	}
	c.conflict("period-outside-notice", lines, hint, "%s", strings.Join(wrong, "; "))
}

// within reports whether the agreement keeps within a period.
func (c *check) within(p stretch) bool {
	from, to := c.a.Period.ShareFrom, max(c.a.Period.ShareTo, c.a.Period.DataTo)
	if p.data {
		from, to = c.a.Period.DataFrom, c.a.Period.DataTo
	}
	return (p.from == nil || from >= *p.from) && (p.to == nil || to <= *p.to)
}

// spoken writes a day as it is read aloud: 31 December 2025.
func spoken(d civil.Date) string {
	y, m, day := d.YMD()
	return fmt.Sprintf("%d %s %d", day, time.Month(m), y)
}

// String writes a period in words.
func (p stretch) String() string {
	switch {
	case p.from == nil:
		return "until " + spoken(*p.to)
	case p.to == nil:
		return "from " + spoken(*p.from)
	default:
		return "from " + spoken(*p.from) + " to " + spoken(*p.to)
	}
}

// ofThis reports whether a sentence is said to be of the sharing of the agreement: it names the recipient, or speaks of
// the study or of pseudonyms.
func (c *check) ofThis(s *Sentence) bool {
	return c.recipient.in(s) > 0 || slices.ContainsFunc(c.before, func(n names) bool { return n.in(s) > 0 }) || c.v.ofStudy.in(s)
}

var afterEnd = regexp.MustCompile(`\b(?:([a-z]+|\d{1,2}) years?|([a-z]+|\d{1,2}) months?) (?:after|from|following|of) (?:the )?(?:\w+ ){0,4}(?:end\w*|finish\w*|clos\w+|complet\w+|conclu\w+)`)

// retention holds the day until which the recipient keeps the data to what the notice says.
func (c *check) retention() {
	keeping, off := c.v.retaining, c.v.aside
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		if !keeping.in(s) || c.about(s, off) || !c.ofThis(s) && !c.v.sharedData.in(s) {
			continue
		}
		last := c.keptUntil(s)
		if last == nil {
			continue
		}
		c.mention("how long the recipient keeps the data", s.Line)
		if c.a.Retention.RecipientUntil > *last {
			c.conflict("retention-beyond-notice", []int{s.Line}, "change the notice, or the day in retention.recipient_until",
				"the notice says that the data are kept until %s at the latest, and the agreement lets the recipient keep them until %s", spoken(*last), spoken(c.a.Retention.RecipientUntil))
			return
		}
	}
}

// keptUntil is the last day on which data are kept, as a sentence says; nil when it names none. Years that are counted
// from no end that it names are counted from the first day of sharing: the first drop is kept as long as that.
func (c *check) keptUntil(s *Sentence) *civil.Date {
	if m := afterEnd.FindStringSubmatch(s.dated); m != nil {
		years := count(m[1])
		if n := count(m[2]); n > 0 {
			years = (n + 11) / 12
		}
		if years > 0 {
			day := later(c.a.Period.ShareTo, years)
			return &day
		}
	}
	if m := until.FindStringSubmatch(s.dated); m != nil {
		return dayOf(m[1], true)
	}
	if m := forYears.FindStringSubmatch(s.dated); m != nil {
		if years := count(m[1]); years > 0 {
			day := later(c.a.Period.ShareFrom, years)
			return &day
		}
	}
	return nil
}
