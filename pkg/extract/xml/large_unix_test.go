//go:build unix

package xml_test

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/finding"
)

// writeLarge writes a CIN census of at least so many bytes, never holding it, and says how long it is.
func writeLarge(t testing.TB, bytes int64) (string, int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cin.xml")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	begin, end, _ := strings.Cut(document(2023, "|"), "|")
	_, err = w.WriteString(begin)
	size := int64(len(begin) + len(end))
	for from := 0; size < bytes && err == nil; from += 1000 {
		var n int
		n, err = w.WriteString(many(from, from+1000))
		size += int64(n)
	}
	if err == nil {
		_, err = w.WriteString(end)
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path, size
}

// readAll reads every column of every table, and reports the rows, and the most bytes of the heap that were in use.
func readAll(t testing.TB, path string) (rows int64, peak uint64) {
	t.Helper()
	sources, err := xml.Reader{}.Recognise(t.Context(), catalogue(t), path, "cin.xml", &finding.Report{})
	if err != nil {
		t.Fatal(err)
	}
	var demands []*extract.Demand
	for _, src := range sources {
		src.Path = path
		if len(demands) == 0 {
			if err := src.TakeDigest(); err != nil {
				t.Fatal(err)
			}
		} else {
			of := *demands[0].Source
			of.Table = src.Table
			src = &of
		}
		var names []string
		for _, c := range src.Table.Columns {
			names = append(names, c.Name)
		}
		demands = append(demands, &extract.Demand{Source: src, Want: extract.NewWant(src.Table, names...), Report: &finding.Report{}, Sink: func(*extract.Batch) error { return nil }})
	}
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	err = xml.Reader{Catalogue: catalogue(t)}.Read(t.Context(), demands)
	close(done)
	<-watched
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range demands {
		rows += d.Tally.Read
	}
	return rows, peak
}

// A return of 64 MB takes no more memory than one of 512, which is tried where there is time: what is held is one batch per
// table and one child, whatever the length.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 64 MB")
	}
	const most = 96 << 20
	size := int64(64 << 20)
	if os.Getenv("POSTERN_LONG") != "" {
		size = 512 << 20
	}
	path, length := writeLarge(t, size)
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // what the environment sets would decide the peak
	runtime.GC()
	rows, peak := readAll(t, path)
	if peak > most || rows < length/400 {
		t.Errorf("%d bytes, %d rows: %d MiB of heap in use", length, rows, peak>>20)
	}
}

// BenchmarkLargeDocument reads all of a CIN census of 320 MB, larger than any council's.
func BenchmarkLargeDocument(b *testing.B) {
	path, size := writeLarge(b, 320<<20)
	b.SetBytes(size)
	b.ReportAllocs()
	most := uint64(0)
	for b.Loop() {
		runtime.GC()
		_, peak := readAll(b, path)
		most = max(most, peak)
	}
	b.ReportMetric(float64(most)/(1<<20), "peak-MiB")
}
