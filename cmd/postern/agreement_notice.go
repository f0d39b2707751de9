package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/notice"
)

const noticeLong = `Holds an agreement to the privacy notice that families read: whether it tells of
everything that leaves, of the recipient and the rights, and whether it promises
what the agreement does not keep (consent, a period, that nothing is shared).

Each point is settled by changing the notice, by changing the agreement, or by
an answer in writing in the agreement's privacy_notice.answers; nothing leaves
while one is open. The notice is the plain text that the agreement names under
privacy_notice.text, or the file named here: to try one before the agreement
names it. What each point means is in docs/notices.md.

` + exitCodes

func (p *program) agreementNoticeCommand() *cobra.Command {
	return p.jsonFlag(&cobra.Command{
		Use: "notice AGREEMENT [NOTICE.txt]", Short: "Hold an agreement to the privacy notice that families read",
		Args: arguments(1, 2, "the agreement's file, and a notice if it names none"),
		Example: "  postern agreement notice agreements/family-valued-2026.yaml\n" +
			"  postern agreement notice agreements/mine.yaml draft-notice.txt --json",
		Long: noticeLong,
		RunE: func(_ *cobra.Command, args []string) error { return p.notice(args[0], args[1:]) },
	})
}

// noticeReport is what the notice check says.
type noticeReport struct {
	Agreement  string           `json:"agreement"`
	Version    int              `json:"version"`
	Notice     string           `json:"notice"`
	SHA256     string           `json:"sha256"`
	Named      bool             `json:"named_by_the_agreement"` // by these very bytes
	Unanswered int              `json:"unanswered"`
	Points     []notice.Point   `json:"points"`
	Found      []notice.Mention `json:"found"`
}

func (p *program) notice(file string, other []string) error {
	c, err := p.loadConfig()
	if err != nil {
		return err
	}
	cat, err := catalogue(c)
	if err != nil {
		return err
	}
	a, err := export.LoadAgreement(file, cat)
	if err != nil {
		return err
	}
	var r noticeReport
	var open []notice.Point
	if len(other) > 0 {
		text, err := readFile(other[0], "the notice")
		if err != nil {
			return err
		}
		n, err := notice.Parse(text)
		if err != nil {
			return usageError{err}
		}
		sum := sha256.Sum256(text)
		r, open = reportOn(n, a, cat, other[0], hex.EncodeToString(sum[:]))
	} else {
		n, err := notice.Load(os.DirFS(c.Agreements), a)
		if err != nil {
			return err
		}
		if n == nil {
			return usage("name a file with its words after the agreement", "the agreement names no text of its privacy notice")
		}
		r, open = reportOn(n, a, cat, a.PrivacyNotice.Text, a.PrivacyNotice.SHA256)
	}
	write := r.write
	if p.json {
		write = func(w io.Writer) error { return writeJSON(w, r) }
	}
	if err := write(p.stdout); err != nil || len(open) == 0 {
		return err
	}
	refusal := finding.Refuse(open[0].Code, "change the notice or the agreement, or answer in the agreement's privacy_notice.answers; see docs/notices.md",
		"%s", openInWords(len(open)))
	if p.json {
		return reported{refusal}
	}
	return refusal
}

func openInWords(n int) string {
	if n == 1 {
		return "1 point of the privacy notice is not answered"
	}
	return fmt.Sprintf("%d points of the privacy notice are not answered", n)
}

func reportOn(n *notice.Notice, a *agreement.Agreement, cat *dataset.Catalogue, name, sum string) (noticeReport, []notice.Point) {
	points, found := notice.Read(n, a, cat)
	open := notice.Unanswered(points)
	if points == nil {
		points = []notice.Point{}
	}
	return noticeReport{
		Agreement: a.ID, Version: a.Version, Notice: name, SHA256: sum, Named: a.PrivacyNotice.SHA256 == sum,
		Unanswered: len(open), Points: points, Found: found,
	}, open
}

// write tells of the points in the order of the notice, then where it was found to speak of what, and last what an
// answer looks like.
func (r noticeReport) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s version %d, held to %s\n", r.Agreement, r.Version, r.Notice)
	if len(r.Points) == 0 {
		b.WriteString("Nothing differs.\n")
	}
	for _, point := range r.Points {
		fmt.Fprintf(&b, "\n%s %s (%s)\n  %s\n", point.Code, point.Name, onLine(point.Line, point.Lines), point.Sentence)
		switch {
		case point.Answered:
			fmt.Fprintf(&b, "  answered: %s\n", point.Answer)
		default:
			fmt.Fprintf(&b, "  to do: %s\n", point.Hint)
		}
	}
	b.WriteString("\nWhere the notice speaks of it:\n")
	for _, m := range r.Found {
		where := onLine(m.Line, nil)
		if m.Collected {
			where += ", and not as something that is shared"
		}
		fmt.Fprintf(&b, "  %s: %s\n", m.What, where)
	}
	r.answers(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// answers writes what to put into the agreement for the points that are open.
func (r noticeReport) answers(b *strings.Builder) {
	open := notice.Unanswered(r.Points)
	if len(open) == 0 && r.Named {
		return
	}
	b.WriteString("\nWhat an answer looks like in the agreement, each in your own words:\n\nprivacy_notice:\n")
	if !r.Named {
		fmt.Fprintf(b, "  text: PATH # of the notice, within the folder of agreements\n  sha256: %s\n", r.SHA256)
	}
	if len(open) > 0 {
		b.WriteString("  answers:\n")
	}
	for _, point := range open {
		fmt.Fprintf(b, "    - {point: %s, text: \"\"}\n", point.Name)
	}
}

func onLine(line int, lines []int) string {
	switch {
	case line == 0:
		return "nowhere"
	case len(lines) > 1:
		return "lines " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(lines)), ", "), "[]")
	default:
		return fmt.Sprintf("line %d", line)
	}
}
