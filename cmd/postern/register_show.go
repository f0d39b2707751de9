package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/export"
)

// showOptions are the flags of register show.
type showOptions struct {
	agreement, since, format string
	public                   bool
}

func (p *program) registerShowCommand() *cobra.Command {
	var o showOptions
	c := p.jsonFlag(&cobra.Command{
		Use: "show", Short: "Tell what the register records: when, who, what, to whom and why", Args: arguments(0, 0, "no argument"),
		Example: "  postern register show\n" +
			"  postern register show --agreement dsa-coventry-fv-2026 --since 2026-04-01\n" +
			"  postern register show --format html > register.html",
		Long: "Tells every record in words: the people who may decide at each change, decisions,\n" +
			"drops made, sent, given up and withdrawn, checks, refusals, keys. It holds no\n" +
			"child's data, but it names the staff who decided: --public makes a copy without\n" +
			"names, e-mail addresses and the words of decisions.\n\n" +
			"As csv it opens in a spreadsheet, which computes nothing of it. As html it is one\n" +
			"page that loads nothing. With --json every record is as it is kept.\n\n" + exitCodes,
		RunE: func(*cobra.Command, []string) error { return p.registerShow(o) },
	})
	c.Flags().StringVar(&o.agreement, "agreement", "", "only records about the agreement with this `ID`")
	c.Flags().StringVar(&o.since, "since", "", "only records from this `DATE` on, as 2026-04-01")
	c.Flags().StringVar(&o.format, "format", "text", "as `FORM` text, csv or html")
	c.Flags().BoolVar(&o.public, "public", false, "leave out names of people, e-mail addresses and the words of decisions")
	return c
}

// recordJSON is one record of the register as a machine reads it. Its salt stays in the register.
type recordJSON struct {
	Index int64           `json:"index"`
	Time  time.Time       `json:"time"`
	Kind  string          `json:"kind"`
	Body  json.RawMessage `json:"body"`
}

func (p *program) registerShow(o showOptions) error {
	since, err := o.check(p.json)
	if err != nil {
		return err
	}
	c, g, err := p.openGateway()
	if err != nil {
		return err
	}
	books, err := g.ViewBooks()
	if err != nil {
		return err
	}
	tell := export.History
	if o.public {
		tell = export.PublicHistory
	}
	entries, err := tell(books, readable(c, g)...)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e export.HistoryEntry) bool { return !o.wants(e, since) })
	if p.json {
		return p.recordsJSON(books, entries)
	}
	log := books.Log().Checkpoint()
	switch o.format {
	case "csv":
		return export.HistoryCSV(p.stdout, entries)
	case "html":
		return export.HistoryHTML(p.stdout, export.HistoryPage{
			Council: c.Organisation.Name, Origin: log.Origin, Root: log.Root.String(), Records: int(log.Size), Chosen: o.chosen(since), Public: o.public, Entries: entries,
		})
	default:
		return export.HistoryText(p.stdout, entries, int(log.Size))
	}
}

// check holds the flags to each other, and reads the day.
func (o showOptions) check(asJSON bool) (*civil.Date, error) {
	switch {
	case asJSON && o.public:
		return nil, usage("take --format csv or --format html for a public copy", "--json writes the records as they are kept, with the names in them")
	case asJSON && o.format != "text":
		return nil, usage("leave one of them out", "--json and --format are both given")
	case !slices.Contains([]string{"text", "csv", "html"}, o.format):
		return nil, usage("write --format text, csv or html", "--format is not one that there is")
	case o.since == "":
		return nil, nil
	}
	since, err := civil.ParseISO(o.since)
	if err != nil {
		return nil, usage("write the day as 2026-04-01", "--since is not a day")
	}
	return &since, nil
}

// wants reports whether a record is among those asked for. Days are England's.
func (o showOptions) wants(e export.HistoryEntry, since *civil.Date) bool {
	if o.agreement != "" && e.Agreement != o.agreement {
		return false
	}
	if since == nil {
		return true
	}
	day, err := civil.On(e.When)
	return err != nil || day >= *since // one with a time that cannot be is not kept silent about
}

// chosen says how the records on a page were chosen.
func (o showOptions) chosen(since *civil.Date) string {
	var parts []string
	if o.agreement != "" {
		parts = append(parts, "about "+o.agreement)
	}
	if since != nil {
		parts = append(parts, "from "+since.String()+" on")
	}
	return strings.Join(parts, ", ")
}

// recordsJSON writes records as they are kept.
func (p *program) recordsJSON(books *export.Books, entries []export.HistoryEntry) error {
	wanted := make(map[int64]bool, len(entries))
	for _, e := range entries {
		wanted[e.Index] = true
	}
	records := []recordJSON{}
	for r, err := range books.Log().Records() {
		if err != nil {
			return err
		}
		if wanted[r.Index] {
			records = append(records, recordJSON{Index: r.Index, Time: r.Time, Kind: r.Kind, Body: r.Body})
		}
	}
	return writeJSON(p.stdout, records)
}

// readable are the agreements of the council's folder that can be read: a history is told without the others.
func readable(c *config.Config, g *export.Gateway) []*agreement.Agreement {
	files, err := agreementFiles(c)
	if err != nil {
		return nil
	}
	var out []*agreement.Agreement
	for _, file := range files {
		if a, err := export.LoadAgreement(file, g.Catalogue); err == nil {
			out = append(out, a)
		}
	}
	return out
}
