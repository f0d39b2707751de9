package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/postern-gateway/postern/pkg/finding"
)

// RuleUnreadable is broken by a file that cannot be opened or read.
const RuleUnreadable = "FILE_UNREADABLE"

// OpenFile opens a regular file for a reader. What it is is asked first: opening a named pipe would wait for a writer. An
// error is an *Invalid at the place.
func OpenFile(path string, place finding.Place) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, Unreadable(place, err)
	}
	if !info.Mode().IsRegular() {
		return nil, Unreadable(place, errors.New("it is not a regular file"))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, Unreadable(place, err)
	}
	return f, nil
}

// Interruptible reads from another reader until the context is done, and then gives the context's error.
func Interruptible(ctx context.Context, from io.Reader) io.Reader { return interruptible{ctx, from} }

type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// Unreadable makes an *Invalid of what the file system says, without the path, which the place has as users know it.
func Unreadable(place finding.Place, err error) error {
	reason := err
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		reason = inPath.Err
	}
	return Stop(RuleUnreadable, place, fmt.Sprintf("the file cannot be read: %v", reason),
		"check that it exists and that the account that runs postern may read it")
}
