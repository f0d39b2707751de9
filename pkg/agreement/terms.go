package agreement

import "github.com/postern-gateway/postern/pkg/civil"

// What is optional below may be left out of the file, and is then empty. Whether an agreement without it may be
// submitted, and whether the gate opens under it, is for Checks to say: what a file is allowed to look like is one
// question, what it has to say before a child's data leaves is another.

// Programme is a group of councils that share for one purpose. Who is of it stands in a list that the programme signs.
type Programme struct {
	ID  string // sfpc: the list is programmes/<id>.yaml in the folder of agreements
	Key string // fingerprint of the key that signs the list, SHA256:… as ssh-keygen -l prints it
}

// Controller is the council.
type Controller struct {
	Name         string
	LACode       string // three digits, DfE's code of the local authority
	DPO          string // where the Data Protection Officer is reached
	Registration string // optional: with the ICO
	Role         string // optional: sole, joint or independent
	Arrangement  string // the arrangement of joint controllers (UK GDPR Article 26)
	Address      string // optional
}

// Recipient is who receives the drops.
type Recipient struct {
	Name         string
	Role         string // controller or processor (UK GDPR Articles 24, 28)
	Setting      string // secure (an accredited or trusted research environment) or managed (the recipient's own)
	Contact      string
	Registration string // optional: company, charity or ICO number
	Contract     string // of a processor (UK GDPR Article 28)
	Notice       string // optional: where the recipient tells families what it does
	// SuccessorOf is the organisation that the recipient followed, and Since the day on which it did: an agreement with
	// the one is no agreement with the other until a version says so.
	SuccessorOf string
	Since       *civil.Date
	People      []NamedPerson // optional: who of the recipient may work with the data
	Assurance   *Assurance    // nil: none stated
}

// NamedPerson is one who may work with the data.
type NamedPerson struct {
	Name, Contact string
	Accreditation string      // optional: accredited researcher number
	Until         *civil.Date // the last day on which the accreditation holds
}

// Assurance is the evidence that the recipient keeps the data safe.
type Assurance struct {
	Kind    string // cyber-essentials-plus, iso-27001, dspt, accredited-environment
	Ref     string
	Expires civil.Date
}

// Onward is somebody else who may see the data.
type Onward struct{ Name, Why string }

// Archive is where the data may be kept for later research.
type Archive struct {
	Place     string
	Why       string
	Treatment string // what is done to them first
}

// Purpose is what the data may be used for.
type Purpose struct {
	Code      string // evaluation, research, statistics, service-planning, statutory-return
	Text      string // one sentence
	Benefits  string // optional: to whom, and which
	Necessity string // optional: why it cannot be done without personal data
}

// Purposes are the codes of purposes that an agreement may have. Marketing, sale, profiling, case-finding, enforcement
// and decisions about individuals are none: councils promise that bulk data are not used for them.
func Purposes() []string {
	return []string{"evaluation", "research", "statistics", "service-planning", "statutory-return"}
}

// Research states the safeguards of processing for research, archiving and statistics (UK GDPR Articles 84A to 84D).
type Research struct {
	Necessity             string // Article 84B: why the purpose needs data that identify
	NoDamageOrDistress    bool   // Article 84C(2): none that is substantial is likely
	NoIndividualDecisions bool   // Article 84C(3): no measures or decisions about a particular person
	Minimised             bool   // Article 84C: no more than is needed
	Ethics                string // optional: the approval's reference
	Protocol              string // optional: where the protocol is published
	Registration          string // optional: of the trial
}

// LawfulBasis is why the sharing is lawful.
type LawfulBasis struct {
	Article6       string // UK GDPR: 6(1)(e)
	Power          string // the Act and section that give the task; optional
	Article9       string // UK GDPR: 9(2)(j); needed when a special category leaves
	Schedule1      string // Data Protection Act 2018: the condition; needed when a special category leaves
	PolicyDocument string // the appropriate policy document that most conditions of Part 2 of Schedule 1 ask for
	Article10      string // the authority for criminal-offence data; needed when such a column leaves
}

// Confidentiality is how the common-law duty of confidence is met.
type Confidentiality struct {
	Basis     string // public-task, consent, section-251; empty when not stated
	Caldicott string // optional: the Caldicott Guardian's reference
}

// DPIA is the data protection impact assessment (UK GDPR Article 35).
type DPIA struct {
	Ref          string
	Version      string      // optional
	Date         *civil.Date // optional
	ReviewBy     civil.Date
	ResidualRisk string // low, medium, high; empty when not stated
	Article36    string // the ICO's answer, which a high residual risk needs
}

// PrivacyNotice is where families are told (UK GDPR Articles 13, 14), and the tables that the notice speaks of.
type PrivacyNotice struct {
	URL      string
	Covers   []string
	Text     string      // optional: a file with the words of the notice, within the folder of agreements
	SHA256   string      // of that file (hex)
	Reviewed *civil.Date // optional: when the council last reviewed the notice
	Answers  []Answer    // to what the notice check raised, in the order of the file
}

// Answer is what the council says, in writing, about one thing that the notice check raised.
type Answer struct {
	Point string // the name of the point: consent-promised, right-to-object, …
	Text  string
}

// NationalDataOptOut records whether the opt-out from uses of confidential patient information applies, and why.
type NationalDataOptOut struct {
	Determination string // not_applicable, applied, exempt; empty when nothing was determined
	Reason        string
	DecidedBy     string      // optional
	Date          *civil.Date // optional
	Reference     string      // of the check, where it was applied
	Until         *civil.Date // the last day on which the result of that check may be used
}

// Review says when the agreement is looked at again.
type Review struct {
	By *civil.Date // nil: not stated
}

// Retention says how long the data are kept.
type Retention struct {
	RecipientUntil civil.Date // the recipient destroys them by then
	BucketDays     int        // a drop stays in the store
	// Destruction is the standard by which the recipient destroys its copies, CertificateDays within how many days it
	// certifies that; empty and 0 when not stated.
	Destruction     string
	CertificateDays int
}

// Security says where drops may lie and how they are guarded (UK GDPR Article 32).
type Security struct {
	Stores  []Place // none: not stated
	Access  string  // optional: how the recipient's people prove who they are
	Measure string  // optional: whatever else was agreed
}

// The kinds of places.
const (
	PlaceFolder = "folder"
	PlaceBucket = "bucket"
)

// Place is a store that drops may be put into.
type Place struct {
	Kind     string // PlaceFolder or PlaceBucket
	Bucket   string // the bucket's name; empty for any bucket of that region and server
	Region   string // of a bucket
	Endpoint string // host name of the bucket's server, with its port where that is agreed, too; empty for the region's own
	Country  string // ISO 3166-1, two letters: where it stands
}

// Transfer lists the countries (ISO 3166-1, two letters) in which the recipient may hold the data.
type Transfer struct {
	Locations  []string
	Mechanism  string // of a transfer out of the United Kingdom: adequacy, idta, addendum
	Assessment string // the data protection test of such a transfer
	Advice     string // the ICO's, where there is no adequacy
}

// Rights says who answers families who use their rights.
type Rights struct {
	Contact        string
	ObjectionHours int    // within how many hours an objection keeps a child out of drops; 0 when not stated
	Exemptions     string // optional: those relied on
}

// Incident says who is told of an incident, and how soon.
type Incident struct {
	Contact string
	Hours   int // within which the recipient tells the council; 0 when not stated
}

// Contacts are whom people of either side ring up; any may be empty.
type Contacts struct {
	Owner, Analyst, RecipientLead, RecipientDPO, OutOfHours string
}

// Subjects is how many children the drops are expected to be about; 0 when not stated.
type Subjects struct{ Children int }
