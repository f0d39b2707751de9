package harmonise_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// drawing is a small cohort drawn by chance, and what is true of it.
type drawing struct {
	files   map[string]string
	written map[string]int64 // rows, by source table
	said    map[string]map[int][]fact
	events  []event
	marked  map[string]bool
	asked   map[int]bool // years with a table of unaccompanied children
	years   []int        // latest first
}

// fact is what one sound row says of a child: sex, ethnicity, birth date, "" where it says nothing.
type fact [3]string

// event is a row of a return on an episode.
type event struct {
	year              int
	child, start, end string // as they stand in the file
}

// iso writes a date as YYYY-MM-DD.
func iso(date string) string {
	if date == "" {
		return ""
	}
	return date[6:] + "-" + date[3:5] + "-" + date[:2]
}

// draw makes up to four years of returns about up to six children.
func draw(r *rand.Rand) *drawing {
	d := &drawing{files: map[string]string{}, written: map[string]int64{}, said: map[string]map[int][]fact{}, marked: map[string]bool{}, asked: map[int]bool{}}
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	id := func() string { return pick("71", "71", "72", "72", "0072", "rnd1", "UNKNOWN", "", "12.0") }
	for year := 2018 + r.IntN(3); year <= 2021; year++ {
		d.years = append([]int{year}, d.years...)
		folder := fmt.Sprintf("%d-%02d/", year-1, year%100)
		var headers, episodes, uasc []string
		for range r.IntN(6) {
			child, f := id(), fact{pick("1", "2", "", ""), pick("WBRI", "BCRB", "", ""), pick("02/03/2010", "02/03/2010", "03/03/2010", "")}
			bad := r.IntN(8) == 0
			row := f
			if bad {
				row = fact{pick("9", "M"), pick("XXXX", "WBRI"), pick("31/02/2010", "2010")}
			}
			headers = append(headers, fmt.Sprintf("%s,%s,%s,%s,UN1,,", child, row[0], row[2], row[1]))
			key := strings.ToUpper(child)
			if bad || child == "" || child == "UNKNOWN" || child == "12.0" {
				continue
			}
			if d.said[key] == nil {
				d.said[key] = map[int][]fact{}
			}
			d.said[key][year] = append(d.said[key][year], f)
		}
		for range r.IntN(6) {
			e := event{year, id(), pick("02/07/2017", "03/07/2017", "02/07/2017", "03/07/2017", "", "31/06/2017"), pick("", "09/09/2017", "01/01/2017")}
			d.events = append(d.events, e)
			episodes = append(episodes, fmt.Sprintf("%s,%s,S,C1,N1,U3,PR1,%s,,,,,", e.child, e.start, e.end))
		}
		if d.asked[year] = r.IntN(3) > 0; d.asked[year] {
			for range r.IntN(3) {
				child := id()
				d.marked[strings.ToUpper(child)] = true
				uasc = append(uasc, child+",1,02/03/2010,")
			}
			d.files[folder+"uasc.csv"] = lines(uascLine, uasc...)
			d.written["ssda903/uasc"] += int64(len(uasc))
		}
		d.files[folder+"header.csv"], d.files[folder+"episodes.csv"] = lines(headerLine, headers...), lines(episodesLine, episodes...)
		d.written["ssda903/header"] += int64(len(headers))
		d.written["ssda903/episodes"] += int64(len(episodes))
	}
	return d
}

// agreed is what rows say together of one fact: what all of them that say something say, and whether they differ.
func agreed(rows []fact, i int) (value string, differ bool) {
	for _, row := range rows {
		switch {
		case row[i] == "" || row[i] == value:
		case value == "":
			value = row[i]
		default:
			return "", true
		}
	}
	return value, false
}

// children finds out what is known of each child, fact by fact: the latest year whose rows do not differ in anything
// decides; what it leaves empty is taken from the latest year before whose rows say it with one voice.
func (d *drawing) children() []string {
	var out []string
	for id, said := range d.said {
		var known fact
		decided, mayKnow := false, false
		for _, year := range d.years {
			rows := said[year]
			if len(rows) == 0 {
				continue
			}
			mayKnow = mayKnow || d.asked[year]
			var says fact
			conflict := false
			for i := range says {
				value, differ := agreed(rows, i)
				says[i], conflict = value, conflict || differ
			}
			if !decided && conflict {
				continue
			}
			decided = true
			for i := range known {
				if known[i] == "" {
					known[i] = says[i]
				}
			}
		}
		if !decided {
			continue
		}
		uasc := ""
		if mayKnow || d.marked[id] {
			uasc = fmt.Sprint(d.marked[id])
		}
		sex := strings.NewReplacer("1", "M", "2", "F").Replace(known[0])
		out = append(out, strings.Join([]string{id, sex, known[1], iso(known[2]), uasc}, " "))
	}
	if len(out) == 0 {
		return []string{""}
	}
	slices.Sort(out)
	return out
}

// sound says whether a row breaks no rule: it begins on a day, and ends after it or not yet.
func (e event) sound() bool { return e.dated() && e.end != "01/01/2017" }

func (e event) dated() bool { return e.start != "" && e.start != "31/06/2017" }

// episodes finds out which rows leave: those that identify nobody, and of every child and day the sound ones of the
// latest return that speaks of it, soundly or not.
func (d *drawing) episodes() []string {
	nobody := map[string]string{"UNKNOWN": "unusable: placeholder", "": "unusable: missing", "12.0": "unusable: malformed"}
	out := []string{}
	for _, e := range d.events {
		if !e.sound() {
			continue
		}
		who, isNobody := nobody[e.child]
		if !isNobody {
			who = strings.ToUpper(e.child)
			if slices.ContainsFunc(d.events, func(later event) bool {
				return later.year > e.year && later.dated() && later.start == e.start && strings.EqualFold(later.child, e.child)
			}) {
				continue
			}
		}
		out = append(out, strings.Join([]string{who, iso(e.start), iso(e.end)}, " "))
	}
	slices.Sort(out)
	return out
}
