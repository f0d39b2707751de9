package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// badSecrets are values that no master key or salt may have, by what is wrong with them.
func badSecrets() map[string][]byte {
	counting := make([]byte, 32) // the value of the published test vectors
	for i := range counting {
		counting[i] = byte(i)
	}
	return map[string][]byte{
		"short":     counting[:31],
		"long":      append(bytes.Clone(counting), 32),
		"equal":     bytes.Repeat([]byte{7}, 32),
		"text":      []byte("a passphrase of thirty-two bytes"),
		"published": counting,
	}
}

// secret writes a bad secret into a key file, or that of another key file, under the header that the file has. The file is
// well formed: only what it holds is wrong.
func secret(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 2); err != nil {
		return err
	}
	value, ok := badSecrets()[args[1]]
	if !ok {
		lines := strings.Split(ts.ReadFile(args[1]), "\n")
		if len(lines) != 4 {
			return errors.New("there is no such secret")
		}
		var err error
		if value, err = base64.StdEncoding.DecodeString(lines[1]); err != nil {
			return err
		}
	}
	header, _, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	mac := hmac.New(sha256.New, value)
	mac.Write([]byte(header))
	return rewrite(ts, args[0], fmt.Appendf(nil, "%s\n%s\ncheck %x\n", header, base64.StdEncoding.EncodeToString(value), mac.Sum(nil)[:8]))
}
