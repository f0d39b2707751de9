//go:build unix

package export_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
	"github.com/postern-gateway/postern/pkg/synth"
	"github.com/postern-gateway/postern/schemas"
)

const (
	laCode      = "331"
	testVersion = "0.0.1" // of the program: one of the inputs that decide a drop's bytes
)

// noon is the moment at which the tests' councils live.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// council is one council's folder: agreements, keys, state, drops.
type council struct {
	dir       string
	now       time.Time
	catalogue *dataset.Catalogue
	people    map[agreement.Role]ssh.Signer
}

func (c *council) path(names ...string) string {
	return filepath.Join(append([]string{c.dir}, names...)...)
}

// agreementFile is where an agreement of the council lies.
func (c *council) agreementFile(id string) string { return c.path("agreements", id+".yaml") }

// drops is the store's folder.
func (c *council) drops() string { return c.path("drops") }

// ready is what all councils of the tests have in common, made once: people, keys, a signed roles file.
type ready struct {
	mu        sync.Mutex
	dir       string
	catalogue *dataset.Catalogue
	people    map[agreement.Role]ssh.Signer
	cohorts   map[string]string
	command   string
}

// common is made once for all tests of the package, which only copy it.
var common = ready{cohorts: make(map[string]string)}

func references(dir string) custody.References {
	at := func(name string) string { return "file:" + filepath.Join(dir, "keys", name) }
	return custody.References{
		Master: at("master"), Salts: at("salts"), Signing: at("signing"), Register: at("register"), Rights: at("rights.pub"),
	}
}

// prepare makes what councils have in common. The caller holds the lock.
func (r *ready) prepare(tb testing.TB) {
	tb.Helper()
	if r.people != nil {
		return
	}
	var err error
	if r.catalogue, err = dataset.Load(schemas.Files); err != nil {
		tb.Fatal(err)
	}
	if r.dir == "" {
		tb.Fatal("TestMain did not make a folder")
	}
	mustMkdir(tb, filepath.Join(r.dir, "agreements", "notices"))
	mustWrite(tb, filepath.Join(r.dir, "agreements", "notices", "family-valued-2026.txt"), mustRead(tb, "../../agreements/notices/family-valued-2026.txt"))
	people := appoint(tb, filepath.Join(r.dir, "agreements"), "Ann Analyst", "Dee Officer", "Sam Owner")
	if _, err := custody.Open(references(r.dir)).NewCouncil(context.Background()); err != nil {
		tb.Fatal(err)
	}
	r.people = people
}

// appoint writes a roles file of three people with new keys, signed by two of them.
func appoint(tb testing.TB, folder, submitter, dpo, owner string) map[agreement.Role]ssh.Signer {
	tb.Helper()
	people := make(map[agreement.Role]ssh.Signer)
	text := "apiVersion: " + agreement.RolesVersion + "\norganisation: \"" + laCode + "\"\npeople:\n"
	for _, p := range []struct {
		name string
		role agreement.Role
	}{{submitter, agreement.Submitter}, {dpo, agreement.DPO}, {owner, agreement.AssetOwner}} {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			tb.Fatal(err)
		}
		signer, err := ssh.NewSignerFromKey(private)
		if err != nil {
			tb.Fatal(err)
		}
		people[p.role] = signer
		text += fmt.Sprintf("  - {name: %s, role: %s, key: %q}\n", p.name, p.role, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))))
	}
	roles := filepath.Join(folder, export.RolesFile)
	mustWrite(tb, roles, text)
	for _, role := range []agreement.Role{agreement.DPO, agreement.AssetOwner} {
		armoured, err := signature.Sign(people[role], signature.RolesNamespace, []byte(text))
		if err != nil {
			tb.Fatal(err)
		}
		mustWrite(tb, roles+"."+string(role)+".sig", string(armoured))
	}
	return people
}

// newCouncil makes a council in a folder of its own. All councils of a test run have the same master and people, and the
// same salt for the same agreement: they are one council, set up again.
func newCouncil(tb testing.TB, agreements ...string) *council {
	tb.Helper()
	return councilAt(tb, tb.TempDir(), noon(), agreements...)
}

// council copies what councils have in common to a folder, with salts for its agreements.
func (r *ready) council(tb testing.TB, folder string, now time.Time, agreements []string) *council {
	tb.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prepare(tb)
	c := &council{dir: folder, now: now, catalogue: r.catalogue, people: r.people}
	for _, text := range agreements {
		a := c.parse(tb, text)
		if _, err := custody.Open(references(r.dir)).NewSalt(laCode, a.ID, a.Pseudonyms.Epoch); err != nil {
			tb.Fatal(err)
		}
	}
	mustCopy(tb, r.dir, c.dir)
	return c
}

func councilAt(tb testing.TB, folder string, now time.Time, agreements ...string) *council {
	tb.Helper()
	c := common.council(tb, folder, now, agreements)
	if err := c.gateway(tb).CreateRegister(); err != nil {
		tb.Fatal(err)
	}
	for _, text := range agreements {
		c.adopt(tb, text)
	}
	mustWrite(tb, c.path("postern.yaml"), strings.Join([]string{
		`organisation: {name: Coventry City Council, la_code: "331"}`,
		"extracts: ./extracts", "agreements: ./agreements", "state: ./state", "store: dir:./drops",
		"keys: {master: file:./keys/master, salts: file:./keys/salts, signing: file:./keys/signing, register: file:./keys/register, rights: file:./keys/rights.pub}", "",
	}, "\n"))
	return c
}

func (c *council) parse(tb testing.TB, text string) *agreement.Agreement {
	tb.Helper()
	a, err := agreement.Parse("agreement.yaml", []byte(text), c.catalogue)
	if err != nil {
		tb.Fatalf("the test's agreement: %v", err)
	}
	return a
}

// adopt writes an agreement and the three decisions that let it be exported.
func (c *council) adopt(tb testing.TB, text string) {
	tb.Helper()
	a := c.parse(tb, text)
	mustWrite(tb, c.agreementFile(a.ID), text)
	c.decide(tb, a, c.now.Add(-3*time.Hour), agreement.Submitter, agreement.Submit)
	c.decide(tb, a, c.now.Add(-2*time.Hour), agreement.DPO, agreement.AdviseClear)
	c.decide(tb, a, c.now.Add(-1*time.Hour), agreement.AssetOwner, agreement.Approve)
}

func (c *council) decide(tb testing.TB, a *agreement.Agreement, at time.Time, role agreement.Role, verb agreement.Verb) {
	tb.Helper()
	d, err := agreement.Decide(a, c.catalogue.Digest(), role, verb, "", at, nil)
	if err != nil {
		tb.Fatal(err)
	}
	c.sign(tb, d)
}

// sign stores a decision with the signature of whoever has its role.
func (c *council) sign(tb testing.TB, d agreement.Decision) {
	tb.Helper()
	statement, err := d.Statement()
	if err != nil {
		tb.Fatal(err)
	}
	armoured, err := signature.Sign(c.people[d.Role], signature.DecisionNamespace, statement)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := agreement.WriteDecision(c.path("agreements"), d, armoured); err != nil {
		tb.Fatal(err)
	}
}

// gateway puts a gateway together over the council's folder.
func (c *council) gateway(tb testing.TB) *export.Gateway {
	tb.Helper()
	g, err := gatewayAt(c.dir, c.catalogue, c.now)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func gatewayAt(folder string, catalogue *dataset.Catalogue, now time.Time) (*export.Gateway, error) {
	own, err := state.Open(filepath.Join(folder, "state"))
	if err != nil {
		return nil, err
	}
	target, err := dir.Open(filepath.Join(folder, "drops"))
	if err != nil {
		return nil, err
	}
	return &export.Gateway{
		LACode: laCode, Catalogue: catalogue, Agreements: filepath.Join(folder, "agreements"), Keys: custody.Open(references(folder)),
		State: own, Store: target, Readers: readers(catalogue),
		Now: func() time.Time { return now }, Version: testVersion,
	}, nil
}

// readers has a reader per file name ending, as the command has.
func readers(catalogue *dataset.Catalogue) map[string]extract.Reader {
	return map[string]extract.Reader{".csv": csv.Reader{}, ".tab": csv.Reader{}, ".xml": xml.Reader{Catalogue: catalogue}, ".xlsx": xlsx.Reader{}}
}

// export runs the council's exporter, which must end well.
func (c *council) export(tb testing.TB, id string, extracts ...string) *export.Result {
	tb.Helper()
	return c.exportWith(tb, c.gateway(tb), id, extracts...)
}

func (c *council) exportWith(tb testing.TB, g *export.Gateway, id string, extracts ...string) *export.Result {
	tb.Helper()
	result, err := g.Run(tb.Context(), export.Request{Agreement: c.agreementFile(id), Extracts: extracts})
	if err != nil {
		tb.Fatalf("export: %v", err)
	}
	return result
}

// tryExport runs the exporter, which must fail.
func (c *council) tryExport(tb testing.TB, g *export.Gateway, id string, extracts ...string) error {
	tb.Helper()
	result, err := g.Run(tb.Context(), export.Request{Agreement: c.agreementFile(id), Extracts: extracts})
	if err == nil {
		tb.Fatalf("the run was %s where it should have failed", result.Outcome)
	}
	return err
}

// cohort is a folder of synthetic extracts, made once for all tests. It is only read.
func cohort(tb testing.TB, opt synth.CohortOptions) string {
	tb.Helper()
	common.mu.Lock()
	defer common.mu.Unlock()
	key := fmt.Sprintf("%d-%d-%d-%d-%s", opt.Children, opt.Seed, opt.Years, opt.LastYear, strings.Join(opt.Formats, "-"))
	if made, ok := common.cohorts[key]; ok {
		return made
	}
	folder := filepath.Join(common.dir+"-cohorts", key)
	mustMkdir(tb, filepath.Dir(folder))
	if _, err := synth.Cohort(context.Background(), folder, opt); err != nil {
		tb.Fatal(err)
	}
	common.cohorts[key] = folder
	return folder
}

// wholeCohort is that of all returns: 100 children in two annual sets.
func wholeCohort(tb testing.TB) string {
	tb.Helper()
	return cohort(tb, wholeOptions())
}

// smallCohort is the usual one: 100 children in two annual sets of the return on children looked after.
func smallCohort(tb testing.TB) string {
	tb.Helper()
	return cohort(tb, synth.CohortOptions{Children: 100, Seed: 11, Years: 2, Formats: []string{"ssda903"}})
}

// objects lists the keys of a store that begin with prefix.
func objects(tb testing.TB, s store.Store, prefix string) []string {
	tb.Helper()
	var keys []string
	for object, err := range s.List(tb.Context(), prefix) {
		if err != nil {
			tb.Fatal(err)
		}
		keys = append(keys, object.Key)
	}
	return keys
}

func mustMkdir(tb testing.TB, name string) {
	tb.Helper()
	if err := os.MkdirAll(name, 0o700); err != nil {
		tb.Fatal(err)
	}
}

func mustWrite(tb testing.TB, name, text string) {
	tb.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func mustRead(tb testing.TB, name string) string {
	tb.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// mustCopy copies a tree of folders and ordinary files, with their modes.
func mustCopy(tb testing.TB, from, to string) {
	tb.Helper()
	err := filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		at := filepath.Join(to, rel)
		if entry.IsDir() {
			if err := os.MkdirAll(at, 0o700); err != nil {
				return err
			}
			return os.Chmod(at, info.Mode().Perm())
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(at, data, info.Mode().Perm()); err != nil {
			return err
		}
		return os.Chmod(at, info.Mode().Perm())
	})
	if err != nil {
		tb.Fatal(err)
	}
}
