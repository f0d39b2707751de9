package export

import (
	"fmt"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
)

// window is the stretch of days in which an agreement bounds how many drops there may be.
type window struct {
	from civil.Date // its first day; every day before today is in it
	most int
	name string // of June 2026, of April to June 2026, of 2026, in all
}

// windowOf is the window that a day of an agreement is in, by the calendar of Europe/London. Drops made daily, weekly and
// monthly are counted by the month, others by their own interval; and where there is to be one, there is one.
func windowOf(f agreement.Frequency, today civil.Date) window {
	y, m, _ := today.YMD()
	switch f.Schedule {
	case "once":
		return window{0, 1, "in all"}
	case "yearly":
		return window{today.FirstOfYear(), f.MaxDropsPerMonth, fmt.Sprintf("of %d", y)}
	case "quarterly":
		first := today.FirstOfQuarter()
		_, begins, _ := first.YMD()
		return window{first, f.MaxDropsPerMonth, fmt.Sprintf("of %s to %s %d", time.Month(begins), time.Month(begins+2), y)}
	default:
		return window{today.FirstOfMonth(), f.MaxDropsPerMonth, fmt.Sprintf("of %s %d", time.Month(m), y)}
	}
}

// schedule holds the number of drops to the agreement. What counts is what the register has as published, whatever became
// of the store; a drop that was withdrawn does not count.
func (p *preflight) schedule() (finding.Check, error) {
	const name = "as often as agreed"
	f := p.judgement.Agreement.Frequency
	in := windowOf(f, p.today)
	published, err := p.books.publishedSince(p.judgement.Agreement.ID, in.from)
	if err != nil {
		return finding.Check{Name: name}, err
	}
	if published >= in.most {
		return failed(name, finding.Refuse(finding.FrequencyExceeded,
			"wait for the next interval; more drops need another frequency, in a new version of the agreement",
			"%d of at most %d drops %s were published (%s), which is as many as the agreement allows", published, in.most, in.name, f.Schedule)), nil
	}
	return passed(name, "%d of at most %d drops %s were published (%s)", published, in.most, in.name, f.Schedule), nil
}

// publishedSince counts an agreement's drops that were published on a day or later and not withdrawn.
func (b *Books) publishedSince(id string, from civil.Date) (int, error) {
	drops := make(map[string]bool)
	for record, err := range b.log.Records() {
		if err != nil {
			return 0, err
		}
		switch record.Kind {
		case KindPublished:
			body, err := bodyOf[PublishedBody](record)
			if err != nil {
				return 0, err
			}
			day, err := civil.On(record.Time)
			if err != nil {
				return 0, fmt.Errorf("read record %d of the register: %w", record.Index, err)
			}
			if ofAgreement(body.Drop, id) && day >= from {
				drops[body.Drop] = true
			}
		case KindWithdrawn:
			body, err := bodyOf[WithdrawnBody](record)
			if err != nil {
				return 0, err
			}
			delete(drops, body.Drop)
		}
	}
	return len(drops), nil
}
