package extract_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
)

// A dictionary does what a map and a list do.
func TestDictionaryAgainstAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	d := extract.NewDictionary()
	for round := range 20 {
		numbers, order := make(map[string]uint32), []string(nil)
		for range 1 + random.IntN(5_000) {
			raw := make([]byte, random.IntN(6))
			for i := range raw {
				raw[i] = byte(random.IntN(1 + round)) // few distinct strings in early rounds, many in later ones
			}
			if _, has := numbers[string(raw)]; has != found(d, raw) {
				t.Fatalf("round %d: Find says %v of %q", round, !has, raw)
			}
			number, added := d.Number(raw)
			want, has := numbers[string(raw)]
			if !has {
				want = uint32(len(order))
				numbers[string(raw)] = want
				order = append(order, string(raw))
			}
			if number != want || added == has {
				t.Fatalf("round %d: %q is number %d (added %v), want %d (%v)", round, raw, number, added, want, !has)
			}
			for i := range raw {
				raw[i] = 'x' // the caller's bytes are the caller's
			}
		}
		if d.Len() != len(order) {
			t.Fatalf("%d strings, want %d", d.Len(), len(order))
		}
		for i, s := range order {
			if got := string(d.Bytes(uint32(i))); got != s {
				t.Fatalf("number %d is %q, want %q", i, got, s)
			}
		}
		d.Reset()
		if d.Len() != 0 || found(d, []byte("x")) || found(d, nil) {
			t.Fatal("a reset dictionary holds something")
		}
	}
}

func found(d *extract.Dictionary, s []byte) bool {
	_, ok := d.Find(s)
	return ok
}

// Numbers are in the order of first appearance whatever the hash's seed: the same input gives the same output.
func TestDictionaryNumbersDoNotDependOnTheHash(t *testing.T) {
	for range 10 {
		d := extract.NewDictionary()
		for i := range 1000 {
			if n, added := d.Number(fmt.Appendf(nil, "%d", i*7919%1000)); !added || n != uint32(i) {
				t.Fatalf("string %d has number %d", i, n)
			}
		}
	}
}

func TestDictionaryOfKnownStringsAllocatesNothing(t *testing.T) {
	d := extract.NewDictionary()
	words := [][]byte{[]byte("510000"), {}, []byte("WBRI"), []byte("01/04/2020")}
	for _, w := range words {
		d.Number(w)
	}
	if n := testing.AllocsPerRun(1000, func() {
		for _, w := range words {
			d.Number(w)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDictionary(b *testing.B) {
	for _, distinct := range []int{20, 1_000, 30_000} {
		b.Run(fmt.Sprint(distinct), func(b *testing.B) {
			cells := make([][]byte, distinct)
			for i := range cells {
				cells[i] = fmt.Appendf(nil, "%08d", i*7919)
			}
			d := extract.NewDictionary()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				d.Number(cells[i])
				if i++; i == distinct {
					i = 0
				}
			}
		})
	}
}
