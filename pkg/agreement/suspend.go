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
			case e.submitted(c):
				why = "it is by a person who submitted the agreement"
				return false
			case s.Decision.Version > c.Decision.Version:
				why = fmt.Sprintf("version %d was suspended, and it is about an earlier one", s.Decision.Version)
				return false
			case s.Decision.Role == DPO && !e.advisedBetween(s, c):
				why = "the data protection officer, who suspended, has not advised since on the version that it names, or not for it"
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

// advisedBetween reports whether the DPO, when an agreement was resumed, had nothing against the very version that the
// resumption names: the answer in force was made after the suspension, to a submission.
func (e *evaluation) advisedBetween(suspension, resumption *Considered) bool {
	of := e.counted
	if resumption.Decision.Version != e.a.Version {
		of = e.elsewhere
	}
	var then []*Considered
	for _, c := range of {
		if c.Decision.Version == resumption.Decision.Version && !c.Decision.Time.After(resumption.Decision.Time) {
			again := *c // what is found out of that moment says nothing of the decision now
			then = append(then, &again)
		}
	}
	day, err := londonDate(resumption.Decision.Time)
	if err != nil {
		return false
	}
	var at progress
	at.follow(then, day)
	if at.answer == nil {
		return false
	}
	d := at.answer.Decision
	return (d.Verb == AdviseClear || d.Verb == AdviseWithConditions) && d.Time.After(suspension.Decision.Time)
}

// submitted reports whether a decision is by a person who submitted the agreement, in whatever version.
func (e *evaluation) submitted(by *Considered) bool {
	return slices.ContainsFunc(slices.Concat(e.counted, e.elsewhere), func(c *Considered) bool {
		return c.Decision.Verb == Submit && same(c, by)
	})
}
