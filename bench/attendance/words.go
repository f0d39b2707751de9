package attendance

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// drawn is what cells are drawn from.
type drawn struct {
	schools, days                               []string
	forenames, surnames, ethnicGroups, absences []string
}

func newDrawn(seed uint64) drawn {
	return drawn{
		schools:      schools(seed),
		days:         schoolDays(),
		forenames:    strings.Fields("Alfie Beatrice Caleb Daisy Ezra Fatima Gwen Hugo Imran Jasmine Kai Layla Mabel Niamh Orla Priya Raphaël Síle Théo Yusuf"),
		surnames:     strings.Split(`Adeyemi;Barker;Chaudhry;Dixon;Edwards;Fletcher;Grant;Hussain;Ingram;Jenkins;Kaur;Lloyd;Marsh;Nowak;O'Neill;Palmer;Quinn;Shaw;Turner-Wood;"Vaughan, Sr"`, ";"),
		ethnicGroups: strings.Fields("WBRI WIRI WOTH MWBC MWBA MOTH AIND APKN ABAN AOTH BCRB BAFR CHNE OOTH REFU NOBT"),
		absences:     strings.Fields("L B P V C E I M G N O U X"),
	}
}

// mark is what the register has of one session: nine in ten are present.
func (d drawn) mark(chance uint64, session int) string {
	if chance%10 != 0 {
		return [2]string{"/", "\\"}[session]
	}
	return d.absences[chance/10%uint64(len(d.absences))]
}

// schools are the national numbers of 300 schools.
func schools(seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 1<<63))
	out := make([]string, 300)
	for i, n := range r.Perm(45_000)[:len(out)] {
		out[i] = strconv.Itoa(100_000 + n)
	}
	return out
}

// schoolDays are 570 weekdays from September 2023: after them the first comes again.
func schoolDays() []string {
	var out []string
	for day := time.Date(2023, time.September, 4, 0, 0, 0, 0, time.UTC); len(out) < 570; day = day.AddDate(0, 0, 1) {
		if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
			out = append(out, day.Format("02/01/2006"))
		}
	}
	return out
}
