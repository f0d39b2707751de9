package synth

import (
	"math/bits"
	"math/rand/v2"
)

// draw is one child's source of chance. It gives whole numbers by whole-number arithmetic only: a fused multiply-add
// of floating point would make two kinds of machine disagree.
type draw struct{ pcg rand.PCG }

// reset makes the draw that of one child: it depends on the seed and the child's ordinal and on nothing before.
func (d *draw) reset(seed uint64, ordinal int) {
	d.pcg.Seed(mix(seed), mix(uint64(ordinal)^0x9e3779b97f4a7c15))
}

// mix spreads every bit of x over all 64 (a bijection: the finaliser of MurmurHash3).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return x
}

// below is a whole number from 0 to n-1. Its bias is below n/2⁶⁴.
func (d *draw) below(n int) int {
	if n <= 1 {
		return 0
	}
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(hi)
}

// between is a whole number from low to high, both included. It is low when high is below it.
func (d *draw) between(low, high int) int { return low + d.below(high-low+1) }

// chance is true n times in 1,000.
func (d *draw) chance(n int) bool { return d.below(1000) < n }

// weight is a code and its share among its neighbours.
type weight struct {
	code  string
	share int
}

// weights is a distribution of codes. Shares need not add up to anything.
type weights []weight

// pick draws a code.
func (d *draw) pick(w weights) string {
	total := 0
	for i := range w {
		total += w[i].share
	}
	n := d.below(total)
	for i := range w {
		n -= w[i].share
		if n < 0 {
			return w[i].code
		}
	}
	return ""
}

// span is a range of days with its share among its neighbours.
type span struct{ low, high, share int }

// days draws a range, then a number of days in it.
func (d *draw) days(spans []span) int {
	total := 0
	for i := range spans {
		total += spans[i].share
	}
	n := d.below(total)
	for i := range spans {
		n -= spans[i].share
		if n < 0 {
			return d.between(spans[i].low, spans[i].high)
		}
	}
	return 0
}
