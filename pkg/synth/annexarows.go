package synth

import (
	"strconv"

	"github.com/postern-gateway/postern/pkg/civil"
)

// child writes the rows of an identity.
func (a *annexBook) child(p *person, id *identity) {
	x, known := a.g.system(p, id)
	if !known {
		return
	}
	a.contacts(p, id, &x)
	a.cases(p, id, &x)
	a.care(p, id, &x)
}

// ofList begins a row of a list that has the disability behind the person.
func (a *annexBook) ofList(p *person, id *identity, x *system, list int) []sheetCell {
	return append(a.person(p, id, x, list), a.disability(id, x))
}

// contacts writes lists 1 to 3.
func (a *annexBook) contacts(p *person, id *identity, x *system) {
	span := a.g.annexSpan()
	for i := range id.need.referrals {
		r := &id.need.referrals[i]
		n := mix(uint64(id.index)<<8 ^ uint64(i) ^ 0xc0)
		if r.on < span.whole || r.on > span.day {
			continue
		}
		source := cellText(spelling(sourceSpellings(r.source), n))
		if r.on >= span.half {
			a.put(1, a.person(p, id, x, 1), []sheetCell{cellDate(r.on), source})
		}
		if n>>8%6 == 0 && r.on-40 >= span.half {
			a.put(1, a.person(p, id, x, 1), []sheetCell{cellDate(r.on - 40), cellText("t) 9: Anonymous")})
		}
		if n>>16%8 == 0 && r.on-30 >= span.half {
			a.put(2, a.person(p, id, x, 2), []sheetCell{cellDate(r.on - 30), cellDate(r.on - 10), cellText("Early Help Locality 2")})
		}
		a.put(3, a.person(p, id, x, 3), []sheetCell{cellDate(r.on), source, cellText(spelling(yesNoSpellings(r.noAction), n>>24)), cellNumber(int64(n >> 32 % 3))}, a.team(id))
	}
}

// cases writes lists 4 to 7.
func (a *annexBook) cases(p *person, id *identity, x *system) {
	span, h := a.g.annexSpan(), &id.need
	last := a.g.window.years[len(a.g.window.years)-1]
	for i := range h.assessments {
		if as := &h.assessments[i]; span.lately(as.start, as.authorised) {
			a.put(4, a.ofList(p, id, x, 4), []sheetCell{cellDate(as.start), cellText("Yes"), cellEnded(as.authorised, span.day), cellText("CS Assessment Updated")}, a.team(id))
		}
	}
	for i := range h.inquiries {
		q := &h.inquiries[i]
		if q.start < span.half || q.start > span.day {
			continue
		}
		held := q.conference <= span.day
		a.put(5, a.ofList(p, id, x, 5), []sheetCell{
			cellDate(q.start), cellText(oneOf(q.conferenceUnneeded, "Yes", "No")), cellEnded(q.conference, span.day), cellText(oneOf(held, "a) Yes", "b) No")),
			cellNumber(1), cellNumber(1),
		}, a.team(id))
	}
	for i := range h.referrals {
		r := &h.referrals[i]
		if r.noAction || !span.lately(r.on, r.closed) {
			continue
		}
		n := mix(uint64(id.index)<<8 ^ uint64(i) ^ 0x6)
		reason := ""
		if r.closed <= span.day {
			reason = spelling(closureSpellings(r.reason), n)
		}
		a.put(6, a.ofList(p, id, x, 6), []sheetCell{
			cellDate(r.on), cellText(spelling(needSpellings(r.needIn(last)), n>>8)), cellDate(max(r.on, min(r.closed, span.day)-civil.Date(n>>16%30))),
			cellEnded(r.closed, span.day), cellText(reason), cellText(spelling(statusSpellings(a.g.caseStatus(id, i)), n>>24)),
		}, a.team(id))
	}
	for i := range h.protections {
		pr := &h.protections[i]
		if !span.lately(pr.start, pr.end) {
			continue
		}
		seen := min(pr.end, span.day) - civil.Date(mix(uint64(id.index))%10)
		a.put(7, a.ofList(p, id, x, 7), []sheetCell{
			cellDate(pr.start), cellText(spelling(abuseSpellings(pr.category), uint64(i))), cellText(spelling(abuseSpellings(oneOf(pr.end <= span.day, pr.later, pr.category)), uint64(id.index))),
			cellDate(max(pr.start, seen)), cellText("a) Yes"), cellNone(), cellEnded(pr.end, span.day), cellText("b) No"), cellNumber(int64(pr.previous)),
		}, a.team(id))
	}
}

// care writes lists 8 to 11.
func (a *annexBook) care(p *person, id *identity, x *system) {
	span := a.g.annexSpan()
	for i := range id.periods {
		per := &id.periods[i]
		if !span.lately(per.start, per.end) {
			continue
		}
		e := lastEpisode(id, per, span.day)
		n := mix(uint64(id.index)<<8 ^ uint64(i) ^ 0x8)
		reason := ""
		if per.end <= span.day {
			reason = spelling(ceaseSpellings(per.reason), n)
		}
		a.put(8, append(a.person(p, id, x, 8), cellText(oneOf(p.uasc, "a) Yes", "b) No")), a.disability(id, x)), []sheetCell{
			cellDate(per.start), cellText(spelling(needSpellings(e.cin), n>>8)), cellText(oneOf(i > 0 && id.periods[i-1].end >= span.whole, "Y", "N")), cellDate(e.start),
			cellText(spelling(legalSpellings(e.ls), n>>16)), cellDate(max(per.start, min(per.end, span.day)-civil.Date(n>>24%40))), cellEnded(per.end, span.day),
			cellText(reason), cellDate(e.start), cellText(spelling(placeSpellings(a.g.placeNow(e)), n>>32)), cellText(spelling(providerSpellings(e.provider), n>>40)),
			cellText(oneOf(n>>48%9 == 0, "nope", trimmed(line(nil).postcode(e.postcode)))), cellText(trimmed(line(nil).urn(e.urn))), cellText("Home Town"), cellNumber(0),
		}, a.team(id))
	}
	if id.years[len(a.g.window.years)-1].careLeaver {
		a.put(9, append(a.person(p, id, x, 9), cellText(oneOf(p.uasc, "Yes", "No")), a.disability(id, x)), a.team(id), []sheetCell{
			cellNone(), cellText("b) Former relevant child"), cellDate(span.day - 90), cellText("a) Yes"), cellDate(span.day - civil.Date(id.index%50)),
			cellText("F2: Full time in education other than higher"),
		})
	}
	for i := range id.periods {
		ad := &id.periods[i].adoption
		if !ad.planned || ad.decided < span.whole || ad.decided > span.day {
			continue
		}
		family := cellNumber(int64(14_000_000 + id.index))
		person := a.person(p, id, x, 10)
		matched, ceased, reason := cellNone(), cellNone(), ""
		if ad.reversed {
			if ad.ceased <= span.day {
				ceased, reason = cellDate(ad.ceased), ad.reversedReason
			}
		} else {
			matched = cellEnded(ad.matched, span.day)
		}
		a.put(10, person[:1], []sheetCell{family}, person[1:], []sheetCell{
			a.disability(id, x), cellDate(id.periods[i].start), cellDate(ad.decided), matched, cellNone(), cellNone(), ceased, cellText(reason),
		})
		a.put(11, []sheetCell{
			cellNumber(int64(7_000_000 + id.index)), family, cellText("b) Female"), cellText("a) WBRI"), cellText("b) No"), cellDate(ad.decided - 400), cellDate(ad.decided - 200),
			cellDate(ad.decided - 20), cellText(strconv.Itoa(1)),
		})
	}
}
