package agreement

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// Difference is what changed from one version of an agreement to another, as far as it matters to a child: what widened
// first. Of what nobody can say whether it widens or narrows, it is said that it widens.
type Difference struct {
	Old       Compared `json:"old"`
	New       Compared `json:"new"`
	Widened   []Change `json:"widened"`   // more leaves, to more people, for longer, or under weaker safeguards
	Narrowed  []Change `json:"narrowed"`  // the contrary
	Changed   []Change `json:"changed"`   // neither: contacts, references, reasons
	Unchanged int      `json:"unchanged"` // how many terms and columns are as they were
}

// Compared names one of the two versions.
type Compared struct {
	File    string `json:"file"`
	ID      string `json:"agreement"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
}

// Change is one thing that changed.
type Change struct {
	What     string `json:"what"`     // where it stands in the file: period.share_to, tables.children.sex
	Sentence string `json:"sentence"` // what changed, in plain words
	// Unclear is set for a change that counts as widening because nobody can work out its direction: it needs a
	// person's eyes.
	Unclear bool `json:"unclear"`
}

// None reports whether nothing changed.
func (d *Difference) None() bool { return len(d.Widened)+len(d.Narrowed)+len(d.Changed) == 0 }

// Diff compares two versions of an agreement, term by term and column by column. What two files say alike is no
// difference, in whatever order they say it; neither are version, supersedes, file and digest, which are another in each
// version. The catalogue may lack what an old version names: then the direction of its change is not clear.
func Diff(older, newer *Agreement, catalogue *dataset.Catalogue) *Difference {
	c := &comparing{was: older, is: newer, catalogue: catalogue, d: &Difference{
		Old: compared(older), New: compared(newer), Widened: []Change{}, Narrowed: []Change{}, Changed: []Change{},
	}}
	for _, compare := range comparisons() {
		compare(c)
	}
	return c.d
}

func compared(a *Agreement) Compared {
	return Compared{File: a.File, ID: a.ID, Version: a.Version, SHA256: fmt.Sprintf("%x", a.SHA256)}
}

// comparisons is the closed list. A test changes every field of an agreement, and fails when none of these notices.
func comparisons() []func(*comparing) {
	return []func(*comparing){
		(*comparing).tables, (*comparing).indexEvents, (*comparing).cohort, (*comparing).choices, (*comparing).release, (*comparing).pseudonyms,
		(*comparing).recipient, (*comparing).people, (*comparing).onward, (*comparing).purpose, (*comparing).lawful,
		(*comparing).research, (*comparing).period, (*comparing).retention, (*comparing).places, (*comparing).assessment,
		(*comparing).notice, (*comparing).rights, (*comparing).controller,
	}
}

// comparing compares two versions.
type comparing struct {
	was, is   *Agreement
	catalogue *dataset.Catalogue
	d         *Difference
}

// direction is where a change leads.
type direction int8

const (
	alike     direction = iota
	wider               // more
	narrower            // less
	unclear             // nobody can tell: counts as wider
	otherwise           // it makes no difference to what leaves, to whom and for how long
)

// flipped is the direction of the change back.
func (d direction) flipped() direction {
	switch d {
	case wider:
		return narrower
	case narrower:
		return wider
	default:
		return d
	}
}

// ordered is wider for more.
func ordered[T cmp.Ordered](was, is T) direction {
	switch {
	case is > was:
		return wider
	case is < was:
		return narrower
	default:
		return alike
	}
}

// ranked is wider for what stands later in a list. A word that is not in it is of no known rank.
func ranked(was, is string, order ...string) direction {
	w, i := slices.Index(order, was), slices.Index(order, is)
	switch {
	case was == is:
		return alike
	case w < 0 || i < 0:
		return unclear
	default:
		return ordered(w, i)
	}
}

func (c *comparing) note(to direction, what, format string, args ...any) {
	change := Change{What: what, Sentence: strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " "), Unclear: to == unclear}
	switch to {
	case alike:
		c.d.Unchanged++
	case wider, unclear:
		c.d.Widened = append(c.d.Widened, change)
	case narrower:
		c.d.Narrowed = append(c.d.Narrowed, change)
	case otherwise:
		c.d.Changed = append(c.d.Changed, change)
	}
}

// became notes that one term is now another, or is or was not stated.
func (c *comparing) became(to direction, what, label, was, is string) {
	switch {
	case was == is:
		if was != "" {
			c.d.Unchanged++
		}
	case was == "":
		c.note(to, what, "%s is now stated: %s.", label, is)
	case is == "":
		c.note(to, what, "%s is no longer stated. It was: %s.", label, was)
	default:
		c.note(to, what, "%s is now: %s. It was: %s.", label, is, was)
	}
}

// text compares a text whose every change leads in one direction: unclear or otherwise.
func (c *comparing) text(to direction, what, label, was, is string) {
	c.became(to, what, label, was, is)
}

// safeguard compares a text that keeps the data safe: to state it narrows, to leave it out widens, and of another nobody
// can tell.
func (c *comparing) safeguard(what, label, was, is string) {
	to := unclear
	switch {
	case was == "":
		to = narrower
	case is == "":
		to = wider
	}
	c.became(to, what, label, was, is)
}

// day compares two days of which the later is the wider.
func (c *comparing) day(what, label string, was, is civil.Date) {
	c.became(ordered(was, is), what, label, spoken(was), spoken(is))
}

// openDay compares two days that may not be stated, which is wider than any.
func (c *comparing) openDay(what, label string, was, is *civil.Date) {
	c.became(orderedOpen(was, is), what, label, spokenOr(was), spokenOr(is))
}

func orderedOpen(was, is *civil.Date) direction {
	switch {
	case was == nil && is == nil:
		return alike
	case was == nil:
		return narrower
	case is == nil:
		return wider
	default:
		return ordered(*was, *is)
	}
}

func spokenOr(d *civil.Date) string {
	if d == nil {
		return ""
	}
	return spoken(*d)
}

// limit compares two numbers of which the greater is the wider; 0 is not stated, and then there is no limit.
func (c *comparing) limit(what, label, noun string, was, is int) {
	to := ordered(was, is)
	if was == 0 || is == 0 {
		to = to.flipped()
	}
	say := func(n int) string {
		if n == 0 {
			return ""
		}
		return counted(n, noun)
	}
	c.became(to, what, label, say(was), say(is))
}

// keyed is one of a list, with the key by which it is found again in the other version.
type keyed[T any] struct {
	key  string
	item T
}

// byKey gives each of a list its key; what has the key of one before it gets a number beside it.
func byKey[T any](list []T, key func(T) string) []keyed[T] {
	seen := make(map[string]int)
	out := make([]keyed[T], len(list))
	for i, item := range list {
		k := key(item)
		seen[k]++
		if n := seen[k]; n > 1 {
			k = fmt.Sprintf("%s (%d)", k, n)
		}
		out[i] = keyed[T]{k, item}
	}
	return out
}

// lists goes through two lists: those of the new one in its order, was being nil where it is new, then those that are
// there no more, is being nil.
func lists[T any](was, is []T, key func(T) string, compare func(key string, was, is *T)) {
	before, now := byKey(was, key), byKey(is, key)
	find := func(list []keyed[T], key string) *T {
		if i := slices.IndexFunc(list, func(k keyed[T]) bool { return k.key == key }); i >= 0 {
			return &list[i].item
		}
		return nil
	}
	for i := range now {
		compare(now[i].key, find(before, now[i].key), &now[i].item)
	}
	for i := range before {
		if find(now, before[i].key) == nil {
			compare(before[i].key, &before[i].item, nil)
		}
	}
}

// words compares two lists of words: adding one leads in a direction, taking one away in the other.
func (c *comparing) words(adding direction, what, added, removed string, was, is []string) {
	lists(was, is, func(s string) string { return s }, func(word string, before, now *string) {
		switch {
		case before == nil:
			c.note(adding, what, added, word)
		case now == nil:
			c.note(adding.flipped(), what, removed, word)
		default:
			c.d.Unchanged++
		}
	})
}

// DiffText writes a difference for people: what widened first. The output depends on nothing else; the error is w's.
func DiffText(w io.Writer, d *Difference) error {
	p := &page{}
	p.line("From %s version %d to %s version %d", d.Old.ID, d.Old.Version, d.New.ID, d.New.Version)
	if d.None() {
		p.line("\nNothing that this compares has changed: %d terms and columns are as they were.", d.Unchanged)
	} else {
		d.write(p)
	}
	if _, err := w.Write(p.b.Bytes()); err != nil {
		return fmt.Errorf("write the difference: %w", err)
	}
	return nil
}

func (d *Difference) write(p *page) {
	part := func(title, none string, changes []Change) {
		if len(changes) == 0 {
			if none != "" {
				p.line("\n%s", none)
			}
			return
		}
		p.line("\n%s (%d)", title, len(changes))
		for _, change := range changes {
			mark := "- "
			if change.Unclear {
				mark = "? "
			}
			p.wrapped("  "+mark, "    ", change.Sentence)
		}
	}
	part("WIDENED", "Nothing widened.", d.Widened)
	if slices.ContainsFunc(d.Widened, func(c Change) bool { return c.Unclear }) {
		p.line("  ? whether this is more or less cannot be worked out: look at it yourself")
	}
	part("NARROWED", "Nothing narrowed.", d.Narrowed)
	part("CHANGED OTHERWISE", "", d.Changed)
	p.line("\nUnchanged: %d terms and columns.", d.Unchanged)
}

// page gathers lines for people.
type page struct{ b bytes.Buffer }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// pageWidth is how many letters a line for people has, as far as its words let it.
const pageWidth = 116

// wrapped writes a text over as many lines as it needs: the first begins with one thing, the others with another.
func (p *page) wrapped(first, others, text string) {
	line, empty := first, true
	for _, word := range strings.Fields(text) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > pageWidth {
			p.b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, empty = others, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	p.b.WriteString(strings.TrimRight(line, " ") + "\n")
}
