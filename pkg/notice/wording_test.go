package notice_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/notice"
)

// brief is a notice that raises nothing, and is read quickly.
const brief = `What we share

We share codes that follow a child, referrals, assessments, child in need plans, child protection plans, being looked after and under which legal status, sex, ethnicity, age, disability, being an unaccompanied asylum seeker, attendance, free school meals and pupil premium with Foundations, which is necessary for a task in the public interest.

PERIOD

You have the right to see your data, to correct them, to delete them, to restrict their use, to object, and to complain to the Information Commissioner. The right to portability applies only where there is consent.

Further matters
`

// added lists the points that words raise which are put at the end of the brief notice.
func added(t *testing.T, cat *dataset.Catalogue, words string, change func(*agreement.Agreement)) []string {
	t.Helper()
	a := example(t, "family-valued-2026.yaml", cat)
	if change != nil {
		change(a)
	}
	var names []string
	for _, p := range notice.Check(parse(t, brief+"\n"+words+"\n"), a, cat) {
		names = append(names, p.Name)
	}
	return names
}

// TestWordings puts single statements into the brief notice: what must be noticed, and what looks like it and must not.
func TestWordings(t *testing.T) {
	cat := catalogue(t)
	abroad := func(a *agreement.Agreement) { a.Transfer.Locations = []string{"GB", "US"} }
	ireland := func(a *agreement.Agreement) { a.Transfer.Locations = []string{"GB", "IE"} }
	processor := func(a *agreement.Agreement) { a.Recipient.Role = "processor" }
	consent := func(a *agreement.Agreement) { a.LawfulBasis.Article6, a.LawfulBasis.Article9 = "6(1)(a)", "9(2)(a)" }
	applied := func(a *agreement.Agreement) { a.NationalDataOptOut.Determination = "applied" }
	onward := func(a *agreement.Agreement) { a.Onward = []agreement.Onward{{Name: "Foundations"}} }
	for _, c := range []struct {
		words  string
		change func(*agreement.Agreement)
		want   string // the one point, or none
	}{
		// Consent.
		{"We share details of your health only with your explicit consent.", nil, "consent-promised"},
		{"We will not pass anything about you to partners unless you agree.", nil, "consent-promised"},
		{"We won’t share your information without asking for your permission first.", nil, "consent-promised"},
		{"Before we share your data we will always ask for your permission.", nil, "consent-promised"},
		{"Your data are shared with your written consent.", nil, "consent-promised"},
		{"We share details of your health only with your explicit consent.", consent, "basis-differs"}, // which the good notice's basis is
		{"We share data only with your consent, or where the law permits it in the public interest.", nil, ""},
		{"We will not use your name in research without your consent.", nil, ""},
		{"We will not share your name with researchers without your consent.", nil, ""},
		{"We will not pass your details to companies for marketing without your consent.", nil, ""},
		{"We do not put your photograph on our website without your permission.", nil, ""},
		{"If you have given consent for a service, you can withdraw your consent at any time.", nil, ""},
		{"They will not share it without our written permission.", nil, ""},
		{"You have the right to withdraw your consent.", nil, "consent-withdrawal-promised"},
		// That nothing is shared.
		{"Your information is never shared with third parties.", nil, "sharing-denied"},
		{"We will not disclose your data to any other organisation.", nil, ""}, // any other than those named above
		{"We do not share your data with third parties, other than those who process information on our behalf.", nil, "sharing-denied"},
		{"We do not share your data with third parties, other than those who process information on our behalf.", processor, ""},
		{"We do not share your data with third parties, except as set out in this notice.", nil, ""},
		{"We do not share your bank details with third parties.", nil, ""},
		{"Foundations will not share the data with third parties.", nil, ""},
		{"Foundations will not share the data with third parties.", onward, "onward-sharing-denied"},
		// That nobody can be known.
		{"The information that we share is anonymous.", nil, "called-nameless"},
		{"What we share is not anonymous.", nil, ""},
		{"Reports about the data we share are anonymous.", nil, ""},
		{"The information is made anonymous for the reports of this study.", nil, ""},
		{"What we share for this study is made anonymous first.", nil, "called-nameless"},
		{"It is not possible to identify you from the data that we share.", nil, "identification-denied"},
		{"From the shared data alone it is not possible to identify you.", nil, ""},
		{"You cannot be identified in published reports of the study.", nil, ""},
		{"We do not hold the key that would identify who each code belongs to.", nil, "re-identification-misstated"},
		{"We are not able to identify you from the codes.", nil, "re-identification-misstated"},
		{"Foundations does not hold the key that would identify who each code belongs to.", nil, ""},
		{"We cannot identify you from cookies.", nil, ""},
		{"If we do not have the information that you ask for, we will let you know.", nil, ""},
		// Where.
		{"Your data will not be transferred outside the United Kingdom.", nil, ""},
		{"Your data will not be transferred outside the United Kingdom.", abroad, "transfer-outside-notice"},
		{"All data are stored within the UK.", abroad, "transfer-outside-notice"},
		{"Your data will never leave the EEA.", ireland, ""},
		{"Your data will never leave the UK.", ireland, "transfer-outside-notice"},
		{"Most data are stored in the UK. If we transfer your data overseas, we will tell you.", abroad, ""},
		// The opt-out.
		{"If you have opted out under the National Data Opt-Out, your data will not be shared.", nil, "opt-out-promised"},
		{"We comply with the National Data Opt-Out.", nil, ""},
		{"The National Data Opt-Out does not apply to this.", nil, ""},
		{"The National Data Opt-Out does not apply to this.", applied, "opt-out-denied"},
		{"If you have opted out under the National Data Opt-Out, your data will not be shared.", applied, ""},
		// How long.
		{"Foundations keeps the data until December 2029.", nil, "retention-beyond-notice"},
		{"Foundations keeps the data until 31 March 2031.", nil, ""},
		{"Foundations will delete the data six months after the study ends.", nil, ""},
		{"Foundations will keep the data for three years.", nil, "retention-beyond-notice"},
		{"We keep recordings of calls until May 2026.", nil, ""},
		// Rights.
		{"The basis may affect these rights. Your right to move data to another provider is one.", nil, ""},
		{"You have the right to data portability.", nil, ""}, // when there is one, the notice says elsewhere
		{"To exercise your rights, e-mail the Housing team.", nil, "rights-contact-of-another-service"},
		{"To exercise your rights, write to the Adults and Children’s Social Care records team.", nil, ""},
		{"Housing\n\nContact the Council Tax team about your bill.", nil, ""},
		// Not shared.
		{"We do not share your ethnicity with the Department for Education.", nil, ""}, // it is told above that it is shared
	} {
		want := []string{c.want}
		if c.want == "" {
			want = nil
		}
		if got := added(t, cat, c.words, c.change); !slices.Equal(got, want) {
			t.Errorf("%q raises %q, want %q", c.words, got, want)
		}
	}
}

// TestPeriods puts times into the brief notice.
func TestPeriods(t *testing.T) {
	cat := catalogue(t)
	a := example(t, "family-valued-2026.yaml", cat) // shares from April 2026 to March 2029, events since April 2020
	for words, good := range map[string]bool{
		"We share this with Foundations between 2026 and 2029.":                                             true,
		"We share this with Foundations from 1st April 2026 to 31st March 2029.":                            true,
		"We share this with Foundations from 01/04/2026 to 31/03/2029.":                                     true,
		"We share this with Foundations 2026–2029.":                                                         true,
		"We share this with Foundations until April 2029.":                                                  true,
		"We share this with Foundations for the academic years 2025/26 to 2028/29.":                         true,
		"We share this with Foundations from April 2026 for three years.":                                   true,
		"We share this with Foundations from March 2026 for three years.":                                   false,
		"We share this with Foundations between 2020 and the end of 2025.":                                  false,
		"We share this with Foundations from May 2026 to March 2030.":                                       false,
		"We share this with Foundations until 30 March 2029.":                                               false,
		"We share this with Foundations from 1 April 2026 to 30/03/2029.":                                   false,
		"We share this with Foundations. It is about events from 2021 to 2029.":                             false,
		"We share this with Foundations. It covers the years 2020 to 2030.":                                 true,
		"We shared other information with the Home Office between 2010 and 2012. This began in April 2026.": false, // nobody can tell: it has to be answered
		"This is a programme of five years. The council was founded in 1842, and again in 1974.":            true,
	} {
		points := notice.Check(parse(t, strings.Replace(brief, "PERIOD", words, 1)), a, cat)
		switch got := raised(points); {
		case good && len(got) > 0, !good && (len(got) != 1 || !strings.HasPrefix(got[0], "period-outside-notice:5")):
			t.Errorf("%q raises %q", words, got)
		}
	}
	// Sharing that ends in time, with events after it.
	a.Period.DataTo = civil.MustYMD(2029, 6, 30)
	points := notice.Check(parse(t, strings.Replace(brief, "PERIOD", "We share this until March 2029.", 1)), a, cat)
	if got := raised(points); len(got) != 1 || !strings.Contains(points[0].Sentence, "30 June 2029") {
		t.Errorf("events after the time of sharing raise %q", got)
	}
}

func TestRecipients(t *testing.T) {
	cat := catalogue(t)
	data, err := os.ReadFile("../../testdata/notices/good.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ named, recipient, successorOf, want string }{
		{"Foundations", "Foundations", "", ""},
		{"Foundations", "Foundations Ltd", "", ""},
		{"the foundations of our work", "Foundations", "", "recipient-not-named"},
		{"WWCSC", "Foundations", "", "recipient-superseded-in-notice"},
		{"the Early Intervention Foundation", "Foundations", "", "recipient-superseded-in-notice"},
		{"Old Trust", "New Trust", "Old Trust", "recipient-superseded-in-notice"},
		{"Old Trust, now New Trust,", "New Trust", "Old Trust", ""},
		{"ＮＦＥＲ", "National Foundation for Educational Research (NFER)", "", ""},
		{"NFER", "National Foundation for Educational Research", "", ""},
		{"University of Midshire", "The University of Midshire", "", ""},
		{"Children & Families Lab", "Children and Families Lab CIC", "", ""},
		{"Nobody at all", "University of Midshire", "", "recipient-not-named"},
	} {
		a := example(t, "family-valued-2026.yaml", cat)
		a.Recipient.Name, a.Recipient.SuccessorOf = c.recipient, c.successorOf
		text := strings.ReplaceAll(string(data), "Foundations,\nthe What Works Centre for Children and Families,", "Foundations")
		text = strings.ReplaceAll(text, "In\n2023 Foundations took over the work of What Works for Children’s Social Care (WWCSC).", "")
		text = strings.ReplaceAll(text, "Foundations", c.named)
		var got []string
		for _, p := range notice.Check(parse(t, text), a, cat) {
			if strings.HasPrefix(p.Name, "recipient") {
				got = append(got, p.Name)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q, with the recipient %q, raises %q, want %q", c.named, c.recipient, got, c.want)
		}
	}
}
