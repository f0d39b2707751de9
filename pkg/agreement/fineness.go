package agreement

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// fineness tells of two treatments of one column which of them tells more.
//
// A treatment of a code column puts its codes into classes; of two treatments the one whose classes are parts of the
// other's tells more. Ranges of numbers and of ages are compared by their edges, dates by what they are cut to. Where
// neither is part of the other, as with two flags of other codes, it is unclear.
type fineness struct {
	catalogue *dataset.Catalogue
	column    *dataset.Column // nil when it is not in the definitions
}

func (f fineness) compare(was, is Treatment) direction {
	switch {
	case was.Kind == dataset.Constant && is.Kind == dataset.Constant:
		if was.Value == is.Value {
			return alike
		}
		return otherwise
	case was.Kind == dataset.Constant:
		return wider // what told nothing now tells something
	case is.Kind == dataset.Constant:
		return narrower
	case was.Ages() && is.Ages():
		return ages(was, is)
	case was.Kind == dataset.DateTo && is.Kind == dataset.DateTo:
		return ranked(was.To, is.To, "year", "quarter", "month", "week", "day")
	case was.Kind == dataset.DaysSince && is.Kind == dataset.DateTo && is.To == "day":
		return wider // a count of days from a day that is not told becomes the day itself
	case was.Kind == dataset.DateTo && is.Kind == dataset.DaysSince && was.To == "day":
		return narrower
	case was.Kind == dataset.DaysSince && is.Kind == dataset.DaysSince:
		return ranked(was.Event, is.Event)
	case was.Kind == dataset.Pseudonym && is.Kind == dataset.Pseudonym:
		return alike
	case f.numbers(was) && f.numbers(is):
		return edges(was, is)
	}
	w, i := f.classes(was), f.classes(is)
	if w == nil || i == nil {
		return unclear
	}
	return refinement(w, i, was, is)
}

func ages(was, is Treatment) direction {
	if was.Kind == dataset.AgeBand && is.Kind == dataset.AgeBand {
		return contained(was.Bands, is.Bands)
	}
	return ranked(was.Kind, is.Kind, dataset.AgeBand, dataset.AgeYears, dataset.AgeMonths)
}

// numbers reports whether a treatment is one of a number.
func (f fineness) numbers(t Treatment) bool {
	return t.Kind == dataset.Band || t.Kind == dataset.Keep && f.column != nil && f.column.Type == dataset.Integer
}

func edges(was, is Treatment) direction {
	if was.Kind == dataset.Band && is.Kind == dataset.Band {
		return contained(was.Edges, is.Edges)
	}
	return ranked(was.Kind, is.Kind, dataset.Band, dataset.Keep)
}

// contained is wider when all of one list, and more, is in the other.
func contained[T comparable](was, is []T) direction {
	within := func(some, of []T) bool {
		return !slices.ContainsFunc(some, func(x T) bool { return !slices.Contains(of, x) })
	}
	switch more, less := within(was, is), within(is, was); {
	case more && less:
		return alike
	case more:
		return wider
	case less:
		return narrower
	default:
		return unclear
	}
}

// classes are what a treatment makes of each code of the column: codes that it makes the same of are in one class. It is
// nil when that cannot be known.
func (f fineness) classes(t Treatment) []string {
	if f.column == nil {
		return nil
	}
	if f.column.Type == dataset.Boolean && t.Kind == dataset.Keep {
		return []string{"false", "true"}
	}
	if f.column.Type != dataset.Code {
		return nil
	}
	var to func(code string) string
	switch t.Kind {
	case dataset.Keep:
		to = func(code string) string {
			if len(t.Codes) > 0 && !slices.Contains(t.Codes, code) {
				return "" // does not leave
			}
			return code
		}
	case dataset.Flag:
		to = func(code string) string {
			if slices.Contains(t.Codes, code) {
				return "true"
			}
			return "false"
		}
	case dataset.CodeMapTo:
		if to = f.mapping(t); to == nil {
			return nil
		}
	default:
		return nil
	}
	out := make([]string, len(f.column.Codes), len(f.column.Codes)+1)
	for i, code := range f.column.Codes {
		out[i] = to(code.Value)
	}
	return append(out, "") // an empty cell: what does not leave looks like one
}

func (f fineness) mapping(t Treatment) func(code string) string {
	if t.Map != "" {
		m := f.catalogue.CodeMap(t.Map)
		if m == nil {
			return nil
		}
		return func(code string) string { to, _ := m.To(code); return to }
	}
	return func(code string) string {
		if i := slices.IndexFunc(t.Pairs, func(p dataset.CodePair) bool { return p.From == code }); i >= 0 {
			return t.Pairs[i].To
		}
		return ""
	}
}

// refinement compares two ways of putting the same codes into classes.
func refinement(was, is []string, older, newer Treatment) direction {
	switch finer, coarser := refines(was, is), refines(is, was); {
	case finer && coarser && sameTreatment(older, newer):
		return alike
	case finer && coarser:
		return otherwise // the classes are the same, under other names
	case finer:
		return wider
	case coarser:
		return narrower
	default:
		return unclear
	}
}

// refines reports whether every class of the parts lies in one class of the wholes.
func refines(wholes, parts []string) bool {
	whole := make(map[string]string)
	for i, part := range parts {
		if before, seen := whole[part]; seen && before != wholes[i] {
			return false
		}
		whole[part] = wholes[i]
	}
	return true
}

// sameTreatment reports whether two treatments say the same, in whatever order they list codes.
func sameTreatment(a, b Treatment) bool {
	sorted := func(codes []string) []string { return slices.Sorted(slices.Values(codes)) }
	pairs := func(list []dataset.CodePair) []string {
		var out []string
		for _, p := range list {
			out = append(out, p.From+"\x00"+p.To)
		}
		return sorted(out)
	}
	return a.Kind == b.Kind && a.Map == b.Map && slices.Equal(sorted(a.Codes), sorted(b.Codes)) && slices.Equal(pairs(a.Pairs), pairs(b.Pairs))
}
