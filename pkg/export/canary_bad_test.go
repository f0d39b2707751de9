//go:build unix

package export_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// badInput is one way in which extracts can be such that no drop can be made of them.
type badInput struct {
	name      string
	exit      int // of plan and export
	inspected int // of inspect, which looks at each file by itself
	spoil     func(t *testing.T, c *canary, folder string)
}

// aFile is the extract that is spoilt: of a table that every run of the tests needs, full of canaries.
const aFile = "2026-27/oc3.csv"

// change rewrites the spoilt file.
func change(how func(text, marker string) string) func(*testing.T, *canary, string) {
	return changeIn(aFile, how)
}

func changeIn(name string, how func(text, marker string) string) func(*testing.T, *canary, string) {
	return func(t *testing.T, c *canary, folder string) {
		t.Helper()
		path := filepath.Join(folder, filepath.FromSlash(name))
		c.made++
		marker := c.plant(fmt.Sprintf("Zebedee Badfile %04d", c.made), "a marker in a bad file")
		mustWrite(t, path, how(mustRead(t, path), marker))
	}
}

func withHeader(header func(old, marker string) string) func(*testing.T, *canary, string) {
	return change(func(text, marker string) string {
		old, rows, _ := strings.Cut(text, "\n")
		return header(old, marker) + "\n" + rows
	})
}

func rename(from, to string) func(*testing.T, *canary, string) {
	return func(t *testing.T, _ *canary, folder string) {
		t.Helper()
		if err := os.Rename(filepath.Join(folder, from), filepath.Join(folder, to)); err != nil {
			t.Fatal(err)
		}
	}
}

// badInputs lists those of a text file. A row that can be kept back by itself is no bad input: canaries stand in such
// rows anyway.
func badInputs() []badInput {
	inputs := []badInput{
		{"cut off in a quoted field", 4, 4, change(func(text, marker string) string { return text + `"` + marker + ",17/05/" })},
		{"a quoted field over lines, in a row too wide", 4, 4, change(func(text, marker string) string {
			return text + "\"" + marker + "\nand more\",1,2,3,4,5,6,7,8,9\n" + marker + "\n"
		})},
		{"no header line", 4, 4, change(func(text, marker string) string {
			_, rows, _ := strings.Cut(text, "\n")
			return rows
		})},
		{"a header of no table", 4, 4, withHeader(func(_, marker string) string { return "forename," + marker + ",diagnosis" })},
		{"a column twice", 4, 4, withHeader(func(old, marker string) string { return old + ",CHILD," + marker })},
		{"a header that is not UTF-8", 4, 4, withHeader(func(old, marker string) string { return old + "," + marker + "\xff" })},
		{"a header over two lines", 4, 4, withHeader(func(old, marker string) string { return old + ",\"" + marker + "\nmore\"" })},
		{"too many columns", 4, 4, withHeader(func(old, marker string) string { return old + strings.Repeat(","+marker, 2001) })},
		{"a NUL byte", 4, 4, change(func(text, marker string) string { return text + marker + "\x00" + marker + "\n" })},
		{"a line of 2 MiB", 4, 4, change(func(text, marker string) string { return text + strings.Repeat(marker+" ", 2<<20/len(marker)) + "\n" })},
		{"UTF-16", 4, 4, change(func(text, marker string) string {
			out := []byte{0xff, 0xfe}
			for _, unit := range utf16.Encode([]rune(strings.ToValidUTF8(text+marker, "?"))) {
				out = append(out, byte(unit), byte(unit>>8))
			}
			return string(out)
		})},
		{"empty", 4, 4, change(func(string, string) string { return "" })},
		{"every row wrong", 4, 0, change(func(text, marker string) string {
			header, _, _ := strings.Cut(text, "\n")
			return header + "\n" + marker + "\n" + marker + "," + marker + "\n"
		})},
		{"a table twice", 4, 4, func(t *testing.T, _ *canary, folder string) {
			mustWrite(t, filepath.Join(folder, "2026-27", "again.csv"), mustRead(t, filepath.Join(folder, aFile)))
		}},
		{"a set in the folder of an earlier year", 4, 4, rename("2025-26", "2021-22")},
		{"a table that the year has not", 4, 4, rename("2026-27/dolo.csv", "2025-26/dolo.csv")},
		{"a table missing", 4, 0, func(t *testing.T, _ *canary, folder string) {
			if err := os.Remove(filepath.Join(folder, "2026-27", "dolo.csv")); err != nil {
				t.Fatal(err)
			}
		}},
		{"two identifiers become one", 3, 0, func(t *testing.T, c *canary, folder string) {
			path := filepath.Join(folder, filepath.FromSlash(aFile))
			text := mustRead(t, path)
			empty := strings.Repeat(",", strings.Count(text[:strings.Index(text, "\n")], ",")) + "\n"
			for _, id := range []string{"RND\ufb00739184625000", "RNDFF739184625000"} {
				text += c.plant(id, "an identifier that becomes another") + empty
			}
			mustWrite(t, path, text)
		}},
	}
	if os.Geteuid() != 0 {
		inputs = append(inputs, badInput{"no permission", 4, 4, func(t *testing.T, _ *canary, folder string) {
			if err := os.Chmod(filepath.Join(folder, aFile), 0); err != nil {
				t.Fatal(err)
			}
		}})
	}
	return inputs
}
