package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/export"
)

func (p *program) registerProcessingCommand() *cobra.Command {
	var format string
	var public bool
	c := p.jsonFlag(&cobra.Command{
		Use: "processing [AGREEMENT…]", Short: "Write the record of processing activities, or the public page of what is shared",
		Args: arguments(0, -1, "agreement files"),
		Example: "  postern register processing --format csv > processing.csv\n" +
			"  postern register processing --public --format html > sharing.html",
		Long: "Writes the record that a controller has to keep of what it does with personal data\n" +
			"(UK GDPR Article 30): one entry for each agreement, with the columns of the\n" +
			"Information Commissioner's template. Drafts, and versions that a later one has\n" +
			"followed, are left out unless you name them.\n\n" +
			"--public writes what may stand on the council's website: agreements that are\n" +
			"active, without names of people, e-mail addresses and the words of decisions. As\n" +
			"html this is a page for families: who shares what with whom, why, until when, and\n" +
			"how to object.\n\n" + exitCodes,
		RunE: func(_ *cobra.Command, args []string) error { return p.registerProcessing(args, format, public) },
	})
	c.Flags().StringVar(&format, "format", "text", "as `FORM` text, csv, html or json")
	c.Flags().BoolVar(&public, "public", false, "only what may be published")
	return c
}

func (p *program) registerProcessing(files []string, format string, public bool) error {
	if !slices.Contains([]string{"text", "csv", "html", "json"}, format) {
		return usage("write --format text, csv, html or json", "--format is not one that there is")
	}
	if p.json && format != "text" && format != "json" {
		return usage("leave one of them out", "--json and --format are both given")
	}
	p.json = p.json || format == "json"
	c, g, err := p.openGateway()
	if err != nil {
		return err
	}
	chosen := len(files) > 0
	if !chosen {
		if files, err = agreementFiles(c); err != nil {
			return err
		}
	}
	books, err := g.ViewBooks()
	var absent export.NotSetUp
	if err != nil && !errors.As(err, &absent) {
		return err
	}
	activities, err := g.Processing(books, export.ProcessingOptions{Files: files, Chosen: chosen, Public: public})
	if err != nil {
		return err
	}
	page := export.ProcessingPage{Council: c.Organisation.Name, Chosen: chosen, Activities: activities}
	switch {
	case p.json:
		return writeJSON(p.stdout, activities)
	case format == "csv":
		return export.ProcessingCSV(p.stdout, activities)
	case format == "html" && public:
		return export.SharingHTML(p.stdout, page)
	case format == "html":
		return export.ProcessingHTML(p.stdout, page)
	default:
		return export.ProcessingText(p.stdout, activities)
	}
}
