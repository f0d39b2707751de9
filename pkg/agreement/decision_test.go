package agreement_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"crypto/ed25519"
	"crypto/sha256"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/signature"
)

func TestStatement(t *testing.T) {
	c := newCouncil(t)
	d, err := agreement.Decide(c.a, [32]byte{1, 2}, agreement.DPO, agreement.AdviseWithConditions, "The recipient signs first",
		time.Date(2026, 4, 2, 10, 30, 0, 999, time.FixedZone("BST", 3600)), bytes.NewReader(bytes.Repeat([]byte{0xab}, 16)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Statement()
	if err != nil {
		t.Fatal(err)
	}
	want := `postern-decision v1
agreement: dsa-test-one
version: 3
agreement-sha256: ` + sum(golden) + `
definitions-sha256: 0102000000000000000000000000000000000000000000000000000000000000
role: dpo
decision: advise-with-conditions
reason: The recipient signs first
time: 2026-04-02T09:30:00Z
nonce: abababababababababababababababab
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	again, err := agreement.ParseDecision(got)
	if err != nil || again != d {
		t.Errorf("read again: %+v, %v", again, err)
	}
	for name, change := range map[string][2]string{
		"kind": {"postern-decision", "postern-advice"}, "version of the form": {" v1", " v2"}, "id": {"dsa-test", "test"},
		"version with a zero": {"version: 3", "version: 03"}, "version 0": {"version: 3", "version: 0"},
		"short digest": {"definitions-sha256: 01", "definitions-sha256: "}, "capital digest": {"ab\n", "AB\n"},
		"role": {"role: dpo", "role: boss"}, "role that may not": {"role: dpo", "role: submitter"},
		"decision": {"advise-with-conditions", "advise"}, "no reason": {"reason: The recipient signs first\n", ""},
		"time of another zone": {"09:30:00Z", "10:30:00+01:00"}, "time with fractions": {"09:30:00Z", "09:30:00.5Z"},
		"day that is none": {"2026-04-02", "2026-04-31"}, "order": {"role: dpo\ndecision: advise-with-conditions\n", "decision: advise-with-conditions\nrole: dpo\n"},
		"field beside": {"nonce", "more: x\nnonce"}, "twice": {"role: dpo\n", "role: dpo\nrole: dpo\n"}, "no final line feed": {"abab\n", "abab"},
		"blank": {"role: dpo", "role:  dpo"}, "carriage return": {"role: dpo\n", "role: dpo\r\n"},
	} {
		changed := strings.Replace(want, change[0], change[1], 1)
		if changed == want {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := agreement.ParseDecision([]byte(changed)); err == nil {
			t.Errorf("%s: was read", name)
		} else if strings.Contains(err.Error(), "recipient") {
			t.Errorf("%s: the error repeats the statement: %v", name, err)
		}
	}
}

func TestDecide(t *testing.T) {
	c := newCouncil(t)
	for _, verb := range agreement.Verbs() {
		for _, role := range []agreement.Role{agreement.Submitter, agreement.DPO, agreement.AssetOwner, agreement.SIRO, "other"} {
			_, err := agreement.Decide(c.a, c.definitions, role, verb, "a reason", noon, nil)
			may := false
			for _, r := range verb.Roles() {
				may = may || r == role
			}
			if may != (err == nil) {
				t.Errorf("%s by %s: %v", verb, role, err)
			}
		}
		d, err := agreement.Decide(c.a, c.definitions, verb.Roles()[0], verb, "", noon, nil)
		needs := !slices.Contains([]agreement.Verb{agreement.Submit, agreement.AdviseClear, agreement.Approve, agreement.Resume, agreement.NoteClosure}, verb)
		if needs != (err != nil) {
			t.Errorf("%s without a reason: %v", verb, err)
		}
		if other, _ := agreement.Decide(c.a, c.definitions, verb.Roles()[0], verb, "", noon, nil); err == nil && other.Nonce == d.Nonce {
			t.Error("two decisions have one nonce")
		}
	}
	for _, reason := range []string{"two\nlines", " blank", "turned \u202e", strings.Repeat("x", 2001)} {
		d, err := agreement.Decide(c.a, c.definitions, agreement.DPO, agreement.AdviseClear, reason, noon, nil)
		if err == nil {
			_, err = d.Statement()
		}
		if err == nil {
			t.Errorf("a reason of %d characters was accepted", len(reason))
		}
	}
	if _, err := agreement.Decide(c.a, c.definitions, agreement.DPO, "bless", "", noon, nil); err == nil {
		t.Error("a decision that there is not was made")
	}
}

func TestFolder(t *testing.T) {
	c := newCouncil(t)
	c.submit().advise(agreement.AdviseClear).approve("")
	dir := t.TempDir()
	var names []string
	for _, signed := range c.decisions {
		d, err := agreement.ParseDecision(signed.Statement)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a decision that is there already is left as it is
			name, err := agreement.WriteDecision(dir, d, signed.Signature)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		if _, err := agreement.WriteDecision(dir, d, []byte("another signature")); err == nil {
			t.Error("a signature was overwritten")
		}
	}
	folder := filepath.Join(dir, "decisions", "dsa-test-one")
	if base := filepath.Base(names[4]); !strings.HasPrefix(base, "v3-20260401T120000Z-approve-") || len(base) != len("v3-20260401T120000Z-approve-12345678.txt") {
		t.Errorf("stored as %s", base)
	}
	for _, more := range []string{"unsigned.txt", "README.md", ".hidden.txt"} {
		if err := os.WriteFile(filepath.Join(folder, more), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := agreement.LoadDecisions(os.DirFS(dir), "dsa-test-one")
	if err != nil || len(loaded) != 4 {
		t.Fatalf("%d decisions, %v", len(loaded), err)
	}
	if loaded[0].File != "decisions/dsa-test-one/unsigned.txt" || loaded[0].Signature != nil {
		t.Errorf("%+v", loaded[0])
	}
	c.decisions = loaded[1:]
	if got := c.at(noon); got != "active" {
		t.Errorf("loaded again: %s", got)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 9 {
		t.Errorf("%d files in the folder, not 9", len(entries))
	}

	if loaded, err := agreement.LoadDecisions(os.DirFS(dir), "dsa-none"); err != nil || loaded != nil {
		t.Errorf("no folder: %v, %v", loaded, err)
	}
	for _, id := range []string{"../x", "", "dsa-a/b", "x"} {
		if _, err := agreement.LoadDecisions(os.DirFS(dir), id); err == nil {
			t.Errorf("the folder of %q was read", id)
		}
	}
	large := fstest.MapFS{"decisions/dsa-a/x.txt": {Data: make([]byte, 65<<10)}}
	if _, err := agreement.LoadDecisions(large, "dsa-a"); err == nil {
		t.Error("a file of 65 KiB was read")
	}
}

// What Postern writes verifies with ssh-keygen, and what ssh-keygen signs counts.
func TestSSHKeygen(t *testing.T) {
	tool, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	c := newCouncil(t)
	c.submit()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var signers signature.AllowedSigners
	for _, p := range c.roles.People {
		signers = append(signers, signature.Signer{Principal: p.Principal(), Key: p.Key, Namespaces: []string{signature.DecisionNamespace}})
	}
	list, err := signers.Format()
	if err != nil {
		t.Fatal(err)
	}
	allowed := write("allowed_signers", list)
	verify := func(principal string, signed agreement.SignedDecision) error {
		cmd := exec.Command(tool, "-Y", "verify", "-f", allowed, "-I", principal, "-n", signature.DecisionNamespace, "-s", write("s.sig", signed.Signature))
		cmd.Stdin = bytes.NewReader(signed.Statement)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return errors.New(string(out))
		}
		return nil
	}
	if err := verify("sue", c.decisions[0]); err != nil {
		t.Errorf("ssh-keygen does not verify what was signed here: %v", err)
	}
	if verify("dora", c.decisions[0]) == nil {
		t.Error("ssh-keygen verifies it for somebody else")
	}

	sign := func(name string, d agreement.Decision) {
		statement, err := d.Statement()
		if err != nil {
			t.Fatal(err)
		}
		seed := sha256.Sum256([]byte(name))
		block, err := ssh.MarshalPrivateKey(ed25519.NewKeyFromSeed(seed[:]), "")
		if err != nil {
			t.Fatal(err)
		}
		file := write(name+".txt", statement)
		out, err := exec.Command(tool, "-Y", "sign", "-n", signature.DecisionNamespace, "-f", write(name, pem.EncodeToMemory(block)), file).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		armoured, err := os.ReadFile(file + ".sig")
		if err != nil {
			t.Fatal(err)
		}
		c.decisions = append(c.decisions, agreement.SignedDecision{File: name, Statement: statement, Signature: armoured})
	}
	sign("Doradpo", c.decision(agreement.DPO, agreement.AdviseClear, ""))
	sign("Owenasset-owner", c.decision(agreement.AssetOwner, agreement.Approve, ""))
	if got := c.at(noon); got != "active" {
		t.Errorf("decisions signed by ssh-keygen: %s", got)
	}
}

func FuzzParseDecision(f *testing.F) {
	f.Add([]byte("postern-decision v1\nagreement: dsa-a\nversion: 1\nagreement-sha256: " + strings.Repeat("a", 64) +
		"\ndefinitions-sha256: " + strings.Repeat("b", 64) + "\nrole: dpo\ndecision: advise-clear\ntime: 2026-04-02T09:30:00Z\nnonce: " + strings.Repeat("c", 32) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := agreement.ParseDecision(data)
		if err != nil {
			return
		}
		if again, err := d.Statement(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("what was read is not what is written: %v", err)
		}
	})
}
