package custody

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Epochs lists the key epochs of which an agreement still has a salt, in order: those whose codes can still be made. No
// salt is read. None are left when the salts folder is gone with all that was in it.
func (k *Keyring) Epochs(agreement string) ([]int, error) {
	folder, err := k.saltsPlace()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(folder.path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names, err := folder.saltFiles()
	if err != nil {
		return nil, err
	}
	var epochs []int
	for _, name := range names {
		id, epoch, ok := parseSaltName(name)
		if !ok {
			other := place{what: "salt", name: "salts", path: filepath.Join(folder.path, name)}
			return nil, other.refuse("it lies in the salts folder, and its name is not that of a salt (AGREEMENT.eEPOCH)",
				"move "+quote(other.path)+" out of the salts folder; a copy of a salt must be destroyed with it")
		}
		if id == agreement {
			epochs = append(epochs, epoch)
		}
	}
	slices.Sort(epochs)
	return epochs, nil
}
