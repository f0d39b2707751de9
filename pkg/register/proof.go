package register

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/postern-gateway/postern/pkg/finding"
)

// Proof shows to someone who has nothing else of the register that a record is in it, and that the register continues
// an earlier state of itself. It reveals its own record and, of all others, only hashes over salted leaves.
type Proof struct {
	Checkpoint  Checkpoint  // the state of the register that the record is proved under
	Record      Record      // with the salt, so that the leaf can be computed
	Inclusion   []Hash      // from the leaf to the root (RFC 6962 section 2.1.1)
	Previous    *Checkpoint // an earlier state, as in the previous drop; nil in the first
	Consistency []Hash      // from the earlier state to this one (RFC 6962 section 2.1.2); none without one
}

// ProofFormat names the form of a proof's text, and ProofFormat1 the one before it, whose checkpoint was signed with
// SSHSIG. Both have the same members. The earlier checkpoint in a proof of either is as it was signed in its time; one that
// is a note cannot be earlier than one that is not.
const (
	ProofFormat  = "postern-register-proof/v2"
	ProofFormat1 = "postern-register-proof/v1"
)

// maxProof bounds the text of a proof: JSON writes each byte of a body as two at most.
const maxProof = 1 << 20

// maxHashes bounds the hashes of a proof: two for each of the levels that maxSize records can make.
const maxHashes = 2 * 41

// Proof proves the record of an index (from 0) under the current checkpoint, and that the log continues the previous
// checkpoint, if there is one. A previous checkpoint that the log does not continue is a *TamperError. It may count as
// many records as there are now, or none. An erased record cannot be proved.
func (l *Log) Proof(index int64, previous *Checkpoint) (*Proof, error) {
	r, err := l.Record(index)
	if err != nil {
		return nil, err
	}
	if r.Erased {
		return nil, errErased(index)
	}
	p := &Proof{Checkpoint: l.checkpoint, Record: r}
	size := l.checkpoint.Size
	if p.Inclusion, err = tlog.ProveRecord(size, index, l.tree); err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	if previous == nil {
		return p, nil
	}
	if err := l.Extends(*previous); err != nil {
		return nil, err
	}
	earlier := *previous
	p.Previous = &earlier
	if earlier.Size > 0 {
		if p.Consistency, err = tlog.ProveTree(size, earlier.Size, l.tree); err != nil {
			return nil, fmt.Errorf("register: %w", err)
		}
	}
	return p, nil
}

// Part names what of a proof does not hold.
type Part string

// The parts of a proof, in the order in which Verify checks them.
const (
	PartForm        Part = "form"        // it cannot be written as a proof at all
	PartCheckpoint  Part = "checkpoint"  // the checkpoint's signature
	PartInclusion   Part = "inclusion"   // the record is not in the register, or not as it stands here
	PartPrevious    Part = "previous"    // the previous checkpoint: its signature, or it is of another register
	PartConsistency Part = "consistency" // the register does not continue the previous checkpoint: history was rewritten
)

// ProofError says that a proof does not hold.
type ProofError struct {
	Part Part
	Err  error
}

// Error names the part and what is wrong with it.
func (e *ProofError) Error() string { return fmt.Sprintf("register proof: %s: %v", e.Part, e.Err) }

// Unwrap gives what is wrong with the part.
func (e *ProofError) Unwrap() error { return e.Err }

// NextStep says what to do about it.
func (e *ProofError) NextStep() string {
	if hint := finding.HintOf(e.Err); hint != "" {
		return hint
	}
	switch e.Part {
	case PartForm:
		return "fetch the proof again, unchanged"
	case PartCheckpoint, PartPrevious:
		return "check that the allowed signers hold the council's register key, as the council gave it by another way, then fetch the proof again"
	default:
		return "do not use the drop; ask the council, and send it this proof and the one from the previous drop"
	}
}

// Verify checks the whole proof: the signatures of both checkpoints, that the record is under the checkpoint, and that
// the checkpoint continues the previous one. The error is a *ProofError.
//
// It does not know which previous checkpoint the reader is owed: whoever holds the drop before this one compares
// Previous with that drop's Checkpoint, and refuses a proof without one.
func (p *Proof) Verify(verify Verifier) error {
	if _, err := p.Format(); err != nil {
		return err
	}
	if err := p.Checkpoint.verifySignature(verify); err != nil {
		return &ProofError{PartCheckpoint, err}
	}
	now := p.Checkpoint
	h := leaf(p.Record.Salt, appendEntry(nil, p.Record.Entry))
	if err := tlog.CheckRecord(p.Inclusion, now.Size, now.Root, p.Record.Index, h); err != nil {
		return &ProofError{PartInclusion, fmt.Errorf("record %d is not under the checkpoint of %d records: %w", p.Record.Index, now.Size, err)}
	}
	if p.Previous == nil {
		return nil
	}
	if p.Previous.Origin != now.Origin {
		return &ProofError{PartPrevious, errors.New("it is of a register of another origin")}
	}
	if err := p.Previous.verifySignature(verify); err != nil {
		return &ProofError{PartPrevious, err}
	}
	if err := p.checkConsistency(); err != nil {
		return &ProofError{PartConsistency, err}
	}
	return nil
}

func (p *Proof) checkConsistency() error {
	earlier, now := p.Previous, p.Checkpoint
	if earlier.Size > 0 {
		if err := tlog.CheckTree(p.Consistency, now.Size, now.Root, earlier.Size, earlier.Root); err != nil {
			return fmt.Errorf("the checkpoint of %d records does not continue the one of %d: %w", now.Size, earlier.Size, err)
		}
		return nil
	}
	// Every log continues the empty one; tlog leaves the case out.
	empty, err := tlog.TreeHash(0, tree(nil))
	if err != nil {
		return err
	}
	if earlier.Root != empty || len(p.Consistency) > 0 {
		return errors.New("the previous checkpoint counts no records and has the root of some")
	}
	return nil
}

// proofJSON is the text of a proof. Text that is signed or hashed stands in strings, byte for byte, so that any JSON
// reader gives it back as it was.
type proofJSON struct {
	Format     string         `json:"format"`
	Origin     string         `json:"origin"`
	Checkpoint checkpointJSON `json:"checkpoint"`
	Record     recordJSON     `json:"record"`
	Inclusion  []Hash         `json:"inclusion"`
	Previous   *previousJSON  `json:"previous,omitempty"`
}

type checkpointJSON struct {
	Text      string `json:"text"`
	Signature string `json:"signature"`
}

type recordJSON struct {
	Index int64  `json:"index"`
	Salt  string `json:"salt"`
	Entry string `json:"entry"`
}

type previousJSON struct {
	Text        string `json:"text"`
	Signature   string `json:"signature"`
	Consistency []Hash `json:"consistency"`
}

// Format writes the proof as the file register.proof: JSON, indented, in one form.
//
//	{
//	  "format": "postern-register-proof/v2",
//	  "origin": "postern.council.example/331",
//	  "checkpoint": {"text": "…", "signature": "…"},
//	  "record": {"index": 12, "salt": "<hex>", "entry": "<the exact bytes that are hashed after the salt>"},
//	  "inclusion": ["<base64>", …],
//	  "previous": {"text": "…", "signature": "…", "consistency": ["<base64>", …]}
//	}
//
// (each member on lines of its own). A proof that cannot be written so is a *ProofError of PartForm.
func (p *Proof) Format() ([]byte, error) {
	if err := p.checkForm(); err != nil {
		return nil, &ProofError{PartForm, err}
	}
	out := proofJSON{
		Format:     p.format(),
		Origin:     p.Checkpoint.Origin,
		Checkpoint: checkpointJSON{string(p.Checkpoint.Text()), string(p.Checkpoint.Signature)},
		Record:     recordJSON{p.Record.Index, hex.EncodeToString(p.Record.Salt[:]), string(appendEntry(nil, p.Record.Entry))},
		Inclusion:  orEmpty(p.Inclusion),
	}
	if p.Previous != nil {
		out.Previous = &previousJSON{string(p.Previous.Text()), string(p.Previous.Signature), orEmpty(p.Consistency)}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return nil, &ProofError{PartForm, err}
	}
	return b.Bytes(), nil
}

// format is the form that the proof has, by how its checkpoint is signed.
func (p *Proof) format() string {
	if IsNote(p.Checkpoint.Signature) {
		return ProofFormat
	}
	return ProofFormat1
}

// orEmpty writes no hashes as [] and not as null.
func orEmpty(h []Hash) []Hash {
	if h == nil {
		return []Hash{}
	}
	return h
}

func (p *Proof) checkForm() error {
	if err := p.Checkpoint.check(); err != nil {
		return err
	}
	if p.Record.Index < 0 || p.Record.Index >= p.Checkpoint.Size {
		return errors.New("the checkpoint does not count the record")
	}
	if p.Record.Erased {
		return errErased(p.Record.Index)
	}
	if _, err := parseEntry(appendEntry(nil, p.Record.Entry)); err != nil {
		return fmt.Errorf("the entry is %w", err)
	}
	if len(p.Inclusion) > maxHashes || len(p.Consistency) > maxHashes {
		return errors.New("more hashes than a proof can need")
	}
	if p.Previous == nil {
		if len(p.Consistency) > 0 {
			return errors.New("hashes from a previous checkpoint, and no previous checkpoint")
		}
		return nil
	}
	if p.format() == ProofFormat1 && IsNote(p.Previous.Signature) {
		return errors.New("a checkpoint of version 1 continues one of version 2")
	}
	return p.Previous.check()
}

// ParseProof reads a proof, accepting exactly what Format writes. It verifies nothing: call Verify. The error is a
// *ProofError of PartForm.
func ParseProof(data []byte) (*Proof, error) {
	p, err := parseProof(data)
	if err != nil {
		return nil, &ProofError{PartForm, err}
	}
	return p, nil
}

func parseProof(data []byte) (*Proof, error) {
	if len(data) > maxProof {
		return nil, errors.New("larger than a proof can be")
	}
	var in proofJSON
	if json.Unmarshal(data, &in) != nil {
		return nil, errors.New("not the JSON of a proof")
	}
	if in.Format != ProofFormat && in.Format != ProofFormat1 {
		return nil, finding.WithHint(fmt.Errorf("not of the form %s or %s", ProofFormat, ProofFormat1), "use a version of postern-verify as new as the drop")
	}
	p := &Proof{Record: Record{Index: in.Record.Index}, Inclusion: in.Inclusion}
	var err error
	if p.Checkpoint, err = newCheckpoint(in.Checkpoint.Text, []byte(in.Checkpoint.Signature)); err != nil {
		return nil, err
	}
	if p.Record.Entry, err = parseEntry([]byte(in.Record.Entry)); err != nil {
		return nil, fmt.Errorf("the entry is %w", err)
	}
	if !unhex(p.Record.Salt[:], []byte(in.Record.Salt)) {
		return nil, errors.New("the salt is not 32 bytes in hex")
	}
	if in.Previous != nil {
		previous, err := newCheckpoint(in.Previous.Text, []byte(in.Previous.Signature))
		if err != nil {
			return nil, fmt.Errorf("previous %w", err)
		}
		p.Previous, p.Consistency = &previous, in.Previous.Consistency
	}
	again, err := p.Format()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, errForm
	}
	return p, nil
}
