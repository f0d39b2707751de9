package parquetfile

import (
	"encoding/binary"
	"math/bits"
)

// The encodings of a page's body, as github.com/apache/parquet-format (Encodings.md) describes them: the RLE/bit-packing
// hybrid for levels and indices, and bits for booleans.

// appendHybrid appends numbers of width bits each as runs: a run of one number as its count and the number, all else
// packed in groups of eight. Numbers are packed unless a run saves bytes: it has at least eight numbers, and eight bytes
// when packed.
func appendHybrid(dst []byte, v []uint32, width int) []byte {
	least := 8
	for width > 0 && least*width < 64 {
		least += 8
	}
	for len(v) > 0 {
		packed := 0 // numbers before the next run
		run := 0
		for packed < len(v) {
			if run = runOf(v[packed:]); run >= least || run == len(v) {
				break
			}
			packed, run = packed+max(run&^7, 8), 0
		}
		packed = min(packed, len(v))
		if packed > 0 {
			groups := (packed + 7) / 8
			dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
			dst = appendPacked(dst, v[:packed], width)
			v = v[packed:]
		}
		if run > 0 {
			dst = binary.AppendUvarint(dst, uint64(run)<<1)
			for i := 0; i < width; i += 8 {
				dst = append(dst, byte(v[0]>>i))
			}
			v = v[run:]
		}
	}
	return dst
}

// runOf is how often the first number is repeated, or less than eight when it is not repeated eight times.
func runOf(v []uint32) int {
	if len(v) >= 8 {
		// The cheap look first: most numbers are in no run.
		if w := v[:8]; w[0] != w[7] || w[0] != w[1] || w[0] != w[2] || w[0] != w[3] || w[0] != w[4] || w[0] != w[5] || w[0] != w[6] {
			return 1
		}
	}
	n := 1
	for n < len(v) && v[n] == v[0] {
		n++
	}
	return n
}

// appendPacked appends numbers of width bits each, least significant bit first, filled up with zeros to groups of eight.
func appendPacked(dst []byte, v []uint32, width int) []byte {
	size := (len(v) + 7) / 8 * width
	at := len(dst)
	dst = grown(dst, size+8) // numbers are put down eight bytes at a time
	out := dst[at:]
	n := 0
	if width <= 8 {
		w := uint(width) & 15
		for ; len(v) >= 8; v = v[8:] {
			g := v[:8]
			low := uint64(g[0]) | uint64(g[1])<<w | uint64(g[2])<<(2*w&63) | uint64(g[3])<<(3*w&63)
			high := uint64(g[4]) | uint64(g[5])<<w | uint64(g[6])<<(2*w&63) | uint64(g[7])<<(3*w&63)
			binary.LittleEndian.PutUint64(out[n:], low|high<<(4*w&63))
			n += width
		}
	}
	var held uint64
	var count uint
	for _, x := range v {
		held |= uint64(x) << (count & 63)
		if count += uint(width); count >= 32 {
			binary.LittleEndian.PutUint32(out[n:], uint32(held))
			n, held, count = n+4, held>>32, count-32
		}
	}
	for ; count > 0; count -= min(count, 8) {
		out[n] = byte(held)
		n, held = n+1, held>>8
	}
	clear(out[n:max(n, size)])
	return dst[:at+size]
}

// grown is dst with room for n more bytes, which are part of it.
func grown(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		bigger := make([]byte, len(dst), 2*cap(dst)+n)
		copy(bigger, dst)
		dst = bigger
	}
	return dst[:len(dst)+n]
}

// appendLevels appends the definition levels of a page: their length in four bytes, and the hybrid with numbers of one
// bit. A level is 0 for a null and 1 for a value; without levels, all rows have a value.
func appendLevels(dst []byte, rows int, levels []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if levels == nil {
		dst = append(binary.AppendUvarint(dst, uint64(rows)<<1), 1)
	}
	for len(levels) > 0 {
		if run := sameLevels(levels); run >= 64 || run == len(levels) {
			dst = append(binary.AppendUvarint(dst, uint64(run)<<1), levels[0])
			levels = levels[run:]
			continue
		}
		packed := 0
		for packed < len(levels) {
			run := sameLevels(levels[packed:])
			if run >= 64 {
				break
			}
			packed += max(run&^7, 8)
		}
		packed = min(packed, len(levels))
		dst = binary.AppendUvarint(dst, uint64((packed+7)/8)<<1|1)
		dst = appendBits(dst, levels[:packed])
		levels = levels[packed:]
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// sameLevels is how often the first level is repeated.
func sameLevels(levels []byte) int {
	want := uint64(levels[0]) * 0x0101010101010101
	n := 0
	for ; n+8 <= len(levels); n += 8 {
		if differ := binary.LittleEndian.Uint64(levels[n:]) ^ want; differ != 0 {
			return n + bits.TrailingZeros64(differ)/8
		}
	}
	for n < len(levels) && levels[n] == levels[0] {
		n++
	}
	return n
}

// appendBits appends bytes that are 0 or 1 as bits, least significant first, filled up with zeros to a byte.
func appendBits(dst []byte, v []byte) []byte {
	const gather = 0x0102040810204080 // brings the lowest bits of eight bytes together in the highest byte
	for ; len(v) >= 8; v = v[8:] {
		dst = append(dst, byte(binary.LittleEndian.Uint64(v)*gather>>56))
	}
	if len(v) > 0 {
		var last byte
		for i, b := range v {
			last |= b << i
		}
		dst = append(dst, last)
	}
	return dst
}
