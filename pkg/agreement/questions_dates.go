package agreement

import (
	"errors"
	"fmt"

	"github.com/postern-gateway/postern/pkg/civil"
)

// dates are the questions for days, held to one another.
type dates struct{ today civil.Date }

var errNoDay = errors.New("it is not a day, such as 2027-03-31")

func (d dates) question(key, ask string, further func(civil.Date, Answers) error) Question {
	return Question{Key: key, Ask: ask + " (YYYY-MM-DD)", Check: func(answer string, given Answers) error {
		day, err := civil.ParseISO(answer)
		if err != nil || day.String() != answer {
			return errNoDay
		}
		if further == nil {
			return nil
		}
		return further(day, given)
	}}
}

func (d dates) suggested(key, ask string, suggest func(Answers) string, further func(civil.Date, Answers) error) Question {
	q := d.question(key, ask, further)
	q.Suggest = suggest
	return q
}

// of is the day that was answered to another question; false when there is none.
func (dates) of(given Answers, key string) (civil.Date, bool) {
	day, err := civil.ParseISO(given[key])
	return day, err == nil && given[key] != ""
}

func (d dates) notPast(day civil.Date, _ Answers) error {
	if day < d.today {
		return errors.New("that day is over")
	}
	return nil
}

func (d dates) term(day civil.Date, given Answers) error {
	from, known := d.of(given, "share-from")
	switch {
	case day < d.today:
		return errors.New("that day is over")
	case known && day < from:
		return errors.New("the sharing would end before it begins")
	case known && day >= addMonths(from, MaxTermMonths):
		return fmt.Errorf("that is more than %d months", MaxTermMonths)
	}
	return nil
}

func (d dates) beforeEnd(day civil.Date, given Answers) error {
	if to, known := d.of(given, "share-to"); known && day > to {
		return errors.New("that is after the last day of sharing")
	}
	return nil
}

func (d dates) afterEnd(day civil.Date, given Answers) error {
	if to, known := d.of(given, "share-to"); known && day < to {
		return errors.New("the recipient would have to destroy the data before the sharing ends")
	}
	return nil
}

// inAYear is a year after the sharing begins, and not after it ends.
func (d dates) inAYear(given Answers) string {
	from, known := d.of(given, "share-from")
	if !known {
		return ""
	}
	by := max(addMonths(from, 12)-1, d.today)
	if to, known := d.of(given, "share-to"); known && to < by {
		by = to
	}
	return by.String()
}
