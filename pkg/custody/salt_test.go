package custody

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/pseudonym"
)

// TestSaltReuse has every way in which one salt can come to serve twice.
func TestSaltReuse(t *testing.T) {
	forms(t, func(t *testing.T, suffix string) {
		c := newCouncil(t, suffix)
		folder := c.path("salts")
		salt := c.secretOf(t, c.salt)
		other := filepath.Join(folder, "dsa-y-2026.e1"+suffix)
		next := filepath.Join(folder, dsa+".e2"+suffix)
		header := func(org, agreement string, epoch int) string {
			return saltHeader(pseudonym.Scope{Org: org, Agreement: agreement, Epoch: epoch})
		}
		clean := func() {
			t.Helper()
			for _, path := range []string{other, next} {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := c.ring.AgreementKeys(org, dsa, 1); err != nil {
				t.Fatal(err)
			}
		}
		// The file copied under another agreement's or epoch's name.
		for path, keys := range map[string]func() (*AgreementKeys, error){
			other: func() (*AgreementKeys, error) { return c.ring.AgreementKeys(org, "dsa-y-2026", 1) },
			next:  func() (*AgreementKeys, error) { return c.ring.AgreementKeys(org, dsa, 2) },
		} {
			if err := os.WriteFile(path, read(t, c.salt), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := keys()
			wantKeyError(t, err, path, "another agreement", "move "+path, salt)
			_, err = c.ring.AgreementKeys(org, dsa, 1)
			wantKeyError(t, err, path, "another agreement", "move "+path, salt)
			// And when the first has gone, too: what is written in the file tells.
			if err := os.Rename(c.salt, c.salt+"x"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(c.salt+"x", filepath.Join(c.dir, "kept")); err != nil {
				t.Fatal(err)
			}
			_, err = keys()
			wantKeyError(t, err, path, "another agreement", "move "+path, salt)
			if err := os.Rename(filepath.Join(c.dir, "kept"), c.salt); err != nil {
				t.Fatal(err)
			}
			clean()
		}
		// The bytes written into a proper file of another agreement or epoch.
		c.write(t, other, formatKey(header(org, "dsa-y-2026", 1), salt))
		_, err := c.ring.AgreementKeys(org, "dsa-y-2026", 1)
		wantKeyError(t, err, other, "same salt as "+c.salt, "never share", salt)
		_, err = c.ring.AgreementKeys(org, dsa, 1)
		wantKeyError(t, err, c.salt, "same salt as "+other, "never share", salt)
		clean()
		c.write(t, next, formatKey(header(org, dsa, 2), salt))
		_, err = c.ring.AgreementKeys(org, dsa, 2)
		wantKeyError(t, err, next, "same salt as "+c.salt, "never share", salt)
		clean()
		// Another council's salt of the same agreement.
		_, err = c.ring.AgreementKeys("937", dsa, 1)
		wantKeyError(t, err, c.salt, "council", "never used twice", salt)
		// The master as salt.
		master := c.secretOf(t, c.path("master"+suffix))
		c.write(t, next, formatKey(header(org, dsa, 2), master))
		_, err = c.ring.AgreementKeys(org, dsa, 2)
		wantKeyError(t, err, next, "it is the master", "salt of its own", master)
		clean()
		// A salt that cannot be read cannot be compared.
		c.write(t, other, []byte("not a salt\n"))
		_, err = c.ring.AgreementKeys(org, dsa, 1)
		wantKeyError(t, err, other, "not a salt file", "see what")
		clean()
		// Copies that wait in the folder.
		for _, name := range []string{dsa + ".e1" + suffix + ".bak", "Copy of " + dsa + ".e1", dsa + ".e01", "README"} {
			stray := filepath.Join(folder, name)
			c.write(t, stray, formatKey(header(org, dsa, 1), salt))
			_, err = c.ring.AgreementKeys(org, dsa, 1)
			wantKeyError(t, err, stray, "not that of a salt", "out of the salts folder", salt)
			if err := os.Remove(stray); err != nil {
				t.Fatal(err)
			}
		}
		clean()
		// The same agreement and epoch twice, encrypted and not.
		twin := strings.TrimSuffix(c.salt, ageSuffix)
		if suffix == "" {
			twin += ageSuffix
			if err := os.WriteFile(c.path("identity"), identity(t), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c.write(t, twin, formatKey(header(org, dsa, 1), random(t)))
		_, err = c.ring.AgreementKeys(org, dsa, 1)
		wantKeyError(t, err, twin, "second salt file", "out of the salts folder")
	})
}

// TestSaltInTheOtherForm changes the master's reference from plain to encrypted or back.
func TestSaltInTheOtherForm(t *testing.T) {
	c := newCouncil(t, "")
	before := read(t, c.salt)
	refs := c.refs
	refs.Master += ageSuffix
	ring := Open(refs)
	if err := os.WriteFile(c.path("identity"), identity(t), 0o600); err != nil {
		t.Fatal(err)
	}
	c.write(t, c.path("master.age"), read(t, c.path("master")))
	_, err := ring.AgreementKeys(org, dsa, 1)
	wantKeyError(t, err, c.salt+ageSuffix, c.salt+" is", "encrypt or decrypt")
	_, err = ring.NewSalt(org, dsa, 1)
	wantKeyError(t, err, c.salt+ageSuffix, c.salt+" is", "encrypt or decrypt")
	if !bytes.Equal(before, read(t, c.salt)) {
		t.Error("the salt was changed")
	}
}
