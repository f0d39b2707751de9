// Package register remembers what the gate did: one record for each decision, drop, refusal and notice, in a log that
// cannot be changed, shortened or re-ordered without being noticed.
//
// The log is a Merkle tree as in RFC 6962 (golang.org/x/mod/sumdb/tlog computes it). With each record a checkpoint, the
// number of records and the hash over all of them, is signed with the register key, as a C2SP signed note. A drop carries
// a Proof: its own record, the hashes that place it under the checkpoint, and the hashes that show the checkpoint to
// continue the one in the drop before. Whoever keeps a proof or a checkpoint holds the council to one history.
//
// What follows is the specification of the format, version 2. A reader in another language needs nothing else.
//
// # What is hashed and what is signed
//
//	entry       {"time":"2026-11-21T23:35:00Z","kind":"prepared","body":{…}}      compact JSON, exactly these bytes
//	leaf        SHA-256(0x00 ‖ salt ‖ entry)                                      salt: 32 random bytes, one per record
//	node        SHA-256(0x01 ‖ left ‖ right)
//	text        origin LF size LF base64(root) LF                                 the body of a C2SP tlog-checkpoint
//	signature   — origin base64(key hash ‖ Ed25519 of the text) LF                the signature line of a C2SP signed note
//	checkpoint  text, an empty line, signature
//	key hash    the first 4 bytes of SHA-256(origin LF 0x01 ‖ Ed25519 public key)
//
// A kind is lower-case letters and hyphens, a time is in UTC and whole seconds, a body is compact JSON of at most MaxBody
// bytes. The salt makes a leaf a commitment: the hashes in a proof tell nothing of the records beside it, not even to one
// who guesses what they say. There is one signature line, and the name in it is the origin. This package is handed a Signer
// and a Verifier; NoteSigner and VerifyNote make them of golang.org/x/mod/sumdb/note, for an Ed25519 key that the caller
// has from wherever it keeps keys. In Postern that is an OpenSSH key; a checkpoint cannot be taken for something else that
// was signed with it as SSHSIG, since what SSHSIG signs begins with "SSHSIG" and a zero byte, and an origin holds none.
//
// # The folder
//
//	records      one line for each record, appended:
//	             {"v":2,"index":0,"time":"…","kind":"…","salt":"<hex>","leaf":"<hex>","signature":"<base64>","body":{…}}
//	checkpoint   the last checkpoint
//	pending      only while a record is being added: the record's line, then the checkpoint that will cover it
//
// Files have mode 0600, the folder 0700: salts and bodies are for the council. Each file has one form, and nothing else
// is read. Two members of a line repeat what is known elsewhere, so that the first bad record can be named. The leaf can
// be computed: it tells of a record that was changed. The signature is that of the checkpoint that was made with the
// record, without the name: it tells of a record whose leaf was computed again by whoever changed it, and of one that was
// taken out, put in or moved, since with any of these the hash over this record and all before it is another.
//
// A record is added in four steps, each durable before the next: write pending (the record exists from here on), append
// to records, replace checkpoint, remove pending. Open finishes what a crash interrupted; before pending was whole
// there is nothing to finish and the log is as it was.
//
// # Erasing
//
// What a body says may have to go; that something was there may not. Erase appends an entry of the kind "erased",
//
//	{"index":3,"time":"…","kind":"refused","reason":"…","kept":{…}}
//
// with the index, time and kind of the erased record and those members of its body that are kept, and then writes the
// record's line again without salt and body:
//
//	{"v":2,"index":3,"time":"…","kind":"refused","leaf":"<hex>","signature":"<base64>"}
//
// Nothing can be guessed from the leaf, the salt being gone. A line without a body is sound only when one later record
// says that it was erased; Open finishes an erasure that a crash interrupted between the two steps. An erased record keeps
// its place: every checkpoint and every other proof holds as before, its own cannot be made any more. It is read with what
// was kept for its body.
//
// Which kinds may be erased, and what of them is kept, is the caller's: whoever reads a kind to decide something lists
// what it needs, and may never lose it. Here only "erased" is never erased. Copies in backups, and what the disk itself may
// still hold of the old file, are not this package's to reach.
//
// # Versions
//
// Version 1 had no "v" and no "signature" in a line, and a checkpoint signed with SSHSIG (namespace postern-register@v1):
// the armoured signature stands after the empty line. A register, a proof and a checkpoint of version 1 are read and
// verified for ever, and a register of version 1 is continued in version 2: its first lines stay as they are, and no line
// of version 1 follows one of version 2. A line of version 1 that is erased becomes one of version 2 without a signature.
// (Who takes "v" and the signature out of the first lines turns them into lines of version 1. Nothing that they say is
// changed by that, and nothing can be: what is lost is which of them is named when something is.)
//
// The rule for change: a form that was written once is never written differently and never read differently. A new member,
// a new order or another signature is a new version with a higher "v", which this package reads beside the old ones; what
// is hashed and what is signed changes in no version, since leaves and checkpoints that others hold do not change.
//
// # What Open promises, and what it costs
//
// Open reads every record, checks its form, computes every hash again and verifies the checkpoint, and gives a
// *TamperError for anything that a crash of Append or Erase cannot have left. So it costs two hashes, one parse and one
// read of the file for each record, about 10 µs a record, and keeps about 72 bytes of each in memory (BenchmarkOpen): a
// register of 100,000 records opens in a second or so. The signatures of the records are verified only to find the first
// bad one, and by Verify and VerifyRecords, at about 60 µs each.
//
// Open cannot see that the whole folder was put back to an earlier state, which was sound in its time: an old copy is one,
// and whoever can write in the folder can cut it back to one. Whoever keeps a later checkpoint can: Log.Extends tells, and
// so does every recipient's next proof. Package export keeps the last one beside the register key, and holds the register
// to it whenever it opens it.
//
// One process at a time writes; the caller holds a lock. Open writes too, if it finds something to finish: View and
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

// Signer signs the text of a checkpoint: it returns the signature line of a signed note, as NoteSigner's does.
type Signer func(message []byte) (signature []byte, err error)

// Verifier returns nil when the signature is one of the message by the register key. The signature is what stands after
// the empty line of a checkpoint: the line of a signed note (IsNote), or in version 1 printable ASCII in lines ending in
// LF, of at most MaxSignature bytes. A verifier accepts one form of a signature only, so that no byte of a checkpoint or a
// proof can change.
type Verifier func(message, signature []byte) error

// The sizes that are accepted, in bytes.
const (
	MaxBody      = 256 << 10 // of the body of an entry
	MaxSignature = 16 << 10  // of the signature of a checkpoint
	MaxReason    = 500       // of the reason of an erasure
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
	Index int64    // from 0
	Salt  [32]byte // zero when erased
	// Erased says that the body was erased, and Body is what was kept of it: always a JSON object.
	Erased bool
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
