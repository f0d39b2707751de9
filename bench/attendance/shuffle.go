package attendance

import "math/bits"

// mixed is a number that looks drawn at random, the same for the same two (splitmix64).
func mixed(seed, n uint64) uint64 {
	x := seed + (n+1)*0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// shuffle gives a permutation of 0…size-1 without holding it: a Feistel network over the next power of four, entered again
// with what lies outside.
func shuffle(size int, seed uint64) func(n int) int {
	half := (bits.Len(uint(size-1)) + 1) / 2
	mask := uint64(1)<<half - 1
	return func(n int) int {
		x := uint64(n)
		for {
			left, right := x>>half, x&mask
			for round := range uint64(4) {
				left, right = right, left^mixed(seed+round, right)&mask
			}
			if x = left<<half | right; x < uint64(size) {
				return int(x)
			}
		}
	}
}
