package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

func TestFailure(t *testing.T) {
	live := t.Context()
	ended, cancel := context.WithCancel(live)
	cancel()
	cause := errors.New("connection reset")
	inner := &store.Error{Op: store.OpPut, Key: "a", Err: cause, Hint: "look at the cable"}
	for _, c := range []struct {
		name    string
		ctx     context.Context
		err     error
		want    error
		failure bool // an *Error
	}{
		{"taken", live, store.ErrTaken, store.ErrTaken, false},
		{"taken, wrapped", live, fmt.Errorf("x: %w", store.ErrTaken), store.ErrTaken, false},
		{"taken, after the end", ended, store.ErrTaken, store.ErrTaken, false},
		{"not found", live, store.ErrNotFound, store.ErrNotFound, false},
		{"invalid key", live, store.CheckKey(".."), store.ErrInvalidKey, false},
		{"body", live, store.ErrBody, store.ErrBody, false},
		{"ended", ended, errors.New("use of closed connection"), context.Canceled, false},
		{"other", live, cause, cause, true},
		{"already a failure", live, inner, inner, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := store.Failure(c.ctx, store.OpPut, "a/b", c.err)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v in it", err, c.want)
			}
			var failed *store.Error
			if errors.As(err, &failed) != c.failure {
				t.Errorf("%v: *Error is %v, want %v", err, !c.failure, c.failure)
			}
			if finding.HintOf(err) == "" && !errors.Is(err, context.Canceled) {
				t.Errorf("%v has no hint", err)
			}
		})
	}
	if err := store.Failure(ended, store.OpPut, "a", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	if hint := finding.HintOf(store.Failure(live, store.OpPut, "a", inner)); hint != inner.Hint {
		t.Errorf("the hint nearest to the cause was lost: %q", hint)
	}
	hinted := store.Failure(live, store.OpGet, "a", finding.WithHint(cause, "look at the cable"))
	if finding.HintOf(hinted) != "look at the cable" {
		t.Errorf("the cause's hint was lost: %q", finding.HintOf(hinted))
	}
}

func TestErrorsDoNotRepeatBadKeys(t *testing.T) {
	const key = "../Jane Doe"
	err := store.Failure(t.Context(), store.OpPut, key, store.CheckKey(key))
	if !errors.Is(err, store.ErrInvalidKey) || strings.Contains(err.Error(), "Jane") {
		t.Errorf("got %v", err)
	}
}
