package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// placementsOf is the shape of placements: the episodes of a period, those together that only a change of legal status
// divides.
func placementsOf(in Choices, base *dataset.Table, asked []string) shape {
	place := []string{"placement_type"}
	s, c := episodeShape(in, base, asked, map[string][]string{
		"start_date": place, "placement_type": place, "kinship": place, "placed_with_parents": place,
		"provider": {"placement_provider"}, "change_reason": {"placement_change_reason"},
	})
	s.make = func(d *derived, rows, lost []event) []result {
		var out []result
		for _, p := range c.stitch(d, rows, lost) {
			for _, in := range c.split(d, p) {
				out = append(out, result{from: in.episodes, begun: in.episodes[0].start, weighs: max(p.weighs, in.weighs), cell: c.stayCells(p, &in)})
			}
		}
		return out
	}
	return s
}

// stay is one placement.
type stay struct {
	episodes   []event
	start, end int32 // noDay where it is not known
	ended      truth
	last       bool // of its period
	place      int16
	provider   int16
	unclear    bool // where it begins, or what it is, is not certain
	weighs     finding.Severity
}

// split divides a period into placements. A change of legal status alone (L) leaves the child where he or she is; with any
// other reason a placement begins, also with the same carer.
func (c *care) split(d *derived, p *period) []stay {
	var out []stay
	for at := range p.episodes {
		e := &p.episodes[at]
		reason := e.codes[startReason]
		moved := reason != c.legalOnly && reason != noCode
		if at == 0 {
			out = append(out, c.settle(p, 0))
			switch {
			case p.brief: // the child may have been elsewhere before
			case reason == c.started:
				out[0].start = p.start
			case moved:
				out[0].start = e.start
			}
			continue
		}
		now := &out[len(out)-1]
		before := &p.episodes[at-1]
		clean := p.clean[at]
		elsewhere := differs(before.codes[placeType], e.codes[placeType]) && !c.recoded(before, e)
		if clean && reason == c.legalOnly {
			c.stays(d, now, p, at, elsewhere)
			continue
		}
		next := c.settle(p, at)
		now.ended = yes
		switch {
		case clean && (moved || elsewhere):
			now.end, next.start = before.until, e.start
		case clean: // it does not say why it began, and is of the same type as the one before
			now.ended, next.unclear = unknown, true
			severity := d.unclear(e, "start_date", "the episode does not say whether the placement changed; when it did is not known, and leaves as null")
			now.weighs, next.weighs = max(now.weighs, severity), severity
		case moved:
			now.ended, next.start = unknown, e.start
		default:
			now.ended = unknown
		}
		out = append(out, next)
	}
	last := &out[len(out)-1]
	last.last, last.ended, last.end = true, p.ended, p.end
	return out
}

// settle is a placement that an episode begins.
func (c *care) settle(p *period, at int) stay {
	e := &p.episodes[at]
	return stay{episodes: p.episodes[at : at+1], start: noDay, end: noDay, ended: unknown, place: e.codes[placeType], provider: e.codes[provider]}
}

// stays adds an episode to a placement. What it says otherwise of it is not known.
func (c *care) stays(d *derived, now *stay, p *period, at int, elsewhere bool) {
	e := &p.episodes[at]
	first := at - len(now.episodes)
	now.episodes = p.episodes[first : at+1]
	other := differs(now.provider, e.codes[provider])
	if elsewhere || other {
		now.weighs = max(now.weighs, d.unclear(e, "placement_type",
			"the episode says that only the legal status changed, and names another type of placement, or another provider; what the placement is leaves as null"))
	}
	switch {
	case elsewhere:
		now.place, now.unclear = noCode, true
	case now.place != noCode:
		now.place = e.codes[placeType]
	}
	switch {
	case other:
		now.provider, now.unclear = noCode, true
	case now.provider != noCode:
		now.provider = e.codes[provider]
	}
}

// recoded reports whether an episode has another code for the same placement since its return has no more the one before.
func (c *care) recoded(before, e *event) bool {
	old := before.codes[placeType]
	return old != noCode && !c.places[old].In(int(e.year))
}

func differs(a, b int16) bool { return a != noCode && b != noCode && a != b }

func (d *derived) unclear(e *event, column, message string) finding.Severity {
	return d.note(RulePlacements, finding.Warning, e, column, message, "correct the reason for the new episode, or the placement, in the source system")
}

func (c *care) stayCells(p *period, s *stay) func(string) extract.Value {
	place := *s
	return func(name string) extract.Value {
		switch name {
		case "start_date":
			return dayCell(place.start)
		case "end_date":
			return dayCell(place.end)
		case "ended":
			return truthCell(place.ended)
		case "placement_type":
			return codeCell(place.place)
		case "provider":
			return codeCell(place.provider)
		case "kinship":
			return truthCell(placed(place.place, c.kin...))
		case "placed_with_parents":
			return truthCell(placed(place.place, c.parents))
		case "change_reason":
			if place.ended != yes {
				return extract.Value{}
			}
			return codeCell(place.episodes[len(place.episodes)-1].codes[changeReason])
		case "ended_in_reunification":
			if place.last {
				return truthCell(c.reunified(p))
			}
			return numberCell(0, place.ended == yes)
		case "period_start_date":
			return dayCell(p.start)
		default:
			return numberCell(latestYear(place.episodes), true)
		}
	}
}

func placed(place int16, in ...int16) truth {
	if place == noCode {
		return unknown
	}
	return truthOf(slices.Contains(in, place))
}
