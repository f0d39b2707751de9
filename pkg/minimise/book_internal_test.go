package minimise

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRanks: pseudonyms are placed by all their bytes, also where those that are looked at first do not tell them apart, and
// numbers that have none are not placed.
func TestRanks(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, workers := range []int{1, 4} {
		b := newBook(bookOf{child: true})
		macs := make(map[uint32][macSize]byte)
		for len(macs) < 9000 {
			var mac [macSize]byte
			mac[0] = []byte{0, 7, 7, 7, 255}[r.IntN(5)]
			mac[3+r.IntN(3)] = byte(r.IntN(3)) // of the bytes behind, few differ
			for i := 6; i < macSize; i++ {
				mac[i] = byte(r.IntN(4))
			}
			number := r.Uint32N(40_000)
			if _, taken := macs[number]; !taken {
				macs[number] = mac
				b.put(number, &mac)
			}
		}
		got := b.ranks(workers)
		if len(got.numbers) != len(macs) || b.ranks(workers) != got {
			t.Fatalf("%d places for %d pseudonyms, or placed anew", len(got.numbers), len(macs))
		}
		for place, number := range got.numbers {
			mac := macs[number]
			if *got.mac(uint32(place)) != mac || got.place[number] != uint32(place) {
				t.Fatalf("place %d is not that of number %d", place, number)
			}
			if first := int(mac[0]); place < int(got.first[first]) || place >= int(got.first[first+1]) {
				t.Fatalf("place %d is not among those that begin with %d", place, first)
			}
		}
		if !slices.IsSortedFunc(got.numbers, func(x, y uint32) int {
			a, b := macs[x], macs[y]
			return bytes.Compare(a[:], b[:])
		}) {
			t.Error("places are out of order")
		}
	}
}
