package parquetfile

import "encoding/binary"

// The running check is a polynomial over the values of a column in their order, each value by its own hash, modulo 2⁶⁴.
// It depends on every cell and on every place. It tells a slip of the writer or the reader, not an attacker: the files
// are signed for that. A value is hashed once per distinct value of a row group.
const (
	checkPrime = 0x9E3779B97F4A7C15
	checkNull  = 0xD6E8FEB86659FD93 // what stands for a null

	checkPrime2 = checkPrime * checkPrime & (1<<64 - 1)
	checkPrime3 = checkPrime2 * checkPrime & (1<<64 - 1)
	checkPrime4 = checkPrime3 * checkPrime & (1<<64 - 1)
)

// hashNumber is the hash of a number, a date or a boolean.
func hashNumber(n int32) uint64 { return mix(uint64(uint32(n)) + checkPrime) }

// hashText is the hash of a string.
func hashText(text []byte) uint64 {
	h := uint64(len(text)) * checkPrime
	for ; len(text) >= 8; text = text[8:] {
		h = (h ^ binary.LittleEndian.Uint64(text)) * checkPrime
		h ^= h >> 32
	}
	for _, c := range text {
		h = (h ^ uint64(c)) * checkPrime
	}
	return mix(h)
}

func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return h ^ h>>31
}

// index is the place of a value in a dictionary.
type index interface{ ~int32 | ~uint32 }

// fold folds in values that are given by their places among the hashes. It reports false when a place is none.
func fold[I index](check uint64, hashes []uint64, at []I) (uint64, bool) {
	n := uint64(len(hashes))
	for ; len(at) >= 4; at = at[4:] {
		a, b, c, d := uint64(uint32(at[0])), uint64(uint32(at[1])), uint64(uint32(at[2])), uint64(uint32(at[3]))
		if a >= n || b >= n || c >= n || d >= n {
			return check, false
		}
		check = check*checkPrime4 + (hashes[a]*checkPrime3 + hashes[b]*checkPrime2) + (hashes[c]*checkPrime + hashes[d])
	}
	for _, one := range at {
		a := uint64(uint32(one))
		if a >= n {
			return check, false
		}
		check = check*checkPrime + hashes[a]
	}
	return check, true
}

// foldLevels folds in rows of which some are null: those with level 0. The others are given as in fold, one after
// another. It reports false when they are not as many as the levels say.
func foldLevels[I index](check uint64, hashes []uint64, at []I, levels []byte) (uint64, bool) {
	n := uint64(len(hashes))
	for _, level := range levels {
		if level == 0 {
			check = check*checkPrime + checkNull
			continue
		}
		if len(at) == 0 {
			return check, false
		}
		a := uint64(uint32(at[0]))
		if a >= n {
			return check, false
		}
		check, at = check*checkPrime+hashes[a], at[1:]
	}
	return check, len(at) == 0
}
