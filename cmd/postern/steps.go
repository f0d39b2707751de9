package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/term"

	"github.com/postern-gateway/postern/pkg/export"
)

// steps shows how far a run is: one line that is written over on a terminal, one log line per step otherwise.
type steps struct {
	terminal io.Writer // nil when standard error is none
	log      hclog.Logger
	logged   map[string]bool // what a log has: a step is logged once
	last     export.Event
	shown    time.Time
	now      func() time.Time
}

// oftenEnough is how long a line on the terminal stays before the next.
const oftenEnough = 100 * time.Millisecond

func (p *program) steps() *steps {
	s := &steps{now: p.now, logged: make(map[string]bool), log: hclog.New(&hclog.LoggerOptions{
		Name: "postern", Output: p.stderr, JSONFormat: p.logFormat == "json", Level: hclog.Info,
	})}
	if f, ok := p.stderr.(*os.File); ok && p.logFormat != "json" && term.IsTerminal(int(f.Fd())) {
		s.terminal = f
	}
	return s
}

// show shows a step. Files and tables are named; nothing of their content is.
func (s *steps) show(e export.Event) {
	newStep := e.Step != s.last.Step || e.What != s.last.What
	s.last = e
	if s.terminal == nil {
		if key := e.Step + " " + e.What; !e.Detail && !s.logged[key] {
			s.logged[key] = true
			s.log.Info(strings.TrimSpace(key))
		}
		return
	}
	if now := s.now(); newStep || now.Sub(s.shown) > oftenEnough {
		s.shown = now
		line := fmt.Sprintf("%s %s", e.Step, e.What)
		if e.Done > 0 {
			line = fmt.Sprintf("%s, %d rows", line, e.Done)
		}
		s.write(fmt.Sprintf("\r\033[K%.110s", line))
	}
}

// done clears the terminal's line.
func (s *steps) done() {
	if s.terminal != nil {
		s.write("\r\033[K")
	}
}

func (s *steps) write(text string) { _, _ = io.WriteString(s.terminal, text) } // progress that cannot be shown stops nothing
