package recipient

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/postern-gateway/postern/pkg/manifest"
)

// withdrawn is an error that means: there is a good notice that the council has withdrawn the drop.
type withdrawn string

func (w withdrawn) Error() string { return string(w) }

// unclear is what to do about a notice that cannot be believed: neither it nor the drop can.
const unclear = " Do not use the drop before you have asked the council, on a number you already have, whether it is withdrawn."

// withdrawal looks for a notice of withdrawal beside the drop.
func (v *verification) withdrawal(ctx context.Context) (string, error) {
	var there [2]bool
	for _, e := range v.entries {
		switch e.Path {
		case manifest.WithdrawnName:
			there[0] = e.Regular
		case manifest.WithdrawnSignatureName:
			there[1] = e.Regular
		}
	}
	switch there {
	case [2]bool{}:
		return "No notice of withdrawal lies beside the drop.", nil
	case [2]bool{true, false}:
		return "", failf("WITHDRAWN lies beside the drop without its signature, WITHDRAWN.sig: the council may be withdrawing it.%s", unclear)
	case [2]bool{false, true}:
		return "", failf("WITHDRAWN.sig lies beside the drop without the notice, WITHDRAWN.%s", unclear)
	}
	text, err := readSmall(ctx, v.src, manifest.WithdrawnName, maxSignature)
	if err != nil {
		return "", err
	}
	armoured, err := readSmall(ctx, v.src, manifest.WithdrawnSignatureName, maxSignature)
	if err != nil {
		return "", err
	}
	w, err := verifyNotice(text, armoured, v.sumsText, v.opt)
	var failed failure
	if errors.As(err, &failed) {
		return "", failf("%s%s", string(failed), unclear)
	}
	if err != nil {
		return "", err
	}
	v.report.Withdrawn = &w
	return "", withdrawn("WITHDRAWN is signed by " + w.Signer + ", and withdraws this drop.")
}

// isNotice reports whether a path is of a notice of withdrawal, which lies beside a drop's files and is none of them.
func isNotice(path string) bool {
	return path == manifest.WithdrawnName || path == manifest.WithdrawnSignatureName
}

func digestOf(data []byte) string { return manifest.Hex(sha256.Sum256(data)) }
