package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxBytes bounds a manifest.json that is read: far above any real one.
const MaxBytes = 32 << 20

// Encode writes manifest.json, in the format that the manifest names. A nil list is written as an empty one and times as
// UTC in whole seconds. It refuses a manifest that Validate refuses, so that nothing is written that could not be read.
func (m *Manifest) Encode() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	data, err := m.write()
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if len(data) > MaxBytes {
		return nil, errors.New("manifest: more than 32 MiB")
	}
	return data, nil
}

// Parse reads manifest.json of any format up to this version's own. It accepts exactly what Encode writes. Errors name a
// line, never what stands on it; one of a format that this version does not know is ErrNewer.
func Parse(data []byte) (*Manifest, error) {
	if len(data) > MaxBytes {
		return nil, errors.New("manifest: more than 32 MiB")
	}
	m, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	again, err := m.write()
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if !bytes.Equal(data, again) {
		return nil, fmt.Errorf("manifest: line %d is not as the gateway writes it: "+
			"a member is unknown, missing, repeated or out of place, or the spacing differs", firstDifference(data, again))
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// Prepared is the body of the register's "prepared" entry for a drop. It names what the drop will hold before the
// drop exists, so that register.proof can be put into the drop. It is written as JSON without spaces.
type Prepared struct {
	Drop              string         `json:"drop"`
	Sequence          int64          `json:"sequence"`
	Agreement         string         `json:"agreement"`
	Version           int64          `json:"version"`
	AgreementSHA256   string         `json:"agreement_sha256"`
	DefinitionsSHA256 string         `json:"definitions_sha256"`
	Files             []PreparedFile `json:"files"` // every Parquet file of the drop, sorted by path
}

// PreparedFile is one Parquet file of a Prepared.
type PreparedFile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // hex
}

// PreparedKind is the kind of the register's entry whose body is a Prepared.
const PreparedKind = "prepared"

// Prepared makes the body for the drop. It needs only Drop, Agreement and Tables: the register's checkpoint, which
// comes of the entry, may still be missing.
func (m *Manifest) Prepared() Prepared {
	p := Prepared{
		Drop: m.Drop.ID, Sequence: m.Drop.Sequence, Agreement: m.Agreement.ID, Version: m.Agreement.Version,
		AgreementSHA256: m.Agreement.SHA256, DefinitionsSHA256: m.Agreement.DefinitionsSHA256,
		Files: []PreparedFile{},
	}
	for _, f := range m.Files() {
		p.Files = append(p.Files, PreparedFile{Path: f.Path, SHA256: f.SHA256})
	}
	return p
}

// Encode writes the body.
func (p Prepared) Encode() ([]byte, error) {
	if p.Files == nil {
		p.Files = []PreparedFile{}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("prepared entry: %w", err)
	}
	return data, nil
}

// ParsePrepared reads a body. It accepts exactly what Encode writes.
func ParsePrepared(data []byte) (*Prepared, error) {
	var p Prepared
	if err := decode(data, &p); err != nil {
		return nil, fmt.Errorf("prepared entry: %w", err)
	}
	again, err := p.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(data, again) {
		return nil, errors.New("prepared entry: not as the gateway writes it")
	}
	return &p, nil
}

// encode writes a value as every JSON file of a drop is written.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// decode reads JSON without repeating any of it in an error: the standard messages quote the input.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: not JSON", lineOf(data, syntax.Offset))
	case errors.As(err, &kind):
		return fmt.Errorf("line %d: a value has another type than the format gives it", lineOf(data, kind.Offset))
	default:
		return errors.New("a date or time is not written as the format has it")
	}
}

func lineOf(data []byte, offset int64) int {
	n := min(max(int(offset), 0), len(data))
	return bytes.Count(data[:n], []byte("\n")) + 1
}

// firstDifference is the line on which two texts part.
func firstDifference(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return lineOf(a, int64(n))
}

// canonical is a copy in which every list is present and every time is UTC in whole seconds.
func (m *Manifest) canonical() *Manifest {
	c := *m
	c.Drop.Supersedes = present(m.Drop.Supersedes)
	c.Agreement.Decisions = present(m.Agreement.Decisions)
	for i := range c.Agreement.Decisions {
		d := &c.Agreement.Decisions[i]
		d.Time = d.Time.UTC().Truncate(time.Second)
	}
	c.Pseudonyms.Domains = present(m.Pseudonyms.Domains)
	c.Tables = present(m.Tables)
	for i := range c.Tables {
		t := &c.Tables[i]
		t.Files = present(t.Files)
		t.Columns = present(t.Columns)
		for j := range t.Columns {
			t.Columns[j].Source = present(t.Columns[j].Source)
			t.Columns[j].Codes = present(t.Columns[j].Codes)
		}
	}
	c.Sources = present(m.Sources)
	c.Linkage = present(m.Linkage)
	c.Disclosure.QuasiIdentifiers = present(m.Disclosure.QuasiIdentifiers)
	return &c
}

// present is a copy of a list that is never nil.
func present[T any](list []T) []T { return append(make([]T, 0, len(list)), list...) }

func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}
