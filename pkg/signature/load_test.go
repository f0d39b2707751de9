package signature

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestLoadSignerFromAPrivateKeyFile(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa-384", "rsa-3072"} {
		key := privateKey(t, kind)
		signer, err := LoadSigner(writeKey(t, key, ""))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		signsAndVerifies(t, signer)
	}
}

func signsAndVerifies(t *testing.T, signer ssh.Signer) {
	t.Helper()
	armoured, err := Sign(signer, DecisionNamespace, message)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(message, armoured, DecisionNamespace, allow(signer.PublicKey()), at); err != nil {
		t.Fatal(err)
	}
}

func TestLoadSignerRefuses(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		writeFile(t, path, []byte(text), 0o600)
		return path
	}
	const canary = "c2VjcmV0LWtleS1ieXRlcw=="
	locked := writeKey(t, privateKey(t, "ed25519"), "correct horse")
	open := writeKey(t, privateKey(t, "ed25519"), "")
	if err := os.Chmod(open, 0o640); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want, hint string }{
		{"absent", filepath.Join(dir, "absent"), "absent", ".pub"},
		{"a folder", dir, "not a file", "key file"},
		{"encrypted", locked, "passphrase", "ssh-add " + locked + ") and pass the public key (" + locked + ".pub)"},
		{"open to others", open, "other users", "chmod 600"},
		{"not a key", file("text", canary), "neither", ".pub"},
		{"empty", file("empty", ""), "neither", ".pub"},
		{"too large", file("large", strings.Repeat("x", maxKeyFile+1)), "too large", "key file"},
		{"damaged", file("damaged", "-----BEGIN OPENSSH PRIVATE KEY-----\n"+canary+"\n-----END OPENSSH PRIVATE KEY-----\n"), "cannot be read", "ssh-keygen"},
		{"weak", writeKey(t, privateKey(t, "rsa-2048"), ""), "2048 bits", "ssh-keygen -t ed25519"},
		{"weak public key", writeKey(t, privateKey(t, "rsa-2048"), "") + ".pub", "2048 bits", "ssh-keygen -t ed25519"},
		{"two public keys", file("two.pub", testKey+"\n"+testKey+"\n"), "neither", ".pub"},
		{"options before a public key", file("options.pub", `command="x" `+testKey+"\n"), "neither", ".pub"},
		{"no agent", open + ".pub", "no ssh-agent", "ssh-add"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && c.name == "open to others" {
				t.Skip("Windows has no permission bits")
			}
			_, err := LoadSigner(c.path)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("error %q, want %q in it", err, c.want)
			}
			if !strings.Contains(finding.HintOf(err), c.hint) {
				t.Errorf("hint %q, want %q in it", finding.HintOf(err), c.hint)
			}
		})
	}
}

// serveAgent runs an agent that holds the keys, and names it in the environment.
func serveAgent(t *testing.T, keys ...any) agent.Agent {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("ssh-agent is reached by a socket")
	}
	dir, err := os.MkdirTemp("", "agent") // a socket's path is limited to about 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	ring := agent.NewKeyring()
	for _, k := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: k}); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = agent.ServeAgent(ring, conn) // ends with the connection
			}()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	return ring
}

func TestLoadSignerThroughTheAgent(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa-256", "rsa-3072"} {
		t.Run(kind, func(t *testing.T) {
			key := privateKey(t, kind)
			path := writeKey(t, key, "") + ".pub" // only the public key is read
			ring := serveAgent(t, privateKey(t, "ed25519"), key)
			signer, err := LoadSigner(path)
			if err != nil {
				t.Fatal(err)
			}
			signsAndVerifies(t, signer)

			if err := ring.RemoveAll(); err != nil {
				t.Fatal(err)
			}
			if _, err := Sign(signer, DecisionNamespace, message); err == nil || !strings.Contains(finding.HintOf(err), "ssh-add") {
				t.Errorf("the agent lost the key: %v, hint %q", err, finding.HintOf(err))
			}
			if _, err := LoadSigner(path); err == nil || !strings.Contains(finding.HintOf(err), "ssh-add") {
				t.Errorf("the agent has not the key: %v, hint %q", err, finding.HintOf(err))
			}
		})
	}
}

func TestLoadSignerWithAnAgentThatIsGone(t *testing.T) {
	path := writeKey(t, privateKey(t, "ed25519"), "") + ".pub"
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(t.TempDir(), "gone"))
	if _, err := LoadSigner(path); err == nil || !strings.Contains(finding.HintOf(err), "SSH_AUTH_SOCK") {
		t.Errorf("got %v, hint %q", err, finding.HintOf(err))
	}
}
