package pkg_test

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/schemas"
)

// keptAgreement is the agreement of every kept council.
const keptAgreement = "dsa-coventry-fv-2026"

// keptAt is when the kept councils are looked at.
func keptAt() time.Time { return time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC) }

// TestVersions reads and verifies everything that earlier versions of Postern wrote (testdata/versions): drops, each after
// the one before it, notices of withdrawal, the agreement, the roles with their signatures, the decisions, the register, the
// ledger and the records. docs/versions.md has the rule that this shows. No format that is written now is missing.
func TestVersions(t *testing.T) {
	root := filepath.Join("..", "testdata", "versions")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	formats := make(map[string]bool)
	versions := 0
	for _, e := range entries {
		if number, ok := strings.CutPrefix(e.Name(), "v"); !ok || strings.Trim(number, "0123456789") != "" {
			continue
		}
		versions++
		t.Run(e.Name(), func(t *testing.T) {
			k := kept{T: t, folder: filepath.Join(root, e.Name()), formats: formats}
			k.drops()
			k.decided()
			k.state()
		})
	}
	if versions < 2 {
		t.Errorf("only %d versions are kept", versions)
	}
	for _, format := range []string{manifest.FormatV1, manifest.Format, register.ProofFormat1, register.ProofFormat} {
		if !formats[format] {
			t.Errorf("nothing of the format %s is kept", format)
		}
	}
}

// kept is the folder of one version.
type kept struct {
	*testing.T
	folder  string
	formats map[string]bool // that were met
}

func (k kept) at(parts ...string) string {
	return filepath.Join(append([]string{k.folder}, parts...)...)
}

func (k kept) read(parts ...string) []byte {
	k.Helper()
	data, err := os.ReadFile(k.at(parts...))
	if err != nil {
		k.Fatal(err)
	}
	return data
}

func (k kept) signers() signature.AllowedSigners {
	k.Helper()
	allowed, err := signature.ParseAllowedSigners(k.read("allowed_signers"))
	if err != nil {
		k.Fatal(err)
	}
	return allowed
}

// drops verifies every drop with the one before it, and that its texts are written now as they were then.
func (k kept) drops() {
	k.Helper()
	names, err := os.ReadDir(k.at("drops", keptAgreement))
	if err != nil || len(names) < 2 {
		k.Fatalf("%d drops: %v", len(names), err)
	}
	opt := recipient.Options{AllowedSigners: k.signers(), Now: keptAt()}
	var withdrawn, superseded []string
	for _, name := range names {
		drop, err := recipient.FromDir(k.at("drops", keptAgreement, name.Name()))
		if err != nil {
			k.Fatal(err)
		}
		defer func() { _ = drop.Close() }()
		report, err := recipient.Verify(k.Context(), drop, opt)
		if err != nil {
			k.Fatal(err)
		}
		if report.Withdrawn != nil {
			withdrawn = append(withdrawn, report.Drop.ID)
		}
		if !report.Verified && report.Withdrawn == nil {
			k.Errorf("%s: %+v", name.Name(), report.Checks)
		}
		for _, c := range report.Checks {
			if c.Outcome == recipient.Failed || c.Outcome == recipient.NotChecked {
				k.Errorf("%s: %s: %s", name.Name(), c.Name, c.Sentence)
			}
		}
		k.texts(name.Name())
		superseded = append(superseded, report.Manifest.Drop.Supersedes...)
		opt.Previous = drop
	}
	if !slices.Equal(withdrawn, superseded) {
		k.Errorf("withdrawn are %v, and superseded %v", withdrawn, superseded)
	}
}

// texts holds what is read to what was written, byte for byte.
func (k kept) texts(drop string) {
	k.Helper()
	data := k.read("drops", keptAgreement, drop, manifest.Name)
	m, err := manifest.Parse(data)
	if err != nil {
		k.Fatal(err)
	}
	if again, err := m.Encode(); err != nil || !bytes.Equal(again, data) {
		k.Errorf("%s: the manifest is written otherwise than it was (%v)", drop, err)
	}
	data = k.read("drops", keptAgreement, drop, manifest.ProofName)
	proof, err := register.ParseProof(data)
	if err != nil {
		k.Fatal(err)
	}
	if again, err := proof.Format(); err != nil || !bytes.Equal(again, data) {
		k.Errorf("%s: the proof is written otherwise than it was (%v)", drop, err)
	}
	k.formats[m.Format] = true
	for _, format := range []string{register.ProofFormat1, register.ProofFormat} {
		if bytes.Contains(data, []byte(`"`+format+`"`)) {
			k.formats[format] = true
		}
	}
}

// decided reads the agreement, the roles and the decisions, and verifies every signature.
func (k kept) decided() {
	k.Helper()
	catalogue, err := dataset.Load(schemas.Files)
	if err != nil {
		k.Fatal(err)
	}
	a, err := agreement.Parse("agreement.yaml", k.read("agreements", "agreement.yaml"), catalogue)
	if err != nil {
		k.Fatalf("the agreement: %v", err)
	}
	if a.ID != keptAgreement {
		k.Errorf("the agreement is %s", a.ID)
	}
	roles, err := agreement.ParseRoles("roles.yaml", k.read("agreements", "roles.yaml"))
	if err != nil {
		k.Fatalf("the roles: %v", err)
	}
	var signatures [][]byte
	signed, err := filepath.Glob(k.at("agreements", "roles.yaml.*.sig"))
	if err != nil {
		k.Fatal(err)
	}
	for _, name := range signed {
		signatures = append(signatures, k.read("agreements", filepath.Base(name)))
	}
	if err := roles.Authenticate(signatures, nil, keptAt()); err != nil {
		k.Errorf("the roles: %v", err)
	}
	decisions, err := agreement.LoadDecisions(os.DirFS(k.at("agreements")), a.ID)
	if err != nil || len(decisions) < 3 {
		k.Fatalf("%d decisions: %v", len(decisions), err)
	}
	for _, d := range decisions {
		// They were made on the definitions of their day, which are in the statement.
		s, err := signature.ParseStatement(d.Statement)
		if err != nil {
			k.Fatalf("%s: %v", d.File, err)
		}
		text, _ := s.Value("definitions-sha256")
		definitions, err := hex.DecodeString(text)
		if err != nil || len(definitions) != 32 {
			k.Fatalf("%s: no digest of the definitions", d.File)
		}
		if _, err := agreement.Hold(a, [32]byte(definitions), roles, d, keptAt()); err != nil {
			k.Errorf("%s: %v", d.File, err)
		}
	}
}

// state reads the register, with the proof in every drop's ledger entry that it continues, the ledger and the records.
func (k kept) state() {
	k.Helper()
	folder := filepath.Join(k.TempDir(), "state") // a checkout has other modes
	err := filepath.WalkDir(k.at("state"), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(k.at("state"), path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(folder, below), 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, below), data, 0o600)
	})
	if err != nil {
		k.Fatal(err)
	}
	s, err := state.Open(folder)
	if err != nil {
		k.Fatal(err)
	}
	log, err := register.View(s.RegisterDir(), recipient.RegisterVerifier(k.signers(), keptAt()))
	if err != nil {
		k.Fatalf("the register: %v", err)
	}
	drops, err := s.Drops(keptAgreement)
	if err != nil || len(drops) < 2 {
		k.Fatalf("%d drops in the ledger: %v", len(drops), err)
	}
	for _, d := range drops {
		checkpoint, err := register.ParseCheckpoint([]byte(d.Checkpoint))
		if err == nil {
			err = log.Extends(checkpoint)
		}
		if err != nil {
			k.Errorf("%s: %v", d.ID, err)
		}
	}
	runs, err := s.Runs(keptAgreement)
	if err != nil || len(runs) < 2 {
		k.Fatalf("%d run records: %v", len(runs), err)
	}
	for _, n := range runs {
		if record, err := s.Run(keptAgreement, n); err != nil || !strings.Contains(string(record), `"postern-run/v`) {
			k.Errorf("run record %d: %v", n, err)
		}
	}
}
