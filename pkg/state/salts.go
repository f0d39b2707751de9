package state

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// The errors of ClaimSalt.
var (
	// ErrSaltReused: the salt is another agreement's or epoch's. Two that shared it would share every pseudonym.
	ErrSaltReused = errors.New("this salt already belongs to another agreement or epoch")

	// ErrSaltChanged: the agreement and epoch had another salt. The recipient would see every child anew.
	ErrSaltChanged = errors.New("the salt of this agreement and epoch is not the one used before")
)

const saltsFile = "salts.json"

type saltsLedger struct {
	Format string      `json:"format"`
	Salts  []saltClaim `json:"salts"` // by agreement, then epoch
}

type saltClaim struct {
	Agreement   string `json:"agreement"`
	Epoch       int    `json:"epoch"`
	Fingerprint string `json:"fingerprint"`
}

const saltsFormat = "postern-salts/v1"

// maxFingerprint is the longest fingerprint of a salt, in bytes.
const maxFingerprint = 128

// ClaimSalt records, for good, that a salt belongs to an agreement and epoch. To claim it again for the same ones is no
// error; for others it is ErrSaltReused; and another salt for the same ones is ErrSaltChanged. The fingerprint is
// what package pseudonym makes of a salt; the salt itself is never passed here. A run claims its salt before it makes a
// pseudonym.
func (f *Folder) ClaimSalt(fingerprint, agreement string, epoch int) error {
	claim := saltClaim{Agreement: agreement, Epoch: epoch, Fingerprint: fingerprint}
	if err := claim.check(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ledger, err := f.salts()
	if err != nil {
		return err
	}
	known, err := ledger.find(claim)
	if known || err != nil {
		return err
	}
	ledger.Salts = append(ledger.Salts, claim)
	slices.SortFunc(ledger.Salts, saltClaim.compare)
	data, err := encode(ledger)
	if err != nil {
		return failed(err)
	}
	folder, err := f.made()
	if err != nil {
		return failed(err)
	}
	defer folder.Close()
	return failed(writeOver(folder, saltsFile, data))
}

// salts reads the ledger of claims.
func (f *Folder) salts() (saltsLedger, error) {
	folder, err := f.at()
	if errors.Is(err, fs.ErrNotExist) {
		return saltsLedger{Format: saltsFormat}, nil
	}
	if err != nil {
		return saltsLedger{}, failed(err)
	}
	defer folder.Close()
	data, err := readFile(folder, saltsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return saltsLedger{Format: saltsFormat}, nil
	}
	if err != nil {
		return saltsLedger{}, failed(err)
	}
	ledger, err := parseSalts(data)
	if err != nil {
		return saltsLedger{}, fmt.Errorf("state: %s: %w", saltsFile, err)
	}
	return ledger, nil
}

// parseSalts reads the file exactly as ClaimSalt writes it, or not at all.
func parseSalts(data []byte) (saltsLedger, error) {
	var ledger saltsLedger
	if err := decode(data, &ledger); err != nil {
		return saltsLedger{}, err
	}
	if ledger.Format != saltsFormat || len(ledger.Salts) == 0 {
		return saltsLedger{}, errDamaged
	}
	fingerprints := make(map[string]bool)
	for i, claim := range ledger.Salts {
		if claim.check() != nil || fingerprints[claim.Fingerprint] || i > 0 && ledger.Salts[i-1].compare(claim) >= 0 {
			return saltsLedger{}, errDamaged
		}
		fingerprints[claim.Fingerprint] = true
	}
	return ledger, nil
}

// find says whether the claim was made before, and whether it contradicts another.
func (l saltsLedger) find(claim saltClaim) (bool, error) {
	place := fmt.Sprintf("state: %s, epoch %d", claim.Agreement, claim.Epoch)
	if slices.Contains(l.Salts, claim) {
		return true, nil
	}
	for _, old := range l.Salts {
		if old.Fingerprint == claim.Fingerprint {
			return false, finding.WithHint(fmt.Errorf("%s: %w (%s, epoch %d)", place, ErrSaltReused, old.Agreement, old.Epoch),
				"make a salt of its own for each agreement and epoch with: postern keys new")
		}
	}
	for _, old := range l.Salts {
		if old.compare(claim) == 0 {
			return false, finding.WithHint(fmt.Errorf("%s: %w", place, ErrSaltChanged),
				"restore the salt from its backup; if it is lost, the agreement needs a new epoch, with its own approval")
		}
	}
	return false, nil
}

func (c saltClaim) compare(other saltClaim) int {
	return cmp.Or(cmp.Compare(c.Agreement, other.Agreement), cmp.Compare(c.Epoch, other.Epoch))
}

func (c saltClaim) check() error {
	if err := checkName("an agreement", c.Agreement); err != nil {
		return err
	}
	if c.Epoch < 1 {
		return errors.New("state: an epoch is a whole number from 1")
	}
	if c.Fingerprint == "" || len(c.Fingerprint) > maxFingerprint || strings.ContainsFunc(c.Fingerprint, notInFingerprint) {
		return errors.New("state: not the fingerprint of a salt")
	}
	return nil
}

// notInFingerprint has the characters that no way to write a digest (hex, base64) needs.
func notInFingerprint(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("+/=:_-", r)
}
