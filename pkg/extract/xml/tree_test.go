package xml_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract/xml"
)

// element is one of a document that a test has in mind.
type element struct {
	name   string
	text   string
	inside []*element
}

func (e *element) find(name string) *element {
	for _, i := range e.inside {
		if i.name == name {
			return i
		}
	}
	return &element{}
}

func (e *element) all(name string) []*element {
	return slices.DeleteFunc(slices.Clone(e.inside), func(i *element) bool { return i.name != name })
}

// draw makes documents.
type draw struct{ *rand.Rand }

func (d draw) date() string {
	return fmt.Sprintf("20%02d-%02d-%02d", d.IntN(23), 1+d.IntN(12), 1+d.IntN(28))
}

func (d draw) one(of ...string) string { return of[d.IntN(len(of))] }

// maybe makes an element, sometimes an empty one, and sometimes none.
func (d draw) maybe(name, text string) []*element {
	switch d.IntN(6) {
	case 0:
		return nil
	case 1:
		return []*element{{name: name}}
	default:
		return []*element{{name: name, text: text}}
	}
}

func (d draw) child() *element {
	identifiers := &element{name: "ChildIdentifiers", inside: []*element{{name: "LAchildID", text: fmt.Sprintf("A%d", d.IntN(1e6))}}}
	identifiers.inside = append(identifiers.inside, d.maybe("PersonBirthDate", d.date())...)
	identifiers.inside = append(identifiers.inside, d.maybe("GenderCurrent", d.one("0", "1", "2", "9"))...)
	traits := &element{name: "ChildCharacteristics", inside: d.maybe("Ethnicity", d.one("WBRI", "OOTH", "MWAS"))}
	if d.IntN(2) == 0 {
		block := &element{name: "Disabilities"}
		for range d.IntN(4) {
			block.inside = append(block.inside, &element{name: "Disability", text: d.one("NONE", "HEAR", "LD")})
		}
		traits.inside = append(traits.inside, block)
	}
	c := &element{name: "Child", inside: []*element{identifiers, traits}}
	for range d.IntN(4) {
		c.inside = append(c.inside, d.detail())
	}
	return c
}

func (d draw) detail() *element {
	e := &element{name: "CINdetails", inside: []*element{{name: "CINreferralDate", text: d.date()}}}
	add := func(more ...*element) { e.inside = append(e.inside, more...) }
	add(d.maybe("ReferralSource", d.one("1A", "10", "5D"))...)
	add(d.maybe("PrimaryNeedCode", "N"+d.one("0", "4", "9"))...)
	add(d.maybe("ReferralNFA", d.one("0", "1", "true", "false"))...)
	for range d.IntN(3) {
		a := &element{name: "Assessments", inside: []*element{{name: "AssessmentActualStartDate", text: d.date()}}}
		factors := &element{name: "FactorsIdentifiedAtAssessment"}
		for range d.IntN(4) {
			factors.inside = append(factors.inside, &element{name: "AssessmentFactors", text: d.one("1A", "18C", "20")})
		}
		a.inside = append(a.inside, factors)
		add(a)
	}
	for range d.IntN(3) {
		p := &element{name: "ChildProtectionPlans", inside: []*element{{name: "CPPstartDate", text: d.date()}}}
		p.inside = append(p.inside, d.maybe("NumberOfPreviousCPP", fmt.Sprint(d.IntN(5)))...)
		for range d.IntN(3) {
			reviews := &element{name: "Reviews"}
			for range d.IntN(3) {
				reviews.inside = append(reviews.inside, &element{name: "CPPreviewDate", text: d.date()})
			}
			p.inside = append(p.inside, reviews)
		}
		add(p)
	}
	return e
}

// shuffle puts the elements of a child in any order.
func (d draw) shuffle(e *element) {
	d.Shuffle(len(e.inside), func(i, j int) { e.inside[i], e.inside[j] = e.inside[j], e.inside[i] })
	for _, i := range e.inside {
		d.shuffle(i)
	}
}

// between is what may stand between elements and means nothing.
func (d draw) between() string {
	return d.one("", "", "\n\t ", "<!-- <Child> & ]]> -->", "<?note a > b ?>", "\r\n", "<![CDATA[ ]]>", "&#32;")
}

// write writes an element in one of the ways that there are.
func (d draw) write(b *strings.Builder, e *element) {
	attributes := d.one("", "", "", " a='1'", " b = \"x > y '\"", "\n", " xml:lang='en' c='&lt;&#9;'")
	if e.text == "" && len(e.inside) == 0 && d.IntN(2) == 0 {
		b.WriteString("<" + e.name + attributes + "/>")
		return
	}
	b.WriteString("<" + e.name + attributes + ">")
	b.WriteString(d.between())
	for _, c := range []byte(e.text) {
		switch d.IntN(8) {
		case 0:
			fmt.Fprintf(b, "&#%d;", c)
		case 1:
			fmt.Fprintf(b, "&#x%02X;", c)
		case 2:
			fmt.Fprintf(b, "<![CDATA[%c]]>", c)
		case 3:
			fmt.Fprintf(b, "%c<!-- %c -->", c, c)
		default:
			b.WriteByte(c)
		}
	}
	for _, i := range e.inside {
		d.write(b, i)
		b.WriteString(d.between())
	}
	if len(e.inside) == 0 {
		b.WriteString(d.between())
	}
	b.WriteString("</" + e.name + d.one("", " ", "\n") + ">")
}

// meant is the rows of some children, table by table, as the definitions say them in words.
func meant(children []*element) map[string][]string {
	out := make(map[string][]string)
	put := func(table string, cells ...string) {
		for i, c := range cells {
			cells[i] = strings.NewReplacer("true", "1", "false", "0").Replace(c)
		}
		out[table] = append(out[table], fmt.Sprintf("%d|%s", len(out[table])+1, strings.Join(cells, "|")))
	}
	for _, c := range children {
		about, traits := c.find("ChildIdentifiers"), c.find("ChildCharacteristics")
		id := about.find("LAchildID").text
		put("child", id, "(missing)", "(missing)", "", about.find("PersonBirthDate").text, "", about.find("GenderCurrent").text, "", "", traits.find("Ethnicity").text)
		for _, e := range traits.find("Disabilities").all("Disability") {
			put("disabilities", id, e.text)
		}
		for _, e := range c.all("CINdetails") {
			at := e.find("CINreferralDate").text
			put("cin_details", id, at, e.find("ReferralSource").text, e.find("PrimaryNeedCode").text, "", "", "", e.find("ReferralNFA").text)
			for _, a := range e.all("Assessments") {
				start := a.find("AssessmentActualStartDate").text
				put("assessments", id, at, start, "", "")
				for _, f := range a.find("FactorsIdentifiedAtAssessment").all("AssessmentFactors") {
					put("factors", id, start, f.text)
				}
			}
			for _, p := range e.all("ChildProtectionPlans") {
				start := p.find("CPPstartDate").text
				put("cp_plans", id, at, start, "", "", "", p.find("NumberOfPreviousCPP").text)
				for _, r := range p.all("Reviews") {
					for _, v := range r.all("CPPreviewDate") {
						put("cp_reviews", id, start, v.text)
					}
				}
			}
		}
	}
	return out
}

// However a document is written, its rows are those meant, and each demand's are the same whatever else is demanded.
func TestRowsAreThoseMeant(t *testing.T) {
	d := draw{rand.New(rand.NewPCG(5, 6))}
	rows := 0
	for range 60 {
		var b strings.Builder
		var children []*element
		for range 1 + d.IntN(5) {
			c := d.child()
			d.shuffle(c)
			children = append(children, c)
			d.write(&b, c)
			b.WriteString(d.between())
		}
		content := document(2023, b.String())
		path, want := file(t, content), meant(children)
		got := read(t, path)
		if got.err != nil || !maps.EqualFunc(got.rows, want, slices.Equal[[]string]) || len(got.findings) != 0 {
			t.Fatalf("%s\n%v %v\n%q\nwant\n%q", content, got.err, got.findings, got.rows, want)
		}
		for name := range want {
			rows += len(want[name])
			alone := readWith(t, xml.Reader{}, path, func(t *dataset.Table) []string {
				if t.Name != name {
					return nil
				}
				var names []string
				for _, c := range t.Columns {
					names = append(names, c.Name)
				}
				return names
			})
			if alone.err != nil || !slices.Equal(alone.rows[name], want[name]) || len(alone.rows) != 1 {
				t.Fatalf("%s\n%s alone: %v %q\nwant %q", content, name, alone.err, alone.rows, want[name])
			}
		}
	}
	if rows < 1200 {
		t.Errorf("only %d rows: this test shows little", rows)
	}
}
