package synth

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// CINReturn is what one year's CIN census says of the child.
type CINReturn struct {
	Year            int
	UPN             string // as written: a few are in lower case; "" for none
	FormerUPN       string
	UPNUnknown      string // UN1 to UN7, "" where there is a UPN
	Sex             string // M, F or U: codes 0 and 9 are U
	Ethnicity       string // "" where there is no element
	Born            bool   // by 31 March; if not, there is an ExpectedPersonBirthDate only
	Died            bool   // by 31 March
	DeathDate       civil.Date
	HasDisabilities bool     // has a Disabilities block
	Disabilities    []string // NONE alone for none
}

// Referral is one case. Years are the collection years whose census has it: the latest decides what is said here.
type Referral struct {
	Date            civil.Date
	Source          string
	Need            string // "" where no further action was taken
	NoFurtherAction bool
	Closed          bool
	ClosureDate     civil.Date
	ClosureReason   string // "" while it is open
	Years           []int
}

// Assessment is one assessment, of the case that was referred on Referral.
type Assessment struct {
	Referral       civil.Date
	Start          civil.Date
	Authorised     bool
	AuthorisedDate civil.Date
	Years          []int
}

// Plan is one Child in Need plan, of the case that was referred on Referral.
type Plan struct {
	Referral civil.Date
	Start    civil.Date
	Ended    bool
	End      civil.Date
	Years    []int
}

// CPPlan is one child protection plan, of the case that was referred on Referral.
type CPPlan struct {
	Referral      civil.Date
	Start         civil.Date
	Ended         bool
	End           civil.Date
	PreviousPlans int
	Reviews       []civil.Date // all that a census of Years has, earliest first
	Years         []int
}

// trueNeed adds what the CIN censuses say.
func (g *generator) trueNeed(c *Child, p *person, id *identity) {
	h := &id.need
	for k := g.needed; k < len(g.window.years); k++ {
		r, y := &h.returns[k], g.window.years[k]
		if !r.present {
			continue
		}
		said := CINReturn{
			Year: y.number, UPN: r.upn, FormerUPN: r.former, UPNUnknown: r.unknown, Sex: r.sex, Ethnicity: r.ethnicity,
			Born: p.birth <= y.end, HasDisabilities: r.block,
		}
		if r.sex == "9" {
			said.Sex = "U"
		}
		if p.died <= y.end {
			said.Died, said.DeathDate = true, p.died
		}
		for _, code := range r.disabilities {
			if code != "" {
				said.Disabilities = append(said.Disabilities, code)
			}
		}
		c.CIN = append(c.CIN, said)
	}
	for i := range h.referrals {
		r := &h.referrals[i]
		t := Referral{Date: r.on, Source: r.source, NoFurtherAction: r.noAction}
		var last year
		for _, y := range g.window.years[g.needed:] {
			if r.in(y) {
				last, t.Years = y, append(t.Years, y.number)
			}
		}
		if len(t.Years) == 0 {
			continue
		}
		if !r.noAction {
			t.Need = r.needIn(last)
		}
		if r.closed <= last.end {
			t.Closed, t.ClosureDate, t.ClosureReason = true, r.closed, r.reason
		}
		c.Referrals = append(c.Referrals, t)
	}
	for i := range h.assessments {
		a := &h.assessments[i]
		if years, ended := g.told(a.start, a.authorised, FirstYear); len(years) > 0 {
			c.Assessments = append(c.Assessments, Assessment{h.referrals[a.referral].on, a.start, ended, orNone(ended, a.authorised), years})
		}
	}
	for i := range h.plans {
		pl := &h.plans[i]
		if years, ended := g.told(pl.start, pl.end, plansFrom); len(years) > 0 {
			c.CINPlans = append(c.CINPlans, Plan{h.referrals[pl.referral].on, pl.start, ended, orNone(ended, pl.end), years})
		}
	}
	for i := range h.protections {
		pr := &h.protections[i]
		years, ended := g.told(pr.start, pr.end, FirstYear)
		if len(years) == 0 {
			continue
		}
		t := CPPlan{
			Referral: h.referrals[pr.referral].on, Start: pr.start, Ended: ended, End: orNone(ended, pr.end), PreviousPlans: pr.previous, Years: years,
		}
		for on := pr.start + civil.Date(pr.first); on < pr.end && on <= g.window.to; on += civil.Date(pr.others) {
			if on >= g.window.years[g.needed].start {
				t.Reviews = append(t.Reviews, on)
			}
		}
		c.CPPlans = append(c.CPPlans, t)
	}
}

func orNone(known bool, d civil.Date) civil.Date {
	if known {
		return d
	}
	return 0
}

// told are the collection years, from one on, whose census has what lasted from start to end, and whether the last of them
// knows of the end.
func (g *generator) told(start, end civil.Date, from int) (years []int, ended bool) {
	for _, y := range g.window.years[g.needed:] {
		if y.number >= from && start <= y.end && y.start <= end {
			years, ended = append(years, y.number), end <= y.end
		}
	}
	return years, ended
}

// KnownUPNs are all UPNs that the returns give for the LA child ID, current and former, in upper case and in order.
func (c *Child) KnownUPNs() []string {
	var all []string
	for i := range c.CIN {
		all = append(all, c.CIN[i].UPN, c.CIN[i].FormerUPN)
	}
	for i := range c.Headers {
		all = append(all, c.Headers[i].UPN)
	}
	for i := range all {
		all[i] = strings.ToUpper(all[i])
	}
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) != 13 })
	slices.Sort(all)
	return slices.Compact(all)
}

// LinkingUPNs are those of KnownUPNs that belong to no other LA child ID: an education row with one of them is the
// child's.
func (c *Child) LinkingUPNs() []string {
	return slices.DeleteFunc(c.KnownUPNs(), func(s string) bool { return slices.Contains(c.SharedUPNs, s) })
}

// shared are the UPNs that a child has together with the other one of a pair, who is made anew.
func (g *generator) shared(c *Child) []string {
	other := g.twin()
	p := other.person(partner(c.Person))
	theirs := Child{}
	if g.formats.need() {
		other.trueNeed(&theirs, p, &p.first)
	}
	known := theirs.KnownUPNs()
	return slices.DeleteFunc(c.KnownUPNs(), func(s string) bool { return !slices.Contains(known, s) })
}
