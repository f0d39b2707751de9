package manifest

import (
	"errors"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// ErrNewer is a manifest of a format that a later version of Postern has brought. It says nothing against the drop.
var ErrNewer = errors.New("the manifest is of a format that this version does not know")

// formatPrefix begins the name of every format of a manifest; a number follows.
const formatPrefix = "postern-manifest/v"

// read reads the JSON of a manifest, in the format that it names. What it gives is not validated.
func read(data []byte) (*Manifest, error) {
	var named struct {
		Format string `json:"format"`
	}
	if err := decode(data, &named); err != nil {
		return nil, err
	}
	switch {
	case named.Format == FormatV1:
		var m manifestV1
		if err := decode(data, &m); err != nil {
			return nil, err
		}
		return m.manifest(), nil
	case named.Format != Format && strings.HasPrefix(named.Format, formatPrefix):
		return nil, finding.WithHint(ErrNewer, "use a version of postern-verify as new as the drop")
	default:
		var m Manifest
		if err := decode(data, &m); err != nil {
			return nil, err
		}
		return &m, nil
	}
}

// write writes the JSON of a manifest in the format that it names, every list present and every time in UTC.
func (m *Manifest) write() ([]byte, error) {
	c := m.canonical()
	if c.Format == FormatV1 {
		return encode(firstVersion(c))
	}
	return encode(c)
}

// manifestV1 is manifest.json as FormatV1 has it. Only the drop differs from Manifest: all other members are its own, and
// when one of those changes, its former shape comes here too.
type manifestV1 struct {
	Format          string     `json:"format"`
	Classification  string     `json:"classification"`
	Notice          string     `json:"notice"`
	Drop            dropV1     `json:"drop"`
	Agreement       Agreement  `json:"agreement"`
	Controller      Controller `json:"controller"`
	Recipient       Recipient  `json:"recipient"`
	Purpose         Purpose    `json:"purpose"`
	ReferenceDate   civil.Date `json:"reference_date"`
	Period          Period     `json:"period"`
	Pseudonyms      Pseudonyms `json:"pseudonyms"`
	Tool            Tool       `json:"tool"`
	Tables          []Table    `json:"tables"`
	Sources         []Source   `json:"sources"`
	Linkage         []Linkage  `json:"linkage"`
	Disclosure      Disclosure `json:"disclosure"`
	RegistryApplied bool       `json:"registry_applied"`
	Register        RegisterAt `json:"register"`
}

type dropV1 struct {
	ID                 string     `json:"id"`
	Sequence           int64      `json:"sequence"`
	Date               civil.Date `json:"date"`
	PreviousSumsSHA256 string     `json:"previous_sums_sha256"`
	Supersedes         string     `json:"supersedes"` // one drop, or empty
}

func (o *manifestV1) manifest() *Manifest {
	m := &Manifest{
		Format: o.Format, Classification: o.Classification, Notice: o.Notice,
		Drop: Drop{
			ID: o.Drop.ID, Sequence: o.Drop.Sequence, Date: o.Drop.Date, PreviousSumsSHA256: o.Drop.PreviousSumsSHA256,
		},
		Agreement: o.Agreement, Controller: o.Controller, Recipient: o.Recipient, Purpose: o.Purpose,
		ReferenceDate: o.ReferenceDate, Period: o.Period, Pseudonyms: o.Pseudonyms, Tool: o.Tool, Tables: o.Tables,
		Sources: o.Sources, Linkage: o.Linkage, Disclosure: o.Disclosure, RegistryApplied: o.RegistryApplied, Register: o.Register,
	}
	if o.Drop.Supersedes != "" {
		m.Drop.Supersedes = []string{o.Drop.Supersedes}
	}
	return m
}

// firstVersion is the reverse of manifestV1.manifest. Validate has seen that there is no second superseded drop.
func firstVersion(m *Manifest) *manifestV1 {
	o := &manifestV1{
		Format: m.Format, Classification: m.Classification, Notice: m.Notice,
		Drop: dropV1{
			ID: m.Drop.ID, Sequence: m.Drop.Sequence, Date: m.Drop.Date, PreviousSumsSHA256: m.Drop.PreviousSumsSHA256,
		},
		Agreement: m.Agreement, Controller: m.Controller, Recipient: m.Recipient, Purpose: m.Purpose,
		ReferenceDate: m.ReferenceDate, Period: m.Period, Pseudonyms: m.Pseudonyms, Tool: m.Tool, Tables: m.Tables,
		Sources: m.Sources, Linkage: m.Linkage, Disclosure: m.Disclosure, RegistryApplied: m.RegistryApplied, Register: m.Register,
	}
	if len(m.Drop.Supersedes) > 0 {
		o.Drop.Supersedes = m.Drop.Supersedes[0]
	}
	return o
}
