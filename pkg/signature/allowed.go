package signature

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/postern-gateway/postern/pkg/finding"
)

// Signer is one line of a list of allowed signers: whose key it is, what for, and when.
type Signer struct {
	Principal   string        // whose key: an e-mail address or another name without spaces, quotes, commas, * ? ! and #
	Namespaces  []string      // what it may sign; none: anything
	ValidAfter  time.Time     // first second of validity, whole seconds; zero: no beginning
	ValidBefore time.Time     // last second of validity (ssh-keygen too counts it in), whole seconds; zero: no end
	Key         ssh.PublicKey // Ed25519, ECDSA, RSA of 3072 bits or more, or a hardware key
}

// AllowedSigners is a list of allowed signers, in the order of the file. One key stands for one principal: a key
// listed under two names would leave open who signed.
type AllowedSigners []Signer

const (
	maxAllowed   = 256 << 10 // bytes of a list
	maxPrincipal = 128       // bytes
)

// ParseAllowedSigners reads a list of allowed signers, accepting exactly what Format writes:
//
//	principal [namespaces="a,b"][,valid-after="T"][,valid-before="T"] keytype base64
//
// one line each, one space between words, options in this order, LF line ends. T is YYYYMMDD[HHMM[SS]]Z in UTC, as
// short as it can be written. ssh-keygen reads every such line and means the same; of what else it reads, this does
// not accept patterns, several principals on a line, certificate authorities, comments, and times without Z (which
// ssh-keygen takes in the zone of whatever machine it runs on). An option that is not known is an error: it might be
// the one that restricts the key.
//
// All mistakes are returned at once, each with its line; no error repeats text of the file.
func ParseAllowedSigners(data []byte) (AllowedSigners, error) {
	if len(data) > maxAllowed {
		return nil, finding.WithHint(fmt.Errorf("the list of allowed signers is larger than %d bytes", maxAllowed), "keep a list of its own for Postern")
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		return nil, finding.WithHint(errors.New("the list of allowed signers is empty or its last line is cut off"),
			"write one line for each signer, each ending in a line feed")
	}
	var list AllowedSigners
	var wrong []error
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		signer, err := parseSigner(line)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("allowed signers: line %d: %w", i+1, hintOr(err, "correct the line, or copy it again from postern keys show --allowed-signers")))
			continue
		}
		list = append(list, signer)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return list, list.check()
}

func parseSigner(line string) (Signer, error) {
	words := strings.Split(line, " ")
	if len(words) != 3 && len(words) != 4 {
		return Signer{}, finding.WithHint(errors.New("not a principal, options, a kind of key and a key, with one space between"),
			`write for example: dpo@council.example namespaces="postern-decision@v1" ssh-ed25519 AAAA…`)
	}
	signer := Signer{Principal: words[0]}
	if len(words) == 4 {
		if err := signer.parseOptions(words[1]); err != nil {
			return Signer{}, err
		}
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(words[len(words)-1])
	if err != nil {
		return Signer{}, errors.New("the key is not base64")
	}
	if signer.Key, err = parseKey(words[len(words)-2], blob); err != nil {
		return Signer{}, err
	}
	again, err := signer.format()
	if err != nil {
		return Signer{}, err
	}
	if again != line {
		return Signer{}, finding.WithHint(errors.New("the options are not in their one form"),
			`write namespaces, valid-after, valid-before in this order, once each, with commas between, and times as short as they go: "20260401Z"`)
	}
	return signer, nil
}

func (s *Signer) parseOptions(text string) error {
	for text != "" {
		name, rest, found := strings.Cut(text, `="`)
		value, rest, closed := strings.Cut(rest, `"`)
		if !found || !closed {
			return finding.WithHint(errors.New("options are not understood"), `write each as name="value", with commas between`)
		}
		var err error
		switch name {
		case "namespaces":
			s.Namespaces = strings.Split(value, ",")
		case "valid-after":
			s.ValidAfter, err = parseTime(value)
		case "valid-before":
			s.ValidBefore, err = parseTime(value)
		default:
			return finding.WithHint(errors.New("unknown option"), "the options are namespaces, valid-after and valid-before")
		}
		if err != nil {
			return err
		}
		text = strings.TrimPrefix(rest, ",")
	}
	return nil
}

// The forms of a time, shortest first.
const (
	timeDay    = "20060102Z"
	timeMinute = "200601021504Z"
	timeSecond = "20060102150405Z"
)

func parseTime(text string) (time.Time, error) {
	for _, form := range []string{timeDay, timeMinute, timeSecond} {
		// time.Parse takes a fraction of a second that the form does not ask for; the length says there is none.
		if t, err := time.Parse(form, text); err == nil && len(text) == len(form) {
			return t, nil
		}
	}
	return time.Time{}, finding.WithHint(errors.New("a time is not understood"), "write YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ, in UTC with its Z")
}

func formatTime(t time.Time) string {
	t = t.UTC()
	switch {
	case t.Second() != 0:
		return t.Format(timeSecond)
	case t.Hour() != 0 || t.Minute() != 0:
		return t.Format(timeMinute)
	default:
		return t.Format(timeDay)
	}
}

// Format writes the list as ParseAllowedSigners and ssh-keygen read it.
func (a AllowedSigners) Format() ([]byte, error) {
	if len(a) == 0 {
		return nil, errors.New("no signers to list")
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, s := range a {
		line, err := s.format()
		if err != nil {
			return nil, err
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// format writes one line, without its line end, and says what is wrong with a signer that has none.
func (s Signer) format() (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	var options []string
	if len(s.Namespaces) > 0 {
		options = append(options, `namespaces="`+strings.Join(s.Namespaces, ",")+`"`)
	}
	if !s.ValidAfter.IsZero() {
		options = append(options, `valid-after="`+formatTime(s.ValidAfter)+`"`)
	}
	if !s.ValidBefore.IsZero() {
		options = append(options, `valid-before="`+formatTime(s.ValidBefore)+`"`)
	}
	words := []string{s.Principal}
	if len(options) > 0 {
		words = append(words, strings.Join(options, ","))
	}
	return strings.Join(append(words, s.Key.Type(), base64.StdEncoding.EncodeToString(s.Key.Marshal())), " "), nil
}

func (s Signer) check() error {
	ok := s.Principal != "" && len(s.Principal) <= maxPrincipal
	for i := 0; ok && i < len(s.Principal); i++ {
		ok = '!' < s.Principal[i] && s.Principal[i] <= '~' && !strings.ContainsRune(`"#*,?`, rune(s.Principal[i]))
	}
	if !ok {
		return finding.WithHint(errors.New("the principal is not usable"), `write an e-mail address, or a name without spaces, quotes, commas, * ? ! and #`)
	}
	for _, n := range s.Namespaces {
		if err := checkNamespace(n); err != nil {
			return err
		}
	}
	for _, t := range []time.Time{s.ValidAfter, s.ValidBefore} {
		// ssh-keygen counts seconds from 1970 in its own way and takes 0 as "not given".
		if !t.IsZero() && (t.Unix() <= 0 || t.UTC().Year() > 9999 || t.Nanosecond() != 0) {
			return errors.New("a time of validity is not a whole second from 1970 to 9999")
		}
	}
	if !s.ValidAfter.IsZero() && !s.ValidBefore.IsZero() && !s.ValidBefore.After(s.ValidAfter) {
		return errors.New("valid-before is not after valid-after")
	}
	if s.Key == nil {
		return errors.New("no key")
	}
	return acceptable(s.Key)
}

// check refuses a list in which a key stands for two principals.
func (a AllowedSigners) check() error {
	owner := make(map[string]string, len(a))
	for i, s := range a {
		if err := s.check(); err != nil {
			return fmt.Errorf("allowed signers: signer %d: %w", i+1, hintOr(err, "correct the line of this signer"))
		}
		id := string(s.Key.Marshal())
		if name, seen := owner[id]; seen && name != s.Principal {
			return finding.WithHint(fmt.Errorf("allowed signers: signer %d: key %s stands under two principals", i+1, Fingerprint(s.Key)),
				"give each person a key of their own")
		}
		owner[id] = s.Principal
	}
	return nil
}

// find returns the first line that allows the key, or says what the key lacks.
func (a AllowedSigners) find(key ssh.PublicKey, namespace string, at time.Time) (Signer, error) {
	at = at.Truncate(time.Second)
	listed, named := false, false
	for _, s := range a {
		if !sameKey(s.Key, key) {
			continue
		}
		listed = true
		if len(s.Namespaces) > 0 && !slices.Contains(s.Namespaces, namespace) {
			continue
		}
		named = true
		if at.Before(s.ValidAfter) || !s.ValidBefore.IsZero() && at.After(s.ValidBefore) {
			continue
		}
		return s, nil
	}
	switch {
	case named:
		return Signer{}, finding.WithHint(fmt.Errorf("%w: key %s is listed, but not for %s", ErrNotAllowed, Fingerprint(key), at.UTC().Format(time.RFC3339)),
			"check the clock, and valid-after and valid-before of the key's line")
	case listed:
		return Signer{}, finding.WithHint(fmt.Errorf("%w: key %s is listed, but not for namespace %s", ErrNotAllowed, Fingerprint(key), namespace),
			"sign with the key that is listed for it")
	default:
		return Signer{}, finding.WithHint(fmt.Errorf("%w: key %s is not listed", ErrNotAllowed, Fingerprint(key)),
			"compare the fingerprint with the one you were given by another way; if it is right, add the key to the allowed signers")
	}
}
