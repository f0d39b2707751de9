package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/minimise"
)

// Preview is what would leave, as people may see it who decide on it: columns with what they would look like and why they
// are needed, never a value, and counts of which none is small. The exact numbers stand in the run record, once there is
// a run.
type Preview struct {
	Agreement  string           `json:"agreement"`
	Version    int              `json:"version"`
	SHA256     string           `json:"agreement_sha256"`
	Reference  string           `json:"reference_date"`
	LastDrop   string           `json:"last_drop"` // empty when there is none
	Checks     []finding.Check  `json:"checks"`
	Approved   Approved         `json:"since_approved"`
	Since      []string         `json:"since_last_drop"` // what tables and columns are others, in words
	Tables     []PreviewTable   `json:"tables"`
	Linkage    []PreviewLink    `json:"linkage"` // how well children were found again in other extracts
	Disclosure PreviewRisk      `json:"disclosure"`
	Findings   []PreviewFinding `json:"findings"`
}

// PreviewTable is one table of a preview. Its numbers are written by Banded.
type PreviewTable struct {
	Table       string            `json:"table"`
	Meaning     string            `json:"meaning"`
	Read        string            `json:"rows_read"` // in tens where the exact number would give a small one away
	Left        string            `json:"rows_left"`
	Children    string            `json:"children"` // distinct, by the made-up codes
	HeldBack    map[string]string `json:"rows_held_back"`
	Quarantined string            `json:"rows_quarantined"`
	Since       string            `json:"since_last_drop"` // how many rows more or fewer; empty without a drop before
	Columns     []PreviewColumn   `json:"columns"`
}

// PreviewColumn is one column of a preview.
type PreviewColumn struct {
	Name      string   `json:"name"`
	Source    []string `json:"source"`
	Class     string   `json:"class"`
	Treatment string   `json:"treatment"` // in short, as the manifest has it
	Leaves    string   `json:"leaves"`    // in words
	Shape     string   `json:"shape"`     // what a value looks like; no value of anybody
	Why       string   `json:"why"`
}

// PreviewLink is LinkRecord with numbers of which none is small.
type PreviewLink struct {
	Table    string `json:"table"`
	Domain   string `json:"domain"`
	Children string `json:"children"`
	Numbered string `json:"numbered"`
	Found    string `json:"found"`
}

// PreviewRisk is manifest.Disclosure with a number that is not small.
type PreviewRisk struct {
	manifest.Disclosure
	Children string `json:"children"`
}

// PreviewFinding is a finding without the number of its rows where that is small, and without their list.
type PreviewFinding struct {
	Rule     string           `json:"rule"`
	Severity finding.Severity `json:"severity"`
	Place    finding.Place    `json:"place"`
	Rows     string           `json:"rows"`
	Message  string           `json:"message"`
	Hint     string           `json:"hint,omitempty"`
}

// few is the number from which on a count is told.
const few = 10

// Few is what a count from 1 to 9 reads as.
const Few = "fewer than 10"

// Banded writes a count so that it points at nobody: 0, Few, or the count.
func Banded(n int64) string {
	if small(n) {
		return Few
	}
	return strconv.FormatInt(n, 10)
}

func small(n int64) bool { return n > 0 && n < few }

// bandedTotal writes the sum of parts. Where some of the parts are small, the exact sum would give them away: then it is
// that of the others, to the nearest ten, which tells nothing more.
func bandedTotal(total int64, parts ...int64) string {
	known := total
	for _, n := range parts {
		if small(n) {
			known -= n
		}
	}
	if small(total) || known == total {
		return Banded(total)
	}
	return "about " + strconv.FormatInt(max(few, (known+few/2)/few*few), 10)
}

// bandedOf writes how many of all it was, so that neither they nor the others are few.
func bandedOf(n, all int64) string {
	if small(all - n) {
		return "all but " + Few
	}
	return Banded(n)
}

// Preview describes a survey for those who decide on the agreement, but for the findings: see BandedFindings.
func (g *Gateway) Preview(ctx context.Context, s *Survey) (*Preview, error) {
	described, err := g.Describe(ctx, s)
	if err != nil {
		return nil, err
	}
	last, err := g.lastManifest(ctx, s.Agreement.ID)
	if err != nil {
		return nil, err
	}
	today, err := g.today()
	if err != nil {
		return nil, err
	}
	a := s.Agreement
	p := &Preview{
		Agreement: a.ID, Version: a.Version, SHA256: fmt.Sprintf("%x", a.SHA256), Reference: s.Reference.String(),
		Checks: a.Checks(g.Catalogue, today), Since: []string{}, Linkage: []PreviewLink{}, Findings: []PreviewFinding{},
		Disclosure: PreviewRisk{described.Disclosure, Banded(described.Disclosure.Children)},
	}
	if today > a.Period.ShareTo {
		p.Checks = a.StandingChecks(g.Catalogue)
	}
	if p.Approved, err = g.sinceApproved(a); err != nil {
		return nil, err
	}
	if last != nil {
		p.LastDrop, p.Since = last.Drop.ID, sinceDrop(last, described.Tables)
	}
	for i, t := range described.Tables {
		p.Tables = append(p.Tables, g.previewTable(s.Tables[i], t, a, last))
	}
	for _, l := range s.Links {
		p.Linkage = append(p.Linkage, PreviewLink{l.Table, l.Domain, Banded(l.Children), bandedOf(l.Numbered, l.Children), bandedOf(l.Found, l.Children)})
	}
	return p, nil
}

func (g *Gateway) previewTable(staged *Staged, t manifest.Table, a *agreement.Agreement, last *manifest.Manifest) PreviewTable {
	account := staged.Account()
	out := PreviewTable{
		Table: t.Name, Meaning: t.Meaning, Left: Banded(account.Left), Children: Banded(t.DistinctChildren),
		HeldBack: make(map[string]string), Quarantined: Banded(account.Quarantined), Columns: []PreviewColumn{},
	}
	all := []int64{account.Left, account.Quarantined}
	for name, n := range account.HeldBack.Parts() {
		out.HeldBack[name] = Banded(n)
		all = append(all, n)
	}
	out.Read = bandedTotal(account.Read, all...)
	if last != nil {
		out.Since = bandedChange(account.Left - rowsOf(last, t.Name))
	}
	from := tableOf(a, t.Name)
	for i, c := range t.Columns {
		column := PreviewColumn{Name: c.Name, Source: append([]string{}, c.Source...), Class: c.Class, Treatment: c.Treatment}
		if j := slices.IndexFunc(from.Columns, func(of agreement.Column) bool { return of.Name == c.Name }); j >= 0 {
			how := from.Columns[j]
			source := g.Catalogue.Table(t.Name).Column(how.From)
			column.Why, column.Leaves = how.Why, agreement.Leaves(how.Treatment, source)
			column.Shape = shape(how.Treatment, source, staged.Table.Columns[i])
		}
		out.Columns = append(out.Columns, column)
	}
	return out
}

func tableOf(a *agreement.Agreement, id string) agreement.Table {
	if i := slices.IndexFunc(a.Tables, func(t agreement.Table) bool { return t.ID == id }); i >= 0 {
		return a.Tables[i]
	}
	return agreement.Table{}
}

// shape says what a value of a column looks like. It is worked out from the definitions, never from a value.
func shape(t agreement.Treatment, source *dataset.Column, c minimise.Column) string {
	switch c.Kind {
	case minimise.Pseudonym:
		return c.Prefix + " and 32 letters and digits"
	case minimise.Code:
		if len(c.Codes) == 1 {
			return "always " + c.Codes[0].Value
		}
		return fmt.Sprintf("one of %d codes", len(c.Codes))
	case minimise.Boolean:
		return "true or false"
	case minimise.Date:
		return map[string]string{
			"day": "YYYY-MM-DD", "week": "YYYY-MM-DD, a Monday", "month": "YYYY-MM-01", "quarter": "YYYY-MM-01, MM one of 01, 04, 07, 10", "year": "YYYY-01-01",
		}[t.To]
	}
	switch {
	case t.Kind == dataset.AgeMonths:
		return "a whole number, 0-215 for a child under 18"
	case t.Kind == dataset.AgeYears:
		return "a whole number, 0-17 for a child under 18"
	case t.Kind == dataset.DaysSince || source == nil:
		return "a whole number, below 0 for what came before"
	default:
		return fmt.Sprintf("a whole number, %d-%d", source.Min, source.Max)
	}
}

// BandedFindings are findings as a preview tells them.
func BandedFindings(all []finding.Finding) []PreviewFinding {
	out := []PreviewFinding{}
	for _, f := range all {
		out = append(out, PreviewFinding{f.Rule, f.Severity, f.Place, Banded(f.Count), f.Message, f.Hint})
	}
	return out
}

// lastManifest is the manifest of the agreement's last published drop; nil when there is none.
func (g *Gateway) lastManifest(ctx context.Context, id string) (*manifest.Manifest, error) {
	last, err := g.LastDrop(ctx, id)
	if err != nil || last == nil {
		return nil, err
	}
	object, err := g.Store.Get(ctx, last.ID+"/"+manifest.Name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(object)
	if err := errors.Join(err, object.Close()); err != nil {
		return nil, fmt.Errorf("read the last drop: %w", err)
	}
	return manifest.Parse(data)
}

func rowsOf(m *manifest.Manifest, table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// bandedChange says how many rows more or fewer there are.
func bandedChange(n int64) string {
	switch {
	case n == 0:
		return "no more and no fewer rows"
	case small(n):
		return Few + " rows more"
	case small(-n):
		return Few + " rows fewer"
	default:
		return fmt.Sprintf("%+d rows", n)
	}
}

// sinceDrop says which tables and columns are others than in the last drop.
func sinceDrop(last *manifest.Manifest, tables []manifest.Table) []string {
	out := []string{}
	find := func(list []manifest.Table, name string) *manifest.Table {
		if i := slices.IndexFunc(list, func(t manifest.Table) bool { return t.Name == name }); i >= 0 {
			return &list[i]
		}
		return nil
	}
	for i := range tables {
		t := &tables[i]
		before := find(last.Tables, t.Name)
		if before == nil {
			out = append(out, fmt.Sprintf("the table %s is new", t.Name))
			continue
		}
		for _, c := range t.Columns {
			switch was := before.Column(c.Name); {
			case was == nil:
				out = append(out, fmt.Sprintf("%s.%s is new", t.Name, c.Name))
			case was.Treatment != c.Treatment:
				out = append(out, fmt.Sprintf("%s.%s is treated otherwise: %s; it was: %s", t.Name, c.Name, c.Treatment, was.Treatment))
			case !slices.Equal(was.Codes, c.Codes) || !slices.Equal(was.Source, c.Source):
				out = append(out, fmt.Sprintf("%s.%s is made of other columns, or has other codes", t.Name, c.Name))
			}
		}
		for _, c := range before.Columns {
			if t.Column(c.Name) == nil {
				out = append(out, fmt.Sprintf("%s.%s is there no more", t.Name, c.Name))
			}
		}
	}
	for _, t := range last.Tables {
		if find(tables, t.Name) == nil {
			out = append(out, fmt.Sprintf("the table %s is there no more", t.Name))
		}
	}
	return out
}
