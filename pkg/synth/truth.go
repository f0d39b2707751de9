package synth

import (
	"iter"
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
)

// Child is one LA child ID of a cohort and what is true of the child. What the formats say is kept apart; Rows brings it
// together. What a cohort's options leave out is empty here.
type Child struct {
	Person int    // ordinal of the child, from 0; two Child values share it when an adopted child came back
	ID     string // LA child ID

	// SSDA903, the latest set that has the child deciding. All but BirthDate are empty for a child who is in none.
	Sex       string // M, F or U
	Ethnicity string // one of the 20 codes of the return
	BirthDate civil.Date
	UASC      bool         // has a row in uasc.csv in each of the years of EpisodeYears
	UPNs      []ReturnedIn // what the UPN column says, year by year
	Years     []int        // collection years with a Header row
	Headers   []Header     // what those rows say
	Episodes  []Episode    // those that are in a set, earliest first

	// The CIN census, each case, assessment and plan once.
	CIN         []CINReturn
	Referrals   []Referral
	Assessments []Assessment
	CINPlans    []Plan
	CPPlans     []CPPlan

	// The Standard Safeguarding Dataset; nil where it is not written.
	System *SystemRecord
	// AnnexA is what Ofsted's Annex A says of the child, where the cohort has one.
	AnnexA *AnnexRecord

	// The school census and GIAP: the rows that schools have of the child, whether or not they can be linked.
	Rolls    []Roll
	Premiums []Premium
	// Downloads are the rows of the census downloads, Sessions those of daily attendance.
	Downloads []Download
	Sessions  []Session

	// SharedUPNs are those of KnownUPNs that another LA child ID has too, by mistake.
	SharedUPNs []string
}

// Header is what one year's Header row says of what may change.
type Header struct {
	Year                int
	Sex, Ethnicity, UPN string
}

// ReturnedIn is a value and the collection year it was returned in.
type ReturnedIn struct {
	Year  int
	Value string
}

// EpisodeYears are the collection years with an episode, earliest first. The other Years are those of a care leaver.
func (c *Child) EpisodeYears() []int {
	var years []int
	for i := range c.Episodes {
		years = append(years, c.Episodes[i].Years...)
	}
	slices.Sort(years)
	return slices.Compact(years)
}

// Episode is one episode of care, as the latest set that has it says.
type Episode struct {
	Period       int // period of care: 0 for the first that was ever made for the child, even before the cohort's years
	Start        civil.Date
	End          civil.Date // 0 when it was still open at the end of the cohort's last year
	Ended        bool
	StartReason  string // RNE
	LegalStatus  string // LS
	Need         string // CIN
	Place        string // PLACE
	FirstPlace   string // PLACE in the sets before 2025-26: another code than Place only for Z1, which Z11 to Z14 replace
	Provider     string // PLACE_PROVIDER, "" for none
	URN          string // "" for none
	EndReason    string // REC, "" while it is open
	ChangeReason string // REASON_PLACE_CHANGE, "" for none
	Years        []int  // collection years it was returned in, earliest first; in all but the last it was open
}

// Truth yields the children of a cohort, the same that Cohort writes for the same options, each LA child ID once, in
// the order of the files. It reads and writes nothing, and a Child may be kept. The options are refused as in Cohort.
func Truth(opt CohortOptions) (iter.Seq[Child], error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	return func(yield func(Child) bool) {
		g := newGenerator(opt)
		for i := range opt.Children {
			p := g.person(i)
			for _, id := range p.known() {
				c := g.truth(p, id)
				if known := len(c.Years)+len(c.CIN)+len(c.Rolls)+len(c.Premiums)+len(c.Downloads)+len(c.Sessions) > 0; known && !yield(c) {
					return
				}
			}
		}
	}, nil
}

// Pupil is a pupil of the council's schools who is in nobody's social care.
type Pupil struct {
	Rolls    []Roll
	Premiums []Premium
}

// Pupils yields those whom Truth does not: together they have every row of the school census and of GIAP.
func Pupils(opt CohortOptions) (iter.Seq[Pupil], error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	return func(yield func(Pupil) bool) {
		g := newGenerator(opt)
		for i := range opt.Children {
			p := g.outsider(i)
			if p == nil {
				continue
			}
			if u := (Pupil{g.trueRolls(&p.first), g.truePremiums(&p.first)}); len(u.Rolls)+len(u.Premiums) > 0 && !yield(u) {
				return
			}
		}
	}, nil
}

func (g *generator) truth(p *person, id *identity) Child {
	c := Child{Person: p.ordinal, ID: id.id, BirthDate: p.birth}
	if g.formats.care() {
		g.trueCare(&c, p, id)
	}
	if g.formats.need() {
		g.trueNeed(&c, p, id)
	}
	if g.formats[SSD] {
		c.System = g.trueSystem(p, id)
	}
	if g.formats[AnnexA] {
		c.AnnexA = g.trueAnnexA(p, id)
	}
	c.Rolls, c.Premiums = g.trueRolls(id), g.truePremiums(id)
	c.Downloads, c.Sessions = g.trueDownloads(id), g.trueSessions(id)
	if g.inPair(p.ordinal) && p.inNeed {
		c.SharedUPNs = g.shared(&c)
	}
	return c
}

// trueCare adds what the SSDA903 sets say.
func (g *generator) trueCare(c *Child, p *person, id *identity) {
	c.UASC = p.uasc
	for k, y := range g.window.years {
		said := &id.years[k]
		if !said.returned() {
			continue
		}
		c.Sex, c.Ethnicity = p.sex, said.ethnicity
		if y.number >= sexLettersFrom {
			c.Sex = p.sexLater
		}
		c.Years = append(c.Years, y.number)
		c.UPNs = append(c.UPNs, ReturnedIn{Year: y.number, Value: said.upn})
		c.Headers = append(c.Headers, Header{Year: y.number, Sex: c.Sex, Ethnicity: c.Ethnicity, UPN: said.upn})
	}
	for i := range id.episodes {
		e := &id.episodes[i]
		var years []int
		for _, y := range g.window.years {
			if e.start <= y.end && y.start <= e.end {
				years = append(years, y.number)
			}
		}
		if len(years) == 0 {
			continue
		}
		t := Episode{
			Period: e.period, Start: e.start, StartReason: e.rne, LegalStatus: e.ls, Need: e.cin,
			Place: e.placeIn(years[len(years)-1]), FirstPlace: e.placeIn(years[0]), Provider: e.provider, Years: years,
			URN: trimmed(line(nil).urn(e.urn)),
		}
		if e.end != never {
			t.End, t.Ended, t.EndReason, t.ChangeReason = e.end, true, e.rec, e.change
		}
		c.Episodes = append(c.Episodes, t)
	}
}
