package manifest_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/manifest"
)

func sums(t testing.TB) ([]byte, manifest.Sums) {
	t.Helper()
	var s manifest.Sums
	for _, path := range []string{"register.proof", "children/01.parquet", "README.html", "children/00.parquet", "manifest.json"} {
		s = append(s, manifest.Sum{Path: path, SHA256: sha256.Sum256([]byte(path))})
	}
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data, s
}

func TestSums(t *testing.T) {
	data, s := sums(t)
	back, err := manifest.ParseSums(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range s {
		if got, ok := back.Find(want.Path); !ok || got != want.SHA256 {
			t.Errorf("%s: not found, or another digest", want.Path)
		}
	}
	if _, ok := back.Find("nothing"); ok {
		t.Error("found what is not there")
	}
	if first, _, _ := strings.Cut(string(data), "\n"); first != manifest.Hex(sha256.Sum256([]byte("README.html")))+"  README.html" {
		t.Error("the first line is not as sha256sum writes it")
	}
}

func TestParseSumsRefuses(t *testing.T) {
	hex := strings.Repeat("0a", 32)
	for name, text := range map[string]string{
		"nothing":           "",
		"empty line":        "\n",
		"no line feed":      hex + "  a",
		"CRLF":              hex + "  a\r\n",
		"one space":         hex + " a\n",
		"binary marker":     hex + " *a\n",
		"three spaces":      hex + "   a\n",
		"upper case":        strings.ToUpper(hex) + "  a\n",
		"short digest":      hex[2:] + "  a\n",
		"long digest":       hex + "00  a\n",
		"not hex":           "zz" + hex[2:] + "  a\n",
		"no path":           hex + "  \n",
		"escaped line":      `\` + hex + "  a\n",
		"parent":            hex + "  ../a\n",
		"parent inside":     hex + "  a/../b\n",
		"absolute":          hex + "  /a\n",
		"backslash":         hex + "  a\\b\n",
		"drive":             hex + "  c:a\n",
		"hidden":            hex + "  .a\n",
		"ends with a dot":   hex + "  a.\n",
		"two dots":          hex + "  a..b\n",
		"hyphen first":      hex + "  -a\n",
		"standard input":    hex + "  -\n",
		"empty part":        hex + "  a//b\n",
		"ends with a slash": hex + "  a/\n",
		"space":             hex + "  a b\n",
		"not ASCII":         hex + "  é\n",
		"NUL":               hex + "  a\x00b\n",
		"lists itself":      hex + "  SHA256SUMS\n",
		"lists signature":   hex + "  SHA256SUMS.sig\n",
		"itself, lower":     hex + "  sha256sums\n",
		"twice":             hex + "  a\n" + hex + "  a\n",
		"twice but case":    hex + "  A\n" + hex + "  a\n",
		"out of order":      hex + "  b\n" + hex + "  a\n",
		"too long":          hex + "  " + strings.Repeat("a", 201) + "\n",
		"comment":           "# " + hex + "\n" + hex + "  a\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := manifest.ParseSums([]byte(text)); err == nil {
				t.Error("read")
			}
		})
	}
}

func TestSumsEncodeRefuses(t *testing.T) {
	for _, paths := range [][]string{nil, {"a", "a"}, {"a", "A"}, {"../a"}, {"SHA256SUMS"}} {
		var s manifest.Sums
		for _, path := range paths {
			s = append(s, manifest.Sum{Path: path})
		}
		if _, err := s.Encode(); err == nil {
			t.Errorf("wrote %q", paths)
		}
	}
}

func TestParseSumsEveryByte(t *testing.T) {
	data, _ := sums(t)
	for i := range data {
		for flip := 1; flip < 256; flip++ {
			changed := bytes.Clone(data)
			changed[i] ^= byte(flip)
			s, err := manifest.ParseSums(changed)
			if err != nil {
				continue
			}
			if again, err := s.Encode(); err != nil || !bytes.Equal(again, changed) {
				t.Fatalf("byte %d: read, and written otherwise (%v)", i, err)
			}
		}
	}
}

func FuzzParseSums(f *testing.F) {
	data, _ := sums(f)
	f.Add(data)
	f.Add([]byte(strings.Repeat("0", 64) + "  a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := manifest.ParseSums(data)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("read, and written otherwise (%v)", err)
		}
	})
}
