package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/postern-gateway/postern/bench/attendance"
)

// bench is a measurement under way.
type bench struct {
	setting
	council  string             // the folder that each run of Postern gets a copy of
	expected map[string]figures // by extract: what an output of it holds
	bytes    map[string]string  // by extract: the digest of Postern's Parquet files
}

// figures are what duck says of an output.
type figures struct {
	Rows     int64  `json:"rows"`
	Children int64  `json:"children"`
	Schools  int64  `json:"schools"`
	Cells    string `json:"cells"`
	ByChild  string `json:"by_child"`
	BySchool string `json:"by_school"`
	ByPair   string `json:"by_pair"`
}

// measure runs the contenders of a part in rounds.
func (b *bench) measure(ctx context.Context, p *part) error {
	for _, c := range p.contenders {
		if err := b.generated(ctx, c.extract); err != nil {
			return err
		}
		if _, known := b.expected[c.extract.Name()]; !known {
			f, err := b.figures(ctx, "extract", b.file(c.extract))
			if err != nil {
				return err
			}
			b.expected[c.extract.Name()] = f
		}
	}
	for round := range b.repeats {
		for i := range p.contenders {
			c := &p.contenders[(round+i)%len(p.contenders)]
			got, err := b.once(ctx, *c, p.name, round)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.runs = append(c.runs, got)
			fmt.Fprintf(os.Stderr, "%-9s round %d  %-28s %8.2f CPU s %8.2f s %6.0f MiB\n", p.name, round+1, c.name, got.cpu, got.wall, got.peak)
		}
	}
	p.hold()
	return nil
}

// once runs one contender, and looks at what it has made.
func (b *bench) once(ctx context.Context, c contender, part string, round int) (cost, error) {
	folder := filepath.Join(b.folder, "run")
	if err := os.RemoveAll(folder); err != nil {
		return cost{}, err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return cost{}, err
	}
	args, out, err := b.begin(c, folder)
	if err != nil {
		return cost{}, err
	}
	if err := warm(b.file(c.extract)); err != nil {
		return cost{}, err
	}
	syscall.Sync()
	log := fmt.Sprintf("%s-%s-%d.txt", part, strings.Trim(strings.NewReplacer(" ", "-", ",", "", ":", "").Replace(strings.ToLower(c.name)), "-"), round+1)
	got, err := measured(ctx, folder, filepath.Join(b.folder, "logs", log), args[0], args[1:]...)
	if err != nil {
		return cost{}, err
	}
	files, size, digest, err := made(out)
	if err != nil {
		return cost{}, err
	}
	got.output = float64(size) / 1e6
	if err := b.agrees(ctx, c, round, files, digest); err != nil {
		return cost{}, err
	}
	return got, os.RemoveAll(folder)
}

// agrees holds the output of a contender's first run against its extract, and that of every run of Postern to the first from
// the same extract, byte by byte.
func (b *bench) agrees(ctx context.Context, c contender, round int, files []string, digest string) error {
	of := "parquet"
	switch c.group {
	case plain, cached:
		of = "csv"
	case gate:
		if was, known := b.bytes[c.extract.Name()]; known && was != digest {
			return errors.New("the Parquet files are not the bytes that another run has made from the same extract")
		}
		b.bytes[c.extract.Name()] = digest
	}
	if round > 0 {
		return nil
	}
	f, err := b.figures(ctx, of, files...)
	if err != nil {
		return err
	}
	if want := b.expected[c.extract.Name()]; f != want {
		return fmt.Errorf("the output does not hold what its extract does: it has %+v, and should have %+v", f, want)
	}
	return nil
}

// figures has duck look at files.
func (b *bench) figures(ctx context.Context, of string, files ...string) (f figures, err error) {
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(b.tools, "duck"), append([]string{"figures", "-of", of, "-month", b.month}, files...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return f, fmt.Errorf("duck: %w: %s", err, said.String())
	}
	return f, json.Unmarshal(out.Bytes(), &f)
}

// made lists the data files of an output, with their size and one digest of all.
func made(output string) (files []string, size int64, digest string, err error) {
	err = filepath.WalkDir(output, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains([]string{".parquet", ".csv"}, filepath.Ext(name)) {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		return nil, 0, "", err
	}
	if len(files) == 0 {
		return nil, 0, "", errors.New("nothing has been written")
	}
	hash := sha256.New()
	for _, name := range files { // in the order of their names
		f, err := os.Open(name)
		if err != nil {
			return nil, 0, "", err
		}
		n, err := io.Copy(hash, f)
		f.Close()
		if err != nil {
			return nil, 0, "", err
		}
		size += n
		hash.Write(fmt.Appendf(nil, "\n%s %d\n", filepath.Base(name), n)) // which never fails
	}
	return files, size, fmt.Sprintf("%x", hash.Sum(nil)), nil
}

// million is a number of rows as people read it.
func million(e attendance.Extract) string {
	if e.Rows%1_000_000 == 0 {
		return fmt.Sprintf("%dM", e.Rows/1_000_000)
	}
	return fmt.Sprintf("%.3gM", float64(e.Rows)/1e6)
}
