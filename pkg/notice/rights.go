package notice

import "strings"

// right is one right of the people whose data they are, in words that notices have for it.
type right struct {
	name  string // of the point when the notice does not tell of it; empty when it need not
	title string
	told  wording
	flat  string // of the point when it is promised to everybody
	why   string // why nobody has it
}

// rights are those that a notice tells of (UK GDPR Article 13(2)(b) and (d), 14(2)(c) and (e)). A decision by a computer
// alone is made of nobody under an agreement: its recipient may make none about anybody.
func rights() []right {
	return []right{
		{name: "right-of-access-missing", title: "to see the data that are held", told: says(
			`right (?:to|of) access|subject access|(?:see|show|view|cop(?:y|ies) of|access to|ask (?:us )?for|request) (?:\S+ ){0,8}(?:information|data|records?|details)`,
			`ask (?:us )?for (?:\S+ ){0,8}(?:deleted|erased|corrected|moved|transferred|changed)|see images|see cctv`)},
		{name: "right-of-rectification-missing", title: "to have them corrected", told: says(
			`rectif\w+|correct(?:ed|ion|ions)?|inaccura\w+|(?:change|amend|update|put right) (?:\S+ ){0,10}(?:wrong|incorrect|mistakes?|out of date|not right)`, `records and contact details are correct`)},
		{name: "right-of-erasure-missing", title: "to have them deleted", told: says(`eras(?:e|ed|ure|ing)|delet(?:e|ed|ion|ing)|be forgotten`)},
		{name: "right-of-restriction-missing", title: "to have their use limited", told: says(`restrict(?:ed|ion|ions|ing)?|limit (?:the way|how|what|our|the use|what we|use)|limitation of`)},
		{name: "right-to-object-missing", title: "to object", told: objecting()},
		{title: "to have them moved to another", told: says(`portab\w+|(?:moved?|transferred) to (?:another|other|a different) (?:provider|authority|organisation|council|service)`),
			flat: "portability-promised", why: "nobody has it when the basis is Article %s"},
		{title: "to withdraw consent", told: says(`withdraw\w* (?:\w+ ){0,4}consent|withdrawal of consent|take back your (?:consent|permission)`),
			flat: "consent-withdrawal-promised", why: "there is none to withdraw when the basis is Article %s: objecting is the way"},
		{name: "complaint-to-commissioner-missing", title: "to complain to the Information Commissioner"},
	}
}

// objecting: the right to object to the use of data, and not only to marketing or profiling.
func objecting() wording {
	return says(`(?:right|rights|ask|able|can|may|want|wish) (?:\w+ ){0,4}object|rights? (?:\S+ ){0,40}to object|^(?:to )?object|object (?:to|about)|objections?`,
		`(?:right to )?object (?:to|if|when) (?:\w+ ){0,3}(?:profil\w+|direct marketing|marketing)|object if your details are being used for direct marketing|right to object if (?:\w+ ){0,8}(?:profil\w+|marketing)|object to (?:the|this|a|your) (?:decision|application|planning)`)
}

// rights looks for the rights that a notice has to tell of, and for those that it promises though nobody has them here.
func (c *check) rights() {
	var missing []right
	list, some := 0, false
	for _, r := range c.v.rights {
		line, lead := c.right(r)
		some = some || line > 0
		if list == 0 {
			list = lead
		}
		if r.name == "" {
			continue
		}
		c.mention("the right "+r.title, line)
		if line == 0 {
			missing = append(missing, r)
		}
	}
	if !some {
		c.gap("rights-missing", 0, "have the notice list the rights; where it points to another notice that does, answer with its address and date",
			"the notice tells of no right of the people whose data they are")
		return
	}
	if list == 0 {
		list = c.rightsHeading()
	}
	for _, r := range missing {
		sentence := "the notice does not tell of the right " + r.title
		if r.name == "right-to-object-missing" {
			if basis := c.a.LawfulBasis.Article6; basis != "6(1)(e)" && basis != "6(1)(f)" {
				continue
			}
			sentence += ", which there is because the basis is Article " + c.a.LawfulBasis.Article6 + " (UK GDPR Article 21)"
		}
		c.gap(r.name, list, "have the notice tell of it", "%s", sentence)
	}
	if c.a.LawfulBasis.Article6 == "6(1)(a)" || c.a.LawfulBasis.Article6 == "6(1)(b)" {
		return
	}
	for _, r := range c.v.rights {
		if r.flat != "" {
			c.promisedFlatly(r)
		}
	}
}

// right finds the line that tells of a right, best where rights are told of, and that of what leads in the list of it.
func (c *check) right(r right) (line, lead int) {
	if r.told.says == nil {
		return c.complaint(), 0
	}
	for _, context := range []wording{c.v.ofRights, c.v.asking} {
		for i := range c.n.Sentences {
			s := &c.n.Sentences[i]
			if !c.about(s, context) || c.v.aside.in(s) {
				continue
			}
			if line = r.told.find(s); line == 0 {
				continue
			}
			if before := c.lead(s); before != nil {
				lead = before.Line
			}
			return line, lead
		}
	}
	return 0, 0
}

// rightsHeading is the line of the first heading about rights; 0 for none.
func (c *check) rightsHeading() int {
	for i := range c.n.Sentences {
		if s := &c.n.Sentences[i]; s.Kind == Heading && c.v.ofRights.in(s) {
			return s.Line
		}
	}
	return 0
}

// complaint is the line that says that one can complain to the Information Commissioner.
func (c *check) complaint() int {
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		if line := c.v.commissioner.find(s); line > 0 && c.about(s, c.v.complaining) {
			return line
		}
	}
	return 0
}

// depending: a right is not for everybody.
func depending() wording {
	return says(`(?:not|only|may|might|some|certain|limited|always) (?:\S+ ){0,6}appl(?:y|ies)|appl(?:y|ies) (?:only|where|when|if|in)|(?:where|if|when) (?:\S+ ){0,6}(?:consent|contract|basis|permission)|in (?:some|certain|limited) (?:cases|circumstances|situations)|depend\w*|not (?:an )?absolute|you may have`)
}

// promisedFlatly looks for a right that is promised without a word on when there is one.
func (c *check) promisedFlatly(r right) {
	line := 0
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		if c.v.notAllRights.in(s) {
			return
		}
		found := r.told.find(s)
		if found == 0 {
			continue
		}
		if c.depends(i) {
			return
		}
		if line == 0 && (s.Kind != Heading || !strings.Contains(s.Text, "?")) {
			line = found
		}
	}
	if line > 0 {
		c.conflict(r.flat, []int{line}, "have the notice say when there is that right, or leave it out", "the notice promises everybody the right "+r.title+": "+r.why, c.a.LawfulBasis.Article6)
	}
}

// depends reports whether a sentence says on what a right depends, or what leads it in does, or what follows: the rest of
// the section under a heading, the next three sentences of a paragraph.
func (c *check) depends(at int) bool {
	s, w := &c.n.Sentences[at], c.v.depending
	if lead := c.lead(s); w.in(s) || lead != nil && w.in(lead) {
		return true
	}
	for i := at + 1; i < len(c.n.Sentences) && c.n.Sentences[i].Kind != Heading; i++ {
		next := &c.n.Sentences[i]
		switch {
		case s.Kind == Prose && i > at+3, s.Kind == Bullet && next.Marker != "", s.Kind == Bullet && next.Kind != Bullet:
			return false
		case w.in(next):
			return true
		}
	}
	return false
}

// rightsContact looks at who answers those who use their rights.
func (c *check) rightsContact() {
	for i := range c.n.Sentences {
		s := &c.n.Sentences[i]
		heading := c.heading(s)
		if (!c.v.usingRights.in(s) || !c.v.reaching.in(s)) && (heading == nil || !c.v.ofRights.in(heading) || !c.v.turning.in(s)) {
			continue
		}
		texts := []*Sentence{s}
		if strings.HasSuffix(s.Text, ":") && i+1 < len(c.n.Sentences) {
			texts = append(texts, &c.n.Sentences[i+1])
		}
		line, ours := 0, false
		for _, t := range texts {
			if at := c.v.otherService.find(t); line == 0 {
				line = at
			}
			ours = ours || c.v.ownService.in(t)
		}
		if line > 0 && !ours {
			c.conflict("rights-contact-of-another-service", []int{line}, "have the notice name who answers for children's data",
				"the notice sends people who use their rights to another service of the council than the one whose data are shared")
			return
		}
	}
}
