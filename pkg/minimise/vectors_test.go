package minimise_test

import (
	stdcsv "encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/minimise"
)

const (
	vectorFile    = "../../testdata/vectors/treatments.csv"
	pseudonymFile = "../../testdata/vectors/pseudonym-vectors.csv"
)

// vector is one row of a vector file, by column name.
type vector map[string]string

func readVectors(t testing.TB, path string) []vector {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := stdcsv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []vector
	for _, row := range rows[1:] {
		v := make(vector)
		for i, name := range rows[0] {
			v[name] = row[i]
		}
		out = append(out, v)
	}
	return out
}

// treatmentVectors are those of the treatments, and those of the pseudonyms as treatments. Of the latter, the secrets
// are published, and so refused: they say what is hashed, and the code is recomputed under the test's own.
func treatmentVectors(t testing.TB) []vector {
	t.Helper()
	out := readVectors(t, vectorFile)
	for _, v := range readVectors(t, pseudonymFile) {
		made := vector{"case": "pseudonym vectors: " + v["case"], "treatment": dataset.Pseudonym, "type": "identifier " + v["domain"], "input": v["raw"]}
		made["outcome"], made["output"] = "ok", "pseudonym of "+v["normalised"]
		if v["outcome"] != "ok" {
			made["outcome"], made["output"] = "unusable: "+v["outcome"], ""
		}
		out = append(out, made)
	}
	return out
}

// group is the vectors that one agreement can hold: those alike in all but input and outcome.
type group struct {
	vector // what they have in common
	table  string
	column string // of the value
	rows   []vector
}

// words are the words of one parameter: "codes=A C to=x" has the codes A and C.
func (g *group) words(name string) []string {
	_, rest, found := strings.Cut(" "+g.vector["parameters"], " "+name+"=")
	if !found {
		return nil
	}
	if next := strings.IndexByte(rest, '='); next >= 0 {
		rest = rest[:strings.LastIndexByte(rest[:next], ' ')]
	}
	return strings.Fields(rest)
}

func groups(vectors []vector) []*group {
	var out []*group
	for _, v := range vectors {
		alike := func(g *group) bool {
			for _, name := range []string{"treatment", "parameters", "type", "reference_date", "period"} {
				if g.vector[name] != v[name] {
					return false
				}
			}
			return true
		}
		at := slices.IndexFunc(out, alike)
		if at < 0 {
			at = len(out)
			out = append(out, &group{vector: v, table: fmt.Sprintf("vectors/t%02d", at), column: fmt.Sprintf("V%02d", at)})
		}
		out[at].rows = append(out[at].rows, v)
	}
	return out
}

// definition writes the table of a group: whose the row is, which vector it is, and the value.
func (g *group) definition(lists *strings.Builder) string {
	kind, of, _ := strings.Cut(g.vector["type"], " ")
	column := fmt.Sprintf("name: %s, type: %s, class: ordinary, meaning: Value", g.column, kind)
	switch kind {
	case "identifier":
		column = fmt.Sprintf("name: %s, type: identifier, identifier: %s, class: linkage-identifier, meaning: Value", g.column, of)
	case "code":
		list := "l" + strings.TrimPrefix(g.column, "V")
		fmt.Fprintf(lists, "  %s:\n", list)
		for code := range strings.FieldsSeq(of) {
			fmt.Fprintf(lists, "    - {code: %q, meaning: Code}\n", code)
		}
		column += ", codes: " + list
	case "integer":
		bounds := strings.Fields(of)
		column += fmt.Sprintf(", min: %s, max: %s", bounds[0], bounds[1])
	case "date":
		if strings.HasPrefix(g.vector["treatment"], "age_") {
			column += ", treatments: [age_months, age_years, age_band]"
		}
	}
	return fmt.Sprintf(`  - name: %s
    meaning: Vectors
    child_id: CHILD
    event_date: EVENT
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}
      - {name: EVENT, type: date, class: ordinary, meaning: Empty in every row so that none is outside the period}
      - {name: VECTOR, type: integer, min: 0, max: 9999, class: ordinary, meaning: Number of the vector}
      - {%s}
`, strings.TrimPrefix(g.table, "vectors/"), column)
}

// terms is the agreement of a group.
func (g *group) terms(t testing.TB) terms {
	t.Helper()
	list := func(words []string) string { return "[" + strings.Join(words, ", ") + "]" }
	treatment, more := "treatment: "+g.vector["treatment"], ""
	switch g.vector["treatment"] {
	case dataset.Keep, dataset.Flag:
		if codes := g.words("codes"); codes != nil {
			treatment += ", codes: " + list(codes)
		}
	case dataset.AgeBand:
		treatment += ", bands: " + list(g.words("bands"))
	case dataset.DateTo:
		treatment += ", to: " + g.words("to")[0]
	case dataset.DaysSince:
		treatment += ", event: happening"
		more = fmt.Sprintf("index_events: {happening: {table: vectors/events, column: HAPPENED, pick: %s}}", g.words("pick")[0])
	case dataset.CodeMapTo:
		if m := g.words("map"); m != nil {
			treatment += ", map: " + m[0]
		} else {
			treatment += ", codes: {" + strings.ReplaceAll(strings.Join(g.words("codes"), ", "), ":", ": ") + "}"
		}
	case dataset.Band:
		treatment += ", edges: " + list(g.words("edges"))
	case dataset.Constant:
		treatment += ", value: " + g.words("value")[0]
	case dataset.Pseudonym, dataset.AgeMonths, dataset.AgeYears:
	default:
		t.Fatalf("there is no treatment %q", g.vector["treatment"])
	}
	return terms{period: g.vector["period"], more: more, tables: fmt.Sprintf("  %s:\n    VECTOR: {treatment: keep}\n    %s: {%s}\n", g.table, g.column, treatment)}
}

// extracts are the files of a group: its table, and the events of each child.
func (g *group) extracts(t testing.TB) map[string]string {
	rows, events := [][]string{{"CHILD", "EVENT", "VECTOR", g.column}}, [][]string{{"CHILD", "HAPPENED"}}
	for i, v := range g.rows {
		child := fmt.Sprintf("CHILD%d", i)
		rows = append(rows, []string{child, "", fmt.Sprint(i), v["input"]})
		for _, e := range g.words("events") {
			if e != "none" {
				events = append(events, []string{child, e})
			}
		}
		events = append(events, []string{"SOMEBODY", "2021-01-01"})
	}
	return map[string]string{"2025-26/vectors.csv": file(t, rows...), "2025-26/events.csv": file(t, events...)}
}

// TestTreatmentVectors takes every vector through the gate: from a CSV file under an agreement to staged rows.
func TestTreatmentVectors(t *testing.T) {
	all := groups(treatmentVectors(t))
	var lists, tables strings.Builder
	lists.WriteString("  unused:\n    - {code: A, meaning: Code}\n")
	for _, g := range all {
		tables.WriteString(g.definition(&lists))
	}
	c := catalogue(t, fstest.MapFS{"vectors.yaml": {Data: []byte(`apiVersion: postern/dataset/v1
format: vectors
version: 1
title: Vectors
collection_years: {from: 2016, to: 2030}
date_formats: [DD/MM/YYYY, YYYY-MM-DD]
code_lists:
` + lists.String() + `tables:
  - name: events
    meaning: Events
    child_id: CHILD
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Child}
      - {name: HAPPENED, type: date, class: ordinary, meaning: Day}
` + tables.String())}})
	k := newKeys(t, "dsa-test")
	tried, outcomes := make(map[string]int), make(map[minimise.Outcome]int)
	for _, g := range all {
		tried[g.vector["treatment"]] += len(g.rows)
		g.run(t, c, k, outcomes)
	}
	for _, treatment := range []string{
		dataset.Pseudonym, dataset.Keep, dataset.AgeMonths, dataset.AgeYears, dataset.AgeBand, dataset.DateTo, dataset.DaysSince,
		dataset.CodeMapTo, dataset.Flag, dataset.Band, dataset.Constant,
	} {
		if tried[treatment] < 3 {
			t.Errorf("%d vectors of treatment %s", tried[treatment], treatment)
		}
	}
	for _, o := range []minimise.Outcome{
		minimise.Treated, minimise.NoValue, minimise.BeforeBirth, minimise.OutOfPeriod, minimise.Imprecise, minimise.NoEvent, minimise.NotAgreed,
		minimise.NotUsable + ": missing", minimise.NotUsable + ": placeholder", minimise.NotUsable + ": unknown", minimise.NotUsable + ": check-digit", minimise.NotUsable + ": malformed",
	} {
		if outcomes[o] == 0 {
			t.Errorf("no vector has the outcome %s", o)
		}
	}
}

// run treats the vectors of a group one row at a time, and holds each to what it says.
func (g *group) run(t *testing.T, c *dataset.Catalogue, k *keys, outcomes map[minimise.Outcome]int) {
	t.Helper()
	reference := civil.MustYMD(2026, 11, 1)
	if text := g.vector["reference_date"]; text != "" {
		d, err := civil.ParseISO(text)
		if err != nil {
			t.Fatal(err)
		}
		reference = d
	}
	r := start(t, c, g.terms(t).parse(t, c), k, reference, put(t, g.extracts(t)))
	if err := r.lookUp(); err != nil {
		t.Fatal(err)
	}
	table := r.plan.Tables[0]
	stage := table.NewStage(func() (string, error) { return "", os.ErrInvalid })
	got := make(map[int]minimise.Outcome)
	tally, err := r.table(table.Source, table.Needs(), func(b *extract.Batch) error {
		for row := range b.Len() {
			held := minimise.NewHeld()
			treated := table.NewBatch()
			err := table.Treater().Apply(treated, part(b, row, row+1), held, r.report)
			if err != nil || treated.Len() != 1 || held.Seen != 1 || len(held.Cells[g.column]) != 1 {
				return fmt.Errorf("one row became %d, with %d outcomes: %w", treated.Len(), len(held.Cells[g.column]), err)
			}
			for outcome := range held.Cells[g.column] {
				got[int(treated.Number(0, 0))] = outcome
				outcomes[outcome]++
			}
			if err := stage.Add(treated); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	cells := make(map[int]string)
	if err := stage.Ordered(t.Context(), func(b *minimise.Batch) error {
		for row := range b.Len() {
			cells[int(b.Number(row, 0))] = cell(b, row, 1)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for i, v := range g.rows {
		outcome, output := string(got[i]), v["output"]
		if outcome == "" {
			outcome = "kept-back"
			kept++
		}
		if of, found := strings.CutPrefix(output, "pseudonym of "); found {
			kind := strings.TrimPrefix(v["type"], "identifier ")
			letter := map[string]string{"child/la-child-id": "c", "child/upn": "u", "child/nhs-number": "n", "child/uln": "l", "school/urn": "s", "worker/swe": "w"}[kind]
			output = k.code(t, kind, letter, of)
		}
		if outcome != v["outcome"] || cells[i] != output {
			t.Errorf("%s %s: %s: %s %q; want %s %q", v["treatment"], v["parameters"], v["case"], outcome, cells[i], v["outcome"], output)
		}
	}
	if int(tally.Quarantined) != kept || len(got) != len(g.rows)-kept {
		t.Errorf("%s: %d rows were kept back, %d not; want %d of %d", g.vector["treatment"], tally.Quarantined, len(got), kept, len(g.rows))
	}
}

// TestPythonRecomputesVectors holds the vector file to an implementation that shares no line with this one.
func TestPythonRecomputesVectors(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not in PATH: the independent recomputation is not made")
	}
	recompute := func(path string) (string, error) {
		out, err := exec.Command(python, filepath.Join("testdata", "recompute.py"), path, pseudonymFile).CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := recompute(vectorFile); err != nil || out != fmt.Sprint(len(readVectors(t, vectorFile))) {
		t.Fatalf("%v: %s", err, out)
	}
	// The script notices each row that is not right: all of them are made wrong at once.
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := range lines[1:] {
		lines[i+1] += "0"
	}
	out, err := recompute(filepath.Join(put(t, map[string]string{"wrong.csv": strings.Join(lines, "\n") + "\n"}), "wrong.csv"))
	if wrong := strings.Count(out, " and not "); err == nil || wrong != len(lines)-1 {
		t.Errorf("of %d wrong rows, %d are noticed", len(lines)-1, wrong)
	}
}
