package synth

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// premium is one row of PupilPremium: one pupil in one financial year, or one of two such rows.
type premium struct {
	year                                   int // position
	upn                                    string
	curriculum                             int
	deprivation, service, adopted, careNow bool
	lastMeal                               civil.Date // never for none
}

// premium draws a pupil's rows. Pupils at schools of other councils have them too, where this one looks after the child.
func (g *generator) premium(p *person, id *identity, w *way) {
	d := &g.draw
	s := &id.school
	if w.noUPN {
		return
	}
	service, adopted := d.chance(15), id == &p.second || d.chance(6)
	listed := d.chance(120) // though nothing is due
	for k := g.others; k < len(g.window.years); k++ {
		y := g.window.years[k]
		year := curriculumYear(p.birth, y.number)
		if year < 1 || year > 11 || p.died < y.start {
			continue
		}
		upn, _ := w.upnIn(terms*k+d.below(terms), &id.numbers)
		row := premium{year: k, upn: upn, curriculum: year, service: service, adopted: adopted, lastMeal: never}
		for i := range s.meals {
			if m := &s.meals[i]; m.start <= y.end && (row.lastMeal == never || m.start > row.lastMeal) {
				row.lastMeal = m.start
			}
		}
		if len(s.rolls) == 0 && w.poor {
			row.lastMeal = y.start - civil.Date(d.between(10, 600))
		}
		row.deprivation = row.lastMeal != never
		row.careNow = id.years[k].lookedAfter && !onlyShortBreaks(id)
		due := row.deprivation || row.service || row.adopted || row.careNow
		if !due && !listed {
			continue
		}
		if due && d.chance(40) {
			// The download was made twice: the first knew of nothing.
			before := row
			before.deprivation, before.service, before.adopted, before.careNow = false, false, false, false
			s.premiums = append(s.premiums, before)
		}
		s.premiums = append(s.premiums, row)
	}
}

// premiumTable is the file of a financial year: with tabs in even years, with commas in odd ones, never quoted.
func premiumTable(year int) table {
	t := table{
		format: GIAP, file: "pupil_premium.csv", newline: "\n",
		columns: "UPN,Surname,Forename,Sex,DOB,NCYear,Deprivation Pupil Premium,Service Child Premium,Adopted from Care Premium," +
			"Looked After Premium,PupilPremiumFTE,PupilPremiumCashAmount,PupilPremiumFYStartDate,PupilPremiumFYEndDate,LastFSM",
	}
	if year%2 == 0 {
		t.file, t.tabs, t.columns = "pupil_premium.tab", true, strings.ReplaceAll(t.columns, ",", "\t")
	}
	return t
}

// writePremium writes a row of PupilPremium.
func writePremium(f *file, k *keys, y year, p *person, id *identity, r *premium) {
	names := k.names(id.school.key)
	b := f.row().text(r.upn).coded("SUR", names).coded("FOR", names>>14).text(p.sex).date(p.birth).number(r.curriculum)
	due := 0
	for _, has := range [...]bool{r.deprivation, r.service, r.adopted, r.careNow} {
		b = b.text(oneOf(has, "1", "0"))
		due += oneNumber(has, 1, 0)
	}
	switch {
	case due == 0:
		b = b.text("0").text("0.00")
	case r.adopted || r.careNow:
		b = b.text("1").text("2570.00")
	case r.deprivation:
		b = b.text("1").text(oneOf(r.curriculum < 7, "1480.00", "1050.00"))
	default:
		b = b.text("1").text("340.00")
	}
	b = b.date(y.start).date(y.end)
	f.end(b.ended(r.lastMeal, y.end))
}
