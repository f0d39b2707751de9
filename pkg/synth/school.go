package synth

import "github.com/postern-gateway/postern/pkg/civil"

// school is what the school census and GIAP hold of a pupil: rows in the order of their years and terms.
type school struct {
	key      int // number among all pupils
	rolls    []roll
	marks    []mark
	meals    []meal
	premiums []premium
	// downloads are the rows of the census downloads.
	downloads []download
}

func (s *school) emptied() school {
	return school{rolls: s.rolls[:0], marks: s.marks[:0], meals: s.meals[:0], premiums: s.premiums[:0], downloads: s.downloads[:0]}
}

// The terms that a census is taken in.
const (
	autumn = iota
	spring
	summer
	terms
)

// roll is one row of a pupil table.
type roll struct {
	census         int  // terms times the position of the year, and the term
	off            bool // no longer on roll
	school         int
	slot           int // which of the pupil's keys
	upn, former    string
	status         string // enrolstatus
	year           int    // national curriculum year
	entry, leaving civil.Date
	attended       [2]attended // the term that the census asks about; in autumn, the two halves of summer
	meals          [2]int      // its meal periods: first included, last not
}

// attended is what a row says of a term, or of half a term.
type attended struct {
	possible  int
	aggregate tally
	marks     [2]int // its session rows: first included, last not
}

// parts is how many parts of a term a census asks about.
func (r *roll) parts() int { return oneNumber(r.census%terms == autumn, 2, 1) }

// tally is sessions by what they count as.
type tally struct{ authorised, unauthorised, educational, exceptional int }

// mark is one row of session details.
type mark struct {
	code     string
	sessions int
}

// meal is a period of free school meals. end is never while it is open.
type meal struct {
	start, end civil.Date
	country    string
}

// detailsFrom is the academic year, by its end, from which session details are written.
const detailsFrom = 2024

// censusDay is the census date: the first Thursday of October, the third of January, the third of May.
func censusDay(academic, term int) civil.Date {
	switch term {
	case autumn:
		return thursday(civil.MustYMD(academic-1, 10, 1), 1)
	case spring:
		return thursday(civil.MustYMD(academic, 1, 1), 3)
	default:
		return thursday(civil.MustYMD(academic, 5, 1), 3)
	}
}

// taken says whether a census is taken by the last day of the cohort. Its last year has none in summer.
func (w *window) taken(k, term int) bool { return censusDay(w.years[k].number, term) <= w.to }

// thursday is the n-th one on or after the first day of a month.
func thursday(first civil.Date, n int) civil.Date {
	return (first + 6 - 3).FirstOfWeek() + 3 + civil.Date(7*(n-1))
}

// way is a pupil's way through the council's schools.
type way struct {
	from, until civil.Date // in the council's schools
	primary     int
	secondary   int
	noUPN       bool
	statuses    string // enrolstatus of all rows but those of special years; "" for blank
	formerOld   string // a former UPN that nobody else knows
	keepsFormer bool
	switched    int // first census with the permanent UPN
	dual        int // first census of a dual registration, or none
	dualKind    string
	poor        bool // free school meals
	elsewhere   bool // at a school of another council
	absent      int
}

// none is no census.
const none = -1

// schooling draws what the schools hold of an identity, from its own years: those of a child adopted end, and those of
// the second identity begin, with the adoption.
func (g *generator) schooling(p *person, id *identity) {
	if !g.schools() {
		return
	}
	from, until := p.birth, p.died
	switch {
	case id == &p.second:
		from = p.first.periods[len(p.first.periods)-1].end
	case len(p.second.episodes) > 0:
		until = min(until, id.periods[len(id.periods)-1].end)
	case p.uasc:
		from = id.periods[0].start + 30
	}
	id.school.key = id.index
	g.attend(p, id, from, until, true)
}

// outsider makes the pupil of an ordinal who is in nobody's care, nil for the ordinals that have none. What it returns
// is overwritten by the next call.
func (g *generator) outsider(ordinal int) *person {
	if !g.schools() || !g.wide() || mix(g.seed^uint64(ordinal)<<22^0x0d5)%100 >= 58 {
		return nil
	}
	p := &g.another
	p.first.reset()
	*p = person{ordinal: ordinal, first: p.first, motherSince: never, died: never}
	d := &g.draw
	d.reset(g.seed^0x5c4001, ordinal)
	p.ethnicity = d.pick(ethnicities)
	p.setSex(d, 490)
	first, last := g.window.years[g.others].start, g.window.to
	p.born(first + civil.Date(d.between(-15*365, int(last-first)-6*365-30)))
	id := &p.first
	id.index = 2*MaxChildren + ordinal
	id.numbers = g.pupil(p, id)
	id.school.key = id.index
	g.attend(p, id, p.birth, never, false)
	return p
}

// attend draws the way and the rows that follow from it.
func (g *generator) attend(p *person, id *identity, from, until civil.Date, known bool) {
	d := &g.draw
	w := way{from: from, until: until, dual: none, absent: 1}
	parity := id.school.key % 2
	w.primary, w.secondary = 2*d.below(45)+parity, 100+2*d.below(10)+parity
	elsewhere, premiumOnly := d.chance(100), d.chance(150)
	w.noUPN = d.chance(7)
	w.statuses = oneOf(d.chance(25), "", "C")
	if elsewhere && known {
		w.until, w.elsewhere = w.from, true
		if !premiumOnly {
			w.poor = d.chance(300)
			g.premium(p, id, &w)
			g.downloads(p, id, &w)
			return
		}
	} else if d.chance(80) {
		at := g.window.years[g.others].start + civil.Date(d.below(int(g.window.to-g.window.years[g.others].start)))
		if d.chance(500) {
			w.from = max(w.from, at)
		} else {
			w.until = min(w.until, at)
		}
	}
	w.poor = d.chance(oneNumber(known, 420, 230))
	if known {
		w.absent = 2
	}
	if d.chance(25) {
		w.dual, w.dualKind = terms*g.others+d.below(terms*(len(g.window.years)-g.others)), d.pick(dualKinds)
	}
	if d.chance(10) {
		w.formerOld = g.identifiers.permanentUPN(3*MaxChildren+p.ordinal+MaxChildren*(id.school.key/MaxChildren/2), d.pick(neighbours), 10)
	}
	w.keepsFormer = d.chance(850)
	w.switched = g.switches(id)
	g.rolls(p, id, &w)
	g.premium(p, id, &w)
	g.downloads(p, id, &w)
}

func oneNumber(first bool, a, b int) int {
	if first {
		return a
	}
	return b
}

// switches draws the first census with the permanent UPN of a pupil who has a temporary one: the year in which the
// council's social care learnt of it, or one before or after.
func (g *generator) switches(id *identity) int {
	d := &g.draw
	at := d.between(terms*g.others, terms*len(g.window.years))
	if id.numbers.temporary == "" {
		return at
	}
	for k := range g.window.years {
		if upn := id.need.returns[k].upn; len(upn) == 13 && upn[12] < 'A' || id.years[k].upn == id.numbers.permanent {
			at = terms * (k + d.between(-1, 1))
			break
		}
	}
	return at
}

// upnIn is the upn and formerupn of a census.
func (w *way) upnIn(census int, n *pupil) (upn, former string) {
	switch {
	case w.noUPN:
		return "", ""
	case n.temporary != "" && census < w.switched:
		return n.temporary, ""
	case n.temporary != "" && w.keepsFormer:
		return n.permanent, n.temporary
	default:
		return n.permanent, w.formerOld
	}
}

// curriculumYear is the national curriculum year in an academic year: 1 to 11 are those of 5 to 16.
func curriculumYear(birth civil.Date, academic int) int { return academic - schoolYear(birth, 5) }

// uln is a Unique Learner Number of the right check digit, from nine digits and the next ones that have one.
func uln(n uint64) (uint64, int) {
	for n = 100_000_000 + n%899_999_000; ; n++ {
		sum, rest := 0, n
		for weight := 2; weight <= 10; weight++ {
			sum += weight * int(rest%10)
			rest /= 10
		}
		if sum%11 != 0 {
			return n, 10 - sum%11
		}
	}
}
