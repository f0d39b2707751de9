package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// PublishedDrop is what the council remembers of a drop it published.
type PublishedDrop struct {
	Sequence      int        `json:"sequence"`       // from 1, ascending; an abandoned drop leaves a gap
	ID            string     `json:"id"`             // 0007-20261121, or dsa-x/0007-20261121 with its agreement
	InputDigest   string     `json:"input_digest"`   // 64 hexadecimal digits: everything that decides the drop's bytes
	SumsSHA256    string     `json:"sums_sha256"`    // 64 hexadecimal digits: of the bytes of SHA256SUMS
	Epoch         int        `json:"epoch"`          // from 1: the key epoch of the pseudonyms
	KeyCheck      string     `json:"key_check"`      // 16 hexadecimal digits: the key check value of the pseudonyms
	ReferenceDate civil.Date `json:"reference_date"` // at which ages were taken
	Checkpoint    string     `json:"checkpoint"`     // the register's signed checkpoint that the drop's proof leads to
	Store         string     `json:"store"`          // the location of the store that holds it
	Published     time.Time  `json:"published"`      // kept in UTC
}

type dropsLedger struct {
	Format    string          `json:"format"`
	Agreement string          `json:"agreement"`
	Drops     []PublishedDrop `json:"drops"` // by sequence
}

const (
	dropsFormat = "postern-drops/v1"

	// maxCheckpoint is the longest checkpoint, in bytes.
	maxCheckpoint = 64 << 10
)

// AppendDrop adds a drop to an agreement's ledger, durably, and all or nothing. Its sequence is higher than that of every drop
// there, its identifier is new. To append the last drop once more is no error, so that a run that was killed after it can
// begin the step again.
func (f *Folder) AppendDrop(agreement string, drop PublishedDrop) error {
	if err := checkName("an agreement", agreement); err != nil {
		return err
	}
	drop.Published = drop.Published.UTC().Round(0) // without the reading of the monotonic clock
	f.mu.Lock()
	defer f.mu.Unlock()
	drops, err := f.Drops(agreement)
	if err != nil {
		return err
	}
	if len(drops) > 0 && drops[len(drops)-1] == drop {
		return nil
	}
	ledger := dropsLedger{dropsFormat, agreement, append(drops, drop)}
	if err := ledger.check(); err != nil {
		return finding.WithHint(fmt.Errorf("state: drops of %s: drop %d: %w", agreement, drop.Sequence, err),
			"the ledger is unchanged; compare it with what the store holds")
	}
	data, err := encode(ledger)
	if err != nil {
		return failed(err)
	}
	folder, err := f.made(dropsFolder)
	if err != nil {
		return failed(err)
	}
	defer folder.Close()
	return failed(writeOver(folder, agreement+".json", data))
}

// Drops gives the drops that were published under an agreement, in the order of their sequence; none when there are none.
func (f *Folder) Drops(agreement string) ([]PublishedDrop, error) {
	if err := checkName("an agreement", agreement); err != nil {
		return nil, err
	}
	folder, err := f.at(dropsFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	defer folder.Close()
	data, err := readFile(folder, agreement+".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	ledger, err := parseDrops(data)
	if err == nil && ledger.Agreement != agreement {
		err = errDamaged
	}
	if err != nil {
		return nil, fmt.Errorf("state: drops of %s: %w", agreement, err)
	}
	return ledger.Drops, nil
}

// Agreements lists the agreements under which drops were published, in order.
func (f *Folder) Agreements() ([]string, error) {
	folder, err := f.at(dropsFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	defer folder.Close()
	entries, err := list(folder)
	if err != nil {
		return nil, failed(err)
	}
	var out []string
	for _, entry := range entries {
		if agreement, ok := strings.CutSuffix(entry.Name(), ".json"); ok && validName(agreement) {
			out = append(out, agreement)
		}
	}
	return out, nil
}

// Digest is the SHA-256, in 64 hexadecimal digits, of the drop's canonical JSON: its members in the order of
// PublishedDrop, compact, without a line end, nothing escaped that JSON does not ask for. A member that is added later is left
// out where it is empty, or drops of before would get another digest.
func (d PublishedDrop) Digest() (string, error) {
	d.Published = d.Published.UTC().Round(0)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return "", failed(err)
	}
	sum := sha256.Sum256(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
	return hex.EncodeToString(sum[:]), nil
}

// parseDrops reads a ledger exactly as AppendDrop writes it, or not at all.
func parseDrops(data []byte) (dropsLedger, error) {
	var ledger dropsLedger
	if err := decode(data, &ledger); err != nil {
		return dropsLedger{}, err
	}
	if ledger.Format != dropsFormat || !validName(ledger.Agreement) || len(ledger.Drops) == 0 || ledger.check() != nil {
		return dropsLedger{}, errDamaged
	}
	return ledger, nil
}

// check holds the rules of a ledger and its drops.
func (l dropsLedger) check() error {
	seen := make(map[string]bool)
	last := 0
	for _, drop := range l.Drops {
		own := strings.TrimPrefix(drop.ID, l.Agreement+"/")
		switch {
		case drop.Sequence <= last:
			return errors.New("its sequence is not higher than the last one's")
		case !validName(own):
			return errors.New("its identifier is not a name, with the agreement before it or not")
		case seen[own]:
			return errors.New("its identifier was used before")
		}
		if err := drop.check(); err != nil {
			return err
		}
		seen[own] = true
		last = drop.Sequence
	}
	return nil
}

func (d PublishedDrop) check() error {
	year, _, _ := d.ReferenceDate.YMD()
	switch {
	case !isHex(d.InputDigest, 64):
		return errors.New("its input digest is not 64 hexadecimal digits")
	case !isHex(d.SumsSHA256, 64):
		return errors.New("the digest of its SHA256SUMS is not 64 hexadecimal digits")
	case d.Epoch < 1:
		return errors.New("its key epoch is below 1")
	case !isHex(d.KeyCheck, 16):
		return errors.New("its key check value is not 16 hexadecimal digits")
	case year < civil.EarliestYear || year > civil.LatestYear:
		return errors.New("its reference date is not a date")
	case d.Checkpoint == "" || len(d.Checkpoint) > maxCheckpoint || !utf8.ValidString(d.Checkpoint):
		return errors.New("its checkpoint is empty, too long or not text")
	case d.Store == "" || len(d.Store) > maxCheckpoint || !utf8.ValidString(d.Store):
		return errors.New("its store is not named")
	case d.Published.IsZero() || d.Published.Location() != time.UTC:
		return errors.New("its time of publication is missing")
	}
	return nil
}

// isHex reports whether s is n lower-case hexadecimal digits.
func isHex(s string, n int) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == n && s == strings.ToLower(s)
}

// published reports whether a drop is in an agreement's ledger.
func (f *Folder) published(agreement, drop string) (bool, error) {
	drops, err := f.Drops(agreement)
	return slices.ContainsFunc(drops, func(d PublishedDrop) bool {
		return strings.TrimPrefix(d.ID, agreement+"/") == drop
	}), err
}
