package agreement

import (
	"crypto/sha256"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/signature"
)

// RolesVersion is the first line of a roles file.
const RolesVersion = "postern/roles/v1"

// Role is what a person may decide.
type Role string

// The roles. The Data Protection Officer advises and never approves (UK GDPR Article 38(6)); the owner of the
// information asset, or the Senior Information Risk Owner (SIRO), decides.
const (
	Submitter  Role = "submitter"
	DPO        Role = "dpo"
	AssetOwner Role = "asset-owner"
	SIRO       Role = "siro"
)

// among says which of the three who decide somebody in a role is: the SIRO is an owner.
func (r Role) among() Role {
	if r == SIRO {
		return AssetOwner
	}
	return r
}

func roleWords() []string {
	return []string{string(Submitter), string(DPO), string(AssetOwner), string(SIRO)}
}

// Roles says who may decide on a council's agreements. It is read from agreements/roles.yaml:
//
//	apiVersion: postern/roles/v1
//	organisation: "331"
//	people:
//	  - {name: Ada Byron, role: submitter, key: ssh-ed25519 AAAA…}
//	  - {name: Dora Price, role: dpo, key: ssh-ed25519 AAAA…, valid_from: 2026-04-01}
//	  - {name: Owen Hart, role: asset-owner, key: sk-ssh-ed25519@openssh.com AAAA…, trained_until: 2027-01-31}
//	  - {name: Owen Hart, role: asset-owner, key: ssh-ed25519 AAAA…, revoked: 2026-05-02}
//
// A key that was lost or stolen stays in the file, revoked: what it decided before counts as far as the register had it
// before that day, and nothing that comes to light later. Each role is best held by two keys, so that one can be revoked
// by those who hold the others.
//
// Nothing may be decided by it before Authenticate has found it signed by two of the people it names.
type Roles struct {
	Organisation string // the LA code
	People       []Person
	SHA256       [32]byte // of the exact bytes of the file: recorded in the register at each change
	data         []byte
}

// Person is one holder of one role with one key. A person with a spare key stands there twice.
type Person struct {
	Name     string
	Role     Role
	Key      ssh.PublicKey
	From, To *civil.Date // the days on which the key may sign, both included; nil for open
	// TrainedUntil is the last day on which the person's data protection training is in date; nil where the council does
	// not keep it here. A decision made later does not count, but for a suspension.
	TrainedUntil *civil.Date
	// Revoked is the day from which the key is nobody's any more; nil for a key that is good.
	Revoked *civil.Date
}

// Fingerprint is the key's, as ssh-keygen -l prints it.
func (p Person) Fingerprint() string { return signature.Fingerprint(p.Key) }

// Principal is the person's name as an allowed-signers file can hold it: in lower case, each run of other characters
// than letters and digits as one full stop ("Ann-Marie O'Neill" is ann.marie.o.neill).
func (p Person) Principal() string { return principal(p.Name) }

var notPrincipal = regexp.MustCompile(`[^a-z0-9]+`)

func principal(name string) string {
	return strings.Trim(notPrincipal.ReplaceAllString(strings.ToLower(name), "."), ".")
}

// validAt reports whether the person's key may sign at a time.
func (p Person) validAt(at time.Time) bool { return within(p.From, p.To, at) }

// revokedBy reports whether a key that is revoked from a day on (nil: it is not) is so at a time.
func revokedBy(revoked *civil.Date, at time.Time) bool {
	if revoked == nil {
		return false
	}
	today, err := londonDate(at)
	return err != nil || *revoked <= today
}

// within reports whether a time is on one of the days between two, both included and nil for open, by the civil date in
// Europe/London.
func within(from, to *civil.Date, at time.Time) bool {
	today, err := londonDate(at)
	return err == nil && (from == nil || *from <= today) && (to == nil || today <= *to)
}

// RoleHolder is what the register records of a roles file: who held which role, by key, and when the key may sign.
type RoleHolder struct {
	Role        Role
	Name        string
	Fingerprint string
	From, To    *civil.Date // these and the next two as Person has them

	TrainedUntil, Revoked *civil.Date
}

// signs reports whether the holder's key may sign at a time: it is one of its days, and it is not revoked.
func (h RoleHolder) signs(at time.Time) bool {
	return within(h.From, h.To, at) && !revokedBy(h.Revoked, at)
}

func (p Person) holder() RoleHolder {
	return RoleHolder{
		Role: p.Role, Name: p.Name, Fingerprint: p.Fingerprint(), From: p.From, To: p.To, TrainedUntil: p.TrainedUntil, Revoked: p.Revoked,
	}
}

// Holders lists the roles for the register, in the order of the file.
func (r *Roles) Holders() []RoleHolder {
	out := make([]RoleHolder, len(r.People))
	for i, p := range r.People {
		out[i] = p.holder()
	}
	return out
}

// ParseRoles reads a roles file. The error is document.Problems.
//
// One key holds one role. Nobody is two of submitter, Data Protection Officer and owner, who is an asset owner or the
// SIRO. Submitter, Data Protection Officer and asset owner each have somebody: else no agreement could be decided on by
// three people.
func ParseRoles(file string, data []byte) (*Roles, error) {
	root, log := document.Parse(file, data)
	r := &Roles{SHA256: sha256.Sum256(data), data: slices.Clone(data)}
	root.String("apiVersion", document.OneOf(RolesVersion))
	r.Organisation = root.String("organisation", document.Matching(laCodePattern, "the three digits of a local authority, in quotes"))
	complete := true
	for _, v := range root.Sequence("people", document.NotEmpty()) {
		before := log.Count()
		p := person(v.Mapping())
		if log.Count() == before {
			r.add(p, v)
		}
		complete = complete && log.Count() == before
	}
	root.Done()
	for _, role := range []Role{Submitter, DPO, AssetOwner} {
		held := slices.ContainsFunc(r.People, func(p Person) bool { return p.Role == role })
		if people := root.Value("people", document.Optional()); !held && complete && people.IsSequence() {
			people.Problem("nobody is "+string(role), "name at least one submitter, one dpo and one asset-owner")
		}
	}
	if err := log.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

func person(m *document.Mapping) Person {
	p := Person{
		Name: m.String("name", document.MaxLength(100)),
		Role: Role(m.String("role", document.OneOf(roleWords()...))),
	}
	if p.Name != "" && principal(p.Name) == "" {
		m.Value("name").Problem("has no letter or digit that a list of signers can show", "write the name in unaccented letters")
	}
	if text := m.String("key", document.Hint("copy the line of the person's .pub file")); text != "" {
		p.Key = publicKey(m.Value("key"), text)
	}
	for _, d := range []struct {
		key string
		day **civil.Date
	}{{"valid_from", &p.From}, {"valid_to", &p.To}, {"trained_until", &p.TrainedUntil}, {"revoked", &p.Revoked}} {
		if day, ok := m.Date(d.key, document.Optional()); ok {
			*d.day = &day
		}
	}
	if p.From != nil && p.To != nil && *p.To < *p.From {
		m.Value("valid_to").Problem("ends before it begins", "valid_to is valid_from or later")
	}
	m.Done()
	return p
}

// publicKey reads "type base64" or "type base64 comment"; the signature package says which kinds may sign.
func publicKey(v *document.Value, text string) ssh.PublicKey {
	key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil || len(options) > 0 || len(rest) > 0 || !strings.HasPrefix(text, key.Type()+" ") {
		v.Problem("is no public key", "copy the line of the person's .pub file: ssh-ed25519 AAAA…")
		return nil
	}
	list := signature.AllowedSigners{{Principal: "person", Key: key}}
	if _, err := list.Format(); err != nil {
		v.Problem("is a key of a kind that is not accepted", "use Ed25519 (ssh-keygen -t ed25519), or a hardware key (ed25519-sk)")
		return nil
	}
	return key
}

// add holds a person against those before.
func (r *Roles) add(p Person, v *document.Value) {
	for _, other := range r.People {
		switch {
		case p.Fingerprint() == other.Fingerprint():
			v.Mapping().Value("key").Problem("this key stands for somebody already", "one key holds one role")
			return
		case p.Principal() != other.Principal():
		case p.Name != other.Name:
			v.Mapping().Value("name").Problem("cannot be told from an earlier name", "write both the same, or add what tells two people apart")
			return
		case p.Role.among() != other.Role.among():
			v.Mapping().Value("role").Problem("this person holds another of the three roles", "submitter, dpo and owner (asset-owner or siro) are three people")
			return
		}
	}
	r.People = append(r.People, p)
}

// Holder finds who holds a key.
func (r *Roles) Holder(key ssh.PublicKey) (Person, bool) {
	fingerprint := signature.Fingerprint(key)
	for _, p := range r.People {
		if p.Fingerprint() == fingerprint {
			return p, true
		}
	}
	return Person{}, false
}
