package custody

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// KeyError is every failure of this package: a key is not there, is not where a key may lie, or is no key that can be
// used. It holds no byte of a key, and of what a file holds nothing at all.
type KeyError struct {
	What   string // "master key", "salt", "signing key", …
	Path   string // the file or folder; empty where there is none
	Reason string // what is wrong with it, a phrase
	hint   string
	err    error // cause, where it is safe to show: an error of the file system or a *pseudonym.WeakSecretError
}

// Error says what, where and why.
func (e *KeyError) Error() string {
	if e.Path == "" {
		return e.What + ": " + e.Reason
	}
	return e.What + " " + e.Path + ": " + e.Reason
}

// Hint says what to do about it.
func (e *KeyError) Hint() string { return e.hint }

// NextStep says what to do about it, where any error is asked (finding.HintOf).
func (e *KeyError) NextStep() string { return e.hint }

// Unwrap returns the cause, or nil.
func (e *KeyError) Unwrap() error { return e.err }

// fail makes the error of a place from one of the file system or of package pseudonym, whose texts hold no secret.
func (p place) fail(err error) *KeyError {
	e := &KeyError{What: p.what, Path: p.path, err: err}
	var weak *pseudonym.WeakSecretError
	var path *fs.PathError
	switch {
	case errors.As(err, &weak):
		e.Reason = weak.Error()
		e.hint = "never write a key by hand: move " + quote(p.path) + " away and run `postern keys new`, or restore it from its backup"
	case errors.Is(err, fs.ErrNotExist):
		e.Reason = "it is not there"
		e.hint = "make the council's keys with `postern keys new`, or restore " + quote(p.path) + " from its backup"
	case errors.Is(err, fs.ErrPermission):
		e.Reason = "it cannot be opened: permission denied"
		e.hint = "run postern as the owner of the file, or give it to that user with `chown USER " + quote(p.path) + "`"
	case errors.Is(err, fs.ErrExist):
		e.Reason = "something is there already, and a key is never overwritten"
		e.hint = "see what " + quote(p.path) + " is; if it is not wanted, move it away and run the command again"
	case errors.As(err, &path):
		e.Reason = "it cannot be read or written: " + path.Err.Error()
		e.hint = "check the disk and the folder of " + quote(p.path)
	default:
		e.Reason = "it cannot be read or written: " + err.Error()
		e.hint = "check the disk and the folder of " + quote(p.path)
	}
	return e
}

// refuse makes the error of a place that is wrong in itself.
func (p place) refuse(reason, hint string) *KeyError {
	return &KeyError{What: p.what, Path: p.path, Reason: reason, hint: hint}
}

// damaged is a file that is not what it says it is.
func (p place) damaged(reason string) *KeyError {
	return p.refuse(reason, "restore "+quote(p.path)+" from its backup; a new key would give every child a new code")
}

// quote writes a path so that it can be pasted into a shell.
func quote(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%", r)
	}
	if path != "" && strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
