package agreement_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

// everyField is the golden file with everything that may be left out, once.
func everyField() string {
	return strings.NewReplacer(
		"title: A test\n", "title: A test\nsupersedes: "+strings.Repeat("0a", 32)+"\n"+
			"programme: {id: a-programme, key: \"SHA256:"+strings.Repeat("A", 43)+"\"}\n",
		"dpo: dpo@a.example}", "dpo: dpo@a.example, registration: Z1234567, role: joint, arrangement: J-1, address: A street}",
		"contact: r@r.example}", `contact: r@r.example, registration: C-1, contract: K-1, notice: "https://r.example/n",
  successor_of: Q, since: 2023-06-06, people: [{name: P, contact: p@r.example, accreditation: AR-1, until: 2027-01-01}, {name: O, contact: o@r.example}],
  assurance: {kind: iso-27001, ref: I-1, expires: 2027-02-01}}
onward_sharing: [{name: S, why: It helps}]
archive: {place: T, why: Later research, treatment: Ages in years}
contacts: {owner: o@a.example, analyst: n@a.example, recipient_lead: l@r.example, recipient_dpo: d@r.example, out_of_hours: h@a.example}`,
		"text: To find out}", `text: To find out, benefits: To know, necessity: No other way}
research: {necessity: Children are followed, no_damage_or_distress: true, no_individual_decisions: true, minimised: false, ethics: E-1,
  protocol: "https://r.example/p", registration: T-1}`,
		"  article10:", "  policy_document: P-1\n  article10:",
		"dpia: {ref: D-1,", "confidentiality: {basis: section-251, caldicott: G-1}\ndpia: {version: V-2, date: 2026-03-01, residual_risk: high, article36: C-2, ref: D-1,",
		"covers: [folk]}", "covers: [folk], text: notices/a.txt, sha256: "+strings.Repeat("0b", 32)+`, reviewed: 2026-03-02,
  answers: [{point: consent-promised, text: It was not}, {point: right-to-object, text: It is}]}`,
		"reason: None of it is health data}", "reason: None of it is health data, decided_by: G, date: 2026-03-03, reference: N-1, until: 2026-09-03}",
		"frequency:", "review: {by: 2027-03-04}\nfrequency:",
		"bucket_days: 30}", `bucket_days: 30, destruction: Shredded, certificate_days: 28}
security: {stores: [{kind: folder, country: GB}, {kind: bucket, bucket: drops, region: eu-west-2, endpoint: "s3.a.example:7070", country: IE}], access: A key, measure: A lock}
rights: {contact: x@a.example, objection_hours: 72, exemptions: None}
incident: {contact: y@a.example, hours: 24}
subjects: {children: 5000}
choices: {in_confidence: [folk, t/people], stricter: {SOURCES_DIFFER: stop, NO_ROWS: stop, CHILD_UNKNOWN: quarantine}}`,
		"locations: [GB, IE]}", "locations: [GB, IE], mechanism: adequacy, assessment: A-1, advice: Given}",
	).Replace(golden)
}

func TestWhole(t *testing.T) {
	a, err := agreement.Parse("a.yaml", []byte(everyField()), catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	on := func(y, m, d int) *civil.Date { day := civil.MustYMD(y, m, d); return &day }
	g, err := agreement.Parse("a.yaml", []byte(golden), catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	want := *g
	want.SHA256 = a.SHA256
	want.Supersedes = strings.Repeat("0a", 32)
	want.Programme = &agreement.Programme{ID: "a-programme", Key: "SHA256:" + strings.Repeat("A", 43)}
	want.Controller = agreement.Controller{Name: "A Council", LACode: "331", DPO: "dpo@a.example", Registration: "Z1234567", Role: "joint", Arrangement: "J-1", Address: "A street"}
	want.Recipient = agreement.Recipient{
		Name: "R", Role: "processor", Setting: "managed", Contact: "r@r.example", Registration: "C-1", Contract: "K-1", Notice: "https://r.example/n",
		SuccessorOf: "Q", Since: on(2023, 6, 6),
		People: []agreement.NamedPerson{
			{Name: "P", Contact: "p@r.example", Accreditation: "AR-1", Until: on(2027, 1, 1)}, {Name: "O", Contact: "o@r.example"}},
		Assurance: &agreement.Assurance{Kind: "iso-27001", Ref: "I-1", Expires: *on(2027, 2, 1)},
	}
	want.Onward = []agreement.Onward{{Name: "S", Why: "It helps"}}
	want.Archive = &agreement.Archive{Place: "T", Why: "Later research", Treatment: "Ages in years"}
	want.Contacts = agreement.Contacts{Owner: "o@a.example", Analyst: "n@a.example", RecipientLead: "l@r.example", RecipientDPO: "d@r.example", OutOfHours: "h@a.example"}
	want.Purpose.Benefits, want.Purpose.Necessity = "To know", "No other way"
	want.Research = &agreement.Research{Necessity: "Children are followed", NoDamageOrDistress: true, NoIndividualDecisions: true,
		Ethics: "E-1", Protocol: "https://r.example/p", Registration: "T-1"}
	want.LawfulBasis.PolicyDocument = "P-1"
	want.Confidentiality = agreement.Confidentiality{Basis: "section-251", Caldicott: "G-1"}
	want.DPIA = agreement.DPIA{Ref: "D-1", Version: "V-2", Date: on(2026, 3, 1), ReviewBy: want.DPIA.ReviewBy, ResidualRisk: "high", Article36: "C-2"}
	want.PrivacyNotice.Text, want.PrivacyNotice.SHA256 = "notices/a.txt", strings.Repeat("0b", 32)
	want.PrivacyNotice.Reviewed = on(2026, 3, 2)
	want.PrivacyNotice.Answers = []agreement.Answer{{Point: "consent-promised", Text: "It was not"}, {Point: "right-to-object", Text: "It is"}}
	want.NationalDataOptOut = agreement.NationalDataOptOut{Determination: "exempt", Reason: "None of it is health data", DecidedBy: "G",
		Date: on(2026, 3, 3), Reference: "N-1", Until: on(2026, 9, 3)}
	want.Review = agreement.Review{By: on(2027, 3, 4)}
	want.Retention.Destruction, want.Retention.CertificateDays = "Shredded", 28
	want.Security = agreement.Security{Stores: []agreement.Place{{Kind: "folder", Country: "GB"},
		{Kind: "bucket", Bucket: "drops", Region: "eu-west-2", Endpoint: "s3.a.example:7070", Country: "IE"}}, Access: "A key", Measure: "A lock"}
	want.Transfer.Mechanism, want.Transfer.Assessment, want.Transfer.Advice = "adequacy", "A-1", "Given"
	want.Rights = agreement.Rights{Contact: "x@a.example", ObjectionHours: 72, Exemptions: "None"}
	want.Incident = agreement.Incident{Contact: "y@a.example", Hours: 24}
	want.Subjects = agreement.Subjects{Children: 5000}
	want.Choices = agreement.Choices{Confidential: []string{"folk", "t/people"}, Stricter: map[string]finding.Severity{
		"SOURCES_DIFFER": finding.Stop, "NO_ROWS": finding.Stop, "CHILD_UNKNOWN": finding.Quarantine}}
	if !reflect.DeepEqual(a, &want) {
		t.Errorf("got\n%+v\nwant\n%+v", a, &want)
	}
}

// Each row changes the whole file, as those of TestRules change the golden one. § marks the place of the problem.
func TestRulesOfTheWhole(t *testing.T) {
	c := catalogue(t)
	text := everyField()
	for _, tc := range []struct{ name, old, new, want string }{
		{"supersedes", "supersedes: 0a0a", "supersedes: §0A0a", "is not the SHA-256"},
		{"version 1 supersedes", "version: 3\ntitle: A test\nsupersedes: ", "version: 1\ntitle: A test\nsupersedes: §", "version 1 supersedes no other"},
		{"programme", "id: a-programme", "id: §../programme", "is not the id of a programme"},
		{"programme's key", "\"SHA256:AAA", "§\"MD5:AAA", "is not the fingerprint"},
		{"controller's role", "role: joint", "role: §shared", "is not one of the words"},
		{"successor without a day", "since: 2023-06-06, ", "", "recipient.since: is missing"},
		{"day without a predecessor", "successor_of: Q, ", "", "recipient.successor_of: is missing"},
		{"person twice", "contact: o@r.example", "contact: §P@r.example", "is the contact of another"},
		{"time of no accreditation", "accreditation: AR-1, ", "", "people[1].accreditation: is missing"},
		{"assurance", "kind: iso-27001", "kind: §trust-us", "is not one of the words"},
		{"assurance without end", ", expires: 2027-02-01", "", "assurance.expires: is missing"},
		{"onward twice", "{name: S, why: It helps}", "{name: S, why: It helps}, §{name: S, why: Again}", "is there twice"},
		{"archive without treatment", ", treatment: Ages in years", "", "archive.treatment: is missing"},
		{"marketing", "code: research", "code: §marketing", "is a purpose for which no agreement can be made"},
		{"enforcement", "code: research", "code: §enforcement", "is a purpose for which no agreement can be made"},
		{"research without a safeguard", "minimised: false, ", "", "research.minimised: is missing"},
		{"truth in quotes", "minimised: false", `minimised: §"false"`, "is not true or false"},
		{"basis of confidentiality", "basis: section-251", "basis: §trust", "is not one of the words"},
		{"assessed after its review", "date: 2026-03-01", "date: 2027-04-01", "the assessment is to be reviewed before it was made"},
		{"risk", "residual_risk: high", "residual_risk: §huge", "is not one of the words"},
		{"notice without digest", ", sha256: " + strings.Repeat("0b", 32), "", "privacy_notice.sha256: is missing"},
		{"digest without notice", "text: notices/a.txt, ", "", "privacy_notice.text: is missing"},
		{"notice outside the folder", "notices/a.txt", "§../a.txt", "is not a path within"},
		{"notice at the root", "notices/a.txt", "§/a.txt", "is not a path within"},
		{"answered twice", "point: right-to-object", "point: §consent-promised", "is there twice"},
		{"check that ends before it began", "until: 2026-09-03", "until: §2026-03-02", "runs out before it was had"},
		{"certificate", "certificate_days: 28", "certificate_days: §0", "is not a whole number from 1"},
		{"store of another kind", "kind: folder", "kind: §cloud", "is not one of the words"},
		{"region of a folder", "{kind: folder,", "{kind: folder, §region: eu-west-2,", "unknown key"},
		{"bucket without region", "region: eu-west-2, ", "", "stores[2].region: is missing"},
		{"store twice", "{kind: folder, country: GB}", "{kind: folder, country: GB}, §{country: GB, kind: folder}", "is there twice"},
		{"server with a path", `"s3.a.example:7070"`, `§"https://s3.a.example"`, "is not the name of a server"},
		{"mechanism", "mechanism: adequacy", "mechanism: §hope", "is not one of the words"},
		{"incident without hours", ", hours: 24", "", "incident.hours: is missing"},
		{"children", "children: 5000", "children: §0", "is not a whole number from 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if strings.Count(text, tc.old) != 1 {
				t.Fatalf("the whole file has the text to change %d times", strings.Count(text, tc.old))
			}
			changed, places := unmark(strings.Replace(text, tc.old, tc.new, 1))
			_, err := agreement.Parse("a.yaml", []byte(changed), c)
			var problems document.Problems
			if !errors.As(err, &problems) || len(problems) != 1 {
				t.Fatalf("got %v, want one problem", err)
			}
			if !strings.Contains(problems[0].String(), tc.want) {
				t.Errorf("got %s, want %s", problems[0], tc.want)
			}
			if at := fmt.Sprintf("%d:%d", problems[0].Line, problems[0].Column); len(places) == 1 && places[0] != at {
				t.Errorf("at %s, want %s", at, places[0])
			}
		})
	}
}

// TestParsePurposes: no agreement can be made for what councils promise families not to do, and who tries is told why; for
// what no purpose has a word, there is no agreement either.
func TestParsePurposes(t *testing.T) {
	c := catalogue(t)
	with := func(purpose string) error {
		_, err := agreement.Parse("a.yaml", []byte(strings.Replace(golden, "code: research", "code: "+purpose, 1)), c)
		return err
	}
	for _, purpose := range agreement.Purposes() {
		if err := with(purpose); err != nil {
			t.Errorf("%s: %v", purpose, err)
		}
	}
	for _, purpose := range []string{"marketing", "sale", "individual-decision", "profiling", "case-finding", "enforcement"} {
		if err := with(purpose); err == nil || err.Error() != "a.yaml:7:17: purpose.code: is a purpose for which no agreement can be made" ||
			!strings.Contains(finding.HintOf(err), "councils promise families") {
			t.Errorf("%s: %v", purpose, err)
		}
	}
	for _, purpose := range []string{"court-proceedings", "prosecution", "anti-fraud", "data-matching", "Research", "other"} {
		if err := with(purpose); err == nil || err.Error() != "a.yaml:7:17: purpose.code: is not one of the words accepted here" ||
			strings.Contains(finding.HintOf(err), "marketing") {
			t.Errorf("%s: %v, %s", purpose, err, finding.HintOf(err))
		}
	}
}
