package custody

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/pseudonym"
)

const (
	masterHeader = "POSTERN-MASTER-KEY-1 (secret: keep this file 0600)"
	saltMagic    = "POSTERN-SALT-1"
	saltWarning  = "(secret: keep this file 0600)"
)

// What is wrong with the text of a key file. A *pseudonym.WeakSecretError is returned as it is.
var (
	errNotKeyFile   = errors.New("not a key file of this kind")
	errNotCanonical = errors.New("not as Postern writes it")
)

// formatKey writes the text of a key file: header, base64, check. It takes bytes, not a Secret, so that tests can write
// weak ones.
func formatKey(header string, secret []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(header))
	return fmt.Appendf(nil, "%s\n%s\ncheck %x\n", header, base64.StdEncoding.EncodeToString(secret), mac.Sum(nil)[:8])
}

// parseKey accepts exactly what formatKey writes of a good secret. What is weak is said to be weak before anything else
// is wrong with it.
func parseKey(header string, text []byte) (pseudonym.Secret, error) {
	rest, found := bytes.CutPrefix(text, []byte(header+"\n"))
	if !found {
		return pseudonym.Secret{}, errNotKeyFile
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	secret, err := base64.StdEncoding.Strict().AppendDecode(nil, line)
	if err != nil {
		return pseudonym.Secret{}, errNotCanonical
	}
	defer clear(secret)
	s, err := pseudonym.NewSecret(secret)
	if err != nil {
		return pseudonym.Secret{}, err
	}
	canonical := formatKey(header, secret)
	defer clear(canonical)
	if !hmac.Equal(canonical, text) {
		return pseudonym.Secret{}, errNotCanonical
	}
	return s, nil
}

// saltHeader is the first line of a salt file.
func saltHeader(scope pseudonym.Scope) string {
	return fmt.Sprintf("%s %s %s e%d %s", saltMagic, scope.Org, scope.Agreement, scope.Epoch, saltWarning)
}

// parseSalt reads a salt file and whose it is.
func parseSalt(text []byte) (pseudonym.Scope, pseudonym.Secret, error) {
	header, _, _ := bytes.Cut(text, []byte("\n"))
	fields := strings.Split(string(header), " ")
	if len(fields) < 4 || fields[0] != saltMagic {
		return pseudonym.Scope{}, pseudonym.Secret{}, errNotKeyFile
	}
	epoch, ok := parseEpoch(fields[3])
	scope := pseudonym.Scope{Org: fields[1], Agreement: fields[2], Epoch: epoch}
	if !ok || checkScope(scope) != nil || saltHeader(scope) != string(header) {
		return pseudonym.Scope{}, pseudonym.Secret{}, errNotKeyFile
	}
	secret, err := parseKey(string(header), text)
	return scope, secret, err
}

// parseEpoch reads e1, e2, …
func parseEpoch(s string) (int, bool) {
	digits, found := strings.CutPrefix(s, "e")
	epoch, err := strconv.Atoi(digits)
	return epoch, found && err == nil && epoch >= 1 && epoch <= pseudonym.MaxEpoch && strconv.Itoa(epoch) == digits
}

// saltName is the name of a salt's file, without .age.
func saltName(agreement string, epoch int) string { return agreement + ".e" + strconv.Itoa(epoch) }

// parseSaltName is the reverse of saltName, with or without .age.
func parseSaltName(name string) (agreement string, epoch int, ok bool) {
	name = strings.TrimSuffix(name, ageSuffix)
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return "", 0, false
	}
	epoch, ok = parseEpoch(name[dot+1:])
	return name[:dot], epoch, ok && isAgreementID(name[:dot])
}

// checkScope holds a scope to what can be a file's name on every system.
func checkScope(scope pseudonym.Scope) error {
	if err := scope.Validate(); err != nil {
		return err
	}
	if !isAgreementID(scope.Agreement) {
		return errors.New("an agreement's id has lower-case letters, digits and . _ - only, and begins with a letter or digit")
	}
	return nil
}

// isAgreementID accepts 1 to 100 lower-case letters, digits and . _ - after a letter or digit: capitals would make two
// agreements share a file where file names have no case.
func isAgreementID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			continue
		}
		if i == 0 || c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 100
}
