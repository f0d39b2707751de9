package interop

import (
	"database/sql"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// testPython has Python compute the codes of all children from the extracts and the council's key files, and holds them
// to those that DuckDB reads in the drop.
func testPython(t *testing.T, db *sql.DB, c council) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not in PATH: the codes are not computed anew")
	}
	codes := texts(t, db, "SELECT child_id FROM "+c.parquet(c.manifest.table(t, "children")))
	compute := func(org, since string, codes []string) (string, error) {
		cmd := exec.Command(python, "pseudonyms.py", filepath.Join(c.folder, "keys"), org, agreementID, "1", "check", filepath.Join(c.folder, "extracts"), since)
		cmd.Stdin = strings.NewReader(strings.Join(codes, "\n"))
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := compute(laCode, cohortFrom, codes); err != nil || out != strconv.Itoa(len(codes)) {
		t.Errorf("%v: %s", err, out)
	}
	// The script notices what is not right.
	other := append([]string{codes[0][:len(codes[0])-1] + "u"}, codes[1:]...) // u is no digit of the alphabet
	for what, run := range map[string]func() (string, error){
		"another council":    func() (string, error) { return compute("332", cohortFrom, codes) },
		"another cohort":     func() (string, error) { return compute(laCode, "2022-04-01", codes) },
		"a child too few":    func() (string, error) { return compute(laCode, cohortFrom, codes[1:]) },
		"a child twice":      func() (string, error) { return compute(laCode, cohortFrom, append(codes[:1:1], codes...)) },
		"a code changed":     func() (string, error) { return compute(laCode, cohortFrom, other) },
		"no children at all": func() (string, error) { return compute(laCode, "2099-01-01", nil) },
	} {
		if out, err := run(); err == nil {
			t.Errorf("%s: nothing is noticed: %s", what, out)
		}
	}
}
