package custody

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// maxFile bounds what is read of a key file, encrypted or not. The largest that Postern writes is under 2 KiB.
const maxFile = 64 << 10

// Rights of the group and others that are not accepted.
const (
	anyRight   fs.FileMode = 0o077 // on secrets and the folders they lie in
	writeRight fs.FileMode = 0o022 // on public files and the folders they lie in
)

// readSecret reads a file that holds a secret, decrypting it if its name ends in .age.
func (k *Keyring) readSecret(p place) ([]byte, error) {
	data, err := p.read(anyRight)
	if err != nil || !p.encrypted() {
		return data, err
	}
	return k.decrypt(p, data)
}

// read checks where a file lies and reads it.
func (p place) read(refused fs.FileMode) ([]byte, error) {
	// Looked at before it is opened, since opening a pipe would wait for a writer; looked at again once it is open,
	// since that is the file which is read.
	info, err := os.Stat(p.path)
	if err != nil {
		return nil, p.fail(err)
	}
	if err := p.checkOrdinary(info); err != nil {
		return nil, err
	}
	if err := p.checkFolders(refused); err != nil {
		return nil, err
	}
	file, err := os.Open(p.path)
	if err != nil {
		return nil, p.fail(err)
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, p.fail(err)
	}
	if err := p.checkOrdinary(info); err != nil {
		return nil, err
	}
	if mode := rights(info) & refused; mode != 0 {
		return nil, p.open(info, refused)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, p.fail(err)
	}
	if len(data) > maxFile {
		return nil, p.refuse("it is too large to be a key file", "see what "+quote(p.path)+" is; keys: "+p.name+": in postern.yaml names it")
	}
	return data, nil
}

func (p place) checkOrdinary(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return p.refuse("it is a folder, not a file", "name a file at keys: "+p.name+": in postern.yaml")
	case !info.Mode().IsRegular():
		return p.refuse("it is not an ordinary file", "put the key into an ordinary file of mode 0600")
	default:
		return nil
	}
}

// checkFolders looks at the folder that the path names, and at the one where a symbolic link on it ends.
func (p place) checkFolders(refused fs.FileMode) error {
	real, err := filepath.EvalSymlinks(p.path)
	if err != nil {
		return p.fail(err)
	}
	for _, folder := range []string{filepath.Dir(p.path), filepath.Dir(real)} {
		if err := checkFolder("folder of the "+p.what, folder, refused); err != nil {
			return err
		}
	}
	return nil
}

// checkFolder holds that a folder gives none of the rights refused to the group or others.
func checkFolder(what, folder string, refused fs.FileMode) error {
	at := place{what: what, path: folder}
	info, err := os.Stat(folder)
	if err != nil {
		return at.fail(err)
	}
	if !info.IsDir() {
		return at.refuse("it is a file, not a folder", "move "+quote(folder)+" away, or name another place in postern.yaml")
	}
	if rights(info)&refused != 0 {
		return at.open(info, refused)
	}
	return nil
}

// open is the error of a file or folder that is open to more than its owner.
func (p place) open(info fs.FileInfo, refused fs.FileMode) error {
	reason := "it is open to other users"
	hint := "run `chmod 600 " + quote(p.path) + "`"
	if info.IsDir() {
		hint = "run `chmod 700 " + quote(p.path) + "`; keys lie in a folder of their own"
	}
	if refused == writeRight {
		reason = "other users can change it"
		hint = "run `chmod go-w " + quote(p.path) + "`"
	}
	return p.refuse(fmt.Sprintf("%s (mode %04o)", reason, info.Mode().Perm()), hint)
}

// identities reads the age identity file. Errors of package age are not passed on: they describe a secret's text.
func (k *Keyring) identities() (place, []age.Identity, error) {
	p, err := k.identityPlace()
	if err != nil {
		return place{}, nil, err
	}
	data, err := p.read(anyRight)
	if err != nil {
		return p, nil, err
	}
	defer clear(data)
	ids, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil {
		return p, nil, p.refuse("it is not an age identity file without a passphrase",
			"it must hold a line AGE-SECRET-KEY-1…, as age-keygen and `postern keys new` write it; restore "+quote(p.path)+" from its backup")
	}
	return p, ids, nil
}

// decrypt opens an age file. Nothing of it is used unless all of it is intact.
func (k *Keyring) decrypt(p place, data []byte) ([]byte, error) {
	at, ids, err := k.identities()
	if err != nil {
		return nil, err
	}
	damaged := p.damaged("it cannot be decrypted: it is damaged, or not an age file")
	plain, err := age.Decrypt(bytes.NewReader(data), ids...)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return nil, p.refuse("it cannot be decrypted with "+at.path+": it is encrypted to another identity, or damaged",
			"name the identity file it was encrypted to at keys: identity: in postern.yaml, or restore "+quote(p.path)+" from its backup")
	}
	if err != nil {
		return nil, damaged
	}
	text, err := io.ReadAll(io.LimitReader(plain, maxFile+1))
	if err != nil || len(text) > maxFile {
		clear(text)
		return nil, damaged
	}
	return text, nil
}

// encrypt seals text to the first identity of the identity file.
func (k *Keyring) encrypt(p place, text []byte) ([]byte, error) {
	at, ids, err := k.identities()
	if err != nil {
		return nil, err
	}
	recipient := recipientOf(ids[0])
	if recipient == nil {
		return nil, at.refuse("it is of a kind that nothing can be encrypted to", "use an identity as age-keygen writes it")
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipient)
	if err != nil {
		return nil, p.fail(err)
	}
	if _, err := w.Write(text); err != nil {
		return nil, p.fail(err)
	}
	if err := w.Close(); err != nil {
		return nil, p.fail(err)
	}
	return out.Bytes(), nil
}

func recipientOf(id age.Identity) age.Recipient {
	switch id := id.(type) {
	case *age.X25519Identity:
		return id.Recipient()
	case *age.HybridIdentity:
		return id.Recipient()
	default:
		return nil
	}
}

// explain makes the error of a key file whose text is wrong.
func (p place) explain(err error, kind string) error {
	var weak *pseudonym.WeakSecretError
	switch {
	case errors.As(err, &weak):
		return p.fail(err)
	case errors.Is(err, errNotKeyFile):
		return p.refuse("it is not a "+kind+" file of Postern",
			"see what "+quote(p.path)+" is; a "+kind+" is made by `postern keys new`, or restored from its backup, and never written by hand")
	default:
		return p.damaged("it is not as Postern wrote it: a character, a blank or a line end has been changed")
	}
}

// master reads the master key.
func (k *Keyring) master() (pseudonym.Secret, error) {
	p, err := k.masterPlace()
	if err != nil {
		return pseudonym.Secret{}, err
	}
	text, err := k.readSecret(p)
	if err != nil {
		return pseudonym.Secret{}, err
	}
	defer clear(text)
	secret, err := parseKey(masterHeader, text)
	if err != nil {
		return pseudonym.Secret{}, p.explain(err, "master key")
	}
	return secret, nil
}

// isLeftover reports a hidden file: what a key is written to before it gets its name, and what systems leave in
// folders.
func isLeftover(name string) bool { return strings.HasPrefix(name, ".") }
