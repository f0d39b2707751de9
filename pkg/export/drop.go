package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/pkg/state"
)

// The layout of a drop's staging folder: the drop's files, and what the ledger will say of it once it is published.
const (
	stagedDrop   = "drop"
	stagedLedger = "ledger.json"
)

// drop is a drop being made.
type drop struct {
	*run
	about    manifest.Drop
	dir      string               // the staging folder
	previous *state.PublishedDrop // the one before it in its store; nil when it is the first there
	manifest *manifest.Manifest
}

// name is the drop's own part of its id: 0007-20261121.
func (d *drop) name() string { return path.Base(d.about.ID) }

// build makes every file of the drop in its staging folder. It ends with the signature: a staging folder that has one
// is whole.
func (d *drop) build(ctx context.Context) (err error) {
	prepared := false
	defer func() {
		if err != nil && !prepared {
			err = errors.Join(err, d.State.RemoveStaging(d.judgement.Agreement.ID, d.name()))
		}
	}()
	files := filepath.Join(d.dir, stagedDrop)
	if err := os.Mkdir(files, 0o700); err != nil {
		return fmt.Errorf("stage drop: %w", err)
	}
	members, err := d.listMembers()
	if err != nil {
		return err
	}
	defer members.discard()
	tables, err := d.writeTables(ctx, d.survey, files, members)
	if err != nil {
		return err
	}
	if err := expected(d.judgement.Agreement, tables); err != nil {
		return err
	}
	d.progress("signing", d.about.ID, 0)
	d.manifest = d.describeDrop(d.survey, d.judgement, d.about, tables, d.keys)
	proof, err := d.prepare()
	if err != nil {
		return err
	}
	prepared = true
	if err := members.seal(d.survey); err != nil {
		return err
	}
	// The run record is there before the drop is whole: whoever publishes it, its rows are accounted for.
	d.result.Outcome, d.result.Drop, d.result.Manifest = Published, d.about.ID, d.manifest
	if err := d.record("prepared", nil); err != nil {
		return err
	}
	return d.finish(files, proof)
}

// volumeBand is by how many hundredths of those expected the children of a drop may be more or fewer.
const volumeBand = 20

// expected holds the children of the largest table to the number that the agreement expects, where it states one. The
// refusal does not say how many they are: it goes into the register, and the run record has the rows of each table.
func expected(a *agreement.Agreement, tables []manifest.Table) error {
	want, children := int64(a.Subjects.Children), int64(0)
	if want == 0 {
		return nil
	}
	for _, t := range tables {
		children = max(children, t.DistinctChildren)
	}
	how := ""
	switch {
	case children*100 < want*(100-volumeBand):
		how = fmt.Sprintf("fewer than %d%% of", 100-volumeBand)
	case children*100 > want*(100+volumeBand):
		how = fmt.Sprintf("more than %d%% of", 100+volumeBand)
	default:
		return nil
	}
	return finding.Refuse(finding.VolumeUnexpected,
		"see that the extracts are whole, and each there once: the run record has the rows of each table; if they are right, agree on another number (subjects.children) in a new version",
		"the drop would hold %s the %d children that the agreement expects", how, want)
}

// prepare enters the drop in the register, and proves the entry.
func (d *drop) prepare() (*register.Proof, error) {
	body, err := d.manifest.Prepared().Encode()
	if err != nil {
		return nil, err
	}
	record, err := d.books.append(register.Entry{Kind: manifest.PreparedKind, Time: d.Now(), Body: body})
	if err != nil {
		return nil, fmt.Errorf("register the drop: %w", err)
	}
	previous, err := d.previousCheckpoint()
	if err != nil {
		return nil, err
	}
	proof, err := d.books.log.Proof(record.Index, previous)
	if err != nil {
		return nil, fmt.Errorf("prove the register entry: %w", err)
	}
	d.manifest.Register = manifest.RegisterAt{
		Origin: proof.Checkpoint.Origin, Size: proof.Checkpoint.Size, Root: proof.Checkpoint.Root.String(),
	}
	return proof, nil
}

func (d *drop) previousCheckpoint() (*register.Checkpoint, error) {
	if d.previous == nil {
		return nil, nil
	}
	c, err := register.ParseCheckpoint([]byte(d.previous.Checkpoint))
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return &c, nil
}

// finish writes the texts beside the Parquet files, their digests, and the signature.
func (d *drop) finish(files string, proof *register.Proof) error {
	texts, err := d.texts(proof)
	if err != nil {
		return err
	}
	if err := d.checkTexts(texts); err != nil {
		return err
	}
	for _, t := range texts {
		if err := writeFile(filepath.Join(files, t.name), t.data); err != nil {
			return err
		}
	}
	sums, encoded, err := digests(d.manifest, texts)
	if err != nil {
		return err
	}
	key, err := d.Keys.SigningKey()
	if err != nil {
		return err
	}
	armoured, err := signature.Sign(key, signature.DropNamespace, encoded)
	if err != nil {
		return fmt.Errorf("sign the drop: %w", err)
	}
	entry := state.PublishedDrop{
		Sequence: int(d.about.Sequence), ID: d.about.ID, InputDigest: d.inputs, SumsSHA256: sums,
		Store: d.Store.Location(), KeyCheck: d.keys.KeyCheck(), Epoch: d.judgement.Agreement.Pseudonyms.Epoch, ReferenceDate: d.survey.Reference, Checkpoint: string(proof.Checkpoint.Format()), Published: d.Now().UTC(),
	}
	ledger, err := encodeLedger(entry)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(d.dir, stagedLedger), ledger); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(files, manifest.SumsName), encoded); err != nil {
		return err
	}
	return writeFile(filepath.Join(files, manifest.SignatureName), armoured)
}

type text struct {
	name string
	data []byte
}

// checkTexts refuses the drop when a text beside the Parquet files, or what people wrote in the agreement, holds an identifier
// that the run has read.
func (d *drop) checkTexts(texts []text) error {
	check := func(known func(word []byte) bool) error {
		a := d.judgement.Agreement
		for _, written := range []string{a.Title, a.Purpose.Text, a.Controller.Name, a.Controller.DPO, a.Recipient.Name, a.Recipient.Contact} {
			if err := disclosure.CheckWritten("the agreement", []byte(written), known); err != nil {
				return err
			}
		}
		for _, t := range texts {
			if err := disclosure.CheckText(t.name, t.data, known); err != nil {
				return err
			}
		}
		return nil
	}
	// All words that are asked about come first, so that what the run has read is gone through once.
	var words [][]byte
	if err := check(func(word []byte) bool {
		words = append(words, bytes.Clone(word))
		return false
	}); err != nil {
		return err
	}
	known, err := d.survey.plan.Children().Among(words)
	if err != nil {
		return err
	}
	return check(known)
}

// texts makes the files beside the Parquet files.
func (d *drop) texts(proof *register.Proof) ([]text, error) {
	encoded, err := d.manifest.Encode()
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	dictionary, err := manifest.DataPackage(d.manifest)
	if err != nil {
		return nil, fmt.Errorf("write the data dictionary: %w", err)
	}
	page, err := manifest.ReadmeHTML(d.manifest)
	if err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	proved, err := proof.Format()
	if err != nil {
		return nil, fmt.Errorf("write the register's proof: %w", err)
	}
	claim, err := claimOf(d.about.ID)
	if err != nil {
		return nil, err
	}
	return []text{
		{manifest.ClaimName, claim}, {manifest.Name, encoded},
		{manifest.DataPackageName, dictionary}, {manifest.ReadmeName, page}, {manifest.ProofName, proved},
	}, nil
}

// writeFile writes a staged file, whole or not at all, and durably: the signature's being there means something.
func writeFile(name string, data []byte) error {
	if err := state.WriteFile(name, data); err != nil {
		return fmt.Errorf("stage drop: %w", err)
	}
	return nil
}
