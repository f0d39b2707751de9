package synth

import (
	"math/big"
	"testing"

	"github.com/postern-gateway/postern/pkg/identifier"
)

// A scramble takes each number below its prime once: shown for small primes, and that the ones in use are such primes.
func TestScrambleIsABijection(t *testing.T) {
	for _, prime := range []uint64{3, 7, 11, 499, 99_991} {
		for seed := range uint64(3) {
			s := newScramble(prime, seed)
			seen := make([]bool, prime)
			for i := range prime {
				n := s.at(i)
				if n >= prime || seen[n] {
					t.Fatalf("%d of %d: %d", i, prime, n)
				}
				seen[n] = true
			}
		}
	}
	for _, prime := range []uint64{childIDPrime, upnPrime} {
		if prime%4 != 3 || prime < 2*MaxChildren || !new(big.Int).SetUint64(prime).ProbablyPrime(20) {
			t.Errorf("%d does not fit", prime)
		}
	}
}

// No two children have one LA child ID or one UPN, in whatever way they are normalised.
func TestIdentifiersAreUnique(t *testing.T) {
	const children = 50_000
	ids := newIdentifiers(9, "331")
	childIDs := make(map[string]bool, 2*children)
	upns := make(map[string]bool, 4*children)
	twins := 0
	for k := range 2 * children {
		i := k
		if k >= children {
			i = k - children + MaxChildren
		}
		id := ids.childID(i)
		normal, outcome := identifier.Normalise(identifier.LAChildID, id)
		if outcome != identifier.OK || normal != id || childIDs[id] || len(id) < 6 || len(id) > 15 {
			t.Fatalf("LA child ID %q: %v", id, outcome)
		}
		childIDs[id] = true
		if id[0] == '0' && childIDs[id[1:]] {
			twins++
		}
		for _, upn := range []string{ids.permanentUPN(i, "331", 2020), ids.temporaryUPN(i, 2020)} {
			normal, outcome := identifier.Normalise(identifier.UPN, upn)
			if outcome != identifier.OK || normal != upn || upns[upn] {
				t.Fatalf("UPN %q: %v", upn, outcome)
			}
			upns[upn] = true
		}
	}
	if twins < children/500 {
		t.Errorf("%d IDs differ from another in a leading zero only", twins)
	}
}
