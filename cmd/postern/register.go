package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/manifest"
)

func (p *program) registerCommand() *cobra.Command {
	verify := p.jsonFlag(&cobra.Command{
		Use: "verify", Short: "Check every record of the register, and its signature", Args: arguments(0, 0, "no argument"),
		Long: "The register is the council's record of decisions, drops and refusals. It can only\n" +
			"be added to: one signed number, its root, depends on every byte of every record.\n\n" +
			"This works the root out anew from the records, and compares it with the signed one\n" +
			"and with what was noted when each drop was published. A record that was changed,\n" +
			"taken out or put back is found.\n\n" + exitCodes,
		Example: "  postern register verify",
		RunE:    func(*cobra.Command, []string) error { return p.registerVerify() },
	})
	show := p.jsonFlag(&cobra.Command{
		Use: "show", Short: "List what the register records", Args: arguments(0, 0, "no argument"),
		Example: "  postern register show",
		Long: "Lists every record: the roles file at each change, decisions, drops prepared,\n" +
			"published and abandoned, refusals.\n\n" + exitCodes,
		RunE: func(*cobra.Command, []string) error { return p.registerShow() },
	})
	return group("register", "See what was recorded, and that nobody changed it", verify, show)
}

func (p *program) registerVerify() error {
	_, g, err := p.openGateway()
	if err != nil {
		return err
	}
	books, err := g.ViewBooks()
	if err != nil {
		return err
	}
	// The ledgers say what was published, not the register: it is the register that is in doubt.
	ledgers, err := g.State.Agreements()
	if err != nil {
		return err
	}
	drops := 0
	for _, id := range ledgers {
		published, err := g.State.Drops(id)
		if err != nil {
			return err
		}
		for _, d := range published {
			if err := books.Continues(d); err != nil {
				return damaged{fmt.Errorf("the register does not continue the one in drop %s: %w", d.ID, err)}
			}
			drops++
		}
	}
	c := books.Log().Checkpoint()
	if p.json {
		return writeJSON(p.stdout, map[string]any{"origin": c.Origin, "records": c.Size, "root": c.Root.String(), "drops": drops, "verified": true})
	}
	_, err = fmt.Fprintf(p.stdout, "The register %s is whole: %d records, root %s.\nIt continues the register in each of %d published drops.\n", c.Origin, c.Size, c.Root, drops)
	return err
}

// recordJSON is one record of the register as a machine reads it. Its salt stays in the register.
type recordJSON struct {
	Index int64           `json:"index"`
	Time  time.Time       `json:"time"`
	Kind  string          `json:"kind"`
	Body  json.RawMessage `json:"body"`
}

func (p *program) registerShow() error {
	_, g, err := p.openGateway()
	if err != nil {
		return err
	}
	books, err := g.ViewBooks()
	if err != nil {
		return err
	}
	records := []recordJSON{}
	for r, err := range books.Log().Records() {
		if err != nil {
			return err
		}
		records = append(records, recordJSON{Index: r.Index, Time: r.Time, Kind: r.Kind, Body: r.Body})
	}
	if p.json {
		return writeJSON(p.stdout, records)
	}
	var b strings.Builder
	for _, r := range records {
		what, err := summary(r)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%6d  %s  %-9s  %s\n", r.Index, r.Time.UTC().Format("2006-01-02 15:04:05Z"), r.Kind, what)
	}
	fmt.Fprintf(&b, "%d records\n", len(records))
	_, err = io.WriteString(p.stdout, b.String())
	return err
}

// summary says on one line what a record is about.
func summary(r recordJSON) (string, error) {
	switch r.Kind {
	case manifest.PreparedKind:
		body, err := manifest.ParsePrepared(r.Body)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s, %d files, under version %d", body.Drop, len(body.Files), body.Version), nil
	case export.KindPublished:
		body, err := read[export.PublishedBody](r)
		return body.Drop, err
	case export.KindAbandoned:
		body, err := read[export.AbandonedBody](r)
		return body.Drop + ": " + body.Reason, err
	case export.KindRefused:
		body, err := read[export.RefusedBody](r)
		return fmt.Sprintf("%s version %d: %s: %s", body.Agreement, body.Version, body.Code, body.Sentence), err
	case export.KindDecision:
		body, err := read[export.DecisionBody](r)
		return fmt.Sprintf("%s version %d: %s by %s", body.Agreement, body.Version, body.Decision, body.Role), err
	case export.KindRoles:
		body, err := read[export.RolesBody](r)
		return fmt.Sprintf("roles file with %d keys", len(body.Holders)), err
	default:
		return "", nil
	}
}

func read[T any](r recordJSON) (T, error) {
	var body T
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return body, fmt.Errorf("read record %d of the register: %w", r.Index, err)
	}
	return body, nil
}
