// Package recipienttest makes small drops for tests: valid ones, and ones that a council with a faulty or dishonest gateway
// might sign. The keys are made of fixed bytes, and so is everything else: the same calls give the same drop, but for the
// register's random salts.
package recipienttest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// The principals of a Council's keys.
const (
	DropPrincipal     = "drops@council.example"
	RegisterPrincipal = "register@council.example"
)

// Origin is the origin of a Council's register.
const Origin = "postern.council.example/331"

// Council has the keys and the register that drops are made with.
type Council struct {
	DropKey, RegisterKey ssh.Signer
	log                  *register.Log
}

// NewCouncil makes a council with an empty register in a folder that is not there yet.
func NewCouncil(folder string) (*Council, error) {
	c := &Council{}
	var err error
	if c.DropKey, err = Key(1); err != nil {
		return nil, err
	}
	if c.RegisterKey, err = Key(2); err != nil {
		return nil, err
	}
	c.log, err = register.Create(folder, Origin, c.signRegister)
	return c, err
}

// Key makes an Ed25519 key of 32 equal bytes.
func Key(seed byte) (ssh.Signer, error) {
	return ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
}

func (c *Council) signRegister(message []byte) ([]byte, error) {
	var public ed25519.PublicKey
	if key, ok := c.RegisterKey.PublicKey().(ssh.CryptoPublicKey); ok {
		public, _ = key.CryptoPublicKey().(ed25519.PublicKey)
	}
	if public == nil {
		return nil, errors.New("not an Ed25519 key")
	}
	return register.NoteSigner(public, func(m []byte) ([]byte, error) {
		signed, err := c.RegisterKey.Sign(rand.Reader, m)
		if err != nil {
			return nil, err
		}
		return signed.Blob, nil
	})(message)
}

// AllowedSigners is the list that the council gives its recipients.
func (c *Council) AllowedSigners() signature.AllowedSigners {
	return signature.AllowedSigners{
		{Principal: DropPrincipal, Namespaces: []string{signature.DropNamespace}, Key: c.DropKey.PublicKey()},
		{Principal: RegisterPrincipal, Namespaces: []string{signature.RegisterNamespace}, Key: c.RegisterKey.PublicKey()},
	}
}

// Changes are made to a drop while it is built, so that it is signed all the same. Each may be nil.
type Changes struct {
	Rows     func(*Rows)                       // before the Parquet files are written
	Parquet  func(files map[string][]byte)     // after; digests and sizes in the manifest follow
	Manifest func(m *manifest.Manifest)        // before the register has its entry
	Entry    func(e *register.Entry)           // before it is added
	Proof    func(p *register.Proof)           // after
	Final    func(m *manifest.Manifest)        // before the manifest is written
	Files    func(files map[string][]byte)     // every file, before SHA256SUMS is made
	Sums     func(sums []byte) []byte          // before it is signed
	Sign     func(sums []byte) ([]byte, error) // in place of the signature by DropKey
}

// Drop is a drop in memory.
type Drop struct {
	Files      map[string][]byte // by path, SHA256SUMS and its signature included
	Manifest   *manifest.Manifest
	Checkpoint register.Checkpoint
}

// Drop makes the drop of a sequence number, after the given one (nil for the first).
func (c *Council) Drop(sequence int64, previous *Drop, changes Changes) (*Drop, error) {
	rows := newRows()
	if changes.Rows != nil {
		changes.Rows(rows)
	}
	m := describe(sequence, rows)
	files, err := rows.write(m)
	if err != nil {
		return nil, err
	}
	if changes.Parquet != nil {
		changes.Parquet(files)
	}
	for i := range m.Tables {
		for j := range m.Tables[i].Files {
			f := &m.Tables[i].Files[j]
			f.Bytes, f.SHA256 = int64(len(files[f.Path])), manifest.Hex(sha256.Sum256(files[f.Path]))
		}
	}
	if previous != nil {
		m.Drop.PreviousSumsSHA256 = manifest.Hex(sha256.Sum256(previous.Files[manifest.SumsName]))
	}
	if changes.Manifest != nil {
		changes.Manifest(m)
	}
	d := &Drop{Files: files, Manifest: m}
	if err := c.record(d, previous, changes); err != nil {
		return nil, err
	}
	if err := d.describe(changes); err != nil {
		return nil, err
	}
	return d, c.sign(d, changes)
}

// record adds the drop's entry to the register and proves it.
func (c *Council) record(d *Drop, previous *Drop, changes Changes) error {
	body, err := d.Manifest.Prepared().Encode()
	if err != nil {
		return err
	}
	entry := register.Entry{Kind: manifest.PreparedKind, Time: time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC), Body: body}
	if changes.Entry != nil {
		changes.Entry(&entry)
	}
	record, err := c.log.Append(entry, c.signRegister)
	if err != nil {
		return err
	}
	var earlier *register.Checkpoint
	if previous != nil {
		earlier = &previous.Checkpoint
	}
	proof, err := c.log.Proof(record.Index, earlier)
	if err != nil {
		return err
	}
	if changes.Proof != nil {
		changes.Proof(proof)
	}
	d.Checkpoint = proof.Checkpoint
	d.Manifest.Register = manifest.RegisterAt{
		Origin: proof.Checkpoint.Origin, Size: proof.Checkpoint.Size, Root: proof.Checkpoint.Root.String(),
	}
	d.Files[manifest.ProofName], err = proof.Format()
	return err
}

func (d *Drop) describe(changes Changes) error {
	if changes.Final != nil {
		changes.Final(d.Manifest)
	}
	for name, write := range map[string]func(*manifest.Manifest) ([]byte, error){
		manifest.Name: (*manifest.Manifest).Encode, manifest.DataPackageName: manifest.DataPackage, manifest.ReadmeName: manifest.ReadmeHTML,
	} {
		data, err := write(d.Manifest)
		if err != nil {
			return err
		}
		d.Files[name] = data
	}
	return nil
}

func (c *Council) sign(d *Drop, changes Changes) error {
	if changes.Files != nil {
		changes.Files(d.Files)
	}
	sums, err := Sums(d.Files)
	if err != nil {
		return err
	}
	if changes.Sums != nil {
		sums = changes.Sums(sums)
	}
	sign := func(sums []byte) ([]byte, error) { return signature.Sign(c.DropKey, signature.DropNamespace, sums) }
	if changes.Sign != nil {
		sign = changes.Sign
	}
	signed, err := sign(sums)
	if err != nil {
		return err
	}
	d.Files[manifest.SumsName], d.Files[manifest.SignatureName] = sums, signed
	return nil
}

// Sums writes the SHA256SUMS of files.
func Sums(files map[string][]byte) ([]byte, error) {
	var sums manifest.Sums
	for path, data := range files {
		if path != manifest.SumsName && path != manifest.SignatureName {
			sums = append(sums, manifest.Sum{Path: path, SHA256: sha256.Sum256(data)})
		}
	}
	return sums.Encode()
}

// Write writes the drop's files into a folder, which it makes.
func (d *Drop) Write(folder string) error {
	for path, data := range d.Files {
		name := filepath.Join(folder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Folder is the last part of the drop's id, which its folder is called.
func (d *Drop) Folder() string { return filepath.Base(d.Manifest.Drop.ID) }

func date(sequence int64) civil.Date { return civil.MustYMD(2026, 11, 14) + civil.Date(sequence) }

func part(i int) string { return fmt.Sprintf("children/%02d.parquet", i) }
