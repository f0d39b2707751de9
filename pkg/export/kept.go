package export

import (
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/state"
)

// VerifyRegister checks every record of the register and its own signature, and that the register continues that of every
// drop in the ledgers; then that the ledgers are what the register says was published. It returns how many drops there are.
func (g *Gateway) VerifyRegister(b *Books) (drops int, err error) {
	if err := b.log.VerifyRecords(); err != nil {
		return 0, err
	}
	published, err := g.published()
	if err != nil {
		return 0, err
	}
	for _, d := range published {
		if err := b.Continues(d); err != nil {
			return 0, fmt.Errorf("the register does not continue the one in drop %s: %w", d.ID, err)
		}
	}
	known, err := b.account("")
	if err != nil {
		return 0, err
	}
	switch why, err := known.against(published); {
	case err != nil:
		return 0, err
	case why != "":
		return 0, finding.WithHint(fmt.Errorf("the ledgers are not what the register was told: %s", why), mendState)
	}
	return len(published), nil
}

// published lists the drops of all ledgers.
func (g *Gateway) published() ([]state.PublishedDrop, error) {
	ledgers, err := g.State.Agreements()
	if err != nil {
		return nil, err
	}
	var all []state.PublishedDrop
	for _, id := range ledgers {
		drops, err := g.State.Drops(id)
		if err != nil {
			return nil, err
		}
		all = append(all, drops...)
	}
	return all, nil
}

// Since proves that the register continues a checkpoint that somebody kept: a checkpoint of either form, or the
// register.proof of a drop. It returns the checkpoint. A register that does not continue it gives a
// *register.TamperError with the first record that is not there any more; where records were exchanged by somebody who
// has the register key, so that the register is sound by itself, it says between which known states that was.
func (g *Gateway) Since(b *Books, kept []byte) (register.Checkpoint, error) {
	key, err := g.Keys.RegisterPublicKey()
	if err != nil {
		return register.Checkpoint{}, err
	}
	c, err := register.ParseKept(kept, verifierOf(g.LACode, key, g.Now))
	if err != nil {
		return c, err
	}
	err = b.log.Extends(c)
	var tamper *register.TamperError
	if !errors.As(err, &tamper) || tamper.Index != register.Unknown || c.Origin != b.log.Checkpoint().Origin {
		return c, err
	}
	from, known := g.lastSound(b, c.Size)
	if known != nil {
		return c, known
	}
	return c, &register.TamperError{Index: register.Unknown, Reason: fmt.Sprintf(
		"it is sound by itself, and it is not the one that the kept checkpoint of %d records was signed over: one of the records %d to %d was exchanged by somebody who has the register key",
		c.Size, from, c.Size-1)}
}

// lastSound is the size of the largest state before a size that a drop of the ledgers vouches for: the records before it
// are those that the recipient of the drop knows of. It is 0 when there is none.
func (g *Gateway) lastSound(b *Books, before int64) (int64, error) {
	published, err := g.published()
	if err != nil {
		return 0, err
	}
	sizes := []int64{0}
	for _, d := range published {
		c, err := register.ParseCheckpoint([]byte(d.Checkpoint))
		if err != nil {
			return 0, fmt.Errorf("read the ledger: %w", err)
		}
		if c.Size < before && b.log.Extends(c) == nil {
			sizes = append(sizes, c.Size)
		}
	}
	return slices.Max(sizes), nil
}
