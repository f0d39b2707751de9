package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// reportRun says what left, how it was treated, and what was held back.
func reportRun(w io.Writer, r *export.Result) error {
	var b strings.Builder
	for _, drop := range r.Recovered {
		fmt.Fprintf(&b, "An earlier run was interrupted: drop %s.\n", drop)
	}
	if r.Outcome == export.Unchanged {
		fmt.Fprintf(&b, "Nothing changed: drop %s in %s already holds this. Nothing was published.\n", r.Drop, r.Location)
		writeChecks(&b, r)
		_, err := io.WriteString(w, b.String())
		return err
	}
	fmt.Fprintf(&b, "Published drop %s to %s\nThis is personal data. It leaves with the names and numbers replaced by codes.\n\n", r.Drop, r.Location)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHAT LEFT\trows\tchildren\tcolumns") // a strings.Builder never fails
	for _, table := range r.Manifest.Tables {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", table.Name, table.Rows, table.DistinctChildren, len(table.Columns))
	}
	_ = t.Flush()
	b.WriteString("\n")
	t = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "HOW IT LEFT\tfrom\ttreatment")
	for _, table := range r.Manifest.Tables {
		for _, c := range table.Columns {
			_, _ = fmt.Fprintf(t, "%s.%s\t%s\t%s\n", table.Name, c.Name, origins(c.Source), c.Treatment)
		}
	}
	_ = t.Flush()
	writeAccounts(&b, r.Record.Tables)
	writeLinkage(&b, r.Record.Linkage)
	writeFindings(&b, r.Record.Findings, r.Record.Tables)
	b.WriteString("\n")
	writeChecks(&b, r)
	fmt.Fprintf(&b, "Run record: number %d of %s, in the state folder. It is for the council only.\n", r.Run, r.Record.Agreement)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeChecks says what was checked before the first extract was opened, and what somebody should look at.
func writeChecks(b *strings.Builder, r *export.Result) {
	counts := make(map[finding.CheckOutcome]int)
	for _, c := range r.Checks {
		counts[c.Outcome]++
	}
	fmt.Fprintf(b, "Checked before any extract was opened: %d passed, %d to look at, %d did not arise (pre-flight record %d).\n",
		counts[finding.CheckPassed], counts[finding.CheckWarned], counts[finding.CheckNotApplicable], r.Preflight)
	for _, c := range r.Checks {
		if c.Outcome == finding.CheckWarned {
			fmt.Fprintf(b, "To look at: %s: %s\n", c.Name, c.Evidence)
		}
	}
}

// writeAccounts accounts for every row that was read.
func writeAccounts(b *strings.Builder, tables []export.TableRecord) {
	lines := make([]accountLine, len(tables))
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for i, r := range tables {
		lines[i] = accountLine{table: r.Table, read: number(r.Read), left: number(r.Left), quarantined: number(r.Quarantined), held: make(map[string]string)}
		for key, n := range r.HeldBack.Parts() {
			lines[i].held[key] = number(n)
		}
	}
	writeAccountLines(b, lines)
}

// origins names the source columns behind a column, the first or the first two and how many more: the manifest has all.
func origins(sources []string) string {
	const most, wide = 2, 60
	shown := sources[:min(most, len(sources))]
	if len(strings.Join(shown, ", ")) > wide {
		shown = shown[:1]
	}
	text := strings.Join(shown, ", ")
	if more := len(sources) - len(shown); more > 0 {
		text = fmt.Sprintf("%s and %d more", text, more)
	}
	return text
}

// writeLinkage says how well the agreement's children were found again in other extracts.
func writeLinkage(b *strings.Builder, links []export.LinkRecord) {
	if len(links) == 0 {
		return
	}
	b.WriteString("\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHO WAS FOUND AGAIN\tby\tchildren\twith a number\tfound")
	for _, l := range links {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\n", l.Table, l.Domain, l.Children, l.Numbered, l.Found)
	}
	_ = t.Flush()
	b.WriteString(linkageWords)
	for _, l := range links {
		if words := traced(l); len(words) > 0 {
			fmt.Fprintf(b, "%s: %s\n", l.Table, strings.Join(words, " · "))
		}
	}
}

// traced says what else is known of the links to one table, as far as there is anything.
func traced(l export.LinkRecord) []string {
	var words []string
	add := func(n int64, format string) {
		if n > 0 {
			words = append(words, fmt.Sprintf(format, n))
		}
	}
	if l.Domain == string(identifier.LAChildID) {
		add(l.Orphans, "%d children whom the other return lists are not in it")
		return words
	}
	add(l.Orphans, "%d rows are of nobody whom the returns list")
	add(l.Former, "%d found by a former number")
	add(l.Temporary, "%d by a temporary one")
	if l.Table == export.AnyRoll {
		add(l.Shared, "%d pupil numbers are those of two children, and link neither: see PUPIL_NUMBER_SHARED")
	} else {
		add(l.Shared, "%d kept back, since a number is that of two children")
	}
	return words
}

// linkageWords say what the rows and columns of WHO WAS FOUND AGAIN are.
const linkageWords = "by child/upn: the agreement's children, found among pupils · by child/la-child-id: all children of that return, found\n" +
	"in the first return of the same years, the CIN census where there is one (of a case system's extract: those of the\n" +
	"shorter list, found in the longer) · with a number: those with an identifier that can link\n"

// writeFindings lists findings, those about files first.
func writeFindings(b *strings.Builder, files []finding.Finding, tables []export.TableRecord) {
	all := toldOnce(files, tables)
	if len(all) == 0 {
		b.WriteString("\nNo findings.\n")
		return
	}
	b.WriteString("\nFINDINGS (rule, place, what to do; never a value)\n")
	listFindings(b, all)
}

// listFindings writes findings one after the other; what to do stands below those that ask for the same.
func listFindings(b *strings.Builder, all []finding.Finding) {
	for i, f := range all {
		fmt.Fprintf(b, "%s\n", f)
		if i+1 < len(all) && all[i+1].Rule == f.Rule && all[i+1].Hint == f.Hint {
			continue
		}
		if f.Hint != "" && f.Severity > finding.Notice {
			fmt.Fprintf(b, "    %s\n", f.Hint)
		}
	}
}

// toldOnce brings findings together. Rows that several tables are made of are found wrong for each of them: that is one
// finding to whoever mends them, with the highest of the counts.
func toldOnce(files []finding.Finding, tables []export.TableRecord) []finding.Finding {
	type what struct {
		rule, message string
		place         finding.Place
	}
	var all []finding.Finding
	seen := make(map[what]int)
	add := func(f finding.Finding) {
		w := what{f.Rule, f.Message, f.Place}
		if at, told := seen[w]; told {
			all[at].Count = max(all[at].Count, f.Count)
			return
		}
		seen[w] = len(all)
		all = append(all, f)
	}
	for _, f := range files {
		add(f)
	}
	for _, t := range tables {
		for _, f := range t.Findings {
			add(f)
		}
	}
	return all
}
