//go:build unix

package export_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

func TestStraceKill(t *testing.T) {
	k := newKilling(t)
	for _, call := range []string{"fsync", "write", "openat", "unlinkat", "renameat", "linkat", "mkdirat", "pwrite64", "close"} {
		hits := 0
		for n := 1; n < 400; n++ {
			k.fresh(t)
			text, _ := json.Marshal(k.order())
			self, _ := os.Executable()
			cmd := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, n), self)
			cmd.Env = append(os.Environ(), childVariable+"="+string(text), "GOMAXPROCS=1")
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Log(call, "ended at", n, string(out))
				break
			}
			hits++
			t.Run(fmt.Sprintf("%s-%d", call, n), func(t *testing.T) { k.recovers(t) })
		}
		t.Log(call, hits)
	}
}
