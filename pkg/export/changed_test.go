package export_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
)

// rewriting reads CSV, and lets somebody write to the file that was just read for its dates.
type rewriting struct {
	csv.Reader
	rewrite func(path string)
}

func (r rewriting) Read(ctx context.Context, demands []*extract.Demand) error {
	err := r.Reader.Read(ctx, demands)
	if demands[0].Source.Year == 0 {
		r.rewrite(demands[0].Source.Path)
	}
	return err
}

// TestChangedExtract: a register that is written to between the reading that tells its year and the one that treats its rows
// refuses the run, however many workers read it. The run record has the digest of the other file, and none of this one: there
// is no file that it would be of.
func TestChangedExtract(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "extracts")
	file := filepath.Join(folder, "2024-25", "attendance.csv")
	header := filepath.Join(folder, "2024-25", "header.csv")
	mustMkdir(t, filepath.Dir(file))
	mustWrite(t, header, "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,F,01/02/2012,WBRI,"+upn(1)+",,\n")
	c := newCouncil(t)
	text := agreementOver(c.catalogue, preamble(wideID, usualPeriod, "linkage: {pupils: 0, returns: 0}\n", "null"), func(tab *dataset.Table) bool { return tab.ID() == "attendance_daily" })
	rows := registers(5000, 2)
	for _, workers := range []int{1, 2, 16} {
		mustWrite(t, file, rows)
		c := newCouncil(t, text)
		g := c.gateway(t)
		g.Workers = workers
		g.Readers[".csv"] = rewriting{csv.Reader{Workers: workers}, func(path string) {
			if path == file {
				mustWrite(t, file, strings.Replace(rows, "01/02/2012", "01/02/2013", 1))
			}
		}}
		if err := c.tryExport(t, g, wideID, folder); !strings.HasPrefix(err.Error(), "SOURCE_CHANGED: ") {
			t.Fatalf("%d workers: %v", workers, err)
		}
		runs := c.runs(t, wideID)
		last := runs[len(runs)-1]
		if last.Outcome != "refused" || len(last.Sources) != 2 {
			t.Fatalf("%d workers: %+v", workers, last)
		}
		for _, src := range last.Sources {
			want := map[string]string{file: "", header: fmt.Sprintf("%x", sha256.Sum256([]byte(mustRead(t, header))))}[src.File]
			if src.SHA256 != want {
				t.Errorf("%d workers: the digest of %s is recorded as %q, want %q", workers, filepath.Base(src.File), src.SHA256, want)
			}
		}
		if drops := filesBelow(t, c.path("drops")); len(drops) > 0 {
			t.Errorf("%d workers: %q was published", workers, drops)
		}
	}
}
