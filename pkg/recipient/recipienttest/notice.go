package recipienttest

import (
	"crypto/sha256"
	"time"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/signature"
)

// Notice makes the notice by which the council withdraws a drop, and its signature.
func (c *Council) Notice(d *Drop, reason string) (notice, armoured []byte, err error) {
	notice, err = recipient.Notice{
		Drop: d.Manifest.Drop.ID, SumsSHA256: manifest.Hex(sha256.Sum256(d.Files[manifest.SumsName])), Reason: reason,
		Time: time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC),
	}.Format()
	if err != nil {
		return nil, nil, err
	}
	armoured, err = signature.Sign(c.DropKey, signature.WithdrawalNamespace, notice)
	return notice, armoured, err
}
