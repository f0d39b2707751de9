//go:build unix

package export_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
)

// signers are the council's keys as a recipient has them.
func (c *council) signers(tb testing.TB) signature.AllowedSigners {
	tb.Helper()
	keys := c.gateway(tb).Keys
	signing, err := keys.SigningPublicKey()
	if err != nil {
		tb.Fatal(err)
	}
	registers, err := keys.RegisterPublicKey()
	if err != nil {
		tb.Fatal(err)
	}
	return signature.AllowedSigners{
		{Principal: export.DropPrincipal(laCode), Namespaces: []string{signature.DropNamespace}, Key: signing},
		{Principal: export.RegisterPrincipal(laCode), Namespaces: []string{signature.RegisterNamespace}, Key: registers},
	}
}

// asObjects takes a drop as the store gives it; asFolder as whoever looks at the store's folder sees it, which right
// after a kill may hold a temporary file.
const (
	asObjects = false
	asFolder  = true
)

// wholeDrops lists the drops of an agreement in the council's store, oldest first: every folder that has a signature. Each must
// verify, as a recipient verifies it, and follow the one before it. What has no signature is no drop.
func (c *council) wholeDrops(tb testing.TB, id string, look bool) []string {
	tb.Helper()
	entries, err := os.ReadDir(filepath.Join(c.drops(), id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Fatal(err)
	}
	var whole []string
	var previous recipient.Source
	for _, entry := range entries {
		folder := filepath.Join(c.drops(), id, entry.Name())
		if _, err := os.Lstat(filepath.Join(folder, manifest.SignatureName)); err != nil {
			continue
		}
		drop := recipient.FromStore(c.gateway(tb).Store, id+"/"+entry.Name())
		if look == asFolder {
			held, err := recipient.FromDir(folder)
			if err != nil {
				tb.Fatal(err)
			}
			defer func() { _ = held.Close() }()
			drop = held
		}
		report, err := recipient.Verify(tb.Context(), drop, recipient.Options{AllowedSigners: c.signers(tb), Now: c.now, Previous: previous})
		if err != nil {
			tb.Fatal(err)
		}
		if !report.Verified {
			var text bytes.Buffer
			_ = report.WriteText(&text)
			tb.Fatalf("the store holds a drop that does not verify: %s", text.String())
		}
		previous = drop
		whole = append(whole, id+"/"+entry.Name())
	}
	return whole
}

// parquets are the Parquet files of a folder by their path below it.
func parquets(tb testing.TB, folder string) map[string]string {
	tb.Helper()
	out := make(map[string]string)
	for _, name := range filesBelow(tb, folder) {
		if strings.HasSuffix(name, ".parquet") {
			out[name] = mustRead(tb, filepath.Join(folder, name))
		}
	}
	if len(out) == 0 {
		tb.Fatalf("there is no Parquet file in %s", folder)
	}
	return out
}

// filesBelow lists everything below a folder that is not a folder.
func filesBelow(tb testing.TB, folder string) []string {
	tb.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(folder, name)
		names = append(names, filepath.ToSlash(rel))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Fatal(err)
	}
	return names
}

// sameParquets holds two drops to the same Parquet files, byte for byte.
func sameParquets(tb testing.TB, got, want map[string]string) {
	tb.Helper()
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		tb.Fatalf("the drop has the files %v; want %v", g, w)
	}
	for name := range want {
		if got[name] != want[name] {
			tb.Errorf("%s has other bytes than in an undisturbed run", name)
		}
	}
}

// history is what the register records of an agreement's drops, and what else the council keeps of them.
type history struct{ prepared, published, abandoned []string }

func (c *council) history(tb testing.TB) history {
	tb.Helper()
	books, err := c.gateway(tb).ViewBooks()
	if err != nil {
		tb.Fatalf("the register does not verify: %v", err)
	}
	return historyOf(tb, books.Log())
}

func historyOf(tb testing.TB, log *register.Log) history {
	tb.Helper()
	var h history
	for record, err := range log.Records() {
		if err != nil {
			tb.Fatal(err)
		}
		var body struct {
			Drop string `json:"drop"`
		}
		if err := json.Unmarshal(record.Body, &body); err != nil {
			tb.Fatal(err)
		}
		switch record.Kind {
		case manifest.PreparedKind:
			h.prepared = append(h.prepared, body.Drop)
		case export.KindPublished:
			h.published = append(h.published, body.Drop)
		case export.KindAbandoned:
			h.abandoned = append(h.abandoned, body.Drop)
		}
	}
	return h
}

// settled holds the council's folder to what it must be after a run that ended well, whatever went before: nothing
// half done, and register, ledger, run records and store tell one story. It returns the drops.
func (c *council) settled(tb testing.TB, id string) []string {
	tb.Helper()
	whole := c.wholeDrops(tb, id, asFolder)
	h := c.history(tb)
	if !slices.Equal(h.published, whole) {
		tb.Errorf("the register has %v as published, the store holds %v", h.published, whole)
	}
	if closed := slices.Sorted(slices.Values(slices.Concat(h.published, h.abandoned))); !slices.Equal(closed, slices.Sorted(slices.Values(h.prepared))) {
		tb.Errorf("%v were prepared; %v were published and %v abandoned: each must be one of the two, once", h.prepared, h.published, h.abandoned)
	}
	g := c.gateway(tb)
	drops, err := g.State.Drops(id)
	if err != nil {
		tb.Fatal(err)
	}
	var ledger []string
	for _, d := range drops {
		ledger = append(ledger, d.ID)
	}
	if !slices.Equal(ledger, whole) {
		tb.Errorf("the ledger has %v, the store holds %v", ledger, whole)
	}
	recorded := c.recordedDrops(tb, id)
	for _, drop := range whole {
		if !slices.Contains(recorded, drop) {
			tb.Errorf("no run record accounts for the rows of %s", drop)
		}
		for _, table := range filesBelow(tb, c.path("state", "membership", id, path.Base(drop))) {
			if !strings.HasSuffix(table, ".age") {
				tb.Errorf("the membership index holds %s, which is not sealed", table)
			}
		}
	}
	if sealed := c.sealed(tb, id); !slices.Equal(sealed, whole) {
		tb.Errorf("there are membership indexes of %v, and the store holds %v", sealed, whole)
	}
	c.nothingLeft(tb)
	return whole
}

// sealed lists the drops that have a membership index.
func (c *council) sealed(tb testing.TB, id string) []string {
	tb.Helper()
	entries, err := os.ReadDir(c.path("state", "membership", id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Fatal(err)
	}
	var out []string
	for _, entry := range entries {
		out = append(out, id+"/"+entry.Name())
	}
	return out
}

// recordedDrops lists the drops whose rows a run record accounts for.
func (c *council) recordedDrops(tb testing.TB, id string) []string {
	tb.Helper()
	var out []string
	for _, r := range c.runs(tb, id) {
		if len(r.Tables) > 0 {
			out = append(out, r.Drop)
		}
	}
	return out
}

// runRecord is what the tests read of a run record: its JSON, not the program's own type.
type runRecord struct {
	Outcome string `json:"outcome"`
	Drop    string `json:"drop"`
	Refusal *struct {
		Code string `json:"code"`
	} `json:"refusal"`
	Recovered []string `json:"recovered"`
	Sources   []struct {
		File   string `json:"file"`
		SHA256 string `json:"sha256"`
	} `json:"sources"`
	Tables []struct {
		Table    string           `json:"table"`
		Read     int64            `json:"rows_read"`
		Left     int64            `json:"rows_left"`
		HeldBack map[string]int64 `json:"rows_held_back"`
		Kept     int64            `json:"rows_quarantined"`
		Cells    map[string]map[string]int64
		Findings []recordedFinding
	} `json:"tables"`
	Findings []recordedFinding `json:"findings"`
}

type recordedFinding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Count    int64  `json:"count"`
}

// runs reads the run records of an agreement.
func (c *council) runs(tb testing.TB, id string) []runRecord {
	tb.Helper()
	own := c.gateway(tb).State
	numbers, err := own.Runs(id)
	if err != nil {
		tb.Fatal(err)
	}
	var out []runRecord
	for _, n := range numbers {
		data, err := own.Run(id, n)
		if err != nil {
			tb.Fatal(err)
		}
		var r runRecord
		if err := json.Unmarshal(data, &r); err != nil {
			tb.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// nothingStaged: no staged drop, and no spilled row.
func (c *council) nothingStaged(tb testing.TB) {
	tb.Helper()
	if left := filesBelow(tb, c.path("state", "staging")); len(left) > 0 {
		tb.Errorf("staging still holds %v", left)
	}
	if entries, err := os.ReadDir(c.path("state", "staging")); err == nil && len(entries) > 0 {
		tb.Errorf("staging still holds the folder of %s", entries[0].Name())
	}
}

// nothingLeft: nothing staged, and no temporary file anywhere in the state folder.
func (c *council) nothingLeft(tb testing.TB) {
	tb.Helper()
	c.nothingStaged(tb)
	for _, name := range filesBelow(tb, c.path("state")) {
		base := path.Base(name)
		if strings.HasPrefix(base, ".tmp-") || strings.HasSuffix(base, ".run") || strings.HasSuffix(base, ".new") || base == "pending" {
			tb.Errorf("the state folder still holds %s", name)
		}
	}
}
