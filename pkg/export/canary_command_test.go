//go:build unix

package export_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// command builds the postern command, once for all tests.
func command(t *testing.T) string {
	t.Helper()
	common.mu.Lock()
	defer common.mu.Unlock()
	if common.command != "" {
		return common.command
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command here to build postern with")
	}
	name := common.dir + "-postern"
	build := exec.Command("go", "build", "-o", name, "../../cmd/postern")
	build.Env = append(os.Environ(), "TMPDIR="+filepath.Dir(name), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build postern: %v\n%s", err, out)
	}
	common.command = name
	return name
}

// today is a council that lives in the machine's own time, as the command does.
func today(t *testing.T, agreements func(c *council, period string) []string) *council {
	t.Helper()
	now := time.Now().UTC()
	c := newCouncil(t)
	c = councilAt(t, t.TempDir(), now, agreements(c, todayPeriod(now))...)
	mustMkdir(t, c.path("tmp"))
	return c
}

// todayPeriod is one that is running now.
func todayPeriod(now time.Time) string {
	return fmt.Sprintf("period: {share_from: %s, share_to: %s, data_from: 1990-01-01, data_to: 2029-03-31}",
		now.AddDate(0, -1, 0).Format(time.DateOnly), now.AddDate(1, 0, 0).Format(time.DateOnly))
}

// said is what a command wrote, and how it ended.
type said struct {
	stdout, stderr string
	code           int
}

// run runs the command in the council's folder.
func (c *council) run(t *testing.T, name string, args ...string) said {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), "TMPDIR="+c.path("tmp"))
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return said{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// drafts drafts definitions of reports with canaries in them, as text and as a workbook, and searches the drafts and what is
// said of them. Names of columns are in a draft: those of the reports are no canaries.
func (c *council) drafts(t *testing.T, planted *canary, check func(int, ...string)) {
	t.Helper()
	folder := t.TempDir()
	report := tablesOf(c.catalogue, ownFormat)[0]
	lines := planted.sheet(report, 2027, func(int, *dataset.Column) string { return "" })[:2]
	for n := range 40 {
		lines = append(lines, planted.row(report, lines[0], 2027, func(*dataset.Column) string { return "" }))
		if n%9 == 0 {
			lines[len(lines)-1][3] = "QZX482" + letters(n) // a code of no list
			planted.plant(lines[len(lines)-1][3], "a code in a sample")
		}
	}
	for i := range lines[0] {
		lines[0][i] = "Answer " + letters(i) // no name of a column of any table
	}
	text, book := filepath.Join(folder, "answers.csv"), filepath.Join(folder, "answered.xlsx")
	writeCSV(t, text, ",", lines)
	b := &workbook{parts: make(map[string]string), mark: func(what string) string {
		planted.made++
		return planted.plant(fmt.Sprintf("Zebedee %s %05d", what, planted.made), "a sample's "+what)
	}}
	b.sheet("Answers", "", report, lines)
	b.write(t, book)
	for i, sample := range []string{text, book} {
		draft := filepath.Join(folder, fmt.Sprintf("draft%d.yaml", i))
		check(2, "schema", "new", sample, "--out", draft) // a first line that may be a child's
		check(0, "schema", "new", sample, "--out", draft, "--headed")
		check(0, "schema", "new", sample, "--out", filepath.Join(folder, fmt.Sprintf("again%d.yaml", i)), "--headed", "--json")
		found, err := planted.search.file(draft)
		absent(t, "the draft of a report", found, err)
		if !strings.Contains(mustRead(t, draft), "Answer B") {
			t.Error("the draft does not name the report's columns")
		}
		check(2, "schema", "check", draft)
	}
}

// othersOf are the tables that need extracts of formats which the synthetic cohort has not.
func othersOf(catalogue *dataset.Catalogue) []string {
	ids := []string{"attendance_daily"}
	for _, format := range []string{"ssd", "annex_a", "attendance", ownFormat} {
		for _, t := range tablesOf(catalogue, format) {
			ids = append(ids, t.ID())
		}
	}
	return ids
}

// TestCanaryCommand runs the command over extracts with canaries, in good runs and in runs that end in every kind of
// refusal and failure, and searches all that it writes: for people, for machines, in its folders.
func TestCanaryCommand(t *testing.T) {
	postern := command(t)
	extracts, planted := canaries(t)
	now := time.Now().UTC()
	period := todayPeriod(now)
	c := reporting(t, now, func(catalogue *dataset.Catalogue) []string {
		return []string{
			wideAgreement(catalogue, wideID, period, "null"),
			strings.Replace(wideAgreement(catalogue, "dsa-trust-strict", period, "quarantine"), "max_unusable: 1", "max_unusable: 0.001", 1),
			wideAgreement(catalogue, "dsa-trust-returns", period, "null", othersOf(catalogue)...),
			strings.Replace(wideAgreement(catalogue, "dsa-trust-early", period, "null"), period, pastPeriod, 1),
		}
	})
	mustMkdir(t, c.path("tmp"))
	w := newGlance(t, 3*time.Millisecond, c.path("state"), c.path("tmp"), c.drops())
	wide := c.agreementFile(wideID)
	check := func(want int, args ...string) {
		t.Helper()
		got := c.run(t, postern, args...)
		if got.code != want {
			t.Errorf("%s ended with %d, want %d: %s", strings.Join(args, " "), got.code, want, got.stderr)
		}
		absent(t, "standard output of "+args[0], planted.search.text([]byte(got.stdout)), nil)
		absent(t, "standard error of "+args[0], planted.search.text([]byte(got.stderr)), nil)
	}
	both := func(want int, args ...string) {
		t.Helper()
		check(want, args...)
		check(want, append(args, "--json")...)
	}
	both(0, "plan", wide, extracts)
	lastMonth := c.now.AddDate(0, 0, -c.now.Day()).Format("2006-01")
	check(0, "export", wide, extracts, "--reference-month", lastMonth, "--json", "--log-format=json")
	both(0, "export", wide, extracts) // published; then nothing changed
	page := filepath.Join(t.TempDir(), "page.html")
	check(0, "inspect", extracts, "--report", page)
	found, err := planted.search.file(page)
	absent(t, "the page of findings", found, err)
	check(0, "inspect", extracts, "--json")
	check(3, "export", c.agreementFile("dsa-trust-strict"), extracts)
	check(3, "plan", c.agreementFile("dsa-trust-strict"), extracts, "--json")
	both(3, "export", c.agreementFile("dsa-trust-early"), extracts)
	both(0, "register", "show")
	both(0, "agreement", "status", wide)
	drops := c.wholeDrops(t, wideID, asFolder)
	if len(drops) != 2 {
		t.Fatalf("the command made the drops %v", drops)
	}
	both(0, "inspect", c.path("drops", drops[0]))
	both(0, "inspect", c.path("drops", drops[0], "children.parquet"))
	c.drafts(t, planted, check)
	cohort := filepath.Join(t.TempDir(), "cohort") // without what the bad inputs are not of
	mustCopy(t, extracts, cohort)
	for _, other := range []string{"2025-26/ssd", "2025-26/inspection.xlsx", "2026-27/inspection", "2026-27/registers", "2026-27/log", "2023-24", "2022-23"} {
		if err := os.RemoveAll(filepath.Join(cohort, other)); err != nil {
			t.Fatal(err)
		}
	}
	forms := badForms()
	for i, bad := range slices.Concat(forms, badInputs(), badDocuments(), badRolls()) {
		folder := filepath.Join(t.TempDir(), "extracts")
		from, agreed := cohort, c.agreementFile("dsa-trust-returns")
		if i < len(forms) {
			from, agreed = extracts, wide
		}
		mustCopy(t, from, folder)
		bad.spoil(t, planted, folder)
		if i%2 == 0 || long() {
			check(bad.exit, "plan", agreed, folder, "--json")
		}
		if i%2 == 1 || long() {
			check(bad.exit, "export", agreed, folder)
		}
		check(bad.inspected, "inspect", folder)
		if t.Failed() {
			t.Fatalf("the extracts were spoilt so: %s", bad.name)
		}
	}
	w.end()
	if !w.saw("/drop/children.parquet") { // which a finished run has not in its staging folder
		t.Error("the watch did not look while a run was at work")
	}
	for held, name := range w.names {
		found, err := planted.search.file(held)
		absent(t, strings.TrimPrefix(name, c.dir), found, err)
		absent(t, "the name of a file", planted.search.text([]byte(strings.TrimPrefix(name, c.dir))), nil)
	}
	if again := c.settled(t, wideID); len(again) != 2 {
		t.Errorf("bad extracts left the drops %v", again)
	}
	if left := filesBelow(t, c.path("tmp")); len(left) > 0 {
		t.Errorf("the temporary folder still holds %v", left)
	}
	if got := c.history(t); len(got.prepared) != 2 {
		t.Errorf("the register has %v as prepared", got.prepared)
	}
}
