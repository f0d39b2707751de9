package register

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// Checkpoint states what the log was at one moment: how many records, and the hash over all of them.
type Checkpoint struct {
	Origin    string // names the register, such as "postern.council.example/331": printable ASCII, no space, no "+"
	Size      int64  // records
	Root      Hash   // of the tree of that size; of no records, SHA-256 of nothing
	Signature []byte // of Text by the register key: the line of a signed note, or in version 1 an SSHSIG
}

// Text is what is signed: origin, size in decimal, and root in base64, each ending in LF (the body of a C2SP
// tlog-checkpoint).
func (c Checkpoint) Text() []byte {
	return fmt.Appendf(nil, "%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// Format writes the checkpoint as it stands in its file: the text, an empty line, the signature. With a signature of
// version 2 that is a C2SP signed note.
func (c Checkpoint) Format() []byte {
	return append(append(c.Text(), '\n'), c.Signature...)
}

// ParseCheckpoint reads a checkpoint, accepting exactly what Format writes of a usable one. It verifies nothing.
func ParseCheckpoint(data []byte) (Checkpoint, error) {
	text, signature, found := bytes.Cut(data, []byte("\n\n"))
	if !found {
		return Checkpoint{}, hintForm(errors.New("checkpoint: no empty line after the text"))
	}
	return newCheckpoint(string(text)+"\n", signature)
}

// newCheckpoint reads the text of a checkpoint, accepting exactly what Text writes, and joins its signature.
func newCheckpoint(text string, signature []byte) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 {
		return Checkpoint{}, hintForm(errors.New("checkpoint: the text is not three lines"))
	}
	c := Checkpoint{Origin: lines[0], Signature: bytes.Clone(signature)}
	var err error
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return Checkpoint{}, hintForm(errors.New("checkpoint: the size is not a number"))
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(c.Root) {
		return Checkpoint{}, hintForm(errors.New("checkpoint: the root is not 32 bytes in base64"))
	}
	c.Root = Hash(root)
	if err := c.check(); err != nil {
		return Checkpoint{}, hintForm(err)
	}
	if string(c.Text()) != text {
		return Checkpoint{}, hintForm(fmt.Errorf("checkpoint: %w", errForm))
	}
	return c, nil
}

func hintForm(err error) error {
	return finding.WithHint(err, "fetch the file again, unchanged")
}

// check says whether the parts are ones that can be written and read again.
func (c Checkpoint) check() error {
	if !isOrigin(c.Origin) {
		return errors.New("checkpoint: the origin is not usable")
	}
	if c.Size < 0 || c.Size > maxSize {
		return errors.New("checkpoint: the size is out of range")
	}
	return checkSignature(c.Origin, c.Signature)
}

// checkSignature asks for text that can stand in a file and in JSON without changing: of a note, its one line.
func checkSignature(origin string, s []byte) error {
	if IsNote(s) {
		if _, ok := cutNote(origin, s); !ok {
			return errors.New("checkpoint: the signature is not the one line of a note in its one form")
		}
		return nil
	}
	ok := len(s) > 0 && len(s) <= MaxSignature && s[len(s)-1] == '\n'
	for i := 0; ok && i < len(s); i++ {
		ok = s[i] == '\n' || ' ' <= s[i] && s[i] <= '~'
	}
	if !ok {
		return fmt.Errorf("checkpoint: the signature is not at most %d bytes of printable ASCII lines", MaxSignature)
	}
	return nil
}

func isOrigin(s string) bool {
	ok := s != "" && len(s) <= maxOrigin
	for i := 0; ok && i < len(s); i++ {
		ok = ' ' < s[i] && s[i] <= '~' && s[i] != '+'
	}
	return ok
}

// verifySignature checks the signature of the text.
func (c Checkpoint) verifySignature(verify Verifier) error {
	if err := c.check(); err != nil {
		return err
	}
	return verify(c.Text(), c.Signature)
}

// same is true of checkpoints of one tree, whoever signed them.
func (c Checkpoint) same(other Checkpoint) bool {
	return c.Origin == other.Origin && c.Size == other.Size && c.Root == other.Root
}
