package notice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// wanted is an item that leaves, and the tables it is in.
type wanted struct {
	item
	tables []string
}

// leaves raises a point for each item of the agreement that families are not told of.
func (c *check) leaves() {
	found, unknown := c.wanted()
	for _, w := range found {
		told, denied, explained, shared := c.told(w.item)
		c.mentions = append(c.mentions, Mention{What: w.name, Line: told, Collected: told > 0 && !shared})
		where := "of the " + plural("table", w.tables)
		if slices.ContainsFunc(w.tables, func(id string) bool { return slices.Contains(c.a.PrivacyNotice.Covers, id) }) {
			where += ", which privacy_notice.covers lists"
		}
		hint := "have the notice say that it is shared, or take it out of the agreement; an answer says why families know all the same"
		switch {
		case denied > 0:
			c.conflict("item-denied-"+w.key, []int{denied}, "take it out of the agreement, or change the notice",
				"the notice says that this is not shared: %s. It leaves in columns %s", w.name, where)
		case told > 0:
		case explained > 0:
			c.gap("item-"+w.key, explained, hint, "the notice names %s as an example of a kind of data, and not as what is shared. It leaves in columns %s", w.name, where)
		default:
			c.gap("item-"+w.key, 0, hint, "the notice does not mention %s. It leaves in columns %s", w.name, where)
		}
	}
	for _, t := range unknown {
		c.gap("cannot-be-told-"+kebab(t.ID()), 0, "answer with the notice's own words for it and their line, or have the notice say that it is shared",
			"it cannot be told whether the notice mentions the table %s, which is of the council's own definitions (%s)", t.ID(), t.Meaning)
	}
}

// wanted lists the items that leave, in the order of items, and the tables that no rule knows.
func (c *check) wanted() (found []wanted, unknown []*dataset.Table) {
	in := make(map[string][]string)
	add := func(key, table string) {
		if key != "" && !slices.Contains(in[key], table) {
			in[key] = append(in[key], table)
		}
	}
	for _, leaving := range c.a.Tables {
		t := c.catalogue.Table(leaving.ID)
		if t == nil {
			continue // an agreement names no other tables than those of its definitions
		}
		whole, known := c.v.itemOfTable(t.ID())
		if !known {
			unknown = append(unknown, t)
		}
		add(whole, t.ID())
		for _, leavingColumn := range leaving.Columns {
			if column := t.Column(leavingColumn.From); column != nil {
				add(c.v.itemOf(t, column), t.ID())
			}
		}
	}
	for _, i := range c.v.items {
		if tables := in[i.key]; tables != nil {
			found = append(found, wanted{i, tables})
		}
	}
	return found, unknown
}

// told looks for an item: the line where the notice tells of it, best where it speaks of sharing, the line where it says
// that it is not shared and nowhere that it is, the line where it is only an example, and whether the first speaks of
// sharing.
func (c *check) told(i item) (told, denied, explained int, shared bool) {
	share, deny, but, explain := c.v.sharing, c.v.denial, c.v.exception, c.v.example
	for at := range c.n.Sentences {
		s := &c.n.Sentences[at]
		line := i.told.find(s)
		if line == 0 {
			continue
		}
		lead := c.lead(s)
		switch {
		case deny.in(s) && !but.in(s) || lead != nil && strings.HasSuffix(lead.Text, ":") && deny.in(lead) && !but.in(lead):
			if denied == 0 {
				denied = line
			}
		case explain.in(s) || lead != nil && explain.in(lead):
			if explained == 0 {
				explained = line
			}
		case i.key != "child-codes" && c.v.removal.in(s) && !share.in(s): // its code may stand where it was
		case told == 0 || !shared && c.about(s, share):
			told, shared = line, c.about(s, share)
		}
	}
	if told > 0 {
		denied = 0
	}
	return told, denied, explained, shared
}

// covers holds what the agreement says that the notice covers to what leaves and to what the notice says.
func (c *check) covers() {
	covered := c.a.PrivacyNotice.Covers
	for _, t := range c.a.Tables {
		if !slices.Contains(covered, t.ID) {
			c.gap("covers-lacks-"+kebab(t.ID), 0, "add it to privacy_notice.covers when the notice tells of it; otherwise change the notice first",
				"the table %s leaves, and privacy_notice.covers does not list it", t.ID)
		}
	}
	for _, id := range covered {
		if slices.ContainsFunc(c.agreementTables(), func(leaving string) bool { return leaving == id }) {
			continue // told of by its items
		}
		key, known := c.v.itemOfTable(id)
		at := slices.IndexFunc(c.v.items, func(i item) bool { return i.key == key })
		if !known || at < 0 {
			continue
		}
		if told, _, _, _ := c.told(c.v.items[at]); told == 0 {
			c.gap("covers-untold-"+kebab(id), 0, "take it out of privacy_notice.covers, or have the notice tell of it",
				"privacy_notice.covers lists the table %s, and the notice does not mention %s", id, c.v.items[at].name)
		}
	}
}

func (c *check) agreementTables() []string {
	var ids []string
	for _, t := range c.a.Tables {
		ids = append(ids, t.ID)
	}
	return ids
}

// lead is the sentence that leads in the list that a sentence is of; nil for none.
func (c *check) lead(s *Sentence) *Sentence {
	if s.Lead < 0 {
		return nil
	}
	return &c.n.Sentences[s.Lead]
}

// heading is the heading that a sentence stands under; nil for none.
func (c *check) heading(s *Sentence) *Sentence {
	if s.Heading < 0 {
		return nil
	}
	return &c.n.Sentences[s.Heading]
}

// about reports whether a sentence, what leads it in or its heading says something.
func (c *check) about(s *Sentence, w wording) bool {
	lead, heading := c.lead(s), c.heading(s)
	return w.in(s) || lead != nil && w.in(lead) || heading != nil && w.in(heading)
}

func plural(word string, of []string) string {
	if len(of) == 1 {
		return fmt.Sprintf("%s %s", word, of[0])
	}
	return fmt.Sprintf("%ss %s", word, list(of))
}

// kebab is an id or a name as part of a point's name, which has small letters, digits and hyphens.
func kebab(id string) string {
	words := strings.FieldsFunc(strings.ToLower(id), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	name := strings.Join(words, "-")
	return strings.Trim(name[:min(len(name), 60)], "-")
}
