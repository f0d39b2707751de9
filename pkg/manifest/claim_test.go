package manifest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/manifest"
)

func TestClaim(t *testing.T) {
	const drop, nonce = "dsa-coventry-fv-2026/0007-20261121", "00112233445566778899aabbccddeeff"
	claim, err := manifest.Claim(drop, nonce)
	if err != nil || string(claim) != drop+" "+nonce+"\n" || !manifest.IsClaim(claim, drop) {
		t.Fatalf("claim %q, error %v", claim, err)
	}
	if manifest.IsClaim(claim, "dsa-coventry-fv-2026/0008-20261121") || manifest.IsClaim(claim[:len(claim)-1], drop) || manifest.IsClaim(nil, drop) {
		t.Error("taken for a claim to another drop, or without its end")
	}
	for i := range claim {
		changed := bytes.Clone(claim)
		changed[i] ^= 1 << (i % 8)
		if i <= len(drop) && manifest.IsClaim(changed, drop) {
			t.Errorf("byte %d changed: still a claim to the drop", i)
		}
	}
	for name, pair := range map[string][2]string{
		"short nonce": {drop, nonce[1:]}, "upper case": {drop, strings.ToUpper(nonce)}, "no drop": {"", nonce},
		"words": {drop, "from srv-cov-01 " + nonce}, "no date": {"dsa-coventry-fv-2026/0007", nonce},
	} {
		if _, err := manifest.Claim(pair[0], pair[1]); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}
