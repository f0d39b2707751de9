package export

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// madeUp is an agreement that says everything an agreement can say, and names people wherever one may.
func madeUp() *agreement.Agreement {
	day := civil.MustYMD(2027, 3, 31)
	column := func(name, kind string) agreement.Column {
		return agreement.Column{Name: name, From: name, Treatment: agreement.Treatment{Kind: kind, To: "month"}, Why: "it is needed"}
	}
	return &agreement.Agreement{
		ID: theDSA, Version: 2, Title: "Family Valued follow-up evaluation",
		Controller: agreement.Controller{
			Name: "Coventry City Council", LACode: "331", DPO: "Dee Officer, dpo@council.example", Registration: "Z1234567", Role: "joint",
			Arrangement: "ARR-7", Address: "Council House, Earl Street, Coventry CV1 5RR",
		},
		Recipient: agreement.Recipient{
			Name: "Foundations", Role: "processor", Setting: "managed", Contact: "Rae Reader, data@recipient.example", Registration: "CH 12345678", Contract: "C-2026-3",
			Notice: "https://recipient.example/notice", SuccessorOf: "What Works for Children's Social Care",
			People:    []agreement.NamedPerson{{Name: "Rae Reader", Contact: "rae@recipient.example"}},
			Assurance: &agreement.Assurance{Kind: "cyber-essentials-plus", Ref: "CE-1", Expires: day},
		},
		Onward:          []agreement.Onward{{Name: "A University", Why: "it reviews the methods; ask Rae Reader"}},
		Archive:         &agreement.Archive{Place: "ONS Secure Research Service", Why: "later research", Treatment: "ages in years"},
		Purpose:         agreement.Purpose{Code: "service-planning", Text: "Evaluate it", Benefits: "families", Necessity: "a child is followed over years"},
		LawfulBasis:     agreement.LawfulBasis{Article6: "6(1)(e)", Power: "Children Act 1989 section 17", Article9: "9(2)(j)", Schedule1: "Part 1 paragraph 4", Article10: "DPA 2018 section 10(5)"},
		Confidentiality: agreement.Confidentiality{Basis: "public-task"},
		DPIA:            agreement.DPIA{Ref: "DPIA-14", Version: "3", Date: &day, ReviewBy: day, ResidualRisk: "high", Article36: "ICO-9"},
		PrivacyNotice:   agreement.PrivacyNotice{URL: "https://council.example/notice"},
		Period:          agreement.Period{ShareFrom: day, ShareTo: day + 365},
		Retention:       agreement.Retention{RecipientUntil: day + 730, BucketDays: 1, Destruction: "NIST SP 800-88", CertificateDays: 30},
		Security: agreement.Security{
			Stores: []agreement.Place{{Kind: "bucket", Region: "eu-west-2", Country: "GB"}, {Kind: "folder", Country: "GB"}}, Access: "two factors", Measure: "audits by Sam Owner",
		},
		Transfer:           agreement.Transfer{Locations: []string{"GB", "US"}, Mechanism: "idta", Assessment: "TRA-2", Advice: "ICO-10"},
		Rights:             agreement.Rights{Contact: "rights@council.example", ObjectionHours: 72, Exemptions: "none"},
		NationalDataOptOut: agreement.NationalDataOptOut{Determination: "not_applicable", DecidedBy: "Cal Guardian"},
		Contacts:           agreement.Contacts{Owner: "Sam Owner", OutOfHours: "07700 900123"},
		Subjects:           agreement.Subjects{Children: 4900},
		Cohort:             &agreement.Cohort{Table: "looked_after_episodes"},
		Tables: []agreement.Table{
			{ID: "children", Columns: []agreement.Column{column("child_id", dataset.Pseudonym), column("ethnicity", dataset.Keep), column("birth_date", dataset.AgeMonths)}},
			{ID: "looked_after_episodes", Columns: []agreement.Column{column("start_date", dataset.DateTo), column("legal_status", dataset.Keep), column("placement_type", dataset.Flag), {Name: "always"}}},
			{ID: "ssda903/missing", Columns: []agreement.Column{column("MISSING", dataset.Keep)}},
		},
	}
}

// decisions are three that count, and one that does not.
func decisions() []agreement.Considered {
	at := time.Date(2026, 6, 2, 23, 30, 0, 0, time.UTC)
	one := func(name string, role agreement.Role, verb agreement.Verb, reason string, counts bool) agreement.Considered {
		return agreement.Considered{Name: name, Counts: counts, Decision: agreement.Decision{Role: role, Verb: verb, Reason: reason, Time: at}}
	}
	return []agreement.Considered{
		one("Ann Analyst", agreement.Submitter, agreement.Submit, "", true),
		one("Dee Officer", agreement.DPO, agreement.AdviseWithConditions, "only if Ann Analyst agrees", true),
		one("Eve", agreement.SIRO, agreement.Approve, "not counted", false),
		one("Sam Owner", agreement.AssetOwner, agreement.Approve, "", true),
	}
}

func TestProcessingGolden(t *testing.T) {
	catalogue := definitions(t)
	status := &agreement.Status{State: agreement.Active, Decisions: decisions()}
	hide := publishable([]string{"Ann Analyst", "Dee Officer", "Sam Owner", "Rae Reader"})
	page := ProcessingPage{Council: "Coventry City Council", Activities: []Activity{activity(madeUp(), catalogue, status, false)}}
	public := page
	public.Activities = []Activity{activity(madeUp(), catalogue, status, true)}
	public.Activities[0].each(hide)

	all := golden(t, "processing.txt", func(w io.Writer) error { return ProcessingText(w, page.Activities) }) +
		golden(t, "processing.csv", func(w io.Writer) error { return ProcessingCSV(w, page.Activities) }) +
		golden(t, "processing.html", func(w io.Writer) error { return ProcessingHTML(w, page) })
	for _, said := range []string{"Ann Analyst", "dpo@council.example", "only if", "jointly with Foundations", "International Data Transfer Agreement", "about 4,900"} {
		if !strings.Contains(all, said) {
			t.Errorf("%q is missing", said)
		}
	}
	data, err := json.Marshal(public.Activities)
	if err != nil {
		t.Fatal(err)
	}
	all = golden(t, "sharing.html", func(w io.Writer) error { return SharingHTML(w, public) }) + string(data) +
		golden(t, "public-processing.csv", func(w io.Writer) error { return ProcessingCSV(w, public.Activities) })
	for _, private := range []string{"Ann A", "Dee", "Sam ", "Rae", "Cal G", "dpo@", "rights@", "data@", "rae@", "only if", "07700", "not counted"} {
		if strings.Contains(all, private) {
			t.Errorf("%q is in what is for everybody", private)
		}
	}
}

// An agreement that says only what it must is told with "not stated", and nothing of it is left out.
func TestProcessingOfAnOldAgreement(t *testing.T) {
	a := &agreement.Agreement{ID: "dsa-old", Version: 1, Title: "Old", Transfer: agreement.Transfer{Locations: []string{"GB"}}}
	got := activity(a, definitions(t), nil, false)
	if got.State != NotDecided || got.JointController != NotStated || got.Notice != NotStated || got.Transfers != "none: held in the United Kingdom only" {
		t.Errorf("%+v", got)
	}
	var b bytes.Buffer
	if err := ProcessingText(&b, []Activity{got}); err != nil {
		t.Fatal(err)
	}
	for _, f := range got.Facts() {
		if !strings.Contains(b.String(), f.Label) {
			t.Errorf("%s is left out", f.Key)
		}
	}
}

func TestExpectedChildren(t *testing.T) {
	catalogue := definitions(t)
	for n, want := range map[int]string{0: "", 7: "fewer than 10", 12: "about 12", 4900: "about 4,900", 1234567: "about 1,234,567"} {
		a := &agreement.Agreement{Subjects: agreement.Subjects{Children: n}}
		got := wording{a: a, catalogue: catalogue}.individuals()
		if !strings.Contains(got, want) || strings.Contains(got, "expected") != (n > 0) {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestInForce(t *testing.T) {
	all := func() []Activity {
		return []Activity{
			{Agreement: "a", Version: 1, State: "active"}, {Agreement: "a", Version: 2, State: "draft"},
			{Agreement: "b", Version: 1, State: "active"}, {Agreement: "b", Version: 2, State: "approved"},
			{Agreement: "c", Version: 1, State: "expired"}, {Agreement: "d", Version: 1, State: NotDecided}, {Agreement: "e", Version: 1, State: "submitted"},
		}
	}
	for public, want := range map[bool][]string{false: {"a1", "b2", "c1", "d1", "e1"}, true: {"a1"}} {
		var got []string
		for _, a := range inForce(all(), public) {
			got = append(got, a.Agreement+string(rune('0'+a.Version)))
		}
		if !slices.Equal(got, want) {
			t.Errorf("public %v: %v, want %v", public, got, want)
		}
	}
}

func TestPublishable(t *testing.T) {
	hide := publishable([]string{"Ann Analyst", "Ann Analyst-Jones", "Sam", "Zoë Ó Dálaigh"})
	for text, want := range map[string]string{
		"ask Ann Analyst":                  "ask [name left out]",
		"ANN ANALYST-JONES, ann.analyst":   "[name left out], [name left out]",
		"Same sample of Sam's":             "Same sample of [name left out]'s",
		"Zoë Ó Dálaigh said":               "[name left out] said",
		"mail <a.b+c@council.example>, or": "mail <[e-mail address left out]>, or",
		"a＠b.example":                      "[e-mail address left out]",
		"nothing to hide":                  "nothing to hide",
	} {
		if got := hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := publishable(nil)("Ann a@b"); got != "Ann [e-mail address left out]" {
		t.Errorf("%q", got)
	}
}
