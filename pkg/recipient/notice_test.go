package recipient_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/recipient/recipienttest"
	"github.com/postern-gateway/postern/pkg/signature"
)

func notice() recipient.Notice {
	return recipient.Notice{
		Drop: "dsa-coventry-fv-2026/0007-20261121", SumsSHA256: strings.Repeat("5f", 32), Reason: "the extract of another year was used",
		Time: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
	}
}

// The form of a notice, byte for byte: recipients keep them.
func TestNoticeForm(t *testing.T) {
	const want = "postern-withdrawal v1\n" +
		"drop: dsa-coventry-fv-2026/0007-20261121\n" +
		"sums-sha256: 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f\n" +
		"reason: the extract of another year was used\n" +
		"time: 2026-11-22T09:30:00Z\n" +
		"next: do not use this drop; destroy every copy of it, back-ups too, and tell the council that you have\n"
	got, err := notice().Format()
	if err != nil || string(got) != want {
		t.Fatalf("%v:\n%s", err, got)
	}
	for name, change := range map[string]func(*recipient.Notice){
		"no drop":          func(n *recipient.Notice) { n.Drop = "" },
		"a drop's number":  func(n *recipient.Notice) { n.Drop = "0007-20261121" },
		"a path":           func(n *recipient.Notice) { n.Drop = "../dsa/0007-20261121" },
		"no digest":        func(n *recipient.Notice) { n.SumsSHA256 = "" },
		"capitals":         func(n *recipient.Notice) { n.SumsSHA256 = strings.ToUpper(n.SumsSHA256) },
		"no reason":        func(n *recipient.Notice) { n.Reason = "" },
		"two lines":        func(n *recipient.Notice) { n.Reason = "one\nnext: use it" },
		"a space before":   func(n *recipient.Notice) { n.Reason = " x" },
		"hidden direction": func(n *recipient.Notice) { n.Reason = "x\u202ey" },
		"too long":         func(n *recipient.Notice) { n.Reason = strings.Repeat("x", recipient.MaxReason+1) },
		"no time":          func(n *recipient.Notice) { n.Time = time.Time{} },
	} {
		n := notice()
		change(&n)
		if _, err := n.Format(); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

// What ParseNotice takes, Format writes again, byte for byte; and of a good notice no byte can change unnoticed.
func FuzzParseNotice(f *testing.F) {
	good, err := notice().Format()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	for i := range good {
		changed := bytes.Clone(good)
		changed[i] ^= 1
		f.Add(changed)
	}
	f.Add([]byte("postern-withdrawal v2\n"))
	f.Add(bytes.Replace(good, []byte("09:30:00Z"), []byte("09:30:00+00:00"), 1))
	f.Add(bytes.Replace(good, []byte("09:30:00Z"), []byte("09:30:00.5Z"), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := recipient.ParseNotice(data)
		if err != nil {
			return
		}
		again, err := n.Format()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("read, and written otherwise (%v)", err)
		}
	})
}

// A drop with a good notice is withdrawn; with one that cannot be believed it is not verified either; and what is no notice
// of it says nothing else about it.
func TestWithdrawal(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	other := makeDrop(t, c, 8, d, recipienttest.Changes{})
	text, armoured, err := c.Notice(d, "the extract of another year was used")
	if err != nil {
		t.Fatal(err)
	}
	ofOther, signedOther, err := c.Notice(other, "the extract of another year was used")
	if err != nil {
		t.Fatal(err)
	}
	sign := func(namespace string, message []byte) []byte {
		signed, err := signature.Sign(c.DropKey, namespace, message)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	stranger, err := recipienttest.Key(9)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := signature.Sign(stranger, signature.WithdrawalNamespace, text)
	if err != nil {
		t.Fatal(err)
	}
	byRegister, err := signature.Sign(c.RegisterKey, signature.WithdrawalNamespace, text)
	if err != nil {
		t.Fatal(err)
	}
	reworded := bytes.Replace(text, []byte("another"), []byte("a wrong"), 1)
	for name, x := range map[string]struct {
		text, armoured []byte
		withdrawn      bool
		says           string // of the check that failed; "" when none may
	}{
		"none":                {nil, nil, false, ""},
		"good":                {text, armoured, true, ""},
		"without a signature": {text, nil, false, "without its signature"},
		"signature alone":     {nil, armoured, false, "without the notice"},
		"of another drop":     {ofOther, signedOther, false, "about another drop, dsa-coventry-fv-2026/0008-"},
		"reworded":            {reworded, armoured, false, "not a signature of this WITHDRAWN"},
		"a stranger's":        {text, forged, false, "does not have for postern-withdrawal@v1"},
		"the register's":      {text, byRegister, false, "does not have for postern-withdrawal@v1"},
		"other namespace":     {text, sign(signature.DropNamespace, text), false, "not a signature of this WITHDRAWN"},
		"no notice":           {[]byte("withdrawn\n"), sign(signature.WithdrawalNamespace, []byte("withdrawn\n")), false, "not as the gateway writes it"},
		"empty":               {[]byte{}, []byte{}, false, "not as the gateway writes it"},
	} {
		src := source(d)
		if x.text != nil {
			src.files[manifest.WithdrawnName] = x.text
		}
		if x.armoured != nil {
			src.files[manifest.WithdrawnSignatureName] = x.armoured
		}
		r, err := recipient.Verify(t.Context(), src, recipient.Options{AllowedSigners: c.AllowedSigners(), Now: now()})
		if err != nil {
			t.Fatal(err)
		}
		want := []string(nil)
		if x.says != "" {
			want = []string{"withdrawal"}
		}
		if got := failed(r); !slices.Equal(got, want) || !strings.Contains(describe(r), x.says) {
			t.Errorf("%s: %v failed: %s", name, got, describe(r))
		}
		if r.Verified != (name == "none") || (r.Withdrawn != nil) != x.withdrawn {
			t.Errorf("%s: verified %v, withdrawn %v", name, r.Verified, r.Withdrawn)
		}
		if r.Drop == nil || r.Drop.ID != d.Manifest.Drop.ID {
			t.Errorf("%s: the report does not say which drop it is", name)
		}
		if x.withdrawn && (!strings.Contains(r.Sentence, "withdrawn by the council on 22 November 2026: the extract of another year was used. Do not use it. Destroy every copy") ||
			r.Withdrawn.Signer != recipienttest.DropPrincipal) {
			t.Errorf("%s: %q", name, r.Sentence)
		}
	}
	// Of a drop whose files were changed as well, both are told.
	src := source(d)
	src.files[manifest.WithdrawnName], src.files[manifest.WithdrawnSignatureName] = text, armoured
	src.files[manifest.ReadmeName] = []byte("x")
	r, err := recipient.Verify(t.Context(), src, recipient.Options{AllowedSigners: c.AllowedSigners(), Now: now()})
	if err != nil || r.Withdrawn == nil || !slices.Equal(failed(r), []string{"digests"}) {
		t.Errorf("%v: %s", err, describe(r))
	}
	// Whoever is asked for by name must have signed the notice too.
	allowed := append(slices.Clone(c.AllowedSigners()), signature.Signer{Principal: "other@council.example", Namespaces: []string{signature.WithdrawalNamespace}, Key: stranger.PublicKey()})
	src = source(d)
	src.files[manifest.WithdrawnName], src.files[manifest.WithdrawnSignatureName] = text, forged
	for identity, withdrawn := range map[string]bool{"": true, recipienttest.DropPrincipal: false} {
		r, err := recipient.Verify(t.Context(), src, recipient.Options{AllowedSigners: allowed, Identity: identity, Now: now()})
		if err != nil || (r.Withdrawn != nil) != withdrawn || r.Verified {
			t.Errorf("identity %q: %v: %s", identity, err, describe(r))
		}
	}
}

// Whatever byte of a notice or of its signature is changed, it does not withdraw the drop, and the drop is not verified.
func TestEveryByteOfANotice(t *testing.T) {
	c := council(t)
	d := makeDrop(t, c, 7, nil, recipienttest.Changes{})
	text, armoured, err := c.Notice(d, "the extract of another year was used")
	if err != nil {
		t.Fatal(err)
	}
	src := source(d)
	files := map[string][]byte{manifest.WithdrawnName: text, manifest.WithdrawnSignatureName: armoured}
	for name, data := range files {
		for i := range data {
			src.files[manifest.WithdrawnName], src.files[manifest.WithdrawnSignatureName] = text, armoured
			changed := bytes.Clone(data)
			changed[i] ^= 1 << (i % 8)
			src.files[name] = changed
			r, err := recipient.Verify(t.Context(), src, recipient.Options{AllowedSigners: c.AllowedSigners(), Now: now()})
			if err != nil {
				t.Fatal(err)
			}
			if r.Verified || r.Withdrawn != nil {
				t.Fatalf("%s: byte %d is changed: verified %v, withdrawn %v", name, i, r.Verified, r.Withdrawn)
			}
		}
	}
}
