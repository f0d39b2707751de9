package agreement

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// premiumsOf are the pupil premiums that the definitions leave to agreements.
func premiumsOf(catalogue *dataset.Catalogue) []string {
	for _, t := range catalogue.Tables() {
		if names := t.Premiums(); len(names) > 0 {
			return names
		}
	}
	return nil
}

func checkPremiums(known []string) func(string, Answers) error {
	return func(answer string, _ Answers) error {
		chosen := splitList(answer)
		for i, name := range chosen {
			if !slices.Contains(known, name) || slices.Contains(chosen[:i], name) {
				return errors.New("each is one of these, once: " + strings.Join(known, ", "))
			}
		}
		if len(chosen) == 0 {
			return errors.New("it names none of: " + strings.Join(known, ", "))
		}
		return nil
	}
}

// choices are what the tables leave to the agreement.
func (d *draft) choices() {
	var lines []string
	if d.a["premiums"] != "" {
		lines = append(lines, fmt.Sprintf("premiums: [%s]", strings.Join(splitList(d.a["premiums"]), ", ")))
	}
	if d.a["short-breaks"] != "" {
		lines = append(lines, "short_breaks: "+d.a["short-breaks"])
	}
	if len(lines) > 0 {
		d.line("choices: {%s}", strings.Join(lines, ", "))
	}
}
