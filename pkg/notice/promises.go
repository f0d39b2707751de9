package notice

import (
	"fmt"
	"slices"
	"strings"
)

// reidentification looks for the statement that the council cannot tell whose data they are. The recipient may say so in
// its own notice; the council holds the source records and the key.
func (c *check) reidentification() {
	off, context := c.v.aside, c.v.identity
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		for _, w := range c.v.possession {
			line := w.find(s)
			if line == 0 || c.about(s, off) || !c.around(i, 2, context) {
				continue
			}
			c.conflict("re-identification-misstated", []int{line}, "have the notice say that the council can tell whose data they are, and the recipient cannot",
				"the notice says that the council cannot tell whose data they are: it holds the source records and the key. It reads like the recipient's own notice")
			return
		}
	}
}

// around reports whether a sentence, or one of those just before it in the same paragraph or bullet, says something.
func (c *check) around(at, before int, w wording) bool {
	for i := at; i >= 0 && i >= at-before; i-- {
		s := &c.n.Sentences[i]
		if w.in(s) {
			return true
		}
		if s.Marker != "" || s.Kind == Heading {
			return false
		}
	}
	return false
}

// basis holds the lawful basis to those that the notice names.
func (c *check) basis() {
	stated := make(map[string]int) // by the letter of Article 6(1): the first line
	claimed := make(map[string]int)
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		if c.about(s, c.v.notOfBasis) {
			continue
		}
		for _, b := range c.v.bases {
			if line := b.named.find(s); line > 0 && stated[b.letter] == 0 {
				stated[b.letter] = line
			}
			if line := b.claimed.find(s); line > 0 && claimed[b.letter] == 0 && !c.v.conditional.in(s) {
				claimed[b.letter] = line
			}
		}
	}
	own := strings.TrimSuffix(strings.TrimPrefix(c.a.LawfulBasis.Article6, "6(1)("), ")")
	first := stated[own]
	if first == 0 {
		first = claimed[own]
	}
	c.mention("the lawful basis, Article "+c.a.LawfulBasis.Article6, first)
	if first > 0 {
		return
	}
	var others []string
	var lines []int
	for _, b := range c.v.bases {
		if line := claimed[b.letter]; line > 0 && b.letter != own {
			others = append(others, b.name)
			lines = append(lines, line)
		}
	}
	if len(others) > 0 {
		c.conflict("basis-differs", lines, "change the notice, or the agreement's lawful basis with the Data Protection Officer",
			"the notice names %s as the lawful basis, and the agreement Article %s", list(others), c.a.LawfulBasis.Article6)
	}
}

// lawfulBasis is one basis of Article 6(1): how it is named anywhere, and how it is claimed for a processing.
type lawfulBasis struct {
	letter, name   string
	named, claimed wording
}

func bases() []lawfulBasis {
	claimed := func(pattern, letter string) wording {
		return says(`(?:(?:lawful|legal) (?:bas[ie]s|grounds?|reasons?) (?:\S+ ){0,14}|rely(?:ing)? on (?:\S+ ){0,6}|because (?:\S+ ){0,8}|necessary (?:\S+ ){0,6}|on the basis of (?:\S+ ){0,4}|based on (?:\S+ ){0,4})(?:` + pattern + `)|6 1 ` + letter)
	}
	return []lawfulBasis{
		{"a", "consent", says(`6 1 a`), claimed(`consent|permission`, "a")},
		{"b", "a contract", says(`6 1 b`), claimed(`performance of (?:a|the|your|our) contract`, "b")},
		{"c", "a legal obligation", says(`legal obligations?|6 1 c`), claimed(`legal obligations?|legal dut(?:y|ies)`, "c")},
		{"d", "vital interests", says(`vital interests?|6 1 d`), claimed(`vital interests?`, "d")},
		{"e", "the public task", says(`public tasks?|(?:in the )?public interest|official authority|official (?:functions?|duties)|statutory (?:functions?|powers?|dut(?:y|ies)|tasks?)|6 1 e`), claimed(`public tasks?|public interest|official authority`, "e")},
		{"f", "legitimate interests", says(`6 1 f`), claimed(`legitimate interests?`, "f")},
	}
}

// consent looks for promises that data are shared only with permission, which an agreement on another basis breaks.
func (c *check) consentPromises() {
	special := c.a.LawfulBasis.Article9
	if c.a.LawfulBasis.Article6 == "6(1)(a)" && (special == "" || special == "9(2)(a)") {
		return
	}
	var lines []int
	share, agreed, off := c.v.sharing, c.v.consent, c.v.aside
	ways, open, other := c.v.onlyWithConsent, c.v.otherwiseLawful, c.v.otherReason
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		lead := c.lead(s)
		shares := share.in(s) || lead != nil && share.in(lead)
		if !shares || !agreed.in(s) || c.about(s, off) || open.in(s) || other.in(s) {
			continue
		}
		if c.v.onlyTheName.in(s) && !c.v.anyData.in(s) {
			continue
		}
		if c.v.theirs.at(s.plain) == 0 {
			continue // somebody else's promise
		}
		for _, w := range ways {
			if line := w.find(s); line > 0 {
				lines = append(lines, s.Line)
				break
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	basis := "Article " + c.a.LawfulBasis.Article6
	if special != "" {
		basis += " and Article " + special
	}
	c.conflict("consent-promised", lines, "change the notice, change the basis, or answer how the promise is kept: what leaves, and who was asked",
		"the notice promises that information is shared with consent, or where the law demands it%s; the agreement shares it under %s, without asking", onLines(lines), basis)
}

// denials looks for statements that this sharing makes untrue: that nothing is shared, that nobody could be known.
func (c *check) denials() {
	off, share, deny, agreed := c.v.aside, c.v.sharing, c.v.denial, c.v.consent
	recipientNamed := c.named(c.recipient) > 0
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		if c.about(s, off) {
			continue
		}
		if line := c.v.nameless.find(s); line > 0 && (c.about(s, share) || c.ofThis(s)) {
			c.conflict("called-nameless", []int{line}, "have the notice say pseudonymised, and that the data are personal data",
				"the notice says that what is shared is about nobody: pseudonymised data are personal data, and the council can tell whose they are")
		}
		if line := c.v.unidentifiable.find(s); line > 0 && !c.v.qualified.in(s) && (c.about(s, share) || c.ofThis(s)) {
			c.conflict("identification-denied", []int{line}, "have the notice say that it would take other information, and who has it",
				"the notice says that nobody can be told from the data: together with other information, somebody can")
		}
		if deny.in(s) && c.v.withOthers.in(s) && c.v.anythingOfYours.in(s) && !agreed.in(s) {
			c.denied(s, recipientNamed)
		}
	}
}

// denied judges a sentence that says that something is not shared with others.
func (c *check) denied(s *Sentence, recipientNamed bool) {
	others := c.v.byOthers.at(s.plain)
	theirs := others >= 0 && others < c.v.denial.at(s.plain) || c.recipient.begin(s)
	switch {
	case theirs && len(c.a.Onward) > 0:
		c.conflict("onward-sharing-denied", []int{s.Line}, "change the notice, or take onward_sharing out of the agreement",
			"the notice says that the recipient shares the data with nobody, and the agreement lets it share them with %s", c.a.Onward[0].Name)
	case theirs, c.v.onlyTheName.in(s) && !c.v.anyData.in(s):
	case c.v.further.in(s) && recipientNamed:
	case c.v.exception.in(s) && (c.v.covering.in(s) || c.recipient.in(s) > 0):
	case c.v.exception.in(s) && c.a.Recipient.Role == "processor" && c.v.forTheCouncil.in(s):
	default:
		sentence := "the notice says that information is not shared with others; the agreement shares it with %s"
		if c.v.exception.in(s) {
			sentence = "the notice says that information is shared with no others but some, and %s, who receives it as a " + c.a.Recipient.Role + ", is not said to be one of them"
		}
		c.conflict("sharing-denied", []int{s.Line}, "change the notice, or answer which of its exceptions the sharing is", sentence, c.a.Recipient.Name)
	}
}

// transfers holds the countries of the agreement to the promise that data stay at home.
func (c *check) transfers() {
	off, out := c.v.aside, c.v.abroad
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		promised := slices.ContainsFunc(c.v.notAbroad, func(w wording) bool { return w.in(s) })
		if !promised || c.about(s, off) || c.v.hedged.in(s) {
			continue
		}
		if !out.in(s) && !c.v.atHome.in(s) {
			continue
		}
		var elsewhere []string
		for _, country := range c.a.Transfer.Locations {
			if country != "GB" && (!c.v.europe.in(s) || !slices.Contains(european(), country)) {
				elsewhere = append(elsewhere, country)
			}
		}
		if len(elsewhere) > 0 {
			c.conflict("transfer-outside-notice", []int{s.Line}, "change the notice, or transfer.locations of the agreement",
				"the notice says that data stay at home, and the agreement lets the recipient hold them in %s", list(elsewhere))
			return
		}
	}
}

// european are the countries of the European Economic Area (ISO 3166-1).
func european() []string {
	return strings.Fields("AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE")
}

// optOut holds the determination on the National Data Opt-Out to what the notice says of it.
func (c *check) optOuts() {
	determination := c.a.NationalDataOptOut.Determination
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		if !c.v.optOut.in(s) {
			continue
		}
		switch {
		case c.v.optOutOff.in(s):
			if determination == "applied" {
				c.conflict("opt-out-denied", []int{s.Line}, "change the notice, or the determination",
					"the notice says that the National Data Opt-Out does not apply, and the agreement applies it")
			}
		case c.v.optOutOn.in(s) && (determination == "not_applicable" || determination == "exempt"):
			c.conflict("opt-out-promised", []int{s.Line}, "change the notice, or answer why the opt-out does not bear on these data",
				"the notice says that data of those who opted out are kept back, and the agreement keeps nobody back: it determined that the opt-out does not apply")
		}
	}
}

// onLines names several lines. Of one, the point has it.
func onLines(lines []int) string {
	if len(lines) == 1 {
		return ""
	}
	words := make([]string, len(lines))
	for i, l := range lines {
		words[i] = fmt.Sprint(l)
	}
	return ", on lines " + list(words)
}
