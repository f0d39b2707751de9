package recipient_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/recipient/recipienttest"
	"github.com/postern-gateway/postern/pkg/register"
)

// What a council with a faulty gateway, or a dishonest one, signs all the same. Each case says which checks find it; every
// other check still passes.
func TestSignedButWrong(t *testing.T) {
	episodes := func(change func([]recipienttest.Episode)) recipienttest.Changes {
		return recipienttest.Changes{Rows: func(r *recipienttest.Rows) { change(r.Episodes) }}
	}
	children := func(change func(r *recipienttest.Rows)) recipienttest.Changes {
		return recipienttest.Changes{Rows: change}
	}
	described := func(change func(m *manifest.Manifest)) recipienttest.Changes {
		return recipienttest.Changes{Manifest: change}
	}
	const one, two = "table children", "table looked_after_episodes"
	for name, want := range map[string]struct {
		changes recipienttest.Changes
		failed  string
		says    string
	}{
		"rows out of order": {children(func(r *recipienttest.Rows) { slices.Reverse(r.Children[0]) }), one, "children/00.parquet, column child_id, row 2: the rows are not in order"},
		"parts that overlap": {children(func(r *recipienttest.Rows) {
			r.Children[0][11], r.Children[1][0] = r.Children[1][0], r.Children[0][11]
		}), one, "children/00.parquet and children/01.parquet have children in common"},
		"a child in both parts": {children(func(r *recipienttest.Rows) { r.Children[1][0].ChildID = r.Children[0][11].ChildID }), one, "children in common"},
		"a child twice":         {children(func(r *recipienttest.Rows) { r.Children[0][1].ChildID = r.Children[0][0].ChildID }), one, "as many children"},
		"raw identifier":        {children(func(r *recipienttest.Rows) { r.Children[0][0].ChildID = "331/20-04711" }), one, "row 1: the cell is not a code"},
		"other domain": {children(func(r *recipienttest.Rows) {
			id := &r.Children[1][11].ChildID
			*id = strings.Replace(*id, "c1_", "u1_", 1)
		}), one, "not a code of the kind"},
		"other epoch": {children(func(r *recipienttest.Rows) {
			id := &r.Children[1][11].ChildID
			*id = strings.Replace(*id, "c1_", "c2_", 1)
		}), one, "not a code of the kind"},
		"short pseudonym": {children(func(r *recipienttest.Rows) {
			id := &r.Children[1][11].ChildID
			*id = (*id)[:34]
		}), one, "not a code of the kind"},
		"letter that pseudonyms do not have": {children(func(r *recipienttest.Rows) {
			id := &r.Children[1][11].ChildID
			*id = (*id)[:34] + "u"
		}), one, "not a code of the kind"},
		"upper case": {children(func(r *recipienttest.Rows) {
			id := &r.Children[0][0].ChildID
			*id = "c1_" + strings.Repeat("A", 32)
		}), one, "not a code of the kind"},
		"code not declared": {episodes(func(e []recipienttest.Episode) { e[5].Legal = "X9" }), two, "column legal_status, row 6: the cell is not one of the codes"},
		"two columns wrong, the second in an earlier row": {episodes(func(e []recipienttest.Episode) {
			id := strings.Replace(*e[70].ChildID, "c1_", "u1_", 1)
			e[70].ChildID, e[0].Legal = &id, "X9"
		}), two, "column child_id, row 71"},
		"empty code":         {episodes(func(e []recipienttest.Episode) { e[5].Legal = "" }), two, "not one of the codes"},
		"rows without child": {episodes(func(e []recipienttest.Episode) { e[9].ChildID = nil }), two, "not in order"},
		"without child at both ends": {episodes(func(e []recipienttest.Episode) { e[len(e)-1].ChildID = nil }), two,
			"row 74: the rows are not in order"},
		"another name": {recipienttest.Changes{Final: func(m *manifest.Manifest) { m.Tables[0].Columns[3].Name = "uasc_status" }}, one,
			"The columns of children/00.parquet are not those"},
		"another type": {recipienttest.Changes{Final: func(m *manifest.Manifest) { m.Tables[1].Columns[1].Type = manifest.Int32 }}, two,
			"The columns of looked_after_episodes.parquet are not those"},
		"other order": {recipienttest.Changes{Final: func(m *manifest.Manifest) {
			c := m.Tables[0].Columns
			c[1], c[2] = c[2], c[1]
		}}, one, "in that order"},
		"a column too few": {recipienttest.Changes{Final: func(m *manifest.Manifest) {
			m.Tables[0].Columns = m.Tables[0].Columns[:3]
		}}, one, "The columns of"},
		"not nullable": {recipienttest.Changes{Final: func(m *manifest.Manifest) { m.Tables[0].Columns[3].Nullable = true }}, one, "The columns of"},
		"empty cells":  {described(func(m *manifest.Manifest) { m.Tables[0].Columns[1].Nulls-- }), one, "Column sex of children does not have as many empty cells"},
		"rows": {described(func(m *manifest.Manifest) {
			m.Tables[1].Files[0].Rows++
			m.Tables[1].Rows++
		}), two, "as many rows"},
		"children": {described(func(m *manifest.Manifest) {
			m.Tables[1].Files[0].DistinctChildren--
			m.Tables[1].DistinctChildren--
		}), two, "as many children"},
		"another meaning": {recipienttest.Changes{Final: func(m *manifest.Manifest) { m.Tables[1].Columns[0].Meaning = "A child." }}, two,
			"metadata of looked_after_episodes.parquet does not say"},
		"surplus metadata": {rewritten(parquet.KeyValueMetadata("host", "srv-cov-01")), two, "carries metadata that the gateway does not write"},
		"not Parquet": {recipienttest.Changes{Parquet: func(f map[string][]byte) { f["looked_after_episodes.parquet"] = []byte("child_id\n1\n") }}, two,
			"is not a Parquet file"},
		"damaged before signing": {recipienttest.Changes{Parquet: func(f map[string][]byte) {
			data := f["looked_after_episodes.parquet"]
			for i := 4; i < 40; i++ {
				data[i] ^= 0xff
			}
		}}, two, "cannot be read"},
		"columns of a table": {recipienttest.Changes{Parquet: func(f map[string][]byte) {
			f["looked_after_episodes.parquet"] = bytes.Clone(f["children/00.parquet"])
		}}, two, "The columns of"},

		"other drop in the register":  {entry(func(p *manifest.Prepared) { p.Drop = "dsa-other/0007-20261121" }), "register", "is not of this drop"},
		"other files in the register": {entry(func(p *manifest.Prepared) { p.Files[0].SHA256 = strings.Repeat("0", 64) }), "register", "is not of this drop"},
		"files left out":              {entry(func(p *manifest.Prepared) { p.Files = p.Files[1:] }), "register", "is not of this drop"},
		"files added": {entry(func(p *manifest.Prepared) {
			p.Files = append(p.Files, manifest.PreparedFile{Path: "z.parquet", SHA256: strings.Repeat("0", 64)})
		}), "register", "is not of this drop"},
		"other agreement":   {entry(func(p *manifest.Prepared) { p.AgreementSHA256 = strings.Repeat("0", 64) }), "register", "is not of this drop"},
		"other definitions": {entry(func(p *manifest.Prepared) { p.DefinitionsSHA256 = strings.Repeat("0", 64) }), "register", "is not of this drop"},
		"other kind":        {recipienttest.Changes{Entry: func(e *register.Entry) { e.Kind = "published" }}, "register", "another kind of entry"},
		"other state": {recipienttest.Changes{Final: func(m *manifest.Manifest) { m.Register.Size++ }}, "register",
			"two states of the register"},
		"other salt":      {recipienttest.Changes{Proof: func(p *register.Proof) { p.Record.Salt[0]++ }}, "register", "does not show the drop's entry"},
		"other root":      {recipienttest.Changes{Proof: func(p *register.Proof) { p.Checkpoint.Root[0]++ }}, "register", "is not signed by the register's key"},
		"proof no proof":  {replaced(manifest.ProofName, []byte("{}\n")), "register", "not as the gateway writes it"},
		"first after all": {described(func(m *manifest.Manifest) { m.Drop.PreviousSumsSHA256 = strings.Repeat("1", 64) }), "register", "does not continue the drop before"},

		"README made by hand":       {replaced(manifest.ReadmeName, []byte("<h1>Open data</h1>")), "descriptions", "README.html is not what manifest.json gives"},
		"data package made by hand": {replaced(manifest.DataPackageName, []byte("{}")), "descriptions", "datapackage.json is not what"},
		"a file that nobody names":  {recipienttest.Changes{Files: func(f map[string][]byte) { f["names.csv"] = []byte("x") }}, "manifest", "names.csv is signed, and manifest.json does not name it"},
		"no README":                 {recipienttest.Changes{Files: func(f map[string][]byte) { delete(f, manifest.ReadmeName) }}, "manifest", "README.html is missing"},
		"no proof":                  {recipienttest.Changes{Files: func(f map[string][]byte) { delete(f, manifest.ProofName) }}, "manifest", "register.proof is missing"},
		"no table":                  {recipienttest.Changes{Files: func(f map[string][]byte) { delete(f, "children/01.parquet") }}, "manifest", "which the drop does not have"},
		"manifest of other bytes":   {recipienttest.Changes{Files: func(f map[string][]byte) { f["children/01.parquet"] = append(f["children/01.parquet"], 0) }}, "manifest", "another SHA-256"},
		"other size":                {recipienttest.Changes{Final: func(m *manifest.Manifest) { m.Tables[0].Files[0].Bytes++ }}, "manifest", "not of the size"},
		"not personal data": {recipienttest.Changes{Files: func(f map[string][]byte) {
			f[manifest.Name] = bytes.Replace(f[manifest.Name], []byte(manifest.Classification), []byte("open"), 1)
		}}, "manifest", "not as the gateway writes it"},
		"unknown member": {recipienttest.Changes{Files: func(f map[string][]byte) {
			f[manifest.Name] = bytes.Replace(f[manifest.Name], []byte("{"), []byte("{\n  \"x\": 1,"), 1)
		}}, "manifest", "not as the gateway writes it"},
		"claim to another drop": {replaced(manifest.ClaimName, []byte("dsa-other/0007-20261121 "+strings.Repeat("0", 32)+"\n")), "manifest", "CLAIM is not a claim to this drop"},
		"claim that says more":  {replaced(manifest.ClaimName, []byte("dsa-coventry-fv-2026/0007-20261121 "+strings.Repeat("0", 32)+" srv-cov-01\n")), "manifest", "CLAIM is not a claim"},
		"claim too long":        {replaced(manifest.ClaimName, bytes.Repeat([]byte("x"), 1000)), "digests", "CLAIM is larger"},
		"sums out of form":      {recipienttest.Changes{Sums: func(s []byte) []byte { return append(s, '\n') }}, "signature", "is not as the gateway writes it"},
	} {
		t.Run(name, func(t *testing.T) {
			c := council(t)
			d := makeDrop(t, c, 7, nil, want.changes)
			r := verify(t, source(d), recipient.Options{AllowedSigners: c.AllowedSigners()})
			if got := failed(r); !slices.Equal(got, []string{want.failed}) || !strings.Contains(describe(r), want.says) {
				t.Errorf("%v failed, want %s, saying %q: %s", got, want.failed, want.says, describe(r))
			}
			for _, cell := range []string{"331/20-04711", "X9", "c2_", "u1_"} {
				if strings.Contains(describe(r)+r.Sentence, cell) {
					t.Errorf("the report repeats a cell: %s", describe(r))
				}
			}
		})
	}
}

func entry(change func(*manifest.Prepared)) recipienttest.Changes {
	return recipienttest.Changes{Entry: func(e *register.Entry) {
		p, err := manifest.ParsePrepared(e.Body)
		if err == nil {
			change(p)
			e.Body, err = p.Encode()
		}
		if err != nil {
			e.Body = json.RawMessage("null")
		}
	}}
}

func replaced(path string, data []byte) recipienttest.Changes {
	return recipienttest.Changes{Files: func(f map[string][]byte) { f[path] = data }}
}

// rewritten writes a table again with other options.
func rewritten(options ...parquet.WriterOption) recipienttest.Changes {
	var rows []recipienttest.Episode
	return recipienttest.Changes{
		Rows: func(r *recipienttest.Rows) { rows = r.Episodes },
		Parquet: func(f map[string][]byte) {
			m := &manifest.Manifest{Agreement: manifest.Agreement{ID: "dsa-coventry-fv-2026", Version: 1}}
			t := &manifest.Table{Name: "looked_after_episodes", Columns: []manifest.Column{
				{Name: "child_id", Meaning: "Code that stands for the child."}, {Name: "started", Meaning: "First day of the episode."},
				{Name: "legal_status", Meaning: "Legal status."}}}
			data, err := recipienttest.Parquet(rows, m, t, options...)
			if err == nil {
				f["looked_after_episodes.parquet"] = data
			}
		},
	}
}

// Rows without a usable identifier may all stand last instead of first, and a table may have no rows at all.
func TestOrderOfEmptyCells(t *testing.T) {
	for name, change := range map[string]func(r *recipienttest.Rows){
		"last": func(r *recipienttest.Rows) { r.Episodes = append(r.Episodes[2:], r.Episodes[:2]...) },
		"none": func(r *recipienttest.Rows) { r.Episodes = r.Episodes[2:] },
	} {
		t.Run(name, func(t *testing.T) {
			c := council(t)
			d := makeDrop(t, c, 7, nil, recipienttest.Changes{Rows: change})
			if r := verify(t, source(d), recipient.Options{AllowedSigners: c.AllowedSigners()}); !r.Verified {
				t.Errorf("not verified: %s", describe(r))
			}
		})
	}
	t.Run("no rows", func(t *testing.T) {
		c := council(t)
		d := makeDrop(t, c, 7, nil, recipienttest.Changes{
			Rows: func(r *recipienttest.Rows) { r.Episodes = nil },
			Manifest: func(m *manifest.Manifest) {
				m.Tables[1].Files[0].DistinctChildren, m.Tables[1].DistinctChildren = 0, 0
			},
		})
		if r := verify(t, source(d), recipient.Options{AllowedSigners: c.AllowedSigners()}); !r.Verified {
			t.Errorf("not verified: %s", describe(r))
		}
	})
}

// A claim, signed like every other file, is part of a drop.
func TestClaim(t *testing.T) {
	c := council(t)
	claim, err := manifest.Claim("dsa-coventry-fv-2026/0007-20261121", strings.Repeat("0f", 16))
	if err != nil {
		t.Fatal(err)
	}
	d := makeDrop(t, c, 7, nil, replaced(manifest.ClaimName, claim))
	if r := verify(t, source(d), recipient.Options{AllowedSigners: c.AllowedSigners()}); !r.Verified {
		t.Errorf("not verified: %s", describe(r))
	}
}

func TestChain(t *testing.T) {
	c := council(t)
	first := makeDrop(t, c, 5, nil, recipienttest.Changes{})
	second := makeDrop(t, c, 6, first, recipienttest.Changes{})
	third := makeDrop(t, c, 9, second, recipienttest.Changes{}) // a gap in the sequence is an abandoned attempt
	other, err := recipienttest.NewCouncil(filepath.Join(t.TempDir(), "register"))
	if err != nil {
		t.Fatal(err)
	}
	rewritten := makeDrop(t, other, 6, nil, recipienttest.Changes{})
	after := func(previous *recipienttest.Drop, change func(m *manifest.Manifest)) *recipienttest.Drop {
		return makeDrop(t, c, 10, previous, recipienttest.Changes{Final: change})
	}
	spoilt := source(second)
	spoilt.files[manifest.Name] = first.Files[manifest.Name]
	bare := source(second)
	delete(bare.files, manifest.Name)
	for name, want := range map[string]struct {
		drop     *recipienttest.Drop
		previous recipient.Source
		failed   []string
		says     string
	}{
		"the first":            {first, nil, nil, "first drop under its agreement"},
		"the second":           {second, source(first), nil, "It follows drop dsa-coventry-fv-2026/0005-20261119: the same register, continued, and the same code key"},
		"over a gap":           {third, source(second), nil, "It follows"},
		"none given":           {third, nil, nil, "No previous drop was given"},
		"one left out":         {third, source(first), []string{"previous"}, "not the one that this drop follows"},
		"itself":               {third, source(third), []string{"previous"}, "not the one that this drop follows"},
		"before the first":     {first, source(second), []string{"previous"}, "the first under its agreement"},
		"another register":     {second, source(rewritten), []string{"previous"}, "not the one that this drop follows"},
		"previous changed":     {third, spoilt, []string{"previous"}, "manifest.json of the previous drop was changed"},
		"previous not whole":   {third, bare, []string{"previous"}, "has no manifest.json"},
		"previous no drop":     {third, memory{}, []string{"previous"}, "has no SHA256SUMS"},
		"keys changed":         {after(third, func(m *manifest.Manifest) { m.Pseudonyms.KeyCheck = "fedcba9876543210" }), source(third), []string{"previous"}, "The code key changed without a new version"},
		"proof of another gap": {makeDropAcross(t, c, first, third), source(third), []string{"previous"}, "does not continue the register as the previous drop had it"},
		"earlier sequence":     {makeDrop(t, c, 4, third, recipienttest.Changes{}), source(third), []string{"previous"}, "not earlier than this one"},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, source(want.drop), recipient.Options{AllowedSigners: c.AllowedSigners(), Previous: want.previous})
			if got := failed(r); !slices.Equal(got, want.failed) || !strings.Contains(describe(r), want.says) {
				t.Errorf("%v failed, want %v: %s", got, want.failed, describe(r))
			}
		})
	}
}

// makeDropAcross makes a drop that names the digest of one drop and continues the register of another.
func makeDropAcross(t *testing.T, c *recipienttest.Council, register, sums *recipienttest.Drop) *recipienttest.Drop {
	t.Helper()
	mixed := &recipienttest.Drop{Files: sums.Files, Manifest: sums.Manifest, Checkpoint: register.Checkpoint}
	return makeDrop(t, c, 10, mixed, recipienttest.Changes{})
}

func TestReportJSON(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	data, err := json.Marshal(verify(t, source(d), recipient.Options{AllowedSigners: c.AllowedSigners()}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"verified":true`, `"name":"signature","outcome":"pass"`, `"id":"dsa-coventry-fv-2026/0007-20261121"`, `"signer":"drops@council.example"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in the report", want)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	c := council(b)
	src := source(makeDrop(b, c, 7, nil, recipienttest.Changes{}))
	b.ReportAllocs()
	for b.Loop() {
		verify(b, src, recipient.Options{AllowedSigners: c.AllowedSigners()})
	}
}

// BenchmarkVerifyRows is what a row of a large table costs: its digest, and a look at each of its three cells.
func BenchmarkVerifyRows(b *testing.B) {
	const children, each = 3000, 100
	c := council(b)
	src := source(makeDrop(b, c, 7, nil, recipienttest.Changes{Rows: func(r *recipienttest.Rows) {
		some := r.Episodes[len(r.Episodes)-1]
		var ids []string
		for i := range children {
			ids = append(ids, recipienttest.Pseudonym("c1_", i))
		}
		slices.Sort(ids)
		r.Episodes = nil
		for i := range children * each {
			e := some
			e.ChildID, e.Started = &ids[i/each], some.Started+int32(i%each)
			r.Episodes = append(r.Episodes, e)
		}
	}, Manifest: func(m *manifest.Manifest) {
		m.Tables[1].Files[0].DistinctChildren, m.Tables[1].DistinctChildren = children, children
	}}))
	b.ReportAllocs()
	for b.Loop() {
		if r := verify(b, src, recipient.Options{AllowedSigners: c.AllowedSigners()}); !r.Verified {
			b.Fatal(describe(r))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(children*each*3), "ns/cell")
}
