package recipienttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// Child is a row of the table children.
type Child struct {
	ChildID   string  `parquet:"child_id,dict"`
	Sex       *string `parquet:"sex,optional,dict"`
	AgeMonths *int32  `parquet:"age_months,optional"`
	UASC      bool    `parquet:"uasc"`
}

// Episode is a row of the table looked_after_episodes.
type Episode struct {
	ChildID *string `parquet:"child_id,optional,dict"`
	Started int32   `parquet:"started,date"`
	Legal   string  `parquet:"legal_status,dict"`
}

// Rows are the rows of a drop: children in two parts, and the episodes of children.
type Rows struct {
	Children [2][]Child
	Episodes []Episode
}

// Pseudonym makes a code of the right shape.
func Pseudonym(prefix string, n int) string {
	sum := sha256.Sum256([]byte{byte(n), byte(n >> 8)})
	crockford := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	return prefix + crockford.EncodeToString(sum[:20])
}

// children in a drop, and episodes of each.
const (
	nChildren = 24
	nEpisodes = 3
)

func newRows() *Rows {
	var ids []string
	for i := range nChildren {
		ids = append(ids, Pseudonym("c1_", i))
	}
	slices.Sort(ids)
	r := &Rows{}
	for i, id := range ids {
		child := Child{ChildID: id, UASC: i%8 == 0}
		if i%5 != 0 {
			sex, age := []string{"1", "2"}[i%2], int32(10*i)
			child.Sex, child.AgeMonths = &sex, &age
		}
		p := i * len(r.Children) / nChildren
		r.Children[p] = append(r.Children[p], child)
		for e := range nEpisodes {
			r.Episodes = append(r.Episodes, Episode{
				ChildID: &ids[i], Started: int32(civil.MustYMD(2024, 1+e, 1)), Legal: []string{"E1", "V2"}[(i+e)%2],
			})
		}
	}
	// Two episodes whose child has no usable number.
	r.Episodes = append([]Episode{{Started: 19_000, Legal: "E1"}, {Started: 19_001, Legal: "V2"}}, r.Episodes...)
	return r
}

// describe makes the manifest of the rows, without digests, sizes and register.
func describe(sequence int64, r *Rows) *manifest.Manifest {
	const agreement = "dsa-coventry-fv-2026"
	digest := func(c string) string { return strings.Repeat(c, 64) }
	id := manifest.Column{
		Name: "child_id", Type: manifest.String, Meaning: "Code that stands for the child.", Class: "linkage-identifier",
		Domain: "child/la-child-id", Source: []string{"ssda903/header.CHILD"}, Treatment: "pseudonym",
	}
	nullableID := id
	nullableID.Nullable = true
	children := manifest.Table{
		Name: "children", Source: "children", Meaning: "One row for each child.", ChildrenColumn: "child_id",
		Columns: []manifest.Column{
			id,
			{Name: "sex", Type: manifest.String, Meaning: "Sex.", Class: "quasi-identifier", Source: []string{"ssda903/header.SEX"},
				Treatment: "keep", Nullable: true, Codes: []manifest.Code{{Code: "1", Meaning: "male"}, {Code: "2", Meaning: "female"}}},
			{Name: "age_months", Type: manifest.Int32, Meaning: "Age in months.", Class: "quasi-identifier",
				Source: []string{"ssda903/header.DOB"}, Treatment: "age in months on the reference date", Nullable: true},
			{Name: "uasc", Type: manifest.Boolean, Meaning: "Unaccompanied asylum-seeking child.", Class: "special-category",
				Source: []string{"ssda903/uasc.DUC"}, Treatment: "flag"},
		},
	}
	for p, rows := range r.Children {
		f := manifest.File{Path: part(p), Rows: int64(len(rows)), DistinctChildren: int64(len(rows))}
		children.Files = append(children.Files, f)
		children.Rows += f.Rows
		children.DistinctChildren += f.DistinctChildren
		for _, row := range rows {
			children.Columns[1].Nulls += empty(row.Sex)
			children.Columns[2].Nulls += empty(row.AgeMonths)
		}
	}
	episodes := manifest.Table{
		Name: "looked_after_episodes", Source: "looked_after_episodes", Meaning: "One row for each episode.", ChildrenColumn: "child_id",
		Files: []manifest.File{{Path: "looked_after_episodes.parquet", Rows: int64(len(r.Episodes)), DistinctChildren: nChildren}},
		Rows:  int64(len(r.Episodes)), DistinctChildren: nChildren,
		Columns: []manifest.Column{
			nullableID,
			{Name: "started", Type: manifest.Date, Meaning: "First day of the episode.", Class: "sensitive",
				Source: []string{"ssda903/episodes.DECOM"}, Treatment: "date to month"},
			{Name: "legal_status", Type: manifest.String, Meaning: "Legal status.", Class: "sensitive", Source: []string{"ssda903/episodes.LS"},
				Treatment: "keep", Codes: []manifest.Code{{Code: "E1", Meaning: "placement order"}, {Code: "V2", Meaning: "section 20"}}},
		},
	}
	for _, row := range r.Episodes {
		episodes.Columns[0].Nulls += empty(row.ChildID)
	}
	return &manifest.Manifest{
		Format: manifest.Format, Classification: manifest.Classification, Notice: manifest.Notice,
		Drop: manifest.Drop{ID: manifest.DropID(agreement, sequence, date(sequence)), Sequence: sequence, Date: date(sequence)},
		Agreement: manifest.Agreement{
			ID: agreement, Version: 1, SHA256: digest("a"), DefinitionsSHA256: digest("b"), Title: "Family Valued follow-up evaluation",
			RecipientUntil: civil.MustYMD(2030, 3, 31),
			Decisions: []manifest.Decision{{
				Role: "information-asset-owner", Decision: "approve", Signer: "SHA256:" + strings.Repeat("x", 43),
				StatementSHA256: digest("c"), Time: time.Date(2026, 3, 30, 9, 0, 0, 0, time.UTC),
			}},
		},
		Controller:    manifest.Controller{Name: "Coventry City Council", LACode: "331", DPO: "dpo@council.example"},
		Recipient:     manifest.Recipient{Name: "Foundations", Role: "controller", Setting: "secure", Contact: "data@recipient.example"},
		Purpose:       manifest.Purpose{Code: "evaluation", Text: "Evaluate whether Family Valued reduces the number of children entering care"},
		ReferenceDate: civil.MustYMD(2026, 11, 1),
		Period:        manifest.Period{DataFrom: civil.MustYMD(2020, 4, 1), DataTo: civil.MustYMD(2029, 3, 31)},
		Pseudonyms: manifest.Pseudonyms{
			Scheme: manifest.Scheme, Epoch: 1, KeyCheck: "0123456789abcdef",
			Domains: []manifest.Domain{{Domain: "child/la-child-id", Letter: "c", Version: 1}},
		},
		Tool:    manifest.Tool{Name: "postern", Version: "0.1.0"},
		Tables:  []manifest.Table{children, episodes},
		Sources: []manifest.Source{{Format: "ssda903", Table: "header", CollectionYear: 2026, Definitions: "2026", Commitment: digest("9")}},
		Disclosure: manifest.Disclosure{
			Profile: "secure", QuasiIdentifiers: []string{"children.sex", "children.age_months"}, Children: nChildren,
			UniquePercent: "83", Under5Percent: "83", Under10Percent: "100",
		},
		RegistryApplied: true,
	}
}

func empty[T any](cell *T) int64 {
	if cell == nil {
		return 1
	}
	return 0
}

// write writes the Parquet files of the rows.
func (r *Rows) write(m *manifest.Manifest) (map[string][]byte, error) {
	files := map[string][]byte{}
	var err error
	for p, rows := range r.Children {
		if files[part(p)], err = Parquet(rows, m, &m.Tables[0]); err != nil {
			return nil, err
		}
	}
	files["looked_after_episodes.parquet"], err = Parquet(r.Episodes, m, &m.Tables[1])
	return files, err
}

// Parquet writes one file of a table, with the metadata that a drop's files have.
func Parquet[T any](rows []T, m *manifest.Manifest, t *manifest.Table, options ...parquet.WriterOption) ([]byte, error) {
	metadata := manifest.FileMetadata(m.Agreement.ID, m.Agreement.Version, t)
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		options = append(options, parquet.KeyValueMetadata(key, metadata[key]))
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	return b.Bytes(), nil
}
