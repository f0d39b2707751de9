package manifest

import "strconv"

// least is the count below which a figure that the recipient cannot count in the files is not told. Zero is below it
// too: that nobody is in a group can be as telling as that one child is.
const least = 10

// Band writes a count that the recipient cannot make from the files: "under 10", or the count rounded to the nearest
// ten ("4910"), halves upwards.
func Band(n int64) string {
	if n < least {
		return "under 10"
	}
	return strconv.FormatInt((n+5)/10*10, 10)
}

// Percent writes what share of all children n children are, in whole per cent, so that it gives no small count away:
//
//	0 of any number                    "0"
//	fewer than 10                      "under 10 children"
//	all but fewer than 10              "all but under 10 children"
//	all                                "100"
//	otherwise                          "34": rounded, but never to 0 ("under 1") nor to 100 ("99")
func Percent(n, all int64) string {
	switch {
	case n <= 0 || all <= 0:
		return "0"
	case n >= all:
		return "100"
	case n < least:
		return "under 10 children"
	case all-n < least:
		return "all but under 10 children"
	}
	share := (200*n + all) / (2 * all) // to the nearest whole, halves upwards
	switch {
	case share < 1:
		return "under 1"
	case share > 99:
		return "99"
	}
	return strconv.FormatInt(share, 10)
}
