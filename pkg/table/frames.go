package table

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// zstdBlock is how much longer than what it decompresses the decoder likes its memory.
const zstdBlock = 128 << 10

// Limits of unpacking side by side. Less than a page of largePage packed bytes is not worth it. A gateway makes at most 64 frames
// of a page; that there are not many more bounds the list of them.
const (
	largePage    = 1 << 20
	framesAtOnce = 4
	maxFrames    = 1 << 10
)

// unpacker unpacks zstd pages, one after another: the frames of a large one side by side, if all say how long they are unpacked.
// Any other page is for one goroutine. What comes of a page is the same either way.
type unpacker struct {
	whole *zstd.Decoder
	side  *zstd.Decoder // for several goroutines, from the first page for them on
	hands int           // how many
	large int           // packed bytes that a page for them has more than
}

func newUnpacker() (*unpacker, error) {
	whole, err := newDecoder(1)
	return &unpacker{whole: whole, hands: min(runtime.GOMAXPROCS(0), framesAtOnce), large: largePage}, err
}

func newDecoder(hands int) (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(hands), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxPageBytes))
}

// unpack gives what was packed, no longer than size bytes.
func (u *unpacker) unpack(packed, into []byte, size int) ([]byte, error) {
	into = grown(into, size+zstdBlock)
	if len(packed) > u.large && u.hands > 1 {
		if frames := framesOf(packed, size); len(frames) > 1 {
			return u.sideBySide(frames, into)
		}
	}
	out, err := u.whole.DecodeAll(packed, into[:0])
	if err != nil || len(out) > size {
		return nil, ErrDamaged
	}
	return out, nil
}

// sideBySide unpacks each frame into its place. The places are the memory that one goroutine would fill from the beginning to the
// end: more is taken by the decoders alone.
func (u *unpacker) sideBySide(frames []frame, into []byte) ([]byte, error) {
	if u.side == nil {
		side, err := newDecoder(u.hands)
		if err != nil {
			return nil, err
		}
		u.side = side
	}
	var next atomic.Int64
	var damaged atomic.Bool
	var hands sync.WaitGroup
	for range min(u.hands, len(frames)) {
		hands.Go(func() {
			for !damaged.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(frames) {
					return
				}
				if frames[i].unpack(u.side, into) != nil {
					damaged.Store(true)
				}
			}
		})
	}
	hands.Wait()
	if damaged.Load() {
		return nil, ErrDamaged
	}
	return into[:frames[len(frames)-1].end], nil
}

// frame is a frame of a page, and its place in what the page is unpacked to.
type frame struct {
	packed     []byte
	begin, end int
}

// unpack unpacks the frame into its place, and never writes beyond it. The library may panic: nobody else recovers what happens
// in a goroutine of our own.
func (f frame) unpack(decoder *zstd.Decoder, into []byte) (err error) {
	defer guard(&err, nil)
	place := into[f.begin:f.end:f.end]
	out, err := decoder.DecodeAll(f.packed, place[:0])
	if err != nil || len(out) != len(place) {
		return ErrDamaged
	}
	copy(place, out) // costs nothing when the decoder has filled the place, as it does
	return nil
}

// framesOf cuts a page into its frames, which stand one after the other (RFC 8878, section 3). It finds none where that cannot be
// done without unpacking, or something is not as our writer makes it: a frame does not say how long its content is, wants a
// dictionary or is to be skipped (3.1.1.1 and 3.1.2), bytes are missing or left over, or the contents are longer than size.
func framesOf(packed []byte, size int) (frames []frame) {
	end := 0
	for len(packed) > 0 {
		var h zstd.Header
		if err := h.Decode(packed); err != nil || h.Skippable || h.DictionaryID != 0 || !h.HasFCS {
			return nil
		}
		length := frameLength(packed, &h)
		if length == 0 || h.FrameContentSize > uint64(size-end) || len(frames) == maxFrames {
			return nil
		}
		begin := end
		end += int(h.FrameContentSize)
		frames, packed = append(frames, frame{packed[:length], begin, end}), packed[length:]
	}
	return frames
}

// frameLength is how many bytes the frame takes that packed begins with, or 0 if they are not all there: its header; blocks, up
// to one that says that it is the last; and perhaps four bytes of checksum (RFC 8878, section 3.1.1).
func frameLength(packed []byte, h *zstd.Header) int {
	const blockHeader, checksum = 3, 4
	const rle, reserved = 1, 3
	at := h.HeaderSize
	for last := false; !last; {
		if len(packed)-at < blockHeader {
			return 0
		}
		// Section 3.1.1.2: bit 0 says whether the block is the last, bits 1 and 2 its type, and the others its size.
		head := int(packed[at]) | int(packed[at+1])<<8 | int(packed[at+2])<<16
		kind, size := head>>1&3, head>>3
		switch kind {
		case rle:
			size = 1 // the byte; the size is how often it is repeated
		case reserved:
			return 0
		}
		at += blockHeader + size
		last = head&1 != 0
	}
	if h.HasCheckSum {
		at += checksum
	}
	if at > len(packed) {
		return 0
	}
	return at
}
