//go:build unix

package export_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/synth"
	"github.com/postern-gateway/postern/schemas"
)

// The ids of the agreements of the tests.
const (
	shippedID = "dsa-coventry-fv-2026"
	wideID    = "dsa-trust-wide"
	notYet    = "ssda903/dolo" // a table of the 2026-27 return, which synthetic cohorts do not have
)

// notYetAny are all tables of the returns of 2026-27 alone, and those that no file of a cohort in its usual formats has.
var notYetAny = sync.OnceValue(func() []string {
	out := []string{notYet, "cin/pre_proceedings"}
	catalogue, err := dataset.Load(schemas.Files)
	if err != nil {
		return out
	}
	usual := func(id string) bool {
		format, _, _ := strings.Cut(id, "/")
		return slices.Contains(synth.DefaultFormats(), format)
	}
	for _, t := range catalogue.Tables() {
		if !slices.ContainsFunc(harmonise.RowSources(t), usual) {
			out = append(out, t.ID())
		}
	}
	return out
})

// choicesFor are the choices that an agreement has to make over some tables.
func choicesFor(tables ...string) string {
	var choices []string
	if slices.Contains(tables, "pupil_premium") {
		choices = append(choices, "premiums: [deprivation, service, adopted_from_care, looked_after]")
	}
	if slices.Contains(tables, "looked_after_periods") || slices.Contains(tables, "placements") {
		choices = append(choices, "short_breaks: leave_out")
	}
	if choices == nil {
		return ""
	}
	return "choices: {" + strings.Join(choices, ", ") + "}\n"
}

// everyTable lists the tables of the definitions: what the notices of the tests' agreements speak of.
var everyTable = sync.OnceValue(func() []string {
	catalogue, err := dataset.Load(schemas.Files)
	if err != nil {
		return nil
	}
	var ids []string
	for _, t := range catalogue.Tables() {
		ids = append(ids, t.ID())
	}
	return ids
})

// preamble is everything of an agreement but its tables.
func preamble(id, period, cohort string, onUnusable string) string {
	return `apiVersion: postern/v1
id: ` + id + `
version: 1
title: An agreement of the tests
controller: {name: Coventry City Council, la_code: "331", dpo: dpo@council.example}
recipient:
  name: Foundations
  role: controller
  setting: secure
  contact: data@recipient.example
  assurance: {kind: accredited-environment, ref: TRE-0001, expires: 2040-03-31}
purpose: {code: evaluation, text: Holds the gate to its own rules}
research: {necessity: Rules are held row by row, no_damage_or_distress: true, no_individual_decisions: true, minimised: true}
lawful_basis: {article6: 6(1)(e), power: Children Act 1989 section 17, article9: 9(2)(j), schedule1: Part 1 paragraph 4, article10: Data Protection Act 2018 section 10(5)}
confidentiality: {basis: public-task}
dpia: {ref: DPIA-2026-001, review_by: 2040-03-31, residual_risk: low}
privacy_notice: {url: "https://council.example/privacy", covers: [` + strings.Join(everyTable(), ", ") + `]}
national_data_opt_out: {determination: not_applicable, reason: no data of health or adult social care}
` + period + `
frequency: {schedule: monthly, max_drops_per_month: 31}
review: {by: 2040-03-31}
retention: {recipient_until: 2040-03-31, bucket_days: 30}
security: {stores: [{kind: folder, country: GB}, {kind: bucket, region: us-east-1, endpoint: 127.0.0.1, country: GB}]}
transfer: {locations: [GB]}
rights: {contact: dpo@council.example, objection_hours: 72}
incident: {contact: incidents@council.example, hours: 24}
contacts: {owner: owner@council.example, recipient_lead: lead@recipient.example, recipient_dpo: dpo@recipient.example}
prohibitions: [re-identification, onward-sharing, decisions-about-individuals]
pseudonyms: {scheme: p1, epoch: 1, on_unusable: "` + onUnusable + `", max_unusable: 1}
` + cohort + `release: {profile: secure}
`
}

const (
	usualPeriod = "period: {share_from: 2026-04-01, share_to: 2029-03-31, data_from: 1990-01-01, data_to: 2029-03-31}"
	pastPeriod  = "period: {share_from: 2020-04-01, share_to: 2023-03-31, data_from: 1990-01-01, data_to: 2029-03-31}"
)

// shippedAgreement is that of a council with the return on children looked after alone.
func shippedAgreement(tb testing.TB) string {
	tb.Helper()
	return mustRead(tb, "../../testdata/agreements/looked-after.yaml")
}

// wholeAgreement is the agreement that the repository ships, over all returns.
func wholeAgreement(tb testing.TB) string {
	tb.Helper()
	return mustRead(tb, "../../agreements/family-valued-2026.yaml")
}

// wideAgreement releases a treated form of every column that can be released, of every table that says which child a row
// is about, but for those left out: all core tables, and the returns whose rows name a child. Dates leave as years, codes
// as flags, so that what leaves shows no cell as it was.
func wideAgreement(catalogue *dataset.Catalogue, id, period, onUnusable string, without ...string) string {
	return agreementOver(catalogue, preamble(id, period, "linkage: {pupils: 0, returns: 0}\n", onUnusable), func(t *dataset.Table) bool {
		return t.ChildID != "" && !slices.Contains(without, t.ID())
	})
}

// agreementOver does the same to the tables that leave under a preamble.
func agreementOver(catalogue *dataset.Catalogue, preamble string, leaves func(*dataset.Table) bool) string {
	var b strings.Builder
	var ids []string
	chosen := leaves
	leaves = func(t *dataset.Table) bool { // attendance/daily would leave in the file of attendance_daily
		return chosen(t) && (t.Core() || catalogue.Table(strings.ReplaceAll(t.ID(), "/", "_")) == nil)
	}
	for _, t := range catalogue.Tables() {
		if leaves(t) {
			ids = append(ids, t.ID())
		}
	}
	b.WriteString(preamble + choicesFor(ids...) + "tables:\n")
	aged := false
	for _, t := range catalogue.Tables() {
		if !leaves(t) {
			continue
		}
		fmt.Fprintf(&b, "  %s:\n", t.ID())
		for _, c := range t.Columns {
			if how := coarsest(c, &aged); how != "" {
				fmt.Fprintf(&b, "    %s: {%s, joint_fineness: every column is tried, why: it is tried}\n", c.Name, how)
			}
		}
	}
	return b.String()
}

// coarsest is the treatment of a column that shows least of it; "" for a column that never leaves, or for a second age.
func coarsest(c *dataset.Column, aged *bool) string {
	switch {
	case c.Name == dataset.CollectionYear || len(c.Treatments) == 0:
		return ""
	case c.Permits(dataset.Pseudonym):
		return "treatment: pseudonym"
	case c.IsBirthDate():
		if *aged {
			return ""
		}
		*aged = true
		return "treatment: age_band, bands: [0, 5, 10]"
	case c.Permits(dataset.DateTo):
		return "treatment: date, to: year"
	case c.Permits(dataset.Flag):
		return fmt.Sprintf("treatment: flag, codes: [%q]", commonest(c))
	default:
		return "treatment: keep"
	}
}

// commonest is a code of the column that no canary is.
func commonest(c *dataset.Column) string {
	codes := c.Codes
	i := slices.IndexFunc(codes, func(v dataset.CodeValue) bool { return !slices.Contains(rareCodes(), v.Value) })
	return codes[i].Value
}

// narrowAgreement releases the child's pseudonym of the table of children, and nothing else.
func narrowAgreement(id string) string {
	return preamble(id, usualPeriod, "", "null") + "tables:\n  children:\n    child_id: {treatment: pseudonym, why: it is tried}\n"
}
