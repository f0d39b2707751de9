package register

import (
	"bytes"
	"fmt"

	"github.com/postern-gateway/postern/pkg/finding"
)

// ParseKept reads a checkpoint of the register that somebody kept, and verifies it: a checkpoint file, of either version,
// or a drop's register.proof, of which it takes the checkpoint. Log.Extends then tells whether the register continues it.
func ParseKept(data []byte, verify Verifier) (Checkpoint, error) {
	if bytes.HasPrefix(data, []byte("{")) {
		p, err := ParseProof(data)
		if err != nil {
			return Checkpoint{}, err
		}
		return p.Checkpoint, p.Verify(verify)
	}
	c, err := ParseCheckpoint(data)
	if err != nil {
		return Checkpoint{}, finding.WithHint(err, "name a checkpoint as postern register checkpoint prints it, or a drop's register.proof, unchanged")
	}
	if err := c.verifySignature(verify); err != nil {
		return Checkpoint{}, fmt.Errorf("the signature of the checkpoint is not accepted: %w", err)
	}
	return c, nil
}
