package export

import (
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/state"
)

func TestWindowOf(t *testing.T) {
	for _, test := range []struct {
		schedule string
		today    civil.Date
		want     window
	}{
		{"daily", civil.MustYMD(2026, 6, 30), window{civil.MustYMD(2026, 6, 1), 4, "of June 2026"}},
		{"weekly", civil.MustYMD(2026, 7, 1), window{civil.MustYMD(2026, 7, 1), 4, "of July 2026"}},
		{"monthly", civil.MustYMD(2024, 2, 29), window{civil.MustYMD(2024, 2, 1), 4, "of February 2024"}},
		{"quarterly", civil.MustYMD(2026, 3, 31), window{civil.MustYMD(2026, 1, 1), 4, "of January to March 2026"}},
		{"quarterly", civil.MustYMD(2026, 12, 31), window{civil.MustYMD(2026, 10, 1), 4, "of October to December 2026"}},
		{"yearly", civil.MustYMD(2026, 12, 31), window{civil.MustYMD(2026, 1, 1), 4, "of 2026"}},
		{"once", civil.MustYMD(2026, 6, 30), window{0, 1, "in all"}},
	} {
		if got := windowOf(agreement.Frequency{Schedule: test.schedule, MaxDropsPerMonth: 4}, test.today); got != test.want {
			t.Errorf("%s on %s: %+v, want %+v", test.schedule, test.today, got, test.want)
		}
	}
}

// booksOf is a register in a folder of the test's, with a body of the gate's own at each time.
func booksOf(t *testing.T, at []time.Time, bodies ...any) *Books {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	sign, err := signerOf(key)
	if err != nil {
		t.Fatal(err)
	}
	log, err := register.Create(t.TempDir()+"/register", RegisterOrigin("331"), sign)
	if err != nil {
		t.Fatal(err)
	}
	for i, body := range bodies {
		kind := KindPublished
		switch body.(type) {
		case WithdrawnBody:
			kind = KindWithdrawn
		case PreflightBody:
			kind = KindPreflight
		}
		e := entryOf(t, kind, body)
		e.Time = at[i]
		if _, err := log.Append(e, sign); err != nil {
			t.Fatal(err)
		}
	}
	return &Books{log: log, sign: sign}
}

// TestPublishedSince: drops count by the day that their ids name, once each, those of the agreement alone, and not the one that
// was withdrawn.
func TestPublishedSince(t *testing.T) {
	june30, july1 := time.Date(2026, 6, 30, 22, 59, 59, 0, time.UTC), time.Date(2026, 6, 30, 23, 0, 0, 0, time.UTC)
	books := booksOf(t, []time.Time{june30, july1, july1, july1, july1, july1},
		PublishedBody{Drop: "dsa-a/0001-20260630"}, PublishedBody{Drop: "dsa-a/0002-20260701"}, PublishedBody{Drop: "dsa-b/0001-20260701"},
		PublishedBody{Drop: "dsa-a/0003-20260701"}, WithdrawnBody{Drop: "dsa-a/0003-20260701"}, PublishedBody{Drop: "dsa-a/0004-20260701"})
	for _, test := range []struct {
		id   string
		from civil.Date
		want int
	}{
		{"dsa-a", civil.MustYMD(2026, 7, 1), 2}, {"dsa-a", civil.MustYMD(2026, 6, 30), 3}, {"dsa-a", 0, 3},
		{"dsa-a", civil.MustYMD(2026, 7, 2), 0}, {"dsa-b", 0, 1}, {"dsa", 0, 0},
	} {
		if got, err := books.publishedSince(test.id, test.from); got != test.want || err != nil {
			t.Errorf("%s since %s: %d, %v; want %d", test.id, test.from, got, err, test.want)
		}
	}
}

// TestWithdrawalsFreeOnePlace: of the drops of an interval that were withdrawn, one alone can be replaced. A drop is of the day
// on which it was made, whenever it was entered or withdrawn, and one that is still to be entered counts.
func TestWithdrawalsFreeOnePlace(t *testing.T) {
	july := time.Date(2026, 7, 5, 12, 0, 0, 0, time.UTC)
	books := booksOf(t, slices.Repeat([]time.Time{july}, 7),
		PublishedBody{Drop: "dsa-a/0001-20260630"}, WithdrawnBody{Drop: "dsa-a/0001-20260630"},
		PublishedBody{Drop: "dsa-a/0002-20260701"}, WithdrawnBody{Drop: "dsa-a/0002-20260701"},
		PublishedBody{Drop: "dsa-a/0003-20260702"}, WithdrawnBody{Drop: "dsa-a/0003-20260702"},
		PublishedBody{Drop: "dsa-b/0001-20260703"})
	held := state.PublishedDrop{ID: "dsa-a/0004-20260731"}
	for _, test := range []struct {
		from civil.Date
		held []state.PublishedDrop
		want int
	}{
		{0, nil, 2}, {civil.MustYMD(2026, 6, 30), nil, 2}, {civil.MustYMD(2026, 7, 1), nil, 1}, {civil.MustYMD(2026, 7, 2), nil, 0},
		{civil.MustYMD(2026, 7, 1), []state.PublishedDrop{held}, 2}, {civil.MustYMD(2026, 8, 1), []state.PublishedDrop{held}, 0},
	} {
		if got, err := books.publishedSince("dsa-a", test.from, test.held...); got != test.want || err != nil {
			t.Errorf("since %s, %d held: %d, %v; want %d", test.from, len(test.held), got, err, test.want)
		}
	}
	for _, drop := range []string{"dsa-a/0001", "dsa-a/0001-20260631", "dsa-a/0001-2026061", "20260630"} {
		if day, err := dayOf(drop); err == nil {
			t.Errorf("%s is of %s", drop, day)
		}
	}
}

// TestWhatTellsTheTime: neither what a refused run left nor what the calendar alone brought about holds a later clock to
// its time.
func TestWhatTellsTheTime(t *testing.T) {
	for _, test := range []struct {
		kind string
		body any
		want bool
	}{
		{KindRefused, RefusedBody{}, false},
		{KindPreflight, PreflightBody{Refused: []string{"DSA_EXPIRED"}}, false},
		{KindPreflight, PreflightBody{Refused: []string{}}, true},
		{KindState, StateBody{To: "expired"}, false},
		{KindState, StateBody{To: "suspended", By: "Dee Officer"}, true},
		{KindPublished, PublishedBody{}, true},
	} {
		got, err := tellsTime(register.Record{Entry: entryOf(t, test.kind, test.body)})
		if got != test.want || err != nil {
			t.Errorf("%s %+v: %t, %v", test.kind, test.body, got, err)
		}
	}
}
