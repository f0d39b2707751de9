package agreement

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

// prohibitedPurposes are what councils promise families that bulk data are never used for. They are named so that who
// writes one is told why, and not only that the word is not known.
func prohibitedPurposes() []string {
	return []string{"marketing", "sale", "individual-decision", "profiling", "case-finding", "enforcement"}
}

// purpose reads what the data may be used for, and the safeguards of research.
func (r *reader) purpose(root *document.Mapping) {
	m := root.Mapping("purpose")
	code := m.Value("code")
	r.a.Purpose = Purpose{
		Text:      m.Text("text", document.MaxLength(maxProse)),
		Benefits:  m.Text("benefits", document.Optional(), document.MaxLength(maxProse)),
		Necessity: m.Text("necessity", document.Optional(), document.MaxLength(maxProse)),
	}
	if code.Is(prohibitedPurposes()...) {
		code.Fault(document.UnknownWord, "is a purpose for which no agreement can be made",
			"councils promise families that these data are not used to sell, to market, to profile, to find cases, to enforce or "+
				"to decide about a person; the purposes are: "+strings.Join(Purposes(), ", "))
	} else {
		r.a.Purpose.Code = code.String(document.OneOf(Purposes()...))
	}
	m.Done()

	if !root.Has("research") {
		root.Value("research", document.Optional())
		return
	}
	m = root.Mapping("research")
	r.a.Research = &Research{
		Necessity:             m.Text("necessity", document.MaxLength(maxProse)),
		NoDamageOrDistress:    m.Bool("no_damage_or_distress"),
		NoIndividualDecisions: m.Bool("no_individual_decisions"),
		Minimised:             m.Bool("minimised"),
		Ethics:                m.String("ethics", document.Optional(), document.MaxLength(maxName)),
		Protocol:              m.String("protocol", document.Optional(), document.MaxLength(500), document.Matching(urlPattern, "an https address")),
		Registration:          m.String("registration", document.Optional(), document.MaxLength(maxName)),
	}
	m.Done()
}

// law reads why the sharing is lawful, and how families are protected and told.
func (r *reader) law(root *document.Mapping) {
	m := root.Mapping("lawful_basis")
	r.a.LawfulBasis = LawfulBasis{
		Article6: m.String("article6", document.Matching(article6Pattern, "a point of UK GDPR Article 6(1), such as 6(1)(e)")),
		Power:    m.Text("power", document.Optional()),
		Article9: m.String("article9", document.Optional(),
			document.Matching(article9Pattern, "a point of UK GDPR Article 9(2), such as 9(2)(j)")),
		Schedule1:      m.Text("schedule1", document.Optional()),
		PolicyDocument: m.String("policy_document", document.Optional(), document.MaxLength(maxName)),
		Article10:      m.Text("article10", document.Optional()),
	}
	m.Done()

	m = root.Mapping("confidentiality", document.Optional())
	r.a.Confidentiality = Confidentiality{
		Basis:     m.String("basis", document.OneOf("public-task", "consent", "section-251")),
		Caldicott: m.String("caldicott", document.Optional(), document.MaxLength(maxName)),
	}
	m.Done()

	m = root.Mapping("dpia")
	r.a.DPIA = DPIA{
		Ref:          m.String("ref", document.MaxLength(maxName)),
		Version:      m.String("version", document.Optional(), document.MaxLength(maxName)),
		Date:         day(m, "date"),
		ResidualRisk: m.String("residual_risk", document.Optional(), document.OneOf("low", "medium", "high")),
		Article36:    m.String("article36", document.Optional(), document.MaxLength(maxName)),
	}
	var reviewed bool
	if r.a.DPIA.ReviewBy, reviewed = m.Date("review_by"); reviewed && r.a.DPIA.Date != nil && *r.a.DPIA.Date > r.a.DPIA.ReviewBy {
		m.Value("review_by").Problem("the assessment is to be reviewed before it was made", "review_by is date or later")
	}
	m.Done()

	r.privacyNotice(root.Mapping("privacy_notice"))
	r.nationalDataOptOut(root)
}

func (r *reader) privacyNotice(m *document.Mapping) {
	n := &r.a.PrivacyNotice
	n.URL = m.String("url", document.MaxLength(500), document.Matching(urlPattern, "an https address"))
	n.Covers = r.distinct(m.Value("covers"), document.NotEmpty(), document.Matching(tableIDPattern, "the name of a table"))
	n.Text = m.String("text", together(m, "sha256", document.MaxLength(maxName),
		document.Matching(pathPattern, "a path within the folder of agreements, such as notices/families.txt"),
		document.Hint("name the file that holds the words of the notice, or leave out sha256"))...)
	n.SHA256 = m.String("sha256", together(m, "text",
		document.Matching(sha256Pattern, "the SHA-256 of a file: 64 digits and letters a to f"),
		document.Hint("write the SHA-256 of the file named under text, as sha256sum prints it"))...)
	n.Reviewed = day(m, "reviewed")
	for _, item := range m.Sequence("answers", document.Optional()) {
		a := item.Mapping()
		answer := Answer{
			Point: a.String("point", document.MaxLength(100), document.Matching(pointPattern, "the name of a point of the notice check")),
			Text:  a.Text("text"),
		}
		a.Done()
		for _, other := range n.Answers {
			if answer.Point != "" && answer.Point == other.Point {
				a.Value("point").Problem("is there twice", "answer each point once")
			}
		}
		n.Answers = append(n.Answers, answer)
	}
	m.Done()
}

func (r *reader) nationalDataOptOut(root *document.Mapping) {
	if !root.Has("national_data_opt_out") {
		root.Value("national_data_opt_out", document.Optional())
		return
	}
	m := root.Mapping("national_data_opt_out")
	n := &r.a.NationalDataOptOut
	*n = NationalDataOptOut{
		Determination: m.String("determination", document.OneOf("not_applicable", "applied", "exempt")),
		Reason:        m.Text("reason", document.MaxLength(maxProse)),
		DecidedBy:     m.String("decided_by", document.Optional(), document.MaxLength(maxName)),
		Date:          day(m, "date"),
		Reference:     m.String("reference", document.Optional(), document.MaxLength(maxName)),
		Until:         day(m, "until"),
	}
	if n.Date != nil && n.Until != nil && *n.Until < *n.Date {
		m.Value("until").Problem("the result of the check runs out before it was had", "until is date or later")
	}
	m.Done()
}
