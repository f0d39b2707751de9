package export

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
)

// versions is what the register knows of an agreement's versions. One version is one text, and versions go forward:
//
//   - under a version older than one that drops were made under, or than one that was approved and has begun, no drop is made;
//   - drops under one version are made under the same bytes, however often those were decided on;
//   - a newer version names, in supersedes, the SHA-256 of the one that the last drop was made under.
//
// The last two are about drops that left. One that was prepared may yet be given up: what became of it is known when it is
// settled, and the gate is asked again before anything is published.
type versions struct {
	follower int // the newest that was approved and has begun
	newest   int // the newest that a drop was prepared under
	prepared map[string]manifest.Prepared
	last     *manifest.Prepared // the last that was published
}

// follow takes in one record of the register.
func (v *versions) follow(record register.Record, id string) error {
	switch record.Kind {
	case manifest.PreparedKind:
		body, err := bodyOf[manifest.Prepared](record)
		if err == nil && body.Agreement == id {
			v.newest = max(v.newest, int(body.Version))
			v.prepared[body.Drop] = body
		}
		return err
	case KindPublished:
		body, err := bodyOf[PublishedBody](record)
		if p, ours := v.prepared[body.Drop]; err == nil && ours {
			v.last = &p
		}
		return err
	}
	return nil
}

// refuse says why no drop may be made under an agreement's file; nil when one may.
func (v *versions) refuse(a *agreement.Agreement) *finding.Refusal {
	const code = finding.AgreementRollback
	switch {
	case v.newest > a.Version:
		return finding.Refuse(code, fmt.Sprintf("use the file of version %d or a later one", v.newest),
			"drops were made under version %d of the agreement, and this is version %d", v.newest, a.Version)
	case v.follower > a.Version:
		return finding.Refuse(code, fmt.Sprintf("use the file of version %d or a later one", v.follower),
			"version %d of the agreement was approved since, and this is version %d", v.follower, a.Version)
	case v.last == nil:
		return nil
	}
	last := v.last
	quoted := strconv.Quote(last.AgreementSHA256) // some digests read as numbers
	switch was := int(last.Version); {
	case was == a.Version && last.AgreementSHA256 != hex.EncodeToString(a.SHA256[:]):
		return finding.Refuse(code, "put the file back that the drops were made under; what is to change becomes a new version, with supersedes: "+quoted,
			"version %d of the agreement is another text than the last drop was made under", a.Version)
	case was < a.Version && a.Supersedes != last.AgreementSHA256:
		return finding.Refuse(code, "write supersedes: "+quoted+", and have it decided on again",
			"version %d of the agreement does not name, in supersedes, the text of version %d, which the last drop was made under", a.Version, was)
	}
	return nil
}

// follower finds the newest version that an approval in the folder of decisions is about: one in the register is there too,
// or is missed. A version runs until the next one begins, so one whose first day has not come does not count; one whose
// file is not at hand does, since nobody can tell.
func (g *Gateway) follower(j *Judgement) (int, error) {
	newest := 0
	for _, c := range j.Status.Decisions {
		d := c.Decision
		if !c.Holds || d.Agreement != j.Agreement.ID || d.Verb != agreement.Approve || d.Version <= max(newest, j.Agreement.Version) {
			continue
		}
		begun, err := g.begun(d.SHA256)
		if err != nil {
			return 0, err
		}
		if begun {
			newest = d.Version
		}
	}
	return newest, nil
}

// begun reports whether the first day of sharing of the version with a digest has come.
func (g *Gateway) begun(digest [32]byte) (bool, error) {
	today, err := g.today()
	if err != nil {
		return false, err
	}
	file, data, err := g.fileOf(digest)
	if err != nil || file == "" {
		return true, err
	}
	a, err := agreement.Parse(file, data, g.Catalogue)
	if err != nil { // with the definitions of today: what it says is not known
		return true, nil //nolint:nilerr // its mistakes are told to whoever uses it
	}
	return today >= a.Period.ShareFrom, nil
}
