package extract_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/schemas"
)

// Small files of each kind. Episodes, reviews and missing tell a year; header and uasc do not.
const (
	header       = headerLine + "\n510000,1,11/07/2015,WBRI,,,\n"
	episodesHead = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
	episodes2021 = episodesHead + "510000,01/05/2019,S,C2,N1,U4,PR1,31/03/2021,E4A,,,,\n"
	episodes2022 = episodesHead + "510000,01/04/2021,S,C2,N1,U4,PR1,,,,,,\n"
	missing2021  = "CHILD,DOB,MISSING,MIS_START,MIS_END\n510000,11/07/2015,M,01/06/2020,02/06/2020\n"
	reviews2023  = "CHILD,DOB,REVIEW,REVIEW_CODE\n510000,11/07/2015,01/06/2022,PN1\n"
	workers      = "CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON\n510000,11/07/2015,SW1,01/01/2020,03/01/2020,MANAGE\n"
)

// tree writes files below a folder whose own name says no year.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "extracts")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func discover(t testing.TB, paths ...string) (*extract.Inventory, *finding.Report, error) {
	t.Helper()
	report := &finding.Report{}
	inventory, err := extract.Discover(context.Background(), catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, paths, report)
	return inventory, report, err
}

// found lists what was found as "year table file" and what was found wrong as "RULE file", files below the root.
func listed(root string, inventory *extract.Inventory, report *finding.Report, err error) []string {
	var out []string
	short := func(path string) string {
		return filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(path, root), string(filepath.Separator)))
	}
	var bad *extract.Invalid
	switch {
	case errors.As(err, &bad):
		for _, f := range bad.Findings {
			out = append(out, f.Rule+" "+short(f.Place.File))
		}
	case err != nil:
		return []string{err.Error()}
	default:
		for _, s := range inventory.Sources {
			out = append(out, fmt.Sprintf("%d %s %s", s.Year, s.Table.ID(), short(s.File)))
		}
		for _, s := range inventory.Skipped {
			out = append(out, "skipped "+short(s))
		}
		for _, f := range report.Findings() {
			out = append(out, f.Rule+" "+short(f.Place.File))
		}
	}
	return out
}

func TestDiscover(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"a set in a folder of its year": {
			map[string]string{"2020-21/a.csv": header, "2020-21/b.csv": episodes2021},
			[]string{"2021 ssda903/header 2020-21/a.csv", "2021 ssda903/episodes 2020-21/b.csv"}},
		"file names mean nothing": {
			map[string]string{"2020-21/episodes.csv": header, "2020-21/header.csv": episodes2021},
			[]string{"2021 ssda903/header 2020-21/episodes.csv", "2021 ssda903/episodes 2020-21/header.csv"}},
		"the year from the dates alone": {
			map[string]string{"set/header.csv": header, "set/episodes.csv": episodes2021},
			[]string{"2021 ssda903/episodes set/episodes.csv", "2021 ssda903/header set/header.csv"}},
		"the year from the file names": {
			map[string]string{"header 2020-21.csv": header, "header 2021-22.csv": header},
			[]string{"2021 ssda903/header header 2020-21.csv", "2022 ssda903/header header 2021-22.csv"}},
		"several sets, sorted by year": {
			map[string]string{"b/2021-22/header.csv": header, "a/2022-23/reviews.csv": reviews2023, "c/2020-21/header.csv": header},
			[]string{"2021 ssda903/header c/2020-21/header.csv", "2022 ssda903/header b/2021-22/header.csv", "2023 ssda903/reviews a/2022-23/reviews.csv"}},
		"sets side by side told apart by file name and dates": {
			map[string]string{"episodes.csv": episodes2021, "header.csv": header, "x 2021-22 header.csv": header, "x 2021-22 episodes.csv": episodes2022},
			[]string{"2021 ssda903/episodes episodes.csv", "2021 ssda903/header header.csv", "2022 ssda903/episodes x 2021-22 episodes.csv", "2022 ssda903/header x 2021-22 header.csv"}},
		"other evidence when there are no episodes": {
			map[string]string{"set/header.csv": header, "set/missing.csv": missing2021},
			[]string{"2021 ssda903/header set/header.csv", "2021 ssda903/missing set/missing.csv"}},
		"the episodes before other evidence": {
			map[string]string{"set/reviews.csv": reviews2023, "set/episodes.csv": episodes2021},
			[]string{"2021 ssda903/episodes set/episodes.csv", "2021 ssda903/reviews set/reviews.csv"}},
		"other evidence when the episodes have no date": {
			map[string]string{"set/reviews.csv": reviews2023, "set/episodes.csv": episodesHead},
			[]string{"2023 ssda903/episodes set/episodes.csv", "2023 ssda903/reviews set/reviews.csv"}},
		"nothing tells the year": {
			map[string]string{"set/header.csv": header}, []string{"YEAR_UNKNOWN set/header.csv"}},
		"nothing tells the year of a set": {
			map[string]string{"set/header.csv": header, "set/uasc.csv": "CHILD,SEX,DOB,DUC\n"}, []string{"YEAR_UNKNOWN set"}},
		"the path says an earlier year than the dates": {
			map[string]string{"2019-20/episodes.csv": episodes2021, "2019-20/header.csv": header}, []string{"YEAR_MISMATCH 2019-20"}},
		"the path says a later year than the dates": {
			map[string]string{"2021-22/episodes.csv": episodes2021, "2021-22/header.csv": header},
			[]string{"2022 ssda903/episodes 2021-22/episodes.csv", "2022 ssda903/header 2021-22/header.csv", "YEAR_NOT_EVIDENT 2021-22"}},
		"a table twice": {
			map[string]string{"2020-21/a.csv": header, "2020-21/b.csv": header, "2020-21/c.csv": episodes2021}, []string{"TABLE_TWICE 2020-21/b.csv"}},
		"a table twice in two folders of one year": {
			map[string]string{"a/2020-21/h.csv": header, "b/2020-21/h.csv": header}, []string{"TABLE_TWICE b/2020-21/h.csv"}},
		"a table of later years only": {
			map[string]string{"2019-20/w.csv": workers}, []string{"TABLE_NOT_IN_YEAR 2019-20/w.csv"}},
		"a table of later years only, by its dates": {
			map[string]string{"w.csv": workers}, []string{"TABLE_NOT_IN_YEAR w.csv"}},
		"a year before the definitions": {
			map[string]string{"2014-15/h.csv": header}, []string{"TABLE_NOT_IN_YEAR 2014-15/h.csv"}},
		"a year after the definitions": {
			map[string]string{"2030-31/h.csv": header}, []string{"TABLE_NOT_IN_YEAR 2030-31/h.csv"}},
		"everything wrong is told at once": {
			map[string]string{"2020-21/a.csv": header, "2020-21/b.csv": header, "x/empty.csv": "", "x/other.csv": "A,B\n", "y/header.csv": header},
			[]string{"FILE_EMPTY x/empty.csv", "TABLE_UNKNOWN x/other.csv", "TABLE_TWICE 2020-21/b.csv", "YEAR_UNKNOWN y/header.csv"}},
		"hidden files and folders, and those that office programs leave": {
			map[string]string{"2020-21/h.csv": header, "2020-21/.h.csv": "x", "2020-21/~$h.csv": "x", ".old/h.csv": header, "2020-21/.~lock.h.csv#": "x"},
			[]string{"2021 ssda903/header 2020-21/h.csv"}},
		"other kinds of files": {
			map[string]string{"2020-21/h.CSV": header, "2020-21/h.xlsx": "x", "2020-21/README": "x", "2020-21/h.csv.bak": "x"},
			[]string{"2021 ssda903/header 2020-21/h.CSV", "skipped 2020-21/README", "skipped 2020-21/h.csv.bak", "skipped 2020-21/h.xlsx",
				"FILE_SKIPPED 2020-21/README", "FILE_SKIPPED 2020-21/h.csv.bak", "FILE_SKIPPED 2020-21/h.xlsx"}},
		"only other kinds of files": {map[string]string{"a.txt": "x"}, []string{"NO_EXTRACTS "}},
		"nothing at all":            {nil, []string{"NO_EXTRACTS "}},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, c.files)
			inventory, report, err := discover(t, root)
			if got := listed(root, inventory, report, err); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A few slips of the keyboard do not move the year, one in a hundred or two of twenty; more do.
func TestDiscoverYearIsThatOfNearlyAllDates(t *testing.T) {
	rows := func(sound, late int) string {
		return episodesHead + strings.Repeat("510000,01/05/2020,S,C2,N1,U4,PR1,,,,,,\n", sound) + strings.Repeat("510000,01/05/2030,S,C2,N1,U4,PR1,,,,,,\n", late)
	}
	for _, c := range []struct{ sound, late, want int }{
		{1, 0, 2021}, {0, 1, 2031}, {8, 1, 2031}, {9, 1, 2021}, {8, 2, 2031}, {17, 2, 2031}, {18, 2, 2021}, {98, 2, 2021}, {97, 3, 2031},
		{396, 4, 2021}, {395, 5, 2031}, {990, 10, 2021}, {989, 11, 2031}} {
		root := tree(t, map[string]string{"e.csv": rows(c.sound, c.late)})
		inventory, report, err := discover(t, root)
		got := listed(root, inventory, report, err)
		want := fmt.Sprintf("%d ssda903/episodes e.csv", c.want)
		if c.want > 2027 {
			want = "TABLE_NOT_IN_YEAR e.csv"
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%d dates of 2021 and %d of 2031: %v, want %s", c.sound, c.late, got, want)
		}
	}
}

// What stands above the folder that the user names says nothing of the extract.
func TestDiscoverYearsAboveTheRoot(t *testing.T) {
	top := filepath.Join(t.TempDir(), "backup 2018-19", "extracts")
	for name, content := range map[string]string{"set/header.csv": header, "set/episodes.csv": episodes2021} {
		path := filepath.Join(top, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	inventory, report, err := discover(t, top)
	want := []string{"2021 ssda903/episodes set/episodes.csv", "2021 ssda903/header set/header.csv"}
	if got := listed(top, inventory, report, err); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// The folder that is named does: it, or the folder of a file that is named.
	year := filepath.Join(filepath.Dir(top), "2018-19")
	if err := os.Mkdir(year, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(year, "header.csv")
	if err := os.WriteFile(file, []byte(header), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{year, year + string(filepath.Separator), file} {
		inventory, report, err := discover(t, path)
		if got, want := listed(year, inventory, report, err), []string{"2019 ssda903/header header.csv"}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	t.Chdir(year)
	inventory, report, err = discover(t, ".")
	if got, want := listed(".", inventory, report, err), []string{"2019 ssda903/header header.csv"}; !slices.Equal(got, want) {
		t.Errorf("from within: %v, want %v", got, want)
	}
}

func TestDiscoverTellsWhatAFileIs(t *testing.T) {
	root := tree(t, map[string]string{"2020-21/h.csv": header, "2021-22/h.csv": header + "1,1,11/07/2015,WBRI,,,\n", "2021-22/e.csv": episodes2022})
	inventory, _, err := discover(t, root)
	if err != nil {
		t.Fatal(err)
	}
	if err := inventory.TakeDigests(t.Context())(); err != nil {
		t.Fatal(err)
	}
	for _, s := range inventory.Sources {
		data, err := os.ReadFile(s.Path)
		if err != nil || s.SHA256 != sha256.Sum256(data) || s.Size != int64(len(data)) {
			t.Errorf("%s: size or digest is not the file's", s.File)
		}
	}
	of := inventory.Of("ssda903/header")
	if len(of) != 2 || of[0].Year != 2022 || of[1].Year != 2021 || len(inventory.Of("ssda903/uasc")) != 0 {
		t.Errorf("the sources of a table are not the latest first: %v", of)
	}
}

// A file that is named by itself and by its folder is read once.
func TestDiscoverTheSameFileTwice(t *testing.T) {
	root := tree(t, map[string]string{"2020-21/h.csv": header})
	inventory, report, err := discover(t, root, filepath.Join(root, "2020-21", "h.csv"), filepath.Join(root, "2020-21"), filepath.Join(root, "2020-21", "..", "2020-21"))
	if got, want := listed(root, inventory, report, err), []string{"2021 ssda903/header 2020-21/h.csv"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A column that only some years have must be there in these.
func TestDiscoverAColumnOfTheYear(t *testing.T) {
	c, err := dataset.Load(schemas.Files, fstest.MapFS{"twins.yaml": {Data: []byte(twins)}})
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"2018-19/ONE,TWO,PERHAPS":       "2019 twins/first x.csv",
		"2019-20/ONE,TWO,PERHAPS":       "COLUMN_MISSING x.csv",
		"2019-20/ONE,TWO,PERHAPS,LATER": "2020 twins/first x.csv",
		"2019-20/ONE,TWO,LATER":         "2020 twins/first x.csv",
		"2018-19/ONE,TWO,LATER":         "2019 twins/first x.csv", // a column before its time is read, and its codes are held to the year
	} {
		year, header, _ := strings.Cut(file, "/")
		root := tree(t, map[string]string{year + "/x.csv": header + "\n"})
		report := &finding.Report{}
		inventory, err := extract.Discover(t.Context(), c, map[string]extract.Reader{".csv": csv.Reader{}}, []string{filepath.Join(root, year)}, report)
		if got := listed(filepath.Join(root, year), inventory, report, err); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %v, want %s", file, got, want)
		}
	}
}

func TestDiscoverStopsWhenToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	root := tree(t, map[string]string{"2020-21/h.csv": header})
	_, err := extract.Discover(ctx, catalogue(t), map[string]extract.Reader{".csv": csv.Reader{}}, []string{root}, &finding.Report{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
