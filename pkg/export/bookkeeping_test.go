//go:build unix

package export_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/state"
)

func openBooks(tb testing.TB, g *export.Gateway) *export.Books {
	tb.Helper()
	books, err := g.OpenBooks()
	if err != nil {
		tb.Fatal(err)
	}
	return books
}

// refuse records a refusal in words.
func refuse(tb testing.TB, books *export.Books, words string) {
	tb.Helper()
	if err := books.EnterRefusal("dsa-coventry-fv-2026", 1, finding.Refuse(finding.ClockUntrusted, "", "%s", words)); err != nil {
		tb.Fatal(err)
	}
}

const holdsTheRegister = "POSTERN_TEST_HOLDS_THE_REGISTER"

// Of two processes that would write in the register, one is told to wait, and nothing of the other's is lost.
func TestTwoProcessesCannotWriteAtOnce(t *testing.T) {
	if folder := os.Getenv(holdsTheRegister); folder != "" {
		c := &council{dir: folder, now: noon()}
		g := c.gateway(t)
		lock, err := g.State.Lock()
		if err != nil {
			t.Fatal(err)
		}
		books := openBooks(t, g)
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin) // until the other has tried
		refuse(t, books, "by the first")
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
		return
	}
	c := newCouncil(t)
	g := c.gateway(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestTwoProcessesCannotWriteAtOnce$", "-test.v")
	cmd.Env = append(os.Environ(), holdsTheRegister+"="+c.dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, held := bufio.NewScanner(out), false
	for !held && lines.Scan() {
		held = lines.Text() == "held"
	}
	if !held {
		t.Fatal("the other process did not open the register")
	}
	if _, err := g.State.Lock(); !errors.Is(err, state.ErrLocked) || !strings.Contains(finding.HintOf(err), "wait until it has ended") {
		t.Errorf("a second writer: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	lock, err := g.State.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Unlock() }()
	books := openBooks(t, g)
	refuse(t, books, "by the second")
	if got := books.Log().Checkpoint().Size; got != 2 {
		t.Errorf("%d records of 2", got)
	}
}

// TestErasureKeepsWhatTheGateReads holds the list of what stays to the bodies: all of it but people's own words.
func TestErasureKeepsWhatTheGateReads(t *testing.T) {
	words := map[string]string{
		export.KindDecision: "reason", export.KindState: "why", export.KindAbandoned: "reason",
		export.KindWithdrawn: "reason", export.KindRefused: "sentence",
	}
	bodies := map[string]any{
		export.KindRoles: export.RolesBody{}, export.KindDecision: export.DecisionBody{}, export.KindPublished: export.PublishedBody{},
		export.KindAbandoned: export.AbandonedBody{}, export.KindRefused: export.RefusedBody{}, export.KindState: export.StateBody{},
		export.KindPreflight: export.PreflightBody{}, export.KindKeys: export.KeysBody{}, export.KindWithdrawn: export.WithdrawnBody{},
		manifest.PreparedKind: manifest.Prepared{},
	}
	for kind, body := range bodies {
		keep, may := export.Erasable(kind)
		var want []string
		if words[kind] != "" {
			for i := range reflect.TypeOf(body).NumField() {
				name, _, _ := strings.Cut(reflect.TypeOf(body).Field(i).Tag.Get("json"), ",")
				if name != words[kind] {
					want = append(want, name)
				}
			}
		}
		slices.Sort(keep)
		slices.Sort(want)
		if may != (words[kind] != "") || !slices.Equal(keep, want) {
			t.Errorf("of %s stays %q, want %q", kind, keep, want)
		}
	}
}

func TestErase(t *testing.T) {
	c := newCouncil(t)
	g := c.gateway(t)
	books := openBooks(t, g)
	refuse(t, books, "words that must go")
	if err := books.EnterKeys([]export.KeysBody{{What: "made", Key: "master"}}); err != nil {
		t.Fatal(err)
	}
	before := books.Log().Checkpoint()
	made, err := books.Erase(0, "they had to go")
	if err != nil || made.Index != 2 || made.Kind != register.KindErased {
		t.Fatalf("%+v, %v", made, err)
	}
	for _, index := range []int64{0, 1, 2} {
		if _, err := books.Erase(index, "once more"); !errors.Is(err, register.ErrNotErasable) || finding.HintOf(err) == "" {
			t.Errorf("record %d: %v", index, err)
		}
	}
	if _, err := books.Erase(3, "there is none"); !errors.Is(err, register.ErrNoRecord) {
		t.Errorf("got %v", err)
	}
	books = openBooks(t, g)
	r, err := books.Log().Record(0)
	if err != nil || !r.Erased || string(r.Body) != `{"agreement":"dsa-coventry-fv-2026","version":1,"code":"CLOCK_UNTRUSTED"}` {
		t.Errorf("%s, %v", r.Body, err)
	}
	if _, err := g.Since(books, before.Format()); err != nil {
		t.Error(err)
	}
	if _, err := g.VerifyRegister(books); err != nil {
		t.Error(err)
	}
}

// The keys are recorded once each, and what they are never.
func TestEnterKeys(t *testing.T) {
	c := newCouncil(t)
	g := c.gateway(t)
	items, err := g.Keys.NewCouncil(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := g.CouncilKeys(items)
	if err != nil {
		t.Fatal(err)
	}
	for epoch := 1; epoch <= 2; epoch++ {
		item, err := g.Keys.NewSalt(laCode, "dsa-keys", epoch)
		if err != nil {
			t.Fatal(err)
		}
		key, err := g.SaltKey("dsa-keys", epoch, item)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
		if key, err = g.SaltKey("dsa-keys", epoch, custody.Item{What: "salt"}); err != nil || key.What != "found" {
			t.Errorf("%+v, %v", key, err)
		}
		keys = append(keys, key) // the same key, met again
	}
	books := openBooks(t, g)
	for range 2 {
		if err := books.EnterKeys(keys); err != nil {
			t.Fatal(err)
		}
		books = openBooks(t, g)
	}
	var got []string
	for r, err := range books.Log().Find(export.KindKeys) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(r.Body))
	}
	want := []string{`"what":"found","key":"master"}`, `"key":"signing","fingerprint":"SHA256:`, `"key":"register","fingerprint":"SHA256:`, `"key":"rights"}`,
		`"what":"made","agreement":"dsa-keys","epoch":1,"key":"salt","fingerprint":"`, `"what":"rotated","agreement":"dsa-keys","epoch":2,"key":"salt","fingerprint":"`}
	if len(got) != len(want) {
		t.Fatalf("recorded %q", got)
	}
	for i, body := range got {
		if !strings.Contains(body, want[i]) {
			t.Errorf("recorded %s, want %s", body, want[i])
		}
	}
}

// Somebody who has the register key makes another history. It is sound by itself; what was kept elsewhere tells.
func TestSinceFindsAForkByTheKey(t *testing.T) {
	c := newCouncil(t)
	g := c.gateway(t)
	books := openBooks(t, g)
	refuse(t, books, "the first")
	shared := books.Log().Checkpoint()
	if err := os.CopyFS(c.path("before"), os.DirFS(g.State.RegisterDir())); err != nil {
		t.Fatal(err)
	}
	mark := mustRead(t, c.path("keys", "register.mark"))
	if mark != string(shared.Format()) {
		t.Error("the mark is not the last checkpoint")
	}
	refuse(t, books, "the second")
	refuse(t, books, "the third")
	kept := books.Log().Checkpoint()
	proof, err := books.Log().Proof(1, &shared)
	if err != nil {
		t.Fatal(err)
	}
	asProof, err := proof.Format()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(g.State.RegisterDir()); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(g.State.RegisterDir(), os.DirFS(c.path("before"))); err != nil {
		t.Fatal(err)
	}
	var tamper *register.TamperError
	for _, open := range []func() (*export.Books, error){g.OpenBooks, g.ViewBooks} {
		if _, err := open(); !errors.As(err, &tamper) || tamper.Index != 1 || !strings.Contains(err.Error(), "put back or cut back") {
			t.Errorf("the register was put back: %v", err)
		}
	}
	mustWrite(t, c.path("keys", "register.mark"), mark) // put back with it
	books = openBooks(t, g)
	for _, data := range [][]byte{kept.Format(), asProof} {
		if _, err := g.Since(books, data); !errors.As(err, &tamper) || tamper.Index != 1 {
			t.Errorf("cut back: %v", err)
		}
	}
	for _, words := range []string{"another second", "another third", "another fourth"} {
		refuse(t, books, words)
	}
	if _, err := g.VerifyRegister(books); err != nil {
		t.Errorf("the fork is not sound by itself: %v", err)
	}
	for _, data := range [][]byte{kept.Format(), asProof} {
		_, err := g.Since(books, data)
		if !errors.As(err, &tamper) || tamper.Index != register.Unknown || !strings.Contains(err.Error(), "one of the records 0 to 2 was exchanged") || finding.HintOf(err) == "" {
			t.Errorf("a fork: %v", err)
		}
	}
	if got, err := g.Since(books, shared.Format()); err != nil || got.Size != 1 {
		t.Errorf("what both share: %v", err)
	}
	// A drop whose recipient knows of the shared beginning narrows it down.
	if err := g.State.AppendDrop("dsa-coventry-fv-2026", state.PublishedDrop{
		Sequence: 1, ID: "dsa-coventry-fv-2026/0001-20261121", InputDigest: strings.Repeat("0", 64), SumsSHA256: strings.Repeat("0", 64),
		KeyCheck: strings.Repeat("0", 16), Checkpoint: string(shared.Format()), Store: "dir:drops", Epoch: 1, Published: noon(),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Since(books, kept.Format()); err == nil || !strings.Contains(err.Error(), "one of the records 1 to 2 was exchanged") {
		t.Errorf("a fork after a drop: %v", err)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "text": []byte("text\n"), "another key": []byte(strings.Replace(string(kept.Format()), "=\n", "A\n", 1))} {
		if _, err := g.Since(books, bad); err == nil || finding.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
