package agreement

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// Ranges are the ranges into which an age_band or a band puts numbers, each with the code that leaves in its place: what
// ShowText shows is what minimise writes.
//
//	age_band, bands [0, 1, 5, 16]                         00-00, 01-04, 05-15, 16+
//	band, edges [10, 20] of a column from 0 to 40         00-09, 10-19, 20-40
//
// Digits are padded so that the codes sort by size. Those of numbers below zero do not, which is why each range has a
// place among the codes.
type Ranges struct {
	lows  []int    // the ranges' lower ends, ascending
	words []string // their codes, lowest first
	codes []dataset.CodeValue
	place []int32 // of each range's code among the codes
}

// Ranges gives the ranges of an age_band, whose last is open, or of a band, whose ends are the least and the greatest
// number of the source column. It is nil for other treatments, and for a band of no column or without any edge.
func (t Treatment) Ranges(column *dataset.Column) *Ranges {
	switch {
	case t.Kind == dataset.AgeBand && len(t.Bands) > 0:
		return newRanges(t.Bands, 0, true)
	case t.Kind == dataset.Band && column != nil:
		lows := []int{int(column.Min)}
		for _, edge := range t.Edges {
			if edge > int(column.Min) {
				lows = append(lows, edge)
			}
		}
		return newRanges(lows, int(column.Max), false)
	default:
		return nil
	}
}

func newRanges(lows []int, most int, open bool) *Ranges {
	width := 0
	for _, n := range append([]int{most}, lows...) {
		width = max(width, len(strconv.Itoa(max(n, -n))))
	}
	pad := func(n int) string {
		if n < 0 {
			return fmt.Sprintf("-%0*d", width, -n)
		}
		return fmt.Sprintf("%0*d", width, n)
	}
	r := &Ranges{lows: lows, place: make([]int32, len(lows))}
	for i, low := range lows {
		high := most
		if i < len(lows)-1 {
			high = lows[i+1] - 1
		}
		code := dataset.CodeValue{Value: pad(low) + "-" + pad(high), Meaning: fmt.Sprintf("From %d to %d", low, high)}
		if open && i == len(lows)-1 {
			code = dataset.CodeValue{Value: pad(low) + "+", Meaning: strconv.Itoa(low) + " and over"}
		}
		r.words, r.codes = append(r.words, code.Value), append(r.codes, code)
	}
	slices.SortFunc(r.codes, func(a, b dataset.CodeValue) int { return strings.Compare(a.Value, b.Value) })
	for i, word := range r.words {
		r.place[i] = int32(slices.IndexFunc(r.codes, func(c dataset.CodeValue) bool { return c.Value == word }))
	}
	return r
}

// Codes are the codes of the ranges, sorted by value as those of every code column are.
func (r *Ranges) Codes() []dataset.CodeValue { return slices.Clone(r.codes) }

// Words are the codes of the ranges, that of the lowest numbers first.
func (r *Ranges) Words() []string { return slices.Clone(r.words) }

// Place is where, among Codes, the code of the range stands that a number is in. What is below the first range or above
// the last is taken into that one.
func (r *Ranges) Place(n int) int32 {
	return r.place[max(0, sort.Search(len(r.lows), func(i int) bool { return r.lows[i] > n })-1)]
}
