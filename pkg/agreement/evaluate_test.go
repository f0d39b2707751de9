package agreement_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

func TestDecisions(t *testing.T) {
	const (
		noDecision = "SIGNATURE_MISSING DPO_ADVICE_MISSING SIGNATURE_MISSING"
		clear      = agreement.AdviseClear
	)
	for _, tc := range []struct {
		name string
		make func(c *council)
		want string
	}{
		{"nothing", func(*council) {}, "draft " + noDecision},
		{"submitted", func(c *council) { c.submit() }, "submitted DPO_ADVICE_MISSING SIGNATURE_MISSING"},
		{"advised", func(c *council) { c.submit().advise(clear) }, "submitted SIGNATURE_MISSING"},
		{"approved", func(c *council) { c.submit().advise(clear).approve("") }, "active"},
		{"approved by the SIRO", func(c *council) {
			c.submit().advise(clear).add("Sidsiro", c.decision(agreement.SIRO, agreement.Approve, ""))
		}, "active"},
		{"in any order of files", func(c *council) { c.submit().advise(clear).approve(""); slices.Reverse(c.decisions) }, "active"},
		{"stored twice", func(c *council) {
			c.submit().advise(clear).approve("")
			c.decisions = append(c.decisions, c.decisions...)
		}, "active"},
		{"all in one second", func(c *council) {
			for _, d := range []func() *council{c.submit, func() *council { return c.advise(clear) }, func() *council { return c.approve("") }} {
				c.clock = firstDay
				d()
			}
			slices.Reverse(c.decisions)
		}, "active"},
		{"not submitted", func(c *council) { c.advise(clear).approve("") }, "draft SIGNATURE_MISSING DPO_ADVICE_MISSING"},
		{"not advised", func(c *council) { c.submit().approve("") }, "submitted DPO_ADVICE_MISSING"},
		{"submitted after the approval", func(c *council) { c.advise(clear).approve("").submit() }, "submitted DPO_ADVICE_MISSING"},
		{"advised before it was submitted", func(c *council) { c.advise(clear).submit().approve("") }, "submitted DPO_ADVICE_MISSING"},
		{"submitted again after the advice", func(c *council) { c.submit().advise(clear).submit().approve("") }, "active"},
		{"advised after the approval", func(c *council) { c.submit().approve("").advise(clear) }, "submitted SIGNATURE_MISSING"},
		{"advised and approved again", func(c *council) { c.submit().approve("").advise(clear).approve("") }, "active"},
		{"conditions", func(c *council) { c.submit().advise(agreement.AdviseWithConditions).approve("how they are met") }, "active"},
		{"conditions, and not how they are met", func(c *council) { c.submit().advise(agreement.AdviseWithConditions).approve("") }, "submitted SIGNATURE_MISSING"},
		{"query", func(c *council) { c.submit().advise(agreement.AdviseQuery).approve("") }, "draft DPO_ADVICE_MISSING"},
		{"query, and submitted again", func(c *council) { c.submit().advise(agreement.AdviseQuery).submit() }, "submitted DPO_ADVICE_MISSING SIGNATURE_MISSING"},
		{"query, submitted again and approved", func(c *council) { c.submit().advise(agreement.AdviseQuery).submit().approve("") }, "submitted DPO_ADVICE_MISSING"},
		{"query, submitted again and advised on", func(c *council) { c.submit().advise(agreement.AdviseQuery).submit().advise(clear).approve("") }, "active"},
		{"query, and advised against", func(c *council) { c.submit().advise(agreement.AdviseQuery).advise(agreement.AdviseAgainst) }, "submitted SIGNATURE_MISSING"},
		{"query settled", func(c *council) { c.submit().advise(agreement.AdviseQuery).advise(clear).approve("") }, "active"},
		{"query after the approval", func(c *council) { c.submit().advise(clear).approve("").advise(agreement.AdviseQuery) }, "draft DPO_ADVICE_MISSING"},
		{"query after the approval, and settled", func(c *council) {
			c.submit().advise(clear).approve("").advise(agreement.AdviseQuery).advise(clear)
		}, "active"},
		{"against, with a reason", func(c *council) { c.submit().advise(agreement.AdviseAgainst).approve("the owner's reason") }, "active"},
		{"against, without", func(c *council) { c.submit().advise(agreement.AdviseAgainst).approve("") }, "submitted SIGNATURE_MISSING"},
		{"against after the approval", func(c *council) { c.submit().advise(clear).approve("a reason").advise(agreement.AdviseAgainst) }, "submitted SIGNATURE_MISSING"},
		{"conditions after the approval", func(c *council) { c.submit().advise(clear).approve("").advise(agreement.AdviseWithConditions) }, "submitted SIGNATURE_MISSING"},
		{"clear after the approval", func(c *council) { c.submit().advise(agreement.AdviseWithConditions).approve("met").advise(clear) }, "active"},
		{"clear after an approval against", func(c *council) { c.submit().advise(agreement.AdviseAgainst).approve("").advise(clear) }, "submitted SIGNATURE_MISSING"},

		{"suspended by the DPO", func(c *council) {
			c.submit().advise(clear).approve("").stop("Doradpo", agreement.DPO, agreement.Suspend)
		}, "suspended DSA_SUSPENDED"},
		{"suspended by the owner and resumed", func(c *council) {
			c.submit().advise(clear).approve("").stop("Owenasset-owner", agreement.AssetOwner, agreement.Suspend).stop("Sidsiro", agreement.SIRO, agreement.Resume)
		}, "active"},
		{"suspended by the DPO and resumed without advice", func(c *council) {
			c.submit().advise(clear).approve("").stop("Doradpo", agreement.DPO, agreement.Suspend).stop("Sidsiro", agreement.SIRO, agreement.Resume)
		}, "suspended DSA_SUSPENDED"},
		{"suspended by the DPO and resumed with advice", func(c *council) {
			c.submit().advise(clear).approve("").stop("Doradpo", agreement.DPO, agreement.Suspend).advise(clear).stop("Sidsiro", agreement.SIRO, agreement.Resume)
		}, "active"},
		{"suspended after it was resumed", func(c *council) {
			c.submit().advise(clear).approve("").stop("Sidsiro", agreement.SIRO, agreement.Resume).stop("Sidsiro", agreement.SIRO, agreement.Suspend)
		}, "suspended DSA_SUSPENDED"},
		{"suspended before it was approved", func(c *council) {
			c.submit().stop("Doradpo", agreement.DPO, agreement.Suspend).advise(clear).approve("")
		}, "suspended DSA_SUSPENDED"},
		{"terminated", func(c *council) {
			c.submit().advise(clear).approve("").stop("Sidsiro", agreement.SIRO, agreement.Terminate).stop("Sidsiro", agreement.SIRO, agreement.Resume)
		}, "terminated DSA_NOT_ACTIVE"},

		{"signed by another's key", func(c *council) {
			c.submit().advise(clear).add("Malloryasset-owner", c.decision(agreement.AssetOwner, agreement.Approve, ""))
		}, "submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING"},
		{"submitter's key in the owner's role", func(c *council) {
			c.submit().advise(clear).add("Suesubmitter", c.decision(agreement.AssetOwner, agreement.Approve, ""))
		}, "submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING"},
		{"owner's key in the DPO's role", func(c *council) {
			c.submit().add("Owenasset-owner", c.decision(agreement.DPO, clear, "")).approve("")
		}, "submitted DSA_BAD_SIGNATURE DPO_ADVICE_MISSING"},
		{"signature of another statement", func(c *council) {
			c.submit().advise(clear).approve("")
			c.decisions[2].Signature = c.decisions[1].Signature
		}, "submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING"},
		{"not signed", func(c *council) { c.submit().advise(clear).approve(""); c.decisions[2].Signature = nil }, "submitted SIGNATURE_MISSING"},
		{"replayed from another version", func(c *council) {
			old := *c.a
			old.Version--
			c.submit().advise(clear)
			c.a = &old
			c.approve("")
			c.a, _ = agreement.Parse("a.yaml", []byte(golden), c.catalogue)
			c.passOff()
		}, "submitted DECISION_OTHER_VERSION SIGNATURE_MISSING"},
		{"replayed from another agreement", func(c *council) {
			other := *c.a
			other.ID = "dsa-other"
			c.submit().advise(clear)
			c.a = &other
			c.approve("")
			c.a, _ = agreement.Parse("a.yaml", []byte(golden), c.catalogue)
		}, "submitted SIGNATURE_MISSING"},
		{"a byte of the agreement changed", func(c *council) {
			c.submit().advise(clear).approve("")
			c.a, _ = agreement.Parse("a.yaml", []byte(golden+"#"), c.catalogue)
		}, "draft DSA_BAD_SIGNATURE " + noDecision},
		{"a byte of the agreement changed, and all decided again", func(c *council) {
			c.submit().advise(clear).approve("")
			c.a, _ = agreement.Parse("a.yaml", []byte(golden+"#"), c.catalogue)
			c.submit().advise(clear).approve("")
		}, "active"},
		{"definitions changed", func(c *council) {
			c.submit().advise(clear).approve("")
			c.definitions[31] ^= 1
		}, "draft DSA_BAD_SIGNATURE " + noDecision},
		{"a suspension outlives a changed byte", func(c *council) {
			c.stop("Doradpo", agreement.DPO, agreement.Suspend)
			c.a, _ = agreement.Parse("a.yaml", []byte(golden+"#"), c.catalogue)
			c.definitions[0] ^= 1
			c.submit().advise(clear).approve("")
		}, "suspended DSA_SUSPENDED"},
		{"a suspension that was tampered with", func(c *council) {
			c.submit().advise(clear).approve("").stop("Doradpo", agreement.DPO, agreement.Suspend)
			c.decisions[3].Statement = []byte(strings.Replace(string(c.decisions[3].Statement), "a reason", "b reason", 1))
		}, "active DSA_BAD_SIGNATURE"},
		{"a file that is no decision", func(c *council) {
			c.submit().advise(clear).approve("").stop("Doradpo", agreement.DPO, agreement.Suspend)
			c.decisions[3].Statement = []byte("postern-decision v1\n")
		}, "active DSA_BAD_SIGNATURE"},
		{"a suspension by one who may not", func(c *council) {
			c.submit().advise(clear).approve("").add("Suesubmitter", c.decision(agreement.DPO, agreement.Suspend, "a reason"))
		}, "active"},
		{"dated in the future", func(c *council) {
			c.submit().advise(clear)
			c.clock = noon.Add(time.Hour)
			c.approve("")
		}, "submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING"},
		{"dated a little ahead", func(c *council) {
			c.submit().advise(clear)
			c.clock = noon.Add(time.Minute - time.Hour)
			c.approve("")
		}, "active"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t)
			tc.make(c)
			if got := c.at(noon); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// No roles file gives one person two of the three roles. Were one person to sign as two, somebody else has to approve.
func TestThreePeople(t *testing.T) {
	c := newCouncil(t, "Sue submitter", "Sal siro", "Dora dpo", "Dino siro", "Owen asset-owner").renamed("Sal", "Sue").renamed("Dino", "Dora")
	c.submit().advise(agreement.AdviseClear)
	for _, signer := range []string{"Salsiro", "Dinosiro"} {
		c.add(signer, c.decision(agreement.SIRO, agreement.Approve, ""))
		if got := c.at(noon); got != "submitted TWO_PERSON_REQUIRED" {
			t.Errorf("approved with %s: %s", signer, got)
		}
	}
	if got := c.approve("").at(noon); got != "active" {
		t.Errorf("approved by a third person: %s", got)
	}
}

func TestPeriod(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Skip("no time zone data: ", err)
	}
	c := newCouncil(t)
	c.clock = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c.submit().advise(agreement.AdviseClear).approve("")
	c.a.Period.ShareFrom, c.a.Period.ShareTo = civil.MustYMD(2026, 4, 1), civil.MustYMD(2028, 7, 31)
	for _, tc := range []struct {
		now  time.Time
		want string
	}{
		{time.Date(2026, 3, 20, 12, 0, 0, 0, london), "approved DSA_NOT_STARTED"},
		{time.Date(2026, 3, 31, 23, 59, 59, 0, london), "approved DSA_NOT_STARTED"},
		{time.Date(2026, 3, 31, 22, 59, 59, 0, time.UTC), "approved DSA_NOT_STARTED"},
		{time.Date(2026, 3, 31, 23, 0, 0, 0, time.UTC), "active"}, // midnight, British Summer Time
		{time.Date(2026, 4, 1, 0, 0, 0, 0, london), "active"},
		{time.Date(2028, 7, 31, 23, 59, 59, 999, london), "active"},
		{time.Date(2028, 7, 31, 22, 59, 59, 0, time.UTC), "active"},
		{time.Date(2028, 7, 31, 23, 0, 0, 0, time.UTC), "expired DSA_EXPIRED"},
		{time.Date(2028, 8, 1, 0, 0, 0, 0, london), "expired DSA_EXPIRED"},
		{time.Date(2099, 1, 1, 0, 0, 0, 0, london), "expired DSA_EXPIRED"},
	} {
		if got := c.at(tc.now); got != tc.want {
			t.Errorf("at %s: got %s, want %s", tc.now, got, tc.want)
		}
	}
	c.a.Period.ShareTo = civil.MustYMD(2028, 12, 31)
	for now, want := range map[time.Time]string{
		time.Date(2028, 12, 31, 23, 59, 59, 0, time.UTC): "active",
		time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC):      "expired DSA_EXPIRED",
	} {
		if got := c.at(now); got != want {
			t.Errorf("at %s: got %s, want %s", now, got, want)
		}
	}
	status := agreement.Evaluate(c.a, c.definitions, c.roles, nil, time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC))
	if got := status.Permit().Error(); got != "DSA_EXPIRED: the agreement ended on 31 December 2028" {
		t.Errorf("sentence: %s", got)
	}
	if finding.HintOf(status.Permit()) == "" {
		t.Error("the refusal does not say what to do")
	}
	for _, now := range []time.Time{{}, time.Unix(1<<40, 0)} {
		err := agreement.Evaluate(c.a, c.definitions, c.roles, c.decisions, now).Permit()
		var refusal *finding.Refusal
		if err == nil || errors.As(err, &refusal) {
			t.Errorf("a clock at %s is no failure: %v", now, err)
		}
	}
}

func TestKeyValidity(t *testing.T) {
	c := newCouncil(t, "Sue submitter", "Dora dpo", "Owen asset-owner,valid_from: 2026-04-02, valid_to: 2026-04-03")
	for _, tc := range []struct {
		at    time.Time
		valid bool
	}{
		{time.Date(2026, 4, 1, 22, 59, 59, 0, time.UTC), false},
		{time.Date(2026, 4, 1, 23, 0, 0, 0, time.UTC), true}, // midnight, British Summer Time
		{time.Date(2026, 4, 3, 22, 59, 59, 0, time.UTC), true},
		{time.Date(2026, 4, 3, 23, 0, 0, 0, time.UTC), false},
	} {
		c.decisions, c.clock = nil, firstDay
		c.submit().advise(agreement.AdviseClear)
		c.clock = tc.at.Add(-time.Hour)
		want := "submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING"
		if tc.valid {
			want = "active"
		}
		c.approve("").decisions[2].Recorded = tc.at
		if got := c.at(noon); got != want {
			t.Errorf("approved at %s: got %s, want %s", tc.at, got, want)
		}
	}
}

// One changed byte in a statement or its signature, wherever it is, and the decision does not count.
func TestEveryByte(t *testing.T) {
	c := newCouncil(t)
	c.submit().advise(agreement.AdviseClear).approve("")
	sound := c.decisions[2]
	for _, which := range []string{"statement", "signature"} {
		data := sound.Statement
		if which == "signature" {
			data = sound.Signature
		}
		for i := range data {
			changed := slices.Clone(data)
			changed[i] ^= 1
			c.decisions[2] = agreement.SignedDecision{File: sound.File, Statement: changed, Signature: sound.Signature}
			if which == "signature" {
				c.decisions[2].Statement, c.decisions[2].Signature = sound.Statement, changed
			}
			if got := c.at(noon); got == "active" {
				t.Fatalf("byte %d of the %s changed: still %s", i, which, got)
			}
		}
	}
}

// One changed byte of the agreement, where it still is one, makes every decision void.
func TestEveryByteOfTheAgreement(t *testing.T) {
	c := newCouncil(t)
	c.submit().advise(agreement.AdviseClear).approve("")
	read := 0
	for i := 0; i < len(golden); i += 29 {
		for _, with := range []byte{golden[i] ^ 1, golden[i] ^ 32, ' '} {
			changed := []byte(golden)
			changed[i] = with
			a, err := agreement.Parse("a.yaml", changed, c.catalogue)
			if err != nil || with == golden[i] {
				continue
			}
			read++
			status := agreement.Evaluate(a, c.definitions, c.roles, c.decisions, noon)
			if status.Permit() == nil || status.State == agreement.Active {
				t.Fatalf("byte %d changed: still %s", i, status.State)
			}
		}
	}
	if read < 15 {
		t.Errorf("only %d changed files were agreements", read)
	}
}

func TestConsidered(t *testing.T) {
	c := newCouncil(t)
	c.submit().advise(agreement.AdviseClear)
	c.add("Malloryasset-owner", c.decision(agreement.AssetOwner, agreement.Approve, "")).approve("")
	status := agreement.Evaluate(c.a, c.definitions, c.roles, c.decisions, noon)
	if len(status.Decisions) != 4 || status.State != agreement.Active {
		t.Fatalf("%+v", status)
	}
	forged, approved := status.Decisions[2], status.Decisions[3]
	if forged.Holds || !approved.Holds {
		t.Errorf("holds: forged %v, approved %v", forged.Holds, approved.Holds)
	}
	if forged.Counts || forged.Why != "it is signed by a key that holds no role" || forged.Name != "" {
		t.Errorf("forged: %+v", forged)
	}
	if !approved.Counts || approved.Name != "Owen" || approved.Why != "" ||
		approved.Fingerprint != signature.Fingerprint(key(t, "Owenasset-owner").PublicKey()) {
		t.Errorf("approved: %+v", approved)
	}
}
