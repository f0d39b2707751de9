package agreement_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/signature"
)

func sum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// key makes the key of a made-up person: the same name, the same key.
func key(t testing.TB, name string) ssh.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func publicKey(t testing.TB, name string) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key(t, name).PublicKey())))
}

// rolesText writes a roles file; people are "name role", with further keys after a comma.
func rolesText(t testing.TB, people ...string) string {
	var b strings.Builder
	b.WriteString("apiVersion: postern/roles/v1\norganisation: \"331\"\npeople:\n")
	for _, p := range people {
		who, more, _ := strings.Cut(p, ",")
		name, role, _ := strings.Cut(who, " ")
		fmt.Fprintf(&b, "  - {name: %s, role: %s, key: %s%s}\n", name, role, publicKey(t, name+role), strings.Replace(","+more, ",", ", ", 1))
	}
	return strings.ReplaceAll(b.String(), ", }", "}")
}

// council is an agreement, its roles, and the decisions made so far.
type council struct {
	t           *testing.T
	catalogue   *dataset.Catalogue
	a           *agreement.Agreement
	definitions [32]byte
	roles       *agreement.Roles
	decisions   []agreement.SignedDecision
	clock       time.Time // of the next decision
}

var (
	firstDay = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	noon     = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
)

func newCouncil(t *testing.T, people ...string) *council {
	t.Helper()
	if len(people) == 0 {
		people = []string{"Sue submitter", "Dora dpo", "Owen asset-owner", "Sid siro", "Dan dpo"}
	}
	c := &council{t: t, catalogue: catalogue(t), clock: firstDay.Add(9 * time.Hour)}
	var err error
	if c.a, err = agreement.Parse("a.yaml", []byte(golden), c.catalogue); err != nil {
		t.Fatal(err)
	}
	c.definitions = c.catalogue.Digest()
	if c.roles, err = agreement.ParseRoles("roles.yaml", []byte(rolesText(t, people...))); err != nil {
		t.Fatal(err)
	}
	return c
}

// renamed gives somebody of the roles file another's name, which no roles file could.
func (c *council) renamed(from, to string) *council {
	for i := range c.roles.People {
		if c.roles.People[i].Name == from {
			c.roles.People[i].Name = to
		}
	}
	return c
}

// decision makes one, an hour after the one before.
func (c *council) decision(role agreement.Role, verb agreement.Verb, reason string) agreement.Decision {
	c.t.Helper()
	c.clock = c.clock.Add(time.Hour)
	d, err := agreement.Decide(c.a, c.definitions, role, verb, reason, c.clock, bytes.NewReader(bytes.Repeat([]byte{byte(len(c.decisions))}, 16)))
	if err != nil {
		c.t.Fatal(err)
	}
	return d
}

// add signs a decision with the key of a person in a role ("Suesubmitter").
func (c *council) add(signer string, d agreement.Decision) *council {
	c.t.Helper()
	statement, err := d.Statement()
	if err != nil {
		c.t.Fatal(err)
	}
	armoured, err := signature.Sign(key(c.t, signer), signature.DecisionNamespace, statement)
	if err != nil {
		c.t.Fatal(err)
	}
	c.decisions = append(c.decisions, agreement.SignedDecision{
		File: fmt.Sprintf("decisions/%s/%02d.txt", c.a.ID, len(c.decisions)), Statement: statement, Signature: armoured,
	})
	return c
}

func (c *council) submit() *council {
	return c.add("Suesubmitter", c.decision(agreement.Submitter, agreement.Submit, ""))
}

func (c *council) advise(verb agreement.Verb) *council {
	reason := ""
	if verb != agreement.AdviseClear {
		reason = "a reason"
	}
	return c.add("Doradpo", c.decision(agreement.DPO, verb, reason))
}

func (c *council) approve(reason string) *council {
	return c.add("Owenasset-owner", c.decision(agreement.AssetOwner, agreement.Approve, reason))
}

func (c *council) stop(signer string, role agreement.Role, verb agreement.Verb) *council {
	return c.add(signer, c.decision(role, verb, "a reason"))
}

// at evaluates and writes state and refusals: "active", or "submitted SIGNATURE_MISSING DPO_ADVICE_MISSING".
func (c *council) at(now time.Time) string {
	status := agreement.Evaluate(c.a, c.definitions, c.roles, c.decisions, now)
	out := string(status.State)
	for _, r := range status.Refusals {
		out += " " + string(r.Code)
	}
	if (status.Permit() == nil) != (len(status.Refusals) == 0) {
		c.t.Errorf("Permit says %v, with refusals %v", status.Permit(), status.Refusals)
	}
	return out
}
