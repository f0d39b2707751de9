package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The errors of a store that a caller tells apart with errors.Is. Repeating the call does not help with any of them.
var (
	ErrTaken      = errors.New("the key is taken by other bytes")
	ErrNotFound   = errors.New("no such object")
	ErrInvalidKey = errors.New("not a valid key")
	ErrBody       = errors.New("the bytes are not those announced")
)

// The operations that an Error names.
const (
	OpPut   = "put"
	OpGet   = "get"
	OpList  = "list"
	OpSweep = "sweep"
)

// Error is a failure of the store itself: not reachable, full, not permitted. Nothing was overwritten, and the same call
// may be repeated when the cause is gone.
type Error struct {
	Op   string // OpPut, OpGet, OpList, …
	Key  string // the key, or the prefix of a list
	Err  error
	Hint string // what to do next; "" for the general advice
}

// Error writes what was being done, to which key, and what went wrong.
func (e *Error) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("store: %s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("store: %s %s: %v", e.Op, e.Key, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// NextStep says what to do about it.
func (e *Error) NextStep() string {
	if e.Hint != "" {
		return e.Hint
	}
	if hint := finding.HintOf(e.Err); hint != "" {
		return hint
	}
	return "nothing was overwritten; run the same command again when the cause is gone"
}

// Failure gives an error the form that this package promises. One of the errors told by errors.Is stays what it is, with
// the operation and the key in front and what to do next. An error that came because ctx ended becomes the context's.
// Anything else becomes an *Error. A nil error stays nil. Stores call it once, where an error leaves them.
func Failure(ctx context.Context, op, key string, err error) error {
	if err == nil {
		return nil
	}
	place := op
	if key != "" && !errors.Is(err, ErrInvalidKey) {
		place += " " + key
	}
	for _, known := range []struct {
		err  error
		hint string
	}{
		{ErrTaken, "nothing was changed; look at what is there, and publish under a new drop"},
		{ErrNotFound, "list what the store holds, and check the agreement and the number of the drop"},
		{ErrInvalidKey, keyHint},
		{ErrBody, "a staged file changed or broke off while it was published; run the export again"},
	} {
		if errors.Is(err, known.err) {
			return finding.WithHint(fmt.Errorf("store: %s: %w", place, err), known.hint)
		}
	}
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("store: %s: %w", place, ended)
	}
	if already := (*Error)(nil); errors.As(err, &already) {
		return err
	}
	return &Error{Op: op, Key: key, Err: err}
}
