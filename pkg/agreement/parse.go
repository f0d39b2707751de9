package agreement

import (
	"crypto/sha256"
	"regexp"
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

var (
	idPattern          = regexp.MustCompile(`^dsa-[a-z0-9]+(-[a-z0-9]+)*$`)
	sha256Pattern      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	fingerprintPattern = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)
	laCodePattern      = regexp.MustCompile(`^[0-9]{3}$`)
	slugPattern        = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	pointPattern       = regexp.MustCompile(`^[a-z0-9][a-z0-9_/.-]*$`)
	pathPattern        = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)
	article6Pattern    = regexp.MustCompile(`^6\(1\)\([a-f]\)$`)
	article9Pattern    = regexp.MustCompile(`^9\(2\)\([a-j]\)$`)
	urlPattern         = regexp.MustCompile(`^https://[\x21-\x7E]+$`)
	countryPattern     = regexp.MustCompile(`^[A-Z]{2}$`)
	bucketPattern      = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionPattern      = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	hostPattern        = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)
	tableIDPattern     = regexp.MustCompile(`^[a-z0-9_]+(/[a-z0-9_]+)?$`)
	outputPattern      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)
	eventPattern       = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	valuePattern       = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)
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

	outputs []output
	events  []event
	chosen  chosen
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
	r.supersedes(root)
	r.parties(root)
	r.purpose(root)
	r.law(root)
	r.period(root)
	r.handling(root)
	r.choices(root)
	r.indexEvents(root)
	r.tables(root)
	r.cohortOf(root)
	r.linkage(root)
	r.release(root)
	root.Done()
	r.choicesFit(root)
	r.rules()
}

func (r *reader) supersedes(root *document.Mapping) {
	r.a.Supersedes = root.String("supersedes", document.Optional(), document.Matching(sha256Pattern, "the SHA-256 of a file: 64 digits and letters a to f"))
	if r.a.Version == 1 && r.a.Supersedes != "" {
		root.Value("supersedes").Problem("version 1 supersedes no other", "leave it out, or correct the version")
	}
}

// distinct reads a list of texts without repetitions.
func (r *reader) distinct(v *document.Value, options ...document.Option) []string {
	var out []string
	for _, item := range v.Sequence(options...) {
		s := item.String(options...)
		switch {
		case s == "":
		case slices.Contains(out, s):
			item.Fault(document.Repeated, "is there twice", "list it once")
		default:
			out = append(out, s)
		}
	}
	return out
}

// day reads a day that may be left out.
func day(m *document.Mapping, key string, options ...document.Option) *civil.Date {
	if d, ok := m.Date(key, append(options, document.Optional())...); ok {
		return &d
	}
	return nil
}

// together makes a key needed where another one is given: neither says anything without the other.
func together(m *document.Mapping, other string, options ...document.Option) []document.Option {
	if m.Has(other) {
		return options
	}
	return append(options, document.Optional())
}
