package extract

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// RuleDatesMixed is told once of a file and column whose dates are written in more than one form.
const RuleDatesMixed = "DATES_MIXED"

// dateForms are the forms in which a column's dates are written: its own, or those of its format.
func (s *Source) dateForms(column *dataset.Column) []string {
	forms := s.Table.DateFormats
	if len(column.Dates) > 0 {
		forms = column.Dates
	}
	if s.Form == Sheet && !slices.Contains(forms, dataset.DateISO) {
		forms = append(slices.Clip(forms), dataset.DateISO) // what becomes of a day that the workbook counts
	}
	return forms
}

// DateForm says in which of some forms a date is written; -1 for none of them. Day and month may still be none of the
// calendar's.
func DateForm(forms []string, text string) int {
	return slices.IndexFunc(forms, func(form string) bool {
		_, ok := partsOf(form, text)
		return ok
	})
}

// decodeDate tries the forms. A cell that has the shape of one but names no day is impossible; any other is malformed.
func decodeDate(forms []string, text string) (civil.Date, string) {
	rule := RuleDateMalformed
	for _, form := range forms {
		parts, ok := partsOf(form, text)
		if !ok {
			continue
		}
		if d, err := civil.ParseISO(parts); err == nil {
			if form == dataset.DateTimeISO && strings.HasSuffix(text, "Z") {
				d = inLondon(d, text[11:13])
			}
			return d, ""
		}
		rule = RuleDateImpossible
	}
	return 0, rule
}

// DayOf is the day of an instant as ISO 8601 writes it, with or without a Z behind its time; false for any other text.
func DayOf(text string) (civil.Date, bool) {
	d, rule := decodeDate([]string{dataset.DateTimeISO}, text)
	return d, rule == ""
}

// inLondon is the day here of an instant that is written in Universal Time, by the hour that it is in. A system that
// writes its days so gives midnight of a summer's day as 23:00 of the day before.
func inLondon(d civil.Date, hour string) civil.Date {
	if hour != "23" {
		return d
	}
	if here, err := civil.On(time.Unix(int64(d)*24*60*60+23*60*60, 0)); err == nil {
		return here
	}
	return d
}

// partsOf takes a text of a form apart, and puts it together as YYYY-MM-DD; false when it has not the shape of the form.
func partsOf(form, text string) (string, bool) {
	switch form {
	case dataset.DateISO:
		return text, shaped(form, text)
	case dataset.DateMonthName:
		return monthNamed(text)
	case dataset.DateTimeISO:
		return beforeTime(dataset.DateISO, strings.TrimSuffix(text, "Z"), 'T', true)
	case dataset.DateTimeSpace:
		return beforeTime(dataset.DateISO, text, ' ', true)
	case dataset.DateTimeUK:
		return beforeTime(dataset.DateUK, text, ' ', false)
	case dataset.DateCensus:
		if len(text) < 8 {
			return "", false
		}
		at := slices.Index(monthNames(), strings.ToUpper(text[5:8]))
		if at < 0 || !shaped("YYYY--DD 00:00:00", text[:5]+text[8:]) {
			return "", false
		}
		return text[:4] + "-" + twoDigits(at+1) + "-" + text[9:11], true
	case dataset.DateDigits:
		if !shaped(form, text) {
			return "", false
		}
		return text[:4] + "-" + text[4:6] + "-" + text[6:], true
	default: // day, month and year, with a sign between each
		if !shaped(form, text) {
			return "", false
		}
		return text[6:] + "-" + text[3:5] + "-" + text[:2], true
	}
}

// shaped reports whether a text has a digit wherever a form has a letter, and its other characters elsewhere.
func shaped(form, text string) bool {
	if len(form) != len(text) {
		return false
	}
	for i := range len(form) {
		letter := form[i] >= 'A' && form[i] <= 'Z'
		digit := text[i] >= '0' && text[i] <= '9'
		if letter && !digit || !letter && form[i] != text[i] {
			return false
		}
	}
	return true
}

// beforeTime is partsOf for a date with a time of day behind it, which is read and dropped. Seconds may be left out
// unless they are asked for, and may have a fraction.
func beforeTime(form, text string, between byte, seconds bool) (string, bool) {
	at := len(form)
	if len(text) <= at || text[at] != between {
		return "", false
	}
	parts := strings.Split(text[at+1:], ":")
	if len(parts) > 3 || len(parts) < 2 || seconds && len(parts) != 3 {
		return "", false
	}
	if !seconds && len(parts[0]) == 1 {
		parts[0] = "0" + parts[0] // 9:05, as a spreadsheet has it
	}
	if len(parts) == 3 {
		whole, fraction, pointed := strings.Cut(parts[2], ".")
		if pointed && (fraction == "" || strings.Trim(fraction, "0123456789") != "") {
			return "", false
		}
		parts[2] = whole
	}
	for i, most := range []string{"23", "59", "59"}[:len(parts)] {
		if !shaped("NN", parts[i]) || parts[i] > most {
			return "", false
		}
	}
	return partsOf(form, text[:at])
}

// monthNamed is partsOf for a day, a month by its name and a year, with a blank between each.
func monthNamed(text string) (string, bool) {
	day, rest, _ := strings.Cut(text, " ")
	month, year, _ := strings.Cut(rest, " ")
	if len(day) == 1 {
		day = "0" + day
	}
	if !shaped("DD", day) || !shaped("YYYY", year) || len(month) < 3 {
		return "", false
	}
	month = strings.ToUpper(month)
	at := slices.IndexFunc(monthsInFull(), func(name string) bool { return month == name || month == name[:3] })
	if at < 0 {
		return "", false
	}
	return year + "-" + twoDigits(at+1) + "-" + day, true
}

func twoDigits(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

// monthNames are the months in three letters.
func monthNames() []string {
	return []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
}

func monthsInFull() []string {
	return []string{"JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"}
}
