// Package pseudonym makes the codes that stand for children in a drop: scheme p1.
//
// A pseudonym lets a recipient follow a child through tables and drops and tells nothing else. It is a keyed code: who
// has neither master nor salt can recompute nothing, also with a list of every possible identifier in hand; and once
// the salt of an agreement is destroyed, nobody can, the council included.
//
//	master      32 random bytes, one per council and generation
//	salt        32 random bytes, secret, one per agreement and epoch
//	LP(x1…xn)   for each x: the length of its UTF-8 bytes in 4 bytes, big-endian, then the bytes
//	key         HKDF-SHA256(ikm = master, salt = salt,
//	                        info = LP("postern/pseudonym/v1", org, agreement, epoch, domain), 32 bytes)
//	mac         HMAC-SHA256(key, normalised identifier)
//	pseudonym   letter of the domain, epoch, "_", then the first 160 bits of mac in Crockford base32, lower case
//	key check   first 16 hex digits of
//	            HMAC-SHA256(HKDF-SHA256(master, salt, LP("postern/kcv/v1", org, agreement, epoch)), "kcv")
//
// The org is the council's code with the Department for Education (331), the epoch a decimal number from 1, the domain
// the kind of the identifier (child/la-child-id). With master 00 01 … 1f and salt 20 21 … 3f, council 331, agreement
// dsa-coventry-fv-2026 and epoch 1, the child 510000 is
//
//	c1_yfagjb711ag44byspe9n35dxhb2f9cf0
//
// and the key check value is f9da6ac009103ca9. (Those two secrets are published, so NewSecret refuses them.)
//
// HKDF is RFC 5869, HMAC is RFC 2104, SHA-256 is FIPS 180-4. There is no other algorithm, no default key and no way to
// configure one. 160 bits make it practically impossible (less than 1 in 10^32) that two of a hundred million children
// share a code. The prefix shows what the code is, and keeps spreadsheets from reading it as a number.
//
// This package reads and writes no file. It is for the code that treats an agreement's rows or answers a rights case;
// nothing here is to be offered to a caller who chooses the value.
package pseudonym

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/identifier"
)

// Scheme is the name of the construction, as agreements and manifests give it.
const Scheme = "p1"

// MaxEpoch is the highest epoch of an agreement.
const MaxEpoch = 999_999

// What each key is for, in its derivation: two uses never share a key.
const (
	infoPseudonym = "postern/pseudonym/v1"
	infoKeyCheck  = "postern/kcv/v1"
	infoCommit    = "postern/commitment/v1"
	infoSalt      = "postern/salt-fingerprint/v1"
)

// Scope says whose pseudonyms are made: two scopes share none.
type Scope struct {
	Org       string // the council's three-digit code with the Department for Education, "331"
	Agreement string // the agreement's id
	Epoch     int    // the key epoch of the agreement, 1 to MaxEpoch
}

// Validate reports what is wrong with a scope, or nil.
func (s Scope) Validate() error {
	switch {
	case len(s.Org) != 3 || !isDigit(s.Org[0]) || !isDigit(s.Org[1]) || !isDigit(s.Org[2]):
		return errors.New("the council's code must be three digits")
	case s.Agreement == "" || !utf8.ValidString(s.Agreement):
		return errors.New("the agreement has no id")
	case s.Epoch < 1 || s.Epoch > MaxEpoch:
		return fmt.Errorf("the epoch must be a number from 1 to %d", MaxEpoch)
	default:
		return nil
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Domain is what a pseudonym stands for. The same value in two domains has two codes that cannot be joined.
type Domain struct {
	Kind    identifier.Kind
	Letter  byte // first character of each of its pseudonyms
	Version int  // of the rules that normalise its identifiers; the manifest names it
}

// DomainFor returns the domain of a kind of identifier; false for a kind that there is none for.
func DomainFor(kind identifier.Kind) (Domain, bool) {
	switch kind {
	case identifier.LAChildID:
		return Domain{kind, 'c', 1}, true
	case identifier.UPN:
		return Domain{kind, 'u', 1}, true
	case identifier.NHSNumber:
		return Domain{kind, 'n', 1}, true
	case identifier.ULN:
		return Domain{kind, 'l', 1}, true
	case identifier.SchoolURN:
		return Domain{kind, 's', 1}, true
	case identifier.WorkerSWE:
		return Domain{kind, 'w', 1}, true
	default:
		return Domain{}, false
	}
}

// Pseudonymiser makes the pseudonyms of one domain in one scope. It holds a key, so it prints as "[redacted]". It is
// not safe for concurrent use: each goroutine takes its own Clone.
type Pseudonymiser struct {
	redacted
	keyed func() *keyed // a function for the reason that Secret has one
}

type keyed struct {
	key    Secret // derived; kept for Clone
	mac    hash.Hash
	sum    [sha256.Size]byte
	prefix string
}

// New derives the key of a domain in a scope. It returns a *WeakSecretError when master or salt is missing or both are
// the same, and an error when the scope or the domain is not one.
func New(master, salt Secret, scope Scope, domain Domain) (*Pseudonymiser, error) {
	if known, ok := DomainFor(domain.Kind); !ok || known != domain {
		return nil, errors.New("there is no such pseudonymisation domain")
	}
	if err := scope.Validate(); err != nil {
		return nil, err
	}
	key, err := derive(master, salt, infoPseudonym, scope, string(domain.Kind))
	if err != nil {
		return nil, err
	}
	return newPseudonymiser(key, string(domain.Letter)+strconv.Itoa(scope.Epoch)+"_"), nil
}

func newPseudonymiser(key Secret, prefix string) *Pseudonymiser {
	k := &keyed{key: key, mac: hmac.New(sha256.New, key.bytes()[:]), prefix: prefix}
	k.mac.Reset() // keeps the state after the key block, which makes each MAC half the work
	return &Pseudonymiser{keyed: func() *keyed { return k }}
}

// Clone returns a pseudonymiser that makes the same pseudonyms, for another goroutine.
func (p *Pseudonymiser) Clone() *Pseudonymiser {
	k := p.keyed()
	return newPseudonymiser(k.key, k.prefix)
}

// MAC writes the first 160 bits of the code of an identifier, which must be as identifier.Normalise returned it with
// identifier.OK. It does not allocate. The 20 bytes order as their text does.
func (p *Pseudonymiser) MAC(dst *[20]byte, normalised []byte) {
	k := p.keyed()
	k.mac.Reset()
	k.mac.Write(normalised) // a hash never returns an error
	copy(dst[:], k.mac.Sum(k.sum[:0]))
}

// Prefix is what each pseudonym begins with: letter, epoch, "_".
func (p *Pseudonymiser) Prefix() string { return p.keyed().prefix }

// AppendText appends the pseudonym, as it stands in a drop, to dst.
func (p *Pseudonymiser) AppendText(dst []byte, mac *[20]byte) []byte {
	return appendCode(append(dst, p.keyed().prefix...), mac)
}

// KeyCheck is the key check value of a scope: 16 hex digits that tell a recipient that the keys are still the same, and
// nothing of the keys. It is "" when a secret is missing, both are the same, or the scope is not valid.
func KeyCheck(master, salt Secret, scope Scope) string {
	if scope.Validate() != nil {
		return ""
	}
	key, err := derive(master, salt, infoKeyCheck, scope)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", sum(key, []byte("kcv"))[:8])
}

// Commit is a keyed commitment to data, 64 hex digits: who knows the keys can show later what the data was, and nobody
// else can try guesses against it. The label says what the data is, and commitments under two labels cannot be
// compared. It is "" when a secret is missing, both are the same, or the scope is not valid.
//
//	HMAC-SHA256(HKDF-SHA256(master, salt, LP("postern/commitment/v1", org, agreement, epoch, label)), data)
func Commit(master, salt Secret, scope Scope, label string, data []byte) string {
	if scope.Validate() != nil {
		return ""
	}
	key, err := derive(master, salt, infoCommit, scope, label)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", sum(key, data))
}

// SaltFingerprint names a salt without showing it, in 32 hex digits, so that its use by another agreement or epoch is
// noticed. It is "" for a missing salt. It is for the council's own records; a drop has the key check value.
//
//	first 128 bits of HMAC-SHA256(salt, "postern/salt-fingerprint/v1")
func SaltFingerprint(salt Secret) string {
	if salt.IsZero() {
		return ""
	}
	return fmt.Sprintf("%x", sum(salt, []byte(infoSalt))[:16])
}

// derive is HKDF-SHA256 with the purpose, the scope and what else tells the key apart as its info.
func derive(master, salt Secret, purpose string, scope Scope, more ...string) (Secret, error) {
	if master.IsZero() || salt.IsZero() {
		return Secret{}, &WeakSecretError{Reason: ReasonMissing}
	}
	if master.Equal(salt) {
		return Secret{}, &WeakSecretError{Reason: ReasonSame}
	}
	info := lengthPrefixed(append([]string{purpose, scope.Org, scope.Agreement, strconv.Itoa(scope.Epoch)}, more...)...)
	key, err := hkdf.Key(sha256.New, master.bytes()[:], salt.bytes()[:], info, SecretSize)
	if err != nil {
		return Secret{}, fmt.Errorf("deriving a key: %w", err)
	}
	return seal(key), nil
}

// lengthPrefixed is LP of the package comment: no two lists of strings have the same encoding.
func lengthPrefixed(parts ...string) string {
	var out []byte
	for _, part := range parts {
		n := uint32(len(part))
		out = append(out, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		out = append(out, part...)
	}
	return string(out)
}

func sum(key Secret, data []byte) []byte {
	mac := hmac.New(sha256.New, key.bytes()[:])
	mac.Write(data)
	return mac.Sum(nil)
}
