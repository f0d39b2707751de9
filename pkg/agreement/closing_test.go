package agreement_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
)

func TestClosing(t *testing.T) {
	const (
		owner, siro, dpo    = agreement.AssetOwner, agreement.SIRO, agreement.DPO
		start, note, closes = agreement.StartClosing, agreement.NoteClosure, agreement.Close
	)
	by := func(c *council, signer string, role agreement.Role, verbs ...agreement.Verb) {
		for _, v := range verbs {
			c.stop(signer, role, v)
		}
	}
	for _, tc := range []struct {
		name string
		make func(c *council) // after it was approved on 1 April; its last day is 30 April, and the clock stands on 4 May
		want string
		why  string // of the last decision, when it does not count
	}{
		{"expired", func(*council) {}, "expired DSA_EXPIRED", ""},
		{"started", func(c *council) { by(c, "Owenasset-owner", owner, start) }, "closing DSA_EXPIRED DSA_NOT_ACTIVE", ""},
		{"noted", func(c *council) { by(c, "Owenasset-owner", owner, start); by(c, "Doradpo", dpo, note) }, "closing DSA_EXPIRED DSA_NOT_ACTIVE", ""},
		{"closed", func(c *council) {
			by(c, "Owenasset-owner", owner, start)
			by(c, "Doradpo", dpo, note)
			by(c, "Owenasset-owner", owner, closes)
		}, "closed DSA_EXPIRED DSA_NOT_ACTIVE", ""},
		{"closed by the SIRO", func(c *council) {
			by(c, "Owenasset-owner", owner, start)
			by(c, "Doradpo", dpo, note)
			by(c, "Sidsiro", siro, closes)
		}, "closed DSA_EXPIRED DSA_NOT_ACTIVE", ""},
		{"closed, and something else later", func(c *council) {
			by(c, "Owenasset-owner", owner, start)
			by(c, "Doradpo", dpo, note)
			by(c, "Owenasset-owner", owner, closes, start)
			c.submit().advise(agreement.AdviseClear).approve("")
		}, "closed DSA_EXPIRED DSA_NOT_ACTIVE", ""},
		{"not started", func(c *council) { by(c, "Doradpo", dpo, note) }, "expired DSA_EXPIRED", "the closing had not been started when it was made"},
		{"closed without being started", func(c *council) { by(c, "Doradpo", dpo, note); by(c, "Sidsiro", siro, closes) },
			"expired DSA_EXPIRED", "the closing had not been started when it was made"},
		{"not noted", func(c *council) { by(c, "Owenasset-owner", owner, start, closes) },
			"closing DSA_EXPIRED DSA_NOT_ACTIVE", "the data protection officer had not noted the closure when it was made"},
		{"noted before it was started", func(c *council) {
			by(c, "Doradpo", dpo, note)
			by(c, "Owenasset-owner", owner, start, closes)
		}, "closing DSA_EXPIRED DSA_NOT_ACTIVE", "the data protection officer had not noted the closure when it was made"},
		{"closed by who noted it", func(c *council) {
			by(c, "Owenasset-owner", owner, start)
			by(c, "Danadpo", dpo, note)
			by(c, "Dinosiro", siro, closes)
		}, "closing DSA_EXPIRED DSA_NOT_ACTIVE", "it is by the person who noted the closure"},
		{"closed by one of two who noted it", func(c *council) {
			by(c, "Owenasset-owner", owner, start)
			by(c, "Danadpo", dpo, note)
			by(c, "Doradpo", dpo, note)
			by(c, "Dinosiro", siro, closes)
		}, "closed DSA_EXPIRED DSA_NOT_ACTIVE", ""},
		{"under other definitions", func(c *council) {
			c.definitions[0] ^= 1
			by(c, "Owenasset-owner", owner, start)
			c.definitions[0] ^= 1
		}, "closing DSA_EXPIRED DSA_NOT_ACTIVE", ""},
		{"of changed bytes", func(c *council) {
			was := *c.a
			c.a.SHA256[0] ^= 1
			by(c, "Owenasset-owner", owner, start)
			*c.a = was
		}, "expired DSA_EXPIRED", "the agreement was changed after it"},
		{"of another version", func(c *council) {
			was := *c.a
			c.a.Version++
			by(c, "Owenasset-owner", owner, start)
			*c.a = was
		}, "expired DSA_EXPIRED", "it is about version 4"},
		{"by a stranger", func(c *council) { by(c, "Mallory", owner, start) }, "expired DSA_EXPIRED", "it is signed by a key that holds no role"},
		{"on its last day", func(c *council) {
			c.clock = time.Date(2026, 4, 30, 21, 59, 0, 0, time.UTC)
			by(c, "Owenasset-owner", owner, start)
		}, "expired DSA_EXPIRED", "the agreement had neither expired nor been terminated when it was made"},
		{"terminated on its last day", func(c *council) {
			c.clock = time.Date(2026, 4, 30, 10, 0, 0, 0, time.UTC)
			by(c, "Owenasset-owner", owner, agreement.Terminate, start)
		}, "closing DSA_EXPIRED DSA_NOT_ACTIVE DSA_NOT_ACTIVE", ""},
		{"before it was terminated", func(c *council) {
			c.clock = time.Date(2026, 4, 30, 10, 0, 0, 0, time.UTC)
			by(c, "Owenasset-owner", owner, start, agreement.Terminate)
		}, "terminated DSA_EXPIRED DSA_NOT_ACTIVE", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t, "Sue submitter", "Dora dpo", "Dana dpo", "Dino siro", "Owen asset-owner", "Sid siro").renamed("Dino", "Dana")
			c.submit().advise(agreement.AdviseClear).approve("")
			c.a.Period.ShareTo = civil.MustYMD(2026, 4, 30)
			c.on(5, 4)
			tc.make(c)
			if got := c.at(noon); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			decisions := c.evaluated(noon).Decisions
			if last := decisions[len(decisions)-1]; last.Why != tc.why || last.Counts != (tc.why == "") {
				t.Errorf("%s: counts %v: %q, want %q", last.Decision.Verb, last.Counts, last.Why, tc.why)
			}
		})
	}
}

// The register records by whom and why an agreement moved.
func TestMoved(t *testing.T) {
	const clear = agreement.AdviseClear
	for _, tc := range []struct {
		name string
		make func(c *council)
		from agreement.State
		want string // state, by whom, why
	}{
		{"new", func(*council) {}, "", "draft: : nobody has submitted it"},
		{"submitted", func(c *council) { c.submit().advise(clear) }, agreement.Draft, "submitted: Sue: it was submitted"},
		{"queried", func(c *council) { c.submit().advise(agreement.AdviseQuery) }, agreement.Submitted, "draft: Dora: the data protection officer has a query"},
		{"settled", func(c *council) { c.submit().advise(agreement.AdviseQuery).advise(clear) }, agreement.Draft, "submitted: Dora: the data protection officer answered"},
		{"approved", func(c *council) { c.submit().advise(clear).approve("") }, agreement.Submitted, "active: Owen: it was approved"},
		{"begun", func(c *council) { c.submit().advise(clear).approve("") }, agreement.Approved, "active: : its first day, 1 April 2026, has come"},
		{"conditions", func(c *council) { c.submit().advise(clear).approve("").advise(agreement.AdviseWithConditions) }, agreement.Active, "submitted: Dora: the data protection officer answered"},
		{"suspended", func(c *council) {
			c.submit().advise(clear).approve("").stop("Doradpo", agreement.DPO, agreement.Suspend)
		}, agreement.Active, "suspended: Dora: it was suspended"},
		{"resumed", func(c *council) {
			c.submit().advise(clear).approve("").stop("Sidsiro", agreement.SIRO, agreement.Suspend).stop("Owenasset-owner", agreement.AssetOwner, agreement.Resume)
		}, agreement.Suspended, "active: Owen: it was resumed"},
		{"terminated", func(c *council) {
			c.submit().advise(clear).approve("").stop("Sidsiro", agreement.SIRO, agreement.Terminate)
		}, agreement.Active, "terminated: Sid: it was ended for good"},
		{"changed", func(c *council) {
			c.submit().advise(clear).approve("")
			c.definitions[0] ^= 1
		}, agreement.Active, "draft: : the agreement or the dataset definitions were changed after the decisions on it"},
		{"nobody of them any more", func(c *council) {
			c.submit().advise(clear).approve("")
			c.roles, _ = agreement.ParseRoles("roles.yaml", []byte(rolesText(c.t, "Ada submitter", "Dom dpo", "Olga asset-owner")))
		}, agreement.Active, "draft: : " + agreement.NoLongerCount},
		{"expired", func(c *council) { c.a.Period.ShareTo = civil.MustYMD(2026, 4, 30) }, agreement.Active, "expired: : its last day, 30 April 2026, is over"},
		{"lapsed", func(c *council) { c.clock = noon.AddDate(0, -4, 0); c.submit() }, agreement.Submitted,
			"draft: : the submission lapsed: nobody approved it by 2 May 2026, 90 days after it was submitted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t)
			tc.make(c)
			s := c.evaluated(noon)
			by, why := s.Moved(tc.from)
			name := ""
			if by != nil {
				name = by.Name
			}
			if got := string(s.State) + ": " + name + ": " + why; got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
