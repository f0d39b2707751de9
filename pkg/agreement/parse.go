package agreement

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

var (
	idPattern       = regexp.MustCompile(`^dsa-[a-z0-9]+(-[a-z0-9]+)*$`)
	laCodePattern   = regexp.MustCompile(`^[0-9]{3}$`)
	article6Pattern = regexp.MustCompile(`^6\(1\)\([a-f]\)$`)
	article9Pattern = regexp.MustCompile(`^9\(2\)\([a-j]\)$`)
	urlPattern      = regexp.MustCompile(`^https://[\x21-\x7E]+$`)
	countryPattern  = regexp.MustCompile(`^[A-Z]{2}$`)
	tableIDPattern  = regexp.MustCompile(`^[a-z0-9_]+(/[a-z0-9_]+)?$`)
	outputPattern   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)
	eventPattern    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	valuePattern    = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)
)

// maxIDLength bounds an agreement's id, which names folders.
const maxIDLength = 64

// validID reports whether text has the form of an agreement's id.
func validID(id string) bool { return len(id) <= maxIDLength && idPattern.MatchString(id) }

// Parse reads an agreement and holds it against the dataset definitions. The error is document.Problems: every mistake
// of the file, by line and column. The file's name is used in problems as given.
func Parse(file string, data []byte, catalogue *dataset.Catalogue) (*Agreement, error) {
	root, log := document.Parse(file, data)
	r := &reader{
		log: log, catalogue: catalogue,
		a: &Agreement{SHA256: sha256.Sum256(data), File: file},
	}
	r.document(root)
	if err := log.Err(); err != nil {
		return nil, err
	}
	return r.a, nil
}

// reader walks one file. Rules between parts of the file are checked after all of them have been read, so that it
// keeps, beside the agreement, the places of what it read.
type reader struct {
	log       *document.Log
	catalogue *dataset.Catalogue
	a         *Agreement

	basis   *document.Mapping
	outputs []output
	events  []event
	cohort  []*dataset.Column // that conditions are on
}

// event is an index event; table and column are nil when they are not in the definitions.
type event struct {
	name   string
	table  *dataset.Table
	column *dataset.Column
}

func (r *reader) document(root *document.Mapping) {
	a := r.a
	root.String("apiVersion", document.OneOf(APIVersion))
	a.ID = root.String("id", document.MaxLength(maxIDLength), document.Matching(idPattern,
		"an agreement id: dsa- and words of lower-case letters and digits with hyphens between"))
	a.Version = root.Int("version", document.Between(1, 9999))
	a.Title = root.String("title", document.MaxLength(200))
	r.parties(root)
	r.law(root)
	r.period(root)
	r.handling(root)
	r.indexEvents(root)
	r.tables(root)
	r.cohortOf(root)
	r.linkage(root)
	r.release(root)
	root.Done()
	r.rules()
}

func (r *reader) parties(root *document.Mapping) {
	m := root.Mapping("controller")
	r.a.Controller = Controller{
		Name:   m.String("name", document.MaxLength(200)),
		LACode: m.String("la_code", document.Matching(laCodePattern, "the three digits of a local authority, in quotes")),
		DPO:    m.String("dpo", document.MaxLength(200)),
	}
	m.Done()

	m = root.Mapping("recipient")
	r.a.Recipient = Recipient{
		Name:    m.String("name", document.MaxLength(200)),
		Role:    m.String("role", document.OneOf("controller", "processor")),
		Setting: m.String("setting", document.OneOf("secure", "managed")),
		Contact: m.String("contact", document.MaxLength(200)),
	}
	m.Done()

	m = root.Mapping("purpose")
	r.a.Purpose = Purpose{
		Code: m.String("code", document.OneOf("evaluation", "research", "statistics", "service-planning", "statutory-return")),
		Text: m.Text("text", document.MaxLength(1000)),
	}
	m.Done()
}

func (r *reader) law(root *document.Mapping) {
	m := root.Mapping("lawful_basis")
	r.basis = m
	r.a.LawfulBasis = LawfulBasis{
		Article6: m.String("article6", document.Matching(article6Pattern, "a point of UK GDPR Article 6(1), such as 6(1)(e)")),
		Power:    m.Text("power", document.Hint("name the Act and section that give the council the task")),
		Article9: m.String("article9", document.Optional(),
			document.Matching(article9Pattern, "a point of UK GDPR Article 9(2), such as 9(2)(j)")),
		Schedule1: m.Text("schedule1", document.Optional()),
		Article10: m.Text("article10", document.Optional()),
	}
	m.Done()

	m = root.Mapping("dpia")
	r.a.DPIA.Ref = m.String("ref", document.MaxLength(200))
	r.a.DPIA.ReviewBy, _ = m.Date("review_by")
	m.Done()

	m = root.Mapping("privacy_notice")
	r.a.PrivacyNotice.URL = m.String("url", document.MaxLength(500), document.Matching(urlPattern, "an https address"))
	r.a.PrivacyNotice.Covers = r.distinct(m.Value("covers"), document.NotEmpty(),
		document.Matching(tableIDPattern, "the name of a table"))
	m.Done()

	m = root.Mapping("national_data_opt_out")
	r.a.NationalDataOptOut = NationalDataOptOut{
		Determination: m.String("determination", document.OneOf("not_applicable", "applied", "exempt")),
		Reason:        m.Text("reason", document.MaxLength(1000)),
	}
	m.Done()
}

func (r *reader) period(root *document.Mapping) {
	m := root.Mapping("period")
	p := &r.a.Period
	var shareFrom, shareTo, dataFrom, dataTo, until bool
	p.ShareFrom, shareFrom = m.Date("share_from")
	p.ShareTo, shareTo = m.Date("share_to")
	p.DataFrom, dataFrom = m.Date("data_from")
	p.DataTo, dataTo = m.Date("data_to")
	p.TermReason = m.Text("term_reason", document.Optional(), document.MaxLength(500))
	m.Done()
	switch {
	case !shareFrom || !shareTo:
	case p.ShareTo < p.ShareFrom:
		m.Value("share_to").Problem("the sharing ends before it begins", "share_to is share_from or later")
	case p.TermReason == "" && !m.Has("term_reason") && p.ShareTo >= addMonths(p.ShareFrom, MaxTermMonths):
		m.Value("share_to").Problem(fmt.Sprintf("the sharing lasts longer than %d months", MaxTermMonths),
			"shorten it, or say why under term_reason")
	}
	if dataFrom && dataTo && p.DataTo < p.DataFrom {
		m.Value("data_to").Problem("the period of the data ends before it begins", "data_to is data_from or later")
	}

	m = root.Mapping("retention")
	r.a.Retention.RecipientUntil, until = m.Date("recipient_until")
	r.a.Retention.BucketDays = m.Int("bucket_days", document.Between(1, 3650))
	m.Done()
	if until && shareTo && r.a.Retention.RecipientUntil < p.ShareTo {
		m.Value("recipient_until").Problem("the recipient would have to destroy the data before the sharing ends",
			"recipient_until is share_to or later")
	}
}

// addMonths moves a date on by months; a day that the month does not have becomes the first of the next one.
func addMonths(d civil.Date, months int) civil.Date {
	y, m, day := d.YMD()
	return civil.Date(time.Date(y, time.Month(m+months), day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

func (r *reader) handling(root *document.Mapping) {
	m := root.Mapping("frequency")
	r.a.Frequency = Frequency{
		Schedule:         m.String("schedule", document.OneOf("once", "daily", "weekly", "monthly", "quarterly", "yearly")),
		MaxDropsPerMonth: m.Int("max_drops_per_month", document.Between(1, 31)),
	}
	m.Done()

	m = root.Mapping("transfer")
	r.a.Transfer.Locations = r.distinct(m.Value("locations"), document.NotEmpty(),
		document.Matching(countryPattern, "a country in two capital letters, such as GB"))
	m.Done()

	v := root.Value("prohibitions")
	r.a.Prohibitions = r.distinct(v, document.OneOf(Prohibitions()...))
	if v.IsSequence() && len(v.Sequence()) < len(Prohibitions()) {
		v.Problem("a prohibition is left out", "list all of them: "+strings.Join(Prohibitions(), ", "))
	}

	m = root.Mapping("pseudonyms")
	r.a.Pseudonyms = Pseudonyms{
		Scheme:      m.String("scheme", document.OneOf(Scheme)),
		Epoch:       m.Int("epoch", document.Between(1, 9999)),
		OnUnusable:  m.String("on_unusable", document.OneOf(OnUnusableNull, OnUnusableQuarantine)),
		MaxUnusable: m.Float("max_unusable", document.Between(0, 1)),
	}
	m.Done()
}

// distinct reads a list of texts without repetitions.
func (r *reader) distinct(v *document.Value, options ...document.Option) []string {
	var out []string
	for _, item := range v.Sequence(options...) {
		s := item.String(options...)
		switch {
		case s == "":
		case slices.Contains(out, s):
			item.Problem("is there twice", "list it once")
		default:
			out = append(out, s)
		}
	}
	return out
}
