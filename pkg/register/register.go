// Package register remembers what the gate did: one record for each decision, drop, refusal and notice, in a log that
// cannot be changed, shortened or re-ordered without being noticed.
//
// The log is a Merkle tree as in RFC 6962 (golang.org/x/mod/sumdb/tlog computes it). After each record a checkpoint,
// the number of records and the hash over all of them, is signed with the register key. A drop carries a Proof: its own
// record, the hashes that place it under the checkpoint, and the hashes that show the checkpoint to continue the one
// in the drop before. A recipient who keeps those proofs holds the council to one history.
//
// # What is hashed
//
//	entry       {"time":"2026-11-21T23:35:00Z","kind":"prepared","body":{…}}      compact JSON, exactly these bytes
//	leaf        SHA-256(0x00 ‖ salt ‖ entry)                                      salt: 32 random bytes, one per record
//	node        SHA-256(0x01 ‖ left ‖ right)
//	checkpoint  origin LF size LF base64(root) LF                                 the body of a C2SP tlog-checkpoint
//
// The salt makes a leaf a commitment: the hashes in a proof tell nothing of the records beside it, not even to one who
// guesses what they say. What signs a checkpoint is not this package's business: it is handed a Signer and a Verifier
// (in Postern, SSHSIG under the namespace postern-register@v1).
//
// # The folder
//
//	records      one line for each record, appended:
//	             {"index":0,"time":"…","kind":"…","salt":"<hex>","leaf":"<hex>","body":{…}}
//	checkpoint   the text of the checkpoint, an empty line, its signature
//	pending      only while a record is being added: the record's line, then the checkpoint that will cover it
//
// Files have mode 0600, the folder 0700: salts and bodies are for the council. Each file has one form, and nothing else
// is read. The leaf in a line repeats what can be computed: it lets Open name the record that was changed.
//
// A record is added in four steps, each durable before the next: write pending (the record exists from here on), append
// to records, replace checkpoint, remove pending. Open finishes what a crash interrupted; before pending was whole
// there is nothing to finish and the log is as it was.
//
// # What Open promises, and what it costs
//
// Open reads every record, checks its form, computes every hash again and verifies the checkpoint, and gives a
// *TamperError for anything that a crash of Append cannot have left. So it costs two hashes, one parse and one read of
// the file for each record, about 10 µs a record, and keeps about 72 bytes of each in memory (BenchmarkOpen): a
// register of 100,000 records opens in a second or so.
//
// Open cannot see that the whole folder was put back to an earlier state, which was sound in its time. Whoever keeps a
// later checkpoint can: Log.Extends tells, and so does every recipient's next proof.
//
// One process at a time writes; the caller holds a lock. Open writes too, if it finds a record to finish: View and
// Verify do not.
package register

import (
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a hash of the tree: 32 bytes, SHA-256. String gives it in base64.
type Hash = tlog.Hash

// Signer signs the text of a checkpoint. The signature is printable ASCII in lines ending in LF, such as an armoured
// SSHSIG; at most MaxSignature bytes.
type Signer func(message []byte) (signature []byte, err error)

// Verifier returns nil when the signature is one of the message by the register key. It accepts one form of a
// signature only, so that no byte of a checkpoint or a proof can change.
type Verifier func(message, signature []byte) error

// The sizes that are accepted, in bytes.
const (
	MaxBody      = 256 << 10 // of the body of an entry
	MaxSignature = 16 << 10  // of the signature of a checkpoint
	maxKind      = 64
	maxOrigin    = 255
	maxSize      = 1 << 40 // records; keeps sums far from overflow
)

// Entry is what happened.
type Entry struct {
	Kind string          // ^[a-z][a-z-]*$, at most 64 bytes: "prepared", "published", "decision", "refusal", …
	Time time.Time       // when; kept in UTC and whole seconds, from 1970 to 9999
	Body json.RawMessage // any JSON value in UTF-8, kept compact; at most MaxBody bytes
}

// Record is an entry in its place in the log. Its salt leaves the council only in the proof of this very record: with
// it, anyone can test a guess about the entry.
type Record struct {
	Index int64 // from 0
	Salt  [32]byte
	Entry
}

// leaf is the record's leaf hash, given the bytes of its entry.
func leaf(salt [32]byte, entry []byte) Hash {
	return tlog.RecordHash(append(salt[:], entry...))
}

// Unknown is the Index of a TamperError that cannot name a record.
const Unknown = -1

// TamperError says that the register is not as it was written: by no crash, so somebody or something changed it.
type TamperError struct {
	Index  int64  // the first record that is wrong or missing, from 0; Unknown where it cannot be told
	Reason string // a plain sentence that repeats nothing of the register
	Err    error  // the verifier's error, or nil
}

// Error names the record and says what is wrong with it.
func (e *TamperError) Error() string {
	where := "the register is not as it was written"
	if e.Index != Unknown {
		where = fmt.Sprintf("%s: record %d", where, e.Index)
	}
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", where, e.Reason, e.Err)
	}
	return where + ": " + e.Reason
}

// Unwrap gives the verifier's error.
func (e *TamperError) Unwrap() error { return e.Err }

// NextStep says what to do about it.
func (e *TamperError) NextStep() string {
	const always = "export nothing; keep a copy of the folder as it is, tell the data protection officer, and compare with a backup and with the proofs in past drops"
	if e.Err != nil {
		return "see that the register is verified with the key that signed it; if it is, " + always
	}
	return always
}

// tampered makes a TamperError.
func tampered(index int64, reason string, args ...any) error {
	return &TamperError{Index: index, Reason: fmt.Sprintf(reason, args...)}
}
