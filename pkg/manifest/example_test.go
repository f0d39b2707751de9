package manifest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// small is a complete manifest of a drop with two tables, one of them in parts.
func small() *manifest.Manifest {
	digest := func(c string) string { return strings.Repeat(c, 64) }
	date := civil.MustYMD(2026, 11, 21)
	return &manifest.Manifest{
		Format: manifest.Format, Classification: manifest.Classification, Notice: manifest.Notice,
		Drop: manifest.Drop{
			ID:       manifest.DropID("dsa-coventry-fv-2026", 7, date),
			Sequence: 7, Date: date, PreviousSumsSHA256: digest("1"),
		},
		Agreement: manifest.Agreement{
			ID: "dsa-coventry-fv-2026", Version: 1, SHA256: digest("a"), DefinitionsSHA256: digest("b"),
			Title: "Family Valued follow-up evaluation", RecipientUntil: civil.MustYMD(2030, 3, 31),
			Decisions: []manifest.Decision{{
				Role: "information-asset-owner", Decision: "approve", Signer: "SHA256:" + strings.Repeat("x", 43),
				StatementSHA256: digest("c"), Time: time.Date(2026, 3, 30, 9, 0, 0, 0, time.UTC),
			}},
		},
		Controller:    manifest.Controller{Name: "Coventry City Council", LACode: "331", DPO: "dpo@council.example"},
		Recipient:     manifest.Recipient{Name: "Foundations", Role: "controller", Setting: "secure", Contact: "data@recipient.example"},
		Purpose:       manifest.Purpose{Code: "evaluation", Text: "Evaluate whether Family Valued safely reduces the number of children entering care"},
		ReferenceDate: civil.MustYMD(2026, 11, 1),
		Period:        manifest.Period{DataFrom: civil.MustYMD(2020, 4, 1), DataTo: civil.MustYMD(2029, 3, 31)},
		Pseudonyms: manifest.Pseudonyms{
			Scheme: manifest.Scheme, Epoch: 1, KeyCheck: "0123456789abcdef",
			Domains: []manifest.Domain{{Domain: "child/la-child-id", Letter: "c", Version: 1}},
		},
		Tool: manifest.Tool{Name: "postern", Version: "0.1.0"},
		Tables: []manifest.Table{{
			Name: "children", Source: "children", Meaning: "One row for each child.",
			Files: []manifest.File{
				{Path: "children/00.parquet", SHA256: digest("d"), Bytes: 2048, Rows: 1200, DistinctChildren: 1200},
				{Path: "children/01.parquet", SHA256: digest("e"), Bytes: 1024, Rows: 800, DistinctChildren: 800},
			},
			Rows: 2000, DistinctChildren: 2000, ChildrenColumn: "child_id",
			Columns: []manifest.Column{
				{Name: "child_id", Type: manifest.String, Meaning: "Code that stands for the child.", Class: "linkage-identifier",
					Domain: "child/la-child-id", Source: []string{"ssda903/header.CHILD"}, Treatment: "pseudonym"},
				{Name: "sex", Type: manifest.String, Meaning: "Sex.", Class: "quasi-identifier", Source: []string{"ssda903/header.SEX"},
					Treatment: "keep", Nullable: true, Nulls: 3,
					Codes: []manifest.Code{{Code: "1", Meaning: "male"}, {Code: "2", Meaning: "female"}}},
				{Name: "age_months", Type: manifest.Int32, Meaning: "Age in months.", Class: "quasi-identifier",
					Source: []string{"ssda903/header.DOB"}, Treatment: "age in months on the reference date"},
				{Name: "uasc", Type: manifest.Boolean, Meaning: "Unaccompanied asylum-seeking child.", Class: "special-category",
					Source: []string{"ssda903/uasc.DUC"}, Treatment: "flag"},
			},
		}, {
			Name: "ssda903/reviews", Source: "ssda903/reviews", Meaning: "One row for each review.",
			Files: []manifest.File{{Path: "ssda903/reviews.parquet", SHA256: digest("f"), Bytes: 512}},
			Columns: []manifest.Column{
				{Name: "REVIEW", Type: manifest.Date, Meaning: "Date of the review.", Class: "sensitive",
					Source: []string{"ssda903/reviews.REVIEW"}, Treatment: "date to month"},
			},
		}},
		Sources: []manifest.Source{{Format: "ssda903", Table: "header", CollectionYear: 2026, Definitions: "2026", Commitment: digest("9")}},
		Disclosure: manifest.Disclosure{
			Profile: "secure", QuasiIdentifiers: []string{"children.sex", "children.age_months"}, Children: 2000,
			UniquePercent: manifest.Percent(690, 2000), Under5Percent: manifest.Percent(1172, 2000), Under10Percent: manifest.Percent(1610, 2000),
		},
		RegistryApplied: true,
		Register:        manifest.RegisterAt{Origin: "postern.example/coventry", Size: 41, Root: strings.Repeat("A", 43) + "="},
	}
}

func encoded(t testing.TB, m *manifest.Manifest) []byte {
	t.Helper()
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func ExampleManifest_Encode() {
	data, err := small().Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range strings.SplitN(string(data), "\n", 8)[:7] {
		fmt.Println(line)
	}
	// Output:
	// {
	//   "format": "postern-manifest/v2",
	//   "classification": "personal-data/pseudonymised",
	//   "notice": "This is personal data. Names and numbers are replaced with a code only the council can undo, and someone who knows a child well may still recognise them. Data protection law covers every row.",
	//   "drop": {
	//     "id": "dsa-coventry-fv-2026/0007-20261121",
	//     "sequence": 7,
}

func ExamplePrepared_Encode() {
	m := small()
	m.Tables = m.Tables[1:]
	body, err := m.Prepared().Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.NewReplacer(m.Agreement.SHA256, "…", m.Agreement.DefinitionsSHA256, "…", m.Tables[0].Files[0].SHA256, "…").Replace(string(body)))
	// Output:
	// {"drop":"dsa-coventry-fv-2026/0007-20261121","sequence":7,"agreement":"dsa-coventry-fv-2026","version":1,"agreement_sha256":"…","definitions_sha256":"…","files":[{"path":"ssda903/reviews.parquet","sha256":"…"}]}
}
