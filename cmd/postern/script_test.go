package main

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/postern-gateway/postern/pkg/store/s3/s3test"
)

// testNow is the environment variable that sets the clock of the program under test. Only this file reads it: the
// program itself has no such switch.
const testNow = "POSTERN_TEST_NOW"

// scriptNow is the clock of a script that sets no other: a day on which the example agreement runs, after the last
// collection year of the synthetic extracts has ended.
const scriptNow = "2026-06-15T10:00:00Z"

func TestMain(m *testing.M) {
	testscript.Main(inMemory{m}, map[string]func(){"postern": scriptMain})
}

// inMemory runs the tests with a temporary folder in memory where there is such a place, since every run flushes its files
// to the disk some dozens of times.
type inMemory struct{ m *testing.M }

func (r inMemory) Run() int {
	const base = "/dev/shm"
	if info, err := os.Stat(base); err != nil || !info.IsDir() || os.Getenv("TMPDIR") != "" {
		return r.m.Run()
	}
	folder, err := os.MkdirTemp(base, "postern-scripts-")
	if err != nil {
		return r.m.Run()
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := os.Setenv("TMPDIR", folder); err != nil {
		return 1
	}
	return r.m.Run()
}

// scriptMain is main with a clock that a script can set.
func scriptMain() {
	text := os.Getenv(testNow)
	if text == "" {
		main()
		return
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(testNow + " is not a time: " + err.Error())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, func() time.Time { return at })
	stop()
	os.Exit(code)
}

// TestScripts runs the scripts, each in an empty folder of its own, against the real program. See scriptcmd_test.go for
// the commands they have beside those of testscript, and council_test.go for the council they start from.
func TestScripts(t *testing.T) {
	templates := prepareCouncils(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	verifier := sync.OnceValue(func() string { return buildVerifier(t) })
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                scriptCommands(templates, newBuckets(t)),
		Condition:           scriptCondition,
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPO", root)
			env.Setenv(testNow, scriptNow)
			env.Setenv("TZ", "Pacific/Auckland")  // days are England's, whatever the machine's are
			env.Setenv("GOGC", os.Getenv("GOGC")) // scripts have nothing of the environment but what is set here
			if folder := verifier(); folder != "" {
				env.Setenv("PATH", folder+string(filepath.ListSeparator)+env.Getenv("PATH"))
			}
			return nil
		},
	})
}

// buildVerifier builds postern-verify, which is a program of its own, and returns the folder it is in; "" without the
// go command, and then the scripts that need it are skipped by [exec:postern-verify].
func buildVerifier(t *testing.T) string {
	if _, err := exec.LookPath("go"); err != nil {
		return ""
	}
	folder := t.TempDir()
	name := filepath.Join(folder, "postern-verify")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", name, "../postern-verify").CombinedOutput(); err != nil {
		t.Fatalf("build postern-verify: %v\n%s", err, out)
	}
	return folder
}

// scriptCondition answers the conditions that scripts have beside those of testscript: [superuser], who is stopped by no
// file mode, [tmpfs], a file system of their own in a mount namespace of their own, and [s3], a server with buckets.
func scriptCondition(name string) (bool, error) {
	switch name {
	case "s3":
		return s3test.Built() == nil || os.Getenv(s3test.Variable) != "", nil // named, it must be there
	case "superuser":
		return os.Geteuid() == 0, nil
	case "tmpfs":
		out, err := exec.Command("unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt && echo mounted").Output()
		return err == nil && strings.TrimSpace(string(out)) == "mounted", nil
	default:
		return false, os.ErrInvalid
	}
}
