//go:build unix

package export_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/postern-gateway/postern/pkg/civil"
)

// TestSearchFinds is the canary's positive control: what the canary must not find is found where it is.
func TestSearchFinds(t *testing.T) {
	const id, code, date = "RND739184625018", "CUSTOD", "17/05/2003"
	s := newSearcher()
	s.plant(id, "id")
	s.plant("PN6", "code")
	s.plant(date, "date")
	s.plant("CV9 3QK", "postcode")
	digest := sha256.Sum256([]byte(id))
	var wide bytes.Buffer
	for _, unit := range utf16.Encode([]rune("id: " + id)) {
		wide.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	for name, text := range map[string]string{
		"plain": "the child " + id + " is wrong", "lower": "rnd739184625018", "middle of a word": "xx" + id + "yy",
		"hex": hex.EncodeToString([]byte("a" + id)), "base64": base64.StdEncoding.EncodeToString([]byte("{\"id\":\"" + id + "\"}")),
		"digest": hex.EncodeToString(digest[:]), "raw digest": "x" + string(digest[:]), "UTF-16": wide.String(),
		"code": "row 7: PN6 is wrong", "date": "born " + date, "ISO date": "[2003-05-17]", "postcode": "cv9 3qk", "postcode without space": "at CV93QK.",
		"digest in base64": base64.StdEncoding.EncodeToString(digest[:]),
	} {
		path := filepath.Join(t.TempDir(), "text")
		mustWrite(t, path, text)
		if found, err := s.file(path); err != nil || len(found) == 0 {
			t.Errorf("%s: the marker was not found (%v)", name, err)
		}
	}
	for name, text := range map[string]string{"other": "RND739184625019", "within a word": "SPN6", "another day": "2003-05-18 18/05/2003", "empty": ""} {
		if found := s.text([]byte(text)); len(found) > 0 {
			t.Errorf("%s: found %v where no marker is", name, found)
		}
	}
}

// fixture is a row of Parquet fixtures: every way in which the files of a drop, of this version or an earlier one, hold
// values. The library tells strings by the differences of their lengths where it is not told otherwise.
type fixture struct {
	Plain  *string `parquet:"plain,optional,plain"`
	Coded  *string `parquet:"coded,optional,dict"`
	Delta  string  `parquet:"delta"`
	Day    int32   `parquet:"day,date"`
	Number *int32  `parquet:"number,optional"`
}

// TestSearchFindsInParquet hides a marker in one cell of one column of a file like a drop's, compressed with zstd.
func TestSearchFindsInParquet(t *testing.T) {
	const id, code = "RND739184625018", "PN6"
	day, err := civil.ParseUK("17/05/2003")
	if err != nil {
		t.Fatal(err)
	}
	s := newSearcher()
	s.plant(id, "id")
	s.plant(code, "code")
	s.plant("17/05/2003", "date")
	marker, short, number := id, code, int32(day)
	for name, c := range map[string]struct {
		set   func(*fixture)
		pages bool // the other library's unpacked pages show it too
	}{
		"nothing":           {func(*fixture) {}, false},
		"plain":             {func(f *fixture) { f.Plain = &marker }, true},
		"dictionary":        {func(f *fixture) { f.Coded = &marker }, true},
		"delta":             {func(f *fixture) { f.Delta = marker }, true},
		"code":              {func(f *fixture) { f.Coded = &short }, false},
		"day":               {func(f *fixture) { f.Day = int32(day) }, false},
		"day in a number":   {func(f *fixture) { f.Number = &number }, false},
		"id within a value": {func(f *fixture) { within := "a " + marker + " b"; f.Plain = &within }, true},
	} {
		t.Run(name, func(t *testing.T) {
			rows := make([]fixture, 3000)
			for i := range rows {
				text := strings.Repeat("filler ", 1+i%5)
				rows[i] = fixture{Plain: &text, Coded: &text, Delta: text, Day: 1}
			}
			c.set(&rows[1234])
			path := filepath.Join(t.TempDir(), "fixture.parquet")
			out, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			w := parquet.NewGenericWriter[fixture](out, parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}))
			if _, err := w.Write(rows); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := out.Close(); err != nil {
				t.Fatal(err)
			}
			want := name != "nothing"
			if found, err := s.cells(path); err != nil || len(found) > 0 != want {
				t.Errorf("the decoded cells: found %v, error %v", found, err)
			}
			if found, err := s.pages(path); err != nil || len(found) > 0 != c.pages {
				t.Errorf("the unpacked pages: found %v, error %v", found, err)
			}
			if found, err := s.file(path); err != nil || len(found) > 0 != want || slices.Contains(found, "") {
				t.Errorf("the file: found %v, error %v", found, err)
			}
		})
	}
}
