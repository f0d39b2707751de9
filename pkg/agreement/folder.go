package agreement

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
)

// SignedDecision is one decision as it is stored: the exact bytes of the statement and of its signature.
type SignedDecision struct {
	File      string // within the folder of agreements, slashes forward
	Statement []byte
	Signature []byte // nil when there is no signature file
	// Recorded is when the register first had the statement; zero when it does not have it. RecordedSigner and RecordedName
	// are the fingerprint of the key by whose signature it then held, and whose key that was. LoadDecisions, which does not
	// know the register, leaves all three empty.
	Recorded                     time.Time
	RecordedSigner, RecordedName string
}

// Bounds of a folder of decisions.
const (
	maxDecisions = 10_000
	maxStatement = 64 << 10 // bytes; signature files too
)

// decisionsFolder is where the decisions on an agreement are, within the folder of agreements.
func decisionsFolder(id string) string { return path.Join("decisions", id) }

// LoadDecisions reads every decision on an agreement from the folder of agreements: decisions/<id>/*.txt, each with
// its signature beside it in .txt.sig, by name. A statement without a signature file is returned without one.
// A folder of such a name holds no decision and is none, and a folder in a signature's place is no signature. Statements
// are not checked here: Evaluate says of each whether it counts, and why not.
func LoadDecisions(agreements fs.FS, id string) ([]SignedDecision, error) {
	if !validID(id) {
		return nil, errors.New("load decisions: not an agreement id")
	}
	folder := decisionsFolder(id)
	entries, err := fs.ReadDir(agreements, folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load decisions: %w", err)
	}
	if len(entries) > 2*maxDecisions {
		return nil, finding.WithHint(fmt.Errorf("load decisions: more than %d files in %s", 2*maxDecisions, folder), "remove what is no decision")
	}
	var out []SignedDecision
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".txt") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		d := SignedDecision{File: path.Join(folder, e.Name())}
		d.Statement, err = readBounded(agreements, d.File)
		if errors.Is(err, errFolder) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("load decisions: %w", err)
		}
		d.Signature, err = readBounded(agreements, d.File+".sig")
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errFolder) {
			return nil, fmt.Errorf("load decisions: %w", err)
		}
		out = append(out, d)
	}
	return out, nil
}

// errFolder is the error of a folder where a file is wanted.
var errFolder = errors.New("it is a folder")

func readBounded(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: %w", name, errFolder)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxStatement+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxStatement {
		return nil, finding.WithHint(fmt.Errorf("%s is larger than %d bytes", name, maxStatement), "it is no decision: remove it")
	}
	return data, nil
}

// LastNamed is what the decisions on an agreement say of it where its file is not at hand: the id, and of the newest
// version that any of them names the number and the digest. Only a decision that stops, which counts whatever version and
// bytes it names, can be made on that. It is nil when there is no decision on the agreement.
func LastNamed(decisions []SignedDecision, id string) *Agreement {
	var last *Decision
	for _, signed := range decisions {
		d, err := parseDecision(signed.Statement)
		if err != nil || d.Agreement != id {
			continue
		}
		if last == nil || d.Version > last.Version || d.Version == last.Version && d.Time.After(last.Time) {
			last = &d
		}
	}
	if last == nil {
		return nil
	}
	return &Agreement{ID: id, Version: last.Version, SHA256: last.SHA256}
}

// WriteDecision stores a decision with its signature in the folder of agreements and returns the statement's path. The
// signature is written first, so that a statement is never there without it. A decision that is there already is left
// as it is; nothing is ever overwritten.
func WriteDecision(agreements string, d Decision, armoured []byte) (string, error) {
	statement, err := d.Statement()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(agreements, filepath.FromSlash(decisionsFolder(d.Agreement)))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("store decision: %w", err)
	}
	name := filepath.Join(folder, d.fileName(statement))
	if err := create(name+".sig", armoured); err != nil {
		return "", err
	}
	if err := create(name, statement); err != nil {
		return "", err
	}
	return name, nil
}

// create writes a file that is there whole or not at all, and that was not there before with other bytes.
func create(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".decision-*")
	if err != nil {
		return fmt.Errorf("store decision: %w", err)
	}
	defer func() {
		_ = os.Remove(f.Name()) // the link to it stays
		if err != nil {
			err = fmt.Errorf("store decision: %w", err)
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	err = os.Link(f.Name(), name)
	if errors.Is(err, fs.ErrExist) {
		there, readErr := os.ReadFile(name)
		if readErr == nil && string(there) == string(data) {
			return nil
		}
		return finding.WithHint(fmt.Errorf("%s is there already and holds something else", name), "move it away, and sign again")
	}
	return err
}
