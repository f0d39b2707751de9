//go:build unix

package export_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// rebatched passes rows on in batches of other sizes, in the order in which they stand in their file, none side by side.
type rebatched struct {
	extract.Reader
	rows int
}

func (r rebatched) Read(ctx context.Context, demands []*extract.Demand) error {
	for _, d := range demands {
		sink := d.Sink
		d.Workers = nil
		d.Sink = func(b *extract.Batch) error {
			var order []place
			for at, number := range b.Rows {
				order = append(order, place{number, at, false})
			}
			if b.Broken != nil {
				for at, number := range b.Broken.Rows {
					order = append(order, place{number, at, true})
				}
			}
			slices.SortStableFunc(order, func(a, b place) int { return int(a.number - b.number) })
			for part := range slices.Chunk(order, r.rows) {
				if err := sink(some(b, part)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return r.Reader.Read(ctx, demands)
}

// place is a row of a batch: its number in the file, and its position among the sound rows or the broken ones.
type place struct {
	number int64
	at     int
	broken bool
}

func some(b *extract.Batch, wanted []place) *extract.Batch {
	out := pick(b, wanted, false)
	if slices.ContainsFunc(wanted, func(p place) bool { return p.broken }) {
		out.Broken = pick(b.Broken, wanted, true)
	}
	return out
}

func pick(b *extract.Batch, wanted []place, broken bool) *extract.Batch {
	out := &extract.Batch{Source: b.Source, Columns: make([]extract.Column, len(b.Columns))}
	for i, c := range b.Columns {
		out.Columns[i] = extract.Column{Def: c.Def, From: c.From, Values: c.Values}
	}
	for _, p := range wanted {
		if p.broken != broken {
			continue
		}
		out.Rows = append(out.Rows, p.number)
		for i, c := range b.Columns {
			out.Columns[i].Index = append(out.Columns[i].Index, c.Index[p.at])
		}
	}
	return out
}

// TestBatchesDecideNothing: however many rows come at a time, the same bytes leave, and each row is where it was. Sound
// rows and wrong ones about one thing stand before and behind each other.
func TestBatchesDecideNothing(t *testing.T) {
	extracts := badRows(t)
	folder := filepath.Join(extracts, "2025-26", "autumn")
	const rest = "2024-Sep-03 00:00:00,"
	sound := func(key, school string, n int) string {
		return key + "," + school + "," + upn(n) + ",," + rest + "C,100.0\n"
	}
	wrong := func(key, school string, n int) string {
		return key + "," + school + "," + upn(n) + ",," + rest + "QQ,100.0\n"
	}
	mustWrite(t, filepath.Join(folder, "roll.csv"), mustRead(t, filepath.Join(folder, "roll.csv"))+
		sound("ka", "S5", 21)+wrong("ka", "S5", 22)+ // a key of a sound row, and of a wrong one behind it
		wrong("kb", "S5", 23)+sound("kb", "S5", 24)+
		sound("kc", "S5", 25)+wrong("kc", "S5", 26)+sound("kc", "S5", 27)+
		wrong("ke", "S5", 28)+sound("ke", "S5", 29)+sound("ke", "S5", 30)+
		sound("kf", "S5", 31)+wrong("kg", "S6", 31)+ // a pupil with a sound row and a wrong one
		wrong("kh", "S5", 32)+sound("ki", "S6", 32))
	sessions := "ki,S6,x,I,7\n"
	for _, key := range []string{"ka", "kb", "kc", "ke", "kf"} {
		sessions += key + ",S5,x,I,7\n"
	}
	mustWrite(t, filepath.Join(folder, "sessions.csv"), mustRead(t, filepath.Join(folder, "sessions.csv"))+sessions)
	var children []string
	for n := 21; n <= 32; n++ {
		// An event in a sound case and a wrong one, in either order.
		good, bad := referred("2025-06-01"), referred("2025-06-01", "<ReferralSource>QQ</ReferralSource>")
		if n%2 == 0 {
			good, bad = bad, good
		}
		children = append(children, inNeed(fmt.Sprintf("CHILD%d", n), upn(n), "", "2015-03-27", good, bad))
	}
	document := filepath.Join(extracts, "2025-26", "cin.xml")
	mustWrite(t, document, strings.Replace(mustRead(t, document), "</Children>", strings.Join(children, "")+"</Children>", 1))
	c := newCouncil(t)
	text := agreementOver(c.catalogue, preamble(wideID, usualPeriod, "linkage: {pupils: 0}\n", "null"), func(tab *dataset.Table) bool {
		return slices.Contains([]string{"assessments", "attendance", "children", "free_school_meals", "referrals"}, tab.ID())
	})
	var want map[string]string
	var accounts string
	for _, rows := range []int{1 << 20, 1, 2, 3, 5, 16} {
		c := newCouncil(t, text)
		g := c.gateway(t)
		for ending, reader := range g.Readers {
			g.Readers[ending] = rebatched{reader, rows}
		}
		got := parquets(t, c.path("drops", c.exportWith(t, g, wideID, extracts).Drop))
		told := ""
		for _, tab := range c.runs(t, wideID)[0].Tables {
			told += fmt.Sprintln(tab.Table, tab.Read, tab.Left, tab.Kept, slices.Sorted(maps.Values(tab.HeldBack)))
		}
		if want == nil {
			want, accounts = got, told
			c.nobodysRows(t)
			continue
		}
		sameParquets(t, got, want)
		if told != accounts {
			t.Errorf("with %d rows in a batch:\n%swhere all at once are\n%s", rows, told, accounts)
		}
	}
}

// nobodysRows holds what leaves of the pupils of TestBatchesDecideNothing: rows that have one key stay, but whose the
// sessions under that key are, nobody can tell. Nor can anybody tell how many
// sessions were possible for a child of whom another row is wrong.
func (c *council) nobodysRows(t *testing.T) {
	t.Helper()
	var ids []string
	for n := 21; n <= 32; n++ {
		ids = append(ids, fmt.Sprintf("CHILD%d", n))
	}
	codes := c.pseudonyms(t, wideID, identifier.LAChildID, ids...)
	rows := cellsOf(t, c.path("drops", c.wholeDrops(t, wideID, asFolder)[0], "attendance.parquet"), "child_id")
	for i, want := range []string{"100", "none", "none", "100", "100", "none", "100", "none", "100", "100", "", ""} {
		row, there := rows[codes[i]]
		if there != (want != "none") || there && (row["possible"] != want || row["authorised"] != "" || row["unauthorised"] != "") {
			t.Errorf("%s: %v, want possible sessions %q and no other number", ids[i], row, want)
		}
	}
}
