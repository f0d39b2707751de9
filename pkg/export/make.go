package export

import (
	"context"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/parquetfile"
)

// writeTables writes every staged table below dir, lists its children, reads each file back with the other library, and scans
// it. It returns the tables as the manifest describes them. Of the staged rows only their number is known then.
func (g *Gateway) writeTables(ctx context.Context, s *Survey, dir string, list members) ([]manifest.Table, error) {
	var out []manifest.Table
	for _, staged := range s.Tables {
		g.progress("writing", staged.Table.ID, staged.Stage.Rows())
		described := describe(staged.Table, s.Sources)
		opt := parquetfile.Options{
			Metadata: manifest.FileMetadata(s.Agreement.ID, int64(s.Agreement.Version), &described),
			Version:  g.Version,
			Workers:  g.Workers,
		}
		files, err := parquetfile.WriteTable(ctx, dir, staged.Table.FileBase(), list.rows(staged), staged.Table.Columns, opt)
		if err != nil {
			return nil, err
		}
		if err := staged.Stage.Close(); err != nil { // what is read back and verified can have its memory
			return nil, err
		}
		for _, f := range files {
			g.detail("reading back", f.Path)
			path := filepath.Join(dir, filepath.FromSlash(f.Path))
			digest, err := parquetfile.ReadBack(ctx, path, staged.Table.Columns, f, opt, disclosure.CheckString)
			if err != nil {
				return nil, err
			}
			add(&described, f, digest)
		}
		out = append(out, described)
	}
	return out, nil
}

func add(t *manifest.Table, f parquetfile.Written, digest [32]byte) {
	t.Files = append(t.Files, manifest.File{
		Path: f.Path, SHA256: manifest.Hex(digest), Bytes: f.Bytes, Rows: f.Rows, DistinctChildren: childrenOf(t, f),
	})
	t.Rows += f.Rows
	t.DistinctChildren += childrenOf(t, f)
	for i := range t.Columns {
		t.Columns[i].Nulls += f.Nulls[i]
	}
}

// childrenOf is a file's distinct children, 0 in a table whose child does not leave.
func childrenOf(t *manifest.Table, f parquetfile.Written) int64 {
	if t.ChildrenColumn == "" {
		return 0
	}
	return f.Children
}

// describe is a table as the manifest describes it, before its files are known. Of the source columns that a column can
// come from, those are named of which there is an extract.
func describe(t *minimise.Table, extracts []*extract.Source) manifest.Table {
	out := manifest.Table{Name: t.ID, Source: t.ID, Meaning: t.Source.Meaning}
	if t.Children >= 0 {
		out.ChildrenColumn = t.Columns[t.Children].Name
	}
	for _, c := range t.Columns {
		column := manifest.Column{
			Name: c.Name, Type: typeOf(c.Kind), Meaning: c.Meaning, Class: string(c.Class), Domain: string(c.Domain.Kind),
			Source: behind(c.Sources, extracts), Treatment: c.Treatment, Nullable: true,
		}
		for _, code := range c.Codes {
			column.Codes = append(column.Codes, manifest.Code{Code: code.Value, Meaning: code.Meaning})
		}
		out.Columns = append(out.Columns, column)
	}
	return out
}

// behind keeps the source columns, written "table.column", or "table" where its rows are all that counts, whose table was
// extracted.
func behind(sources []string, extracts []*extract.Source) []string {
	var out []string
	for _, source := range sources {
		table, _, _ := strings.Cut(source, ".")
		if slices.ContainsFunc(extracts, func(e *extract.Source) bool { return e.Table.ID() == table }) {
			out = append(out, source)
		}
	}
	return out
}

func typeOf(kind minimise.Kind) string {
	switch kind {
	case minimise.Pseudonym, minimise.Code:
		return manifest.String
	case minimise.Date:
		return manifest.Date
	case minimise.Boolean:
		return manifest.Boolean
	default:
		return manifest.Int32
	}
}

// describeDrop is the manifest of a drop, but for its place in the register.
func (g *Gateway) describeDrop(s *Survey, j *Judgement, drop manifest.Drop, tables []manifest.Table, keys Keys) *manifest.Manifest {
	a := s.Agreement
	definitions := g.Catalogue.Digest()
	m := &manifest.Manifest{
		Format: manifest.Format, Classification: manifest.Classification, Notice: manifest.Notice,
		Drop: drop,
		Agreement: manifest.Agreement{
			ID: a.ID, Version: int64(a.Version), SHA256: hex.EncodeToString(a.SHA256[:]),
			DefinitionsSHA256: hex.EncodeToString(definitions[:]), Title: a.Title,
			RecipientUntil: a.Retention.RecipientUntil, Decisions: counting(j),
		},
		Controller:    manifest.Controller{Name: a.Controller.Name, LACode: a.Controller.LACode, DPO: a.Controller.DPO},
		Recipient:     manifest.Recipient{Name: a.Recipient.Name, Role: a.Recipient.Role, Setting: a.Recipient.Setting, Contact: a.Recipient.Contact},
		Purpose:       manifest.Purpose{Code: a.Purpose.Code, Text: a.Purpose.Text},
		ReferenceDate: s.Reference,
		Period:        manifest.Period{DataFrom: a.Period.DataFrom, DataTo: a.Period.DataTo},
		Pseudonyms:    manifest.Pseudonyms{Scheme: a.Pseudonyms.Scheme, Epoch: int64(a.Pseudonyms.Epoch), KeyCheck: keys.KeyCheck()},
		Tool:          manifest.Tool{Name: "postern", Version: g.Version, Build: g.Build},
		Tables:        tables, Linkage: linkageOf(s), Disclosure: riskOf(s, tables),
		RegistryApplied: false, // there are no rights holds to apply in this version, and none are claimed
	}
	for _, t := range s.Tables {
		for _, c := range t.Table.Columns {
			domain := manifest.Domain{Domain: string(c.Domain.Kind), Letter: string(c.Domain.Letter), Version: int64(c.Domain.Version)}
			if c.Kind == minimise.Pseudonym && !slices.Contains(m.Pseudonyms.Domains, domain) {
				m.Pseudonyms.Domains = append(m.Pseudonyms.Domains, domain)
			}
		}
	}
	slices.SortFunc(m.Pseudonyms.Domains, func(a, b manifest.Domain) int { return strings.Compare(a.Domain, b.Domain) })
	for _, src := range s.Sources {
		m.Sources = append(m.Sources, manifest.Source{
			Format: src.Table.Format, Table: src.Table.Name, CollectionYear: int64(src.Year), Term: src.Term,
			Definitions: strconv.Itoa(g.Catalogue.Version(src.Table.Format)),
			Commitment:  keys.Commit("source file", src.SHA256[:]),
		})
	}
	slices.SortFunc(m.Sources, func(a, b manifest.Source) int { return strings.Compare(sourceKey(a), sourceKey(b)) })
	return m
}

func sourceKey(s manifest.Source) string {
	return fmt.Sprintf("%s %s %d %s %s", s.Format, s.Table, s.CollectionYear, s.Term, s.Commitment)
}

// riskOf is the disclosure record: that of the table with one row per child, where one leaves.
func riskOf(s *Survey, tables []manifest.Table) manifest.Disclosure {
	d := manifest.Disclosure{Profile: s.Agreement.Release.Profile, QuasiIdentifiers: []string{}, UniquePercent: manifest.NotMeasured,
		Under5Percent: manifest.NotMeasured, Under10Percent: manifest.NotMeasured}
	for _, t := range tables {
		d.Children = max(d.Children, t.DistinctChildren)
	}
	for _, t := range s.Tables {
		if t.Risk == nil {
			continue
		}
		d.QuasiIdentifiers = append(d.QuasiIdentifiers, t.Risk.QuasiIdentifiers...)
		d.UniquePercent = manifest.Percent(t.Risk.Unique, t.Risk.Children)
		d.Under5Percent = manifest.Percent(t.Risk.Under5, t.Risk.Children)
		d.Under10Percent = manifest.Percent(t.Risk.Under10, t.Risk.Children)
	}
	return d
}

// counting lists the decisions that count.
func counting(j *Judgement) []manifest.Decision {
	var out []manifest.Decision
	for _, c := range j.Status.Decisions {
		if !c.Counts {
			continue
		}
		out = append(out, manifest.Decision{
			Role: string(c.Decision.Role), Decision: string(c.Decision.Verb), Signer: c.Fingerprint,
			StatementSHA256: j.statementDigest(c.File), Time: c.Decision.Time,
		})
	}
	return out
}
