package xlsx

import (
	"bytes"
	"context"
	"strconv"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
)

// Shared strings are kept in chunks, each with its length before it, so that no growth copies them all.
const (
	chunkBits = 22
	chunkSize = 1 << chunkBits
	indexSize = 1 << 16
)

// table is the shared strings, by their numbers.
type table struct {
	chunks [][]byte
	index  [][]uint32 // where each begins: its chunk, then chunkBits of the place in it
	count  int
	bytes  int64
}

// add keeps one more.
func (t *table) add(text []byte) error {
	var length [4]byte
	n := 0
	for rest := len(text); ; rest >>= 7 {
		length[n] = byte(rest & 0x7F)
		if n++; rest < 0x80 {
			break
		}
		length[n-1] |= 0x80
	}
	size := n + len(text)
	if t.bytes += int64(size) + 8; t.bytes > maxStrings {
		return tooLarge("the workbook has more than 256 MiB of different texts")
	}
	last := len(t.chunks) - 1
	if last < 0 || len(t.chunks[last])+size > chunkSize {
		t.chunks = append(t.chunks, make([]byte, 0, chunkSize))
		last++
	}
	if t.count%indexSize == 0 {
		t.index = append(t.index, make([]uint32, 0, indexSize))
	}
	i := len(t.index) - 1
	t.index[i] = append(t.index[i], uint32(last)<<chunkBits|uint32(len(t.chunks[last])))
	t.chunks[last] = append(append(t.chunks[last], length[:n]...), text...)
	t.count++
	return nil
}

// at is a string by its number; false when there is none.
func (t *table) at(number uint32) ([]byte, bool) {
	if t == nil || int64(number) >= int64(t.count) {
		return nil, false
	}
	at := t.index[number/indexSize][number%indexSize]
	b := t.chunks[at>>chunkBits][at&(chunkSize-1):]
	length, shift := 0, 0
	for i, c := range b {
		length |= int(c&0x7F) << shift
		if shift += 7; c < 0x80 {
			return b[i+1 : i+1+length : i+1+length], true
		}
	}
	return nil, false
}

// sharedStrings reads all of them.
func (b *book) sharedStrings(ctx context.Context) (*table, error) {
	t := &table{}
	err := b.eachString(ctx, func(_ int, text []byte) (bool, error) { return true, t.add(text) })
	return t, err
}

// eachString calls f with each shared string, until it asks for no more. The text holds until f returns.
func (b *book) eachString(ctx context.Context, f func(number int, text []byte) (more bool, err error)) error {
	if b.strings == "" {
		return nil
	}
	in, err := b.parts.open(ctx, b.strings, maxPart)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read from: nothing is lost
	s := markup.New(in)
	var text []byte
	for number, rooted := 0, false; ; {
		k, err := s.Next()
		switch {
		case err != nil:
			return err
		case k == markup.EndOfFile:
			return nil
		case k != markup.StartTag:
		case !rooted:
			if rooted = true; string(markup.Local(s.Name)) != "sst" {
				return malformed("the part of the shared texts holds something else")
			}
		case string(markup.Local(s.Name)) == "si":
			if text, err = said(s, text[:0]); err != nil {
				return err
			}
			more, err := f(number, text)
			if err != nil || !more {
				return err
			}
			number++
		default:
			if err := skip(s); err != nil {
				return err
			}
		}
	}
}

// said appends what the element says whose start tag was met, up to its end: the texts in it, but for readings.
func said(s *markup.Scanner, out []byte) ([]byte, error) {
	from, quiet, in := len(out), 0, false
	for depth := 1; depth > 0; {
		k, err := s.Next()
		if err != nil {
			return out, err
		}
		switch k {
		case markup.StartTag:
			depth++
			name := markup.Local(s.Name)
			if quiet == 0 && string(name) == "rPh" {
				quiet = depth
			}
			in = quiet == 0 && string(name) == "t"
		case markup.EndTag:
			if depth == quiet {
				quiet = 0
			}
			depth--
			in = false
		case markup.TextRun:
			if in {
				if out = append(out, s.Text...); len(out)-from > maxRowText {
					return out, markup.RuleTooLong
				}
			}
		}
	}
	if bytes.Contains(out[from:], []byte("_x")) {
		out = resolved(out, from)
	}
	return out, nil
}

// resolved replaces _xHHHH_, by which workbooks write characters that XML has not (ST_Xstring), in what stands from a
// place on. What is written is never longer than what was there.
func resolved(b []byte, from int) []byte {
	out := b[:from]
	for at := from; at < len(b); {
		if rest := b[at:]; len(rest) >= 7 && rest[0] == '_' && rest[1] == 'x' && rest[6] == '_' {
			if n, err := strconv.ParseUint(string(rest[2:6]), 16, 16); err == nil && utf8.ValidRune(rune(n)) && n != 0 {
				out = utf8.AppendRune(out, rune(n))
				at += 7
				continue
			}
		}
		out = append(out, b[at])
		at++
	}
	return out
}

// skip passes over the element whose start tag was met.
func skip(s *markup.Scanner) error {
	for depth := 1; depth > 0; {
		k, err := s.Next()
		switch {
		case err != nil:
			return err
		case k == markup.StartTag:
			depth++
		case k == markup.EndTag:
			depth--
		}
	}
	return nil
}
