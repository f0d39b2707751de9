package synth

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// Download is one row of a census download.
type Download struct {
	AcademicYear int    // of the census, by the year it ends in
	Term         string // autumn, spring or summer
	UPN          string // "" for none
	FormerUPN    string
	EnrolStatus  string // C, M, S, F, O or ""
	Eligible     bool   // FSMeligible
}

// Session is one row of daily attendance.
type Session struct {
	AcademicYear int
	Day          civil.Date
	Half         string // AM or PM
	SchoolURN    string
	Mark         string // attendance_code
	UPN          string
	Named        bool // the row has the LA child ID
}

func (g *generator) trueDownloads(id *identity) []Download {
	if !g.formats[GIAPCensus] {
		return nil
	}
	var out []Download
	for i := range id.school.downloads {
		r := &id.school.downloads[i]
		out = append(out, Download{
			AcademicYear: g.window.years[r.census/terms].number, Term: termName(r.census % terms), UPN: r.upn, FormerUPN: r.former,
			EnrolStatus: r.status, Eligible: r.eligible,
		})
	}
	return out
}

func (g *generator) trueSessions(id *identity) []Session {
	if !g.formats[Attendance] {
		return nil
	}
	var out []Session
	g.register.daily(id, true, func(x session) {
		out = append(out, Session{
			AcademicYear: g.window.years[x.year].number, Day: x.day, Half: x.half, SchoolURN: trimmed(line(nil).schoolURN(x.school)), Mark: x.mark,
			UPN: x.upn, Named: x.named,
		})
	})
	return out
}

// coreDaily adds one row for each session of the child: session_date, session, school_urn, mark, possible, present,
// authorised, unauthorised. A row that does not name the child is the child's whose UPN it has.
func (c *Child) coreDaily(add func(...string)) {
	linking := c.LinkingUPNs()
	is := func(mark, of string) bool { return slices.Contains(strings.Fields(of), mark) }
	for i := range c.Sessions {
		x := &c.Sessions[i]
		if !x.Named && !c.links(linking, x.UPN, "") {
			continue
		}
		present, authorised, unauthorised := is(x.Mark, `/ \ L`), is(x.Mark, "C C1 C2 E I J1 M R S T H F"), is(x.Mark, "G N O U")
		possible := present || authorised || unauthorised || is(x.Mark, "B J K P V W")
		add(x.Day.String(), x.Half, x.SchoolURN, x.Mark, yesNo(possible), yesNo(present), yesNo(authorised), yesNo(unauthorised))
	}
}
