package agreement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/document"
)

// period reads how long the sharing and the data last.
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

	m = root.Mapping("review", document.Optional())
	if by, ok := m.Date("by"); ok {
		r.a.Review.By = &by
	}
	m.Done()

	m = root.Mapping("retention")
	r.a.Retention = Retention{
		BucketDays:      m.Int("bucket_days", document.Between(1, 3650)),
		Destruction:     m.Text("destruction", document.Optional(), document.MaxLength(maxProse)),
		CertificateDays: m.Int("certificate_days", document.Optional(), document.Between(1, 365)),
	}
	r.a.Retention.RecipientUntil, until = m.Date("recipient_until")
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

// handling reads how the data travel, where they may lie, and who answers for them.
func (r *reader) handling(root *document.Mapping) {
	m := root.Mapping("frequency")
	r.a.Frequency = Frequency{
		Schedule:         m.String("schedule", document.OneOf("once", "daily", "weekly", "monthly", "quarterly", "yearly")),
		MaxDropsPerMonth: m.Int("max_drops_per_month", document.Between(1, 31)),
	}
	m.Done()

	m = root.Mapping("security", document.Optional())
	for _, item := range m.Sequence("stores", document.Optional()) {
		place := r.place(item.Mapping())
		if slices.Contains(r.a.Security.Stores, place) {
			item.Fault(document.Repeated, "is there twice", "list it once")
		}
		r.a.Security.Stores = append(r.a.Security.Stores, place)
	}
	r.a.Security.Access = m.Text("access", document.Optional(), document.MaxLength(maxProse))
	r.a.Security.Measure = m.Text("measure", document.Optional(), document.MaxLength(maxProse))
	m.Done()

	m = root.Mapping("transfer")
	r.a.Transfer = Transfer{
		Locations: r.distinct(m.Value("locations"), document.NotEmpty(),
			document.Matching(countryPattern, "a country in two capital letters, such as GB")),
		Mechanism:  m.String("mechanism", document.Optional(), document.OneOf("adequacy", "idta", "addendum")),
		Assessment: m.String("assessment", document.Optional(), document.MaxLength(maxName)),
		Advice:     m.Text("advice", document.Optional(), document.MaxLength(maxProse)),
	}
	m.Done()

	m = root.Mapping("rights", document.Optional())
	r.a.Rights = Rights{
		Contact:        m.String("contact", document.MaxLength(maxName)),
		ObjectionHours: m.Int("objection_hours", document.Optional(), document.Between(1, 8760)),
		Exemptions:     m.Text("exemptions", document.Optional(), document.MaxLength(maxProse)),
	}
	m.Done()

	m = root.Mapping("incident", document.Optional())
	r.a.Incident = Incident{
		Contact: m.String("contact", document.MaxLength(maxName)),
		Hours:   m.Int("hours", document.Between(1, 8760)),
	}
	m.Done()

	v := root.Value("prohibitions")
	r.a.Prohibitions = r.distinct(v, document.OneOf(Prohibitions()...))
	if v.IsSequence() && len(v.Sequence()) < len(Prohibitions()) {
		v.Fault(document.TooShort, "a prohibition is left out", "list all of them: "+strings.Join(Prohibitions(), ", "))
	}

	m = root.Mapping("subjects", document.Optional())
	r.a.Subjects.Children = m.Int("children", document.Between(1, 10_000_000))
	m.Done()

	m = root.Mapping("pseudonyms")
	r.a.Pseudonyms = Pseudonyms{
		Scheme:      m.String("scheme", document.OneOf(Scheme)),
		Epoch:       m.Int("epoch", document.Between(1, 9999)),
		OnUnusable:  m.String("on_unusable", document.OneOf(OnUnusableNull, OnUnusableQuarantine)),
		MaxUnusable: m.Float("max_unusable", document.Between(0, 1)),
	}
	m.Done()
}

// place reads a store. What is said of a bucket is an unknown key of a folder.
func (r *reader) place(m *document.Mapping) Place {
	p := Place{Kind: m.String("kind", document.OneOf(PlaceFolder, PlaceBucket))}
	if p.Kind != PlaceFolder {
		p.Bucket = m.String("bucket", document.Optional(), document.Matching(bucketPattern, "the name of a bucket"))
		region := []document.Option{document.Matching(regionPattern, "the name of a region, such as eu-west-2")}
		if p.Kind == "" {
			region = append(region, document.Optional())
		}
		p.Region = m.String("region", region...)
		p.Endpoint = m.String("endpoint", document.Optional(), document.MaxLength(255),
			document.Matching(hostPattern, "the name of a server, without https:// and without a path"))
	}
	p.Country = m.String("country", document.Matching(countryPattern, "a country in two capital letters, such as GB"))
	m.Done()
	return p
}
