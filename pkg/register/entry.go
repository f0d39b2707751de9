package register

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/postern-gateway/postern/pkg/finding"
)

var errForm = errors.New("not in its one form")

// normalise gives the entry as it is kept, or says why it cannot be.
func (e Entry) normalise() (Entry, error) {
	if !isKind(e.Kind) {
		return Entry{}, mistake("the kind is not lower-case letters and hyphens from a letter")
	}
	e.Time = e.Time.UTC().Truncate(time.Second)
	if y := e.Time.Year(); y < 1970 || y > 9999 {
		return Entry{}, mistake("the time is not in the years 1970 to 9999")
	}
	var b bytes.Buffer
	if !utf8.Valid(e.Body) || json.Compact(&b, e.Body) != nil {
		return Entry{}, mistake("the body is not JSON in UTF-8")
	}
	if b.Len() > MaxBody {
		return Entry{}, finding.WithHint(fmt.Errorf("register: entry: the body is larger than %d bytes", MaxBody),
			"record a digest of what is large, and keep it elsewhere")
	}
	e.Body = b.Bytes()
	return e, nil
}

func mistake(what string) error {
	return finding.WithHint(errors.New("register: entry: "+what), "this is a mistake in the program that made the entry: please report it")
}

func isKind(s string) bool {
	if s == "" || len(s) > maxKind || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if (s[i] < 'a' || s[i] > 'z') && s[i] != '-' {
			return false
		}
	}
	return true
}

// appendEntry writes a normalised entry: the bytes that are hashed. A kind and a time need no quoting.
func appendEntry(b []byte, e Entry) []byte {
	b = append(b, `{"time":"`...)
	b = e.Time.AppendFormat(b, time.RFC3339)
	b = append(b, `","kind":"`...)
	b = append(b, e.Kind...)
	b = append(b, `","body":`...)
	b = append(b, e.Body...)
	return append(b, '}')
}

// parseEntry accepts exactly what appendEntry writes of a normalised entry.
func parseEntry(data []byte) (Entry, error) {
	fields, ok := split(data, `{"time":"`, `","kind":"`, `","body":`, `}`)
	if !ok {
		return Entry{}, errForm
	}
	e, err := entryOf(fields[0], fields[1], fields[2])
	if err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(appendEntry(nil, e), data) {
		return Entry{}, errForm
	}
	return e, nil
}

// split takes apart text that begins with the first mark and ends with the last, at the first place of each mark
// between. That is all the parsing that a fixed order of members needs: what is read is written again and compared.
func split(data []byte, marks ...string) ([][]byte, bool) {
	last := len(marks) - 1
	rest, begins := bytes.CutPrefix(data, []byte(marks[0]))
	rest, ends := bytes.CutSuffix(rest, []byte(marks[last]))
	if len(data) > maxLine || !begins || !ends {
		return nil, false
	}
	fields := make([][]byte, 0, last)
	for _, mark := range marks[1:last] {
		field, after, found := bytes.Cut(rest, []byte(mark))
		if !found {
			return nil, false
		}
		fields, rest = append(fields, field), after
	}
	return append(fields, rest), true
}

func entryOf(moment, kind, body []byte) (Entry, error) {
	t, err := time.Parse(time.RFC3339, string(moment))
	if err != nil {
		return Entry{}, errForm
	}
	e, err := Entry{Kind: string(kind), Time: t, Body: body}.normalise()
	if err != nil {
		return Entry{}, errForm
	}
	return e, nil
}

// tree holds the hashes of complete subtrees in the order of tlog, growing by one record at a time.
type tree []Hash

// ReadHashes serves tlog.
func (t tree) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	for i, at := range indexes {
		if at < 0 || at >= int64(len(t)) {
			return nil, errors.New("register: a hash outside the tree")
		}
		out[i] = t[at]
	}
	return out, nil
}

// grow returns the tree with record n added, n being the number of records before it. The receiver stays as it was.
func (t tree) grow(n int64, h Hash) (tree, error) {
	more, err := tlog.StoredHashesForRecordHash(n, h, t)
	if err != nil {
		return nil, err
	}
	return append(t, more...), nil
}
