package synth

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/civil"
)

// dailyYears is how many academic years, the last ones, a cohort has daily attendance of when its options do not say: a
// pupil has about 400 sessions a year.
const dailyYears = 2

const dailyColumns = "la_child_id,upn,forename,surname,dob,postcode,school_urn,session_date,session,attendance_code,fsm,pupil_premium,ethnicity,gender"

// dailyTable is the file of an academic year.
func dailyTable() table {
	return table{format: Attendance, file: "attendance.csv", newline: "\n", columns: dailyColumns}
}

// register makes the daily attendance of a cohort.
type register struct {
	window *window
	seed   uint64
	years  int // the last ones
}

// session is one mark in a register.
type session struct {
	year   int // position of the academic year
	day    civil.Date
	half   string // AM or PM
	school int
	mark   string
	upn    string
	named  bool // the extract has the authority's number of the child
}

// daily yields the marks behind the sums that the censuses have of a pupil: of each term that some census tells of, as many
// sessions as are possible, and as many of each kind of absence. Rows of a second registration have none: the school that
// has the first one keeps the register. Nothing is drawn from the generator's own sequence.
func (g register) daily(id *identity, known bool, yield func(session)) {
	used, before := [2]int{}, -1
	for i := range id.school.rolls {
		r := &id.school.rolls[i]
		if !r.off && (r.status == "S" || r.status == "F" || r.status == "O") {
			continue
		}
		if r.census != before {
			used, before = [2]int{}, r.census
		}
		for part := range r.parts() {
			used[part] += g.term(id, r, part, used[part], known, yield)
		}
	}
}

// term yields the marks of one part of a row, from a session of the term on, and says how many they are.
func (g register) term(id *identity, r *roll, part, from int, known bool, yield func(session)) int {
	a := &r.attended[part]
	year := r.census / terms
	first := termStart(g.window.years[year].number, r.census%terms, part)
	if r.census%terms == autumn {
		year--
	}
	if a.possible == 0 || year < len(g.window.years)-g.years || year < 0 {
		return 0
	}
	missed, possible := g.absences(id, a, g.window.years[r.census/terms].number)
	n := mix(g.seed ^ uint64(id.school.key)<<9 ^ uint64(r.census)<<1 ^ uint64(part))
	total := a.possible + len(missed) - possible
	at := int(n % uint64(total-len(missed)+1))
	day, left := first, from
	for i := 0; i < total; {
		for !schoolDay(day) {
			day++
		}
		for half, name := range [2]string{"AM", "PM"} {
			if left > 0 {
				left--
				continue
			}
			if i == total {
				break
			}
			mark := [2]string{"/", `\`}[half]
			if i >= at && i < at+len(missed) {
				mark = missed[i-at]
			}
			yield(session{year: year, day: day, half: name, school: r.school, mark: mark, upn: r.upn, named: known && n>>20%5 != 0})
			i++
		}
		day++
	}
	return total
}

// absences lists the marks of a part of a row other than those of pupils who are there, and says how many of them are of
// possible sessions.
func (g register) absences(id *identity, a *attended, academic int) (marks []string, possible int) {
	add := func(code string, n int) {
		for range n {
			marks = append(marks, code)
		}
		if !slices.Contains([]string{"X", "Q", "D", "Z", "#"}, code) && code[0] != 'Y' {
			possible += n
		}
	}
	if academic >= detailsFrom {
		for _, m := range id.school.marks[a.marks[0]:a.marks[1]] {
			if m.code != "/" && m.code != `\` {
				add(m.code, m.sessions)
			}
		}
		return marks, possible
	}
	add("I", a.aggregate.authorised)
	add("O", a.aggregate.unauthorised)
	add("V", a.aggregate.educational)
	add("X", a.aggregate.exceptional)
	return marks, possible
}

// termStart is the first day of what a census asks about, or of the half of it.
func termStart(academic, term, part int) civil.Date {
	switch {
	case term == spring:
		return civil.MustYMD(academic-1, 9, 2)
	case term == summer:
		return civil.MustYMD(academic, 1, 4)
	case part == 0:
		return civil.MustYMD(academic-1, 4, 11)
	default:
		return civil.MustYMD(academic-1, 6, 8)
	}
}

// schoolDay says whether schools are open: on weekdays but those of the last week of October and the third of February.
func schoolDay(d civil.Date) bool {
	if d-d.FirstOfWeek() > 4 {
		return false
	}
	_, month, _ := d.YMD()
	_, _, monday := d.FirstOfWeek().YMD()
	return (month != 10 || monday < 24 || monday > 30) && (month != 2 || monday < 12 || monday > 18)
}

// writeDaily writes a pupil's rows of the registers.
func (s *sets) writeDaily(p *person, id *identity, known bool) {
	if !s.formats[Attendance] {
		return
	}
	names := s.keys.names(id.school.key)
	s.register.daily(id, known, func(x session) {
		f := s.others[x.year].daily
		if f == nil {
			return
		}
		b := f.row().text(oneOf(x.named, id.id, "")).text(x.upn).coded("FOR", names>>14).coded("SUR", names).date(p.birth).postcode(p.home)
		b = b.schoolURN(x.school).date(x.day).text(x.half).text(x.mark).text(oneOf(names%5 == 0, "Y", "N")).text(oneOf(names%4 == 0, "Y", "N"))
		f.end(b.text(p.ethnicity).text(p.sex))
	})
}
