package agreement

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

// Decision is one decision on one version of an agreement. What is signed is its Statement.
type Decision struct {
	Agreement   string
	Version     int
	SHA256      [32]byte // of the agreement's exact bytes
	Definitions [32]byte // dataset.Catalogue.Digest
	Role        Role
	Verb        Verb
	Reason      string // conditions or reason, on one line; may be empty where the decision needs none
	Time        time.Time
	Nonce       [16]byte // makes each statement one of a kind
}

// statementKind begins a statement: "postern-decision v1".
const statementKind = "postern-decision"

// maxReason bounds a reason, in bytes.
const maxReason = 2000

var (
	hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)
	hexNonce  = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// Decide makes a decision on an agreement, with a fresh nonce read from random (crypto/rand.Reader when nil). The time
// is cut to whole seconds.
func Decide(a *Agreement, definitions [32]byte, role Role, verb Verb, reason string, now time.Time, random io.Reader) (Decision, error) {
	d := Decision{
		Agreement: a.ID, Version: a.Version, SHA256: a.SHA256, Definitions: definitions,
		Role: role, Verb: verb, Reason: reason, Time: now.UTC().Truncate(time.Second),
	}
	if random == nil {
		random = rand.Reader
	}
	if verb == AdviseQuery && reason == "" { // statements without one were made before this was asked for: they are read
		return Decision{}, finding.WithHint(errors.New("decision: advise-query needs its question"), "say what is asked on one line, with --reason")
	}
	if _, err := io.ReadFull(random, d.Nonce[:]); err != nil {
		return Decision{}, fmt.Errorf("make a nonce: %w", err)
	}
	return d, d.check()
}

func (d Decision) check() error {
	switch {
	case !validID(d.Agreement) || d.Version < 1:
		return errors.New("decision: no agreement id and version")
	case d.Verb.Roles() == nil:
		return finding.WithHint(errors.New("decision: there is no such decision"), "one of: "+verbWords())
	case !slices.Contains(d.Verb.Roles(), d.Role):
		return finding.WithHint(fmt.Errorf("decision: the role given may not %s", d.Verb), "it is for: "+roleList(d.Verb.Roles()))
	case d.Verb.needsReason() && d.Reason == "":
		return finding.WithHint(fmt.Errorf("decision: %s needs a reason or conditions", d.Verb), d.Verb.reasonHint())
	case len(d.Reason) > maxReason:
		return finding.WithHint(fmt.Errorf("decision: the reason is longer than %d bytes", maxReason), "put it in a document and name that")
	case d.Time.Nanosecond() != 0 || d.Time.Year() < 2000 || d.Time.Year() > 2100:
		return errors.New("decision: the time is not one in whole seconds of this century")
	}
	return nil
}

// Statement writes the text that is signed:
//
//	postern-decision v1
//	agreement: dsa-coventry-fv-2026
//	version: 1
//	agreement-sha256: 64 hexadecimal digits
//	definitions-sha256: 64 hexadecimal digits
//	role: dpo
//	decision: advise-with-conditions
//	reason: the recipient signs the s171 undertaking first
//	time: 2026-04-02T09:30:00Z
//	nonce: 32 hexadecimal digits
//
// The line reason is left out when there is none.
func (d Decision) Statement() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	fields := []signature.Field{
		{Name: "agreement", Value: d.Agreement},
		{Name: "version", Value: strconv.Itoa(d.Version)},
		{Name: "agreement-sha256", Value: hex.EncodeToString(d.SHA256[:])},
		{Name: "definitions-sha256", Value: hex.EncodeToString(d.Definitions[:])},
		{Name: "role", Value: string(d.Role)},
		{Name: "decision", Value: string(d.Verb)},
	}
	if d.Reason != "" {
		fields = append(fields, signature.Field{Name: "reason", Value: d.Reason})
	}
	fields = append(fields,
		signature.Field{Name: "time", Value: d.Time.UTC().Format(time.RFC3339)},
		signature.Field{Name: "nonce", Value: hex.EncodeToString(d.Nonce[:])},
	)
	text, err := signature.Statement{Kind: statementKind, Fields: fields}.Format()
	if err != nil {
		return nil, fmt.Errorf("decision: %w", err)
	}
	return text, nil
}

// parseDecision reads a statement, accepting exactly what Statement writes.
func parseDecision(statement []byte) (Decision, error) {
	s, err := signature.ParseStatement(statement)
	if err != nil {
		return Decision{}, fmt.Errorf("decision: %w", err)
	}
	value := func(name string) string {
		v, _ := s.Value(name)
		return v
	}
	d := Decision{
		Agreement: value("agreement"), Role: Role(value("role")), Verb: Verb(value("decision")), Reason: value("reason"),
	}
	d.Version, _ = strconv.Atoi(value("version"))
	d.Time, _ = time.Parse(time.RFC3339, value("time"))
	d.Time = d.Time.UTC()
	if sum := value("agreement-sha256"); hexDigest.MatchString(sum) {
		_, _ = hex.Decode(d.SHA256[:], []byte(sum)) // the pattern leaves no error
	}
	if sum := value("definitions-sha256"); hexDigest.MatchString(sum) {
		_, _ = hex.Decode(d.Definitions[:], []byte(sum))
	}
	if nonce := value("nonce"); hexNonce.MatchString(nonce) {
		_, _ = hex.Decode(d.Nonce[:], []byte(nonce))
	}
	// Whatever was read wrongly above, or is there beside it, makes another text.
	again, err := d.Statement()
	if err != nil {
		return Decision{}, err
	}
	if string(again) != string(statement) {
		return Decision{}, finding.WithHint(errors.New("decision: not a statement in its one form"),
			"use the statement unchanged, as postern agreement sign wrote it")
	}
	return d, nil
}

// fileName is what a decision is stored under: v1-20260402T093000Z-approve-1a2b3c4d.txt.
func (d Decision) fileName(statement []byte) string {
	sum := sha256.Sum256(statement)
	return fmt.Sprintf("v%d-%s-%s-%s.txt", d.Version, d.Time.UTC().Format("20060102T150405Z"), d.Verb, hex.EncodeToString(sum[:4]))
}
