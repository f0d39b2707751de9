package extract

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/dataset"
)

func TestYearSaid(t *testing.T) {
	for path, want := range map[string]int{
		"":                               0,
		"header.csv":                     0,
		"2020-21":                        2021,
		"2020-21/header.csv":             2021,
		"2020_21/header.csv":             2021,
		"2020 21/header.csv":             2021,
		"202021/header.csv":              2021,
		"2020-2021/header.csv":           2021,
		"2020_2021/header.csv":           2021,
		"20202021/header.csv":            2021,
		"2021/header.csv":                2021,
		"1999-00/header.csv":             0,
		"2009-10/header.csv":             2010,
		"SSDA903_2020_header.csv":        2020,
		"SSDA903 2020-21 header (2).csv": 2021,
		"SSDA903-2020-21.csv":            2021,
		"v2-2020-21.csv":                 2021,
		"2020-21/SSDA903_2022_x.csv":     2022, // the file's own name before its folder's
		"2020-21/q3/header.csv":          2021,
		"x2020/y2021/header.csv":         2021, // the nearest folder
		"2020-21/backup 2019/header.csv": 2019,
		// Two years, or a span of years that are no neighbours, say nothing.
		"2020 to 2021.csv":     0,
		"2020,2021.csv":        0,
		"2020+2021.csv":        0,
		"2020-22/header.csv":   0,
		"2020-19/header.csv":   0,
		"2016-2021/header.csv": 0,
		"2020-21 2021-22.csv":  0,
		"2020-22/2021/h.csv":   2021,
		"2021/2020-22/h.csv":   2021,
		// Dates say nothing.
		"header 2021-03-31.csv":           0,
		"header 2021_03_31.csv":           0,
		"header 2021.03.31.csv":           0,
		"header 2021-3-1.csv":             0,
		"header 31-03-2021.csv":           0,
		"header 31.03.2021.csv":           0,
		"header 03-31-2021.csv":           0,
		"header 1 4 2021.csv":             0,
		"header 20210331.csv":             0,
		"header_20210331T101500.csv":      0,
		"header 31032021.csv":             0,
		"2020-21 sent 2021-05-28.csv":     2021,
		"2020-21 sent 28.05.2021.csv":     2021,
		"2020-21_20210528.csv":            2021,
		"2020-21/header 2021-05-28.csv":   2021,
		"header 2021-03.csv":              0, // a month
		"child 204512.csv":                0, // some other number
		"12020.csv":                       0,
		"20201.csv":                       0,
		"a2020b.csv":                      2020,
		"2020-213.csv":                    2020, // not a span
		"1/2020/header.csv":               2020,
		"LA 331 return 2026.csv":          2026,
		"99/header.csv":                   0,
		"2099-00/header.csv":              2100,
		"2019-20/20/header.csv":           2020,
		"99999999999999999999/header.csv": 0,
	} {
		if got := yearSaid(path).year; got != want {
			t.Errorf("%q says %d, want %d", path, got, want)
		}
	}
}

// However a year is written, every year of the century is read the same way.
func TestYearSaidEveryYear(t *testing.T) {
	for year := 2001; year <= 2099; year++ {
		before, short := year-1, year%100
		for _, name := range []string{
			fmt.Sprintf("%d", year), fmt.Sprintf("%d-%02d", before, short), fmt.Sprintf("%d_%02d", before, short),
			fmt.Sprintf("%d%02d", before, short), fmt.Sprintf("%d-%d", before, year), fmt.Sprintf("SSDA903 %d-%02d final", before, short),
		} {
			if got := yearSaid(name + "/header.csv").year; got != year {
				t.Errorf("%q says %d, want %d", name, got, year)
			}
		}
		for _, name := range []string{fmt.Sprintf("%d-%02d-15", year, 1+year%12), fmt.Sprintf("15.%02d.%d", 1+year%12, year)} {
			if got := yearSaid(name + "/header.csv").year; got != 0 {
				t.Errorf("%q says %d, want nothing", name, got)
			}
		}
	}
}

func FuzzYearSaid(f *testing.F) {
	f.Add("2020-21/header.csv")
	f.Add("20.20.2020 31")
	f.Fuzz(func(t *testing.T, path string) {
		if year := yearSaid(path).year; year != 0 && (year < 2000 || year > 2100) {
			t.Errorf("%q says %d", path, year)
		}
	})
}

func TestTermSaid(t *testing.T) {
	for path, want := range map[string]string{
		"":                                 "",
		"pupilonroll.csv":                  "",
		"2025-26/autumn/pupilonroll.csv":   dataset.Autumn,
		"2025-26/Autumn/pupilonroll.csv":   dataset.Autumn,
		"2025-26/SPRING/x.csv":             dataset.Spring,
		"autumn 2025/x.csv":                dataset.Autumn,
		"Autumn2025Census/x.csv":           dataset.Autumn,
		"2024_autumn_pupilonroll.csv":      dataset.Autumn,
		"2025_spring_fsmperiod.csv":        dataset.Spring,
		"2025_summer_fsmperiod.csv":        dataset.Summer,
		"spring/2024_autumn_x.csv":         dataset.Autumn, // the file's own name before its folder's
		"autumn/2025/spring/x.csv":         dataset.Spring, // the nearest folder
		"autumn/resubmitted/x.csv":         dataset.Autumn,
		"autumn and spring/x.csv":          "",
		"autumn/spring to summer/x.csv":    "", // a name with two terms ends the search: it may mean either
		"x_autumn_spring.csv":              "",
		"automn/x.csv":                     "",
		"summerhalfterm2sessiondetails.cs": "",
		// Tables of the autumn census are named for the half of the summer term that they tell of.
		"2024_autumn_summerhalfterm2sessiondetailsonroll.csv":     dataset.Autumn,
		"2025-26/autumn/summerhalfterm2sessiondetailsoffroll.csv": dataset.Autumn,
		"2025-26/autumn/SummerHalfTerm2SessionDetailsOnRoll.csv":  dataset.Autumn,
		"summer/summerhalfterm2sessiondetailsonroll.csv":          dataset.Summer,
		"summerhalfterm2sessiondetailsonroll.csv":                 "",
	} {
		if got := termSaid(path); got != want {
			t.Errorf("%q says %q, want %q", path, got, want)
		}
	}
}

// A single year is the one that a collection year ends in, but for an autumn term: then it is that of the calendar.
func TestYearEnding(t *testing.T) {
	for _, c := range []struct {
		path   string
		begins time.Month
		want   int
	}{
		{"2025-26/autumn/x.csv", time.September, 2026},
		{"2025-26/spring/x.csv", time.September, 2026},
		{"2025-26/summer/x.csv", time.September, 2026},
		{"2025/26/autumn/x.csv", time.September, 2026}, // 26 is no year
		{"2026/autumn/x.csv", time.September, 2027},
		{"2026/spring/x.csv", time.September, 2026},
		{"2026/summer/x.csv", time.September, 2026},
		{"2024_autumn_pupilonroll.csv", time.September, 2025},
		{"2025_spring_pupilonroll.csv", time.September, 2025},
		{"2024-25_autumn_pupilonroll.csv", time.September, 2025},
		{"202425 autumn/x.csv", time.September, 2025},
		{"20242025 autumn/x.csv", time.September, 2025},
		{"autumn/2024/x.csv", time.September, 2025},
		{"2024/x.csv", time.September, 2024},
		{"autumn/x.csv", time.September, 0},
		{"2024_autumn.csv", time.April, 2024}, // of a financial year, a term says nothing
		{"2024-25_autumn.csv", time.April, 2025},
	} {
		if got := yearSaid(c.path).ending(c.begins, termSaid(c.path)); got != c.want {
			t.Errorf("%q says %d, want %d", c.path, got, c.want)
		}
	}
}

// However a term is written into a name, it is found once and whole.
func FuzzTermSaid(f *testing.F) {
	f.Add("2024_autumn_summerhalfterm2sessiondetailsonroll.csv")
	f.Add("spring/summer")
	f.Fuzz(func(t *testing.T, path string) {
		if term := termSaid(path); term != "" && !strings.Contains(strings.ToLower(path), term) {
			t.Errorf("%q says %s", path, term)
		}
	})
}
