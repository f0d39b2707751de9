package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient/recipienttest"
)

// drops are two drops of one agreement, the list of allowed signers, and what a test may do to them.
type drops struct {
	first, second, signers  string
	notice, noticeSignature []byte // by which the second is withdrawn
}

func prepare(t *testing.T) drops {
	t.Helper()
	root := t.TempDir()
	council, err := recipienttest.NewCouncil(filepath.Join(root, "register"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := council.Drop(6, nil, recipienttest.Changes{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := council.Drop(7, first, recipienttest.Changes{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := council.AllowedSigners().Format()
	if err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(root, "dsa-coventry-fv-2026")
	d := drops{first: filepath.Join(store, first.Folder()), second: filepath.Join(store, second.Folder()), signers: filepath.Join(root, "allowed_signers")}
	if d.notice, d.noticeSignature, err = council.Notice(second, "a table too many"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Write(d.first), second.Write(d.second), os.WriteFile(d.signers, list, 0o600)); err != nil {
		t.Fatal(err)
	}
	return d
}

func program(args ...string) (code int, stdout, stderr string) {
	var out, complaints bytes.Buffer
	code = run(context.Background(), args, &out, &complaints)
	return code, out.String(), complaints.String()
}

func TestVerified(t *testing.T) {
	d := prepare(t)
	for name, args := range map[string][]string{
		"plain":         {d.second, "--signers", d.signers},
		"flags first":   {"--signers=" + d.signers, d.second},
		"store form":    {"dir:" + d.second, "--signers", d.signers},
		"with previous": {d.second, "--signers", d.signers, "--previous", d.first},
		"with identity": {d.second, "--signers", d.signers, "--identity", recipienttest.DropPrincipal},
	} {
		code, out, complaints := program(args...)
		if code != exitVerified || complaints != "" {
			t.Errorf("%s: code %d, %s", name, code, complaints)
		}
		for _, want := range []string{"pass         signature: SHA256SUMS is signed by drops@council.example", "pass         table children: 24 rows",
			"\nThis is drop dsa-coventry-fv-2026/0007-20261121 from Coventry City Council to Foundations under agreement dsa-coventry-fv-2026 version 1",
			"It is personal data"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: the report does not say %q:\n%s", name, want, out)
			}
		}
		if chained := strings.Contains(out, "It follows drop dsa-coventry-fv-2026/0006-20261120"); chained != (name == "with previous") {
			t.Errorf("%s: the previous drop is not treated as given:\n%s", name, out)
		}
	}
}

func TestNotVerified(t *testing.T) {
	for name, spoil := range map[string]func(d drops) ([]string, error){
		"changed": func(d drops) ([]string, error) {
			return nil, os.WriteFile(filepath.Join(d.second, manifest.ReadmeName), []byte("x"), 0o600)
		},
		"added": func(d drops) ([]string, error) {
			return nil, os.WriteFile(filepath.Join(d.second, "more.csv"), nil, 0o600)
		},
		"removed": func(d drops) ([]string, error) {
			return nil, os.Remove(filepath.Join(d.second, "children", "01.parquet"))
		},
		"renamed":  func(d drops) ([]string, error) { return []string{}, os.Rename(d.second, d.second+"0") },
		"identity": func(drops) ([]string, error) { return []string{"--identity", "other@council.example"}, nil },
		"previous": func(d drops) ([]string, error) { return []string{"--previous", d.second}, nil },
		"no drop": func(d drops) ([]string, error) {
			return nil, errors.Join(os.RemoveAll(d.second), os.Mkdir(d.second, 0o700))
		},
		"unsigned": func(d drops) ([]string, error) {
			return nil, os.Remove(filepath.Join(d.second, manifest.SignatureName))
		},
		"other key":       func(d drops) ([]string, error) { return nil, keepLine(d.signers, 1) },
		"no register key": func(d drops) ([]string, error) { return nil, keepLine(d.signers, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			d := prepare(t)
			more, err := spoil(d)
			if err != nil {
				t.Fatal(err)
			}
			drop := d.second
			if name == "renamed" {
				drop = filepath.Join(filepath.Dir(d.second), "0008-20261122")
				if err := os.Rename(d.second+"0", drop); err != nil {
					t.Fatal(err)
				}
			}
			code, out, complaints := program(append([]string{drop, "--signers", d.signers}, more...)...)
			if code != exitNotVerified {
				t.Errorf("code %d:\n%s%s", code, out, complaints)
			}
			if !strings.Contains(out, "\nfail  ") && !strings.HasPrefix(out, "fail  ") || !strings.Contains(out, "Do not use it. Call the council") {
				t.Errorf("the report does not warn:\n%s", out)
			}
			if !strings.HasPrefix(complaints, "postern-verify: error: the drop is not verified\npostern-verify: hint: ") {
				t.Errorf("complaints: %s", complaints)
			}
			if strings.Contains(out, "This is drop") {
				t.Error("the report vouches for the drop")
			}
		})
	}
}

// keepLine leaves one line of a file.
func keepLine(path string, n int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.SplitAfter(string(data), "\n")[n]), 0o600)
}

func TestUsage(t *testing.T) {
	d := prepare(t)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("not a list\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"nothing":             {},
		"two drops":           {d.first, d.second, "--signers", d.signers},
		"no signers":          {d.second},
		"signers missing":     {d.second, "--signers", d.signers + ".none"},
		"signers no list":     {d.second, "--signers", empty},
		"no such folder":      {d.second + ".none", "--signers", d.signers},
		"a file":              {d.signers, "--signers", d.signers},
		"a bucket":            {"s3://bucket/prefix", "--signers", d.signers},
		"no such previous":    {d.second, "--signers", d.signers, "--previous", d.first + ".none"},
		"unknown flag":        {d.second, "--force"},
		"flag without a word": {d.second, "--signers"},
	} {
		code, out, complaints := program(args...)
		if code != exitUsage || out != "" || !strings.HasPrefix(complaints, "postern-verify: error: ") || strings.Count(complaints, "postern-verify: hint: ") != 1 {
			t.Errorf("%s: code %d, output %q, complaints %q", name, code, out, complaints)
		}
	}
}

func TestJSON(t *testing.T) {
	d := prepare(t)
	code, out, _ := program(d.second, "--signers", d.signers, "--json")
	var report struct {
		Verified bool
		Checks   []struct{ Name, Outcome, Sentence string }
		Drop     struct{ ID string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitVerified || !report.Verified || len(report.Checks) != 11 ||
		report.Drop.ID != "dsa-coventry-fv-2026/0007-20261121" {
		t.Errorf("code %d, error %v: %s", code, err, out)
	}
	if err := os.WriteFile(filepath.Join(d.second, manifest.ReadmeName), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ = program(d.second, "--signers", d.signers, "--json")
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitNotVerified || report.Verified {
		t.Errorf("a changed drop: code %d, error %v: %s", code, err, out)
	}
}

// A disk that fails is no false drop.
func TestUnreadable(t *testing.T) {
	d := prepare(t)
	sums := filepath.Join(d.second, manifest.SumsName)
	if err := errors.Join(os.Remove(sums), os.Mkdir(sums, 0o700)); err != nil {
		t.Fatal(err)
	}
	if code, out, complaints := program(d.second, "--signers", d.signers); code != exitStore || out != "" || !strings.Contains(complaints, "hint: ") {
		t.Errorf("code %d, output %q, complaints %q", code, out, complaints)
	}
}

func TestInterrupted(t *testing.T) {
	d := prepare(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, complaints bytes.Buffer
	if code := run(ctx, []string{d.second, "--signers", d.signers}, &out, &complaints); code != exitInterrupted || out.Len() > 0 {
		t.Errorf("code %d, output %q, complaints %q", code, out.String(), complaints.String())
	}
}

func TestHelp(t *testing.T) {
	code, out, complaints := program("--help")
	if code != exitVerified || complaints != "" {
		t.Errorf("code %d, complaints %q", code, complaints)
	}
	for _, want := range []string{"DROP", "--signers FILE", "--previous DROP", "--json", "6 not verified", "cannot vouch for itself"} {
		if !strings.Contains(out, want) {
			t.Errorf("--help does not tell of %q:\n%s", want, out)
		}
	}
}

// fullDisk takes no report.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A report that could not be written must not end in success.
func TestOutputFails(t *testing.T) {
	d := prepare(t)
	var complaints bytes.Buffer
	if code := run(context.Background(), []string{d.second, "--signers", d.signers}, fullDisk{}, &complaints); code != exitUnexpected {
		t.Errorf("code %d, complaints %q", code, complaints.String())
	}
}

// Nothing in this program can hold a key to pseudonyms or read an extract.
func TestReaches(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not in PATH")
	}
	list, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/postern-gateway/postern/pkg/"
	seen := false
	for _, path := range strings.Fields(string(list)) {
		seen = seen || path == module+"recipient"
		for _, forbidden := range []string{module + "extract", module + "pseudonym", module + "custody", "github.com/apache/arrow"} {
			if path == forbidden || strings.HasPrefix(path, forbidden+"/") {
				t.Errorf("postern-verify reaches %s", path)
			}
		}
	}
	if !seen {
		t.Error("the list does not even have the package recipient")
	}
}

// A checkpoint that was kept shows that no history was rewritten since; one that is none is a mistake of whoever gave it.
func TestSince(t *testing.T) {
	d := prepare(t)
	kept := filepath.Join(d.first, manifest.ProofName)
	code, out, _ := program(d.second, "--signers", d.signers, "--previous", d.first, "--since", kept)
	if code != exitVerified || !strings.Contains(out, "The register continues the checkpoint that you kept") {
		t.Errorf("code %d: %s", code, out)
	}
	if err := os.WriteFile(kept+".bad", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{kept + ".bad", kept + ".none"} {
		if code, _, complaints := program(d.second, "--signers", d.signers, "--since", file); code != exitUsage || !strings.Contains(complaints, "hint: ") {
			t.Errorf("%s: code %d, complaints %q", file, code, complaints)
		}
	}
}

// A drop that the council has withdrawn ends with the code of what must not be used, and says why, also to a machine.
func TestWithdrawn(t *testing.T) {
	d := prepare(t)
	for name, data := range map[string][]byte{manifest.WithdrawnName: d.notice, manifest.WithdrawnSignatureName: d.noticeSignature} {
		if err := os.WriteFile(filepath.Join(d.second, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, complaints := program(d.second, "--signers", d.signers)
	if code != exitNotVerified || !strings.Contains(out, "withdrawn by the council on 22 November 2026: a table too many. Do not use it.") ||
		!strings.Contains(complaints, "error: the drop is withdrawn\npostern-verify: hint: destroy every copy") {
		t.Errorf("code %d: %s%s", code, out, complaints)
	}
	var report struct {
		Verified  bool
		Withdrawn struct{ Drop, Reason string }
	}
	code, out, _ = program(d.second, "--signers", d.signers, "--json")
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitNotVerified || report.Verified || report.Withdrawn.Reason != "a table too many" {
		t.Errorf("code %d, error %v: %s", code, err, out)
	}
	if err := os.Remove(filepath.Join(d.second, manifest.WithdrawnSignatureName)); err != nil {
		t.Fatal(err)
	}
	code, _, complaints = program(d.second, "--signers", d.signers)
	if code != exitNotVerified || !strings.Contains(complaints, "the drop is not verified") {
		t.Errorf("a notice without a signature: code %d, %s", code, complaints)
	}
}

// pull fetches what is new and says what must be done, with the code of what is not as it should be.
func TestPull(t *testing.T) {
	d := prepare(t)
	from, to := filepath.Dir(d.second), filepath.Join(t.TempDir(), "received")
	for _, want := range []string{"fetched", "held"} {
		code, out, complaints := program("pull", from, to, "--signers", d.signers)
		if code != exitVerified || complaints != "" || strings.Count(out, want) != 2 {
			t.Errorf("code %d: %s%s", code, out, complaints)
		}
	}
	if err := os.RemoveAll(d.second); err != nil {
		t.Fatal(err)
	}
	code, out, complaints := program("pull", from, to, "--signers", d.signers, "--json")
	var report struct {
		Sound    bool
		Problems []string
		Drops    []struct{ Drop, State string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitNotVerified || report.Sound || len(report.Problems) != 1 || len(report.Drops) != 2 ||
		!strings.Contains(complaints, "not everything is as it should be") {
		t.Errorf("code %d, error %v: %s%s", code, err, out, complaints)
	}
	for _, args := range [][]string{{"pull", from}, {"pull", from, to}, {"pull", "ftp://x/y", to, "--signers", d.signers}, {"pull", "s3://drops", to, "--signers", d.signers},
		{"pull", filepath.Join(from, "Not An Agreement"), to, "--signers", d.signers}} {
		if code, _, complaints := program(args...); code != exitUsage || !strings.Contains(complaints, "hint: ") {
			t.Errorf("%v: code %d, complaints %q", args, code, complaints)
		}
	}
}
