// Package storetest holds the one suite of tests that every store passes, and a store in memory for the tests of
// packages that publish or pull drops.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
//	}
//
// The suite asks only what package store promises. It measures no time, and needs no more of a store than that each call
// of the function gives one that is empty and that nobody else uses.
package storetest

import (
	"context"
	"testing"

	"github.com/postern-gateway/postern/pkg/store"
)

// Run tests a store against the rules of package store, one subtest for each. The function open gives an empty store
// for each of them.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// reporter is what a check needs of *testing.T; the suite's own tests listen in with another.
type reporter interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

type check struct {
	name string
	run  func(t reporter, s store.Store)
}

func checks() []check {
	return []check{
		{"put then get gives the bytes", putThenGet},
		{"an empty object is an object", emptyObject},
		{"a large object keeps every byte", largeObject},
		{"the same bytes again are no error", sameBytesAgain},
		{"other bytes are refused and the old ones stay", otherBytes},
		{"another digest than announced is refused", wrongDigest},
		{"fewer bytes than announced are refused", tooFewBytes},
		{"more bytes than announced are refused", tooManyBytes},
		{"a body that cannot be read leaves nothing", unreadableBody},
		{"half an object is never seen", halfAnObject},
		{"a cancelled put leaves nothing", cancelledPut},
		{"a cancelled read ends", cancelledRead},
		{"a missing object is not found", notFound},
		{"invalid keys are refused", invalidKeys},
		{"every valid key is taken", validKeys},
		{"list is in the order of the keys' bytes", listOrder},
		{"list finds by any prefix", listPrefix},
		{"list may be left early", listLeftEarly},
		{"one writer of many wins", oneWriterWins},
		{"many writers of the same bytes all succeed", sameWritersSucceed},
		{"the store has a location", location},
	}
}
