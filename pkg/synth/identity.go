package synth

import (
	"math/bits"
	"strconv"

	"github.com/postern-gateway/postern/pkg/identifier"
)

// scramble is a bijection of 0 … prime-1, different for each seed, that leaves no trace of order. It is what makes
// identifiers unique among a million children without remembering one. prime must be 3 modulo 4: then x → x² modulo
// prime, with the sign of the larger half turned, is a bijection.
type scramble struct{ prime, factor, before, after uint64 }

func newScramble(prime, seed uint64) scramble {
	return scramble{
		prime:  prime,
		factor: 1 + mix(seed^0x5be1)%(prime-1),
		before: mix(seed^0x7f4a) % prime,
		after:  mix(seed^0x1ce4) % prime,
	}
}

func (s scramble) at(i uint64) uint64 {
	x := (s.mul(i, s.factor) + s.before) % s.prime
	square := s.mul(x, x)
	if x > s.prime/2 {
		square = (s.prime - square) % s.prime
	}
	return (square + s.after) % s.prime
}

func (s scramble) mul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	_, rem := bits.Div64(hi, lo, s.prime)
	return rem
}

// identifiers makes the LA child IDs and UPNs of a cohort. Index i is a child's ordinal for the first identity and
// MaxChildren more for the one after an adoption.
type identifiers struct {
	laCode    string
	seed      uint64
	childIDs  scramble
	permanent scramble
	temporary scramble
}

// The primes bound the numbers in identifiers: child IDs run from 100000 to about 4.1 million, UPNs over 6,000
// establishments with 1,000 pupils each.
const (
	childIDPrime = 3_999_971
	upnPrime     = 5_999_947
)

func newIdentifiers(seed uint64, laCode string) identifiers {
	return identifiers{
		laCode:    laCode,
		seed:      seed,
		childIDs:  newScramble(childIDPrime, seed),
		permanent: newScramble(upnPrime, seed^0xa11ce),
		temporary: newScramble(upnPrime, seed^0xb0b),
	}
}

// zeroTwin is the ordinal, in each 500, of the child whose ID is its predecessor's with a zero before it.
const zeroTwin = 7

// childID is the i-th LA child ID. No two of them are equal, nor become so when trimmed and upper-cased.
func (ids *identifiers) childID(i int) string {
	if i < MaxChildren && i%500 == zeroTwin {
		return "0" + strconv.FormatUint(ids.number(i-1), 10)
	}
	n := ids.number(i)
	plain := strconv.FormatUint(n, 10)
	if i < MaxChildren && i%500 == zeroTwin-1 {
		return plain
	}
	switch shape := mix(ids.seed^uint64(i)<<20) % 100; {
	case shape < 88:
		return plain
	case shape < 94:
		return zeroPadded(plain, 8)
	default:
		// 211 n + 97 is another number for each n, of nine digits at most.
		return "RND" + zeroPadded(strconv.FormatUint(n*211+97, 10), 12)
	}
}

func (ids *identifiers) number(i int) uint64 { return 100_000 + ids.childIDs.at(uint64(i)) }

func zeroPadded(s string, width int) string {
	const zeros = "000000000000"
	return zeros[:width-len(s)] + s
}

// temporaryLetters end a temporary UPN: the alphabet of check letters.
const temporaryLetters = "ABCDEFGHJKLMNPQRTUVWXYZ"

// permanentUPN is the i-th permanent UPN: check letter, local authority, establishment, year of allocation, serial.
func (ids *identifiers) permanentUPN(i int, laCode string, allocated int) string {
	n := ids.permanent.at(uint64(i))
	return upn(laCode, 2000+n/1000, allocated, zeroPadded(strconv.FormatUint(n%1000, 10), 3))
}

// temporaryUPN is the i-th temporary UPN: its serial is two digits and a letter.
func (ids *identifiers) temporaryUPN(i int, allocated int) string {
	n := 2 * ids.temporary.at(uint64(i))
	letters := uint64(len(temporaryLetters))
	serial := zeroPadded(strconv.FormatUint(n/letters%100, 10), 2) + string(temporaryLetters[n%letters])
	return upn(ids.laCode, 2000+n/(100*letters), allocated, serial)
}

func upn(laCode string, establishment uint64, allocated int, serial string) string {
	twelve := laCode + strconv.FormatUint(establishment, 10) + zeroPadded(strconv.Itoa(allocated%100), 2) + serial
	letter, _ := identifier.UPNCheckLetter(twelve)
	return string(letter) + twelve
}
