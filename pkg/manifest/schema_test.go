package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// schema is the published JSON Schema of manifest.json.
func schema(t *testing.T) *jsonschema.Schema {
	return schemaIn(t, "../../schemas/manifest.schema.json")
}

func schemaIn(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("manifest.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tree(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Whatever Encode writes, the schema accepts and Parse reads back.
func TestSchemaAcceptsManifests(t *testing.T) {
	s := schema(t)
	for seed := range uint64(100) {
		m := generate(rand.New(rand.NewPCG(seed, 1)))
		data := encoded(t, m)
		if err := s.Validate(tree(t, data)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if _, err := manifest.Parse(data); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// Every object of a manifest is closed and complete: with one member more, one member fewer, or a member of another
// type, neither the schema nor Parse takes it.
func TestSchemaRefusesMutations(t *testing.T) {
	s := schema(t)
	m := small()
	m.Linkage = []manifest.Linkage{{Table: "attendance", Domain: "child/upn", LinkedPercent: "97"}}
	whole := tree(t, encoded(t, m))
	mutations := 0
	try := func(what string) {
		t.Helper()
		mutations++
		if s.Validate(whole) == nil {
			t.Errorf("the schema takes %s", what)
		}
		if _, err := manifest.Parse(marshal(t, whole)); err == nil {
			t.Errorf("Parse takes %s", what)
		}
	}
	walk(whole, "manifest", func(path string, o map[string]any) {
		o["surplus"] = "x"
		try(path + " with a surplus member")
		delete(o, "surplus")
		for name, value := range o {
			at := path + "." + name
			delete(o, name)
			try("no " + at)
			for _, other := range []any{nil, true, json.Number("-1.5"), "\u0007", []any{[]any{}}, map[string]any{}} {
				if _, isBool := value.(bool); isBool && other == true {
					continue
				}
				o[name] = other
				try(fmt.Sprintf("%s as %T", at, other))
			}
			o[name] = value
		}
	})
	if mutations < 500 {
		t.Errorf("only %d mutations tried", mutations)
	}
	if err := s.Validate(whole); err != nil {
		t.Errorf("the tree was not restored: %v", err)
	}
}

// marshal writes a tree. The order of members is not the manifest's, so Parse would refuse it anyway: what it is
// asked to refuse here is put into the format's order first where that is possible.
func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m manifest.Manifest
	if json.Unmarshal(data, &m) == nil {
		if again, err := m.Encode(); err == nil && len(again) > 0 && sameTree(t, data, again) {
			return again
		}
	}
	return data
}

func sameTree(t *testing.T, a, b []byte) bool {
	t.Helper()
	x, err := json.Marshal(tree(t, a))
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(tree(t, b))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}

func walk(v any, path string, visit func(path string, o map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(path, v)
		for name, value := range v {
			walk(value, path+"."+name, visit)
		}
	case []any:
		for i, value := range v[:min(len(v), 2)] { // the others are no different
			walk(value, path+"["+strconv.Itoa(i)+"]", visit)
		}
	}
}

func notMeasured(m *manifest.Manifest) {
	d := &m.Disclosure
	d.UniquePercent, d.Under5Percent, d.Under10Percent = manifest.NotMeasured, manifest.NotMeasured, manifest.NotMeasured
}

// Either all three shares were measured or none was; a share of what was linked always is.
func TestSchemaOfWhatWasNotMeasured(t *testing.T) {
	s := schema(t)
	m := small()
	m.Linkage = []manifest.Linkage{{Table: "attendance", Domain: "child/upn", LinkedPercent: "97"}}
	notMeasured(m)
	whole := tree(t, encoded(t, m)).(map[string]any)
	if err := s.Validate(any(whole)); err != nil {
		t.Fatal(err)
	}
	d := whole["disclosure"].(map[string]any)
	for _, member := range []string{"children_unique_percent", "children_under_5_percent", "children_under_10_percent"} {
		d[member] = "0"
		if s.Validate(any(whole)) == nil {
			t.Errorf("the schema takes a drop of which only %s was measured", member)
		}
		d[member] = manifest.NotMeasured
	}
	whole["linkage"].([]any)[0].(map[string]any)["linked_percent"] = manifest.NotMeasured
	if s.Validate(any(whole)) == nil {
		t.Error("the schema takes a link that was not measured")
	}
}

// generate makes any manifest that Validate accepts.
func generate(r *rand.Rand) *manifest.Manifest {
	m := small()
	text := func() string {
		alphabet := []rune(`abcXYZ 0189<>&"'/\{}[]é€ŵ—_-.,`)
		b := []rune{'t'}
		for range r.IntN(40) {
			b = append(b, alphabet[r.IntN(len(alphabet))])
		}
		return string(b)
	}
	digest := func() string {
		var d [32]byte
		for i := range d {
			d[i] = byte(r.Uint32())
		}
		return manifest.Hex(d)
	}
	date := func() civil.Date { return civil.MustYMD(1990+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28)) }
	m.Drop.Sequence, m.Drop.Date = 1+r.Int64N(100_000), date()
	m.Drop.ID = manifest.DropID(m.Agreement.ID, m.Drop.Sequence, m.Drop.Date)
	m.Drop.PreviousSumsSHA256 = []string{"", digest()}[r.IntN(2)]
	for i := range r.IntN(4) {
		m.Drop.Supersedes = append(m.Drop.Supersedes, fmt.Sprintf("%s/000%d-20200101", m.Agreement.ID, i))
	}
	m.Agreement.Title, m.Agreement.RecipientUntil = text(), date()
	for range r.IntN(4) {
		m.Agreement.Decisions = append(m.Agreement.Decisions, manifest.Decision{
			Role: "dpo", Decision: "advise-clear", Signer: "SHA256:" + strings.Repeat("/", 43), StatementSHA256: digest(),
			Time: time.Unix(1_700_000_000+r.Int64N(1e9), 0),
		})
	}
	m.Controller.Name, m.Recipient.Name, m.Purpose.Text, m.Tool.Build = text(), text(), text(), []string{"", text()}[r.IntN(2)]
	m.ReferenceDate = date().FirstOfMonth()
	m.Pseudonyms.Epoch = 1 + r.Int64N(12)
	m.Tables = nil
	var quasi []string
	for i := range 1 + r.IntN(4) {
		t := manifest.Table{Name: fmt.Sprintf("t%d", i), Source: "ssda903/x", Meaning: text()}
		for j := range 1 + r.IntN(3) {
			f := manifest.File{Path: fmt.Sprintf("t%d/%02d.parquet", i, j), SHA256: digest(), Bytes: 1 + r.Int64N(1<<40), Rows: r.Int64N(1 << 30)}
			t.Files, t.Rows = append(t.Files, f), t.Rows+f.Rows
		}
		for j := range 1 + r.IntN(6) {
			c := manifest.Column{Name: fmt.Sprintf("C_%d", j), Meaning: text(), Class: "quasi-identifier", Treatment: text()}
			c.Type = []string{manifest.String, manifest.Date, manifest.Int32, manifest.Boolean}[r.IntN(4)]
			if c.Type == manifest.String && r.IntN(2) == 0 {
				c.Domain = m.Pseudonyms.Domains[0].Domain
				t.ChildrenColumn = c.Name
			} else if c.Type == manifest.String {
				for k := range 1 + r.IntN(5) {
					c.Codes = append(c.Codes, manifest.Code{Code: strconv.Itoa(k), Meaning: text()})
				}
			}
			for range r.IntN(3) {
				c.Source = append(c.Source, text())
			}
			if r.IntN(2) == 0 {
				c.Nullable, c.Nulls = true, r.Int64N(t.Rows+1)
			}
			t.Columns = append(t.Columns, c)
			quasi = append(quasi, t.Name+"."+c.Name)
		}
		m.Tables = append(m.Tables, t)
	}
	m.Disclosure.QuasiIdentifiers = quasi[:r.IntN(len(quasi)+1)]
	m.Disclosure.UniquePercent = manifest.Percent(r.Int64N(1000), r.Int64N(1000))
	if r.IntN(4) == 0 {
		notMeasured(m)
	}
	m.RegistryApplied = r.IntN(2) == 0
	return m
}
