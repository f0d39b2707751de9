package synth

import (
	"fmt"
	"strconv"
)

// write writes a child into the files of all years in which he or she is returned.
func (s *sets) write(p *person) error {
	for _, id := range p.known() {
		for k, y := range s.window.years {
			if s.formats[SSDA903] && id.years[k].returned() {
				w := writer{files: s.returns[k], year: y, person: p, identity: id, said: &id.years[k]}
				w.rows()
			}
			if c := s.others[k].care; c != nil && id.years[k].returned() {
				c.child(p, id, &id.years[k])
			}
			if c := s.others[k].sheets; c != nil && id.years[k].returned() {
				c.child(p, id, &id.years[k])
			}
			if c := s.others[k].cin; c != nil && id.need.returns[k].present {
				c.child(p, id, k)
			}
		}
		if x := s.others[len(s.others)-1].ssd; x != nil {
			x.child(p, id)
		}
		if a := s.others[len(s.others)-1].annex; a != nil {
			a.child(p, id)
		}
		s.writePupil(p, id)
		s.writeDaily(p, id, true)
	}
	return s.failed()
}

// writePupil writes the rows that schools have of an identity.
func (s *sets) writePupil(p *person, id *identity) {
	for i := range id.school.rolls {
		r := &id.school.rolls[i]
		if c := s.others[r.census/terms].census[r.census%terms]; c != nil {
			c.roll(&s.keys, p, id, r)
		}
	}
	for i := range id.school.premiums {
		r := &id.school.premiums[i]
		if f := s.others[r.year].giap; f != nil {
			writePremium(f, &s.keys, s.window.years[r.year], p, id, r)
		}
	}
	for i := range id.school.downloads {
		r := &id.school.downloads[i]
		if f := s.others[r.census/terms].downloads[r.census%terms]; f != nil {
			s.writeDownload(f, p, id, r)
		}
	}
}

// failed is the first failure to write.
func (s *sets) failed() error {
	for _, set := range s.files {
		for _, f := range set {
			if f.err != nil {
				return writeFailed(f.err)
			}
		}
	}
	for _, b := range s.books {
		if b.err != nil {
			return writeFailed(b.err)
		}
	}
	return nil
}

// writer writes what one year's set says of one identity.
type writer struct {
	files    []*file
	year     year
	person   *person
	identity *identity
	said     *annual
}

func (w *writer) rows() {
	w.header()
	if w.said.careLeaver {
		f := w.files[oc3]
		f.end(w.begin(f).text(w.said.contact).text(w.said.activity).text(w.said.dwelling))
	}
	if !w.said.lookedAfter {
		return
	}
	w.episodes()
	if w.person.uasc {
		f := w.files[uasc]
		f.end(f.row().text(w.identity.id).text(w.sex()).date(w.person.birth).date(w.person.eighteen))
	}
	for i := range w.identity.reviews {
		if r := &w.identity.reviews[i]; w.year.holds(r.on) {
			f := w.files[reviews]
			f.end(w.begin(f).date(r.on).text(r.code))
		}
	}
	w.health()
	w.adoption()
	w.permanence()
	for i := range w.identity.missing {
		if m := &w.identity.missing[i]; w.year.overlaps(m.start, m.end) {
			f := w.files[missing]
			f.end(w.begin(f).text(m.kind).date(m.start).ended(m.end, w.year.end))
		}
	}
	w.workers()
}

// begin begins a row of a table whose first columns are CHILD and DOB.
func (w *writer) begin(f *file) line { return f.row().text(w.identity.id).date(w.person.birth) }

// sex is SEX as the year codes it: 1 and 2 up to the 2023-24 return, M, F and U from the next one on.
func (w *writer) sex() string {
	switch {
	case w.year.number >= sexLettersFrom:
		return w.person.sexLater
	case w.person.sex == "M":
		return "1"
	default:
		return "2"
	}
}

// sexLettersFrom is the first collection year in which SEX is a letter.
const sexLettersFrom = 2025

func (w *writer) header() {
	f := w.files[header]
	b := f.row().text(w.identity.id).text(w.sex()).date(w.person.birth).text(w.said.ethnicity).text(w.said.upn).text(w.said.mother)
	if w.said.mother == "1" {
		b = b.date(w.person.motherSince)
	} else {
		b = b.blank()
	}
	f.end(b)
}

func (w *writer) episodes() {
	f := w.files[episodes]
	for i := range w.identity.episodes {
		e := &w.identity.episodes[i]
		if !w.year.overlaps(e.start, e.end) {
			continue
		}
		b := f.row().text(w.identity.id).date(e.start).text(e.rne).text(e.ls).text(e.cin).text(e.placeIn(w.year.number)).text(e.provider)
		if e.end > w.year.end {
			b = b.blank().blank().blank()
		} else {
			b = b.date(e.end).text(e.rec).text(e.change)
		}
		home := w.person.home
		if w.identity.periods[e.period].shortBreak {
			home = 0
		}
		f.end(b.postcode(home).postcode(e.postcode).urn(e.urn))
	}
}

// placeIn is PLACE as the year codes it.
func (e *episode) placeIn(year int) string {
	if year >= otherPlacesFrom {
		return e.place2026
	}
	return e.place
}

// otherPlacesFrom is the first collection year with Z11 to Z14 in the place of Z1.
const otherPlacesFrom = 2026

func (w *writer) health() {
	h := &w.said.health
	if !h.due {
		return
	}
	f := w.files[oc2]
	b := w.begin(f)
	if h.score < 0 {
		b = b.blank()
	} else {
		b = b.number(h.score)
	}
	f.end(b.text(h.reason).text(h.convicted).text(h.check).text(h.immunised).text(h.teeth).text(h.assessed).
		text(h.misuse).text(h.received).text(h.offeredIt))
}

// adoption writes the decision that the child should be placed in each year in which it stood, and AD1 in the year of
// the adoption.
func (w *writer) adoption() {
	for i := range w.identity.periods {
		per := &w.identity.periods[i]
		a := &per.adoption
		until := per.end
		if a.reversed {
			until = a.ceased
		}
		if !a.planned || !w.year.overlaps(a.decided, until) {
			continue
		}
		f := w.files[placedAdoption]
		b := w.begin(f).date(a.decided)
		if a.reversed && a.ceased <= w.year.end {
			f.end(b.date(a.ceased).text(a.reversedReason))
		} else {
			f.end(b.blank().blank())
		}
		if !a.reversed && per.end <= w.year.end {
			f := w.files[ad1]
			f.end(w.begin(f).date(a.decided).date(a.matched).text(oneOf(a.carer, "1", "0")).text(a.adopters))
		}
	}
}

// permanence writes what came before the period of care that began last in the year.
func (w *writer) permanence() {
	for i := len(w.identity.periods) - 1; i >= 0; i-- {
		per := &w.identity.periods[i]
		if per.shortBreak || !w.year.holds(per.start) {
			continue
		}
		f := w.files[previousPermanence]
		b := w.begin(f).text(per.permanence.code)
		if per.permanence.code == "Z1" {
			f.end(b.blank().blank())
		} else {
			f.end(b.text(per.permanence.la).text(per.permanence.dateText()))
		}
		return
	}
}

// dateText writes DATE_PERM, in which what is not known is Z: ZZ/05/2014.
func (p *permanence) dateText() string {
	y, m, d := p.date.YMD()
	switch p.unsure {
	case 0:
		return fmt.Sprintf("%02d/%02d/%04d", d, m, y)
	case 1:
		return fmt.Sprintf("ZZ/%02d/%04d", m, y)
	case 2:
		return fmt.Sprintf("ZZ/ZZ/%04d", y)
	default:
		return "ZZ/ZZ/ZZZZ"
	}
}

func (w *writer) workers() {
	if len(w.files) <= swEpisodes {
		return
	}
	f := w.files[swEpisodes]
	for i := range w.identity.workers {
		s := &w.identity.workers[i]
		if !w.year.overlaps(s.start, s.end) {
			continue
		}
		id := oneOf(s.unknown, "XX", "SW") + strconv.Itoa(s.number)
		f.end(w.begin(f).text(id).date(s.start).ended(s.end, w.year.end).text(s.reason))
	}
}
