package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Load reads the text that an agreement names as its privacy notice, from the folder of agreements, and holds it to the
// SHA-256 that the agreement has of it: what was decided on is that text and no other. It returns nil, and no error, for
// an agreement that names none. No part of the path may be a symbolic link. Every error but one of reading is a refusal.
func Load(agreements fs.FS, a *agreement.Agreement) (*Notice, error) {
	name := a.PrivacyNotice.Text
	if name == "" {
		return nil, nil
	}
	const place = "put the notice's words as plain text into the folder of agreements, and its path from there into privacy_notice.text"
	if !fs.ValidPath(name) || name == "." || strings.Contains(name, `\`) {
		return nil, finding.Refuse(finding.NoticeGap, place, "privacy_notice.text is not a path within the folder of agreements")
	}
	for part := name; part != "."; part = path.Dir(part) {
		info, err := fs.Lstat(agreements, part)
		if err != nil {
			return nil, finding.Refuse(finding.NoticeGap, place, "the text of the privacy notice that the agreement names cannot be found")
		}
		if info.Mode()&fs.ModeSymlink != 0 || part == name && !info.Mode().IsRegular() {
			return nil, finding.Refuse(finding.NoticeGap, place, "the text of the privacy notice is not a file of the folder of agreements itself")
		}
	}
	f, err := agreements.Open(name)
	if err != nil {
		return nil, finding.WithHint(fmt.Errorf("read the privacy notice: %w", err), "see that the account that runs postern may read it")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the privacy notice: %w", err)
	}
	n, err := Parse(text)
	if err != nil {
		return nil, finding.Refuse(finding.NoticeGap, finding.HintOf(err), "the text of the privacy notice cannot be read: %s", err)
	}
	sum := sha256.Sum256(text)
	switch is := hex.EncodeToString(sum[:]); a.PrivacyNotice.SHA256 {
	case is:
		return n, nil
	case "":
		return nil, finding.Refuse(finding.AgreementIncomplete, "write privacy_notice.sha256: "+is, "the agreement names the text of a privacy notice, and not its SHA-256")
	default:
		return nil, finding.Refuse(finding.NoticeConflict, "read what changed in the notice; then make a version of the agreement with privacy_notice.sha256: "+is,
			"the privacy notice is not the one that the agreement was written against")
	}
}

// Hold loads an agreement's privacy notice, holds the agreement to it, and returns what the gate checks: Load, Check and
// Checks in one.
func Hold(agreements fs.FS, a *agreement.Agreement, catalogue *dataset.Catalogue) ([]finding.Check, error) {
	n, err := Load(agreements, a)
	var refusal *finding.Refusal
	if errors.As(err, &refusal) {
		return []finding.Check{{Name: textCheck, Outcome: finding.CheckFailed, Evidence: refusal.Sentence, Refusal: refusal}}, nil
	}
	if err != nil {
		return nil, err
	}
	if n == nil {
		return []finding.Check{{Name: textCheck, Outcome: finding.CheckWarned, Evidence: "there is no text of the notice to hold the agreement to"}}, nil
	}
	return Checks(Check(n, a, catalogue)), nil
}

const textCheck = "privacy notice says what the agreement does"

// Checks are the points as checks of the gate: failed for each that nobody has answered, passed for those answered,
// warned for an answer to nothing, and one that passed when there is no point at all.
func Checks(points []Point) []finding.Check {
	if len(points) == 0 {
		return []finding.Check{{Name: textCheck, Outcome: finding.CheckPassed, Evidence: "nothing differs"}}
	}
	out := make([]finding.Check, len(points))
	for i, p := range points {
		out[i] = finding.Check{Name: "privacy notice: " + p.Name, Outcome: finding.CheckPassed, Evidence: p.where() + "; answered: " + p.Answer}
		switch {
		case p.Name == AnswersNothing:
			out[i].Outcome, out[i].Evidence = finding.CheckWarned, p.Sentence
		case !p.Answered:
			out[i].Outcome, out[i].Evidence = finding.CheckFailed, p.where()
			out[i].Refusal = finding.Refuse(p.Code, p.Hint+"; or answer it in privacy_notice.answers, point "+p.Name, "%s", p.where())
		}
	}
	return out
}

// where is the sentence with its place in the notice.
func (p Point) where() string {
	if p.Line == 0 {
		return p.Sentence
	}
	return fmt.Sprintf("%s (line %d of the notice)", p.Sentence, p.Line)
}
