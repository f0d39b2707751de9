package register

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/finding"
)

// ErrNotErasable means that there is nothing in a record that may be erased, or that the reason given is none.
var ErrNotErasable = errors.New("not erased")

// KindErased is the kind of the entries that Erase makes.
const KindErased = "erased"

// Erasure is the body of an entry of KindErased: what was erased, and what was kept of it.
type Erasure struct {
	Index  int64           `json:"index"`
	Time   time.Time       `json:"time"` // of the erased record, as is its kind
	Kind   string          `json:"kind"`
	Reason string          `json:"reason"`
	Kept   json.RawMessage `json:"kept"` // an object: those members of the body that stay, with their values
}

// encode writes the erasure in its one form.
func (e Erasure) encode() (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("register: erase: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ParseErasure reads the body of an entry of KindErased, accepting exactly what Erase writes.
func ParseErasure(body []byte) (Erasure, error) {
	var e Erasure
	if json.Unmarshal(body, &e) != nil || e.Index < 0 || !isKind(e.Kind) || !isReason(e.Reason) || !bytes.HasPrefix(e.Kept, []byte("{")) {
		return Erasure{}, errForm
	}
	again, err := e.encode()
	if err != nil || !bytes.Equal(again, body) {
		return Erasure{}, errForm
	}
	return e, nil
}

// isReason asks for one line of text that says something.
func isReason(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return s != "" && len(s) <= MaxReason && utf8.ValidString(s)
}

// Erase erases the salt and the body of a record and records that it did: when, for which reason, and those members of
// the body that are kept, by their names. What Append says of errors is true of it; an erasure that was recorded and not
// carried out is finished by the next Open.
//
// The caller knows what may be erased. Here are refused a record that is not there, one that was erased already, and an
// erasure itself, with ErrNotErasable. It returns the record of the erasure.
func (l *Log) Erase(index int64, keep []string, reason string, at time.Time, sign Signer) (Record, error) {
	if !isReason(reason) {
		return Record{}, finding.WithHint(fmt.Errorf("%w: the reason is not one line of 1 to %d bytes", ErrNotErasable, MaxReason),
			"say in a sentence why the record has to go, without repeating what it says")
	}
	r, err := l.Record(index)
	if err != nil {
		return Record{}, err
	}
	if r.Erased || r.Kind == KindErased {
		return Record{}, finding.WithHint(fmt.Errorf("%w: record %d is of an erasure, or was erased before", ErrNotErasable, index),
			"there is nothing more to erase in it")
	}
	e := Erasure{Index: index, Time: r.Time, Kind: r.Kind, Reason: reason}
	if e.Kept, err = some(r.Body, keep); err != nil {
		return Record{}, err
	}
	body, err := e.encode()
	if err != nil {
		return Record{}, err
	}
	made, err := l.add(Entry{Kind: KindErased, Time: at, Body: body}, sign)
	if err != nil {
		return Record{}, err
	}
	if err := l.finishErasures(); err != nil {
		l.closed = err
		return Record{}, err
	}
	return made, nil
}

// some is an object with those members of a body that are named, in the order of the names.
func some(body []byte, names []string) (json.RawMessage, error) {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(body, &all) // a body that is no object has no members to keep
	b := []byte{'{'}
	for _, name := range names {
		value, there := all[name]
		if !there {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, fmt.Errorf("register: erase: %w", err)
		}
		b = append(append(append(b, quoted...), ':'), value...)
	}
	return append(b, '}'), nil
}

// survey is what reading the records gathers besides their hashes.
type survey struct {
	last   line
	bare   map[int64]line    // those without a body
	erased map[int64]Erasure // what was erased, by later records
	by     map[int64]int64   // the record that says so
}

// add takes the next record. The error is a *TamperError.
func (s *survey) add(r line) error {
	if s.bare == nil {
		*s = survey{bare: map[int64]line{}, erased: map[int64]Erasure{}, by: map[int64]int64{}}
	}
	if s.last.signature != "" && r.signature == "" {
		return tampered(r.Index, "it carries no signature, and the record before it does")
	}
	s.last = r
	if r.bare {
		s.bare[r.Index] = r
	}
	if r.Kind != KindErased || r.signature == "" {
		return nil
	}
	e, is := r.erasure()
	if _, twice := s.erased[e.Index]; !is || twice {
		return tampered(r.Index, "it does not say which record was erased")
	}
	s.erased[e.Index], s.by[e.Index] = e, r.Index
	return nil
}

// erasure reads what a record says was erased: an earlier record, which is no erasure itself. Version 1 knew of none.
func (l line) erasure() (Erasure, bool) {
	if l.Kind != KindErased || l.signature == "" || l.bare {
		return Erasure{}, false
	}
	e, err := ParseErasure(l.Body)
	return e, err == nil && e.Index < l.Index && e.Kind != KindErased
}

// of is true of the record that the erasure names.
func (e Erasure) of(r line) bool {
	return e.Index == r.Index && e.Kind == r.Kind && e.Time.Equal(r.Time)
}

// holdErasures makes sure that each record without a body is one that was erased, and finds the erasures to finish.
func (l *Log) holdErasures(seen survey) error {
	var wrong *TamperError
	blame := func(index int64, reason string) {
		if wrong == nil || index < wrong.Index {
			wrong = &TamperError{Index: index, Reason: reason}
		}
	}
	for index, r := range seen.bare {
		switch e, said := seen.erased[index]; {
		case !said:
			blame(index, "its body is gone, and no later record says that it was erased")
		case !e.of(r):
			blame(index, "its body was erased, and its time or kind is not the one it had")
		}
	}
	for index, e := range seen.erased {
		if _, done := seen.bare[index]; done {
			continue
		}
		r, err := l.line(index)
		if err != nil {
			return err
		}
		if !e.of(r) {
			blame(seen.by[index], "it does not say which record was erased")
		}
		l.unfinished = append(l.unfinished, index)
	}
	if wrong != nil {
		return wrong
	}
	return nil
}

// finishErasures writes the records file again, without what was erased. It can be repeated.
func (l *Log) finishErasures() error {
	if len(l.unfinished) == 0 {
		return nil
	}
	offsets := make([]int64, 1, len(l.offsets))
	_, err := replaceWith(l.dir, recordsFile, func(w io.Writer) error {
		lines, err := openLines(l.dir, 0)
		if err != nil {
			return err
		}
		defer lines.close()
		for i := range l.checkpoint.Size {
			r, err := l.read(lines, i)
			if err != nil {
				return err
			}
			text := lines.text
			if _, is := l.erased[i]; is && !r.bare {
				text = r.erased().append(nil)
			}
			if _, err := w.Write(text); err != nil {
				return err
			}
			offsets = append(offsets, offsets[i]+int64(len(text)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.offsets, l.unfinished = offsets, nil
	return nil
}

// as gives the record as readers have it: of one that was erased, what was kept.
func (l *Log) as(r line) (Record, error) {
	e, erased := l.erased[r.Index]
	switch {
	case erased:
		r.Salt, r.Body, r.Erased = [32]byte{}, bytes.Clone(e.Kept), true
	case r.bare:
		return Record{}, tampered(r.Index, "its body is gone, and no later record says that it was erased")
	}
	return r.Record, nil
}

// errErased refuses the proof of a record that was erased.
func errErased(index int64) error {
	return finding.WithHint(errors.New("register: record "+fmt.Sprint(index)+" was erased, so what it said can no longer be proved"),
		"use the proof that was made when the record was added; it holds as before")
}
