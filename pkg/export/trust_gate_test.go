//go:build unix

package export_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/table"
	"github.com/postern-gateway/postern/schemas"
)

// unreadable is a reader that must not be asked.
type unreadable struct{ t *testing.T }

func (u unreadable) Recognise(context.Context, *dataset.Catalogue, string, string, *finding.Report) ([]*extract.Source, error) {
	u.t.Error("an extract was opened before the gate was found to be open")
	return nil, errors.New("not to be read")
}

func (u unreadable) Read(context.Context, []*extract.Demand) error {
	u.t.Error("an extract was read before the gate was found to be open")
	return errors.New("not to be read")
}

// otherDefinitions are the built-in definitions with one more comment: nothing that they say is different.
func otherDefinitions(t *testing.T) *dataset.Catalogue {
	t.Helper()
	files := make(fstest.MapFS)
	names, err := fs.Glob(schemas.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(schemas.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	files["ssda903.yaml"].Data = append(files["ssda903.yaml"].Data, "# one byte more\n"...)
	catalogue, err := dataset.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

// TestGateStaysShut is trust rule 3: without a valid, unexpired, approved agreement whose bytes, and whose definitions'
// bytes, are those approved, a run is refused before it opens an extract; the refusal is in the register.
func TestGateStaysShut(t *testing.T) {
	extracts := smallCohort(t)
	for _, shut := range []struct {
		name string
		code finding.Code
		shut func(t *testing.T, c *council, g *export.Gateway)
	}{
		{"a byte more in the agreement", finding.AgreementBadSignature, func(t *testing.T, c *council, _ *export.Gateway) {
			mustWrite(t, c.agreementFile(shippedID), shippedAgreement(t)+"\n")
		}},
		{"another letter in the agreement", finding.AgreementBadSignature, func(t *testing.T, c *council, _ *export.Gateway) {
			mustWrite(t, c.agreementFile(shippedID), strings.Replace(shippedAgreement(t), "days in care", "days in Care", 1))
		}},
		{"a byte more in the definitions", finding.AgreementBadSignature, func(t *testing.T, _ *council, g *export.Gateway) {
			g.Catalogue = otherDefinitions(t)
		}},
		{"a decision changed", finding.AgreementBadSignature, func(t *testing.T, c *council, _ *export.Gateway) {
			c.eachDecision(t, "approve", func(name string) {
				mustWrite(t, name, strings.Replace(mustRead(t, name), "T11:", "T10:", 1))
			})
		}},
		{"no submission", finding.SignatureMissing, without("submit")},
		{"no advice", finding.AdviceMissing, without("advise-clear")},
		{"no approval", finding.SignatureMissing, without("approve")},
		{"no decision", finding.SignatureMissing, without("")},
		{"not yet begun", finding.AgreementNotStarted, on(2026, 3, 31)},
		{"over", finding.AgreementExpired, on(2029, 4, 1)},
		{"suspended", finding.AgreementSuspended, func(t *testing.T, c *council, _ *export.Gateway) {
			a := c.parse(t, shippedAgreement(t))
			d, err := agreement.Decide(a, c.catalogue.Digest(), agreement.DPO, agreement.Suspend, "a complaint", c.now.Add(-time.Minute), nil)
			if err != nil {
				t.Fatal(err)
			}
			c.sign(t, d)
		}},
		{"the agreement of another council", finding.RoleNotAllowed, func(_ *testing.T, _ *council, g *export.Gateway) { g.LACode = "332" }},
		{"a byte more in the roles file", finding.AgreementBadSignature, func(t *testing.T, c *council, _ *export.Gateway) {
			mustWrite(t, c.path("agreements", export.RolesFile), mustRead(t, c.path("agreements", export.RolesFile))+"\n")
		}},
		{"one signature of the roles file missing", finding.SignatureMissing, func(t *testing.T, c *council, _ *export.Gateway) {
			if err := os.Remove(c.path("agreements", export.RolesFile+".dpo.sig")); err != nil {
				t.Fatal(err)
			}
		}},
		{"an agreement that is not there", finding.AgreementMissing, func(t *testing.T, c *council, _ *export.Gateway) {
			if err := os.Remove(c.agreementFile(shippedID)); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(shut.name, func(t *testing.T) {
			c := newCouncil(t, shippedAgreement(t))
			g := c.gateway(t)
			for ending := range g.Readers {
				g.Readers[ending] = unreadable{t}
			}
			shut.shut(t, c, g)
			_, err := g.Run(t.Context(), export.Request{Agreement: c.agreementFile(shippedID), Extracts: []string{extracts}})
			var refusal *finding.Refusal
			if !errors.As(err, &refusal) || refusal.Code != shut.code {
				t.Errorf("the run ended with %v; want the refusal %s", err, shut.code)
			}
			if keys := objects(t, g.Store, ""); len(keys) > 0 {
				t.Errorf("the store holds %v", keys)
			}
			if got := c.refused(t); shut.code != finding.AgreementMissing && got != string(shut.code) {
				t.Errorf("the register has %q as the last refusal", got)
			}
			c.nothingLeft(t)
		})
	}
}

// refused is the code of the last entry of the register, when that is a refusal.
func (c *council) refused(t *testing.T) string {
	t.Helper()
	books, err := c.gateway(t).ViewBooks()
	if err != nil {
		t.Fatal(err)
	}
	var code string
	for record, err := range books.Log().Records() {
		if err != nil {
			t.Fatal(err)
		}
		code = ""
		if record.Kind == export.KindRefused {
			var body export.RefusedBody
			if err := json.Unmarshal(record.Body, &body); err != nil {
				t.Fatal(err)
			}
			code = body.Code
		}
	}
	return code
}

// eachDecision calls do with each decision statement of a kind; of every kind for "".
func (c *council) eachDecision(t *testing.T, verb string, do func(name string)) {
	t.Helper()
	names, err := filepath.Glob(c.path("agreements", "decisions", "*", "*"+verb+"*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("there is no decision to %s (%v)", verb, err)
	}
	for _, name := range names {
		do(name)
	}
}

func without(verb string) func(*testing.T, *council, *export.Gateway) {
	return func(t *testing.T, c *council, _ *export.Gateway) {
		t.Helper()
		c.eachDecision(t, verb, func(name string) {
			if err := errors.Join(os.Remove(name), os.Remove(name+".sig")); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func on(year, month, day int) func(*testing.T, *council, *export.Gateway) {
	return func(_ *testing.T, _ *council, g *export.Gateway) {
		g.Now = func() time.Time { return time.Date(year, time.Month(month), day, 12, 0, 0, 0, time.UTC) }
	}
}

// TestRunnersCannotAppointThemselves: after a first run the register knows who may decide. A roles file that names
// others, signed by those others, is refused, though it would have been good at set-up.
func TestRunnersCannotAppointThemselves(t *testing.T) {
	extracts := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t))
	c.export(t, shippedID, extracts)
	c.usurp(t)
	err := c.tryExport(t, c.gateway(t), shippedID, extracts)
	var refusal *finding.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("the run ended with %v; want a refusal", err)
	}
	fresh := newCouncil(t, shippedAgreement(t))
	fresh.usurp(t)
	fresh.export(t, shippedID, extracts) // at set-up such a file is good
}

// usurp puts other people into the roles, who sign the roles file and decide on the agreement.
func (c *council) usurp(t *testing.T) {
	t.Helper()
	c.people = appoint(t, c.path("agreements"), "Max Runner", "Moll Runner", "Mig Runner")
	c.adopt(t, shippedAgreement(t))
}

// TestDenyByDefault is trust rule 4: of each table only what the agreement names leaves, and only that is read, and
// what tells which pupils are which children.
func TestDenyByDefault(t *testing.T) {
	extracts := wholeCohort(t)
	c := newCouncil(t)
	var ids []string
	for _, tab := range c.catalogue.Tables() {
		if tab.ChildID != "" && !slices.Contains(notYetAny(), tab.ID()) {
			ids = append(ids, tab.ID())
		}
	}
	sparse := preamble("dsa-trust-sparse", usualPeriod, "linkage: {pupils: 0}\n", "null") + choicesFor(ids...) + "tables:\n"
	for _, id := range ids {
		sparse += "  " + id + ":\n    who: {treatment: pseudonym, from: " + c.catalogue.Table(id).ChildID + ", why: it is tried}\n"
	}
	wide := wideAgreement(c.catalogue, wideID, usualPeriod, "null", notYetAny()...)
	c = newCouncil(t, sparse, wide)
	joins := joining(c.catalogue)
	for _, text := range []string{sparse, wide} {
		a := c.parse(t, text)
		var mu sync.Mutex
		asked := make(map[string][]string)
		g := c.gateway(t)
		for ending, reader := range g.Readers {
			g.Readers[ending] = askedReader{reader, t, &mu, asked}
		}
		drop := c.exportWith(t, g, a.ID, extracts).Drop
		if len(a.Tables) != len(ids) {
			t.Fatalf("the agreement has %d tables, the definitions %d", len(a.Tables), len(ids))
		}
		for _, agreed := range a.Tables {
			var want []string
			for _, column := range agreed.Columns {
				want = append(want, column.Name)
			}
			got := columnsOf(t, c.path("drops", drop, strings.ReplaceAll(agreed.ID, "/", "_")+".parquet"))
			if !slices.Equal(got, want) {
				t.Errorf("%s leaves with the columns %v; the agreement names %v", agreed.ID, got, want)
			}
		}
		for id, columns := range asked {
			for _, name := range columns {
				column := c.catalogue.Table(id).Column(name)
				join := slices.Contains(joins[id], name)
				if !column.Class.Releasable() && !join {
					t.Errorf("%s.%s, which can never leave, was read", id, name)
				}
				dates := column.Type == dataset.Date // tell the year and the period, and hold each other to their order
				if a.ID != wideID && name != c.catalogue.Table(id).ChildID && !dates && !join {
					t.Errorf("%s.%s was read, though nothing of it leaves", id, name)
				}
			}
		}
		if len(asked) < 25 || len(asked["cin/child"]) == 0 || len(asked["school_census/pupilonroll"]) == 0 || len(asked["giap/pupil_premium"]) == 0 {
			t.Errorf("only %d tables were read", len(asked))
		}
		for _, of := range []string{"school_census/addressesonroll", "school_census/senneeds", "school_census/termlyexclusionsonroll", "giap_census/census"} {
			if len(asked[of]) > 0 {
				t.Errorf("%s was read, and no table is made of it", of)
			}
		}
	}
}

// joining lists, by table, the columns that are read to tell which pupils are which children, and whose row counts:
// numbers of pupils, keys, kinds of enrolment. None of the first two can leave.
func joining(catalogue *dataset.Catalogue) map[string][]string {
	out := make(map[string][]string)
	for _, link := range catalogue.Links() {
		out[link.Table] = slices.Clone(link.Identifiers)
	}
	for _, t := range catalogue.Tables() {
		if t.InConfidence != "" {
			out[t.ID()] = append(out[t.ID()], t.InConfidence) // which rows were given in confidence
		}
		if t.Made != nil { // what puts episodes together to periods, and tells closed cases from open ones
			for _, source := range t.Made.Table.Sources {
				for _, name := range []string{"start_reason", "end_reason", "legal_status", "placement_type", "no_further_action"} {
					if f := source.Feed(name); f != nil {
						out[source.Table] = append(out[source.Table], f.Reads()...)
					}
				}
			}
		}
		for _, source := range t.Sources {
			if p := source.Pupils; p != nil {
				out[source.Table] = slices.Concat(out[source.Table], p.Identifiers, p.Key, []string{p.Status})
			}
			for _, d := range source.Details {
				out[d.Table] = append(out[d.Table], d.Key...)
			}
		}
	}
	return out
}

// askedReader remembers which columns became values, and holds the reader to having made values of no other.
type askedReader struct {
	extract.Reader
	t     *testing.T
	mu    *sync.Mutex // of asked: files are read side by side
	asked map[string][]string
}

func (r askedReader) Read(ctx context.Context, demands []*extract.Demand) error {
	for _, d := range demands {
		id, sink := d.Source.Table.ID(), d.Sink
		d.Workers = nil
		r.mu.Lock()
		for _, column := range d.Want {
			r.asked[id] = append(r.asked[id], column.Name)
		}
		r.mu.Unlock()
		d.Sink = func(b *extract.Batch) error {
			for _, part := range []*extract.Batch{b, b.Broken} {
				if part == nil {
					continue
				}
				for i := range part.Columns {
					if !slices.Contains(d.Want, part.Columns[i].Def) {
						r.t.Errorf("%s.%s became values, though it was not asked for", id, part.Columns[i].Def.Name)
					}
				}
			}
			return sink(b)
		}
	}
	return r.Reader.Read(ctx, demands)
}

func columnsOf(tb testing.TB, path string) []string {
	tb.Helper()
	f, err := table.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var names []string
	for _, c := range f.Columns() {
		names = append(names, c.Name)
	}
	return names
}
