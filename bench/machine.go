package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// machine is where and with what the measurement was made. Its name is nobody's business.
type machine struct {
	processor, memory, kernel string
	postern, duckdb, python   string
	at                        time.Time
	load, loadAfter           string
}

func machineOf(ctx context.Context, s setting) machine {
	says := func(name string, args ...string) string {
		out, err := exec.CommandContext(ctx, name, args...).Output()
		if err != nil {
			return "not told"
		}
		first, _, _ := strings.Cut(string(out), "\n")
		return first
	}
	return machine{
		processor: processor(),
		memory:    memory(),
		kernel:    runtime.GOOS + " " + told("/proc/sys/kernel/osrelease"),
		postern:   says(s.postern, "--version"),
		duckdb:    says(filepath.Join(s.tools, "duck"), "version"),
		python:    says("python3", "--version"),
		at:        time.Now(),
		load:      load(),
	}
}

// told is the text of a file of the system's, "" where there is none.
func told(name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// processor is its model, how many, and whether it has instructions for SHA-256, which decide what a hash costs.
func processor() string {
	model, flags := runtime.GOARCH, []string(nil)
	for line := range strings.Lines(told("/proc/cpuinfo")) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name":
			model = strings.TrimSpace(value)
		case "flags", "Features":
			flags = strings.Fields(value)
		}
	}
	sha := "no SHA instructions"
	switch {
	case slices.Contains(flags, "sha_ni") || slices.Contains(flags, "sha2"):
		sha = "SHA instructions"
	case flags == nil:
		sha = "its instructions are not told"
	}
	return fmt.Sprintf("%s, %d processors, %s", model, runtime.NumCPU(), sha)
}

func memory() string {
	for line := range strings.Lines(told("/proc/meminfo")) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "MemTotal:" {
			continue
		}
		if n, err := strconv.ParseFloat(fields[1], 64); err == nil {
			return fmt.Sprintf("%.0f GiB", n/1024/1024)
		}
	}
	return "not told"
}

// load is the load of the last minute.
func load() string {
	first, _, _ := strings.Cut(told("/proc/loadavg"), " ")
	if first == "" {
		return "not told"
	}
	return first
}

// busy is how many seconds all processors together have worked since the system began, including what a machine around this
// one took for itself.
func busy() (seconds float64, known bool) {
	first, _, _ := strings.Cut(told("/proc/stat"), "\n")
	fields := strings.Fields(first) // cpu user nice system idle iowait irq softirq steal …
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, false
	}
	for i, field := range fields[1:9] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, false
		}
		if i != 3 && i != 4 {
			seconds += n / 100 // a hundredth of a second each, on every Linux that Go runs on
		}
	}
	return seconds, true
}
