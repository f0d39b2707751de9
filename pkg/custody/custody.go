// Package custody keeps the council's keys: it makes them, checks where they lie, and hands them to the code that uses
// them.
//
// Postern has five, and an identity that encrypts the others where a council wants that:
//
//	master     one per council; pseudonyms come from it            keys/master.age
//	salts      a folder, one salt per agreement and epoch          keys/salts/dsa-coventry-fv-2026.e1.age
//	signing    signs drops (Ed25519, OpenSSH)                      keys/signing, keys/signing.pub
//	register   signs checkpoints of the register (Ed25519)         keys/register, keys/register.pub, keys/register.mark
//	rights     who may unseal the membership index (age)           keys/rights.pub, and rights.identity to be taken away
//	identity   an age identity file, for references ending in .age keys/identity
//
// # Where keys may lie
//
// A reference is "file:" and a path. Symbolic links are followed. A file that holds a secret must be an ordinary file
// of mode 0600 or less, and the folder it lies in, and that of a link to it, of mode 0700 or less: anything that gives
// the group or others any right is refused. Public files (*.pub) must not be writable by them. Where the system has no
// such modes, PermissionNotice says so.
//
// # Formats
//
// A master file has three lines, each ended by a line feed: what it is, the 32 bytes in base64, and 16 hex digits of
// HMAC-SHA256(the 32 bytes, first line), so that a slip in a copy restored from paper is noticed before it gives every
// child a new code:
//
//	POSTERN-MASTER-KEY-1 (secret: keep this file 0600)
//	<base64>
//	check <hex>
//
// A salt's first line also says whose it is, so a copy under another name is refused:
//
//	POSTERN-SALT-1 331 dsa-coventry-fv-2026 e1 (secret: keep this file 0600)
//
// Only exactly what Postern writes is accepted. A path that ends in .age holds the same text encrypted with age to the
// identity file; salts are encrypted when the master is. Signing and register keys are OpenSSH private key files
// without a passphrase; stock ssh-keygen reads them. Identity and rights files are age's own.
//
// # The mark of the register key
//
// Beside the register key lies its mark (keys/register.mark, mode 0600): what the key last signed, the checkpoint of the
// register, which is replaced after every record. A register that does not continue it was put back or cut back to an earlier
// state. It is apart from the register, so that to restore the one does not restore the other; so the gate's account must
// be able to write in the folder of the register key. The mark is made with the key, before it, and says then that there was no
// register yet. For a key that is there none is ever made: it is restored from the newest backup of the keys.
//
// # What is refused
//
// A missing, short, all-equal, repeating, counting (the published test vectors) or text-like secret; a salt that is in
// the folder twice, that is the master, or that was made for another agreement or epoch; a damaged or differently
// encrypted file; a folder or anything else in a file's place. There is no default key and no environment variable.
//
// Every failure is a *KeyError that names the file and what to do. None holds a byte of a key.
package custody

import (
	"crypto/rand"
	"io"
	"path/filepath"
	"strings"
)

// References say where the keys are, as the keys of postern.yaml do. Each is "file:" and a path; an empty one is an
// error only when its key is wanted.
type References struct {
	Master   string
	Salts    string // a folder
	Signing  string
	Register string
	Rights   string // the public file, for example file:./keys/rights.pub
	Identity string // wanted when a reference above ends in .age
}

// ageSuffix marks a file that is encrypted to the identity.
const ageSuffix = ".age"

// Keyring reads and makes the keys at its references. It keeps none of them: each call reads the files again, and
// checks again where they lie. It is safe for concurrent use.
type Keyring struct {
	refs   References
	random io.Reader // crypto/rand.Reader, but for tests of weak sources
}

// Open returns a keyring over the references. It reads nothing yet, so a missing key is reported by what wants it.
func Open(refs References) *Keyring { return &Keyring{refs: refs, random: rand.Reader} }

// place is one reference, resolved.
type place struct {
	what string // "master key", for messages
	name string // key of postern.yaml, for hints
	path string
}

func (p place) encrypted() bool { return strings.HasSuffix(p.path, ageSuffix) }

// The names of the council's keys, as Item.What has them.
const (
	ItemMaster   = "master key"
	ItemSigning  = "signing key"
	ItemRegister = "register key"
	ItemRights   = "rights key"
)

func (k *Keyring) masterPlace() (place, error) { return locate(ItemMaster, "master", k.refs.Master) }
func (k *Keyring) saltsPlace() (place, error)  { return locate("salts folder", "salts", k.refs.Salts) }
func (k *Keyring) signingPlace() (place, error) {
	return locate(ItemSigning, "signing", k.refs.Signing)
}
func (k *Keyring) registerPlace() (place, error) {
	return locate(ItemRegister, "register", k.refs.Register)
}
func (k *Keyring) rightsPlace() (place, error) { return locate(ItemRights, "rights", k.refs.Rights) }

func (k *Keyring) identityPlace() (place, error) {
	p, err := locate("age identity", "identity", k.refs.Identity)
	if err == nil && p.encrypted() {
		return place{}, &KeyError{What: p.what, Path: p.path, Reason: "the file that decrypts the others cannot be encrypted itself",
			hint: "name an ordinary age identity file at keys: identity: in postern.yaml"}
	}
	return p, err
}

// locate takes a reference apart.
func locate(what, name, reference string) (place, error) {
	path, found := strings.CutPrefix(reference, "file:")
	switch {
	case reference == "":
		return place{}, &KeyError{What: what, Reason: "no place for it is configured",
			hint: "set keys: " + name + ": in postern.yaml, for example file:./keys/" + name}
	case !found || path == "" || strings.ContainsRune(path, 0):
		// The reference is not repeated: somebody may have put the key itself there.
		return place{}, &KeyError{What: what, Reason: "its reference is not file: and a path",
			hint: "write keys: " + name + ": as file:PATH in postern.yaml; keys never stand in it themselves"}
	default:
		return place{what: what, name: name, path: filepath.Clean(path)}, nil
	}
}
