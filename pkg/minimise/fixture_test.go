package minimise_test

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	stdcsv "encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/pseudonym"
	"github.com/postern-gateway/postern/schemas"
)

// keys are an agreement's keys whose secrets the test knows.
type keys struct {
	master, salt []byte
	scope        pseudonym.Scope
}

func newKeys(t testing.TB, agreement string) *keys {
	t.Helper()
	k := &keys{master: make([]byte, 32), salt: make([]byte, 32), scope: pseudonym.Scope{Org: "331", Agreement: agreement, Epoch: 1}}
	for _, secret := range [][]byte{k.master, k.salt} {
		if _, err := rand.Read(secret); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// Pseudonymiser is what the plan asks for.
func (k *keys) Pseudonymiser(kind identifier.Kind) (*pseudonym.Pseudonymiser, error) {
	master, err := pseudonym.NewSecret(k.master)
	if err != nil {
		return nil, err
	}
	salt, err := pseudonym.NewSecret(k.salt)
	if err != nil {
		return nil, err
	}
	domain, ok := pseudonym.DomainFor(kind)
	if !ok {
		return nil, fmt.Errorf("no domain")
	}
	return pseudonym.New(master, salt, k.scope, domain)
}

// code makes a pseudonym by the text of the scheme alone, with the standard library.
func (k *keys) code(t testing.TB, kind, letter, normalised string) string {
	t.Helper()
	var info []byte
	for _, part := range []string{"postern/pseudonym/v1", k.scope.Org, k.scope.Agreement, strconv.Itoa(k.scope.Epoch), kind} {
		info = append(binary.BigEndian.AppendUint32(info, uint32(len(part))), part...)
	}
	key, err := hkdf.Key(sha256.New, k.master, k.salt, string(info), 32)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(normalised))
	crockford := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	return letter + strconv.Itoa(k.scope.Epoch) + "_" + crockford.EncodeToString(mac.Sum(nil)[:20])
}

func (k *keys) child(t testing.TB, normalised string) string {
	return k.code(t, "child/la-child-id", "c", normalised)
}

// loaded reads the built-in definitions once for all tests.
var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

// catalogue is the built-in definitions, and others beside them.
func catalogue(t testing.TB, others ...fs.FS) *dataset.Catalogue {
	t.Helper()
	c, err := loaded()
	if len(others) > 0 {
		c, err = dataset.Load(append([]fs.FS{schemas.Files}, others...)...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// terms are the parts of an agreement that tests are about; the rest is the same in all.
type terms struct {
	id         string // dsa-test when empty
	period     string // data_from and data_to, "2020-04-01/2029-03-31" when empty
	pseudonyms string // "on_unusable: "null", max_unusable: 1" when empty
	more       string // cohort, index_events
	release    string // "profile: secure" when empty
	tables     string // indented by two
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (a terms) text() string {
	from, to, _ := strings.Cut(orElse(a.period, "2020-04-01/2029-03-31"), "/")
	return fmt.Sprintf(`apiVersion: postern/v1
id: %s
version: 1
title: Test
controller: {name: Council, la_code: "331", dpo: dpo@council.example}
recipient: {name: Recipient, role: controller, setting: secure, contact: data@recipient.example}
purpose: {code: evaluation, text: A test}
lawful_basis: {article6: 6(1)(e), power: An Act, article9: 9(2)(j), schedule1: Part 1 paragraph 4, article10: An Act}
dpia: {ref: DPIA-1, review_by: 2027-03-31}
privacy_notice: {url: "https://council.example/notice", covers: [children]}
national_data_opt_out: {determination: not_applicable, reason: none}
period: {share_from: 2026-04-01, share_to: 2029-03-31, data_from: %s, data_to: %s}
frequency: {schedule: monthly, max_drops_per_month: 4}
retention: {recipient_until: 2030-03-31, bucket_days: 30}
transfer: {locations: [GB]}
prohibitions: [re-identification, onward-sharing, decisions-about-individuals]
pseudonyms: {scheme: p1, epoch: 1, %s}
release: {%s}
%s
tables:
%s`, orElse(a.id, "dsa-test"), from, to, orElse(a.pseudonyms, `on_unusable: "null", max_unusable: 1`), orElse(a.release, "profile: secure"), a.more, a.tables)
}

func (a terms) parse(t testing.TB, c *dataset.Catalogue) *agreement.Agreement {
	t.Helper()
	parsed, err := agreement.Parse("agreement.yaml", []byte(a.text()), c)
	if err != nil {
		t.Fatalf("%v\n%s", err, a.text())
	}
	return parsed
}

// put writes files, named below a new folder, and returns the folder.
func put(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// file writes a CSV file.
func file(t testing.TB, rows ...[]string) string {
	t.Helper()
	var b bytes.Buffer
	w := stdcsv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// run is one agreement at work on one folder of extracts, by the way that an export takes.
type run struct {
	plan      *minimise.Plan
	inventory *extract.Inventory
	report    *finding.Report
	held      map[string]*minimise.Held
	tally     map[string]harmonise.Tally
	read      map[string]map[string]bool // the columns that were in a batch, by source table
	rows      int                        // the most rows in a batch; 0 for what the reader makes
}

func start(t testing.TB, c *dataset.Catalogue, a *agreement.Agreement, k minimise.Keys, reference civil.Date, dir string) *run {
	t.Helper()
	plan, err := minimise.Compile(c, a, k, reference)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{plan: plan, report: &finding.Report{}, held: make(map[string]*minimise.Held), tally: make(map[string]harmonise.Tally), read: make(map[string]map[string]bool)}
	if r.inventory, err = extract.Discover(context.Background(), c, map[string]extract.Reader{".csv": csv.Reader{}}, []string{dir}, &finding.Report{}); err != nil {
		t.Fatal(err)
	}
	return r
}

// input is what the harmoniser reads from.
func (r *run) input() harmonise.Input {
	read := func(ctx context.Context, demands []*extract.Demand) error {
		d := *demands[0]
		src, sink := d.Source, d.Sink
		d.Sink = func(b *extract.Batch) error {
			names := r.read[src.Table.ID()]
			if names == nil {
				names = make(map[string]bool)
				r.read[src.Table.ID()] = names
			}
			for i := range b.Columns {
				names[b.Columns[i].Def.Name] = true
			}
			step := r.rows
			if step == 0 {
				step = b.Len() + 1
			}
			for from := 0; from < b.Len() || from == 0; from += step {
				some := part(b, from, min(from+step, b.Len()))
				if from == 0 {
					some.Broken = b.Broken
				}
				if err := sink(some); err != nil {
					return err
				}
			}
			return nil
		}
		err := csv.Reader{}.Read(ctx, []*extract.Demand{&d})
		demands[0].Tally = d.Tally
		return err
	}
	return harmonise.Input{Inventory: r.inventory, Children: r.plan.Children(), Read: read}
}

// table brings one table together.
func (r *run) table(source *dataset.Table, columns []string, sink func(*extract.Batch) error) (harmonise.Tally, error) {
	job := &harmonise.Job{Table: source, Columns: columns, Report: r.report, Sink: sink}
	err := harmonise.Make(context.Background(), r.input(), []*harmonise.Job{job}, nil)
	return job.Tally, err
}

// part is some rows of a batch.
func part(b *extract.Batch, from, to int) *extract.Batch {
	out := &extract.Batch{Source: b.Source, Rows: b.Rows[from:to]}
	for _, c := range b.Columns {
		out.Columns = append(out.Columns, extract.Column{Def: c.Def, Values: c.Values, Index: c.Index[from:to]})
	}
	return out
}

// lookUp reads the tables that must be read first.
func (r *run) lookUp() error {
	for _, l := range r.plan.Lookups {
		if _, err := r.table(l.Source, l.Needs, l.Observe); err != nil {
			return err
		}
	}
	return nil
}

// treat treats one table, batch by batch.
func (r *run) treat(id string, each func(table *minimise.Table, b *extract.Batch, treated *minimise.Batch) error) error {
	for _, table := range r.plan.Tables {
		if table.ID != id {
			continue
		}
		r.held[id] = minimise.NewHeld()
		var err error
		treater := table.Treater()
		r.tally[id], err = r.table(table.Source, table.Needs(), func(b *extract.Batch) error {
			treated := table.NewBatch()
			if err := treater.Apply(treated, b, r.held[id], r.report); err != nil {
				return err
			}
			return each(table, b, treated)
		})
		return err
	}
	return fmt.Errorf("the plan has no table %s", id)
}

// stage treats and stages one table. The stage is closed with the test.
func (r *run) stage(t testing.TB, id string, budget int) *minimise.Stage {
	t.Helper()
	var stage *minimise.Stage
	dir := t.TempDir()
	for _, table := range r.plan.Tables {
		if table.ID == id {
			stage = table.NewStage(func() (string, error) { return dir, nil })
			t.Cleanup(func() { _ = stage.Close() })
		}
	}
	if budget > 0 {
		stage.SpillAt(budget)
	}
	if err := r.treat(id, func(_ *minimise.Table, _ *extract.Batch, treated *minimise.Batch) error { return stage.Add(treated) }); err != nil {
		t.Fatal(err)
	}
	return stage
}

// all is start, lookUp and stage of every table: the text of every row, by table.
func all(t testing.TB, c *dataset.Catalogue, a *agreement.Agreement, k minimise.Keys, reference civil.Date, dir string) (*run, map[string][]string) {
	t.Helper()
	r := start(t, c, a, k, reference, dir)
	if err := r.lookUp(); err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]string)
	for _, table := range r.plan.Tables {
		out[table.ID] = texts(t, r.stage(t, table.ID, 0))
	}
	return r, out
}

// texts are the rows of a stage in their order, cells by a space, a null as "-".
func texts(t testing.TB, s *minimise.Stage) []string {
	t.Helper()
	var out []string
	if err := s.Ordered(context.Background(), func(b *minimise.Batch) error {
		for row := range b.Len() {
			cells := make([]string, len(b.Columns()))
			for i := range cells {
				cells[i] = orElse(cell(b, row, i), "-")
			}
			out = append(out, strings.Join(cells, " "))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// cell is a treated cell as text, "" for null.
func cell(b *minimise.Batch, row, column int) string {
	c := &b.Columns()[column]
	switch {
	case b.Null(row, column):
		return ""
	case c.Kind == minimise.Pseudonym:
		return string(b.AppendText(nil, row, column))
	case c.Kind == minimise.Code:
		return c.Codes[b.Number(row, column)].Value
	case c.Kind == minimise.Date:
		return civil.Date(b.Number(row, column)).String()
	case c.Kind == minimise.Boolean:
		return strconv.FormatBool(b.Number(row, column) != 0)
	default:
		return strconv.Itoa(int(b.Number(row, column)))
	}
}
