package manifest

import (
	"errors"
	"regexp"
)

// ClaimName is the first object of a drop. It holds the drop's id and a nonce, by which an exporter that lost the
// store's answer tells its own attempt from another's; nothing else may be in it.
const ClaimName = "CLAIM"

var claimForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}/[0-9]{4,16}-[0-9]{8} [0-9a-f]{32}\n$`)

// Claim writes a claim: the drop's id, a space, 32 hexadecimal digits of nonce, a line feed.
func Claim(drop, nonce string) ([]byte, error) {
	claim := []byte(drop + " " + nonce + "\n")
	if !claimForm.Match(claim) {
		return nil, errors.New("claim: not a drop's id and a nonce of 32 hexadecimal digits")
	}
	return claim, nil
}

// IsClaim reports whether data is a claim to the drop, exactly as Claim writes it.
func IsClaim(data []byte, drop string) bool {
	return claimForm.Match(data) && string(data[:len(data)-len(" ")-32-1]) == drop
}
