package agreement_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/signature"
)

// recorded says that the register has the last decision, from a day on, by the signature that it has now.
func (c *council) recorded(month time.Month, day int, signer string) *council {
	d := &c.decisions[len(c.decisions)-1]
	d.Recorded = time.Date(2026, month, day, 9, 0, 0, 0, time.UTC)
	d.RecordedSigner, d.RecordedName = signature.Fingerprint(key(c.t, signer).PublicKey()), "Whoever"
	return c
}

// staffed has the roles file be another.
func (c *council) staffed(people ...string) *council {
	c.t.Helper()
	var err error
	if c.roles, err = agreement.ParseRoles("roles.yaml", []byte(rolesText(c.t, people...))); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// No roles file lifts what the register had stopped: only a resumption does.
func TestRecordedStops(t *testing.T) {
	rest := []string{"Sue submitter", "Dan dpo", "Olga asset-owner"}
	again := func(c *council, reason string) *council { // by those who are left
		c.on(5, 20).submit()
		c.add("Dandpo", c.decision(agreement.DPO, agreement.AdviseClear, ""))
		return c.add("Olgaasset-owner", c.decision(agreement.AssetOwner, agreement.Approve, reason))
	}
	for _, stop := range []struct {
		signer, as string
		role       agreement.Role
		verb       agreement.Verb
		want       string
	}{
		{"Doradpo", "Dora dpo", agreement.DPO, agreement.Suspend, "suspended DSA_SUSPENDED"},
		{"Owenasset-owner", "Owen asset-owner", agreement.AssetOwner, agreement.Suspend, "suspended DSA_SUSPENDED"},
		{"Owenasset-owner", "Owen asset-owner", agreement.AssetOwner, agreement.Terminate, "terminated DSA_NOT_ACTIVE"},
	} {
		for name, entry := range map[string]string{
			"gone": "", "over": ",valid_to: 2026-04-30", "to come": ",valid_from: 2026-05-10", "revoked": ",revoked: 2026-04-01", "untrained": ",trained_until: 2026-04-01",
		} {
			t.Run(fmt.Sprintf("%s by %s, %s", stop.verb, stop.as, name), func(t *testing.T) {
				c := newCouncil(t).on(5, 2).stop(stop.signer, stop.role, stop.verb).recorded(5, 2, stop.signer)
				people := rest
				if entry != "" {
					people = append(people, stop.as+entry)
				}
				if got := again(c.staffed(people...), "").at(noon); got != stop.want {
					t.Errorf("got  %s\nwant %s", got, stop.want)
				}
				if d := c.evaluated(noon).Decisions[0]; !d.Holds || !d.Counts || d.Name != "Whoever" {
					t.Errorf("%+v", d)
				}
				if stop.verb == agreement.Terminate {
					return
				}
				c.stop("Olgaasset-owner", agreement.AssetOwner, agreement.Resume)
				if got := c.at(noon); got != "active" {
					t.Errorf("resumed: %s", got)
				}
			})
		}
	}
	// The key of another role.
	c := newCouncil(t).on(5, 2).stop("Doradpo", agreement.DPO, agreement.Suspend).recorded(5, 2, "Doradpo")
	again(c.staffed(rest...), "")
	for i := range c.roles.People {
		if p := &c.roles.People[i]; p.Name == "Sue" {
			sue := *p
			sue.Name, sue.Role, sue.Key = "Dora", agreement.SIRO, key(t, "Doradpo").PublicKey()
			c.roles.People = append(c.roles.People, sue)
		}
	}
	if got := c.at(noon); got != "suspended DSA_SUSPENDED" {
		t.Errorf("in another role: %s", got)
	}
}

// What the register knows is a statement under one signature, and nothing else is.
func TestRecordedOtherwise(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(c *council)
		want string
	}{
		{"signed by another since", func(c *council) {
			c.add("Mallory", c.decision(agreement.DPO, agreement.Suspend, "a reason")).recorded(5, 2, "Doradpo")
		}, "active DSA_BAD_SIGNATURE"},
		{"not signed any more", func(c *council) {
			c.stop("Doradpo", agreement.DPO, agreement.Suspend).recorded(5, 2, "Doradpo").decisions[3].Signature = nil
		}, "active"}, // the register says that it was taken away
		{"an approval", func(c *council) {
			c.advise(agreement.AdviseWithConditions).add("Mallory", c.decision(agreement.AssetOwner, agreement.Approve, "met")).recorded(5, 2, "Mallory")
		}, "submitted SIGNATURE_MISSING"},
		{"not recorded, by one who left", func(c *council) {
			c.stop("Dandpo", agreement.DPO, agreement.Suspend)
		}, "active DSA_BAD_SIGNATURE"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t, "Sue submitter", "Dora dpo", "Owen asset-owner").submit().advise(agreement.AdviseClear).approve("")
			tc.make(c)
			if got := c.at(noon); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// A statement can be given any date. What is signed with a key whose last day is over counts when the register had it by
// that day.
func TestLeaver(t *testing.T) {
	const missing = "submitted DSA_BAD_SIGNATURE SIGNATURE_MISSING"
	last := time.Date(2026, 4, 30, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name     string
		recorded time.Time
		now      time.Time
		want     string
	}{
		{"never recorded", time.Time{}, noon, missing},
		{"recorded a day late", last.Add(24 * time.Hour), noon, missing},
		{"recorded after midnight, British Summer Time", last.Add(23 * time.Hour), noon, missing},
		{"recorded on the last day", last.Add(23*time.Hour - time.Second), noon, "active"},
		{"not recorded, on the last day", time.Time{}, last.Add(23*time.Hour - time.Second), "active"},
		{"not recorded, the day after", time.Time{}, last.Add(23 * time.Hour), missing},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t, "Sue submitter", "Dora dpo", "Owen asset-owner,valid_to: 2026-04-30").submit().advise(agreement.AdviseClear).approve("")
			c.decisions[2].Recorded = tc.recorded
			if got := c.at(tc.now); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			_, err := agreement.Hold(c.a, c.definitions, c.roles, agreement.SignedDecision{File: "x", Statement: c.decisions[2].Statement, Signature: c.decisions[2].Signature}, tc.now)
			if late := tc.now.Equal(noon) || tc.now.Equal(last.Add(23*time.Hour)); (err != nil) != late {
				t.Errorf("stored at %s: %v", tc.now, err)
			}
		})
	}
	// A suspension that may have been made in time, and of which nobody can tell, refuses, as one by a revoked key does.
	c := newCouncil(t, "Sue submitter", "Dan dpo", "Dora dpo,valid_to: 2026-04-30", "Owen asset-owner").submit()
	c.add("Dandpo", c.decision(agreement.DPO, agreement.AdviseClear, "")).approve("").stop("Doradpo", agreement.DPO, agreement.Suspend)
	if got := c.at(noon); got != "active DSA_BAD_SIGNATURE" {
		t.Error(got)
	}
}

// Nobody lets go on what they submitted themselves.
func TestResumedBySubmitter(t *testing.T) {
	for _, version := range []int{3, 4} {
		c := newCouncil(t, "Sue submitter", "Sal siro", "Dora dpo", "Owen asset-owner", "Sid siro").renamed("Sal", "Sue")
		c.submit().advise(agreement.AdviseClear).approve("").stop("Owenasset-owner", agreement.AssetOwner, agreement.Suspend)
		if version == 4 {
			c.version(4).submit().decisions = append(c.decisions[1:], c.decisions[0])
			c.version(3)
		}
		c.stop("Salsiro", agreement.SIRO, agreement.Resume)
		if got := c.at(noon); got != "suspended DSA_SUSPENDED" {
			t.Errorf("resumed by who submitted version %d: %s", version, got)
		}
		decisions := c.evaluated(noon).Decisions
		if why := decisions[len(decisions)-1].Why; why != "it is by a person who submitted the agreement" {
			t.Error(why)
		}
		if got := c.stop("Sidsiro", agreement.SIRO, agreement.Resume).at(noon); got != "active" {
			t.Errorf("resumed by another: %s", got)
		}
	}
}

// A folder among the decisions is none, whatever it is called.
func TestFoldersAmongDecisions(t *testing.T) {
	c := newCouncil(t).submit()
	in := "decisions/" + c.a.ID + "/"
	got, err := agreement.LoadDecisions(fstest.MapFS{
		in + "x.txt/y":     {Data: []byte("y")},
		in + "a.txt":       {Data: c.decisions[0].Statement},
		in + "a.txt.sig/z": {Data: []byte("z")},
	}, c.a.ID)
	if err != nil || len(got) != 1 || got[0].File != in+"a.txt" || got[0].Signature != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// An agreement whose file is not at hand is stopped in the newest version that somebody decided on.
func TestLastNamed(t *testing.T) {
	c := newCouncil(t).submit()
	old := c.a.SHA256
	c.version(4).submit()
	c.version(3).submit()
	c.decisions = append(c.decisions, agreement.SignedDecision{Statement: []byte("none")})
	got := agreement.LastNamed(c.decisions, c.a.ID)
	if got == nil || got.ID != c.a.ID || got.Version != 4 || got.SHA256 == old {
		t.Errorf("%+v", got)
	}
	if got := agreement.LastNamed(c.decisions, "dsa-other"); got != nil {
		t.Errorf("%+v", got)
	}
}
