package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store/s3"
)

const newLong = `Asks what an agreement has to say (each question is a flag too), and writes a
draft that postern check accepts. It makes nothing up: what is law or about
people is asked, and a suggestion in [brackets] is taken only when you press
Enter. The draft shares the least: an age in bands of years, the month of a
date, and a code in place of each child's number. Every other column stands
beside it as a comment that says what it is and what it would need.

It writes one file, and never over another.

` + exitCodes

func (p *program) agreementNewCommand() *cobra.Command {
	var whys []string
	given := make(map[string]*string)
	c := p.jsonFlag(&cobra.Command{
		Use: "new FILE", Short: "Ask some questions and write a draft of an agreement", Args: arguments(1, 1, "the file to write"),
		Example: "  postern agreement new agreements/mine.yaml\n" +
			"  postern agreement new agreements/mine.yaml --recipient Foundations --tables children,referrals --why children=\"to compare ages\"",
		Long: newLong,
		RunE: func(cmd *cobra.Command, args []string) error {
			answers := agreement.Answers{}
			for key, value := range given {
				if cmd.Flags().Changed(key) {
					answers[key] = strings.TrimSpace(*value)
				}
			}
			return p.newAgreement(cmd.Context(), args[0], answers, whys)
		},
	})
	for _, q := range agreement.Questions(&dataset.Catalogue{}, 0) {
		given[q.Key] = c.Flags().String(q.Key, "", strings.ReplaceAll(q.Ask, "\n", " "))
	}
	c.Flags().StringArrayVar(&whys, "why", nil, "what the recipient needs a table for, as `TABLE=REASON`; once for each table")
	return c
}

func (p *program) newAgreement(ctx context.Context, file string, answers agreement.Answers, whys []string) error {
	if err := mayWrite(file); err != nil { // before anybody has answered forty questions
		return err
	}
	c, err := p.loadConfig()
	if err != nil {
		return err
	}
	cat, err := catalogue(c)
	if err != nil {
		return err
	}
	today, err := civil.On(p.now())
	if err != nil {
		return finding.WithHint(err, "set this machine's clock")
	}
	for _, why := range whys {
		table, reason, ok := strings.Cut(why, "=")
		if !ok {
			return usage("write --why TABLE=REASON", "--why names no table")
		}
		answers[agreement.WhyKey(strings.TrimSpace(table))] = strings.TrimSpace(reason)
	}
	if err := fromConfig(answers, c); err != nil {
		return err
	}
	in := newInterview(ctx, p, answers)
	for _, q := range agreement.Questions(cat, today) {
		if answers.Complete(cat); !q.Applies(answers) {
			continue
		}
		if err := in.settle(ctx, &q); err != nil {
			return err
		}
	}
	for _, q := range answers.Whys() {
		if err := in.settle(ctx, &q); err != nil {
			return err
		}
	}
	if len(in.missing) > 0 {
		return usage("answer them on the terminal, or give: "+strings.Join(in.missing, " "), "there is no answer to %d of the questions, and nobody to ask", len(in.missing))
	}
	answers.Complete(cat)
	return p.writeDraft(file, answers.Draft(cat), cat, today)
}

// fromConfig takes what postern.yaml says: who the council is, and where drops lie.
func fromConfig(answers agreement.Answers, c *config.Config) error {
	suggest := func(key, value string) {
		if answers[key] == "" {
			answers[key] = value
		}
	}
	suggest("council", c.Organisation.Name)
	suggest("la-code", c.Organisation.LACode)
	answers[agreement.StoreKind] = agreement.PlaceFolder
	if !strings.HasPrefix(c.Store, s3.Scheme) {
		return nil
	}
	address, err := s3.ParseAddress(c.Store)
	if err != nil {
		return usageError{err}
	}
	answers[agreement.StoreKind], answers[agreement.StoreBucket] = agreement.PlaceBucket, address.Bucket
	suggest("store-region", address.Region)
	if at, err := url.Parse(address.Endpoint); err == nil {
		answers[agreement.StoreEndpoint] = at.Hostname()
	}
	return nil
}

// interview asks on the terminal what no flag has answered.
type interview struct {
	out     io.Writer
	lines   chan string // closed when there is nobody to answer
	answers agreement.Answers
	missing []string // flags
}

func newInterview(ctx context.Context, p *program, answers agreement.Answers) *interview {
	in := &interview{out: p.stderr, lines: make(chan string), answers: answers}
	go func() { // a terminal that is waited for must not keep an interrupted program
		defer close(in.lines)
		if p.stdin == nil {
			return
		}
		for s := bufio.NewScanner(p.stdin); s.Scan(); {
			select {
			case in.lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return in
}

// settle sees to it that a question has an answer: that of its flag, a suggestion where that does no harm, or one that is
// asked for until it is good.
func (in *interview) settle(ctx context.Context, q *agreement.Question) error {
	flag := "--" + q.Key
	if table, isWhy := strings.CutPrefix(q.Key, agreement.WhyKey("")); isWhy {
		flag = "--why " + table + "=REASON"
	}
	if answer, given := in.answers[q.Key]; given && answer != "" {
		if err := q.Accept(answer, in.answers); err != nil {
			return usage("see postern agreement new --help", "%s: %w", flag, err)
		}
		return nil
	}
	suggestion := q.Suggestion(in.answers)
	if q.Settled && suggestion != "" {
		in.answers[q.Key] = suggestion
		return nil
	}
	if len(in.missing) > 0 && q.Settled {
		return nil // it follows from one that is missing
	}
	if len(in.missing) == 0 {
		answer, err := in.ask(ctx, q, suggestion)
		if err != nil || answer != "" {
			in.answers[q.Key] = answer
			return err
		}
	}
	in.missing = append(in.missing, flag)
	return nil
}

// ask asks until the answer is good; "" when there is nobody to answer.
func (in *interview) ask(ctx context.Context, q *agreement.Question, suggestion string) (string, error) {
	hint := ""
	if len(q.Choices) > 1 {
		hint = " (" + strings.Join(q.Choices, ", ") + ")"
	}
	if suggestion != "" {
		hint += " [" + suggestion + "]"
	}
	for {
		in.say("%s%s\n> ", q.Ask, hint)
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case line, more := <-in.lines:
			if !more {
				in.say("\n")
				return "", nil
			}
			answer := strings.TrimSpace(line)
			if answer == "" {
				answer = suggestion
			}
			err := q.Accept(answer, in.answers)
			if err == nil {
				return answer, nil
			}
			in.say("  That will not do: %v.\n", err)
		}
	}
}

func (in *interview) say(format string, args ...any) {
	_, _ = fmt.Fprintf(in.out, format, args...) // whoever cannot see the question will not answer it
}

// writeDraft writes a draft that was found good, and that is there whole or not at all.
func (p *program) writeDraft(file string, text []byte, cat *dataset.Catalogue, today civil.Date) error {
	a, err := agreement.Parse(file, text, cat)
	if err != nil {
		return err
	}
	if refusals := finding.Refusals(a.Checks(cat, today)); len(refusals) > 0 {
		return refusals[0]
	}
	if err := writeNew(file, text); err != nil {
		return err
	}
	if p.json {
		return writeJSON(p.stdout, map[string]any{"file": file, "agreement": a.ID, "version": a.Version, "sha256": fmt.Sprintf("%x", a.SHA256)})
	}
	next := []string{"postern check " + file, "postern agreement show " + file, "postern keys new " + file}
	_, err = fmt.Fprintf(p.stdout, "Wrote %s: a draft of %s. It shares nothing yet.\nRead and edit it, then:\n  %s\n", file, a.ID, strings.Join(next, "\n  "))
	return err
}

// mayWrite finds out whether a new file can be there.
func mayWrite(file string) error {
	if _, err := os.Lstat(file); err == nil {
		return taken(file)
	}
	if folder, err := os.Stat(filepath.Dir(file)); err != nil || !folder.IsDir() {
		return usage("name a file in a folder that is there", "there is no folder to write %s into", file)
	}
	return nil
}

func taken(file string) error {
	return usage("name a file that is not there yet, or edit that one", "%s is there already, and is left as it is", file)
}
