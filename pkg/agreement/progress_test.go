package agreement_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
)

// on sets the clock to a day, on which the next decision is made.
func (c *council) on(month time.Month, day int) *council {
	c.clock = time.Date(2026, month, day, 8, 0, 0, 0, time.UTC)
	return c
}

func (c *council) evaluated(now time.Time) *agreement.Status {
	return agreement.Evaluate(c.a, c.definitions, c.roles, c.decisions, now)
}

// A submission of 1 June 2026 can be approved until 30 August.
func TestSubmissionLapses(t *testing.T) {
	const clear = agreement.AdviseClear
	const lapsed = "draft SIGNATURE_MISSING DPO_ADVICE_MISSING"
	last := time.Date(2026, 8, 30, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name string
		make func(c *council)
		now  time.Time
		want string
	}{
		{"on its last day", func(c *council) { c.submit() }, last, "submitted DPO_ADVICE_MISSING SIGNATURE_MISSING"},
		{"on the day after", func(c *council) { c.submit() }, last.AddDate(0, 0, 1), lapsed + " SIGNATURE_MISSING"},
		{"just before midnight of its last day", func(c *council) { c.submit() }, time.Date(2026, 8, 30, 22, 59, 59, 0, time.UTC), "submitted DPO_ADVICE_MISSING SIGNATURE_MISSING"},
		{"at midnight, British Summer Time", func(c *council) { c.submit() }, time.Date(2026, 8, 30, 23, 0, 0, 0, time.UTC), lapsed + " SIGNATURE_MISSING"},
		{"advised on, and not approved", func(c *council) { c.submit().advise(clear) }, last.AddDate(0, 0, 1), lapsed + " SIGNATURE_MISSING"},
		{"approved on its last day", func(c *council) { c.submit().advise(clear).on(8, 30).approve("") }, last.AddDate(0, 1, 0), "active"},
		{"approved a day late", func(c *council) { c.submit().advise(clear).on(8, 31).approve("") }, last.AddDate(0, 1, 0), lapsed},
		{"an approval that does not count does not keep it", func(c *council) { c.submit().on(8, 1).approve("").on(8, 30).advise(clear) }, last.AddDate(0, 1, 0), lapsed},
		{"submitted again in time", func(c *council) { c.submit().advise(clear).on(8, 1).submit().on(10, 1).approve("") }, last.AddDate(0, 2, 0), "active"},
		{"submitted again late, and the old advice", func(c *council) { c.submit().advise(clear).on(9, 1).submit().approve("") }, last.AddDate(0, 1, 0), "submitted DPO_ADVICE_MISSING"},
		{"all again", func(c *council) { c.submit().advise(clear).on(9, 1).submit().advise(clear).approve("") }, last.AddDate(0, 1, 0), "active"},
		{"advised on when it had lapsed", func(c *council) { c.submit().on(9, 1).advise(clear).submit().approve("") }, last.AddDate(0, 1, 0), "submitted DPO_ADVICE_MISSING"},
		{"approved in time, later conditions, approved again late", func(c *council) {
			c.submit().advise(clear).approve("").on(10, 1).advise(agreement.AdviseWithConditions).on(11, 1).approve("met")
		}, last.AddDate(0, 3, 0), "active"},
		{"approved in time, later conditions, submitted again and left", func(c *council) {
			c.submit().advise(clear).approve("").on(7, 1).advise(agreement.AdviseWithConditions).submit()
		}, last.AddDate(0, 3, 0), lapsed},
		{"approved, and submitted again", func(c *council) { c.submit().advise(clear).approve("").submit() }, last.AddDate(0, 3, 0), "active"},
		{"a suspension dated far ahead lets nothing lapse", func(c *council) {
			c.submit().advise(clear).on(12, 31).stop("Doradpo", agreement.DPO, agreement.Suspend)
		}, last, "submitted SIGNATURE_MISSING DSA_SUSPENDED"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCouncil(t).on(6, 1)
			tc.make(c)
			if got := c.at(tc.now); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// What lapsed is told: of the submission, its advice and the late approval, and in the refusal.
func TestLapseIsTold(t *testing.T) {
	c := newCouncil(t).on(6, 1).submit().advise(agreement.AdviseClear).on(8, 31).approve("")
	status := c.evaluated(time.Date(2026, 9, 15, 12, 0, 0, 0, time.UTC))
	const lapsed = "nobody approved it by 30 August 2026, 90 days after it was submitted"
	for i, want := range []string{lapsed, "the submission that it answers has lapsed: " + lapsed, "the submission had lapsed before it: " + lapsed} {
		if d := status.Decisions[i]; d.Counts || d.Why != want {
			t.Errorf("%s: counts %v: %s", d.Decision.Verb, d.Counts, d.Why)
		}
	}
	want := "the submission of version 3 of the agreement lapsed: " + lapsed + "; an approval made later does not count"
	if got := status.Refusals[0].Sentence; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestConditions(t *testing.T) {
	c := newCouncil(t).submit().advise(agreement.AdviseWithConditions).approve("")
	status := c.evaluated(noon)
	if status.Conditions != "a reason" || status.Met != "" {
		t.Errorf("conditions %q, met %q", status.Conditions, status.Met)
	}
	if got, want := status.Decisions[2].Why, "the advice has conditions, and it does not say how they are met"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := status.Refusals[0].Sentence; !strings.HasSuffix(got, "it does not say how they are met") {
		t.Errorf("the refusal says %q", got)
	}
	status = c.approve("signed on 2 April").evaluated(noon)
	if status.State != agreement.Active || status.Conditions != "a reason" || status.Met != "signed on 2 April" {
		t.Errorf("%s: conditions %q, met %q", status.State, status.Conditions, status.Met)
	}
	status = c.advise(agreement.AdviseClear).evaluated(noon)
	if status.State != agreement.Active || status.Conditions != "" || status.Met != "" {
		t.Errorf("cleared: %s: conditions %q, met %q", status.State, status.Conditions, status.Met)
	}
}

// The DPO stops everything at any time, and lets nothing out.
func TestTheDPO(t *testing.T) {
	c := newCouncil(t)
	for _, step := range []func() *council{
		func() *council { return c }, c.submit, func() *council { return c.advise(agreement.AdviseClear) }, func() *council { return c.approve("") },
	} {
		step()
		made := c.decisions
		c.stop("Doradpo", agreement.DPO, agreement.Suspend)
		if got := c.at(noon); !strings.HasSuffix(got, " DSA_SUSPENDED") {
			t.Errorf("after %d decisions the DPO cannot suspend: %s", len(made), got)
		}
		c.decisions = made
	}
	for _, verb := range []agreement.Verb{agreement.Submit, agreement.Approve, agreement.Resume, agreement.Terminate, agreement.StartClosing, agreement.Close} {
		if _, err := agreement.Decide(c.a, c.definitions, agreement.DPO, verb, "a reason", noon, nil); err == nil {
			t.Errorf("the DPO may %s", verb)
		}
	}
	// With a key that says owner, whose holder is the DPO too: nobody approves what they advised on.
	c = newCouncil(t, "Sue submitter", "Dora dpo", "Dino siro", "Owen asset-owner").renamed("Dino", "Dora")
	c.submit().advise(agreement.AdviseClear).add("Dinosiro", c.decision(agreement.SIRO, agreement.Approve, ""))
	if got := c.at(noon); got != "submitted TWO_PERSON_REQUIRED" {
		t.Errorf("the DPO approved alone: %s", got)
	}
}

// What has ended stays ended, whatever is decided later.
func TestNothingBringsBack(t *testing.T) {
	again := func(c *council) {
		c.submit().advise(agreement.AdviseClear).approve("").stop("Sidsiro", agreement.SIRO, agreement.Resume)
	}
	c := newCouncil(t).submit().advise(agreement.AdviseClear).approve("").stop("Owenasset-owner", agreement.AssetOwner, agreement.Terminate)
	again(c)
	if got := c.at(noon); got != "terminated DSA_NOT_ACTIVE" {
		t.Error(got)
	}
	c = newCouncil(t).submit().advise(agreement.AdviseClear).approve("")
	c.a.Period.ShareTo = civil.MustYMD(2026, 4, 30)
	c.on(5, 10)
	again(c)
	if got := c.at(noon); got != "expired DSA_EXPIRED" {
		t.Error(got)
	}
}
