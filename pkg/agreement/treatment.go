package agreement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

// treatments is the closed list, in the order in which it is explained to people.
func treatments() []string {
	return []string{
		dataset.Pseudonym, dataset.Keep, dataset.AgeMonths, dataset.AgeYears, dataset.AgeBand, dataset.DateTo,
		dataset.DaysSince, dataset.CodeMapTo, dataset.Flag, dataset.Band, dataset.Constant,
	}
}

// treatment reads a column's treatment and the parameters that belong to it; others are unknown keys. Parameters that
// depend on the source column (codes, edges) are completed by parameters.
func (r *reader) treatment(m *document.Mapping, kind *document.Value, o *output) (t Treatment, constant bool) {
	t.Kind = kind.String(document.OneOf(treatments()...))
	switch t.Kind {
	case dataset.AgeBand:
		t.Bands = r.numbers(m.Value("bands"), 0, 30)
		if len(t.Bands) > 0 && t.Bands[0] != 0 {
			m.Value("bands").Problem("leaves the youngest without a band", "begin with 0: [0, 1, 5, 10, 16]")
		}
	case dataset.DateTo:
		t.To = m.String("to", document.OneOf("day", "week", "month", "quarter", "year"))
	case dataset.DaysSince:
		o.event = m.Value("event")
		t.Event = o.event.String()
	case dataset.CodeMapTo:
		t.Map = m.String("map", document.Optional())
		for _, e := range m.Mapping("codes", document.Optional()).Entries() {
			to := e.Value.String(document.Matching(valuePattern, "a code of 1 to 40 letters, digits, _ . and -"))
			t.Pairs = append(t.Pairs, dataset.CodePair{From: e.Key, To: to})
		}
		if m.Has("map") == m.Has("codes") {
			m.Fault(document.WrongKind, "a code map needs either map or codes", "name a map of the dataset definitions under map, or write each code and what it becomes under codes")
		}
	case dataset.Flag:
		o.codes = r.codes(m.Value("codes"))
	case dataset.Keep:
		o.codes = r.codes(m.Value("codes", document.Optional()))
	case dataset.Band:
		t.Edges = r.numbers(m.Value("edges"), -1_000_000_000, 1_000_000_000)
	case dataset.Constant:
		constant = true
		t.Value = m.String("value", document.Matching(valuePattern, "a code of 1 to 40 letters, digits, _ . and -"))
	case "":
		for _, parameter := range []string{"codes", "bands", "to", "event", "map", "edges", "value"} {
			m.Value(parameter, document.Optional()) // to which treatment it belongs is not known
		}
	}
	return t, constant
}

// numbers reads a list of ascending whole numbers.
func (r *reader) numbers(v *document.Value, low, high float64) []int {
	var out []int
	for _, item := range v.Sequence(document.NotEmpty()) {
		before := r.log.Count()
		n := item.Int(document.Between(low, high))
		if r.log.Count() > before {
			continue
		}
		if len(out) > 0 && n <= out[len(out)-1] {
			item.Problem("is not larger than the number before it", "list each number once, smallest first")
		}
		out = append(out, n)
	}
	return out
}

// parameters reads the parameters that are about the source column's own codes or numbers.
func (r *reader) parameters(m *document.Mapping, c *dataset.Column, how *Treatment, o *output) {
	switch how.Kind {
	case dataset.Keep:
		if !m.Has("codes") {
			return
		}
		if c.Type != dataset.Code {
			m.Value("codes").Problem("the column has no codes to choose from", "leave out codes")
			return
		}
		how.Codes = r.codesOf(o.codes, c)
	case dataset.Flag:
		how.Codes = r.codesOf(o.codes, c)
	case dataset.CodeMapTo:
		r.codeMap(m, c, how)
	case dataset.Band:
		for i, item := range m.Value("edges", document.Optional()).Sequence() {
			if i < len(how.Edges) && (how.Edges[i] <= int(c.Min) || how.Edges[i] > int(c.Max)) {
				item.Problem(fmt.Sprintf("divides nothing: the column's numbers are from %d to %d", c.Min, c.Max), "")
			}
		}
	}
}

// listedCode is an item of a list of codes, and where it stands.
type listedCode struct {
	code string
	at   *document.Value
}

// codes reads a list of codes, whatever column they are of.
func (r *reader) codes(v *document.Value) []listedCode {
	var out []listedCode
	for _, item := range v.Sequence(document.NotEmpty()) {
		code := item.String(document.MaxLength(40))
		switch {
		case code == "":
		case slices.ContainsFunc(out, func(l listedCode) bool { return l.code == code }):
			item.Fault(document.Repeated, "is there twice", "list it once")
		default:
			out = append(out, listedCode{code, item})
		}
	}
	return out
}

// codesOf are the codes listed, held to those of a column; to none when it is nil or has none.
func (r *reader) codesOf(list []listedCode, c *dataset.Column) []string {
	var out []string
	for _, l := range list {
		if c != nil && c.Type == dataset.Code && !hasCode(c, l.code) {
			l.at.Problem("there is no such code in column "+c.Name, codeHint(c))
			continue
		}
		out = append(out, l.code)
	}
	return out
}

func hasCode(c *dataset.Column, code string) bool {
	at, _ := c.Code(code, 0)
	return at >= 0
}

// maxNamed bounds how many codes a hint lists.
const maxNamed = 40

func codeHint(c *dataset.Column) string {
	codes := make([]string, len(c.Codes))
	for i, code := range c.Codes {
		codes[i] = code.Value
	}
	return "its codes are: " + listed(codes)
}

func listed(codes []string) string {
	if len(codes) > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(codes[:maxNamed], ", "), len(codes)-maxNamed)
	}
	return strings.Join(codes, ", ")
}

func (r *reader) codeMap(m *document.Mapping, c *dataset.Column, how *Treatment) {
	if m.Has("map") {
		v := m.Value("map")
		cm := r.catalogue.CodeMap(how.Map)
		switch {
		case how.Map == "":
		case cm == nil:
			v.Problem("there is no such code map in the dataset definitions", "")
		default:
			incomplete(v, c, func(code string) bool { _, ok := cm.To(code); return ok || cm.Leaves(code) })
			r.undecided(v, c, cm)
		}
	}
	if !m.Has("codes") {
		return
	}
	v := m.Value("codes")
	if !v.IsMapping() {
		return
	}
	for _, e := range v.Mapping().Entries() {
		if !hasCode(c, e.Key) {
			e.Problem("there is no such code in column "+c.Name, codeHint(c))
		} else {
			e.Known()
		}
	}
	incomplete(v, c, func(code string) bool {
		return slices.ContainsFunc(how.Pairs, func(p dataset.CodePair) bool { return p.From == code })
	})
}

// incomplete records that a map leaves codes of the column out.
func incomplete(v *document.Value, c *dataset.Column, has func(code string) bool) {
	var missing []string
	for _, code := range c.Codes {
		if !has(code.Value) {
			missing = append(missing, code.Value)
		}
	}
	switch len(missing) {
	case 0:
	case 1:
		v.Problem("leaves out 1 code of column "+c.Name, "add: "+missing[0])
	default:
		v.Problem(fmt.Sprintf("leaves out %d codes of column %s", len(missing), c.Name), "add: "+listed(missing))
	}
}

// undecided records that a map leaves codes of the column to the agreement, which does not decide all of them.
func (r *reader) undecided(v *document.Value, c *dataset.Column, cm *dataset.CodeMap) {
	var missing []string
	for _, code := range cm.Undecided {
		if _, decided := cm.Decided(code, r.a.Choices.Ethnicity); !decided && hasCode(c, code) {
			missing = append(missing, code)
		}
	}
	if len(missing) > 0 {
		v.Problem("the map does not say what becomes of "+listed(missing)+": each belongs to more than one of its codes",
			"decide for each of them under choices.ethnicity")
	}
}
