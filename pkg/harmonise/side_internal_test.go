package harmonise

import (
	"context"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
)

// wants is a maker that wants some readings.
type wants []reading

func (w wants) readings() []reading          { return w }
func (w wants) finish(context.Context) error { return nil }

// TestSide reads a file once for all that is wanted of it, unless something must have been read to its end before.
func TestSide(t *testing.T) {
	of := func(path, name string, after bool) reading {
		return reading{demand: &extract.Demand{Source: &extract.Source{Path: path, File: name, Year: 2026}}, tally: &Tally{}, after: after}
	}
	for name, tc := range map[string]struct {
		makers []maker
		want   string
	}{
		"two tables of one file":   {[]maker{wants{of("b", "one", false)}, wants{of("b", "two", false)}}, "one two"},
		"two of one maker":         {[]maker{wants{of("b", "one", false), of("b", "two", false)}}, "one two"},
		"one after the other":      {[]maker{wants{of("b", "one", false), of("b", "two", true)}}, "one, two"},
		"a third beside the first": {[]maker{wants{of("b", "one", false), of("b", "two", true)}, wants{of("b", "three", false)}}, "one three, two"},
		"the first of all":         {[]maker{wants{of("b", "one", true)}, wants{of("b", "two", true)}}, "one two"},
		"of two files":             {[]maker{wants{of("a", "one", false), of("b", "two", true)}}, "one, two"},
	} {
		var passes []string
		in := Input{Read: func(_ context.Context, demands []*extract.Demand) error {
			var names []string
			for _, d := range demands {
				names = append(names, d.Source.File)
			}
			passes = append(passes, strings.Join(names, " "))
			return nil
		}}
		for _, group := range together(tc.makers) {
			if err := side(context.Background(), in, group); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(passes, ", "); got != tc.want {
			t.Errorf("%s: read %s; want %s", name, got, tc.want)
		}
	}
}
