package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
)

var (
	message = []byte("f1c9…  children.parquet\n")
	at      = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

func allow(keys ...ssh.PublicKey) AllowedSigners {
	var list AllowedSigners
	for i, k := range keys {
		list = append(list, Signer{Principal: fmt.Sprintf("signer-%d@council.example", i), Key: k})
	}
	return list
}

var acceptedKinds = []string{"ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-3072", "sk-ed25519", "sk-ecdsa"}

func TestSignedByEachKindOfKeyVerifies(t *testing.T) {
	for _, kind := range acceptedKinds {
		t.Run(kind, func(t *testing.T) {
			signer, other := newSigner(t, kind), newSigner(t, "ed25519")
			armoured, err := Sign(signer, DropNamespace, message)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Verify(message, armoured, DropNamespace, allow(other.PublicKey(), signer.PublicKey()), at)
			if err != nil {
				t.Fatal(err)
			}
			if got.Principal != "signer-1@council.example" || !sameKey(got.Key, signer.PublicKey()) {
				t.Errorf("Verify names %q", got.Principal)
			}
			if _, err := Verify(message, armoured, DecisionNamespace, allow(signer.PublicKey()), at); !errors.Is(err, ErrSignature) || !strings.Contains(finding.HintOf(err), DecisionNamespace) {
				t.Errorf("another namespace: %v", err)
			}
			if _, err := Verify(append([]byte("x"), message...), armoured, DropNamespace, allow(signer.PublicKey()), at); !errors.Is(err, ErrSignature) {
				t.Errorf("another message: %v", err)
			}
			if _, err := Verify(message, armoured, DropNamespace, allow(other.PublicKey()), at); !errors.Is(err, ErrNotAllowed) {
				t.Errorf("another key allowed: %v", err)
			}
			if _, err := Verify(message, armoured, DropNamespace, nil, at); !errors.Is(err, ErrNotAllowed) {
				t.Errorf("nobody allowed: %v", err)
			}
		})
	}
}

// mutations are the whole-byte and the one-bit changes of a byte.
func mutations(b byte) []byte {
	out := []byte{b ^ 0xff, 0}
	for bit := range 8 {
		out = append(out, b^1<<bit)
	}
	return out
}

func TestEveryMutationIsRefused(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa-256", "rsa-3072", "sk-ed25519", "sk-ecdsa"} {
		t.Run(kind, func(t *testing.T) {
			signer := newSigner(t, kind)
			allowed := allow(signer.PublicKey())
			armoured, err := Sign(signer, DropNamespace, message)
			if err != nil {
				t.Fatal(err)
			}
			refused := func(what string, message, armoured []byte) {
				_, err := Verify(message, armoured, DropNamespace, allowed, at)
				if err == nil {
					t.Errorf("%s: accepted", what)
				} else if !errors.Is(err, ErrSignature) && !errors.Is(err, ErrNotAllowed) {
					t.Errorf("%s: neither ErrSignature nor ErrNotAllowed: %v", what, err)
				} else if finding.HintOf(err) == "" {
					t.Errorf("%s: no hint: %v", what, err)
				}
			}
			each := func(data []byte, try func([]byte)) {
				for i, b := range data {
					changes := mutations(b)
					if kind == "rsa-3072" {
						changes = changes[:1] // the arithmetic is slow
					}
					for _, m := range changes {
						if m != b {
							changed := bytes.Clone(data)
							changed[i] = m
							try(changed)
						}
					}
					try(data[:i])                                                // cut off
					try(append(append(bytes.Clone(data[:i]), 'A'), data[i:]...)) // one byte more
				}
				try(append(bytes.Clone(data), 'A'))
			}
			each(message, func(m []byte) { refused("message", m, armoured) })
			each(armoured, func(m []byte) { refused("armour", message, m) })
			blob, err := unarmour(armoured)
			if err != nil {
				t.Fatal(err)
			}
			each(blob, func(m []byte) { refused("signature", message, armour(m)) })
		})
	}
}

// signWith frames a signature as the specification says, with the given parts, so that each can be made wrong.
func signWith(t *testing.T, signer ssh.Signer, hash, namespace, reserved string, change func(*ssh.Signature)) []byte {
	t.Helper()
	sig, err := sshsig.Sign(bytes.NewReader(message), signer, sshsig.HashAlgorithm(hash), namespace)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(sig.Signature)
	}
	blob := append([]byte("SSHSIG"), ssh.Marshal(struct {
		Version                                        uint32
		Key, Namespace, Reserved, Hash, InnerSignature string
	}{1, string(sig.PublicKey.Marshal()), namespace, reserved, hash, string(ssh.Marshal(sig.Signature))})...)
	return armour(blob)
}

func TestWhatTheLibrariesLetPassIsRefused(t *testing.T) {
	plain, ec, rsaSigner := newSigner(t, "ed25519"), newSigner(t, "ecdsa-256"), newSigner(t, "rsa-3072")
	for _, c := range []struct {
		name     string
		signer   ssh.Signer
		armoured []byte
		want     error // nil: accepted
	}{
		{"sha512", plain, signWith(t, plain, "sha512", DropNamespace, "", nil), nil},
		{"sha256", plain, signWith(t, plain, "sha256", DropNamespace, "", nil), nil},
		{"reserved bytes", plain, signWith(t, plain, "sha512", DropNamespace, "x", nil), ErrSignature},
		{"trailing field", plain, signWith(t, plain, "sha512", DropNamespace, "", func(s *ssh.Signature) { s.Rest = []byte{1} }), ErrSignature},
		{"flags on a software key", plain, signWith(t, plain, "sha512", DropNamespace, "", func(s *ssh.Signature) { s.Rest = []byte{1, 0, 0, 0, 7} }), ErrSignature},
		{"64 columns", plain, pemArmour(t, signWith(t, plain, "sha512", DropNamespace, "", nil)), ErrSignature},
		{"CRLF", plain, bytes.ReplaceAll(signWith(t, plain, "sha512", DropNamespace, "", nil), []byte("\n"), []byte("\r\n")), ErrSignature},
		{"text before", plain, append([]byte("hello\n"), signWith(t, plain, "sha512", DropNamespace, "", nil)...), ErrSignature},
		{"text after", plain, append(signWith(t, plain, "sha512", DropNamespace, "", nil), '\n'), ErrSignature},
		{"two signatures", plain, bytes.Repeat(signWith(t, plain, "sha512", DropNamespace, "", nil), 2), ErrSignature},
		{"empty", plain, nil, ErrSignature},
		{"huge", plain, bytes.Repeat([]byte("A"), 1<<20), ErrSignature},
		{"ecdsa with a padded number", ec, signWith(t, ec, "sha512", DropNamespace, "", func(s *ssh.Signature) { s.Blob = padded(t, s.Blob) }), ErrSignature},
		{"rsa", rsaSigner, signWith(t, rsaSigner, "sha512", DropNamespace, "", nil), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Verify(message, c.armoured, DropNamespace, allow(c.signer.PublicKey()), at)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// pemArmour re-writes an armoured signature with the line length of encoding/pem.
func pemArmour(t *testing.T, armoured []byte) []byte {
	t.Helper()
	block, rest := pem.Decode(armoured)
	if block == nil || len(rest) > 0 {
		t.Fatal("encoding/pem does not read the armour")
	}
	return pem.EncodeToMemory(block)
}

// padded writes the first number of an ECDSA signature with a zero byte that it does not need.
func padded(t *testing.T, blob []byte) []byte {
	t.Helper()
	var n struct{ R, S *big.Int }
	if err := ssh.Unmarshal(blob, &n); err != nil {
		t.Fatal(err)
	}
	return ssh.Marshal(struct{ R, S string }{"\x00\x00" + string(n.R.Bytes()), "\x00" + string(n.S.Bytes())})
}

func TestRSASignatureOfAnotherAlgorithmOrLength(t *testing.T) {
	signer := newSigner(t, "rsa-3072").(ssh.AlgorithmSigner)
	allowed := allow(signer.PublicKey())
	sign := func(algorithm string) *sshsig.Signature {
		sig, err := sshsig.Sign(bytes.NewReader(message), algorithmSigner{signer, algorithm}, sshsig.HashSHA512, DropNamespace)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	if _, err := Verify(message, armour(sign(ssh.KeyAlgoRSASHA256).Marshal()), DropNamespace, allowed, at); !errors.Is(err, ErrSignature) {
		t.Errorf("rsa-sha2-256: %v", err)
	}
	sig := sign(ssh.KeyAlgoRSASHA512)
	if _, err := Verify(message, armour(sig.Marshal()), DropNamespace, allowed, at); err != nil {
		t.Errorf("rsa-sha2-512: %v", err)
	}
	// OpenSSH and x/crypto take a signature without its leading zero bytes, so one signature would have two forms.
	whole := sig.Signature.Blob
	sig.Signature.Blob = whole[1:]
	if err := checkFields(sig); !errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), "length") {
		t.Errorf("one byte shorter than the key: %v", err)
	}
	sig.Signature.Blob = append([]byte{0}, whole...)
	if _, err := Verify(message, armour(sig.Marshal()), DropNamespace, allowed, at); !errors.Is(err, ErrSignature) {
		t.Errorf("one byte longer than the key: %v", err)
	}
}

// algorithmSigner signs with its own algorithm whatever it is asked for.
type algorithmSigner struct {
	ssh.AlgorithmSigner
	algorithm string
}

func (a algorithmSigner) SignWithAlgorithm(r io.Reader, data []byte, _ string) (*ssh.Signature, error) {
	return a.AlgorithmSigner.SignWithAlgorithm(r, data, a.algorithm)
}

func TestHardwareKeyMustStateUserPresence(t *testing.T) {
	for _, kind := range []string{"sk-ed25519", "sk-ecdsa"} {
		for flags, want := range map[byte]error{0x01: nil, 0x05: nil, 0x00: ErrSignature, 0x04: ErrSignature, 0xfe: ErrSignature} {
			key := newToken(t, kind, flags)
			armoured := signWith(t, key, "sha512", DecisionNamespace, "", nil)
			_, err := Verify(message, armoured, DecisionNamespace, allow(key.PublicKey()), at)
			if !errors.Is(err, want) {
				t.Errorf("%s, flags %#02x: got %v, want %v", kind, flags, err, want)
			}
			if want != nil && !strings.Contains(err.Error(), "somebody touched it") {
				t.Errorf("%s, flags %#02x: refused by a library, not by this package: %v", kind, flags, err)
			}
			if _, err := Sign(key, DecisionNamespace, message); (err == nil) != (want == nil) {
				t.Errorf("%s, flags %#02x: Sign: %v", kind, flags, err)
			}
		}
	}
}

func TestKeysThatMayNotSign(t *testing.T) {
	weak := newSigner(t, "rsa-2048")
	ca, holder := newSigner(t, "ed25519"), newSigner(t, "ed25519")
	cert := &ssh.Certificate{Key: holder.PublicKey(), CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(zeroes{}, ca); err != nil {
		t.Fatal(err)
	}
	certified, err := ssh.NewCertSigner(cert, holder)
	if err != nil {
		t.Fatal(err)
	}
	for name, signer := range map[string]ssh.Signer{"rsa of 2048 bits": weak, "certificate": certified} {
		t.Run(name, func(t *testing.T) {
			if _, err := Sign(signer, DropNamespace, message); err == nil || finding.HintOf(err) == "" {
				t.Errorf("Sign: %v, hint %q", err, finding.HintOf(err))
			}
			armoured := signWith(t, signer, "sha512", DropNamespace, "", nil)
			if _, err := Verify(message, armoured, DropNamespace, allow(holder.PublicKey()), at); !errors.Is(err, ErrNotAllowed) {
				t.Errorf("Verify: %v", err)
			}
			if _, err := allow(signer.PublicKey()).Format(); err == nil {
				t.Error("listed as allowed")
			}
		})
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestSigningTwiceWithEd25519GivesTheSameBytes(t *testing.T) {
	signer := newSigner(t, "ed25519")
	one, err1 := Sign(signer, DropNamespace, message)
	two, err2 := Sign(signer, DropNamespace, message)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("two signatures of one message differ")
	}
}

func TestUnusableNamespaces(t *testing.T) {
	signer := newSigner(t, "ed25519")
	for _, n := range []string{"", " ", "a b", "a,b", "post*", "a\n", `"`, "café", strings.Repeat("n", maxNamespace+1)} {
		if _, err := Sign(signer, n, message); err == nil {
			t.Errorf("Sign takes namespace %q", n)
		}
		_, err := Verify(message, nil, n, allow(signer.PublicKey()), at)
		if err == nil || errors.Is(err, ErrSignature) || errors.Is(err, ErrNotAllowed) {
			t.Errorf("Verify with namespace %q: %v", n, err)
		}
	}
}

func TestArmourOfEveryLength(t *testing.T) {
	for n := range 300 {
		blob := bytes.Repeat([]byte{byte(n)}, n)
		armoured := armour(blob)
		if bytes.Contains(armoured, []byte("\n\n")) {
			t.Errorf("%d bytes: an empty line", n)
		}
		got, err := unarmour(armoured)
		if err != nil || !bytes.Equal(got, blob) {
			t.Errorf("%d bytes: %v", n, err)
		}
		block, _ := pem.Decode(armoured)
		if block == nil || block.Type != sshsig.PEMType || !bytes.Equal(block.Bytes, blob) {
			t.Errorf("%d bytes: encoding/pem reads something else", n)
		}
	}
}

func FuzzUnarmour(f *testing.F) {
	f.Add(armour([]byte("SSHSIG")))
	f.Add([]byte(armourBegin + base64.StdEncoding.EncodeToString([]byte("x")) + "\n" + armourEnd))
	f.Add([]byte(armourBegin + armourEnd))
	f.Fuzz(func(t *testing.T, data []byte) {
		blob, err := unarmour(data)
		if err == nil && !bytes.Equal(armour(blob), data) {
			t.Errorf("accepted %q, which is not what armour writes", data)
		}
		if sig, err := parse(data); err == nil && !bytes.Equal(armour(sig.Marshal()), data) {
			t.Errorf("accepted %q, which is not the signature's one encoding", data)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	signer := newSigner(b, "ed25519")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(signer, DropNamespace, message); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	signer := newSigner(b, "ed25519")
	armoured, err := Sign(signer, DropNamespace, message)
	if err != nil {
		b.Fatal(err)
	}
	allowed := allow(signer.PublicKey())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Verify(message, armoured, DropNamespace, allowed, at); err != nil {
			b.Fatal(err)
		}
	}
}
