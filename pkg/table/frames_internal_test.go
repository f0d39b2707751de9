package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// encoder makes frames of one kind.
func encoder(t testing.TB, level zstd.EncoderLevel, checksum bool, options ...zstd.EOption) *zstd.Encoder {
	t.Helper()
	e, err := zstd.NewWriter(nil, append(options, zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(checksum),
		zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true), zstd.WithWindowSize(1<<18))...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// streamed is a frame that does not say how long its content is.
func streamed(t testing.TB, e *zstd.Encoder, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	e.Reset(&out)
	_, err := e.Write(text)
	if err = errors.Join(err, e.Flush(), e.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// says tells whether a frame says how long its content is. Some writers leave it out of frames of less than 256 bytes too.
func says(t testing.TB, packed []byte) bool {
	t.Helper()
	var h zstd.Header
	if err := h.Decode(packed); err != nil {
		t.Fatal(err)
	}
	return h.HasFCS
}

// ways are the two ways to unpack a page: by one goroutine, and by several however small the page is.
type ways struct {
	one, several *unpacker
	memory       [2][]byte
}

func newWays(t testing.TB) *ways {
	t.Helper()
	one, err := newUnpacker()
	several, err2 := newUnpacker()
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	one.large, several.large, several.hands = math.MaxInt, 0, 3
	return &ways{one: one, several: several}
}

// unpack holds the two ways together. It gives what they give, and whether the page was one for several.
func (w *ways) unpack(t *testing.T, packed []byte, size int) (out []byte, several bool, err error) {
	t.Helper()
	for i := range w.memory {
		w.memory[i] = grown(w.memory[i], size+zstdBlock+spare)
	}
	want, wantErr := w.one.unpack(packed, w.memory[0], size)
	got, err := w.several.unpack(packed, w.memory[1], size)
	if !errors.Is(err, wantErr) || err != nil && !errors.Is(err, ErrDamaged) || !bytes.Equal(got, want) {
		t.Fatalf("one goroutine gives %d bytes (%v), several %d (%v), or others", len(want), wantErr, len(got), err)
	}
	if len(got) > 0 && (&got[0] != &w.memory[1][0] || cap(got) < size+zstdBlock) {
		t.Fatal("the page is not where it was to be, or its memory was cut")
	}
	frames := framesOf(packed, size)
	for _, f := range frames {
		w.apart(t, f)
	}
	return got, len(frames) > 1, err
}

// apart unpacks one frame in the middle of a memory, of which nothing else may change.
func (w *ways) apart(t *testing.T, f frame) {
	t.Helper()
	const around, untouched = 1 << 10, 0xa5
	into := bytes.Repeat([]byte{untouched}, f.end-f.begin+2*around)
	f.begin, f.end = around, len(into)-around
	if err := f.unpack(w.one.whole, into); err != nil && !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	for _, side := range [][]byte{into[:f.begin], into[f.end:]} {
		if bytes.Count(side, []byte{untouched}) != around {
			t.Fatal("the decoder wrote beyond the place of a frame")
		}
	}
}

// drawnText is made so that zstd makes all its kinds of blocks of it.
func drawnText(r *rand.Rand, length int) (text []byte) {
	for len(text) < length {
		n := r.IntN(length-len(text)) + 1
		switch r.IntN(4) {
		case 0: // nothing to compress
			for range n {
				text = append(text, byte(r.Uint32()))
			}
		case 1: // one byte
			text = append(text, bytes.Repeat([]byte{byte(r.Uint32())}, n)...)
		case 2: // as a dictionary of pseudonyms has it
			for end := len(text) + n; len(text) < end; {
				text = fmt.Appendf(text, "\x24\x00\x00\x00c1_%016x%016x", r.Uint64(), r.Uint64())
			}
		default: // what was there before
			text = append(text, text[:min(n, len(text))]...)
		}
	}
	return text[:length]
}

// Whatever the frames of a page are, several goroutines make of it what one makes, and that is what was packed.
func TestFramesSideBySide(t *testing.T) {
	w, sides := newWays(t), 0
	var kinds []*zstd.Encoder
	for i := range 16 {
		kinds = append(kinds, encoder(t, zstd.EncoderLevel(1+i%4), i/4%2 == 0, zstd.WithSingleSegment(i/8 == 0)))
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		var text, packed []byte
		parts, said := 1+r.IntN(8), true
		for range parts {
			part := drawnText(r, []int{0, 1, 300, 70_000, 280_000}[r.IntN(5)]*(1+r.IntN(100))/100)
			e := kinds[r.IntN(8)]
			if r.IntN(8) == 0 {
				e = kinds[8+r.IntN(8)]
			}
			frame := e.EncodeAll(part, nil)
			if r.IntN(16) == 0 {
				frame = streamed(t, e, part)
			}
			said = said && says(t, frame)
			text, packed = append(text, part...), append(packed, frame...)
		}
		got, several, err := w.unpack(t, packed, len(text)+r.IntN(3)*500)
		if err != nil || !bytes.Equal(got, text) || several != (said && parts > 1) {
			t.Fatalf("seed %d: %d bytes of %d, side by side %t (%v)", seed, len(got), len(text), several, err)
		}
		if several {
			sides++
		}
		if len(text) > 0 {
			if _, _, err := w.unpack(t, packed, len(text)-1); err == nil {
				t.Fatalf("seed %d: more than the page says was unpacked", seed)
			}
		}
	}
	if sides < 20 || sides > 60 {
		t.Errorf("%d pages were unpacked side by side", sides)
	}
}

// fewFrames is a small page that has something of everything.
func fewFrames(t testing.TB) (packed []byte, size int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 4))
	for i, text := range [][]byte{
		drawnText(r, 40), bytes.Repeat([]byte("pseudonym "), 30), nil, bytes.Repeat([]byte{7}, 5000), fmt.Appendf(nil, "%0300b", r.Uint64()),
	} {
		packed = encoder(t, zstd.EncoderLevel(1+i%4), i%2 == 1, zstd.WithSingleSegment(true)).EncodeAll(text, packed)
		size += len(text)
	}
	return packed, size
}

// Whatever bit of a page is damaged, and wherever it is cut, several goroutines unpack what one unpacks, and refuse what one refuses.
func TestFramesDamaged(t *testing.T) {
	w := newWays(t)
	whole, size := fewFrames(t)
	if _, several, err := w.unpack(t, whole, size); err != nil || !several {
		t.Fatalf("what is sound is not unpacked side by side (%v)", err)
	}
	refused, sides := 0, 0
	for i := range 8 * len(whole) {
		changed := bytes.Clone(whole)
		changed[i/8] ^= 1 << (i % 8)
		_, several, err := w.unpack(t, changed, size)
		if err != nil {
			refused++
		}
		if several && err != nil {
			sides++
		}
	}
	if refused < 4*len(whole) || sides < len(whole) {
		t.Errorf("of %d changes %d are refused, %d of them side by side", 8*len(whole), refused, sides)
	}
	for n := range whole {
		if _, _, err := w.unpack(t, whole[:n], size); (err == nil) != slices.Contains(ends(t, whole, size), n) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

// ends are where the frames of a page end, and where the first begins.
func ends(t *testing.T, packed []byte, size int) []int {
	t.Helper()
	out := []int{0}
	for _, f := range framesOf(packed, size) {
		out = append(out, out[len(out)-1]+len(f.packed))
	}
	return out
}

// What is not as our writer makes it is for one goroutine, who may be content with it or not.
func TestFramesForOneGoroutine(t *testing.T) {
	w := newWays(t)
	whole, size := fewFrames(t)
	e := encoder(t, zstd.SpeedFastest, false)
	plain, err := (&zstd.Header{SingleSegment: true, FrameContentSize: 1}).AppendTo(nil)
	wanting, err2 := (&zstd.Header{SingleSegment: true, FrameContentSize: 1, DictionaryID: 9}).AppendTo(nil)
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	block := func(kind, size uint32) []byte { return binary.LittleEndian.AppendUint32(nil, 1|kind<<1|size<<3)[:3] }
	if says(t, streamed(t, e, whole)) {
		t.Fatal("a streamed frame says how long it is")
	}
	raw, rle, reserved := append(block(0, 1), 'x'), append(block(1, 1), 'x'), append(block(3, 1), 'x')
	skip := []byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2}
	empty := e.EncodeAll(nil, nil)
	for name, c := range map[string]struct {
		packed         []byte
		several, sound bool
	}{
		"control":                 {whole, true, true},
		"control: a byte":         {slices.Concat(whole, plain, raw), true, true},
		"control: a byte, once":   {slices.Concat(whole, plain, rle), true, true},
		"control: many frames":    {bytes.Repeat(empty, maxFrames), true, true},
		"more frames":             {bytes.Repeat(empty, maxFrames+1), false, true},
		"no frame":                {nil, false, true},
		"one frame":               {e.EncodeAll(whole, nil), false, true},
		"a frame to be skipped":   {slices.Concat(whole, skip), false, true},
		"a frame without a size":  {slices.Concat(whole, streamed(t, e, whole)), false, true},
		"a dictionary":            {slices.Concat(whole, wanting, raw), false, false},
		"a block of no kind":      {slices.Concat(whole, plain, reserved), false, false},
		"a byte is left over":     {slices.Concat(whole, []byte{0}), false, false},
		"contents beyond the end": {slices.Concat(whole, whole, whole), false, false},
	} {
		_, several, err := w.unpack(t, c.packed, size+len(whole)+1)
		if several != c.several || (err == nil) != c.sound {
			t.Errorf("%s: side by side %t, error %v", name, several, err)
		}
	}
}

// A small page is for one goroutine, and one of a single frame: only a large one of several is worth it.
func TestFramesOfLargePages(t *testing.T) {
	u, err := newUnpacker()
	if err != nil {
		t.Fatal(err)
	}
	u.hands = 2
	r := rand.New(rand.NewPCG(5, 5))
	e := encoder(t, zstd.SpeedFastest, true)
	for _, c := range []struct {
		frames, length int
		several        bool
	}{{1, 2 * largePage, false}, {4, largePage / 8, false}, {16, largePage / 8, true}} {
		var text, packed []byte
		for range c.frames {
			part := make([]byte, c.length)
			for i := range part {
				part[i] = byte(r.Uint32())
			}
			text, packed = append(text, part...), e.EncodeAll(part, packed)
		}
		got, err := u.unpack(packed, nil, len(text))
		if err != nil || !bytes.Equal(got, text) || (u.side != nil) != c.several {
			t.Errorf("%d frames: %d bytes of %d, a decoder for several %t (%v)", c.frames, len(got), len(text), u.side != nil, err)
		}
	}
}

// What the library panics over is damaged, in whatever goroutine.
func TestFramePanics(t *testing.T) {
	if err := (frame{}).unpack(nil, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	whole, size := fewFrames(f)
	f.Add(whole, uint16(size))
	e := encoder(f, zstd.SpeedFastest, false)
	f.Add(slices.Concat(e.EncodeAll(whole, nil), e.EncodeAll(bytes.Repeat(whole, 3), nil)), uint16(4*len(whole)))
	f.Add(slices.Concat(whole, streamed(f, e, whole)), uint16(size+len(whole)))
	f.Add(slices.Concat(whole, []byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2}), uint16(size))
	w := newWays(f)
	f.Fuzz(func(t *testing.T, packed []byte, size uint16) { w.unpack(t, packed, int(size)) })
}

// BenchmarkFrames unpacks the dictionary page of a column of a million pseudonyms, as our writer makes it.
func BenchmarkFrames(b *testing.B) {
	const values, piece = 1 << 20, 1 << 14
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	r := rand.New(rand.NewPCG(6, 6))
	e := encoder(b, zstd.SpeedFastest, false)
	var text, packed []byte
	size := 0
	for i := range values {
		text = append(text, "\x24\x00\x00\x00c1_"...)
		for range 33 {
			text = append(text, digits[r.IntN(len(digits))])
		}
		if (i+1)%piece == 0 {
			packed, size, text = e.EncodeAll(text, packed), size+len(text), text[:0]
		}
	}
	for name, large := range map[string]int{"one goroutine": math.MaxInt, "several": largePage} {
		b.Run(name, func(b *testing.B) {
			u, err := newUnpacker()
			if err != nil {
				b.Fatal(err)
			}
			u.large = large
			into := make([]byte, size+zstdBlock+spare)
			b.SetBytes(int64(size))
			for b.Loop() {
				if out, err := u.unpack(packed, into, size); err != nil || len(out) != size {
					b.Fatal(len(out), err)
				}
			}
		})
	}
}
