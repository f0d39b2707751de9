//go:build unix

package export_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/apache/arrow/go/v17/parquet/file"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/table"
)

// searcher looks for markers: values that were planted in extracts and must not come out again.
//
// A marker of six bytes or more is looked for in any bytes, in upper and lower case, as UTF-16, in hexadecimal, in
// base64, and as its bare MD5, SHA-1 and SHA-256, which whoever can guess the value can test. A shorter one (a code) is
// looked for as a whole word of a text and as a whole cell. A date is looked for in each way of writing it, and as a day
// number in cells.
type searcher struct {
	needles map[string][]needle // by their first bytes
	words   map[string]string   // markers that are whole words, and their names
	days    map[int32]string
}

type needle struct{ bytes, name string }

// least is the length from which bytes are no coincidence, and by which needles are found.
const least = 6

func newSearcher() *searcher {
	return &searcher{needles: make(map[string][]needle), words: make(map[string]string), days: make(map[int32]string)}
}

// lower changes the case of ASCII letters only, so that binary data keep their length.
func lower(data []byte) []byte {
	out := bytes.Clone(data)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

func (s *searcher) needle(form []byte, name string) {
	text := string(lower(form))
	if len(text) < least {
		panic("a needle is too short: " + name)
	}
	s.needles[text[:least]] = append(s.needles[text[:least]], needle{text, name})
}

// plant adds a marker.
func (s *searcher) plant(value, name string) {
	if d, err := civil.ParseUK(value); err == nil {
		s.date(d, value, name)
		return
	}
	if len(value) < least {
		s.words[value] = name
		return
	}
	s.forms(value, name)
	if plain := strings.ReplaceAll(value, " ", ""); plain != value {
		s.words[plain] = name + " without its space"
	}
}

func (s *searcher) date(d civil.Date, value, name string) {
	s.days[int32(d)] = name
	y, m, day := d.YMD()
	for _, text := range []string{value, d.String(), fmt.Sprintf("%d/%d/%d", day, m, y), fmt.Sprintf("%02d/%02d/%d", day, m, y),
		fmt.Sprintf("%02d.%02d.%d", day, m, y), written(dataset.DateCensus, d)[:len("2024-Oct-16")]} {
		s.forms(text, name+" as "+text)
	}
}

func (s *searcher) forms(value, name string) {
	s.needle([]byte(value), name)
	var wide []byte
	for _, unit := range utf16.Encode([]rune(value)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	s.needle(wide, name+" in UTF-16")
	s.needle([]byte(hex.EncodeToString([]byte(value))), name+" in hexadecimal")
	for shift := range 3 { // of the value within what was encoded
		coded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), value...))
		begin, end := (shift*8+5)/6, (shift+len(value))*8/6
		if end-begin >= least {
			s.needle([]byte(coded[begin:end]), name+" in base64")
		}
	}
	s.digests(value, name)
}

// digests adds what whoever guesses a value could test the guess with.
func (s *searcher) digests(value, name string) {
	sum5, sum1, sum256 := md5.Sum([]byte(value)), sha1.Sum([]byte(value)), sha256.Sum256([]byte(value))
	for i, digest := range [][]byte{sum5[:], sum1[:], sum256[:]} {
		kind := []string{"the bare MD5 of ", "the bare SHA-1 of ", "the bare SHA-256 of "}[i]
		s.needle(digest, kind+name)
		s.needle([]byte(hex.EncodeToString(digest)), kind+name+" in hexadecimal")
		s.needle([]byte(base64.RawStdEncoding.EncodeToString(digest)), kind+name+" in base64")
	}
}

// bytes finds markers in any bytes.
func (s *searcher) bytes(data []byte) []string {
	var found []string
	text := lower(data)
	for i := 0; i+least <= len(text); i++ {
		for _, n := range s.needles[string(text[i:i+least])] { // no allocation for a look-up
			if bytes.HasPrefix(text[i:], []byte(n.bytes)) {
				found = append(found, n.name)
			}
		}
	}
	return found
}

// text finds markers in a text: in its bytes, and as whole words.
func (s *searcher) text(data []byte) []string {
	found := s.bytes(data)
	for _, word := range bytes.FieldsFunc(data, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		if name, planted := s.words[string(word)]; planted {
			found = append(found, name)
		}
	}
	return found
}

// cells finds markers among the decoded cells of a Parquet file.
func (s *searcher) cells(path string) ([]string, error) {
	f, err := table.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var found []string
	for _, column := range f.Columns() {
		err := f.Each(column.Name, func(_ int64, v table.Value) error {
			switch {
			case v.IsNull():
			case column.Type == table.String:
				found = append(found, s.bytes(v.Bytes())...)
				if name, planted := s.words[string(v.Bytes())]; planted {
					found = append(found, name)
				}
			case column.Type == table.Date, column.Type == table.Int32:
				if name, planted := s.days[v.Int32()]; planted {
					found = append(found, name+" as a day")
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// pages finds markers in the pages of a Parquet file, dictionaries with them, unpacked by another library.
func (s *searcher) pages(path string) ([]string, error) {
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var found []string
	for group := range f.NumRowGroups() {
		for i := range f.MetaData().Schema.NumColumns() {
			pages, err := f.RowGroup(group).GetColumnPageReader(i)
			if err != nil {
				return nil, err
			}
			for pages.Next() {
				found = append(found, s.bytes(pages.Page().Data())...)
			}
			if err := pages.Err(); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// file finds markers in a file: a Parquet file is searched as it is, unpacked and decoded.
func (s *searcher) file(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(data, []byte("age-encryption.org/")):
		return s.bytes(data), nil // in so many random bytes each short word stands somewhere; it is searched opened
	case !bytes.HasPrefix(data, []byte("PAR1")):
		return s.text(data), nil
	}
	found := s.bytes(data)
	if !bytes.HasSuffix(data, []byte("PAR1")) {
		return found, nil // one that was being written when it was caught: it is caught again when it is finished
	}
	for _, look := range []func(string) ([]string, error){s.cells, s.pages} {
		more, err := look(path)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// absent reports markers that were found where none may be.
func absent(tb testing.TB, where string, found []string, err error) {
	tb.Helper()
	if err != nil {
		tb.Errorf("%s cannot be searched: %v", where, err)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) > 5 {
		found = append(found[:5], fmt.Sprintf("and %d more", len(found)-5))
	}
	if len(found) > 0 {
		tb.Errorf("%s holds %s", where, strings.Join(found, "; "))
	}
}
