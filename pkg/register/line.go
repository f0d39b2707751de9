package register

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// maxLine bounds a line of the records file: a body, and the other members with their names.
const maxLine = MaxBody + 1<<10

// version2 begins the lines of version 2; those of version 1 have no such member.
const version2 = `{"v":2,`

// line is one line of the records file: a record, and what stands beside it there.
type line struct {
	Record           // as it stands there: nothing is known of an erasure
	bare      bool   // without salt and body
	leaf      Hash   // of the record; of a bare one, as stated
	signature string // base64 of the checkpoint's signature, without the name; "" for a record of version 1
}

// newLine is the line of a record that is being added, not signed yet. The entry is a normalised one.
func newLine(r Record) line {
	return line{Record: r, leaf: leaf(r.Salt, appendEntry(nil, r.Entry))}
}

// erased is the line with nothing left to be read or guessed.
func (l line) erased() line {
	l.Salt, l.Body, l.bare = [32]byte{}, nil, true
	return l
}

// append writes the line, with its line end.
func (l line) append(b []byte) []byte {
	if l.bare || l.signature != "" {
		b = append(b, version2...)
	} else {
		b = append(b, '{')
	}
	b = append(b, `"index":`...)
	b = strconv.AppendInt(b, l.Index, 10)
	b = append(b, `,"time":"`...)
	b = l.Time.AppendFormat(b, time.RFC3339)
	b = append(b, `","kind":"`...)
	b = append(b, l.Kind...)
	if !l.bare {
		b = append(b, `","salt":"`...)
		b = hex.AppendEncode(b, l.Salt[:])
	}
	b = append(b, `","leaf":"`...)
	b = hex.AppendEncode(b, l.leaf[:])
	if l.signature != "" {
		b = append(b, `","signature":"`...)
		b = append(b, l.signature...)
	}
	if !l.bare {
		b = append(b, `","body":`...)
		b = append(b, l.Body...)
		return append(b, '}', '\n')
	}
	return append(b, '"', '}', '\n')
}

// members are the parts of a line, as they stand there.
type members struct{ index, time, kind, salt, leaf, signature, body []byte }

// cut takes a line apart, along the members that its form has.
func cut(data []byte) (m members, bare, ok bool) {
	begin := `{"index":`
	if bytes.HasPrefix(data, []byte(version2)) {
		begin = version2 + `"index":`
	}
	marks, into := []string{begin, `,"time":"`, `","kind":"`}, []*[]byte{&m.index, &m.time, &m.kind}
	member := func(mark string, to *[]byte) {
		marks, into = append(marks, mark), append(into, to)
	}
	// What stands in quotes before the body is letters, digits and few signs: these marks are found in their places or in
	// a line that is refused when it is written again.
	head := data
	if at := bytes.Index(data, []byte(`","body":`)); at >= 0 {
		head = data[:at]
	} else {
		bare = true
	}
	if !bare {
		member(`","salt":"`, &m.salt)
	}
	member(`","leaf":"`, &m.leaf)
	if bytes.Contains(head, []byte(`","signature":"`)) {
		member(`","signature":"`, &m.signature)
	}
	end := "\"}\n"
	if !bare {
		member(`","body":`, &m.body)
		end = "}\n"
	}
	fields, ok := split(data, append(marks, end)...)
	if !ok {
		return members{}, false, false
	}
	for i, to := range into {
		*to = fields[i]
	}
	return m, bare, true
}

// parseLine accepts exactly what append writes, and says whether what is wrong is the form of the line or that its leaf is
// not that of its entry.
func parseLine(data []byte) (line, error) {
	m, bare, ok := cut(data)
	if !ok {
		return line{}, errForm
	}
	l := line{bare: bare, signature: string(m.signature)}
	var err error
	if l.Index, err = strconv.ParseInt(string(m.index), 10, 64); err != nil || l.Index < 0 {
		return line{}, errForm
	}
	if bare {
		m.body = json.RawMessage("{}") // stands for one, to have time and kind checked
	}
	if l.Entry, err = entryOf(m.time, m.kind, m.body); err != nil {
		return line{}, errForm
	}
	if !unhex(l.leaf[:], m.leaf) || m.signature != nil && !isNoteSignature(m.signature) {
		return line{}, errForm
	}
	if bare {
		l.Body = nil
	} else if !unhex(l.Salt[:], m.salt) {
		return line{}, errForm
	} else if again := newLine(l.Record); again.leaf != l.leaf {
		return line{}, errors.New("its leaf hash is not that of its salt, time, kind and body")
	}
	if !bytes.Equal(l.append(make([]byte, 0, len(data))), data) {
		return line{}, errForm
	}
	return l, nil
}

func unhex(dst, s []byte) bool {
	if len(s) != hex.EncodedLen(len(dst)) {
		return false
	}
	_, err := hex.Decode(dst, s)
	return err == nil
}
