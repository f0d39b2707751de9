package agreement

import "slices"

// closing finds the decisions that began to close an agreement which had ended, and that closed it. Of each that was made
// too early, or by the wrong person, it records why.
func (e *evaluation) closing() (started, closed *Considered) {
	var noted []*Considered
	ended := false
	for _, c := range e.counted {
		day, err := londonDate(c.Decision.Time)
		over := err == nil && day > e.a.Period.ShareTo || ended
		switch c.Decision.Verb {
		case Terminate:
			ended = true
		case StartClosing:
			switch {
			case !over:
				c.dismiss("the agreement had neither expired nor been terminated when it was made")
			case started == nil:
				started = c
			}
		case NoteClosure:
			if started == nil {
				c.dismiss(notClosing)
				continue
			}
			noted = append(noted, c)
		case Close:
			switch {
			case started == nil:
				c.dismiss(notClosing)
			case len(noted) == 0:
				c.dismiss("the data protection officer had not noted the closure when it was made")
			case !slices.ContainsFunc(noted, func(n *Considered) bool { return !same(n, c) }):
				c.dismiss("it is by the person who noted the closure")
			case closed == nil:
				closed = c
			}
		}
	}
	return started, closed
}

const notClosing = "the closing had not been started when it was made"
