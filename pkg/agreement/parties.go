package agreement

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/document"
)

// maxName bounds names, addresses and references, in characters; maxProse what is said in a few sentences.
const (
	maxName  = 200
	maxProse = 1000
)

// parties reads who shares with whom, and who else is concerned.
func (r *reader) parties(root *document.Mapping) {
	if root.Has("programme") {
		m := root.Mapping("programme")
		r.a.Programme = &Programme{
			ID: m.String("id", document.MaxLength(maxIDLength), document.Matching(slugPattern,
				"the id of a programme: words of lower-case letters and digits with hyphens between")),
			Key: m.String("key", document.Matching(fingerprintPattern, "the fingerprint of a key"),
				document.Hint("write it as ssh-keygen -l prints it: SHA256: and 43 characters, in quotes")),
		}
		m.Done()
	} else {
		root.Value("programme", document.Optional())
	}
	r.controller(root.Mapping("controller"))
	r.recipient(root.Mapping("recipient"))

	for _, item := range root.Sequence("onward_sharing", document.Optional()) {
		m := item.Mapping()
		o := Onward{
			Name: m.String("name", document.MaxLength(maxName)),
			Why:  m.Text("why", document.MaxLength(maxProse)),
		}
		m.Done()
		for _, other := range r.a.Onward {
			if o.Name != "" && o.Name == other.Name {
				item.Problem("is there twice", "list it once")
			}
		}
		r.a.Onward = append(r.a.Onward, o)
	}
	if root.Has("archive") {
		m := root.Mapping("archive")
		r.a.Archive = &Archive{
			Place:     m.String("place", document.MaxLength(maxName)),
			Why:       m.Text("why", document.MaxLength(maxProse)),
			Treatment: m.Text("treatment", document.MaxLength(maxProse)),
		}
		m.Done()
	} else {
		root.Value("archive", document.Optional())
	}
	r.contacts(root.Mapping("contacts", document.Optional()))
}

func (r *reader) controller(m *document.Mapping) {
	r.a.Controller = Controller{
		Name:         m.String("name", document.MaxLength(maxName)),
		LACode:       m.String("la_code", document.Matching(laCodePattern, "the three digits of a local authority, in quotes")),
		DPO:          m.String("dpo", document.MaxLength(maxName)),
		Registration: m.String("registration", document.Optional(), document.MaxLength(maxName)),
		Role:         m.String("role", document.Optional(), document.OneOf("sole", "joint", "independent")),
		Arrangement:  m.String("arrangement", document.Optional(), document.MaxLength(maxName)),
		Address:      m.String("address", document.Optional(), document.MaxLength(maxProse)),
	}
	m.Done()
}

func (r *reader) recipient(m *document.Mapping) {
	r.a.Recipient = Recipient{
		Name:         m.String("name", document.MaxLength(maxName)),
		Role:         m.String("role", document.OneOf("controller", "processor")),
		Setting:      m.String("setting", document.OneOf("secure", "managed")),
		Contact:      m.String("contact", document.MaxLength(maxName)),
		Registration: m.String("registration", document.Optional(), document.MaxLength(maxName)),
		Contract:     m.String("contract", document.Optional(), document.MaxLength(maxName)),
		Notice:       m.String("notice", document.Optional(), document.MaxLength(500), document.Matching(urlPattern, "an https address")),
		SuccessorOf: m.String("successor_of", together(m, "since", document.MaxLength(maxName),
			document.Hint("name the organisation that the recipient followed, or leave out since"))...),
	}
	if since, ok := m.Date("since", together(m, "successor_of",
		document.Hint("write the day on which the recipient followed the other organisation"))...); ok {
		r.a.Recipient.Since = &since
	}
	r.people(m.Sequence("people", document.Optional()))
	if m.Has("assurance") {
		a := m.Mapping("assurance")
		r.a.Recipient.Assurance = &Assurance{
			Kind: a.String("kind", document.OneOf("cyber-essentials-plus", "iso-27001", "dspt", "accredited-environment")),
			Ref:  a.String("ref", document.MaxLength(maxName)),
		}
		r.a.Recipient.Assurance.Expires, _ = a.Date("expires")
		a.Done()
	} else {
		m.Value("assurance", document.Optional())
	}
	m.Done()
}

// people reads who of the recipient may work with the data. Who is reached at one address is one person.
func (r *reader) people(items []*document.Value) {
	seen := make(map[string]bool)
	for _, item := range items {
		m := item.Mapping()
		p := NamedPerson{
			Name:    m.String("name", document.MaxLength(maxName)),
			Contact: m.String("contact", document.MaxLength(maxName)),
			Accreditation: m.String("accreditation", together(m, "until", document.MaxLength(maxName),
				document.Hint("write the accreditation that ends then, or leave out until"))...),
			Until: day(m, "until"),
		}
		m.Done()
		folded := strings.ToLower(p.Contact)
		if folded != "" && seen[folded] {
			m.Value("contact").Problem("is the contact of another of these people", "list each person once, under a contact of their own")
		}
		seen[folded] = true
		r.a.Recipient.People = append(r.a.Recipient.People, p)
	}
}

func (r *reader) contacts(m *document.Mapping) {
	contact := func(key string) string { return m.String(key, document.Optional(), document.MaxLength(maxName)) }
	r.a.Contacts = Contacts{
		Owner: contact("owner"), Analyst: contact("analyst"),
		RecipientLead: contact("recipient_lead"), RecipientDPO: contact("recipient_dpo"),
		OutOfHours: contact("out_of_hours"),
	}
	m.Done()
}
