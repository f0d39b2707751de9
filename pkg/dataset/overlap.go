package dataset

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode"
)

// overlaps reports whether some text fits both of two patterns, each of which is held to a whole text. Where a pattern asks
// what stands around a place (a word's end), that is taken to be met: in doubt two patterns overlap.
//
// Both patterns are gone through side by side, as machines that read one letter at a time: 4ab pairs of places at most,
// where the patterns have a and b.
func overlaps(a, b *regexp.Regexp) bool {
	first, err := programOf(a)
	if err != nil {
		return true
	}
	second, err := programOf(b)
	if err != nil {
		return true
	}
	type pair [2]uint32
	begin := pair{uint32(first.Start), uint32(second.Start)}
	seen := map[pair]bool{begin: true}
	for open := []pair{begin}; len(open) > 0; {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		reach := func(x, y uint32) {
			if to := (pair{x, y}); !seen[to] {
				seen[to] = true
				open = append(open, to)
			}
		}
		x, y := &first.Inst[at[0]], &second.Inst[at[1]]
		if ways, free := freely(x); free {
			for _, to := range ways {
				reach(to, at[1])
			}
			continue
		}
		if ways, free := freely(y); free {
			for _, to := range ways {
				reach(at[0], to)
			}
			continue
		}
		switch {
		case x.Op == syntax.InstMatch && y.Op == syntax.InstMatch:
			return true
		case x.Op != syntax.InstMatch && y.Op != syntax.InstMatch && shareLetter(x, y):
			reach(x.Out, y.Out)
		}
	}
	return false
}

func programOf(r *regexp.Regexp) (*syntax.Prog, error) {
	parsed, err := syntax.Parse(r.String(), syntax.Perl)
	if err != nil {
		return nil, err
	}
	return syntax.Compile(parsed.Simplify())
}

// freely lists where an instruction leads that reads no letter; false for one that reads a letter, or ends.
func freely(i *syntax.Inst) ([]uint32, bool) {
	switch i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return []uint32{i.Out, i.Arg}, true
	case syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstNop:
		return []uint32{i.Out}, true
	case syntax.InstFail:
		return nil, true
	default:
		return nil, false
	}
}

// shareLetter reports whether two instructions read some letter both. Where two ranges meet, one of them begins there, or
// just before it where that is the end of a line.
func shareLetter(x, y *syntax.Inst) bool {
	letters := []rune{'a'}
	for _, i := range []*syntax.Inst{x, y} {
		for at := 0; at < len(i.Rune); at += 2 {
			letters = append(letters, i.Rune[at], i.Rune[at]+1)
		}
		if len(i.Rune) == 1 {
			for r := unicode.SimpleFold(i.Rune[0]); r != i.Rune[0]; r = unicode.SimpleFold(r) {
				letters = append(letters, r)
			}
		}
	}
	return slices.ContainsFunc(letters, func(r rune) bool { return x.MatchRune(r) && y.MatchRune(r) })
}
