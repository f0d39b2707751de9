package parquetfile_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/parquetfile"
	"github.com/postern-gateway/postern/schemas"
)

// visits are definitions of a table with a column of every kind.
const visits = `apiVersion: postern/dataset/v1
format: care
version: 1
title: Care
collection_years: {from: 2016, to: 2030}
date_formats: [YYYY-MM-DD]
code_lists:
  kind: [{code: A, meaning: First}, {code: B, meaning: Second}, {code: C, meaning: Third}]
tables:
  - name: visits
    meaning: Visits
    child_id: CHILD
    event_date: SEEN
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}
      - {name: PLACE, type: identifier, identifier: school/urn, class: quasi-identifier, meaning: Place}
      - {name: SEEN, type: date, class: ordinary, meaning: Day}
      - {name: KIND, type: code, codes: kind, class: ordinary, meaning: Kind}
      - {name: SCORE, type: integer, min: -10, max: 40, class: ordinary, meaning: Score}
      - {name: OPEN, type: boolean, class: ordinary, meaning: Whether open}
      - {name: NOTHING, type: code, codes: kind, class: ordinary, meaning: Never filled in}
`

// everyKind has a column of every kind; that of the child is not the first, nor the first pseudonym.
const everyKind = `  care/visits:
    seen: {treatment: date, from: SEEN, to: day}
    place: {treatment: pseudonym, from: PLACE}
    child_id: {treatment: pseudonym, from: CHILD}
    kind: {treatment: keep, from: KIND}
    score: {treatment: keep, from: SCORE, joint_fineness: a test}
    band: {treatment: band, from: SCORE, edges: [0, 10], joint_fineness: a test}
    open: {treatment: keep, from: OPEN}
    nothing: {treatment: keep, from: NOTHING}
    batch: {treatment: constant, value: v1}
`

const terms = `apiVersion: postern/v1
id: dsa-test
version: 1
title: Test
controller: {name: Council, la_code: "331", dpo: dpo@council.example}
recipient: {name: Recipient, role: controller, setting: secure, contact: data@recipient.example}
purpose: {code: evaluation, text: A test}
lawful_basis: {article6: 6(1)(e), power: An Act}
dpia: {ref: DPIA-1, review_by: 2027-03-31}
privacy_notice: {url: "https://council.example/notice", covers: [children]}
national_data_opt_out: {determination: not_applicable, reason: none}
period: {share_from: 2026-04-01, share_to: 2029-03-31, data_from: 1960-01-01, data_to: 2029-03-31}
frequency: {schedule: monthly, max_drops_per_month: 4}
retention: {recipient_until: 2030-03-31, bucket_days: 30}
transfer: {locations: [GB]}
prohibitions: [re-identification, onward-sharing, decisions-about-individuals]
pseudonyms: {scheme: p1, epoch: 1, on_unusable: "null", max_unusable: 1}
release: {profile: secure}
tables:
`

// staging makes stages of one table under one agreement.
type staging struct {
	plan      *minimise.Plan
	inventory *extract.Inventory
}

// table is the one table that leaves.
func (s *staging) table() *minimise.Table { return s.plan.Tables[0] }

func newStaging(t testing.TB, tables, dir string) *staging {
	t.Helper()
	c, err := dataset.Load(schemas.Files, fstest.MapFS{"care.yaml": {Data: []byte(visits)}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse("agreement.yaml", []byte(terms+tables), c)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := custody.MadeUpKeys("331", a.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := &staging{}
	if s.plan, err = minimise.Compile(c, a, keys, civil.MustYMD(2026, 11, 1)); err != nil {
		t.Fatal(err)
	}
	if s.inventory, err = extract.Discover(context.Background(), c, map[string]extract.Reader{".csv": csv.Reader{}}, []string{dir}, &finding.Report{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// drawn writes rows drawn by chance, with empty cells in every column.
func drawn(t testing.TB, rows int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(5, uint64(rows)))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var b strings.Builder
	b.WriteString("CHILD,PLACE,SEEN,KIND,SCORE,OPEN,NOTHING\n")
	for range rows {
		child := pick("", "UNKNOWN", "x", "x", "x", "x", "x", "x", "x", "x")
		if child == "x" {
			child = fmt.Sprintf("CHILD%d", r.IntN(1+rows/3))
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s,\n", child, pick("", "100001", "100002", "SC012345"), pick("", "2020-05-01", "1969-12-31", "2020-05-02", "1965-01-01"),
			pick("", "A", "B", "C"), pick("", strconv.Itoa(r.IntN(51)-10)), pick("", "0", "1"))
	}
	dir := filepath.Join(t.TempDir(), "2025-26")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "visits.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// batches are the treated rows, a row to a batch.
func (s *staging) batches(t testing.TB) []*minimise.Batch {
	t.Helper()
	var out []*minimise.Batch
	report := &finding.Report{}
	in := harmonise.Input{Inventory: s.inventory, Children: s.plan.Children(), Read: csv.Reader{}.Read}
	treater := s.table().Treater()
	job := &harmonise.Job{Table: s.table().Source, Columns: s.table().Needs(), Report: report, Sink: func(b *extract.Batch) error {
		treated := s.table().NewBatch()
		if err := treater.Apply(treated, b, minimise.NewHeld(), report); err != nil {
			return err
		}
		for row := range treated.Len() {
			out = append(out, treated.Slice(row, row+1))
		}
		return nil
	}}
	if err := harmonise.Make(context.Background(), in, []*harmonise.Job{job}, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

// stage stages batches in the order given.
func (s *staging) stage(t testing.TB, batches []*minimise.Batch) *minimise.Stage {
	t.Helper()
	dir := t.TempDir()
	stage := s.table().NewStage(func() (string, error) { return dir, nil })
	t.Cleanup(func() { _ = stage.Close() })
	for _, b := range batches {
		if err := stage.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	return stage
}

func everyKindStaged(t testing.TB, rows int) (*staging, *minimise.Stage) {
	t.Helper()
	s := newStaging(t, everyKind, drawn(t, rows))
	return s, s.stage(t, s.batches(t))
}

func options() parquetfile.Options {
	return parquetfile.Options{Metadata: map[string]string{"agreement": "dsa-test v1", "columns": `{"seen":"Day"}`, "empty": ""}, Version: "1.2.3"}
}

// rowsOf are the staged rows as text, in order; a null is "-".
func rowsOf(t testing.TB, stage *minimise.Stage) [][]string {
	t.Helper()
	var out [][]string
	if err := stage.Ordered(context.Background(), func(b *minimise.Batch) error {
		for row := range b.Len() {
			cells := make([]string, len(b.Columns()))
			for i, c := range b.Columns() {
				switch {
				case b.Null(row, i):
					cells[i] = "-"
				case c.Kind == minimise.Pseudonym:
					cells[i] = string(b.AppendText(nil, row, i))
				case c.Kind == minimise.Code:
					cells[i] = c.Codes[b.Number(row, i)].Value
				case c.Kind == minimise.Boolean:
					cells[i] = strconv.FormatBool(b.Number(row, i) != 0)
				default:
					cells[i] = strconv.Itoa(int(b.Number(row, i)))
				}
			}
			out = append(out, cells)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// write writes a table below a new folder.
func write(t testing.TB, s *staging, stage *minimise.Stage, sizes parquetfile.Sizes) (dir string, files []parquetfile.Written) {
	t.Helper()
	dir = t.TempDir()
	files, err := parquetfile.WriteTableOf(context.Background(), dir, s.table().FileBase(), stage, s.table().Columns, options(), sizes)
	if err != nil {
		t.Fatal(err)
	}
	return dir, files
}

// readBack reads a file back, as a run does, and holds the digest to the file's.
func readBack(s *staging, path string, want parquetfile.Written) error {
	digest, err := parquetfile.ReadBack(context.Background(), path, s.table().Columns, want, options(), disclosure.CheckString)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err == nil && digest != sha256.Sum256(data) {
		err = errors.New("the digest is not the file's")
	}
	return err
}

// contents are the files below a folder.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = string(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}
