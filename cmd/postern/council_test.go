package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/schemas"
)

// The councils that a script can start from. All are made with the program's own commands.
const (
	bareCouncil      = "bare"      // extracts, agreements and people; no keys, nothing signed
	signedCouncil    = "signed"    // keys made, roles signed, the agreement decided on
	publishedCouncil = "published" // with one drop
)

// councilFile is the configuration of every council.
const councilFile = `organisation: {name: Coventry City Council, la_code: "331"}
extracts: ./extracts
agreements: ./agreements
state: ./state
store: dir:./drops
keys:
  master: file:./keys/master
  salts: file:./keys/salts
  signing: file:./keys/signing
  register: file:./keys/register
  rights: file:./keys/rights.pub
`

type person struct{ key, name, role string }

// people are those of the council by the name of their key file, with their role; eve has none.
var people = []person{
	{"ann", "Ann Analyst", "submitter"}, {"dee", "Dee Officer", "dpo"}, {"sam", "Sam Owner", "asset-owner"}, {"eve", "", ""},
}

// rolesText is a roles file of these people.
func rolesText(people []person, public func(key string) (string, error)) (string, error) {
	var b strings.Builder
	b.WriteString("apiVersion: postern/roles/v1\norganisation: \"331\"\npeople:\n")
	for _, p := range people {
		line, err := public(p.key)
		if err != nil {
			return "", err
		}
		if p.role != "" {
			fmt.Fprintf(&b, "  - {name: %s, role: %s, key: %s}\n", p.name, p.role, line)
		}
	}
	return b.String(), nil
}

const exampleAgreement = "family-valued-2026.yaml"

// prepareCouncils makes one council of each kind, for scripts to copy.
func prepareCouncils(t *testing.T) map[string]string {
	t.Helper()
	root := t.TempDir()
	out := make(map[string]string)
	for _, kind := range []string{bareCouncil, signedCouncil, publishedCouncil} {
		out[kind] = filepath.Join(root, kind)
	}
	if err := writeCouncil(out[bareCouncil]); err != nil {
		t.Fatal(err)
	}
	at := func(dir, day string, args ...string) {
		t.Helper()
		now, err := time.Parse("2006-01-02", day)
		if err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		args = append([]string{"--config", filepath.Join(dir, "postern.yaml")}, args...)
		if code := run(context.Background(), args, nil, &stdout, &stderr, func() time.Time { return now }); code != exitDone {
			t.Fatalf("postern %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout.String(), stderr.String())
		}
	}
	bare, signed, published := out[bareCouncil], out[signedCouncil], out[publishedCouncil]
	at(bare, "2026-05-31", "synth", "cohort", filepath.Join(bare, "extracts"), "--children", "120", "--years", "3", "--seed", "7", "--formats", "ssda903")
	copyTree(t, bare, signed)
	agreement := filepath.Join(signed, "agreements", exampleAgreement)
	at(signed, "2026-06-01", "keys", "new", agreement)
	for _, key := range []string{"dee", "sam"} {
		at(signed, "2026-06-01", "agreement", "sign", filepath.Join(signed, "agreements", "roles.yaml"), "--key", filepath.Join(signed, "people", key))
	}
	for _, step := range []struct{ day, key, decision string }{
		{"2026-06-02", "ann", "submit"}, {"2026-06-03", "dee", "advise-clear"}, {"2026-06-04", "sam", "approve"},
	} {
		at(signed, step.day, "agreement", "sign", agreement, "--decision", step.decision, "--key", filepath.Join(signed, "people", step.key))
	}
	copyTree(t, signed, published)
	at(published, "2026-06-10", "export", filepath.Join(published, "agreements", exampleAgreement))
	return out
}

// writeCouncil writes what a council has before Postern has made anything.
func writeCouncil(dir string) error {
	for _, folder := range []string{"agreements", "people"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return err
		}
	}
	roles, err := rolesText(people, func(key string) (string, error) { return writeKey(filepath.Join(dir, "people", key)) })
	if err != nil {
		return err
	}
	files := map[string]string{"postern.yaml": councilFile, "agreements/roles.yaml": roles}
	for name, path := range map[string]string{exampleAgreement: "testdata/agreements/looked-after.yaml", "family-valued-2020.yaml": "agreements/family-valued-2020.yaml"} {
		data, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
		if err != nil {
			return err
		}
		files["agreements/"+name] = string(data)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeKey makes an OpenSSH key pair as ssh-keygen -t ed25519 does, without a passphrase, and returns the public half as
// roles files have it.
func writeKey(path string) (string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, filepath.Base(path))
	if err != nil {
		return "", err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", err
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return "", err
	}
	return line, os.WriteFile(path+".pub", []byte(line+"\n"), 0o600)
}

// copyTree copies a folder with all below it, and the modes of all.
func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if err := copyFolder(from, to); err != nil {
		t.Fatal(err)
	}
}

func copyFolder(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			if err := os.MkdirAll(target, 0o700); err != nil {
				return err
			}
			return os.Chmod(target, info.Mode().Perm())
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(target, data, 0o600); err != nil {
			return err
		}
		return os.Chmod(target, info.Mode().Perm())
	})
}

// roles writes the roles file of a script's council anew.
func roles(ts *testscript.TestScript, args []string) error {
	holders := people
	if len(args) > 0 {
		if err := wants(args, 2); err != nil {
			return err
		}
		holders = append(slices.Clone(people), person{args[0], args[1], "siro"})
	}
	text, err := rolesText(holders, func(key string) (string, error) {
		return strings.TrimSpace(ts.ReadFile("people/" + key + ".pub")), nil
	})
	if err != nil {
		return err
	}
	return rewrite(ts, "agreements/roles.yaml", []byte(text))
}

// statement finds the file of a decision.
func statement(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 1); err != nil {
		return err
	}
	found, err := filepath.Glob(ts.MkAbs("agreements/decisions/dsa-coventry-fv-2026/v1-*-" + args[0] + "-*.txt"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("there are %d such decisions", len(found))
	}
	ts.Setenv("STATEMENT", found[0])
	return nil
}

// decide has the example agreement decided on once more.
func decide(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 0); err != nil {
		return err
	}
	for _, step := range []struct{ key, decision string }{{"ann", "submit"}, {"dee", "advise-clear"}, {"sam", "approve"}} {
		err := ts.Exec("postern", "agreement", "sign", "agreements/"+exampleAgreement, "--decision", step.decision, "--key", "people/"+step.key)
		if err != nil {
			return err
		}
	}
	return nil
}

// bypass has the example agreement decided on as three people can who sign with another program than postern: nothing is
// asked of it first.
func bypass(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 0); err != nil {
		return err
	}
	now, err := time.Parse(time.RFC3339, ts.Getenv(testNow))
	if err != nil {
		return err
	}
	catalogue, err := dataset.Load(schemas.Files)
	if err != nil {
		return err
	}
	a, err := agreement.Parse(exampleAgreement, []byte(ts.ReadFile("agreements/"+exampleAgreement)), catalogue)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		key  string
		role agreement.Role
		verb agreement.Verb
	}{{"ann", agreement.Submitter, agreement.Submit}, {"dee", agreement.DPO, agreement.AdviseClear}, {"sam", agreement.AssetOwner, agreement.Approve}} {
		d, err := agreement.Decide(a, catalogue.Digest(), step.role, step.verb, "", now, nil)
		if err != nil {
			return err
		}
		statement, err := d.Statement()
		if err != nil {
			return err
		}
		signer, err := signature.LoadSigner(ts.MkAbs("people/" + step.key))
		if err != nil {
			return err
		}
		armoured, err := signature.Sign(signer, signature.DecisionNamespace, statement)
		if err != nil {
			return err
		}
		if _, err := agreement.WriteDecision(ts.MkAbs("agreements"), d, armoured); err != nil {
			return err
		}
	}
	return nil
}
