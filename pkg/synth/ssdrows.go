package synth

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// child writes all that the case system knows of an identity.
func (s *ssdFiles) child(p *person, id *identity) {
	x, known := s.g.system(p, id)
	if !known {
		return
	}
	s.person(p, id, &x)
	s.cases(id)
	s.care(id)
	for i, code := range x.disabilities {
		f := s.files[ssdDisabilities]
		f.end(f.row().text(id.id).record(id.index, i).text(code))
	}
	for i, status := range x.statuses {
		f := s.files[ssdImmigration]
		f.end(f.row().text(id.id).record(id.index, i).text(status.name).stamp(status.from, dayT).stampBy(status.to, s.g.window.to, dayT))
	}
	s.identifiers(p, id, &x)
}

func (s *ssdFiles) person(p *person, id *identity, x *system) {
	f, to := s.files[ssdPerson], s.g.window.to
	n := mix(uint64(id.index) ^ 0x55d)
	b := f.row().text(id.id).text(oneForename(n)).text(oneSurname(n >> 8))
	sex := x.sex
	switch n >> 16 % 40 {
	case 0:
		sex = map[string]string{"M": "Male", "F": "female", "U": "Unknown"}[sex]
	case 1:
		sex = strings.ToLower(sex)
	}
	b = b.text(sex).text(oneOf(n>>24%50 == 0, "Non-binary", "")).text(oneOf(n>>32%30 == 0, strings.ToLower(x.ethnicity), x.ethnicity))
	if x.born {
		b = b.stamp(p.birth, dayT)
	} else {
		b = b.blank()
	}
	b = b.text(nhsNumber(id.index)).text(oneOf(n>>40%3 == 0, "OLD"+id.id, "")).text(x.noUPN).text(oneOf(n>>44%5 == 0, "Y", oneOf(n>>44%5 == 1, "", "N")))
	if x.born {
		b = b.blank()
	} else {
		b = b.stamp(p.birth, dayT)
	}
	b = b.stampBy(p.died, to, dayT)
	if p.sex == "F" && x.born && age(p.birth, to) >= 12 {
		b = b.yes(p.motherSince <= to)
	} else {
		b = b.blank()
	}
	f.end(b.text(oneOf(p.uasc, "Not known", "British")))
}

// cases writes what the CIN census is made from.
func (s *ssdFiles) cases(id *identity) {
	h, to := &id.need, s.g.window.to
	last := s.g.window.years[len(s.g.window.years)-1]
	for i := range h.referrals {
		r := &h.referrals[i]
		if !s.g.everReturned(r) {
			continue
		}
		f := s.files[ssdReferrals]
		b := f.row().record(id.index, i).text(id.id).stamp(r.on, daySpace)
		if r.noAction {
			b = b.blank()
		} else {
			b = b.text(r.needIn(last))
		}
		b = b.text(r.source).text("as recorded").text(oneOf(r.noAction, `"{""OUTCOME"":""none"",""NFA_FLAG"":""Y""}"`, "{}")).yes(r.noAction)
		if !r.noAction && r.closed <= to {
			b = b.text(r.reason).stamp(r.closed, daySpace)
		} else {
			b = b.blank().blank()
		}
		f.end(b.text("Team " + string(byte('A'+i%20))).text("W1042"))
	}
	for i := range h.assessments {
		if a := &h.assessments[i]; s.g.within(a.start, a.authorised) {
			f := s.files[ssdAssessments]
			f.end(f.row().record(id.index, i).text(id.id).record(id.index, a.referral).stamp(a.start, dayZ).text("Y").stampBy(a.authorised, to, dayZ).
				text(`"{""FACTORS"":[]}"`).text("N").text("Assessment").text("W2077"))
		}
	}
	for i := range h.plans {
		if pl := &h.plans[i]; s.g.within(pl.start, pl.end) {
			f := s.files[ssdPlans]
			f.end(f.row().record(id.index, i).record(id.index, pl.referral).text(id.id).stamp(pl.start, dayISO).stampBy(pl.end, to, dayISO).
				text("Locality").text("W3111"))
		}
	}
	for i := range h.protections {
		if pr := &h.protections[i]; s.g.within(pr.start, pr.end) {
			f := s.files[ssdProtections]
			f.end(f.row().record(id.index, i).record(id.index, pr.referral).blank().text(id.id).stamp(pr.start, daySpace).stampBy(pr.end, to, daySpace).
				text(pr.category).text(oneOf(i%7 == 6, "Y", "N")).text(oneOf(pr.end <= to, pr.later, pr.category)))
		}
	}
}

// care writes episodes and the placements that they name. Episodes that begin with a change of legal status alone are in
// the placement of the one before.
func (s *ssdFiles) care(id *identity) {
	to := s.g.window.to
	var before *episode
	placement, began := 0, civil.Date(0)
	status, since := 0, civil.Date(0)
	for i := range id.episodes {
		e := &id.episodes[i]
		if e.end < s.g.window.from || e.start > to {
			continue
		}
		if before == nil || !s.together(before, e) {
			if before != nil {
				s.placement(id, before, placement, began)
			}
			placement, began = placement+1, e.start
		}
		if before == nil || before.ls != e.ls || before.end != e.start {
			if before != nil {
				s.legal(id, before, status, since)
			}
			status, since = status+1, e.start
		}
		before = e
		f := s.files[ssdEpisodes]
		b := f.row().record(id.index, i).text(id.id).date(e.start).text(e.rne).text(e.cin).ended(e.end, to).text(e.rec).
			record(id.index, e.period).blank().record(id.index, placement).date(id.periods[e.period].start)
		f.end(b.ended(e.start+20, min(to, e.end)))
	}
	if before != nil {
		s.placement(id, before, placement, began)
		s.legal(id, before, status, since)
	}
}

// legal writes a legal status, which ends on the day on which the next begins.
func (s *ssdFiles) legal(id *identity, last *episode, n int, since civil.Date) {
	f := s.files[ssdLegal]
	f.end(f.row().record(id.index, n).text(id.id).text(oneOf(id.index%9 == 0, strings.ToLower(last.ls), last.ls)).stamp(since, dayT).
		stampBy(last.end, s.g.window.to, dayT))
}

// together says whether an episode goes on in the placement of the one before it.
func (s *ssdFiles) together(before, e *episode) bool {
	return e.rne == "L" && before.end == e.start && s.g.placeNow(before) == s.g.placeNow(e)
}

func (s *ssdFiles) placement(id *identity, last *episode, n int, began civil.Date) {
	f, to := s.files[ssdPlacements], s.g.window.to
	f.end(f.row().record(id.index, n).date(began).text(s.g.placeNow(last)).urn(last.urn).text("4.7").record(id.index, last.period).
		text(last.provider).postcode(last.postcode).ended(last.end, to).text(last.change).text(id.id))
}

func (s *ssdFiles) identifiers(p *person, id *identity, x *system) {
	f, n := s.files[ssdIdentifiers], 0
	add := func(kind, value string) line {
		n++
		return f.row().record(id.index, n).text(id.id).text(kind).text(value)
	}
	kinds := []string{"Unique Pupil Number", "Unique Pupil Number", "Unique pupil number", "UPN"}
	for i, upn := range x.upns {
		b := add(kinds[(id.index+i)%len(kinds)], upn)
		if temporary := upn[len(upn)-1] > '9'; temporary {
			first := civil.MustYMD(s.g.window.years[0].number-1, 9, 1)
			b = b.stamp(first, dayISO).stamp(first+364, dayISO)
		} else {
			b = b.blank().blank()
		}
		f.end(b)
	}
	if id.index%7 == 3 {
		f.end(add("NHS Number", nhsNumber(id.index)).blank().blank())
	}
	if p.uasc {
		f.end(add("Home Office Reference", "Z"+id.id).blank().blank())
	}
}

// system is what the case system says of an identity's facts on the cohort's last day.
type system struct {
	sex, ethnicity string // "" for an ethnicity that was never asked for
	born           bool   // the council knows of the birth
	disabilities   []string
	statuses       []status
	upns           []string // all that it ever knew
	noUPN          string
}

// status is one immigration status.
type status struct {
	name     string
	from, to civil.Date // to is never for one that lasts
}

// system tells it; false for an identity that no return has.
func (g *generator) system(p *person, id *identity) (system, bool) {
	var x system
	latest := -1
	for k, y := range g.window.years {
		said, need := &id.years[k], &id.need.returns[k]
		if said.returned() {
			latest = k
			x.upns = append(x.upns, said.upn)
		}
		if need.present {
			latest = k
			x.upns = append(x.upns, strings.ToUpper(need.former), strings.ToUpper(need.upn))
			x.noUPN = need.unknown
			if need.block {
				x.disabilities = nil
				for _, code := range need.disabilities {
					// That a child has no disability is mostly not noted.
					if code != "" && (code != "NONE" || id.index%3 == 0) {
						x.disabilities = append(x.disabilities, code)
					}
				}
			}
		}
		x.born = x.born || latest == k && p.birth <= y.end
	}
	x.upns = slices.DeleteFunc(x.upns, func(upn string) bool { return len(upn) < 13 })
	slices.Sort(x.upns)
	x.upns = slices.Compact(x.upns)
	x.sex, x.ethnicity = p.sexLater, p.ethnicity
	if !x.born {
		x.sex, x.ethnicity = "U", ""
	}
	x.statuses = g.statuses(p, id)
	return x, latest >= 0
}

// statuses are those of young people who came alone, which end when they are grown up, and of a few others.
func (g *generator) statuses(p *person, id *identity) []status {
	switch n := mix(uint64(id.index) ^ 0x1331); {
	case p.uasc:
		name := []string{"UASC", "Unaccompanied asylum seeking child", "U", "unaccompanied asylum-seeking child (UASC)"}[n%4]
		came := id.periods[0].start
		out := []status{{name, came, p.eighteen}}
		if after := p.eighteen + 1; after <= g.window.to && n>>8%3 == 0 {
			out = append(out, status{"Refugee status", after, never})
		}
		return out
	case n%25 == 0:
		return []status{{[]string{"Settled status", "Refugee", "Indefinite leave to remain"}[n>>8%3], max(p.birth, g.window.from), never}}
	default:
		return nil
	}
}

// everReturned says whether any CIN census has a case, were one made in each year.
func (g *generator) everReturned(r *referral) bool {
	for _, y := range g.window.years[g.needed:] {
		if r.in(y) {
			return true
		}
	}
	return false
}

// within says whether something lasted into the years of the cohort.
func (g *generator) within(start, end civil.Date) bool {
	return start <= g.window.to && end >= g.window.years[g.needed].start
}

// placeNow is the code of an episode's placement as the case system has it: the one that was in force when it ended.
func (g *generator) placeNow(e *episode) string {
	return e.placeIn(min(e.end, g.window.to).CollectionYear())
}
