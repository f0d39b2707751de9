// Package recipient is the receiving end of the gate: it verifies a drop.
//
// Verify answers one question, "is this exactly what the council sent, and is it what it says it is?", with a list of
// named checks, each passed or failed with a plain sentence. It needs three things that do not come with the drop: the
// council's public keys (a list of allowed signers), the time, and, to see that nothing was left out or rewritten
// between two drops, the drop before. It holds no key, reads no extract, and trusts nothing of the drop before the signature
// has been verified.
//
// # The checks, in order
//
//	signature      SHA256SUMS.sig is a signature of SHA256SUMS for postern-drop@v1 by an allowed signer
//	names          no symbolic link, device or folder in place of a file, and no name that a drop may not have
//	withdrawal     no notice lies beside the drop by which the council withdraws it (Notice)
//	files          the files are exactly those of SHA256SUMS, with it and its signature: none missing, none added
//	               (a notice of withdrawal lies beside them and is no part of the drop)
//	digests        every file has the SHA-256 that SHA256SUMS says
//	manifest       manifest.json is well formed, calls the drop personal data, names the same files, with the same
//	               digests and sizes, and the drop that the folder is called after
//	descriptions   datapackage.json and README.html are what the manifest gives, byte for byte
//	table …        for each table: columns, types, rows, empty cells, distinct children, metadata; rows in the order of the
//	               pseudonym; every code of the declared list; every pseudonym of the declared shape, domain and epoch
//	register       register.proof shows the drop's "prepared" entry in the council's register, and that the register
//	               continues the one in the drop before
//	previous       the drop follows the given previous drop: its SHA256SUMS, its register, its keys
//	since          the register continues a checkpoint that the recipient kept, where one is given
//
// Signature, names, files and digests say whether these are the bytes that were signed. If one of them fails, or the
// manifest does, what comes after is not looked at: nothing is parsed that nobody vouches for. The other checks are all made.
// A drop with a good notice of withdrawal is not verified, whatever else is said of it: the report has what the council says
// in Withdrawn. One with a notice that cannot be believed is not verified either: somebody wants it not to be used, and
// only the council can say who.
//
// # What is not checked
//
// That the signer kept to the agreement (its text is not in the drop, only its digest); that the children are the right
// ones; Disclosure in the manifest. And a signature does not tell how often: an older drop, put in the place of a newer, is
// sound. Give the previous drop, and look at the sequence.
package recipient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// Options are what a recipient knows from elsewhere than the drop.
type Options struct {
	// AllowedSigners are the council's keys, from its allowed_signers file: the drop key for postern-drop@v1 and the
	// register key for postern-register@v1.
	AllowedSigners signature.AllowedSigners
	// Identity is the principal that must have signed; empty accepts every allowed signer.
	Identity string
	// Now is the time at which keys must be valid.
	Now time.Time
	// Previous is the agreement's drop before this one; nil leaves the chain unchecked.
	Previous Source
	// Since is a checkpoint of the council's register that the recipient kept (ParseCheckpoint); nil leaves it unchecked.
	Since *register.Checkpoint
	// TempDir is where files of a source that is no local folder are kept, mode 0600, while they are looked at. Empty is the
	// system's own.
	TempDir string
}

// Outcome is how a check ended.
type Outcome string

// The outcomes.
const (
	Passed     Outcome = "pass"
	Failed     Outcome = "fail"
	NotChecked Outcome = "not checked"
	Withdrawn  Outcome = "withdrawn" // of the check for a notice of withdrawal alone
)

// Check is one thing that was looked at.
type Check struct {
	Name     string  `json:"name"`
	Outcome  Outcome `json:"outcome"`
	Sentence string  `json:"sentence"` // plain; names files, tables and columns, never a cell
}

// Report is what Verify found.
type Report struct {
	Verified bool    `json:"verified"` // every check was passed, or could not be made for want of a previous drop
	Checks   []Check `json:"checks"`
	Sentence string  `json:"sentence"` // what this is; or that it must not be used
	Drop     *Drop   `json:"drop,omitempty"`
	// Withdrawn is what the council says about a drop that it has withdrawn; else nil.
	Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
	// Manifest is the drop's, once signature, digests and manifest have been verified; else nil.
	Manifest *manifest.Manifest `json:"-"`
}

// Drop says what was verified, for a report.
type Drop struct {
	ID         string `json:"id"`
	Sequence   int64  `json:"sequence"`
	Controller string `json:"controller"`
	Recipient  string `json:"recipient"`
	Agreement  string `json:"agreement"`
	Version    int64  `json:"version"`
	Title      string `json:"title"`
	Signer     string `json:"signer"` // the principal of the allowed signer
	Key        string `json:"key"`    // its fingerprint
}

// notSent is the sentence of a drop that fails. It names no telephone number: one that came with a false drop would be
// false too.
const notSent = "This is not the drop that was sent, or not a whole one. Do not use it. " +
	"Call the council, on a number you already have."

// tooNew is the sentence of a drop that this version cannot read.
const tooNew = "This drop was made by a newer version of Postern than this one can check. Nothing was found against it, and it is not " +
	"verified. Get a newer postern-verify, and verify again before you use it."

// failure is an error that means: a check failed. Every other error ends Verify.
type failure string

func (f failure) Error() string { return string(f) }

// notChecked is an error that means: there is nothing to make the check with.
type notChecked string

func (n notChecked) Error() string { return string(n) }

func failf(format string, args ...any) error { return failure(fmt.Sprintf(format, args...)) }

// Verify looks at a drop. The report is complete whatever it says; an error means that the drop could not be read (the
// disk or the store failed, or ctx ended), so that nothing can be said about it.
func Verify(ctx context.Context, src Source, opt Options) (*Report, error) {
	v := &verification{src: src, opt: opt, spool: spool{dir: opt.TempDir}, report: &Report{}}
	err := v.all(ctx)
	if closing := v.spool.close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, err
	}
	return v.conclude(), nil
}

type verification struct {
	src    Source
	opt    Options
	report *Report
	spool  spool

	signer   signature.Signer
	sumsText []byte
	sums     manifest.Sums
	entries  []Entry
	sizes    map[string]int64
	buffer   []byte            // for reading files from front to back
	small    map[string][]byte // manifest.json and register.proof, as digested
	manifest *manifest.Manifest
	newer    bool // the manifest is of a format that came after this version
	proof    *register.Proof
}

// all makes the checks in order.
func (v *verification) all(ctx context.Context) error {
	signed, err := v.check(ctx, "signature", v.signature)
	if err != nil {
		return err
	}
	sound := signed
	for _, c := range []struct {
		name string
		look func(context.Context) (string, error)
	}{{"names", v.names}, {"withdrawal", v.withdrawal}, {"files", v.files}, {"digests", v.digests}, {"manifest", v.readManifest}} {
		// A withdrawal, and missing and added files, are told of even where there are odd names too.
		if !sound && (!signed || c.name != "withdrawal" && c.name != "files") {
			v.add(c.name, NotChecked, "Not looked at, because a check before it failed.")
			continue
		}
		passed, err := v.check(ctx, c.name, c.look)
		if err != nil {
			return err
		}
		sound = sound && (passed || c.name == "withdrawal") // a notice says nothing of the bytes
	}
	if !sound {
		return nil
	}
	return v.contents(ctx)
}

// contents makes the checks for which the bytes must be those that were signed.
func (v *verification) contents(ctx context.Context) error {
	if _, err := v.check(ctx, "descriptions", v.descriptions); err != nil {
		return err
	}
	for i := range v.manifest.Tables {
		t := &v.manifest.Tables[i]
		look := func(ctx context.Context) (string, error) { return v.table(ctx, t) }
		if _, err := v.check(ctx, "table "+t.Name, look); err != nil {
			return err
		}
	}
	if _, err := v.check(ctx, "register", v.register); err != nil {
		return err
	}
	if _, err := v.check(ctx, "previous", v.previous); err != nil || v.opt.Since == nil {
		return err
	}
	_, err := v.check(ctx, "since", v.since)
	return err
}

func (v *verification) check(ctx context.Context, name string, look func(context.Context) (string, error)) (bool, error) {
	sentence, err := look(ctx)
	var failed failure
	var skipped notChecked
	var notice withdrawn
	switch {
	case err == nil:
		v.add(name, Passed, sentence)
		return true, nil
	case errors.As(err, &failed):
		v.add(name, Failed, string(failed))
		return false, nil
	case errors.As(err, &notice):
		v.add(name, Withdrawn, string(notice))
		return false, nil
	case errors.As(err, &skipped):
		v.add(name, NotChecked, string(skipped))
		return true, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	default:
		return false, fmt.Errorf("%s: %w", name, err)
	}
}

func (v *verification) add(name string, outcome Outcome, sentence string) {
	v.report.Checks = append(v.report.Checks, Check{Name: name, Outcome: outcome, Sentence: sentence})
}

// conclude sums the report up.
func (v *verification) conclude() *Report {
	r := v.report
	r.Verified = v.manifest != nil
	for _, c := range r.Checks {
		r.Verified = r.Verified && c.Outcome != Failed && c.Outcome != Withdrawn
	}
	if m := v.manifest; m != nil {
		r.Manifest = m
		r.Drop = &Drop{
			ID: m.Drop.ID, Sequence: m.Drop.Sequence, Controller: m.Controller.Name, Recipient: m.Recipient.Name,
			Agreement: m.Agreement.ID, Version: m.Agreement.Version, Title: m.Agreement.Title,
			Signer: v.signer.Principal, Key: signature.Fingerprint(v.signer.Key),
		}
	}
	r.Sentence = notSent
	switch {
	case r.Withdrawn != nil:
		r.Sentence = r.Withdrawn.sentence()
	case v.newer:
		r.Sentence = tooNew
	case r.Verified:
		d := r.Drop
		r.Sentence = fmt.Sprintf("This is drop %s from %s to %s under agreement %s version %d, %s, signed by %s. "+
			"It is personal data: keep it, use it and delete it as the agreement says.",
			d.ID, d.Controller, d.Recipient, d.Agreement, d.Version, d.Title, d.Signer)
	}
	return r
}
