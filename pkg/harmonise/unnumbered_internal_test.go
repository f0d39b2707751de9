package harmonise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
)

// crowd is a batch of so many children who write themselves plainly, and their column.
func crowd(n int) (*extract.Batch, *extract.Column) {
	b := &extract.Batch{Source: &extract.Source{}, Columns: []extract.Column{{}}}
	c := &b.Columns[0]
	for i := range n {
		c.Values = append(c.Values, extract.Value{State: extract.Known, Text: fmt.Sprintf("C%05d", i)})
		c.Index, b.Rows = append(c.Index, uint32(i)), append(b.Rows, int64(i+2))
	}
	return b, c
}

// meetAsOne meets the children of a batch as a piece that is joined does, some times over.
func meetAsOne(t *testing.T, c *Children, b *extract.Batch, column *extract.Column, times int) *met {
	t.Helper()
	m := (&names{children: c}).meetings(true)
	for range times {
		m.of(column)
		for _, value := range column.Index {
			m.saw(value)
		}
		if err := m.meet(b, column); err != nil {
			t.Fatal(err)
		}
	}
	return &m
}

// TestHashesComeBackWhole: a child who has no number is found as long as what was kept on disk is there as it was written;
// where it is not, or was removed, nobody is told that a word is no child's.
func TestHashesComeBackWhole(t *testing.T) {
	for name, spoil := range map[string]func(*Children, string) error{
		"nothing": nil,
		"a bit": func(_ *Children, file string) error {
			data, err := os.ReadFile(file)
			if err == nil {
				data[len(data)/2] ^= 1
				err = os.WriteFile(file, data, 0o600)
			}
			return err
		},
		"the last":    func(_ *Children, file string) error { return os.Truncate(file, 8*19_999) },
		"half of one": func(_ *Children, file string) error { return os.Truncate(file, 8*19_999+4) },
		"a block":     func(_ *Children, file string) error { return os.Truncate(file, hashBlock) },
		"all":         func(c *Children, _ string) error { return c.Close() },
	} {
		dir := t.TempDir()
		c := NewChildren()
		c.NumberAtMost(1, func() (string, error) { return dir, nil })
		b, column := crowd(20_001) // three blocks of hashes, of which the last is not full
		m := meetAsOne(t, c, b, column, 1)
		if err := errors.Join(m.join(), c.Distinct()); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, unnumberedName)
		if info, err := os.Stat(file); err != nil || info.Size() != 8*20_000 || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
			t.Fatalf("%v, %v", info, err)
		}
		words := [][]byte{[]byte("C00000"), []byte("C00001"), []byte("C20000"), []byte("C20001")}
		if spoil == nil {
			for range 2 { // what is added in between is found too
				known, err := c.Among(words)
				if err != nil || !known(words[0]) || !known(words[1]) || !known(words[2]) {
					t.Fatalf("children are not found: %v", err)
				}
				column.Values[1].Text = "C20001"
				meetAsOne(t, c, b, column, 1)
			}
			if known, err := c.Among(words); err != nil || !known(words[3]) || known([]byte("C20002")) {
				t.Errorf("of those who came later: %v", err)
			}
		} else if err := spoil(c, file); err != nil {
			t.Fatal(err)
		} else if _, err := c.Among(words); !errors.Is(err, errHashes) {
			t.Errorf("%s is not as it was: %v", name, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the hashes are still there: %v", err)
		}
	}
}

// TestHashesShowAFullDisk: what cannot be kept is found when all rows were read, not when a drop is signed.
func TestHashesShowAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no disk that is full:", err)
	}
	dir := t.TempDir()
	c := NewChildren()
	c.NumberAtMost(1, func() (string, error) { return dir, nil })
	b, column := crowd(3)
	m := meetAsOne(t, c, b, column, 1)
	if err := m.join(); err != nil {
		t.Fatal(err)
	}
	kept := c.others.file
	c.others.file = full
	c.others.out.Reset(full)
	if err := errors.Join(c.others.add([]uint64{1, 2}), c.Distinct()); !errors.Is(err, syscall.ENOSPC) {
		t.Error("a full disk is not told")
	}
	c.others.file = kept
	if err := errors.Join(full.Close(), c.Close()); err != nil {
		t.Error(err)
	}
}

// TestHashesOfAWholeFile: a piece that is joined, which may be a whole file, does not gather those who have no number.
func TestHashesOfAWholeFile(t *testing.T) {
	dir := t.TempDir()
	c := NewChildren()
	c.NumberAtMost(1, func() (string, error) { return dir, nil })
	b, column := crowd(1000)
	m := meetAsOne(t, c, b, column, 50)
	if cap(m.others) > 2000 {
		t.Errorf("there are hashes of %d children in memory", cap(m.others))
	}
	if err := errors.Join(m.join(), c.Close()); err != nil {
		t.Error(err)
	}
}
