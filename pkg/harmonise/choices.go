package harmonise

import (
	"fmt"
	"slices"
)

// Choices are what an agreement decides where returns leave it open.
type Choices struct {
	// ShortBreaks says that a short break (legal status V3 or V4) is a time of being looked after.
	ShortBreaks bool
	// Premiums are the pupil premiums that count, by the names of the definitions.
	Premiums []string
	// Ethnicity says what each code becomes that belongs to more than one of the main codes.
	Ethnicity map[string]string
	// Confidential lists the tables whose rows leave though they are marked as given in confidence.
	Confidential []string
}

// decide refuses a table of which nobody has decided what is in it.
func (c Choices) decide(job *Job) error {
	open := slices.ContainsFunc(job.Columns, func(name string) bool { return job.Table.Choice(name) != nil })
	if open && len(c.Premiums) == 0 {
		return fmt.Errorf("make %s: nothing says which premiums count", job.Table.ID())
	}
	return nil
}
