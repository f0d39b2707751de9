package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// cost is what one run of a process took.
type cost struct {
	cpu, wall float64 // seconds; CPU is user and system
	peak      float64 // MiB
	others    float64 // how many processors other work had meanwhile, on average; below 0: not known
	output    float64 // MB
}

// measured runs a command, with what it says going to a file of logs.
func measured(ctx context.Context, folder, log, name string, args ...string) (c cost, err error) {
	out, err := os.Create(log)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, out, out
	busyBefore, known := busy()
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return c, fmt.Errorf("%s: %w (see %s)", filepath.Base(name), err, log)
	}
	c.wall = time.Since(begun).Seconds()
	busyAfter, _ := busy()
	c.cpu = cmd.ProcessState.UserTime().Seconds() + cmd.ProcessState.SystemTime().Seconds()
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return c, errors.New("this system does not say how much memory a process had")
	}
	c.peak = float64(usage.Maxrss) / 1024
	if runtime.GOOS == "darwin" { // in bytes there, in KiB elsewhere
		c.peak /= 1024
	}
	c.others = -1
	if known {
		c.others = max(0, (busyAfter-busyBefore-c.cpu)/c.wall)
	}
	return c, nil
}

// warm reads a file, so that whoever is next has it from memory.
func warm(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}
