package synth

import (
	"strconv"
	"strings"
)

// download is one row of a census download: what the Department for Education made of a pupil's row of a census.
type download struct {
	census      int // as of a roll
	upn, former string
	status      string
	school      int
	year        int // national curriculum year
	eligible    bool
	protected   bool
}

// downloads draws the rows of the census downloads from those of the census, and those of children at schools of other
// councils. Nothing is drawn from the generator's own sequence: other formats are the same with and without them.
func (g *generator) downloads(p *person, id *identity, w *way) {
	s := &id.school
	for i := range s.rolls {
		r := &s.rolls[i]
		if r.off {
			continue
		}
		day := censusDay(g.window.years[r.census/terms].number, r.census%terms)
		row := download{census: r.census, upn: r.upn, former: r.former, status: r.status, school: r.school, year: r.year}
		for _, m := range s.meals[r.meals[0]:r.meals[1]] {
			row.eligible = row.eligible || m.start <= day && m.end >= day && (m.country == "" || m.country == "ENG")
		}
		n := mix(g.seed ^ uint64(s.key)<<10 ^ uint64(r.census)<<2 ^ 0xd0e)
		if n%60 == 0 {
			row.eligible = !row.eligible // the school corrected its return
		}
		row.protected = !row.eligible && n>>8%10 == 0
		s.downloads = append(s.downloads, row)
	}
	if len(s.rolls) > 0 || w.noUPN || w.from >= g.window.to {
		return
	}
	for k := g.others; k < len(g.window.years); k++ {
		for term := autumn; term < terms && g.window.taken(k, term); term++ {
			year, day := curriculumYear(p.birth, g.window.years[k].number), censusDay(g.window.years[k].number, term)
			if year < 1 || year > 11 || day < w.from || day >= p.died || !w.elsewhere {
				continue
			}
			upn, former := w.upnIn(terms*k+term, &id.numbers)
			s.downloads = append(s.downloads, download{
				census: terms*k + term, upn: upn, former: former, status: "C", school: 200 + s.key%50, year: year, eligible: w.poor,
			})
		}
	}
}

// The columns of the census downloads; the spring has ethnicity.
const downloadColumns = "PupilMatchingRef,AcademicYear,CensusTerm,LA,Estab,LAEstab,URN,PHASE,UPN,FormerUPN,Surname,Forename,MiddleNames," +
	"PreferredSurname,FormerSurname,Sex,DOB,FSMeligible,FSM_protected,EVERFSM_6,EVERFSM_6_P,Language,HoursAtSetting,FundedHours,EnrolStatus," +
	"EntryDate,NCyearActual,SENProvision,PrimarySENeedsType,SecondarySENType,IDACI_S,IDACI_R"

// downloadTable is the file of a census: with tabs in odd years, with commas in even ones, never quoted.
func downloadTable(year, term int) table {
	t := table{format: GIAPCensus, file: termName(term) + "/giap_census.csv", newline: "\n", columns: downloadColumns}
	if term == spring {
		t.columns = strings.Replace(t.columns, "DOB,", "DOB,Ethnicity,", 1)
	}
	if year%2 == 1 {
		t.file, t.tabs, t.columns = termName(term)+"/giap_census.tab", true, strings.ReplaceAll(t.columns, ",", "\t")
	}
	return t
}

// writeDownload writes a row of a census download.
func (s *sets) writeDownload(f *file, p *person, id *identity, r *download) {
	names := s.keys.names(id.school.key)
	term, year := r.census%terms, s.window.years[r.census/terms].number
	b := f.row().opaque(names >> 3).text(strconv.Itoa(year-1) + "/" + strconv.Itoa(year)).text([terms]string{"Autumn", "Spring", "Summer"}[term])
	b = b.text(s.laCode).number(2000 + r.school).text(s.laCode + strconv.Itoa(2000+r.school)).schoolURN(r.school).text(oneOf(r.year >= 7, "Secondary", "Primary"))
	b = b.text(r.upn).text(r.former).coded("SUR", names).coded("FOR", names>>14).coded("MID", names>>21).coded("PSUR", names>>28).coded("FSUR", names>>35)
	b = b.text(p.sex).date(p.birth)
	if term == spring {
		b = b.text(extended(p.ethnicity, names>>17))
	}
	ever := r.eligible || names%7 == 0
	if term == autumn {
		ever = r.eligible // the service writes the one under both names
	}
	b = b.flag(r.eligible).flag(r.protected).flag(ever).flag(ever)
	b = b.text(oneOf(names%8 == 0, "PNJA", "ENG")).blank().blank().text(r.status).blank().number(r.year).text(string("NNNNNNKKE"[names>>5%9])).blank().blank()
	f.end(b.text("0." + strconv.Itoa(int(100+names>>11%800))).number(int(1 + names>>9%30000)))
}

// flag writes 1 or 0.
func (b line) flag(is bool) line { return b.text(oneOf(is, "1", "0")) }

// schoolURN writes the national number of a school.
func (b line) schoolURN(n int) line { return b.number(100_001 + 7*n) }
