package csv

import (
	"bytes"
	"context"
	"errors"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// tail is how much is read at once behind a split, for the record that its end stands in.
const tail = 1 << 12

// hand reads splits: the whole of what one goroutine needs.
//
// It does so twice where it must. A guess begins with the first line of a split, as if no line end stood in quotes, and
// knows neither how many rows there are before it nor what they hold. Joined, a split begins where the one before it
// ended. When a split's turn comes, a guess holds if it began right there and nothing in it is wrong.
type hand struct {
	*pass
	ctx      context.Context
	text     *splitter
	rows     *gathering
	portions []*portion
	active   []*portion // those that the split at hand is read for

	part    split
	checked int64 // how much of the file, up to where, is held against what was recognised
	changed bool  // and is something else
	broken  int64 // records that have not the shape of a row
	failed  bool  // the error is of one who gets rows
}

// first is what became of a guess.
type first struct {
	at   int64 // where it began, or unknown
	end  int64 // where the record after it begins
	rows int64
	err  error
}

// unknown is the beginning of a guess that was not made.
const unknown = -1

func (p *pass) hand(ctx context.Context) *hand {
	h := &hand{pass: p, ctx: ctx}
	h.text = &splitter{window: window{file: p.file, size: p.size}, between: p.between, plain: p.src.Table.Plain, columns: p.columns, oneLine: p.oneLine}
	h.rows = h.text.gather(len(p.wanted), h)
	for n := range p.demands {
		h.portions = append(h.portions, p.portion(n))
	}
	return h
}

// load reads the bytes of a split.
func (h *hand) load(part split) error {
	if err := h.ctx.Err(); err != nil {
		return err
	}
	from := part.from / extract.Block * extract.Block
	to := min((part.to+extract.Block-1)/extract.Block*extract.Block, h.size)
	if err := h.text.load(from, int(to-from)+tail); err != nil {
		return h.cut(err, 0)
	}
	h.part, h.checked, h.changed = part, to, false
	for at := from; at < to; at += extract.Block {
		if !h.src.Holds(at/extract.Block, h.text.text[at-from:min(at+extract.Block, to)-from]) {
			h.changed = true
		}
	}
	return nil
}

// guess reads the split at hand as if its first line were the first of a record.
func (h *hand) guess() first {
	text := h.text.text[:h.text.end()]
	at := int64(len(h.header))
	if at <= h.part.from {
		start := min(int(h.part.from-h.text.from), len(text))
		line := bytes.IndexByte(text[start:], '\n')
		if line < 0 {
			return first{at: unknown}
		}
		at = h.text.from + int64(start+line) + 1
	}
	if at > h.part.to || at > h.text.from+int64(len(text)) { // a NUL may have come to stand in the header since it was read
		return first{at: unknown}
	}
	h.active = h.portions
	end, err := h.run(at, 0, false)
	return first{at, end, h.rows.row, err}
}

// join makes the split at hand a part of the whole, now that all before it are: by the guess, or by reading it again. It
// moves the seam.
func (h *hand) join(s *seam, guess first) error {
	known := min(int64(len(s.ahead)), h.checked-s.checked)
	if known > 0 && !bytes.Equal(s.ahead[:known], h.text.text[s.checked-h.text.from:][:known]) {
		return extract.Changed(h.src)
	}
	if h.checked > s.checked {
		s.ahead, s.checked = s.ahead[max(known, 0):], h.checked
	}
	if s.at > h.part.to {
		if h.changed {
			return extract.Changed(h.src)
		}
		return nil // no record begins in this split
	}
	end, rows := guess.end, s.rows+guess.rows
	h.active = h.portions
	if guess.at == s.at && guess.err == nil && !h.changed {
		if err := h.joinGuess(s.rows); err != nil {
			return err
		}
	}
	if len(h.active) > 0 {
		var err error
		if end, err = h.run(s.at, s.rows, true); err != nil {
			return err
		}
		if h.changed {
			return extract.Changed(h.src)
		}
		rows = h.rows.row
		for _, part := range h.active {
			if err := part.join(true, 0); err != nil {
				return err
			}
		}
	}
	s.at, s.rows = end, rows
	s.ahead = s.ahead[:0]
	if end > s.checked {
		s.ahead = append(s.ahead, h.text.text[s.checked-h.text.from:end-h.text.from]...)
	}
	return nil
}

// joinGuess joins what was read as a guess. Those for which it must be read again are left active.
func (h *hand) joinGuess(before int64) error {
	var again []*portion
	for _, part := range h.portions {
		err := part.join(false, before)
		if errors.Is(err, extract.ErrAgain) {
			again = append(again, part)
		} else if err != nil {
			return err
		}
	}
	h.active = again
	return nil
}

// run reads the split at hand from a record on, behind so many rows, and tells where the record after it begins. Of what
// stands before an error, everything is told.
func (h *hand) run(at, before int64, joined bool) (int64, error) {
	for _, part := range h.active {
		part.begin(joined)
	}
	h.rows.row, h.rows.have, h.broken, h.failed = before, 0, 0, false
	from := h.text.from
	end, err := h.text.split(h.rows, int(at-from), int(h.part.to-from))
	if h.failed {
		return 0, err
	}
	for _, part := range h.active {
		part.tally.Read, part.tally.Quarantined = h.rows.row-before, part.tally.Quarantined+h.broken
		if part.worker == nil && err == nil {
			continue // a batch goes on over splits
		}
		if err := part.flush(h.ctx); err != nil {
			return 0, err
		}
	}
	if err != nil {
		for _, part := range h.active {
			part.dates(joined)
		}
		return 0, h.cut(err, h.rows.row+1)
	}
	return from + int64(end), nil
}

// cut turns a splitter's error into what its reader is told.
func (h *hand) cut(err error, row int64) error {
	var bad *extract.Invalid
	switch {
	case errors.As(err, &bad):
		return err
	case errors.Is(err, errCut):
		return extract.Changed(h.src)
	default:
		return broken(err, h.src.Place(row, ""))
	}
}

// take hands rows on to those whose split it is.
func (h *hand) take(numbers []int64, text []byte, cells [][]extract.Span) error {
	for _, part := range h.active {
		if err := part.take(h.ctx, numbers, text, cells); err != nil {
			h.failed = true
			return err
		}
	}
	return nil
}

// odd says what is wrong with a record that has not the shape of a row. One that spans lines is the end of the reading.
func (h *hand) odd(row int64, rec *record) error {
	place := h.src.Place(row, "")
	rule, message, hint := h.fault(rec)
	if rule != "" {
		h.broken++
		for _, part := range h.active {
			part.report.Add(rule, finding.Quarantine, place, message, hint)
		}
	}
	if rec.spans {
		return extract.Stop(RuleOpenQuote, place, "a quoted field runs over the end of its line where none can: the rows after it cannot be told apart",
			"close the quote in that row, and export the file again")
	}
	return nil
}

// fault is the rule that a record's shape breaks, or "".
func (h *hand) fault(rec *record) (rule, message, hint string) {
	switch {
	case rec.malformed:
		return RuleQuote, "a quote stands where CSV has none", "correct the row, or export the file again"
	case rec.count != h.src.Header.Fields:
		hint = "look for a comma that is not in quotes, or for the end of a file that was cut off"
		if h.src.Table.Plain {
			hint = "look for a comma in a name, and download the file with tabs between its fields instead"
		}
		return RuleFieldCount, "the row does not have as many fields as the header", hint
	case rec.empty:
		return RuleBlankRow, "the row holds nothing", "remove the row; a spreadsheet may have added it below the table"
	default:
		return "", "", ""
	}
}
