package agreement_test

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

// signIn signs a decision as add does, in another namespace.
func (c *council) signIn(namespace, signer string, d agreement.Decision) *council {
	c.t.Helper()
	c.add(signer, d)
	last := &c.decisions[len(c.decisions)-1]
	armoured, err := signature.Sign(key(c.t, signer), namespace, last.Statement)
	if err != nil {
		c.t.Fatal(err)
	}
	last.Signature = armoured
	return c
}

// Each thing that somebody could try with a decision has a code of its own. None counts.
func TestAttacksHaveTheirCodes(t *testing.T) {
	const clear = agreement.AdviseClear
	approval := func(c *council) agreement.Decision { return c.decision(agreement.AssetOwner, agreement.Approve, "") }
	day := func(d int) time.Time { return time.Date(2026, 5, d, 12, 0, 0, 0, time.UTC) }
	people := []string{"Sue submitter", "Dora dpo", "Owen asset-owner", "Olga asset-owner,revoked: 2026-05-10",
		"Otto asset-owner,trained_until: 2026-04-30", "Dolly dpo,trained_until: 2026-04-30", "Dot dpo,revoked: 2026-05-10"}
	for _, tc := range []struct {
		name string
		make func(c *council) // after submission and advice
		want string
		code finding.Code // of the last decision
	}{
		{"another namespace", func(c *council) { c.signIn(signature.RolesNamespace, "Owenasset-owner", approval(c)) },
			"submitted SIGNATURE_NAMESPACE SIGNATURE_MISSING", finding.SignatureNamespace},
		{"another namespace, by a stranger", func(c *council) { c.signIn(signature.RolesNamespace, "Mallory", approval(c)) },
			"submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING", finding.AgreementBadSignature},
		{"another namespace, by the wrong person", func(c *council) { c.signIn(signature.DropNamespace, "Suesubmitter", approval(c)) },
			"submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING", finding.AgreementBadSignature},
		{"another namespace, and approved by another", func(c *council) {
			c.approve("").signIn(signature.RolesNamespace, "Owenasset-owner", approval(c))
		}, "active", finding.SignatureNamespace},
		{"a suspension in another namespace", func(c *council) {
			c.approve("").signIn("file", "Doradpo", c.decision(agreement.DPO, agreement.Suspend, "a reason"))
		}, "active SIGNATURE_NAMESPACE", finding.SignatureNamespace},

		{"another version", func(c *council) { c.version(2).approve("").version(3) }, "submitted SIGNATURE_MISSING", ""},
		{"another version, passed off as this", func(c *council) { c.version(2).approve("").version(3).passOff() },
			"submitted DECISION_OTHER_VERSION SIGNATURE_MISSING", finding.DecisionOtherVersion},
		{"another version, passed off, and approved", func(c *council) { c.approve("").version(2).approve("").version(3).passOff() },
			"active", finding.DecisionOtherVersion},
		{"another version, by a stranger", func(c *council) { c.version(2).add("Mallory", approval(c)).version(3) }, "submitted SIGNATURE_MISSING", ""},
		{"another version's suspension", func(c *council) {
			c.approve("").version(2).stop("Doradpo", agreement.DPO, agreement.Suspend).version(3)
		}, "suspended DSA_SUSPENDED", ""},

		{"a revoked key", func(c *council) { c.add("Olgaasset-owner", approval(c)) }, "submitted KEY_REVOKED SIGNATURE_MISSING", finding.KeyRevoked},
		{"a revoked key, recorded before", func(c *council) {
			c.add("Olgaasset-owner", approval(c)).decisions[2].Recorded = day(9)
		}, "active", ""},
		{"a revoked key, recorded on the day", func(c *council) {
			c.add("Olgaasset-owner", approval(c)).decisions[2].Recorded = day(10)
		}, "submitted KEY_REVOKED SIGNATURE_MISSING", finding.KeyRevoked},
		{"a revoked key, and approved by another", func(c *council) { c.approve("").add("Olgaasset-owner", approval(c)) }, "active", finding.KeyRevoked},
		{"a suspension by a revoked key", func(c *council) { c.approve("").stop("Dotdpo", agreement.DPO, agreement.Suspend) }, "active KEY_REVOKED", finding.KeyRevoked},
		{"a resumption by a revoked key", func(c *council) {
			c.approve("").stop("Owenasset-owner", agreement.AssetOwner, agreement.Suspend).stop("Olgaasset-owner", agreement.AssetOwner, agreement.Resume)
		}, "suspended DSA_SUSPENDED", finding.KeyRevoked},

		{"untrained", func(c *council) { c.on(5, 1).add("Ottoasset-owner", approval(c)) }, "submitted TRAINING_EXPIRED SIGNATURE_MISSING", finding.TrainingExpired},
		{"trained on that day", func(c *council) {
			c.on(4, 30).add("Ottoasset-owner", approval(c)).decisions[2].Recorded = time.Date(2026, 4, 30, 22, 59, 59, 0, time.UTC)
		}, "active", ""},
		{"said to be of a day of training", func(c *council) { c.on(4, 30).add("Ottoasset-owner", approval(c)) }, "submitted TRAINING_EXPIRED SIGNATURE_MISSING", finding.TrainingExpired},
		{"recorded when training was over", func(c *council) {
			c.on(4, 30).add("Ottoasset-owner", approval(c)).decisions[2].Recorded = time.Date(2026, 4, 30, 23, 0, 0, 0, time.UTC)
		}, "submitted TRAINING_EXPIRED SIGNATURE_MISSING", finding.TrainingExpired},
		{"a suspension by one who is no longer trained", func(c *council) {
			c.approve("").on(5, 1).stop("Dollydpo", agreement.DPO, agreement.Suspend)
		}, "suspended DSA_SUSPENDED", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t, people...).submit().advise(clear)
			tc.make(c)
			if got := c.at(noon); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			status := c.evaluated(noon)
			last := status.Decisions[len(status.Decisions)-1]
			if last.Code != tc.code || last.Code != "" && (last.Counts || last.Why == "") {
				t.Errorf("the decision has the code %q (counts %v: %s), want %q", last.Code, last.Counts, last.Why, tc.code)
			}
			for _, r := range status.Refusals {
				if r.Hint == "" || strings.Contains(r.Sentence, "%!") {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// On the day before its revocation a key is good, recorded or not.
func TestRevokedFromADayOn(t *testing.T) {
	c := newCouncil(t, "Sue submitter", "Dora dpo", "Owen asset-owner,revoked: 2026-05-10")
	c.submit().advise(agreement.AdviseClear).approve("")
	for now, want := range map[time.Time]string{
		time.Date(2026, 5, 9, 22, 59, 59, 0, time.UTC): "active",
		time.Date(2026, 5, 9, 23, 0, 0, 0, time.UTC):   "submitted KEY_REVOKED SIGNATURE_MISSING", // midnight, British Summer Time
	} {
		if got := c.at(now); got != want {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
}

// A file that is named as one about this version says so when its statement is about another.
func TestMisnamedStatement(t *testing.T) {
	c := newCouncil(t).version(2).submit().version(3)
	c.decisions[0].File = path.Join("decisions", c.a.ID, "v3-20260401T100000Z-submit-00000000.txt")
	s := c.evaluated(noon)
	want := "DECISION_OTHER_VERSION: the decision in " + c.decisions[0].File + " does not count: it is about version 2, and its file is named as one about this"
	if got := s.Permit().Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A decision that was signed elsewhere is stored only when everything about it is right.
func TestHold(t *testing.T) {
	people := []string{"Sue submitter", "Dora dpo,revoked: 2026-05-10", "Dan dpo", "Owen asset-owner,trained_until: 2026-03-31", "Sid siro"}
	advice := func(c *council) agreement.Decision { return c.decision(agreement.DPO, agreement.AdviseClear, "") }
	for _, tc := range []struct {
		name string
		make func(c *council)
		want finding.Code
	}{
		{"sound", func(c *council) { c.submit() }, ""},
		{"sound advice before any submission", func(c *council) { c.add("Dandpo", advice(c)) }, ""},
		{"another agreement", func(c *council) {
			was := c.a
			other := *c.a
			other.ID = "dsa-other"
			c.a = &other
			c.submit()
			c.a = was
		}, finding.AgreementBadSignature},
		{"another version", func(c *council) { c.version(2).submit().version(3) }, finding.DecisionOtherVersion},
		{"another version's suspension", func(c *council) { c.version(2).stop("Dandpo", agreement.DPO, agreement.Suspend).version(3) }, finding.DecisionOtherVersion},
		{"other bytes", func(c *council) { c.a.SHA256[3] ^= 1; c.submit(); c.a.SHA256[3] ^= 1 }, finding.AgreementBadSignature},
		{"other bytes, a suspension", func(c *council) {
			c.a.SHA256[3] ^= 1
			c.stop("Dandpo", agreement.DPO, agreement.Suspend)
			c.a.SHA256[3] ^= 1
		}, finding.AgreementBadSignature},
		{"other definitions", func(c *council) { c.definitions[3] ^= 1; c.submit(); c.definitions[3] ^= 1 }, finding.AgreementBadSignature},
		{"a stranger", func(c *council) { c.add("Mallory", advice(c)) }, finding.AgreementBadSignature},
		{"another role", func(c *council) { c.add("Sidsiro", advice(c)) }, finding.AgreementBadSignature},
		{"another namespace", func(c *council) { c.signIn("file", "Dandpo", advice(c)) }, finding.SignatureNamespace},
		{"a revoked key", func(c *council) { c.add("Doradpo", advice(c)) }, finding.KeyRevoked},
		{"training over", func(c *council) { c.approve("") }, finding.TrainingExpired},
		{"dated tomorrow", func(c *council) { c.clock = noon.AddDate(0, 0, 1); c.submit() }, finding.ClockUntrusted},
		{"no signature", func(c *council) { c.submit().decisions[0].Signature = nil }, finding.AgreementBadSignature},
		{"no statement", func(c *council) { c.submit().decisions[0].Statement = []byte("yes\n") }, finding.AgreementBadSignature},
		{"a line end more", func(c *council) { d := &c.submit().decisions[0]; d.Statement = append(d.Statement, '\n') }, finding.AgreementBadSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t, people...)
			tc.make(c)
			held, err := agreement.Hold(c.a, c.definitions, c.roles, c.decisions[0], noon)
			var refusal *finding.Refusal
			switch {
			case tc.want == "" && (err != nil || !held.Holds || held.Name == ""):
				t.Errorf("%+v, %v", held, err)
			case tc.want != "" && (!errors.As(err, &refusal) || refusal.Code != tc.want || refusal.Hint == ""):
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

// What sign asks before it signs.
func TestMayDecide(t *testing.T) {
	c := newCouncil(t, "Sue submitter", "Dora dpo,revoked: 2026-06-01", "Dan dpo,trained_until: 2026-05-31", "Owen asset-owner,trained_until: 2026-06-01")
	for i, want := range []finding.Code{"", finding.KeyRevoked, finding.TrainingExpired, ""} {
		err := c.roles.People[i].MayDecide(agreement.Terminate, noon)
		var refusal *finding.Refusal
		errors.As(err, &refusal)
		if (err == nil) != (want == "") || err != nil && (refusal == nil || refusal.Code != want || refusal.Hint == "") {
			t.Errorf("%s: %v, want %s", c.roles.People[i].Name, err, want)
		}
	}
	if err := c.roles.People[2].MayDecide(agreement.Suspend, noon); err != nil {
		t.Errorf("who is no longer trained may not suspend: %v", err)
	}
}

// passOff names the file of the last decision as one about this version.
func (c *council) passOff() {
	d := &c.decisions[len(c.decisions)-1]
	d.File = path.Join(path.Dir(d.File), fmt.Sprintf("v%d-99.txt", c.a.Version))
}
