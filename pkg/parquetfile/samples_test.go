package parquetfile

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestSamples writes tables and holds them, byte by byte, to those in testdata, which hold on every architecture. Another
// version of the compression may write other bytes: UPDATE_GOLDEN=1 writes the files anew, each with its cells as CSV beside
// it. DuckDB, which must be no dependency of this module, reads the same files in testdata/interop.
func TestSamples(t *testing.T) {
	for seed, rows := range []int{0, 1, 240, 240, 400} {
		r := rand.New(rand.NewPCG(15, uint64(seed)))
		m := drawMade(r, rows)
		if seed == 3 { // every value once, and nulls
			for i := range m.codes {
				for row := range m.codes[i] {
					m.codes[i][row] = uint32(row) % (m.most[i] + 1)
				}
			}
		}
		size := size{page: 50, group: 150, piece: 1 << 14}
		if seed == 4 { // and dictionaries in pieces
			size.page, size.group, size.piece = 400, 400, 60
		}
		path, _ := m.file(t, r, size, 2)
		name := filepath.Join("testdata", "sample-"+strconv.Itoa(seed))
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(name+".parquet", []byte(bytesOf(t, path)), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name+".csv", []byte(m.csv()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if bytesOf(t, path) != bytesOf(t, name+".parquet") {
			t.Errorf("%s.parquet has other bytes (UPDATE_GOLDEN=1 go test writes it anew)", name)
		}
		if m.csv() != bytesOf(t, name+".csv") {
			t.Errorf("%s.csv has other cells", name)
		}
	}
}

// csv are the cells; "-" for a null.
func (m *made) csv() string {
	var b strings.Builder
	for i, c := range m.columns {
		b.WriteString(strings.Repeat(",", min(i, 1)) + c.Name)
	}
	for row := range m.to {
		b.WriteByte('\n')
		for i := range m.columns {
			b.WriteString(strings.Repeat(",", min(i, 1)) + m.cell(row, i))
		}
	}
	return b.String() + "\n"
}
