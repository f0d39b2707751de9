package disclosure_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

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
	"github.com/postern-gateway/postern/schemas"
)

const terms = `apiVersion: postern/v1
id: dsa-test
version: 1
title: Test
controller: {name: Council, la_code: "331", dpo: dpo@council.example}
recipient: {name: Recipient, role: controller, setting: secure, contact: data@recipient.example}
purpose: {code: evaluation, text: A test}
lawful_basis: {article6: 6(1)(e), power: An Act, article9: 9(2)(j), schedule1: Part 1 paragraph 4}
dpia: {ref: DPIA-1, review_by: 2027-03-31}
privacy_notice: {url: "https://council.example/notice", covers: [children]}
national_data_opt_out: {determination: not_applicable, reason: none}
period: {share_from: 2026-04-01, share_to: 2029-03-31, data_from: 2020-04-01, data_to: 2029-03-31}
frequency: {schedule: monthly, max_drops_per_month: 4}
retention: {recipient_until: 2030-03-31, bucket_days: 30}
transfer: {locations: [GB]}
prohibitions: [re-identification, onward-sharing, decisions-about-individuals]
pseudonyms: {scheme: p1, epoch: 1, on_unusable: "null", max_unusable: 1}
release: {profile: secure, quasi_identifiers: [children.ethnicity, children.uasc]}
tables:
  children:
    child_id: {treatment: pseudonym}
    ethnicity: {treatment: keep}
    age: {treatment: age_years, from: birth_date}
    uasc: {treatment: keep}
    sex: {treatment: keep}
`

// child is what is released of one child, "" for an empty cell.
type child struct{ ethnicity, age, uasc, sex string }

// staged takes children through the gate, and returns the table and its stage.
func staged(t testing.TB, children []child) (*minimise.Table, *minimise.Stage) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "2025-26")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	header, uasc := "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n", "CHILD,SEX,DOB,DUC\n"
	for i, c := range children {
		birth := ""
		if c.age != "" {
			var years int
			if _, err := fmt.Sscan(c.age, &years); err != nil {
				t.Fatal(err)
			}
			birth = fmt.Sprintf("%02d/03/%d", 1+i%28, 2026-years)
		}
		header += fmt.Sprintf("CHILD%d,%s,%s,%s,UN1,,\n", i, c.sex, birth, c.ethnicity)
		if c.uasc == "1" {
			uasc += fmt.Sprintf("CHILD%d,%s,%s,\n", i, c.sex, birth)
		}
	}
	for name, text := range map[string]string{"header.csv": header, "uasc.csv": uasc} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse("agreement.yaml", []byte(terms), c)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := custody.MadeUpKeys("331", a.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := minimise.Compile(c, a, keys, civil.MustYMD(2026, 11, 1))
	if err != nil {
		t.Fatal(err)
	}
	report := &finding.Report{}
	inventory, err := extract.Discover(context.Background(), c, map[string]extract.Reader{".csv": csv.Reader{}}, []string{dir}, report)
	if err != nil {
		t.Fatal(err)
	}
	table := plan.Tables[0]
	stage := table.NewStage(func() (string, error) { return "", os.ErrInvalid })
	in := harmonise.Input{Inventory: inventory, Children: plan.Children(), Read: csv.Reader{}.Read}
	treater, treated := table.Treater(), table.NewBatch()
	job := &harmonise.Job{Table: table.Source, Columns: table.Needs(), Report: report, Sink: func(b *extract.Batch) error {
		treated.Reset()
		if err := treater.Apply(treated, b, minimise.NewHeld(), report); err != nil {
			return err
		}
		return stage.Add(treated)
	}}
	if err := harmonise.Make(context.Background(), in, []*harmonise.Job{job}, nil); err != nil {
		t.Fatal(err)
	}
	if stage.Rows() != int64(len(children)) {
		t.Fatalf("%d children were staged; want %d", stage.Rows(), len(children))
	}
	return table, stage
}

func measure(t testing.TB, stage *minimise.Stage, quasi []int) disclosure.Risk {
	t.Helper()
	risk, err := disclosure.Measure(context.Background(), stage, quasi)
	if err != nil {
		t.Fatal(err)
	}
	return risk
}

// bruteForce compares every child with every other.
func bruteForce(children []child, quasi []int) disclosure.Risk {
	cell := func(c child, column int) string { return []string{"", c.ethnicity, c.age, c.uasc, c.sex}[column] }
	risk := disclosure.Risk{Children: int64(len(children))}
	for _, one := range children {
		alike := 0
		for _, other := range children {
			if !slices.ContainsFunc(quasi, func(column int) bool { return cell(one, column) != cell(other, column) }) {
				alike++
			}
		}
		if alike < 10 {
			risk.Under10++
		}
		if alike < 5 {
			risk.Under5++
		}
		if alike == 1 {
			risk.Unique++
		}
	}
	return risk
}

func same(a, b disclosure.Risk) bool {
	return a.Children == b.Children && a.Unique == b.Unique && a.Under5 == b.Under5 && a.Under10 == b.Under10
}

// TestMeasure holds the measure to a comparison of every child with every other, on children drawn by chance.
func TestMeasure(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	seen := disclosure.Risk{}
	for _, n := range []int{0, 1, 2, 30, 120, 400} {
		children := make([]child, n)
		for i := range children {
			children[i] = child{
				pick("", "WBRI", "WBRI", "WBRI", "BCRB", "ABAN"), pick("", "0", "0", "1", "15", "15"), pick("0", "0", "0", "1"), pick("", "M", "F", "F"),
			}
		}
		table, stage := staged(t, children)
		if !slices.Equal(table.Quasi, []int{1, 2, 3, 4}) {
			t.Fatalf("quasi-identifiers %v", table.Quasi)
		}
		for _, quasi := range [][]int{table.Quasi, {4, 2}, {2, 4}, {1}, {3}, nil} {
			got, want := measure(t, stage, quasi), bruteForce(children, quasi)
			if !same(got, want) {
				t.Errorf("%d children by columns %v: %+v; want %+v", n, quasi, got, want)
			}
			seen.Unique, seen.Under5, seen.Under10 = seen.Unique+got.Unique, seen.Under5+got.Under5, seen.Under10+got.Under10
		}
	}
	if seen.Unique == 0 || seen.Under5 <= seen.Unique || seen.Under10 <= seen.Under5 {
		t.Errorf("the children drawn tell nothing: %+v", seen)
	}
}

// TestMeasureEdges: groups of one, four, five, nine and ten; an empty cell is a value of its own, never any value.
func TestMeasureEdges(t *testing.T) {
	group := func(n int, c child) []child { return slices.Repeat([]child{c}, n) }
	for _, c := range []struct {
		name     string
		children []child
		want     disclosure.Risk
	}{
		{"one", group(1, child{sex: "M"}), disclosure.Risk{Children: 1, Unique: 1, Under5: 1, Under10: 1}},
		{"four", group(4, child{sex: "M"}), disclosure.Risk{Children: 4, Under5: 4, Under10: 4}},
		{"five", group(5, child{sex: "M"}), disclosure.Risk{Children: 5, Under10: 5}},
		{"nine", group(9, child{sex: "M"}), disclosure.Risk{Children: 9, Under10: 9}},
		{"ten", group(10, child{sex: "M"}), disclosure.Risk{Children: 10}},
		{"nine, and one of whom the sex is not known", append(group(9, child{sex: "M"}), child{}), disclosure.Risk{Children: 10, Unique: 1, Under5: 1, Under10: 10}},
		{"none is not the first code", append(group(10, child{sex: "F"}), child{}), disclosure.Risk{Children: 11, Unique: 1, Under5: 1, Under10: 1}},
		{"none is not age 0", append(group(10, child{age: "0"}), child{}), disclosure.Risk{Children: 11, Unique: 1, Under5: 1, Under10: 1}},
		{"what is empty in one column and not in another", []child{{ethnicity: "WBRI"}, {sex: "M"}, {age: "1"}, {}}, disclosure.Risk{Children: 4, Unique: 4, Under5: 4, Under10: 4}},
	} {
		for i := range c.children {
			c.children[i].uasc = "0"
		}
		_, stage := staged(t, c.children)
		if got := measure(t, stage, []int{1, 2, 3, 4}); !same(got, c.want) {
			t.Errorf("%s: %+v; want %+v", c.name, got, c.want)
		}
	}
}

// TestMeasureFails: what befalls the stage ends the measure.
func TestMeasureFails(t *testing.T) {
	_, stage := staged(t, []child{{sex: "M"}})
	if err := stage.Close(); err != nil {
		t.Fatal(err)
	}
	if risk, err := disclosure.Measure(context.Background(), stage, nil); err == nil || !same(risk, disclosure.Risk{}) {
		t.Errorf("%+v of a stage that is closed, error %v", risk, err)
	}
}

func BenchmarkMeasure(b *testing.B) {
	children := make([]child, 20_000)
	for i := range children {
		children[i] = child{[]string{"WBRI", "BCRB", "ABAN", ""}[i%4], fmt.Sprint(i % 18), "0", []string{"M", "F"}[i%2]}
	}
	table, stage := staged(b, children)
	perRow(b, len(children), func() { measure(b, stage, table.Quasi) })
}

// BenchmarkCheckString is the scan of one distinct string: of a pseudonym, and of a code of 24.
func BenchmarkCheckString(b *testing.B) {
	for name, c := range map[string]struct {
		column minimise.Column
		text   string
	}{
		"pseudonym": {minimise.Column{Kind: minimise.Pseudonym, Prefix: "c1_"}, "c1_" + code},
		"code":      {minimise.Column{Kind: minimise.Code, Codes: codes(strings.Fields("E11 E12 E13 E14 E15 E16 E17 E2 E3 E41 E43 E44 E45 E46 E47 E48 E4A E4B E5 E6 E7 E8 E9 X1")...)}, "E4B"},
	} {
		b.Run(name, func(b *testing.B) {
			text := []byte(c.text)
			perRow(b, 1000, func() {
				for range 1000 {
					if err := disclosure.CheckString(&c.column, text); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// perRow reports time and allocations by row.
func perRow(b *testing.B, rows int, f func()) {
	b.Helper()
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for b.Loop() {
		f()
		n += rows
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n), "allocs/row")
}
