//go:build race

package recipient_test

// thinned is how much fewer bytes TestEveryByte changes: the race detector makes each verification ten times as slow,
// and there is nothing in it that runs at the same time as anything else.
const thinned = 11
