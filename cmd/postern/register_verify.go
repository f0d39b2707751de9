package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// maxKept bounds the file of --since, in bytes: far above any checkpoint or proof.
const maxKept = 4 << 20

func (p *program) registerVerifyCommand() *cobra.Command {
	var since string
	c := p.jsonFlag(&cobra.Command{
		Use: "verify", Short: "Check every record of the register, and its signature", Args: arguments(0, 0, "no argument"),
		Long: "The register is the council's record of decisions, drops and refusals. It can only\n" +
			"be added to: one signed number, its root, depends on every byte of every record.\n\n" +
			"This works the root out anew from the records, and compares it with the signed one\n" +
			"and with what was noted when each drop was published. Each record also carries the\n" +
			"signature that was made when it was added, so the first one that was changed, taken\n" +
			"out, put in or moved is named.\n\n" +
			"What it cannot see is that the register and the ledgers of drops were put back to an\n" +
			"earlier state together. Whoever kept its signed state elsewhere, in a checkpoint (what\n" +
			"postern register checkpoint prints), can: --since FILE proves that the register\n" +
			"continues it. FILE is a checkpoint or the register.proof of a drop.\n\n" + exitCodes,
		Example: "  postern register verify\n" +
			"  postern register verify --since checkpoint-of-april",
		RunE: func(*cobra.Command, []string) error { return p.registerVerify(since) },
	})
	c.Flags().StringVar(&since, "since", "", "prove that the register continues the checkpoint in `FILE`, or in a drop's register.proof")
	return c
}

// verifiedJSON is what register verify found, as a machine reads it.
type verifiedJSON struct {
	Origin   string     `json:"origin"`
	Records  int64      `json:"records"`
	Root     string     `json:"root"`
	Drops    int        `json:"drops"`
	Since    *sinceJSON `json:"since,omitempty"`
	Verified bool       `json:"verified"`
}

type sinceJSON struct {
	Records int64  `json:"records"`
	Root    string `json:"root"`
	Added   int64  `json:"added"` // records since
}

func (p *program) registerVerify(since string) error {
	_, g, err := p.openBookkeeper()
	if err != nil {
		return err
	}
	var kept []byte
	if since != "" {
		if kept, err = readKept(since); err != nil {
			return err
		}
	}
	books, err := g.ViewBooks()
	if err != nil {
		return err
	}
	drops, err := g.VerifyRegister(books)
	if err != nil {
		return damaged{err}
	}
	c := books.Log().Checkpoint()
	out := verifiedJSON{Origin: c.Origin, Records: c.Size, Root: c.Root.String(), Drops: drops, Verified: true}
	if since != "" {
		earlier, err := g.Since(books, kept)
		if err != nil {
			return damaged{fmt.Errorf("%s: %w", since, err)}
		}
		out.Since = &sinceJSON{Records: earlier.Size, Root: earlier.Root.String(), Added: c.Size - earlier.Size}
	}
	if p.json {
		return writeJSON(p.stdout, out)
	}
	text := fmt.Sprintf("The register %s is whole: %d records, root %s.\nIt continues the register in each of %d published drops.\n", c.Origin, c.Size, c.Root, drops)
	if out.Since != nil {
		text += fmt.Sprintf("It continues the checkpoint in %s, of %d records: none of them was changed, and %d were added.\n", since, out.Since.Records, out.Since.Added)
	}
	_, err = fmt.Fprint(p.stdout, text)
	return err
}

// readKept reads the file of a checkpoint.
func readKept(path string) ([]byte, error) {
	const next = "name a checkpoint as postern register checkpoint prints it, or a drop's register.proof"
	info, err := os.Stat(path)
	if err != nil {
		return nil, usage(next, "the checkpoint cannot be read: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKept {
		return nil, usage(next, "%s is no checkpoint", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage(next, "the checkpoint cannot be read: %w", err)
	}
	return data, nil
}

func (p *program) registerCheckpointCommand() *cobra.Command {
	return p.jsonFlag(&cobra.Command{
		Use: "checkpoint", Short: "Print the register's signed state, for somebody to keep elsewhere", Args: arguments(0, 0, "no argument"),
		Long: "Prints how many records the register has, one number over all of them, and the\n" +
			"register key's signature: a signed note of four lines. It says nothing of what the\n" +
			"records say. Keep it where nobody who runs Postern can change it. Against it,\n" +
			"postern register verify --since shows later that no record was changed or lost.\n\n" + exitCodes,
		Example: "  postern register checkpoint > checkpoint-of-april",
		RunE:    func(*cobra.Command, []string) error { return p.registerCheckpoint() },
	})
}

// checkpointJSON is the register's signed state as a machine reads it.
type checkpointJSON struct {
	Origin     string `json:"origin"`
	Records    int64  `json:"records"`
	Root       string `json:"root"`
	Checkpoint string `json:"checkpoint"` // the signed note, as it is kept
}

func (p *program) registerCheckpoint() error {
	_, g, err := p.openBookkeeper()
	if err != nil {
		return err
	}
	books, err := g.ViewBooks()
	if err != nil {
		return err
	}
	c := books.Log().Checkpoint()
	if p.json {
		return writeJSON(p.stdout, checkpointJSON{c.Origin, c.Size, c.Root.String(), string(c.Format())})
	}
	_, err = p.stdout.Write(c.Format())
	return err
}
