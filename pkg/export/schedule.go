package export

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/state"
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

// schedule holds the number of drops to the agreement. A drop counts in the interval of the day that its id names, whatever
// became of the store: one that is entered, or put, after midnight is still of the day on which it was made. Drops of
// earlier runs that are about to be finished count too. Of the drops of an interval that were withdrawn, one does not
// count, so that it can be replaced; under "once", that is one replacement in all. More of them take their places like any
// other drop: whoever withdraws every drop must not be able to make any number of them.
//
// A full interval refuses a drop and not a run: one that finds that nothing changed says so, however often it is made. What
// refuses is kept in full until that is known.
func (p *preflight) schedule() (finding.Check, error) {
	const name = "as often as agreed"
	f := p.judgement.Agreement.Frequency
	in := windowOf(f, p.today)
	published, err := p.books.publishedSince(p.judgement.Agreement.ID, in.from, p.held...)
	if err != nil {
		return finding.Check{Name: name}, err
	}
	if published >= in.most {
		p.full = finding.Refuse(finding.FrequencyExceeded,
			"wait for the next interval; more drops need another frequency, in a new version of the agreement",
			"%d of at most %d drops %s were published (%s), which is as many as the agreement allows", published, in.most, in.name, f.Schedule)
		return finding.Check{Name: name, Outcome: finding.CheckWarned, Evidence: p.full.Sentence + ": another is refused"}, nil
	}
	return passed(name, "%d of at most %d drops %s were published (%s)", published, in.most, in.name, f.Schedule), nil
}

// publishedSince counts an agreement's drops of a day or later that were published, or are held to be: all but one of
// those that were withdrawn.
func (b *Books) publishedSince(id string, from civil.Date, held ...state.PublishedDrop) (int, error) {
	drops, withdrawn := make(map[string]bool), make(map[string]bool)
	count := func(drop string) error {
		if !ofAgreement(drop, id) {
			return nil
		}
		day, err := dayOf(drop)
		if err == nil && day >= from {
			drops[drop] = true
		}
		return err
	}
	for record, err := range b.log.Records() {
		if err != nil {
			return 0, err
		}
		if record.Kind != KindPublished && record.Kind != KindWithdrawn {
			continue
		}
		body, err := bodyOf[PublishedBody](record) // a withdrawn drop's body names it likewise
		if err != nil {
			return 0, err
		}
		if record.Kind == KindWithdrawn {
			if drops[body.Drop] {
				withdrawn[body.Drop] = true
			}
			continue
		}
		if err := count(body.Drop); err != nil {
			return 0, fmt.Errorf("read record %d of the register: %w", record.Index, err)
		}
	}
	for _, d := range held {
		if err := count(d.ID); err != nil {
			return 0, err
		}
	}
	return len(drops) - min(len(withdrawn), 1), nil
}

// dayOf is the day on which a drop was made, which its id ends with: manifest.DropID.
func dayOf(drop string) (civil.Date, error) {
	if _, digits, _ := strings.Cut(path.Base(drop), "-"); len(digits) == len("20260630") {
		if day, err := civil.ParseISO(digits[:4] + "-" + digits[4:6] + "-" + digits[6:]); err == nil {
			return day, nil
		}
	}
	return 0, fmt.Errorf("the drop %s does not say of which day it is", drop)
}
