package xlsx

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"github.com/postern-gateway/postern/pkg/extract"
)

// archive is the parts of a workbook, by their names in lower case: the names of parts are compared without regard to it.
type archive map[string]*zip.File

// list bounds what is read of a file before it is known how many parts it has: the library would take any number.
type list struct {
	file io.ReaderAt
	left int64 // below 0 for no bound
}

var errListed = errors.New("the list of parts is too long")

func (l *list) ReadAt(b []byte, at int64) (int, error) {
	if l.left >= 0 {
		if l.left -= int64(len(b)); l.left < 0 {
			l.left = 0
			return 0, errListed
		}
	}
	return l.file.ReadAt(b, at)
}

// openArchive lists the parts of a workbook, and refuses one whose list no spreadsheet program writes.
func openArchive(f *os.File) (archive, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var start [8]byte
	if n, err := f.ReadAt(start[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	} else if n == 0 {
		return nil, damaged("the file is empty")
	}
	if bytes.Equal(start[:], []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}) { // a compound file ([MS-CFB])
		return nil, encrypted()
	}
	listed := &list{f, maxListed}
	z, err := zip.NewReader(listed, info.Size())
	if errors.Is(err, errListed) {
		return nil, tooLarge("the workbook has a longer list of parts than any has")
	}
	if err != nil {
		return nil, err
	}
	listed.left = -1
	if len(z.File) > maxParts {
		return nil, tooLarge("the workbook has more parts than any has")
	}
	a := make(archive, len(z.File))
	packed := uint64(0)
	for _, part := range z.File {
		name := strings.ToLower(part.Name)
		switch packed += part.CompressedSize64; {
		case part.Flags&1 != 0:
			return nil, encrypted()
		case a[name] != nil:
			return nil, suspect("two parts of the workbook have one name: programs would read one or the other")
		case leadsElsewhere(name):
			return nil, suspect("a part of the workbook has a name that leads out of it")
		case packed > uint64(info.Size()):
			return nil, suspect("parts of the workbook lie over each other in its archive")
		}
		a[name] = part
	}
	return a, nil
}

// leadsElsewhere reports whether a name is other than a path downwards.
func leadsElsewhere(name string) bool {
	if strings.ContainsAny(name, "\\:\x00") || strings.HasPrefix(name, "/") {
		return true
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(name, "/"), "/") {
		if part == "" || part == "." || part == ".." {
			return true
		}
	}
	return false
}

// open opens a part to be unpacked as it is read, up to most bytes.
func (a archive) open(ctx context.Context, name string, most uint64) (io.ReadCloser, error) {
	part := a[strings.ToLower(name)]
	if part == nil {
		return nil, damaged("a part that the workbook needs is not in it")
	}
	// What a part says of its size is held to when it is unpacked: it ends there, or is damaged.
	switch size := part.UncompressedSize64; {
	case size > most:
		return nil, tooLarge("a part of the workbook is larger than can be read")
	case size > packedFloor && size/maxPacked > part.CompressedSize64:
		return nil, suspect("a part of the workbook is packed more than 100 to 1, as only something that shall exhaust its reader is")
	}
	in, err := part.Open()
	if err != nil {
		return nil, err
	}
	return unpacking{extract.Interruptible(ctx, in), in}, nil
}

type unpacking struct {
	io.Reader
	io.Closer
}

// beside is the name of a part that another one leads to: from its folder, or from the top.
func beside(part, target string) string {
	if strings.HasPrefix(target, "/") {
		return strings.TrimPrefix(path.Clean(target), "/")
	}
	return path.Join(path.Dir(part), target)
}

// linksOf is the name of the part that lists what a part leads to.
func linksOf(part string) string {
	return path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
}
