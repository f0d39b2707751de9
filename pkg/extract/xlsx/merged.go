package xlsx

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
)

// span is rows that stand one below the other.
type span struct{ first, last int64 }

// merged lists the rows of a sheet that are part of a merged range with a column of the table, in order.
func (b *book) merged(ctx context.Context, part string, header extract.Header) ([]span, error) {
	has, err := b.mentions(ctx, part, []byte("mergeCell"))
	if err != nil || !has {
		return nil, err
	}
	var known []bool
	for _, at := range header.At {
		if at >= len(known) {
			known = append(known, make([]bool, at+1-len(known))...)
		}
		known[at] = true
	}
	var out []span
	count := 0
	err = b.each(ctx, part, "worksheet", maxPart, func(s *markup.Scanner) error {
		if string(markup.Local(s.Name)) != "mergeCell" {
			return nil
		}
		if count++; count > maxMerged {
			return tooLarge("the sheet has more merged cells than can be kept in mind")
		}
		from, to, _ := bytes.Cut(s.Attribute("ref"), []byte{':'})
		left, top, ok := reference(from)
		right, bottom, also := reference(to)
		if !ok || !also || left > right || top > bottom {
			return malformed("a merged range is none that a sheet has")
		}
		if left < len(known) && slices.Contains(known[left:min(right+1, len(known))], true) {
			out = append(out, span{top, bottom})
		}
		return nil
	})
	slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	return out, err
}

// mentions unpacks a part and looks for a word in it, which is much cheaper than taking it apart.
func (b *book) mentions(ctx context.Context, part string, word []byte) (bool, error) {
	in, err := b.parts.open(ctx, part, maxPart)
	if err != nil {
		return false, err
	}
	defer func() { _ = in.Close() }() // only read from: nothing is lost
	buf := make([]byte, 1<<16)
	kept := 0
	for {
		n, err := in.Read(buf[kept:])
		seen := buf[:kept+n]
		if bytes.Contains(seen, word) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, seen[max(0, len(seen)-len(word)+1):])
	}
}
