package manifest_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// before is an earlier drop of small's agreement.
func before(sequence int) string { return fmt.Sprintf("dsa-coventry-fv-2026/%04d-20260921", sequence) }

// first makes a manifest one of the first format.
func first(m *manifest.Manifest) *manifest.Manifest {
	m.Format, m.Drop.Supersedes = manifest.FormatV1, m.Drop.Supersedes[:min(1, len(m.Drop.Supersedes))]
	return m
}

// What Encode writes in the first format, the schema of that format accepts and Parse reads back; neither format is taken
// for the other.
func TestFirstFormat(t *testing.T) {
	v1, v2 := schemaIn(t, "../../schemas/manifest.v1.schema.json"), schema(t)
	for seed := range uint64(50) {
		m := first(generate(rand.New(rand.NewPCG(seed, 2))))
		data := encoded(t, m)
		if err := v1.Validate(tree(t, data)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if v2.Validate(tree(t, data)) == nil {
			t.Fatalf("seed %d: the schema of the format now takes one of the first", seed)
		}
		read, err := manifest.Parse(data)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again := encoded(t, read); !bytes.Equal(again, data) || len(read.Drop.Supersedes) != len(m.Drop.Supersedes) {
			t.Fatalf("seed %d: written otherwise than it was read", seed)
		}
		for old, now := range map[string]string{manifest.FormatV1: manifest.Format} {
			if _, err := manifest.Parse(bytes.Replace(data, []byte(old), []byte(now), 1)); err == nil {
				t.Fatalf("seed %d: a manifest of the first format is read as one of now", seed)
			}
		}
		m.Format = manifest.Format
		if _, err := manifest.Parse(bytes.Replace(encoded(t, m), []byte(manifest.Format), []byte(manifest.FormatV1), 1)); err == nil {
			t.Fatalf("seed %d: a manifest of now is read as one of the first format", seed)
		}
	}
}

// A format that is not known yet is told from a manifest that was changed: the one says what to do, the other never is
// one's own fault.
func TestNewerFormat(t *testing.T) {
	data := encoded(t, small())
	for _, format := range []string{"postern-manifest/v3", "postern-manifest/v10", "postern-manifest/v"} {
		_, err := manifest.Parse(bytes.Replace(data, []byte(manifest.Format), []byte(format), 1))
		if !errors.Is(err, manifest.ErrNewer) || !strings.Contains(finding.HintOf(err), "as new as the drop") {
			t.Errorf("%s: %v", format, err)
		}
	}
	for _, format := range []string{"", "postern", "Postern-Manifest/v2", " postern-manifest/v2"} {
		_, err := manifest.Parse(bytes.Replace(data, []byte(manifest.Format), []byte(format), 1))
		if err == nil || errors.Is(err, manifest.ErrNewer) {
			t.Errorf("%q: %v", format, err)
		}
	}
}

// The page and the dictionary name every drop that this one replaces; of the first format they are as they were.
func TestSupersedes(t *testing.T) {
	for _, format := range []string{manifest.Format, manifest.FormatV1} {
		m := small()
		m.Format, m.Drop.Supersedes = format, []string{before(5)}
		if format == manifest.Format {
			m.Drop.Supersedes = append(m.Drop.Supersedes, before(6))
		}
		page, err := manifest.ReadmeHTML(m)
		if err != nil {
			t.Fatal(err)
		}
		dictionary, err := manifest.DataPackage(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, drop := range m.Drop.Supersedes {
			if !strings.Contains(string(page), "<code>"+drop+"</code>") {
				t.Errorf("%s: the page does not name %s", format, drop)
			}
			if strings.Contains(string(dictionary), drop) != (format == manifest.Format) {
				t.Errorf("%s: the dictionary names %s, or does not", format, drop)
			}
		}
		if strings.Contains(string(page), manifest.WithdrawnName) != (format == manifest.Format) {
			t.Errorf("%s: the page tells of notices of withdrawal, or does not", format)
		}
	}
}
