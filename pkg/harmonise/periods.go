package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of periods of being looked after and of placements. What one of them leaves in doubt leaves as null.
const (
	RuleGap        = "PERIOD_GAP"
	RuleOverlap    = "PERIOD_OVERLAP"
	RuleNotEnded   = "PERIOD_NOT_ENDED"
	RuleHoles      = "PERIOD_INCOMPLETE"
	RulePlacements = "PLACEMENT_UNCLEAR"
	RuleUnstated   = "SHORT_BREAK_NOT_STATED"
)

// The codes of an episode, by their place in event.codes.
const (
	startReason = iota
	endReason
	legalStatus
	placeType
	provider
	changeReason
)

// care knows the codes of episodes that have a meaning here (Children looked-after by local authorities in England: guide
// to the SSDA903 collection).
type care struct {
	started, legalOnly int16   // reasons for a new episode: S, L
	goesOn             int16   // reason the episode ceased: X1
	home               []int16 // reasons it ceased: E4A, E4B
	kin                []int16 // placements: U1 to U3
	parents            int16   // placement: P1
	breaks             []int16 // legal statuses: V3, V4
	places             []dataset.CodeValue
}

func careOf(base *dataset.Table) *care {
	code := func(column, value string) int16 {
		at, _ := base.Column(column).Code(value, 0)
		return int16(at)
	}
	return &care{
		started: code("start_reason", "S"), legalOnly: code("start_reason", "L"), goesOn: code("end_reason", "X1"),
		home: []int16{code("end_reason", "E4A"), code("end_reason", "E4B")},
		kin:  []int16{code("placement_type", "U1"), code("placement_type", "U2"), code("placement_type", "U3")}, parents: code("placement_type", "P1"),
		breaks: []int16{code("legal_status", "V3"), code("legal_status", "V4")}, places: base.Column("placement_type").Codes,
	}
}

// episodeShape reads episodes. Of what only some columns of a table are made, nothing is read that was not asked for.
func episodeShape(in Choices, base *dataset.Table, asked []string, needs map[string][]string) (shape, *care) {
	c := careOf(base)
	s := shape{until: "end_date", stated: -1}
	for at, name := range []string{startReason: "start_reason", endReason: "end_reason", legalStatus: "legal_status", placeType: "placement_type",
		provider: "placement_provider", changeReason: "placement_change_reason"} {
		always := at == startReason || at == endReason || at == legalStatus && !in.ShortBreaks
		if always || slices.ContainsFunc(asked, func(column string) bool { return slices.Contains(needs[column], name) }) {
			s.codes[at] = name
		}
	}
	if !in.ShortBreaks {
		s.stated = legalStatus
		s.aside = func(_ *derived, e *event) bool { return slices.Contains(c.breaks, e.codes[legalStatus]) }
	}
	return s, c
}

// periodsOf is the shape of periods of being looked after.
func periodsOf(in Choices, base *dataset.Table, asked []string) shape {
	s, c := episodeShape(in, base, asked, map[string][]string{
		"kinship": {"placement_type"}, "placements": {"placement_type", "placement_provider"}, "legal_status": {"legal_status"},
	})
	counts := slices.Contains(asked, "placements")
	s.make = func(d *derived, rows, lost []event) []result {
		var out []result
		for _, p := range c.stitch(d, rows, lost) {
			places := 0
			if counts && p.whole {
				in := c.split(d, p)
				if places = len(in); slices.ContainsFunc(in, func(s stay) bool { return s.unclear }) {
					places = 0
				}
			}
			out = append(out, result{from: p.episodes, begun: p.episodes[0].start, weighs: p.weighs, cell: c.periodCells(p, places)})
		}
		return out
	}
	return s
}

// period is a period of being looked after.
type period struct {
	episodes   []event
	clean      []bool // per episode: nothing is doubtful between it and the one before
	start, end int32  // noDay where it is not known
	ended      truth
	reason     int16 // why it ended, noCode where that is not known
	before     truth // it began before the first episode that there is of the child
	whole      bool  // every episode of it is there
	brief      bool  // one row stands for all of them, and says how the child is placed now, and by what right
	weighs     finding.Severity
}

func (c *care) periodCells(p *period, places int) func(string) extract.Value {
	return func(name string) extract.Value {
		switch name {
		case "start_date":
			return dayCell(p.start)
		case "end_date":
			return dayCell(p.end)
		case "ended":
			return truthCell(p.ended)
		case "end_reason":
			return codeCell(p.reason)
		case "reunified":
			return truthCell(c.reunified(p))
		case "kinship":
			return truthCell(c.anyKin(p))
		case "legal_status":
			if p.start == noDay || p.brief {
				return extract.Value{}
			}
			return codeCell(p.episodes[0].codes[legalStatus])
		case "episodes":
			return numberCell(int32(len(p.episodes)), p.whole)
		case "placements":
			return numberCell(int32(places), places > 0)
		case "starts_before_data":
			return truthCell(p.before)
		default:
			return numberCell(latestYear(p.episodes), true)
		}
	}
}

func latestYear(events []event) int32 {
	year := int16(0)
	for i := range events {
		year = max(year, events[i].year)
	}
	return int32(year)
}

// reunified tells whether the child returned home. While the period lasts there is no answer.
func (c *care) reunified(p *period) truth {
	if p.ended != yes || p.reason == noCode {
		return unknown
	}
	return truthOf(slices.Contains(c.home, p.reason))
}

// anyKin tells whether a relative or friend ever fostered the child: that none did is known only when all episodes are.
func (c *care) anyKin(p *period) truth {
	answer := no
	if !p.whole {
		answer = unknown
	}
	for i := range p.episodes {
		switch place := p.episodes[i].codes[placeType]; {
		case slices.Contains(c.kin, place):
			return yes
		case place == noCode:
			answer = unknown
		}
	}
	return answer
}
