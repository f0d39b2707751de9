package dataset_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/schemas"
)

// loaded reads the built-in definitions once for all tests.
var loaded = sync.OnceValues(func() (*dataset.Catalogue, error) { return dataset.Load(schemas.Files) })

func builtIn(t *testing.T) *dataset.Catalogue {
	t.Helper()
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// formats are the built-in definitions of some formats alone, without core tables. They are enough for what a council says
// of these, and much quicker to read than all of them.
func formats(t *testing.T, names ...string) fs.FS {
	t.Helper()
	files := make(fstest.MapFS)
	for _, name := range names {
		data, err := fs.ReadFile(schemas.Files, name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		files[name+".yaml"] = &fstest.MapFile{Data: data}
	}
	return files
}

func TestBuiltInDefinitions(t *testing.T) {
	c := builtIn(t)
	var ids []string
	for _, table := range c.Tables() {
		ids = append(ids, table.ID())
		if c.Table(table.ID()) != table {
			t.Errorf("%s is not found by its id", table.ID())
		}
		if table.Core() != (table.Format == "") || table.Core() && (len(table.Sources) == 0) != (table.Made != nil) || !table.Core() && len(table.Sources) != 0 {
			t.Errorf("%s: sources are what core tables have", table.ID())
		}
		for _, column := range table.Columns {
			if table.Column(column.Name) != column {
				t.Errorf("%s.%s is not found by its name", table.ID(), column.Name)
			}
			if column.Meaning == "" || !slices.Contains(dataset.Types(), column.Type) || !slices.Contains(dataset.Classes(), column.Class) {
				t.Errorf("%s.%s lacks a meaning, a type or a class", table.ID(), column.Name)
			}
			if (column.Type == dataset.Code) != (len(column.Codes) > 0) || (column.Type == dataset.Identifier) != (column.Identifier != "") {
				t.Errorf("%s.%s: a code column has codes, an identifier has a domain", table.ID(), column.Name)
			}
			if !column.Class.Releasable() && len(column.Treatments) > 0 || column.Class.Releasable() && column.Type != dataset.Text && len(column.Treatments) == 0 && !table.Marks(column.Name) {
				t.Errorf("%s.%s of class %s and type %s permits %v", table.ID(), column.Name, column.Class, column.Type, column.Treatments)
			}
			if column.Type == dataset.Identifier && slices.ContainsFunc(column.Treatments, func(s string) bool { return s != dataset.Pseudonym }) {
				t.Errorf("%s.%s is an identifier and permits %v", table.ID(), column.Name, column.Treatments)
			}
			if column.IsBirthDate() != (strings.Contains(column.Meaning, "Date of birth") || column.Name == "ExpectedPersonBirthDate") && column.Class != dataset.DirectIdentifier {
				t.Errorf("%s.%s: %q, permitting %v", table.ID(), column.Name, column.Meaning, column.Treatments)
			}
		}
	}
	for _, format := range []string{"annex_a/", "attendance/", "cin/", "giap/", "giap_census/", "school_census/", "ssd/"} { // theirs are held by tests of their own
		if !slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, format) }) {
			t.Errorf("there is no table of %s", format)
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return strings.HasPrefix(id, format) })
	}
	want := []string{"assessments", "attendance", "attendance_daily", "children", "cin_plans", "cp_plans", "free_school_meals", "looked_after_episodes",
		"looked_after_periods", "placements", "pupil_premium", "re_referrals", "referrals", "ssda903/ad1", "ssda903/dolo", "ssda903/episodes", "ssda903/header",
		"ssda903/missing", "ssda903/oc2", "ssda903/oc3", "ssda903/placed_adoption", "ssda903/prev_perm", "ssda903/reviews",
		"ssda903/sw_episodes", "ssda903/uasc"}
	if !slices.Equal(ids, want) {
		t.Errorf("tables\n%v, want\n%v", ids, want)
	}
	for _, id := range []string{"", "header", "ssda903/", "ssda903/headers", "SSDA903/header", "zzz"} {
		if c.Table(id) != nil {
			t.Errorf("there is a table %q", id)
		}
	}
	if c.Version("ssda903") != 2 || c.Version("core") != 0 || c.CodeMap("ethnicity_6") == nil || c.CodeMap("ethnicity") != nil {
		t.Error("versions or code maps are not those of the files")
	}
}

func TestCollectionYearIsAColumnOfEveryTable(t *testing.T) {
	c := builtIn(t)
	for _, table := range c.Tables() {
		column := table.Column(dataset.CollectionYear)
		if table.PerChild() || table.PerPupil() || table.Streams {
			continue // one row of many years, or of a year that has its own column
		}
		if column == nil || column.Type != dataset.Integer || column.Class != dataset.Ordinary ||
			!slices.Equal(column.Treatments, []string{dataset.Keep, dataset.Band}) {
			t.Errorf("%s: %+v", table.ID(), column)
		}
	}
}

// A code is accepted in the years that have it, and in year 0, which is any.
func TestCodeYears(t *testing.T) {
	c := builtIn(t)
	const never, always = 0, 9999
	for _, v := range []struct {
		table, column, code string
		from, to            int // the years that have it; never: no year
	}{
		{"header", "SEX", "1", 2016, 2024}, {"header", "SEX", "2", 2016, 2024},
		{"header", "SEX", "M", 2025, always}, {"header", "SEX", "F", 2025, always}, {"header", "SEX", "U", 2025, always},
		{"header", "SEX", "m", never, never}, {"header", "SEX", "3", never, never},
		{"uasc", "SEX", "1", 2016, 2025}, {"uasc", "SEX", "M", 2025, always},
		{"episodes", "PLACE", "K3", 2025, always}, {"episodes", "PLACE", "Z1", 2016, 2025},
		{"episodes", "PLACE", "Z11", 2026, always}, {"episodes", "PLACE", "Z12", 2026, always},
		{"episodes", "PLACE", "Z13", 2026, always}, {"episodes", "PLACE", "Z14", 2026, always}, {"episodes", "PLACE", "Z15", never, never},
		{"episodes", "PLACE", "P2", 2016, 2025}, {"episodes", "PLACE", "H5", 2016, 2025}, {"episodes", "PLACE", "P3", 2016, always},
		{"episodes", "PLACE", "U1", 2016, always}, {"episodes", "PLACE", "U6", 2016, always},
		{"episodes", "REC", "E43", 2016, 2018}, {"episodes", "REC", "E44", 2016, 2018},
		{"episodes", "REC", "E45", 2019, always}, {"episodes", "REC", "E46", 2019, always},
		{"episodes", "REC", "E47", 2019, always}, {"episodes", "REC", "E48", 2019, always},
		{"episodes", "REC", "E4A", 2016, always}, {"episodes", "REC", "E4B", 2016, always}, {"episodes", "REC", "E4", never, never},
		{"episodes", "REASON_PLACE_CHANGE", "CUSTOD", 2019, always}, {"episodes", "REASON_PLACE_CHANGE", "CARPL", 2016, always},
		{"oc3", "ACTIV", "F3", 2016, 2021}, {"oc3", "ACTIV", "P3", 2016, 2021}, {"oc3", "ACTIV", "F5", 2016, always}, {"oc3", "ACTIV", "0", 2016, always},
		{"placed_adoption", "REASON_PLACED_CEASED", "XXX", never, never},
	} {
		column := c.Table("ssda903/" + v.table).Column(v.column)
		for year := 2016; year <= 2030; year++ {
			want := year >= v.from && year <= v.to && v.from != never
			if _, got := column.Code(v.code, year); got != want {
				t.Errorf("%s.%s: code %s in %d: %v, want %v", v.table, v.column, v.code, year, got, want)
			}
		}
		at, anyYear := column.Code(v.code, 0)
		if anyYear != (v.from != never) || at >= 0 && column.Codes[at].Value != v.code {
			t.Errorf("%s.%s: code %s in any year: %d, %v", v.table, v.column, v.code, at, anyYear)
		}
	}
	for id, years := range map[string][2]int{"sw_episodes": {2024, 2027}, "dolo": {2027, 2027}, "header": {2016, 2027}} {
		table := c.Table("ssda903/" + id)
		for year := 2014; year <= 2030; year++ {
			if got, want := table.In(year), year >= years[0] && year <= years[1]; got != want {
				t.Errorf("%s in %d: %v, want %v", id, year, got, want)
			}
		}
	}
}

// Every code of a source has its place in the core column that it feeds, and every code map is closed.
func TestCodeMaps(t *testing.T) {
	c := builtIn(t)
	m := c.CodeMap("ethnicity_6")
	for _, code := range c.Table("ssda903/header").Column("ETHNIC").Codes {
		to, ok := m.To(code.Value)
		if !ok || !slices.ContainsFunc(m.Codes, func(v dataset.CodeValue) bool { return v.Value == to }) {
			t.Errorf("%s becomes %q, %v", code.Value, to, ok)
		}
	}
	for code, want := range map[string]string{"WROM": "white", "CHNE": "asian", "NOBT": "unknown", "MOTH": "mixed", "OOTH": "other", "BOTH": "black"} {
		if got, _ := m.To(code); got != want {
			t.Errorf("%s becomes %q, want %q", code, got, want)
		}
	}
	if to, ok := m.To("UNKN"); ok || to != "" {
		t.Errorf("a code that the map does not have becomes %q", to)
	}
	sexes := c.CodeMap("sex")
	for _, code := range c.Table("ssda903/header").Column("SEX").Codes {
		if _, ok := sexes.To(code.Value); !ok {
			t.Errorf("sex %s has no place", code.Value)
		}
	}
}

func TestReleasable(t *testing.T) {
	never := []dataset.Class{dataset.DirectIdentifier, dataset.FreeText, dataset.Staff, dataset.RecordIdentifier}
	for _, class := range dataset.Classes() {
		if class.Releasable() == slices.Contains(never, class) {
			t.Errorf("class %s: releasable %v", class, class.Releasable())
		}
	}
	for _, unknown := range []dataset.Class{"", "safe", "ORDINARY"} {
		if unknown.Releasable() {
			t.Errorf("class %q is releasable", unknown)
		}
	}
}

// A column of a class or type that never leaves permits nothing, whatever its definition says.
func TestNoDefinitionCanOpenWhatNeverLeaves(t *testing.T) {
	for _, class := range []string{"direct-identifier", "free-text", "staff", "record-identifier"} {
		for _, treatment := range []string{"keep", "pseudonym", "date", "age_months", "nonsense"} {
			for _, kind := range []string{"type: text", "type: date", "type: code, codes: sex", "type: identifier, identifier: child/upn", "type: boolean"} {
				opened := strings.Replace(formatFile, "{name: POST, type: text, class: direct-identifier,",
					"{name: POST, "+kind+", class: "+class+", treatments: ["+treatment+"],", 1)
				if opened == formatFile {
					t.Fatal("the definition is not as this test thinks")
				}
				if _, err := load(t, opened, coreFile); err == nil {
					t.Errorf("a column of class %s (%s) permits %s", class, kind, treatment)
				}
			}
		}
	}
	text := strings.Replace(formatFile, "type: text, class: direct-identifier,", "type: text, class: ordinary, treatments: [keep],", 1)
	if _, err := load(t, text, coreFile); err == nil {
		t.Error("free text of an ordinary class may be kept")
	}
}

func TestACouncilsOwnDefinitions(t *testing.T) {
	own := fstest.MapFS{"local.yaml": {Data: []byte(formatFile)}, "notes.txt": {Data: []byte("not a definition")}}
	c, err := dataset.Load(schemas.Files, own)
	if err != nil {
		t.Fatal(err)
	}
	if c.Table("local/people") == nil || c.Table("ssda903/header") == nil || c.Version("local") != 3 || len(c.Tables()) != len(builtIn(t).Tables())+1 {
		t.Error("the council's table is not beside the built-in ones")
	}
	if c.Digest() == builtIn(t).Digest() {
		t.Error("definitions were added and the digest is the same")
	}
	people := c.Table("local/people")
	if people.From != 2017 || people.To != 2026 || !slices.Equal(people.DateFormats, []string{dataset.DateUK, dataset.DateISO}) {
		t.Errorf("%+v", people)
	}
}

// A council adds to the built-in definitions and replaces nothing of them.
func TestNothingIsReplaced(t *testing.T) {
	ours, err := fs.ReadFile(schemas.Files, "ssda903.yaml")
	if err != nil {
		t.Fatal(err)
	}
	core, err := fs.ReadFile(schemas.Files, "core.yaml")
	if err != nil {
		t.Fatal(err)
	}
	otherCore := `apiVersion: postern/core/v1
version: 1
title: More core tables
code_lists:
  LIST:
    - {code: X, meaning: A code}
code_maps:
  - {name: MAP, meaning: A map, to: LIST, pairs: [{from: X, to: X}]}
tables:
  - name: TABLE
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
    sources:
      - {table: ssda903/header, adds: true, columns: {child_id: {from: CHILD}}}
`
	named := func(list, m, table string) []byte {
		return []byte(strings.NewReplacer("LIST", list, "MAP", m, "TABLE", table).Replace(otherCore))
	}
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string // part of the error, "" when it is accepted
	}{
		"other names":       {fstest.MapFS{"more.yaml": {Data: named("own", "own", "own")}}, ""},
		"same file name":    {fstest.MapFS{"ssda903.yaml": {Data: []byte(formatFile)}}, "two files"},
		"same format":       {fstest.MapFS{"ours.yaml": {Data: ours}}, "defined by another file too"},
		"same core tables":  {fstest.MapFS{"ours.yaml": {Data: core}}, "defined twice"},
		"same core table":   {fstest.MapFS{"more.yaml": {Data: named("own", "own", "children")}}, "a table of this name is defined twice"},
		"same code list":    {fstest.MapFS{"more.yaml": {Data: named("sex", "own", "own")}}, "a code list of this name"},
		"a format's list":   {fstest.MapFS{"more.yaml": {Data: named("ssda903/sex", "own", "own")}}, "a code list of this name"},
		"same code map":     {fstest.MapFS{"more.yaml": {Data: named("own", "ethnicity_6", "own")}}, "a code map of this name"},
		"a format's tables": {fstest.MapFS{"more.yaml": {Data: []byte(strings.Replace(formatFile, "format: local", "format: ssda903", 1))}}, "defined by another file too"},
	} {
		_, err := dataset.Load(schemas.Files, c.files)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestDigest(t *testing.T) {
	base, err := load(t, formatFile, coreFile)
	if err != nil {
		t.Fatal(err)
	}
	again, err := load(t, formatFile, coreFile)
	if err != nil || again.Digest() != base.Digest() {
		t.Fatal("the same bytes have two digests")
	}
	// Any one byte more, in a comment or in a meaning, and also one moved from file to file, is another digest.
	seen := map[[32]byte]string{base.Digest(): "the base"}
	for name, files := range map[string][2]string{
		"a comment in the format":        {formatFile + "# x\n", coreFile},
		"a comment in the core":          {formatFile, coreFile + "# x\n"},
		"a blank line":                   {formatFile + "\n", coreFile},
		"a letter of a meaning":          {strings.Replace(formatFile, "First day", "first day", 1), coreFile},
		"a letter of a core's meaning":   {formatFile, strings.Replace(coreFile, "Listed", "listed", 1)},
		"a code":                         {strings.Replace(formatFile, "to: 2020}\ntables", "to: 2021}\ntables", 1), coreFile},
		"another comment in the format":  {formatFile + "# y\n", coreFile},
		"a longer comment in the format": {formatFile + "# xx\n", coreFile},
	} {
		c, err := load(t, files[0], files[1])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if other, ok := seen[c.Digest()]; ok {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[c.Digest()] = name
	}
	renamed, err := dataset.Load(fstest.MapFS{"other.yaml": {Data: []byte(formatFile)}, "zcore.yaml": {Data: []byte(coreFile)}})
	if err != nil || renamed.Digest() == base.Digest() {
		t.Errorf("another file name has the same digest (%v)", err)
	}
}

func TestNoDefinitions(t *testing.T) {
	if _, err := dataset.Load(); err == nil {
		t.Error("no definitions are accepted")
	}
	if _, err := dataset.Load(fstest.MapFS{"readme.txt": {Data: []byte("x")}}); err == nil {
		t.Error("a folder without definitions is accepted")
	}
	if _, err := dataset.Load(fstest.MapFS{"a.yaml": {Mode: fs.ModeDir}}); err == nil {
		t.Error("a folder named as a definition is accepted")
	}
	if _, err := dataset.Load(os.DirFS(t.TempDir())); err == nil {
		t.Error("an empty folder is accepted")
	}
	if _, err := dataset.Load(fstest.MapFS{"a.yaml": {Data: []byte("\xff\xfea\x00")}}); err == nil {
		t.Error("UTF-16 is accepted")
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dataset.Load(schemas.Files); err != nil {
			b.Fatal(err)
		}
	}
}
