package harmonise_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

const dailyLine = "la_child_id,upn,forename,surname,dob,postcode,school_urn,session_date,session,attendance_code,fsm,pupil_premium,ethnicity,gender"

// daily is a row of a register: child, pupil number, session (day, half, school) and mark.
func daily(child, upn, session, mark string) string {
	at := strings.Fields(session)
	return strings.Join([]string{child, upn, "FOR1", "SUR1", "01/02/2012", "ZZ1 1AA", at[2], at[0], at[1], mark, "Y", "N", "WBRI", "F"}, ",")
}

const one, two = "04/09/2024 AM 100001", "04/09/2024 PM 100001"

// TestDaily: rows become rows, found by the authority's number or by the pupil's, and every row is accounted for.
func TestDaily(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rows  []string
		want  []string // child, half, school, mark
		found map[string]int64
		tally harmonise.Tally
	}{
		{"by the authority's number, without a look at the pupil's", []string{daily("51", "", one, "/"), daily("51", upns[2], two, `\`)},
			[]string{"51 AM 100001 /", `51 PM 100001 \`}, nil, harmonise.Tally{Read: 2, Left: 2}},
		{"by the pupil's number, former and temporary ones too", []string{daily("", upns[0], one, "/"), daily(" ", upns[5], one, "L"), daily("51", upns[0], two, "I")},
			[]string{"51 AM 100001 /", "52 AM 100001 L", "51 PM 100001 I"}, nil, harmonise.Tally{Read: 3, Left: 3}},
		{"a child whom no return has is the authority's all the same", []string{daily("77", upns[4], one, "/")},
			[]string{"77 AM 100001 /"}, nil, harmonise.Tally{Read: 1, Left: 1}},
		{"nobody's pupil is held back", []string{daily("", upns[4], one, "/"), daily("", "UN3", one, "/"), daily("", "", one, "/"), daily("51", "", one, "/")},
			[]string{"51 AM 100001 /"}, nil, harmonise.Tally{Read: 4, Left: 1, Unlinked: 3}},
		{"a number that cannot be used is for the agreement to judge", []string{daily("1.23E+11", "", one, "/"), daily("1.23E+11", upns[0], one, "/")},
			[]string{"unusable: malformed AM 100001 /", "51 AM 100001 /"}, nil, harmonise.Tally{Read: 2, Left: 2}},
		{"codes in lower case are codes, unknown ones are quarantined, and so is a session without a mark",
			[]string{daily("51", "", one, "i"), daily("51", "", two, "@"), daily("53", "", one, ""), daily("53", "", "04/09/2024 EV 100001", "/")},
			[]string{"51 AM 100001 I"}, map[string]int64{"CODE_UNKNOWN": 2, "REQUIRED_EMPTY": 1}, harmonise.Tally{Read: 4, Left: 1, Quarantined: 3}},
		{"two schools on one day are no repetition", []string{daily("51", "", one, "D"), daily("51", "", "04/09/2024 AM 100002", "/")},
			[]string{"51 AM 100001 D", "51 AM 100002 /"}, nil, harmonise.Tally{Read: 2, Left: 2}},
		{"a row over again is told, one further away is not",
			[]string{daily("51", "", one, "/"), daily("51", "", one, "I"), daily("", upns[0], one, "/"), daily("53", "", one, "/"), daily("51", "", one, "/")},
			[]string{"51 AM 100001 /", "51 AM 100001 I", "51 AM 100001 /", "53 AM 100001 /", "51 AM 100001 /"},
			map[string]int64{harmonise.RuleDailyRepeated: 2}, harmonise.Tally{Read: 5, Left: 5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := of(t, "attendance_daily", map[string]string{"2024-25/attendance.csv": lines(dailyLine, tc.rows...)}, "child_id", "session", "school_urn", "mark")
			if got, want := m.text(), strings.Join(tc.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if tc.found == nil {
				tc.found = map[string]int64{}
			}
			if !maps.Equal(m.found, tc.found) {
				t.Errorf("found %v, want %v", m.found, tc.found)
			}
			if m.tally != tc.tally || sum(m.tally) != m.tally.Read {
				t.Errorf("counted %+v, want %+v", m.tally, tc.tally)
			}
		})
	}
}

// TestDailyShared: a pupil's number that is two children's is neither's.
func TestDailyShared(t *testing.T) {
	m := of(t, "attendance_daily", map[string]string{
		"2023-24/header.csv":     care("56,1,01/02/2012,WBRI," + upns[0] + ",,"),
		"2024-25/attendance.csv": lines(dailyLine, daily("", upns[0], one, "/"), daily("56", upns[0], one, "/")),
	}, "child_id")
	if m.text() != "56" || m.found[harmonise.RuleShared] != 1 || m.tally != (harmonise.Tally{Read: 2, Left: 1, Quarantined: 1}) {
		t.Errorf("got %q, found %v, counted %+v", m.text(), m.found, m.tally)
	}
}

// TestDailyGroups: each mark is in exactly the groups that it belongs to.
func TestDailyGroups(t *testing.T) {
	groups := map[string]string{ // possible, present, authorised, unauthorised
		"true true false false": `/ \ L`, "true false false false": "B J K P V W", "true false true false": "C C1 C2 E F H I J1 M R S T",
		"true false false true": "G N O U", "false false false false": "# D Q X Y Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z",
	}
	marks := 0
	for want, codes := range groups {
		for code := range strings.FieldsSeq(codes) {
			marks++
			m := of(t, "attendance_daily", map[string]string{"attendance.csv": lines(dailyLine, daily("51", "", one, code))},
				"possible", "present", "authorised", "unauthorised")
			if m.text() != want {
				t.Errorf("mark %s: %s, want %s", code, m.text(), want)
			}
		}
	}
	if known := len(builtIn(t).Table("attendance_daily").Column("mark").Codes); known != marks {
		t.Errorf("%d marks are grouped, of %d", marks, known)
	}
}

// TestDailySeveralYears: one file may hold several years; several files may hold one.
func TestDailySeveralYears(t *testing.T) {
	m := of(t, "attendance_daily", map[string]string{
		"all/a.csv": lines(dailyLine, daily("51", "", "04/09/2023 AM 100001", "/"), daily("51", "", "2024-09-05 AM 100001", "/")),
		"all/b.csv": lines(dailyLine, daily("51", "", "06/09/2024 AM 100001", "/")),
	}, "session_date")
	if got := m.text(); got != "2023-09-04\n2024-09-05\n2024-09-06" {
		t.Errorf("got\n%s", got)
	}
}

// TestDailyFileTwice: a file that is there twice would count each of its rows twice.
func TestDailyFileTwice(t *testing.T) {
	text := lines(dailyLine, daily("51", "", one, "/"))
	for name, second := range map[string]string{"b.csv": text, "c.csv": text + "\n"} {
		paths := write(t, map[string]string{"2024-25/a.csv": text, "2024-25/" + name: second})
		_, err := extract.Discover(t.Context(), builtIn(t), map[string]extract.Reader{".csv": csv.Reader{}}, paths, &finding.Report{})
		var bad *extract.Invalid
		if twice := errors.As(err, &bad) && bad.Findings[0].Rule == extract.RuleTableTwice; twice != (second == text) || !twice && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDailyStreams: what is held in memory does not grow with the rows.
func TestDailyStreams(t *testing.T) {
	var text strings.Builder
	text.WriteString(dailyLine + "\n")
	day := time.Date(2024, 9, 2, 0, 0, 0, 0, time.UTC)
	const children, days = 500, 200
	for d := range days {
		for child := range children {
			for _, half := range []string{"AM", "PM"} {
				text.WriteString(daily(strconv.Itoa(1000+child), "", day.AddDate(0, 0, d).Format("02/01/2006")+" "+half+" 100001", "/") + "\n")
			}
		}
	}
	c := discover(t, builtIn(t), write(t, map[string]string{"2024-25/attendance.csv": text.String()})...)
	text.Reset()
	var held []uint64
	rows := 0
	job := &harmonise.Job{Table: c.catalogue.Table("attendance_daily"), Columns: strings.Fields("child_id session_date session mark"), Report: &finding.Report{},
		Sink: func(b *extract.Batch) error {
			rows += b.Len()
			runtime.GC()
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			held = append(held, now.HeapAlloc)
			return nil
		}}
	in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read}
	in.Links = harmonise.NewLinks(c.catalogue.Links(), &finding.Report{})
	if err := harmonise.Make(t.Context(), in, []*harmonise.Job{job}, nil); err != nil {
		t.Fatal(err)
	}
	// A key kept for each of 200,000 rows would be some 6 MB.
	if first, last := held[1], held[len(held)-1]; rows != 2*children*days || len(held) < 6 || last > first+2<<20 {
		t.Errorf("%d rows in %d batches; %d bytes held at the second, %d at the last", rows, len(held), first, last)
	}
}

// FuzzDaily: whatever stands in a row, every row is accounted for, and nothing but codes, days and known children comes out.
func FuzzDaily(f *testing.F) {
	f.Add("51", upns[0], "04/09/2024", "AM", "/", "100001")
	f.Add("", upns[5], "2024-09-04", "pm", "i", "")
	f.Add("1.23E+11", "", "31/02/2024", "EV", "\xff", "1")
	f.Add("51,\"", "\n", "", "", "Y8", "SC1")
	dir := f.TempDir()
	catalogue := builtIn(f)
	f.Fuzz(func(t *testing.T, child, upn, day, half, mark, school string) {
		var text bytes.Buffer
		w := stdcsv.NewWriter(&text)
		_ = w.Write(strings.Split(dailyLine, ","))
		for _, r := range [][]string{{"51", upns[0], "", "", "", "", "100001", "04/09/2024", "AM", "/", "", "", "", ""},
			{child, upn, child, upn, day, half, school, day, half, mark, half, mark, school, mark}} {
			_ = w.Write(r)
		}
		w.Flush()
		if err := os.WriteFile(filepath.Join(dir, "2024-25_attendance.csv"), text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		report := &finding.Report{}
		inventory, err := extract.Discover(t.Context(), catalogue, map[string]extract.Reader{".csv": csv.Reader{}}, []string{dir}, report)
		if err != nil {
			return // refused as a whole
		}
		c := &council{catalogue: catalogue, inventory: inventory}
		job := &harmonise.Job{Table: catalogue.Table("attendance_daily"), Columns: strings.Fields("child_id session_date session school_urn mark possible"),
			Report: report, Sink: func(b *extract.Batch) error {
				for i := range b.Columns {
					for row := range b.Len() {
						v, def := b.Columns[i].At(row), b.Columns[i].Def
						if def.Type == dataset.Code && (v.State != extract.Known || int(v.Num) >= len(def.Codes)) || def.Type == dataset.Date && v.State != extract.Known {
							t.Errorf("%s: %+v", def.Name, v)
						}
					}
				}
				return nil
			}}
		in := harmonise.Input{Inventory: inventory, Children: harmonise.NewChildren(), Read: c.read, Links: harmonise.NewLinks(nil, report)}
		var bad *extract.Invalid
		var refused *finding.Refusal
		if err := harmonise.Make(t.Context(), in, []*harmonise.Job{job}, nil); errors.As(err, &bad) || errors.As(err, &refused) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if tally := job.Tally; tally.Read != sum(tally) || tally.Read < 1 {
			t.Errorf("%+v", tally)
		}
	})
}

// BenchmarkDaily makes attendance_daily from a register of a day of 16,384 children, in file order.
func BenchmarkDaily(b *testing.B) {
	var text strings.Builder
	text.WriteString(dailyLine + "\n")
	const children = 1 << 14
	for child := range children {
		text.WriteString(daily(strconv.Itoa(100_000+child), upns[0], one, "/") + "\n" + daily(strconv.Itoa(100_000+child), upns[0], two, "I") + "\n")
	}
	c := discover(b, builtIn(b), write(b, map[string]string{"2024-25/attendance.csv": text.String()})...)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		job := &harmonise.Job{Table: c.catalogue.Table("attendance_daily"), Columns: strings.Fields("child_id session_date session school_urn possible authorised unauthorised"),
			Report: &finding.Report{}, Sink: func(*extract.Batch) error { return nil }}
		in := harmonise.Input{Inventory: c.inventory, Children: harmonise.NewChildren(), Read: c.read, Links: harmonise.NewLinks(nil, &finding.Report{})}
		if err := harmonise.Make(b.Context(), in, []*harmonise.Job{job}, nil); err != nil || job.Tally.Left != 2*children {
			b.Fatal(err, job.Tally)
		}
	}
	b.ReportMetric(float64(2*children*b.N)/b.Elapsed().Seconds(), "rows/s")
}
