package state

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/postern-gateway/postern/pkg/finding"
)

// ErrLocked is the error of Lock when another run holds the lock.
var ErrLocked = errors.New("another run is using this state folder")

// Lock is the right to write in a state folder. It ends with Unlock, and with the process, however that ends.
type Lock struct {
	file *flock.Flock
}

// Lock takes the state folder for one run. It does not wait: the error is ErrLocked when another run, in this process or another,
// has it. The lock is the operating system's on the file state/lock, which stays; nothing has to be cleaned up
// after a crash.
func (f *Folder) Lock() (*Lock, error) {
	folder, err := f.made()
	if err != nil {
		return nil, failed(err)
	}
	defer folder.Close()
	file := flock.New(filepath.Join(f.path, "lock"), flock.SetPermissions(fileMode))
	taken, err := file.TryLock()
	if err != nil {
		return nil, failed(fmt.Errorf("lock: %w", err))
	}
	if !taken {
		return nil, finding.WithHint(fmt.Errorf("state: %s: %w", f.path, ErrLocked),
			"wait until it has ended, then run the same command again")
	}
	return &Lock{file}, nil
}

// Unlock gives the lock back. A second call does nothing.
func (l *Lock) Unlock() error {
	return failed(l.file.Unlock())
}
