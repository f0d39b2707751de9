package synth

import "github.com/postern-gateway/postern/pkg/civil"

// person is one child who does not exist, with all that the returns say of him or her. The generator keeps one and
// fills it anew for each ordinal.
type person struct {
	ordinal     int
	sex         string // M or F, as returned up to 2023-24 (as 1 or 2)
	sexLater    string // as returned from 2024-25 on: the same, or U
	ethnicity   string
	birth       civil.Date
	eighteen    civil.Date // 18th birthday
	uasc        bool
	inNeed      bool       // never looked after: in the CIN census only
	died        civil.Date // never for nearly all
	home        uint32     // postcode number; 0 for none
	motherSince civil.Date
	first       identity
	second      identity // known by another ID after an adoption; unused when it has no episode
}

// known are the identities that the council has for the child.
func (p *person) known() []*identity {
	if len(p.second.episodes) == 0 {
		return []*identity{&p.first}
	}
	return []*identity{&p.first, &p.second}
}

// identity is what the council holds under one LA child ID.
type identity struct {
	id       string
	index    int
	periods  []period
	episodes []episode
	reviews  []review
	missing  []absence
	workers  []worker
	years    [maxYears]annual
	numbers  pupil   // how the UPN comes to be known, before any year took from it
	need     history // what the CIN census holds
	school   school  // what the school census and GIAP hold
}

// period is one period of care: from an episode with RNE S to the end of one with a REC other than X1.
type period struct {
	start, end  civil.Date // end is never when it is after the cohort's last day
	reason      string     // REC at its end
	first, last int        // its episodes: first included, last not
	shortBreak  bool       // legal status V3 or V4
	adoption    adoption
	permanence  permanence
}

// adoption is the decision that a child should be placed for adoption and what came of it.
type adoption struct {
	planned        bool
	decided        civil.Date
	matched        civil.Date
	carer          bool // by the foster carer
	adopters       string
	reversed       bool
	ceased         civil.Date // of a decision that was reversed
	reversedReason string
}

// permanence is an adoption or order before this period of care.
type permanence struct {
	code   string // P1 to P4, or Z1 for none
	la     string
	date   civil.Date
	unsure int // 0: the day is known; 1: the month; 2: the year; 3: nothing
}

// episode is one row of Episodes, as it stands when all is known.
type episode struct {
	start, end   civil.Date // end is never when it is after the cohort's last day
	period       int
	rne, ls, cin string
	place        string
	place2026    string // PLACE as returned from 2025-26 on
	provider     string
	rec, change  string
	postcode     uint32
	urn          uint32
}

type review struct {
	on   civil.Date
	code string
}

type absence struct {
	start, end civil.Date
	kind       string
}

type worker struct {
	start, end civil.Date
	number     int
	unknown    bool // no Social Work England number: XX
	reason     string
}

// annual is what one year's set says of an identity.
type annual struct {
	lookedAfter bool // has an episode in the year
	careLeaver  bool // has an OC3 row
	upn         string
	mother      string // MOTHER
	ethnicity   string
	health      health
	contact     string // IN_TOUCH, ACTIV, ACCOM
	activity    string
	dwelling    string
}

// returned says whether the identity has a Header row.
func (a *annual) returned() bool { return a.lookedAfter || a.careLeaver }

// health is an OC2 row: fields as written, "" for blank.
type health struct {
	due                         bool
	score                       int // -1 for none
	reason                      string
	convicted, check            string
	immunised, teeth, assessed  string
	misuse, received, offeredIt string
}

func (id *identity) reset() {
	*id = identity{
		periods: id.periods[:0], episodes: id.episodes[:0], reviews: id.reviews[:0], missing: id.missing[:0], workers: id.workers[:0],
		need: id.need.emptied(), school: id.school.emptied(),
	}
}

// generator makes the children of a cohort one at a time.
type generator struct {
	window      *window
	seed        uint64
	identifiers identifiers
	keys        keys
	children    int
	formats     formats
	register    register
	needed      int // position of the first year with a CIN census
	others      int // position of the first year with a format of schools
	draw        draw
	current     person
	another     person // a pupil of nobody's care
}

func newGenerator(opt CohortOptions) *generator {
	g := &generator{
		window: newWindow(opt.LastYear, opt.Years), seed: opt.Seed, identifiers: newIdentifiers(opt.Seed, opt.LACode),
		keys: newKeys(opt.Seed), children: opt.Children, formats: formatsOf(opt.Formats),
	}
	g.register = register{window: g.window, seed: opt.Seed, years: opt.AttendanceYears}
	g.needed, g.others = g.window.since(Earliest(CIN)), g.window.others()
	return g
}

// wide says whether any other format than SSDA903 is written.
func (g *generator) wide() bool {
	return g.formats.need() || g.schools() && (g.formats[SchoolCensus] || g.formats[GIAP] || g.formats[GIAPCensus] || g.formats[Attendance])
}

// schools says whether any year has a format of schools, written or not.
func (g *generator) schools() bool { return g.others < len(g.window.years) }

// returned says whether SSDA903 or the CIN census has the identity, as far as they are written.
func (g *generator) returned(id *identity) bool {
	for k := range g.window.years {
		if g.formats.care() && id.years[k].returned() || g.formats.need() && id.need.returns[k].present {
			return true
		}
	}
	return false
}

// person makes the child with an ordinal. What it returns is overwritten by the next call.
func (g *generator) person(ordinal int) *person {
	p := &g.current
	p.first.reset()
	p.second.reset()
	*p = person{ordinal: ordinal, first: p.first, second: p.second, motherSince: never, died: never, inNeed: g.inNeedOnly(ordinal)}
	g.draw.reset(g.seed, ordinal)
	p.home = g.postcode()
	p.ethnicity = g.draw.pick(ethnicities)
	p.setSex(&g.draw, 440)
	if p.inNeed {
		g.inNeed(p)
		return p
	}
	switch kind := g.draw.below(10_000); {
	case kind < 500:
		g.asylumSeeker(p)
	case kind < 700:
		g.disabled(p)
	case kind < 722:
		g.adoptedAndBack(p)
	default:
		g.ordinary(p)
	}
	for _, id := range p.known() {
		g.complete(p, id)
	}
	if g.wide() {
		g.draw.reset(g.seed^beyondCare, ordinal)
		for _, id := range p.known() {
			g.cases(p, id)
			g.schooling(p, id)
		}
	}
	return p
}

// beyondCare separates the draws of the other formats from those of SSDA903: a child looked after is the same with and
// without them.
const beyondCare = 0xc1c5

// setSex draws the sex; girls is their share in 1,000.
func (p *person) setSex(d *draw, girls int) {
	p.sex = "M"
	if d.chance(girls) {
		p.sex = "F"
	}
	p.sexLater = p.sex
	if d.chance(1) {
		p.sexLater = "U"
	}
}

// born sets the date of birth.
func (p *person) born(on civil.Date) { p.birth, p.eighteen = on, birthday(on, 18) }

// complete adds to an identity what follows from its episodes.
func (g *generator) complete(p *person, id *identity) {
	g.name(p, id)
	for i := range id.periods {
		g.reviews(p, id, &id.periods[i])
		g.absences(p, id, &id.periods[i])
		g.workers(id, &id.periods[i])
	}
	g.motherhood(p, id)
	for i, y := range g.window.years {
		a := &id.years[i]
		for k := range id.episodes {
			if y.overlaps(id.episodes[k].start, id.episodes[k].end) {
				a.lookedAfter = true
				break
			}
		}
	}
	g.health(p, id)
	g.careLeaving(p, id)
	g.header(p, id)
}

// name gives an identity its LA child ID.
func (g *generator) name(p *person, id *identity) {
	id.index = p.ordinal
	if id == &p.second {
		id.index += MaxChildren
	}
	id.id = g.identifiers.childID(id.index)
}

// postcode draws the number of a postcode that does not exist: 1 to 396,000.
func (g *generator) postcode() uint32 { return uint32(g.draw.between(1, postcodes)) }
