package agreement_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
)

// version makes the council's next decisions about another version of the agreement; at evaluates version 3 again.
func (c *council) version(n int) *council {
	c.t.Helper()
	text := strings.Replace(golden, "version: 3", "version: "+string(rune('0'+n)), 1)
	a, err := agreement.Parse("a.yaml", []byte(text), c.catalogue)
	if err != nil {
		c.t.Fatal(err)
	}
	c.a = a
	return c
}

func TestOtherVersions(t *testing.T) {
	const (
		dpo, owner = agreement.DPO, agreement.AssetOwner
		suspend    = agreement.Suspend
		resume     = agreement.Resume
		clear      = agreement.AdviseClear
		suspended  = "suspended DSA_SUSPENDED"
	)
	byOwner := func(c *council, verb agreement.Verb) *council { return c.stop("Owenasset-owner", owner, verb) }
	byDPO := func(c *council) *council { return c.stop("Doradpo", dpo, suspend) }
	for _, tc := range []struct {
		name string
		make func(c *council) // after version 3 was approved; it is evaluated at the end
		want string
	}{
		{"a later version suspended", func(c *council) { byDPO(c.version(4)) }, suspended},
		{"an earlier version suspended", func(c *council) { byOwner(c.version(2), suspend) }, suspended},
		{"a later version ended", func(c *council) { byOwner(c.version(4), agreement.Terminate) }, "terminated DSA_NOT_ACTIVE"},
		{"an earlier version ended", func(c *council) { byOwner(c.version(2), agreement.Terminate) }, "terminated DSA_NOT_ACTIVE"},
		{"a later version suspended by one who may not", func(c *council) {
			c.version(4).add("Suesubmitter", c.decision(dpo, suspend, "a reason"))
		}, "active"},
		{"a suspension of a later version that was tampered with", func(c *council) {
			byDPO(c.version(4))
			c.decisions[3].Statement = []byte(strings.Replace(string(c.decisions[3].Statement), "a reason", "b reason", 1))
		}, "active DSA_BAD_SIGNATURE"},
		{"a suspension of a later version that is not signed", func(c *council) {
			byDPO(c.version(4))
			c.decisions[3].Signature = nil
		}, "active"},
		{"the suspension of another agreement", func(c *council) {
			other := *c.a
			other.ID = "dsa-other"
			c.a = &other
			byDPO(c)
		}, "active"},
		{"a later version advised against, and a step of it forged", func(c *council) {
			c.version(4).advise(agreement.AdviseAgainst).add("Malloryasset-owner", c.decision(owner, agreement.Approve, ""))
		}, "active"},

		{"an earlier version suspended, this one resumed", func(c *council) {
			byOwner(byOwner(c.version(2), suspend).version(3), resume)
		}, "active"},
		{"a later version suspended and resumed", func(c *council) {
			byOwner(byOwner(c.version(4), suspend), resume)
		}, "active"},
		{"a later version suspended, this one resumed", func(c *council) {
			byOwner(byOwner(c.version(4), suspend).version(3), resume)
		}, suspended},
		{"this version suspended, an earlier one resumed", func(c *council) {
			byOwner(byOwner(c, suspend).version(2), resume)
		}, suspended},
		{"this version suspended, a later one resumed", func(c *council) {
			byOwner(byOwner(c, suspend).version(4), resume)
		}, "active"},
		{"two versions suspended, the earlier resumed", func(c *council) {
			byOwner(byOwner(byOwner(c, suspend).version(4), suspend).version(3), resume)
		}, suspended},
		{"a later version resumed before this one was suspended", func(c *council) {
			byOwner(byOwner(c.version(4), resume).version(3), suspend)
		}, suspended},
		{"a later version resumed by one who may not", func(c *council) {
			byOwner(c, suspend).version(4).add("Suesubmitter", c.decision(owner, resume, "a reason"))
		}, suspended},
		{"a later version resumed under other definitions", func(c *council) {
			byOwner(c, suspend).version(4)
			c.definitions[0] ^= 1
			byOwner(c, resume)
			c.definitions[0] ^= 1
		}, suspended},
		{"a later version resumed in the future", func(c *council) {
			byOwner(c, suspend).version(4)
			c.clock = noon.Add(time.Hour)
			byOwner(c, resume)
		}, suspended},

		{"suspended by the DPO, a later version resumed without advice", func(c *council) {
			byOwner(byDPO(c).version(4).submit(), resume)
		}, suspended},
		{"suspended by the DPO, a later version submitted, advised on and resumed", func(c *council) {
			byOwner(byDPO(c).version(4).submit().advise(clear), resume)
		}, "active"},
		{"suspended by the DPO, a later version advised on that nobody submitted", func(c *council) {
			byOwner(byDPO(c).version(4).advise(clear), resume)
		}, suspended},
		{"suspended by the DPO, a later version advised on and this one resumed", func(c *council) {
			byOwner(byDPO(c).version(4).submit().advise(clear).version(3), resume)
		}, suspended},
		{"suspended by the DPO, a later version advised on and another resumed", func(c *council) {
			byOwner(byDPO(c.version(4).submit().version(5).submit().version(3)).version(5).advise(clear).version(4), resume)
		}, suspended},
		{"suspended by the DPO, advised for and then against", func(c *council) {
			byOwner(byDPO(c).advise(clear).advise(agreement.AdviseAgainst), resume).approve("a reason")
		}, suspended},
		{"suspended by the DPO, advised for and then asked", func(c *council) {
			byOwner(byDPO(c).advise(clear).advise(agreement.AdviseQuery), resume).submit().advise(clear).approve("")
		}, suspended},
		{"suspended by the DPO, advised for a later version in time", func(c *council) {
			byOwner(byDPO(c.version(4).on(1, 15).submit().on(4, 2)).advise(clear), resume)
		}, "active"},
		{"suspended by the DPO, advised against and then for", func(c *council) {
			byOwner(byDPO(c).advise(agreement.AdviseAgainst).advise(clear), resume)
		}, "active"},
		{"suspended by the DPO, advised for a later version of which the submission had lapsed", func(c *council) {
			byDPO(c.version(4).on(1, 15).submit().on(4, 2)).advise(clear).on(4, 20)
			byOwner(c, resume)
		}, suspended},
		{"suspended by the DPO, a later version advised against and resumed", func(c *council) {
			byOwner(byDPO(c).version(4).submit().advise(agreement.AdviseAgainst), resume)
		}, suspended},
		{"suspended by the DPO, an earlier version advised on", func(c *council) {
			byOwner(byDPO(c).version(2).advise(clear).version(3), resume)
		}, suspended},
		{"a later version suspended by the DPO, advised on and resumed", func(c *council) {
			byOwner(byDPO(c.version(4).submit()).advise(clear), resume)
		}, "active"},
		{"a later version suspended by the DPO, this one advised on", func(c *council) {
			byOwner(byDPO(c.version(4)).version(3).advise(clear).version(4), resume)
		}, suspended},
		{"suspended by the DPO, a later version advised on by a forger", func(c *council) {
			byOwner(byDPO(c).version(4).submit().add("Malloryasset-owner", c.decision(dpo, clear, "")), resume)
		}, suspended},
		{"suspended by the DPO, advised on after it was resumed", func(c *council) {
			byOwner(byDPO(c).version(4).submit(), resume).advise(clear)
		}, suspended},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t)
			c.submit().advise(clear).approve("")
			tc.make(c)
			if got := c.version(3).at(noon); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// A decision holds when it is what it says, whether or not it counts.
func TestHolds(t *testing.T) {
	for _, tc := range []struct {
		name          string
		make          func(c *council)
		holds, counts bool
	}{
		{"sound", func(c *council) { c.submit() }, true, true},
		{"of another version", func(c *council) { c.version(4).submit().version(3) }, true, false},
		{"of changed bytes", func(c *council) {
			changed := *c.a
			changed.SHA256[0] ^= 1
			was := c.a
			c.a = &changed
			c.submit()
			c.a = was
		}, true, false},
		{"made too early", func(c *council) { c.approve("") }, true, false},
		{"submitter's key on an owner's approval", func(c *council) {
			c.add("Suesubmitter", c.decision(agreement.AssetOwner, agreement.Approve, ""))
		}, false, false},
		{"DPO's key on an owner's suspension", func(c *council) {
			c.add("Doradpo", c.decision(agreement.AssetOwner, agreement.Suspend, "a reason"))
		}, false, false},
		{"submitter's key on an owner's approval of another version", func(c *council) {
			c.version(4).add("Suesubmitter", c.decision(agreement.AssetOwner, agreement.Approve, "")).version(3)
		}, false, false},
		{"a stranger's key", func(c *council) { c.add("Mallory", c.decision(agreement.Submitter, agreement.Submit, "")) }, false, false},
		{"other bytes", func(c *council) {
			c.submit()
			c.decisions[0].Statement = append([]byte(nil), c.decisions[0].Statement...)
			c.decisions[0].Statement[len(c.decisions[0].Statement)-2] ^= 1 // of the nonce
		}, false, false},
		{"not signed", func(c *council) { c.submit(); c.decisions[0].Signature = nil }, false, false},
		{"no decision", func(c *council) { c.submit(); c.decisions[0].Statement = []byte("x") }, false, false},
		{"before the key was valid", func(c *council) {
			c.clock = firstDay.Add(-48 * time.Hour)
			c.submit()
		}, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t, "Sue submitter,valid_from: 2026-04-01", "Dora dpo", "Owen asset-owner")
			tc.make(c)
			got := agreement.Evaluate(c.a, c.definitions, c.roles, c.decisions, noon).Decisions[0]
			if got.Holds != tc.holds || got.Counts != tc.counts || got.Counts == (got.Why != "") {
				t.Errorf("holds %v, counts %v: %s", got.Holds, got.Counts, got.Why)
			}
		})
	}
}
