package manifest_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/manifest"
)

func TestParseReadsWhatEncodeWrites(t *testing.T) {
	m := small()
	data := encoded(t, m)
	back, err := manifest.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if again := encoded(t, back); !bytes.Equal(again, data) {
		t.Error("what was read is written otherwise")
	}
	if !reflect.DeepEqual(back.Tables[0], func() manifest.Table {
		want := m.Tables[0]
		for i := range want.Columns {
			if want.Columns[i].Codes == nil {
				want.Columns[i].Codes = []manifest.Code{}
			}
		}
		return want
	}()) {
		t.Error("a table came back changed")
	}
	if m.Linkage != nil {
		t.Error("Encode changed its receiver")
	}
}

// Decisions are told in UTC and whole seconds, wherever the clock that made them stood.
func TestEncodeTimes(t *testing.T) {
	m := small()
	want := encoded(t, m)
	m.Agreement.Decisions[0].Time = m.Agreement.Decisions[0].Time.Add(300 * time.Millisecond).In(time.FixedZone("", 3600))
	if !bytes.Equal(encoded(t, m), want) {
		t.Error("the zone or the fraction of a second shows")
	}
	if m.Agreement.Decisions[0].Time.Nanosecond() == 0 {
		t.Error("Encode changed its receiver")
	}
}

func TestParseRefuses(t *testing.T) {
	data := string(encoded(t, small()))
	for name, change := range map[string]func(string) string{
		"nothing":           func(string) string { return "" },
		"no line feed":      func(s string) string { return strings.TrimSuffix(s, "\n") },
		"a second line end": func(s string) string { return s + "\n" },
		"a second document": func(s string) string { return s + s },
		"CRLF":              func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"byte order mark":   func(s string) string { return "\ufeff" + s },
		"tabs":              func(s string) string { return strings.Replace(s, "  ", "\t", 1) },
		"one line":          func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\n", ""), "  ", "") },
		"unknown member": func(s string) string {
			return strings.Replace(s, `  "drop": {`, "  \"extra\": 1,\n  \"drop\": {", 1)
		},
		"repeated member": func(s string) string {
			line := "  \"format\": \"postern-manifest/v2\",\n"
			return strings.Replace(s, line, line+line, 1)
		},
		"repeated, first wins": func(s string) string {
			return strings.Replace(s, `  "classification"`, "  \"classification\": \"public\",\n  \"classification\"", 1)
		},
		"other case":        func(s string) string { return strings.Replace(s, `"format"`, `"Format"`, 1) },
		"missing member":    func(s string) string { return strings.Replace(s, "  \"registry_applied\": true,\n", "", 1) },
		"null list":         func(s string) string { return strings.Replace(s, `"linkage": []`, `"linkage": null`, 1) },
		"escapes":           func(s string) string { return strings.Replace(s, "Coventry City", `Coventry\u0020City`, 1) },
		"number with point": func(s string) string { return strings.Replace(s, `"sequence": 7`, `"sequence": 7.0`, 1) },
		"number as text":    func(s string) string { return strings.Replace(s, `"sequence": 7`, `"sequence": "7"`, 1) },
		"impossible date":   func(s string) string { return strings.Replace(s, "2029-03-31", "2029-02-30", 1) },
		"time with zone":    func(s string) string { return strings.Replace(s, "09:00:00Z", "09:00:00+00:00", 1) },
		"time with part":    func(s string) string { return strings.Replace(s, "09:00:00Z", "09:00:00.5Z", 1) },
		"not UTF-8":         func(s string) string { return strings.Replace(s, "Coventry City", "Coventry\xffCity", 1) },
		"other class":       func(s string) string { return strings.Replace(s, manifest.Classification, "public", 1) },
		"other format":      func(s string) string { return strings.Replace(s, "manifest/v2", "manifest/v1", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			changed := change(data)
			if changed == data {
				t.Fatal("the change changes nothing")
			}
			if _, err := manifest.Parse([]byte(changed)); err == nil {
				t.Error("read")
			} else if strings.Contains(err.Error(), "Coventry") || strings.Contains(err.Error(), "extra") {
				t.Errorf("the error repeats the file: %v", err)
			}
		})
	}
}

func TestParseNamesTheLine(t *testing.T) {
	data := string(encoded(t, small()))
	for change, want := range map[string]string{
		strings.Replace(data, `"sequence": 7`, `"sequence": "7"`, 1):                  "line 7:",
		strings.Replace(data, `"sequence": 7,`, `"sequence": 7`, 1):                   "line 8:",
		strings.Replace(data, `"sequence": 7,`, "\"sequence\": 7,\n    \"x\": 1,", 1): "line 8 ",
	} {
		if _, err := manifest.Parse([]byte(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// Whatever single byte is changed: it is refused, or it is another manifest with its own one form.
func TestParseEveryByte(t *testing.T) {
	m := small()
	m.Tables, m.Disclosure.QuasiIdentifiers = m.Tables[1:], nil
	data := encoded(t, m)
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 1 << (i % 8)
		m, err := manifest.Parse(changed)
		if err != nil {
			continue
		}
		if again, err := m.Encode(); err != nil || !bytes.Equal(again, changed) {
			t.Fatalf("byte %d: read, and written otherwise (%v)", i, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		member string
		change func(*manifest.Manifest)
	}{
		{"format", func(m *manifest.Manifest) { m.Format = "" }},
		{"classification", func(m *manifest.Manifest) { m.Classification = "public" }},
		{"notice", func(m *manifest.Manifest) { m.Notice += "!" }},
		{"drop.id", func(m *manifest.Manifest) { m.Drop.Sequence = 8 }},
		{"drop.sequence", func(m *manifest.Manifest) { m.Drop.Sequence = 0 }},
		{"drop.previous_sums_sha256", func(m *manifest.Manifest) { m.Drop.PreviousSumsSHA256 = "ABC" }},
		{"drop.supersedes", func(m *manifest.Manifest) { m.Drop.Supersedes = []string{"dsa-other/0001-20260101"} }},
		{"drop.supersedes", func(m *manifest.Manifest) { m.Drop.Supersedes = []string{m.Drop.ID} }},
		{"drop.supersedes", func(m *manifest.Manifest) { m.Drop.Supersedes = []string{""} }},
		{"drop.supersedes", func(m *manifest.Manifest) { m.Drop.Supersedes = []string{before(2), before(1)} }},
		{"drop.supersedes", func(m *manifest.Manifest) { m.Drop.Supersedes = []string{before(1), before(1)} }},
		{"drop.supersedes", func(m *manifest.Manifest) {
			m.Format, m.Drop.Supersedes = manifest.FormatV1, []string{before(1), before(2)}
		}},
		{"agreement.id", func(m *manifest.Manifest) { m.Agreement.ID = "../x" }},
		{"agreement.version", func(m *manifest.Manifest) { m.Agreement.Version = 0 }},
		{"agreement.decisions", func(m *manifest.Manifest) { m.Agreement.Decisions = nil }},
		{"agreement.decisions[0].signer", func(m *manifest.Manifest) { m.Agreement.Decisions[0].Signer = "SHA256:x" }},
		{"agreement.decisions[0].time", func(m *manifest.Manifest) { m.Agreement.Decisions[0].Time = time.Time{} }},
		{"agreement.title", func(m *manifest.Manifest) { m.Agreement.Title = "evil \u202e title" }},
		{"agreement.title", func(m *manifest.Manifest) { m.Agreement.Title = "two\nlines" }},
		{"agreement.title", func(m *manifest.Manifest) { m.Agreement.Title = "bell\a" }},
		{"controller.la_code", func(m *manifest.Manifest) { m.Controller.LACode = "33" }},
		{"recipient.contact", func(m *manifest.Manifest) { m.Recipient.Contact = "" }},
		{"reference_date", func(m *manifest.Manifest) { m.ReferenceDate++ }},
		{"period", func(m *manifest.Manifest) { m.Period.DataFrom = m.Period.DataTo + 1 }},
		{"pseudonyms.scheme", func(m *manifest.Manifest) { m.Pseudonyms.Scheme = "sha256" }},
		{"pseudonyms.epoch", func(m *manifest.Manifest) { m.Pseudonyms.Epoch = 0 }},
		{"pseudonyms.key_check", func(m *manifest.Manifest) { m.Pseudonyms.KeyCheck = "" }},
		{"pseudonyms.domains[1]", func(m *manifest.Manifest) {
			m.Pseudonyms.Domains = append(m.Pseudonyms.Domains, manifest.Domain{Domain: "child/upn", Letter: "c", Version: 1})
		}},
		{"tables", func(m *manifest.Manifest) { m.Tables = nil }},
		{"tables[1].name", func(m *manifest.Manifest) { m.Tables[1].Name = "children" }},
		{"tables[0].files", func(m *manifest.Manifest) { m.Tables[0].Files = nil }},
		{"tables[0].files", func(m *manifest.Manifest) {
			f := m.Tables[0].Files
			f[0], f[1] = f[1], f[0]
		}},
		{"tables[0].files[0].path", func(m *manifest.Manifest) { m.Tables[0].Files[0].Path = "../children.parquet" }},
		{"tables[1].files[0].path", func(m *manifest.Manifest) { m.Tables[1].Files[0].Path = "children/00.parquet" }},
		{"tables[0].files[0].path", func(m *manifest.Manifest) { m.Tables[0].Files[0].Path = "children.csv" }},
		{"tables[0].rows", func(m *manifest.Manifest) { m.Tables[0].Rows++ }},
		{"tables[0].distinct_children", func(m *manifest.Manifest) { m.Tables[0].DistinctChildren-- }},
		{"tables[0].files[1].distinct_children", func(m *manifest.Manifest) { m.Tables[0].Files[1].DistinctChildren = 801 }},
		{"tables[0].children_column", func(m *manifest.Manifest) { m.Tables[0].ChildrenColumn = "sex" }},
		{"tables[0].columns[1].name", func(m *manifest.Manifest) { m.Tables[0].Columns[1].Name = "child_id" }},
		{"tables[0].columns[1].type", func(m *manifest.Manifest) { m.Tables[0].Columns[1].Type = "text" }},
		{"tables[0].columns[1].codes", func(m *manifest.Manifest) { m.Tables[0].Columns[1].Codes = nil }},
		{"tables[0].columns[1].codes", func(m *manifest.Manifest) { m.Tables[0].Columns[1].Codes[1].Code = "1" }},
		{"tables[0].columns[2].codes", func(m *manifest.Manifest) { m.Tables[0].Columns[2].Codes = m.Tables[0].Columns[1].Codes }},
		{"tables[0].columns[0].domain", func(m *manifest.Manifest) { m.Tables[0].Columns[0].Domain = "child/upn" }},
		{"tables[0].columns[2].domain", func(m *manifest.Manifest) { m.Tables[0].Columns[2].Domain = "child/la-child-id" }},
		{"tables[0].columns[1].nulls", func(m *manifest.Manifest) { m.Tables[0].Columns[1].Nullable = false }},
		{"tables[0].columns[1].nulls", func(m *manifest.Manifest) { m.Tables[0].Columns[1].Nulls = 2001 }},
		{"sources", func(m *manifest.Manifest) { m.Sources = nil }},
		{"sources[0].commitment", func(m *manifest.Manifest) { m.Sources[0].Commitment = "" }},
		{"disclosure.quasi_identifiers[0]", func(m *manifest.Manifest) { m.Disclosure.QuasiIdentifiers[0] = "children.postcode" }},
		{"disclosure.children_unique_percent", func(m *manifest.Manifest) { m.Disclosure.UniquePercent = "0.3" }},
		{"disclosure.children_under_5_percent", func(m *manifest.Manifest) { m.Disclosure.UniquePercent = manifest.NotMeasured }},
		{"disclosure.children_under_10_percent", func(m *manifest.Manifest) { m.Disclosure.Under10Percent = manifest.NotMeasured }},
		{"linkage[0].linked_percent", func(m *manifest.Manifest) {
			m.Linkage = []manifest.Linkage{{Table: "attendance", Domain: "child/upn", LinkedPercent: manifest.NotMeasured}}
		}},
		{"register.root", func(m *manifest.Manifest) { m.Register.Root = "AAAA" }},
		{"register.size", func(m *manifest.Manifest) { m.Register.Size = 0 }},
	} {
		m := small()
		c.change(m)
		err := m.Validate()
		if err == nil || !strings.Contains(err.Error(), "manifest: "+c.member+" is ") {
			t.Errorf("%s: error %v", c.member, err)
		}
		if _, err := m.Encode(); err == nil {
			t.Errorf("%s: written all the same", c.member)
		}
	}
}

func TestPrepared(t *testing.T) {
	body, err := small().Prepared().Encode()
	if err != nil {
		t.Fatal(err)
	}
	p, err := manifest.ParsePrepared(body)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Files) != 3 || p.Files[2].Path != "ssda903/reviews.parquet" || p.Sequence != 7 {
		t.Errorf("read %+v", p)
	}
	for _, bad := range []string{"", "null", "{}", string(body) + "\n", " " + string(body), strings.Replace(string(body), `{"drop"`, `{"x":1,"drop"`, 1)} {
		if _, err := manifest.ParsePrepared([]byte(bad)); err == nil {
			t.Errorf("read %d bytes that are not canonical", len(bad))
		}
	}
}

func TestFileMetadata(t *testing.T) {
	m := small()
	kv := manifest.FileMetadata(m.Agreement.ID, m.Agreement.Version, &m.Tables[1])
	want := map[string]string{
		"postern.classification": manifest.Classification, "postern.agreement": "dsa-coventry-fv-2026",
		"postern.agreement_version": "1", "postern.table": "ssda903/reviews", "postern.column.REVIEW": "Date of the review.",
	}
	if !reflect.DeepEqual(kv, want) {
		t.Errorf("got %v", kv)
	}
}

func TestBand(t *testing.T) {
	for n, want := range map[int64]string{0: "under 10", 1: "under 10", 9: "under 10", 10: "10", 14: "10", 15: "20", 4912: "4910"} {
		if got := manifest.Band(n); got != want {
			t.Errorf("Band(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		n, all int64
		want   string
	}{
		{0, 0, "0"}, {0, 500, "0"}, {1, 500, "under 10 children"}, {9, 10, "under 10 children"}, {500, 500, "100"},
		{491, 500, "all but under 10 children"}, {10, 100_000, "under 1"}, {500, 100_000, "1"}, {499, 100_000, "under 1"},
		{345, 1000, "35"}, {344, 1000, "34"}, {99_980, 100_000, "99"}, {99_991, 100_000, "all but under 10 children"},
	} {
		if got := manifest.Percent(c.n, c.all); got != c.want {
			t.Errorf("Percent(%d, %d) = %q, want %q", c.n, c.all, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(encoded(f, small()))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := manifest.Parse(data)
		if err != nil {
			return
		}
		if again, err := m.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("read, and written otherwise (%v)", err)
		}
		if _, err := manifest.DataPackage(m); err != nil {
			t.Fatal(err)
		}
		if _, err := manifest.ReadmeHTML(m); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := encoded(b, small())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := manifest.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
