package export

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Approved says what changed since the last version that was approved.
type Approved struct {
	Version int                   `json:"version"` // 0 where none is known
	On      string                `json:"on"`      // the day, YYYY-MM-DD
	By      string                `json:"by"`
	This    bool                  `json:"this"` // it is the very version that is planned
	Changes *agreement.Difference `json:"changes"`
	Note    string                `json:"note"` // why there is nothing to compare with, in words; empty where there is
}

// sinceApproved compares an agreement with the version that was last approved: by an approval that holds, whose version
// is this one or an earlier one. Whether an approval would open the gate today is not asked: it says what people saw and
// signed. Its file is found in the folder of agreements by the digest that the approval names.
func (g *Gateway) sinceApproved(a *agreement.Agreement) (Approved, error) {
	decisions, why := g.decisionsOn(a)
	if why != "" {
		return Approved{Note: why}, nil
	}
	last := lastApproval(a, decisions)
	if last == nil {
		return Approved{Note: "no version has been approved yet"}, nil
	}
	out := Approved{Version: last.Decision.Version, On: last.Decision.Time.UTC().Format(time.DateOnly), By: last.Name}
	if last.Decision.SHA256 == a.SHA256 {
		out.This = true
		return out, nil
	}
	file, data, err := g.fileOf(last.Decision.SHA256)
	if err != nil {
		return Approved{}, err
	}
	if file == "" {
		out.Note = "the file of that version is not in the folder of agreements, so what changed cannot be told: put it back"
		return out, nil
	}
	was, err := agreement.Parse(file, data, g.Catalogue)
	var problems document.Problems
	if errors.As(err, &problems) {
		out.Note = "the file of that version cannot be read with the dataset definitions of today, so what changed cannot be told"
		return out, nil
	}
	if err != nil {
		return Approved{}, err
	}
	out.Changes = agreement.Diff(was, a, g.Catalogue)
	return out, nil
}

// decisionsOn are the decisions on an agreement, as they are judged. A plan needs neither register nor roles: where they
// cannot be read or trusted, it is said why nothing is known.
func (g *Gateway) decisionsOn(a *agreement.Agreement) ([]agreement.Considered, string) {
	books, err := g.ViewBooks()
	if err == nil {
		var j *Judgement
		if j, err = g.Judge(a.File, books); err == nil {
			return j.Status.Decisions, ""
		}
	}
	why := strings.ReplaceAll(err.Error(), "\n", "; ")
	var refusal *finding.Refusal
	if errors.As(err, &refusal) {
		why = refusal.Sentence
	}
	return nil, "whether a version was approved cannot be told here: " + why
}

// lastApproval is the approval of the latest version up to this one, of several the last.
func lastApproval(a *agreement.Agreement, decisions []agreement.Considered) *agreement.Considered {
	var last *agreement.Considered
	for i := range decisions {
		c := &decisions[i]
		d := c.Decision
		if !c.Holds || d.Verb != agreement.Approve || d.Agreement != a.ID || d.Version > a.Version ||
			d.Version == a.Version && d.SHA256 == a.SHA256 && !c.Counts {
			continue
		}
		if last == nil || cmp.Or(cmp.Compare(d.Version, last.Decision.Version), d.Time.Compare(last.Decision.Time)) >= 0 {
			last = c
		}
	}
	return last
}

// fileOf finds the file of an agreement with a digest; "" when there is none.
func (g *Gateway) fileOf(digest [32]byte) (string, []byte, error) {
	names, err := filepath.Glob(filepath.Join(g.Agreements, "*.yaml"))
	if err != nil {
		return "", nil, fmt.Errorf("list agreements: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // a folder, or what nobody may read: it is not the one
		}
		if sum := sha256.Sum256(data); bytes.Equal(sum[:], digest[:]) {
			return name, data, nil
		}
	}
	return "", nil, nil
}
