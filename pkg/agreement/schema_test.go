package agreement_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/schemas"
)

// schema is the published JSON Schema of agreements, with formats asserted.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemas.Agreement))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("agreement.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("agreement.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tree is an agreement as a tree of JSON. Written as JSON again it is one that package document reads, too: all text in
// double quotes, no escapes but of quotes.
func tree(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON(t, v)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSchemaAcceptsAgreements(t *testing.T) {
	s := schema(t)
	files := map[string]string{"golden": golden, "every field": everyField()}
	for _, file := range []string{"agreements/family-valued-2026.yaml", "agreements/family-valued-2020.yaml", "testdata/agreements/looked-after.yaml"} {
		data, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		files[file] = string(data)
	}
	for name, text := range files {
		if err := s.Validate(tree(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// everyChange is the environment variable that has all changes tried, and not one in forty of those that are not
// at a bound: that takes minutes.
const everyChange = "POSTERN_EVERY_CHANGE"

// TestSchemaIsTheShape changes an agreement that uses everything in some thousands of ways, one at a time: a key left out,
// added or renamed, each value replaced by those of other kinds, forms and sizes, lists emptied, lengthened and repeated.
// Whatever becomes of it, the schema accepts what the parser finds no fault with but in its rules, and nothing else.
func TestSchemaIsTheShape(t *testing.T) {
	h := &held{t: t, schema: schema(t), catalogue: catalogue(t), one: 40}
	if os.Getenv(everyChange) != "" {
		h.one = 1
	}
	// That the tables of the file need no more choices is a rule, and no matter of shape.
	h.root = tree(t, strings.Replace(everyField(), "choices: {", "choices: {short_breaks: count, premiums: [one, two], ethnicity: {ABRI: AOTH, AWEL: AIND}, ", 1))
	h.try("nothing changed", true)
	whole := h.document(t)
	h.mutate("agreement", h.root, whole)
	h.try("everything restored", true)
	if h.accepted < 250 || h.refused < 700 {
		t.Errorf("only %d changed files were accepted and %d refused", h.accepted, h.refused)
	}
	t.Logf("%d changed files accepted, %d refused", h.accepted, h.refused)

	// The inline map of codes is in no file beside a map by name.
	inline := strings.Replace(everyField(), "map: kinds", "codes: {U1: kin, U2: kin, K1: home}", 1)
	h.root = tree(t, inline)
	h.try("an inline map", true)
	kind := h.root.(map[string]any)["tables"].(map[string]any)["t/people"].(map[string]any)["kind"].(map[string]any)
	h.mutate("kind", kind, nil)
}

// document is the schema as a tree, to find the bounds of each value.
func (h *held) document(t *testing.T) map[string]any {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemas.Agreement))
	if err != nil {
		t.Fatal(err)
	}
	h.defs = doc.(map[string]any)["$defs"].(map[string]any)
	return doc.(map[string]any)
}

// within is the schema of a member or of an item; nil when there is none to be found.
func (h *held) within(schema map[string]any, key string) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	for _, candidate := range []any{properties[key], schema["additionalProperties"], schema["items"]} {
		if found, ok := candidate.(map[string]any); ok {
			if ref, ok := found["$ref"].(string); ok {
				found, _ = h.defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
			}
			return found
		}
	}
	return nil
}

// bounds are values at each bound that a schema sets, and beyond it.
func bounds(schema map[string]any) (out []any) {
	number := func(key string) (int64, bool) {
		n, ok := schema[key].(json.Number)
		value, err := n.Int64()
		return value, ok && err == nil
	}
	for _, key := range []string{"minimum", "maximum"} {
		if n, ok := number(key); ok {
			for d := int64(-1); d <= 1; d++ {
				out = append(out, json.Number(strconv.FormatInt(n+d, 10)))
			}
		}
	}
	if n, ok := number("maxLength"); ok {
		out = append(out, strings.Repeat("a", int(n)), strings.Repeat("a", int(n)+1))
		if pattern, _ := schema["pattern"].(string); strings.HasPrefix(pattern, "^https") {
			out = append(out, "https://"+strings.Repeat("a", int(n)-8), "https://"+strings.Repeat("a", int(n)-7))
		}
	}
	words, _ := schema["enum"].([]any)
	return append(out, words...)
}

type held struct {
	t         *testing.T
	schema    *jsonschema.Schema
	catalogue *dataset.Catalogue
	root      any

	one               int // of so many changes is tried
	defs              map[string]any
	accepted, refused int
}

// try holds schema and parser to the tree as it is now.
func (h *held) try(what string, must ...bool) {
	h.t.Helper()
	if len(must) == 0 && crc32.ChecksumIEEE([]byte(what))%uint32(h.one) != 0 {
		return
	}
	h.always(what, must...)
}

func (h *held) always(what string, must ...bool) {
	h.t.Helper()
	data := asJSON(h.t, h.root)
	problems := agreement.Shape("a.yaml", data, h.catalogue)
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		h.t.Fatal(err)
	}
	err = h.schema.Validate(instance)
	if (err == nil) != (len(problems) == 0) {
		h.t.Errorf("%s: the parser says %v, the schema %v", what, problems, err)
	}
	if len(must) > 0 && must[0] != (err == nil) {
		h.t.Errorf("%s: the schema says %v", what, err)
	}
	if err == nil {
		h.accepted++
	} else {
		h.refused++
	}
}

// values are of every kind, and on each side of every bound and form.
func values() []any {
	n := func(text string) any { return json.Number(text) }
	return []any{
		nil, true, false, n("0"), n("1"), n("-1"), n("2"), n("31"), n("32"), n("366"), n("9999"), n("10000"), n("20000000"), n("0.5"), n("1.5"),
		"", " ", "x", " x", "x ", "x y", "331", "3310", "yes", "null", "~", "GB", "gb", "6(1)(e)", "6(1)(g)", "9(2)(a)", "day", "keep", "constant", "flag",
		"code_map", "pseudonym", "folder", "bucket", "research", "marketing", "https://a.example/x", "http://a.example", "https://a b",
		"2026-04-01", "2026-02-29", "2026-13-01", "2026-4-1", "1899-12-31", "1900-01-01", "2100-12-31", "2101-01-01",
		"dsa-a", "DSA-a", "a/b.txt", "../b", "a..b", "SHA256:" + strings.Repeat("A", 43), strings.Repeat("0a", 32), strings.Repeat("a", 41),
		strings.Repeat("é", 64), strings.Repeat("é", 201), strings.Repeat("a", 501), strings.Repeat("a", 1001), strings.Repeat("é", 2000), strings.Repeat("é", 2001),
		[]any{}, []any{"x"}, []any{"x", "x"}, []any{[]any{}}, []any{map[string]any{}}, []any{n("0"), n("5")}, []any{n("31")}, []any{n("1.5")}, []any{nil}, []any{"GB"},
		[]any{"onward-sharing", "re-identification", "decisions-about-individuals"}, []any{"onward-sharing", "re-identification"},
		map[string]any{}, map[string]any{"x": "y"}, map[string]any{"from": "2026-01-01"}, map[string]any{"in": []any{"F"}},
		map[string]any{"treatment": "keep"}, map[string]any{"é": map[string]any{"treatment": "keep"}},
	}
}

// keys are tried beside those that are there: some are known elsewhere in the file.
func keys() []string {
	return []string{"surplus", "Version", "version ", "", "é", "x y", "from", "to", "codes", "in", "map", "bucket", "region", "value", "event", "bands", "edges",
		"text", "sha256", "since", "why", "until"}
}

// mutate makes every change at and below a node.
func (h *held) mutate(path string, v any, schema map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			was := v[key]
			at := path + "." + key
			delete(v, key)
			h.try("without " + at)
			for _, other := range keys() {
				if _, there := v[other]; !there {
					v[other] = was
					h.try(fmt.Sprintf("%s as %q", at, other))
					delete(v, other)
				}
			}
			below := h.within(schema, key)
			h.replace(at, below, func(value any) { v[key] = value })
			v[key] = was
			h.mutate(at, was, below)
		}
		for _, other := range keys() {
			if _, there := v[other]; there {
				continue
			}
			for _, value := range []any{"x", json.Number("1"), "2026-04-01", []any{"x"}, map[string]any{}} {
				v[other] = value
				h.try(fmt.Sprintf("%s with %q: %v", path, other, value))
			}
			delete(v, other)
		}
	case []any:
		for i, was := range v {
			at := path + "[" + strconv.Itoa(i) + "]"
			below := h.within(schema, "")
			h.replace(at, below, func(value any) { v[i] = value })
			if i > 0 {
				v[i] = v[0]
				h.try(at + " as the first")
			}
			v[i] = was
			h.mutate(at, was, below)
		}
	}
}

func (h *held) replace(at string, schema map[string]any, set func(any)) {
	for _, value := range bounds(schema) {
		set(value)
		h.always(fmt.Sprintf("%s at a bound", at))
	}
	for _, value := range values() {
		set(value)
		text := fmt.Sprint(value)
		h.try(fmt.Sprintf("%s as %T %s", at, value, text[:min(len(text), 60)]))
	}
}
