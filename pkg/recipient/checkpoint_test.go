package recipient_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/recipient/recipienttest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// version1 is a register, a proof and checkpoints as version 1 wrote them, signed with SSHSIG.
const version1 = "../../testdata/versions/register-v1"

func version1Signers(t *testing.T) signature.AllowedSigners {
	t.Helper()
	allowed, err := signature.ParseAllowedSigners(read(t, version1, "allowed_signers"))
	if err != nil {
		t.Fatal(err)
	}
	return allowed
}

// version1Key is the private half of its key: a throw-away one.
func version1Key() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("a throw-away register key for tests"))
	return ed25519.NewKeyFromSeed(seed[:])
}

func noteSigner(key ed25519.PrivateKey) register.Signer {
	return register.NoteSigner(key.Public().(ed25519.PublicKey), func(m []byte) ([]byte, error) { return ed25519.Sign(key, m), nil })
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestARegisterOfVersion1IsReadVerifiedAndContinued(t *testing.T) {
	verifier := recipient.RegisterVerifier(version1Signers(t), now())
	kept, err := recipient.ParseCheckpoint(read(t, version1, "checkpoint-of-3"), version1Signers(t), now())
	if err != nil || kept.Size != 3 {
		t.Fatalf("%+v, %v", kept, err)
	}
	data := read(t, version1, "register.proof")
	proof, err := register.ParseProof(data)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := proof.Format(); err != nil || string(again) != string(data) {
		t.Errorf("the proof is written again otherwise: %v", err)
	}
	if err := proof.Verify(verifier); err != nil {
		t.Error(err)
	}
	for folder, size := range map[string]int64{"whole": 5, "unfinished": 6} {
		dir := filepath.Join(t.TempDir(), "register")
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(version1, folder))); err != nil {
			t.Fatal(err)
		}
		old := read(t, dir, "records")
		l, err := register.Open(dir, verifier)
		if err != nil {
			t.Fatal(err)
		}
		if l.Checkpoint().Size != size || register.IsNote(l.Checkpoint().Signature) {
			t.Errorf("%s: opened at %+v", folder, l.Checkpoint())
		}
		last := l.Checkpoint()
		r, err := l.Append(register.Entry{Kind: "refused", Time: now(), Body: json.RawMessage(`{"code":"NO_CHANGE"}`)}, noteSigner(version1Key()))
		if err != nil {
			t.Fatal(err)
		}
		if l, err = register.Open(dir, verifier); err != nil {
			t.Fatal(err)
		}
		if err := l.VerifyRecords(); err != nil {
			t.Error(err)
		}
		for _, c := range []register.Checkpoint{kept, proof.Checkpoint, last} {
			if err := l.Extends(c); err != nil {
				t.Errorf("%s: the checkpoint of %d records: %v", folder, c.Size, err)
			}
		}
		if c := l.Checkpoint(); !register.IsNote(c.Signature) || c.Size != size+1 || !strings.HasPrefix(string(read(t, dir, "records")), string(old)) {
			t.Errorf("%s: continued to %+v", folder, c)
		}
		next, err := l.Proof(r.Index, &proof.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		if err := next.Verify(verifier); err != nil {
			t.Errorf("%s: a proof that continues one of version 1: %v", folder, err)
		}
	}
}

// A checkpoint is signed with a key of the list of allowed signers, under the same rules as an SSHSIG.
func TestRegisterVerifier(t *testing.T) {
	mine := version1Key()
	public, err := ssh.NewPublicKey(mine.Public())
	if err != nil {
		t.Fatal(err)
	}
	other, err := recipienttest.Key(9)
	if err != nil {
		t.Fatal(err)
	}
	text := register.Checkpoint{Origin: recipienttest.Origin, Size: 3}.Text()
	note, err := noteSigner(mine)(text)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(mine)
	if err != nil {
		t.Fatal(err)
	}
	armoured, err := signature.Sign(signer, signature.RegisterNamespace, text)
	if err != nil {
		t.Fatal(err)
	}
	line := func(key ssh.PublicKey, namespace string, after, before time.Time) signature.AllowedSigners {
		return signature.AllowedSigners{
			{Principal: "another", Namespaces: []string{signature.RegisterNamespace}, Key: other.PublicKey()},
			{Principal: recipienttest.RegisterPrincipal, Namespaces: []string{namespace}, ValidAfter: after, ValidBefore: before, Key: key},
		}
	}
	var open time.Time
	for name, c := range map[string]struct {
		allowed signature.AllowedSigners
		want    error
	}{
		"allowed":           {line(public, signature.RegisterNamespace, open, open), nil},
		"in its time":       {line(public, signature.RegisterNamespace, now(), now().Add(time.Hour)), nil},
		"another namespace": {line(public, signature.DropNamespace, open, open), signature.ErrNotAllowed},
		"not yet":           {line(public, signature.RegisterNamespace, now().Add(time.Second), open), signature.ErrNotAllowed},
		"no longer":         {line(public, signature.RegisterNamespace, open, now().Add(-time.Second)), signature.ErrNotAllowed},
		"not listed":        {line(public, signature.RegisterNamespace, open, open)[:1], signature.ErrNotAllowed},
		"nobody":            {nil, signature.ErrNotAllowed},
	} {
		for form, signed := range map[string][]byte{"note": note, "SSHSIG": armoured} {
			err := recipient.RegisterVerifier(c.allowed, now())(text, signed)
			if !errors.Is(err, c.want) || err != nil && finding.HintOf(err) == "" {
				t.Errorf("%s, %s: %v", name, form, err)
			}
			if c.want != nil {
				continue
			}
			for i := range signed {
				changed := slices.Clone(signed)
				changed[i] ^= 1
				if recipient.RegisterVerifier(c.allowed, now())(text, changed) == nil {
					t.Fatalf("%s, %s: byte %d changed: accepted", name, form, i)
				}
			}
			if err := recipient.RegisterVerifier(c.allowed, now())(append([]byte("x"), text...), signed); err == nil {
				t.Errorf("%s, %s: another text is accepted", name, form)
			}
		}
	}
}

func TestSince(t *testing.T) {
	c := council(t)
	first := makeDrop(t, c, 5, nil, recipienttest.Changes{})
	second := makeDrop(t, c, 6, first, recipienttest.Changes{})
	third := makeDrop(t, c, 7, second, recipienttest.Changes{})
	other := council(t) // the same keys and another history: its council forked the register
	makeDrop(t, other, 4, nil, recipienttest.Changes{})
	forked := makeDrop(t, other, 6, nil, recipienttest.Changes{})
	for name, want := range map[string]struct {
		drop     *recipienttest.Drop
		previous recipient.Source
		kept     *recipienttest.Drop
		outcome  recipient.Outcome
		says     string
	}{
		"its own":                  {third, nil, third, recipient.Passed, "of 3 records, by 0."},
		"the one before":           {third, nil, second, recipient.Passed, "of 2 records, by 1."},
		"two before, by a drop":    {third, source(second), first, recipient.Passed, "of 1 records, by 2."},
		"two before":               {third, nil, first, recipient.NotChecked, "of another moment"},
		"a later one":              {first, nil, second, recipient.NotChecked, "later than this drop"},
		"a fork":                   {third, nil, forked, recipient.Failed, "history was rewritten"},
		"a fork, of another state": {second, nil, forked, recipient.Failed, "history was rewritten"},
	} {
		t.Run(name, func(t *testing.T) {
			kept, err := recipient.ParseCheckpoint(want.kept.Files[manifest.ProofName], c.AllowedSigners(), now())
			if err != nil {
				t.Fatal(err)
			}
			r := verify(t, source(want.drop), recipient.Options{AllowedSigners: c.AllowedSigners(), Previous: want.previous, Since: &kept})
			last := r.Checks[len(r.Checks)-1]
			if last.Name != "since" || last.Outcome != want.outcome || !strings.Contains(last.Sentence, want.says) || r.Verified != (want.outcome != recipient.Failed) {
				t.Errorf("%s", describe(r))
			}
		})
	}
	// Without a kept checkpoint nothing is said of one.
	if r := verify(t, source(third), recipient.Options{AllowedSigners: c.AllowedSigners()}); r.Checks[len(r.Checks)-1].Name != "previous" {
		t.Errorf("%s", describe(r))
	}
	for name, bad := range map[string][]byte{"nothing": nil, "changed": []byte("{}\n"), "another": []byte("a\n1\nb\n\nc\n")} {
		if _, err := recipient.ParseCheckpoint(bad, c.AllowedSigners(), now()); err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
