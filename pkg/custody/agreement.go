package custody

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// AgreementKeys are the keys of one agreement and epoch. They print as what they are for, never as what they are.
type AgreementKeys struct {
	master, salt pseudonym.Secret
	scope        pseudonym.Scope
}

// AgreementKeys reads the master and the salt of an agreement's epoch. The org is the council's three-digit code. The
// salt is compared to the master and to every other salt in the folder, so all of them must be readable.
func (k *Keyring) AgreementKeys(org, agreement string, epoch int) (*AgreementKeys, error) {
	scope := pseudonym.Scope{Org: org, Agreement: agreement, Epoch: epoch}
	if err := checkScope(scope); err != nil {
		return nil, &KeyError{What: "salt", Reason: err.Error(), hint: "correct the council's code, or the id or epoch in the agreement"}
	}
	master, err := k.master()
	if err != nil {
		return nil, err
	}
	wanted, err := k.saltPlace(agreement, epoch)
	if err != nil {
		return nil, err
	}
	salt, err := k.salt(wanted, scope)
	if err != nil {
		return nil, err
	}
	if salt.Equal(master) {
		return nil, wanted.refuse("it is the master key", "make a salt of its own: move "+quote(wanted.path)+" away and run `postern keys new` with the agreement's file")
	}
	if err := k.checkReuse(wanted, salt); err != nil {
		return nil, err
	}
	return &AgreementKeys{master: master, salt: salt, scope: scope}, nil
}

// saltPlace is where the salt of an agreement's epoch lies: encrypted when the master is.
func (k *Keyring) saltPlace(agreement string, epoch int) (place, error) {
	master, err := k.masterPlace()
	if err != nil {
		return place{}, err
	}
	folder, err := k.saltsPlace()
	if err != nil {
		return place{}, err
	}
	name := saltName(agreement, epoch)
	if master.encrypted() {
		name += ageSuffix
	}
	return place{what: "salt", name: "salts", path: filepath.Join(folder.path, name)}, nil
}

// salt reads one salt file, which must be for the scope that its name says. An empty org stands for any.
func (k *Keyring) salt(p place, want pseudonym.Scope) (pseudonym.Secret, error) {
	if _, err := os.Stat(p.path); os.IsNotExist(err) {
		if err := p.refuseOtherForm(); err != nil {
			return pseudonym.Secret{}, err
		}
		missing := p.fail(err)
		missing.hint = "if nothing has left under this agreement and epoch, make it with `postern keys new` with the agreement's file; otherwise restore " + quote(p.path) + " from its backup: a new salt would give every child a new code"
		return pseudonym.Secret{}, missing
	}
	text, err := k.readSecret(p)
	if err != nil {
		return pseudonym.Secret{}, err
	}
	defer clear(text)
	scope, secret, err := parseSalt(text)
	if err != nil {
		return pseudonym.Secret{}, p.explain(err, "salt")
	}
	if want.Org == "" {
		want.Org = scope.Org
	}
	if scope != want {
		return pseudonym.Secret{}, p.refuse("it was made for another agreement, epoch or council",
			"a salt is never used twice: move "+quote(p.path)+" away and run `postern keys new` with the agreement's file, or restore the right one from its backup")
	}
	return secret, nil
}

// checkReuse compares a salt to all others in the folder.
func (k *Keyring) checkReuse(wanted place, salt pseudonym.Secret) error {
	folder, err := k.saltsPlace()
	if err != nil {
		return err
	}
	names, err := folder.saltFiles()
	if err != nil {
		return err
	}
	for _, name := range names {
		other := place{what: "salt", name: "salts", path: filepath.Join(folder.path, name)}
		if other.path == wanted.path {
			continue
		}
		agreement, epoch, ok := parseSaltName(name)
		if !ok {
			return other.refuse("it lies in the salts folder, and its name is not that of a salt (AGREEMENT.eEPOCH)",
				"move "+quote(other.path)+" out of the salts folder; a copy of a salt must be destroyed with it")
		}
		if saltName(agreement, epoch) == strings.TrimSuffix(filepath.Base(wanted.path), ageSuffix) {
			return other.refuse("it is a second salt file of one agreement and epoch, beside "+wanted.path,
				"the one that has released data must stay; move the other out of the salts folder")
		}
		// Whatever org the other was made for, it must be another secret.
		secret, err := k.salt(other, pseudonym.Scope{Agreement: agreement, Epoch: epoch})
		if err != nil {
			return err
		}
		if secret.Equal(salt) {
			return wanted.refuse("it is the same salt as "+other.path,
				"two agreements never share a salt: find out which of them has released data, and for the other move its file away and run `postern keys new`")
		}
	}
	return nil
}

// saltFiles are the names in the salts folder, in order, hidden ones left out.
func (p place) saltFiles() ([]string, error) {
	if err := checkFolder(p.what, p.path, anyRight); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(p.path)
	if err != nil {
		return nil, p.fail(err)
	}
	var names []string
	for _, entry := range entries {
		if !isLeftover(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Scope is whose keys they are.
func (a *AgreementKeys) Scope() pseudonym.Scope { return a.scope }

// String says whose keys they are.
func (a *AgreementKeys) String() string {
	return "keys of " + a.scope.Org + " " + saltName(a.scope.Agreement, a.scope.Epoch)
}

// KeyCheck is the key check value, 16 hex digits, that manifests name.
func (a *AgreementKeys) KeyCheck() string { return pseudonym.KeyCheck(a.master, a.salt, a.scope) }

// Commit is the keyed commitment to data under a label, 64 hex digits: see pseudonym.Commit.
func (a *AgreementKeys) Commit(label string, data []byte) string {
	return pseudonym.Commit(a.master, a.salt, a.scope, label, data)
}

// SaltFingerprint names the salt, in 32 hex digits, for the council's own record of salts that have been used.
func (a *AgreementKeys) SaltFingerprint() string { return pseudonym.SaltFingerprint(a.salt) }

// Pseudonymiser makes the pseudonymiser of a kind of identifier.
func (a *AgreementKeys) Pseudonymiser(kind identifier.Kind) (*pseudonym.Pseudonymiser, error) {
	domain, _ := pseudonym.DomainFor(kind)
	p, err := pseudonym.New(a.master, a.salt, a.scope, domain)
	if err != nil {
		return nil, &KeyError{What: a.String(), Reason: err.Error(), hint: "see which identifiers the agreement's columns have", err: err}
	}
	return p, nil
}

// MadeUpKeys are keys made for one occasion, from fresh randomness, and kept nowhere: for a plan, which counts what
// would leave and shows no code to anybody. They are of no use for a drop, since nothing could make its codes again.
func MadeUpKeys(org, agreement string, epoch int) (*AgreementKeys, error) {
	scope := pseudonym.Scope{Org: org, Agreement: agreement, Epoch: epoch}
	if err := scope.Validate(); err != nil {
		return nil, fmt.Errorf("make up keys: %w", err)
	}
	master, err := pseudonym.GenerateSecret(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make up keys: %w", err)
	}
	salt, err := pseudonym.GenerateSecret(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make up keys: %w", err)
	}
	return &AgreementKeys{master: master, salt: salt, scope: scope}, nil
}
