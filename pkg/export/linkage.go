package export

import (
	"fmt"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
	"github.com/postern-gateway/postern/pkg/identifier"
	"github.com/postern-gateway/postern/pkg/manifest"
)

// LinkRecord is how well children were found in one other table, exactly: for the council alone. The manifest has the
// share in bands.
type LinkRecord struct {
	Table    string `json:"table"`
	Domain   string `json:"domain"`   // of the identifier that links
	Children int64  `json:"children"` // the agreement's, of a table of pupils; all those listed, of a return
	Numbered int64  `json:"numbered"` // those who have an identifier that could link
	Found    int64  `json:"found"`    // those who were found
	// Orphans are those on the other side whom nobody was found to be: rows of a table of pupils who are none of the
	// returns' children; of a return, children whom the other return of the same years lists and it does not.
	Orphans   int64 `json:"orphans"`
	Former    int64 `json:"former"`    // rows found by a former number, the pupil's or the child's
	Temporary int64 `json:"temporary"` // rows found by a temporary number
	// Shared are the collisions: rows kept back because a number of theirs is that of two children; of all tables of
	// pupils together, such numbers. Most often one child has it from before an adoption, and one from after.
	Shared int64 `json:"shared"`
}

// AnyRoll stands for all tables of pupils together, in a LinkRecord.
const AnyRoll = "any school roll"

// linkage records how well children were found again, and stops a run in which it was less than the agreement asks.
func (g *Gateway) linkage(s *Survey, links *harmonise.Links) error {
	if links == nil {
		return nil
	}
	short := &extract.Invalid{}
	record := func(table string, domain identifier.Kind, r harmonise.Rate) *LinkRecord {
		s.Links = append(s.Links, LinkRecord{Table: table, Domain: string(domain), Children: r.Children, Numbered: r.Numbered, Found: r.Found})
		return &s.Links[len(s.Links)-1]
	}
	base, _ := links.Base()
	for i, link := range g.Catalogue.Links() {
		// All children of the return, whatever the cohort: where it is told from one return, a child whom the other
		// numbers differently is not of the cohort, and would not be missed.
		r, known := links.Listed(i)
		if !known {
			continue
		}
		record(link.Table, identifier.LAChildID, r).Orphans = links.Unlisted(i)
		if least := s.Agreement.Linkage.Returns; share(r.Found, r.Children) < least {
			short.Findings = append(short.Findings, below(link.Table, least, r, g.compared(link, base)+", and the agreement asks", fmt.Sprintf(
				"%s lacks the other children, or the two returns number children differently", base.Table),
				"check that both returns are whole, and of one case system: a child has the same number in both"))
		}
	}
	for _, t := range s.Tables {
		if t.Table.Source.Linked() {
			trace := links.Traced(t.Table.ID)
			l := record(t.Table.ID, identifier.UPN, links.Pupils(s.plan.InCohort, t.Table.ID))
			l.Orphans, l.Former, l.Temporary, l.Shared = t.Tally.Unlinked, trace.Former, trace.Temporary, trace.Shared
		}
	}
	all := links.Pupils(s.plan.InCohort)
	record(AnyRoll, identifier.UPN, all).Shared = links.Shared()
	if least := s.Agreement.Linkage.Pupils; share(all.Found, all.Children) < least {
		short.Findings = append(short.Findings, below(AnyRoll, least, all, "the agreement's children were found, and it asks", side(all), "complete the side that is short, or agree on another rate"))
	}
	if len(short.Findings) > 0 {
		return short
	}
	return nil
}

// compared says in words of which children a rate of returns is.
func (g *Gateway) compared(link, base dataset.Link) string {
	if g.Catalogue.Table(link.Table).Snapshot || g.Catalogue.Table(base.Table).Snapshot {
		return "the children of " + link.Table + " or " + base.Table + ", whichever lists fewer, were found in the other"
	}
	return "the children of " + link.Table + " were found"
}

func share(n, of int64) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// side says on which side the missing links are: of the two steps from a child to a roll, the one that loses more.
func side(r harmonise.Rate) string {
	if share(r.Numbered, r.Children) < share(r.Found, r.Numbered) {
		return fmt.Sprintf("the children's returns are short: they give a pupil number for %.0f%% of the children only", 100*share(r.Numbered, r.Children))
	}
	return fmt.Sprintf("the schools' extracts are short: of the children with a pupil number, %.0f%% are in them", 100*share(r.Found, r.Numbered))
}

func below(table string, least float64, r harmonise.Rate, who, why, hint string) finding.Finding {
	return finding.Finding{
		Rule: RuleLinkage, Severity: finding.Stop, Count: r.Children - r.Found, Place: finding.Place{Table: table},
		Message: fmt.Sprintf("%.1f%% of %s for %.1f%%: %s", 100*share(r.Found, r.Children), who, 100*least, why),
		Hint:    hint,
	}
}

// linkageOf is what the manifest tells of linking.
func linkageOf(s *Survey) []manifest.Linkage {
	out := []manifest.Linkage{}
	for _, r := range s.Links {
		if r.Table != AnyRoll {
			out = append(out, manifest.Linkage{Table: r.Table, Domain: r.Domain, LinkedPercent: manifest.Percent(r.Found, r.Children)})
		}
	}
	return out
}
