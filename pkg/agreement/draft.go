package agreement

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// Draft writes an agreement of the answers to Questions and Whys: the least that is of use. Of each table leave the
// child's code, and the age in bands of years, or the month of the event, or which term or year it is; every other
// column stands beside it as a comment that says what it is and what it would need. Nothing is made up: what a draft says
// of law and people was answered.
//
// The result is one that Parse and Checks accept when every answer was accepted by its question.
func (a Answers) Draft(catalogue *dataset.Catalogue) []byte {
	d := &draft{a: a, catalogue: catalogue}
	d.parties()
	d.basis()
	d.handling()
	d.scope()
	for _, id := range a.Tables() {
		if t := catalogue.Table(id); t != nil {
			d.table(t)
		}
	}
	return d.b.Bytes()
}

type draft struct {
	b         bytes.Buffer
	a         Answers
	catalogue *dataset.Catalogue
	aged      bool // an age leaves already
}

func (d *draft) line(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }

// q quotes a text, so that no reader of YAML takes it for anything else.
func q(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// said is the quoted answer to a question.
func (d *draft) said(key string) string { return q(d.a[key]) }

func (d *draft) parties() {
	d.line("# A draft. Read every line aloud with the Data Protection Officer before anybody submits it: postern agreement show.")
	d.line("# Once it is submitted every byte counts: a later change is a new version, with a new decision.")
	d.line("apiVersion: %s", APIVersion)
	d.line("id: %s", d.a["id"])
	d.line("version: 1")
	d.line("title: %s", d.said("title"))
	d.line("\n# Who. For joint controllers add role: joint and arrangement: REFERENCE.")
	d.line("controller: {name: %s, la_code: %s, dpo: %s}", d.said("council"), d.said("la-code"), d.said("dpo"))
	d.line("recipient:")
	d.line("  name: %s", d.said("recipient"))
	d.line("  role: %s", d.a["recipient-role"])
	if d.a["contract"] != "" {
		d.line("  contract: %s", d.said("contract"))
	}
	d.line("  setting: %s", d.a["setting"])
	d.line("  contact: %s", d.said("recipient-contact"))
	d.line("  assurance: {kind: %s, ref: %s, expires: %s}", d.a["assurance"], d.said("assurance-ref"), d.a["assurance-expires"])
	d.line("  # people: [{name: …, contact: …, accreditation: …, until: YYYY-MM-DD}]     # who of the recipient may work with the data")
	d.line("contacts: {owner: %s, recipient_lead: %s, recipient_dpo: %s}", d.said("owner"), d.said("recipient-lead"), d.said("recipient-dpo"))
	d.line("# Nobody else sees the data, and nothing is archived, unless onward_sharing or archive says so.")
}

func (d *draft) basis() {
	d.line("\n# Why, and on what basis.")
	d.line("purpose:")
	d.line("  code: %s", d.a["purpose"])
	d.line("  text: %s", d.said("purpose-text"))
	if slices.Contains(forResearch(), d.a["purpose"]) {
		d.line("research:                                # the safeguards of UK GDPR Articles 84B and 84C")
		d.line("  necessity: %s", d.said("research-necessity"))
		for _, key := range []string{"no_damage_or_distress", "no_individual_decisions", "minimised"} {
			d.line("  %s: %t", key, d.a["research-safeguards"] == "yes")
		}
	}
	d.line("lawful_basis:")
	d.line("  article6: %s", d.a["article6"])
	d.line("  power: %s", d.said("power"))
	d.line("  # article9 and schedule1 are needed once a column of a special category leaves, article10 once one about criminal")
	d.line("  # offences does: the columns below say which are.")
	d.line("confidentiality: {basis: %s}", d.a["confidentiality"])
	article36 := ""
	if d.a["dpia-article36"] != "" {
		article36 = ", article36: " + d.said("dpia-article36")
	}
	d.line("dpia: {ref: %s, review_by: %s, residual_risk: %s%s}", d.said("dpia"), d.a["dpia-review-by"], d.a["dpia-risk"], article36)
	d.line("privacy_notice:")
	d.line("  url: %s", d.said("notice"))
	d.line("  covers: [%s]", strings.Join(splitList(d.a["notice-covers"]), ", "))
	d.line("national_data_opt_out:")
	d.line("  determination: %s", d.a["opt-out"])
	d.line("  reason: %s", d.said("opt-out-reason"))
	if d.a["opt-out"] == "applied" {
		d.line("  reference: %s", d.said("opt-out-reference"))
		d.line("  until: %s", d.a["opt-out-until"])
	}
}

func (d *draft) handling() {
	most := map[string]int{"daily": 31, "weekly": 5}[d.a["schedule"]]
	d.line("\n# How long, how often, and where.")
	d.line("period: {share_from: %s, share_to: %s, data_from: %s, data_to: %s}", d.a["share-from"], d.a["share-to"], d.a["data-from"], d.a["share-to"])
	d.line("review: {by: %s}", d.a["review-by"])
	d.line("frequency: {schedule: %s, max_drops_per_month: %d}", d.a["schedule"], max(most, 1))
	d.line("retention: {recipient_until: %s, bucket_days: 30, destruction: %s, certificate_days: 30}", d.a["recipient-until"], d.said("destruction"))
	place := "kind: folder"
	if d.a[StoreKind] == PlaceBucket {
		place = fmt.Sprintf("kind: bucket, bucket: %s, region: %s", d.a[StoreBucket], d.a["store-region"])
		if d.a[StoreEndpoint] != "" {
			place += ", endpoint: " + d.a[StoreEndpoint]
		}
	}
	d.line("security: {stores: [{%s, country: %s}]}", place, d.a["store-country"])
	d.line("transfer: {locations: [GB]}              # any other country needs mechanism and assessment")
	d.line("rights: {contact: %s, objection_hours: 72}", d.said("rights-contact"))
	d.line("incident: {contact: %s, hours: 24}", d.said("incident-contact"))
	d.line("prohibitions: [%s]     # nobody can remove one", strings.Join(Prohibitions(), ", "))
	d.line("pseudonyms: {scheme: %s, epoch: 1, on_unusable: quarantine, max_unusable: 0.02}", Scheme)
	d.choices()
	profile := "secure"
	if d.a["setting"] == "managed" {
		profile = "partner"
	}
	d.line("release: {profile: %s}", profile)
}

// scope keeps to children who have an event in the time that the agreement is about, where a table has events.
func (d *draft) scope() {
	cohort := ""
	for _, id := range d.a.Tables() {
		if t := d.catalogue.Table(id); cohort == "" && t != nil && t.EventDate != "" {
			cohort = fmt.Sprintf("cohort: {table: %s, where: {%s: {from: %s, to: %s}}}", id, t.EventDate, d.a["data-from"], d.a["share-to"])
		}
	}
	if cohort == "" {
		d.line("\n# Every child of the tables below. To share fewer: cohort: {table: …, where: {COLUMN: {from: YYYY-MM-DD}}}")
	} else {
		d.line("\n# Which children: other tables keep only these. Without a cohort it is every child.\n%s", cohort)
	}
	if d.a[perPupil] == "yes" {
		d.line("\n# A run stops that finds fewer of the children on a school's roll.\nlinkage: {pupils: %s}", d.a["linkage-pupils"])
	}
	d.line("\n# What leaves: nothing that is not named here. To share another column take the # away, say why it is needed, and")
	d.line("# make it as coarse as it can be: date to year or quarter, a band, a code_map or a flag in place of keep.")
	d.line("tables:")
}

// leastBands are the bands of years in which an age leaves.
const leastBands = "[0, 1, 5, 10, 16]"

func (d *draft) table(t *dataset.Table) {
	d.line("  %s:                                # %s", t.ID(), oneLine(t.Meaning))
	why := q(d.a[WhyKey(t.ID())])
	var rest []string
	for _, c := range t.Columns {
		switch {
		case c.Name == t.ChildID:
			d.line("    %s: {treatment: pseudonym, why: the same child has the same code in every table and drop}", c.Name)
		case c.IsBirthDate() && !d.aged:
			d.aged = true
			d.line("    age_band: {treatment: age_band, from: %s, bands: %s, why: %s}     # or age_years, or age_months, which tell more", c.Name, leastBands, why)
		case c.Name == t.EventDate:
			d.line("    %s: {treatment: date, to: month, why: %s}     # or to: day, which tells more", c.Name, why)
		case c.Class == dataset.Ordinary && c.Permits(dataset.Keep) && slices.Contains(t.OneRowPer, c.Name):
			d.line("    %s: {treatment: keep, why: %s}", c.Name, why)
		case len(t.Shown(c)) > 1:
			rest = append(rest, fmt.Sprintf("(%s: %s. Beside the dates it tells more than they do: it needs joint_fineness.)", c.Name, oneLine(c.Meaning)))
		case t.Finer(c.Name):
			rest = append(rest, fmt.Sprintf("(%s: %s (%s). Beside columns that group its codes it tells more than they do: it needs joint_fineness.)", c.Name, oneLine(c.Meaning), c.Class))
		default:
			rest = append(rest, d.offered(c)...)
		}
	}
	for _, line := range rest {
		d.line("    # %s", line)
	}
}

// offered is how a column that does not leave yet could be named, with what it is and what it would need.
func (d *draft) offered(c *dataset.Column) []string {
	if !c.Class.Releasable() || c.IsBirthDate() || c.Class == dataset.LinkageIdentifier {
		return nil
	}
	how := ""
	switch {
	case c.Permits(dataset.DateTo):
		how = "date, to: month"
	case c.Permits(dataset.Keep):
		how = "keep"
	case c.Permits(dataset.Pseudonym):
		how = "pseudonym"
	default:
		return nil
	}
	needs := ""
	switch c.Class {
	case dataset.SpecialCategory:
		needs = " SPECIAL CATEGORY: needs lawful_basis.article9 and schedule1."
	case dataset.CriminalOffence:
		needs = " CRIMINAL-OFFENCE DATA: needs lawful_basis.article10."
	}
	return []string{fmt.Sprintf("%s: {treatment: %s, why: …}     # %s (%s).%s", c.Name, how, oneLine(c.Meaning), c.Class, needs)}
}
