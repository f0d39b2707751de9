//go:build !race

package recipient_test

// thinned is how much fewer bytes TestEveryByte changes: none fewer.
const thinned = 1
