package agreement

import (
	"fmt"
	"slices"
)

// suspended finds the suspension that is in force, the DPO's before an owner's, of each the latest; and the resumption
// that lifted the last one, where none is.
func (e *evaluation) suspended() (suspension, lifted *Considered) {
	var inForce []*Considered
	for _, c := range e.counted {
		if c.Decision.Verb == Suspend {
			inForce = append(inForce, c)
		}
		if c.Decision.Verb != Resume {
			continue
		}
		var why string
		before := len(inForce)
		inForce = slices.DeleteFunc(inForce, func(s *Considered) bool {
			switch {
			case s.Decision.Version > c.Decision.Version:
				why = fmt.Sprintf("version %d was suspended, and it is about an earlier one", s.Decision.Version)
				return false
			case s.Decision.Role == DPO && !e.advisedBetween(s, c):
				why = "the data protection officer, who suspended, has not advised since"
				return false
			}
			return true
		})
		if why != "" {
			c.dismiss(why)
		}
		if len(inForce) == 0 && before > 0 {
			lifted = c
		}
	}
	for _, s := range slices.Backward(inForce) {
		if s.Decision.Role == DPO {
			return s, nil
		}
	}
	if len(inForce) == 0 {
		return nil, lifted
	}
	return inForce[len(inForce)-1], nil
}

// advisedBetween reports whether the DPO, between a suspension and a resumption, had nothing against the version that
// was suspended or a later one.
func (e *evaluation) advisedBetween(suspension, resumption *Considered) bool {
	return slices.ContainsFunc(slices.Concat(e.counted, e.elsewhere), func(c *Considered) bool {
		d := c.Decision
		return (d.Verb == AdviseClear || d.Verb == AdviseWithConditions) && d.Version >= suspension.Decision.Version &&
			d.Time.After(suspension.Decision.Time) && !d.Time.After(resumption.Decision.Time)
	})
}
