package notice

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/postern-gateway/postern/pkg/agreement"
)

// organisation is one that notices call by several names.
type organisation struct {
	names    []string // the first is the whole name
	followed []string // whole names of those that it took the place of
}

func organisations() []organisation {
	return []organisation{
		{[]string{"Foundations", "Foundations What Works Centre for Children and Families"}, []string{"What Works for Children's Social Care", "Early Intervention Foundation"}},
		{[]string{"What Works for Children's Social Care", "What Works Centre for Children's Social Care", "WWCSC", "WWCCSC", "WWC CSC"}, nil},
		{[]string{"Early Intervention Foundation", "EIF"}, nil},
		{[]string{"Department for Education", "DfE"}, nil},
		{[]string{"Office for National Statistics", "ONS"}, nil},
		{[]string{"National Institute for Health and Care Research", "NIHR"}, nil},
	}
}

// named makes the names of each organisation.
func named(all []organisation) []names {
	out := make([]names, len(all))
	for i, o := range all {
		out[i] = namesOf(o.names[0])
	}
	return out
}

// known finds what is known of an organisation by any of its names.
func known(name string) (organisation, bool) {
	for _, o := range organisations() {
		if slices.ContainsFunc(o.names, func(n string) bool { return plainWords(n) == plainWords(name) }) {
			return o, true
		}
	}
	return organisation{}, false
}

var (
	inBrackets = regexp.MustCompile(`\s*\(([^()]*)\)`)
	legalForm  = regexp.MustCompile(`(?i)[\s,]+(?:ltd|limited|plc|llp|cic|cio|inc)\.?$`)
	theBefore  = regexp.MustCompile(`(?i)^the\s+`)
)

// names are those by which notices call one organisation.
type names struct {
	whole   string // as the agreement has it
	phrases []wording
	words   []*regexp.Regexp // names of one word, with their capital letters: foundations are also what houses stand on
	plain   []string
}

// namesOf makes the names of an organisation: without its legal form, what stands in brackets, those that are known, and
// its first letters when they are three or more.
func namesOf(whole string) names {
	all := []string{whole}
	for _, m := range inBrackets.FindAllStringSubmatch(whole, -1) {
		all = append(all, m[1])
	}
	bare := theBefore.ReplaceAllString(legalForm.ReplaceAllString(strings.TrimSpace(inBrackets.ReplaceAllString(whole, "")), ""), "")
	all = append(all, bare)
	if o, ok := known(bare); ok {
		all = append(all, o.names...)
	}
	var letters strings.Builder
	for _, word := range strings.FieldsFunc(bare, func(r rune) bool { return unicode.IsSpace(r) || isHyphen(r) }) {
		if first := []rune(word)[0]; unicode.IsUpper(first) {
			letters.WriteRune(first)
		}
	}
	if letters.Len() >= 3 {
		all = append(all, letters.String())
	}
	slices.Sort(all)
	n := names{whole: whole}
	for _, name := range slices.Compact(all) {
		plain := plainWords(name)
		if len(plain) < 2 {
			continue
		}
		n.plain = append(n.plain, plain)
		if strings.Contains(plain, " ") {
			n.phrases = append(n.phrases, says(regexp.QuoteMeta(plain)))
		} else {
			n.words = append(n.words, regexp.MustCompile(`(?:^|[^\pL\pN])`+regexp.QuoteMeta(name)+`(?:[^\pL\pN]|$)`))
		}
	}
	return n
}

// in finds the line on which a sentence has one of the names; 0 for none.
func (n names) in(s *Sentence) int {
	for _, p := range n.phrases {
		if line := p.find(s); line > 0 {
			return line
		}
	}
	for _, w := range n.words {
		if w.MatchString(s.Text) {
			return s.Line
		}
	}
	return 0
}

// begin reports whether a sentence begins with one of the names.
func (n names) begin(s *Sentence) bool {
	text := strings.TrimPrefix(s.plain, "the ")
	return slices.ContainsFunc(n.plain, func(name string) bool { return text == name || strings.HasPrefix(text, name+" ") })
}

// named finds the first line of the notice with one of the names; 0 for none.
func (c *check) named(n names) int {
	for i := range c.n.Sentences {
		if line := n.in(&c.n.Sentences[i]); line > 0 {
			return line
		}
	}
	return 0
}

// predecessors are those whose place the recipient took, as the agreement and the table of organisations have it.
func predecessors(a *agreement.Agreement) []names {
	var all []string
	if a.Recipient.SuccessorOf != "" {
		all = append(all, a.Recipient.SuccessorOf)
	}
	bare := strings.TrimSpace(inBrackets.ReplaceAllString(a.Recipient.Name, ""))
	if o, ok := known(bare); ok {
		all = append(all, o.followed...)
	}
	var out []names
	for _, name := range all {
		if !slices.ContainsFunc(out, func(n names) bool { return plainWords(n.whole) == plainWords(name) }) {
			out = append(out, namesOf(name))
		}
	}
	return out
}

// parties looks for the recipient and for whoever else may see the data.
func (c *check) parties() {
	line := c.named(c.recipient)
	c.mention("the recipient, "+c.recipient.whole, line)
	if line == 0 {
		c.absentRecipient()
	}
	for _, other := range c.a.Onward {
		line := c.named(namesOf(other.Name))
		c.mention("onward to "+other.Name, line)
		if line == 0 {
			c.gap("onward-not-named-"+kebab(other.Name), 0, "have the notice name it", "the notice does not name %s, with whom the recipient may share the data", other.Name)
		}
	}
	c.listedAsData()
}

func (c *check) absentRecipient() {
	recipient := c.recipient.whole
	for _, before := range c.before {
		if line := c.named(before); line > 0 {
			c.conflict("recipient-superseded-in-notice", []int{line}, "have the notice name the recipient of today",
				"the notice names %s, whose place %s took, and nowhere %s", before.whole, recipient, recipient)
			return
		}
	}
	c.gap("recipient-not-named", 0, "have the notice name who receives the data, or answer with the words that it has for it", "the notice does not name %s, who receives the data", recipient)
}

var whoWill = regexp.MustCompile(`^(?:[A-Z][\w&'’-]*,? (?:(?:for|of|and|the|in) )*){1,8}(?:\([A-Z]+\),? )?(?:who|which) (?:will|is going to|are going to) (?:analyse|evaluate|use|receive|process|study|look)`)

// listedAsData looks for a recipient among the bullets of what is shared: it was meant to stand in a list of its own.
func (c *check) listedAsData() {
	all := slices.Concat([]names{c.recipient}, c.before, c.v.organisations)
	perList := make(map[int]int) // bullets with items, by what leads them in
	hasItem := func(s *Sentence) bool {
		return slices.ContainsFunc(c.v.items, func(i item) bool { return i.told.in(s) })
	}
	for i := range c.n.Sentences {
		if s := &c.n.Sentences[i]; s.Kind == Bullet && s.Lead >= 0 && hasItem(s) {
			perList[s.Lead]++
		}
	}
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		if s.Kind != Bullet || s.Marker == "" || perList[s.Lead] < 2 || hasItem(s) {
			continue
		}
		if lead, heading := c.lead(s), c.heading(s); lead != nil && c.v.ofRecipients.in(lead) || heading != nil && c.v.ofRecipients.in(heading) {
			continue
		}
		if slices.ContainsFunc(all, func(n names) bool { return n.begin(s) }) || whoWill.MatchString(s.Text) {
			c.conflict("recipient-listed-as-data-item", []int{s.Line}, "have the notice say apart who receives the data",
				"the notice lists a recipient among the information that is shared")
			return
		}
	}
}
