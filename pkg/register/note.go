package register

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// notePrefix begins the signature line of a signed note: an em dash and a space.
const notePrefix = "— "

// noteSignatureBytes is what the signature line of a note by an Ed25519 key holds: the key hash and the signature.
const noteSignatureBytes = 4 + ed25519.SignatureSize

// The errors that VerifyNote's wrap.
var (
	// ErrNoteKey means that none of the keys is the one that the signature names.
	ErrNoteKey = errors.New("signed by a key that is not among those given")
	// ErrNoteSignature means that one of the keys is named, and the signature is not its signature of the text.
	ErrNoteSignature = errors.New("the signature of the checkpoint does not verify")
)

// IsNote tells a signature of version 2, the line of a signed note, from one of version 1, by how it begins.
func IsNote(signature []byte) bool { return bytes.HasPrefix(signature, []byte(notePrefix)) }

// NoteSigner signs checkpoints as C2SP signed notes, under the name that is their origin. The function signs with the
// Ed25519 key whose public half is given, and returns 64 bytes.
func NoteSigner(public ed25519.PublicKey, sign func(message []byte) ([]byte, error)) Signer {
	return func(message []byte) ([]byte, error) {
		verifier, err := noteVerifier(originOf(message), public)
		if err != nil {
			return nil, err
		}
		signed, err := note.Sign(&note.Note{Text: string(message)}, noteSigner{verifier, sign})
		if err != nil {
			return nil, err
		}
		line, _ := bytes.CutPrefix(signed, append(bytes.Clone(message), '\n'))
		// Read it as others will: a key whose halves do not belong together, or a faulty token, is found now.
		if _, err := VerifyNote(message, line, public); err != nil {
			return nil, fmt.Errorf("the signature just made: %w", err)
		}
		return line, nil
	}
}

// noteSigner is a note.Signer of a key that somebody else keeps.
type noteSigner struct {
	note.Verifier // gives the name and the key hash
	sign          func(message []byte) ([]byte, error)
}

// Sign signs the text of a note.
func (s noteSigner) Sign(message []byte) ([]byte, error) { return s.sign(message) }

// VerifyNote checks that the signature is the one line of a C2SP signed note that signs the text of a checkpoint under the
// name that is its origin, with one of the keys, and returns that key. The error wraps ErrNoteKey, or ErrNoteSignature.
func VerifyNote(message, signature []byte, keys ...ed25519.PublicKey) (ed25519.PublicKey, error) {
	origin := originOf(message)
	if _, ok := cutNote(origin, signature); !ok {
		return nil, fmt.Errorf("%w: it is not one line in its one form", ErrNoteSignature)
	}
	known := make(map[uint32]ed25519.PublicKey, len(keys))
	list := make([]note.Verifier, 0, len(keys))
	for _, key := range keys {
		v, err := noteVerifier(origin, key)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoteSignature, err)
		}
		if _, twice := known[v.KeyHash()]; !twice {
			known[v.KeyHash()] = key
			list = append(list, v)
		}
	}
	signed := append(append(bytes.Clone(message), '\n'), signature...)
	opened, err := note.Open(signed, note.VerifierList(list...))
	var unknown *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unknown):
		return nil, ErrNoteKey
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoteSignature, err)
	case opened.Text != string(message) || len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) != 0:
		return nil, fmt.Errorf("%w: it is of another text", ErrNoteSignature)
	}
	return known[opened.Sigs[0].Hash], nil
}

func noteVerifier(origin string, key ed25519.PublicKey) (note.Verifier, error) {
	if !isOrigin(origin) {
		return nil, errors.New("the text is not that of a checkpoint")
	}
	encoded, err := note.NewEd25519VerifierKey(origin, key)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(encoded)
}

// originOf is the first line of the text of a checkpoint.
func originOf(text []byte) string {
	origin, _, _ := bytes.Cut(text, []byte("\n"))
	return string(origin)
}

// noteLine is the signature line of a note, given its base64.
func noteLine(origin, signature string) []byte {
	return []byte(notePrefix + origin + " " + signature + "\n")
}

// cutNote takes the base64 out of a signature line, accepting exactly what noteLine writes.
func cutNote(origin string, line []byte) (string, bool) {
	rest, begins := bytes.CutPrefix(line, []byte(notePrefix+origin+" "))
	rest, ends := bytes.CutSuffix(rest, []byte("\n"))
	return string(rest), begins && ends && isNoteSignature(rest)
}

// isNoteSignature is true of the base64 of a key hash and a signature. The lengths leave no room for the line ends that
// the decoder passes over.
func isNoteSignature(s []byte) bool {
	var raw [noteSignatureBytes + 1]byte // the decoder asks for room for its padding
	if len(s) != base64.StdEncoding.EncodedLen(noteSignatureBytes) {
		return false
	}
	n, err := base64.StdEncoding.Strict().Decode(raw[:], s)
	return err == nil && n == noteSignatureBytes
}
