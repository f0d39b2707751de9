package export

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// EnterAbandoned lets tests give a drop up that is out.
func (b *Books) EnterAbandoned(drop string) error {
	_, err := b.enter(KindAbandoned, AbandonedBody{Drop: drop, Reason: "a test"})
	return err
}

// A register as the first release left it has no mark and gets one; any other is held to its mark.
func TestHoldToTheMark(t *testing.T) {
	const kept = "../../testdata/versions/register-v1"
	text, err := os.ReadFile(filepath.Join(kept, "allowed_signers"))
	if err != nil {
		t.Fatal(err)
	}
	signers, err := signature.ParseAllowedSigners(text)
	if err != nil {
		t.Fatal(err)
	}
	old, err := register.View(filepath.Join(kept, "whole"), recipient.RegisterVerifier(signers, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	at := func(n int) *register.Log {
		times, bodies := make([]time.Time, n), make([]any, n)
		for i := range n {
			times[i], bodies[i] = time.Unix(int64(i), 0), PublishedBody{Drop: "dsa-a/0001-20260630"}
		}
		return booksOf(t, times, bodies...).log
	}
	unused := mark{text: custody.UnusedMark, there: true}
	empty, three := at(0), at(3)
	of := func(log *register.Log) mark {
		return mark{text: "a checkpoint", there: true, checkpoint: log.Checkpoint()}
	}
	forged := of(three)
	forged.checkpoint.Root[0] ^= 1
	ahead := of(three)
	ahead.checkpoint.Size++
	for name, test := range map[string]struct {
		mark mark
		log  *register.Log
		held bool
	}{
		"version 1, no mark":        {mark{}, old, true},
		"version 1, its mark":       {of(old), old, true},
		"version 1, another's mark": {of(three), old, false},
		"version 1, an unused mark": {unused, old, false},
		"no record, no mark":        {mark{}, empty, false},
		"no record, unused mark":    {unused, empty, true},
		"no record, its mark":       {of(empty), empty, true},
		"records, no mark":          {mark{}, three, false},
		"records, unused mark":      {unused, three, false},
		"records, its mark":         {of(three), three, true},
		"records, an earlier mark":  {of(empty), three, true},
		"records, a later mark":     {ahead, three, false},
		"other records":             {forged, three, false},
	} {
		err := test.mark.hold(test.log)
		var tampered *register.TamperError
		if (err == nil) != test.held || err != nil && (!errors.As(err, &tampered) || finding.HintOf(err) == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
