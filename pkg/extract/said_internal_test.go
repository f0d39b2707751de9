package extract

import (
	"fmt"
	"testing"
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
		if got := yearSaid(path); got != want {
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
			if got := yearSaid(name + "/header.csv"); got != year {
				t.Errorf("%q says %d, want %d", name, got, year)
			}
		}
		for _, name := range []string{fmt.Sprintf("%d-%02d-15", year, 1+year%12), fmt.Sprintf("15.%02d.%d", 1+year%12, year)} {
			if got := yearSaid(name + "/header.csv"); got != 0 {
				t.Errorf("%q says %d, want nothing", name, got)
			}
		}
	}
}

func FuzzYearSaid(f *testing.F) {
	f.Add("2020-21/header.csv")
	f.Add("20.20.2020 31")
	f.Fuzz(func(t *testing.T, path string) {
		if year := yearSaid(path); year != 0 && (year < 2000 || year > 2100) {
			t.Errorf("%q says %d", path, year)
		}
	})
}
