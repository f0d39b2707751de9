package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// Record is the run record: what only the council may know of a run. It holds counts and digests, never a cell.
type Record struct {
	Format      string            `json:"format"` // "postern-run/v1"
	Started     time.Time         `json:"started"`
	Outcome     string            `json:"outcome"` // prepared, unchanged, refused
	Drop        string            `json:"drop"`
	Agreement   string            `json:"agreement"`
	Version     int               `json:"version"`
	SHA256      string            `json:"agreement_sha256"`
	Definitions string            `json:"definitions_sha256"`
	Reference   civil.Date        `json:"reference_date"`
	Tool        string            `json:"tool"`
	Preflight   int               `json:"preflight"` // the number of the pre-flight record
	Refusal     *finding.Refusal  `json:"refusal,omitempty"`
	Recovered   []string          `json:"recovered"`
	Sources     []SourceRecord    `json:"sources"`
	Skipped     []string          `json:"skipped"` // files that are no extracts
	Tables      []TableRecord     `json:"tables"`
	Linkage     []LinkRecord      `json:"linkage"`
	Findings    []finding.Finding `json:"findings"` // about files and sets; those about rows stand with their table
}

// SourceRecord is one extract that was read.
type SourceRecord struct {
	File   string `json:"file"`
	Table  string `json:"table"`
	Year   int    `json:"collection_year"`
	Term   string `json:"term,omitempty"` // of a return that is made every term
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // empty for a file that changed meanwhile, or whose turn did not come before the run was refused
}

// TableRecord accounts for every row of one table: Read = Left + the held back + Quarantined.
type TableRecord struct {
	Table       string                                `json:"table"`
	Read        int64                                 `json:"rows_read"`
	Left        int64                                 `json:"rows_left"`
	HeldBack    HeldBack                              `json:"rows_held_back"`
	Quarantined int64                                 `json:"rows_quarantined"`
	Cells       map[string]map[minimise.Outcome]int64 `json:"cells"` // per column, what its treatment made of the rows that left
	Findings    []finding.Finding                     `json:"findings"`
}

// HeldBack counts rows that did not leave though nothing is wrong with them.
type HeldBack struct {
	Superseded    int64 `json:"superseded"`     // a later return says the same again
	Marks         int64 `json:"marks"`          // rows that only mark a child, or add to another row
	Merged        int64 `json:"merged"`         // rows that became one row together with another
	Aside         int64 `json:"set_aside"`      // rows that the table is not about, such as short breaks that do not count
	Unlinked      int64 `json:"unlinked"`       // pupils who are none of the returns' children
	Elsewhere     int64 `json:"elsewhere"`      // pupils whom another school's row counts
	Confidential  int64 `json:"in_confidence"`  // rows marked as given in confidence
	NotInCohort   int64 `json:"not_in_cohort"`  // children the agreement is not about
	OutsidePeriod int64 `json:"outside_period"` // dated outside the data period
}

// Parts are the counts by their names in the run record.
func (h HeldBack) Parts() map[string]int64 {
	return map[string]int64{
		"superseded": h.Superseded, "marks": h.Marks, "merged": h.Merged, "set_aside": h.Aside, "unlinked": h.Unlinked, "elsewhere": h.Elsewhere,
		"in_confidence": h.Confidential, "not_in_cohort": h.NotInCohort, "outside_period": h.OutsidePeriod,
	}
}

// Total is all of them.
func (h HeldBack) Total() int64 {
	total := int64(0)
	for _, n := range h.Parts() {
		total += n
	}
	return total
}

// Account is the table's part of a run record.
func (s *Staged) Account() TableRecord {
	return TableRecord{
		Table: s.Table.ID, Read: s.Tally.Read, Left: s.Stage.Rows(), Quarantined: s.Quarantined(),
		HeldBack: HeldBack{
			Superseded: s.Tally.Superseded, Marks: s.Tally.Marks, Merged: s.Tally.Merged, Aside: s.Tally.Aside, Unlinked: s.Tally.Unlinked,
			Elsewhere: s.Tally.Elsewhere, Confidential: s.Tally.Confidential,
			NotInCohort: s.Held.NotInCohort, OutsidePeriod: s.Held.OutsidePeriod,
		},
		Cells: s.Held.Cells, Findings: s.Found,
	}
}

// record writes the run record.
func (r *run) record(outcome string, refusal *finding.Refusal) error {
	a, definitions := r.judgement.Agreement, r.Catalogue.Digest()
	rec := &Record{
		Format: "postern-run/v1", Started: r.started.UTC(), Outcome: outcome, Drop: r.result.Drop,
		Agreement: a.ID, Version: a.Version, SHA256: hex.EncodeToString(a.SHA256[:]), Definitions: hex.EncodeToString(definitions[:]),
		Tool: r.tool(), Preflight: r.result.Preflight, Refusal: refusal, Recovered: r.result.Recovered,
		Sources: []SourceRecord{}, Skipped: []string{}, Tables: []TableRecord{}, Linkage: []LinkRecord{}, Findings: []finding.Finding{},
	}
	if s := r.survey; s != nil {
		rec.Reference, rec.Findings = s.Reference, s.Found
		rec.Skipped = append(rec.Skipped, s.Inventory.Skipped...)
		rec.Sources = append(rec.Sources, s.sourceRecords()...)
		rec.Linkage = append(rec.Linkage, s.Links...)
		for _, t := range s.Tables {
			rec.Tables = append(rec.Tables, t.Account())
		}
	}
	data, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("write the run record: %w", err)
	}
	r.result.Record = rec
	r.result.Run, err = r.State.AddRun(a.ID, data)
	return err
}

// tool is the program, as a run record names it.
func (g *Gateway) tool() string { return "postern " + g.Version }

// sourceRecords are the extracts as a run record has them.
func (s *Survey) sourceRecords() []SourceRecord {
	var out []SourceRecord
	for _, src := range s.Sources {
		of := SourceRecord{File: src.File, Table: src.Table.ID(), Year: src.Year, Term: src.Term, Bytes: src.Size}
		if src.SHA256 != [sha256.Size]byte{} {
			of.SHA256 = hex.EncodeToString(src.SHA256[:])
		}
		out = append(out, of)
	}
	return out
}
