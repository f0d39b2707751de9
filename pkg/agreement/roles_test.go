package agreement_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

func TestRoles(t *testing.T) {
	text := rolesText(t, "Sue submitter", "Dora dpo,valid_from: 2026-04-01", "Owen asset-owner", "Owen siro", "Owen asset-owner")
	text = strings.Replace(text, publicKey(t, "Owenasset-owner")+"}", "SPARE}", 1)
	text = strings.Replace(text, publicKey(t, "Owenasset-owner"), publicKey(t, "spare"), 1)
	text = strings.Replace(text, "SPARE", publicKey(t, "Owenasset-owner")+" a comment", 1)
	roles, err := agreement.ParseRoles("roles.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range roles.Holders() {
		got = append(got, fmt.Sprintf("%s %s %s", h.Name, h.Role, h.Fingerprint))
	}
	var want []string
	for _, p := range []string{"Sue submitter", "Dora dpo", "Owen asset-owner", "Owen siro"} {
		want = append(want, p+" "+signature.Fingerprint(key(t, strings.ReplaceAll(p, " ", "")).PublicKey()))
	}
	want = append(want, "Owen asset-owner "+signature.Fingerprint(key(t, "spare").PublicKey()))
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if roles.Organisation != "331" || fmt.Sprintf("%x", roles.SHA256) != sum(text) {
		t.Errorf("%s %x", roles.Organisation, roles.SHA256)
	}
	for i, h := range roles.Holders() {
		if p := roles.People[i]; h.From != p.From || h.To != p.To || (h.From != nil) != (i == 1) || h.To != nil {
			t.Errorf("%s is recorded as valid from %v to %v", h.Name, h.From, h.To)
		}
	}
}

func TestRolesProblems(t *testing.T) {
	people := []string{"Sue submitter", "Dora dpo", "Owen asset-owner"}
	base := rolesText(t, people...)
	sue, dora := publicKey(t, "Suesubmitter"), publicKey(t, "Doradpo")
	for _, tc := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"version", "roles/v1", "roles/v2", "1:13: apiVersion: is not one of the words"},
		{"organisation", `"331"`, "331", "2:15: YAML_BARE_WORD: organisation: unquoted, this is a number"},
		{"role", "role: submitter", "role: boss", "4:23: people[1].role: is not one of the words"},
		{"no submitter", "role: submitter", "role: siro", "4:3: people: nobody is submitter"},
		{"no dpo", "role: dpo", "role: siro", "4:3: people: nobody is dpo"},
		{"no asset owner", "role: asset-owner", "role: siro", "4:3: people: nobody is asset-owner"},
		{"key of two", dora, sue, "5:34: people[2].key: this key stands for somebody already"},
		{"name of two roles", "name: Dora", "name: Sue", "5:23: people[2].role: this person holds another"},
		{"submitter and SIRO", "people:\n", "people:\n  - {name: Sue, role: siro, key: " + publicKey(t, "Suesiro") + "}\n", "5:23: people[2].role: this person holds another"},
		{"name of two roles, otherwise written", "name: Dora", `name: "SUE"`, "5:12: people[2].name: cannot be told from an earlier name"},
		{"name without letters", "name: Dora", "name: ???", "5:12: people[2].name"},
		{"no key", dora, "ssh-ed25519", "5:34: people[2].key: is no public key"},
		{"options before the key", dora, "no-pty " + dora, "5:34: people[2].key: is no public key"},
		{"another type before the key", dora, strings.Replace(dora, "ssh-ed25519", "ssh-rsa", 1), "5:34: people[2].key: is no public key"},
		{"a key that is not accepted", dora, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDF6Ra43vT8Fj1ghzAoMMmeV6c5P0PyVRP1Bc8Yh0rVM/mxgNIZgCRcoCYTk6x4jDEDzFLyKn3VSnUlS24LSWXnTc/3Bk7EB5FSqnbo9BVZNeWnD/ZSPK6YSmd+Ax5qwIz/1jnHVt6Ho3Yd/QtUyb+Tm1xs0GTSJqDrkHZvzVRBCQ==", "5:34: people[2].key: is"},
		{"days backwards", dora, dora + ", valid_from: 2026-04-02, valid_to: 2026-04-01", "valid_to: ends before it begins"},
		{"revoked on no day", dora, dora + ", revoked: soon", "revoked: "},
		{"unknown key", "role: dpo", "role: dpo, email: x", "5:29: people[2]: unknown key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := agreement.ParseRoles("roles.yaml", []byte(strings.Replace(base, tc.old, tc.new, 1)))
			if tc.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var problems document.Problems
			if !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestAuthenticate(t *testing.T) {
	text := rolesText(t, "Sue submitter", "Dora dpo", "Owen asset-owner", "Sid siro", "Dino siro,valid_to: 2026-12-31")
	roles, err := agreement.ParseRoles("roles.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sign := func(namespace, text string, signers ...string) (out [][]byte) {
		for _, s := range signers {
			armoured, err := signature.Sign(key(t, s), namespace, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, armoured)
		}
		return out
	}
	signed := func(signers ...string) [][]byte { return sign(signature.RolesNamespace, text, signers...) }
	old, err := agreement.ParseRoles("roles.yaml", []byte(rolesText(t, "Sue submitter", "Don dpo", "Olga asset-owner")))
	if err != nil {
		t.Fatal(err)
	}
	// noon is 1 June 2026
	dated, err := agreement.ParseRoles("roles.yaml", []byte(rolesText(t, "Sue submitter", "Don dpo,valid_from: 2026-06-01, valid_to: 2026-06-01",
		"Olga asset-owner,valid_to: 2026-05-31", "Otto asset-owner,valid_from: 2026-06-02", "Sam siro")))
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := agreement.ParseRoles("roles.yaml", []byte(rolesText(t, "Sue submitter", "Dora dpo,revoked: 2026-06-01", "Don dpo",
		"Owen asset-owner,revoked: 2026-06-02")))
	if err != nil {
		t.Fatal(err)
	}
	one := roles.Holders() // in which Dino is Dora
	one[4].Name = "Dora"
	roster := func(people ...string) *agreement.Roles {
		r, err := agreement.ParseRoles("roles.yaml", []byte(rolesText(t, people...)))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	staffed := roster("Sue submitter", "Don dpo,valid_to: 2026-06-01", "Dan dpo", "Olga asset-owner", "Sam siro")
	over := roster("Sue submitter", "Don dpo,valid_to: 2026-06-30", "Dora dpo,revoked: 2026-06-30", "Olga asset-owner,valid_to: 2026-06-30")
	for _, tc := range []struct {
		name       string
		signatures [][]byte
		previous   []agreement.RoleHolder
		want       string
	}{
		{"dpo and owner", signed("Doradpo", "Owenasset-owner"), nil, ""},
		{"siro and dpo", signed("Sidsiro", "Doradpo"), nil, ""},
		{"three", signed("Sidsiro", "Doradpo", "Suesubmitter"), nil, ""},
		{"none", nil, nil, "SIGNATURE_MISSING"},
		{"one", signed("Doradpo"), nil, "SIGNATURE_MISSING"},
		{"one twice", signed("Doradpo", "Doradpo"), nil, "TWO_PERSON_REQUIRED"},
		{"one person in two roles", signed("Doradpo", "Dinosiro"), one, "TWO_PERSON_REQUIRED"},
		{"no dpo", signed("Sidsiro", "Owenasset-owner"), nil, "TWO_PERSON_REQUIRED"},
		{"no owner", signed("Doradpo", "Suesubmitter"), nil, "TWO_PERSON_REQUIRED"},
		{"a stranger", signed("Doradpo", "Mallory"), nil, "DSA_BAD_SIGNATURE"},
		{"a stranger beside two", signed("Doradpo", "Owenasset-owner", "Mallory"), nil, "DSA_BAD_SIGNATURE"},
		{"other bytes", append(signed("Doradpo"), sign(signature.RolesNamespace, text+"\n", "Owenasset-owner")...), nil, "DSA_BAD_SIGNATURE"},
		{"another namespace", append(signed("Doradpo"), sign(signature.DecisionNamespace, text, "Owenasset-owner")...), nil, "SIGNATURE_NAMESPACE"},
		{"no signature at all", [][]byte{signed("Doradpo")[0], []byte("x")}, nil, "DSA_BAD_SIGNATURE"},
		{"a key that is over", signed("Doradpo", "Dinosiro", "Owenasset-owner"), nil, "DSA_BAD_SIGNATURE 2027"},
		{"those before", signed("Dondpo", "Olgaasset-owner"), old.Holders(), ""},
		{"those after", signed("Doradpo", "Owenasset-owner"), old.Holders(), "DSA_BAD_SIGNATURE"},
		{"one before and one after", signed("Dondpo", "Owenasset-owner"), old.Holders(), "DSA_BAD_SIGNATURE"},
		{"those before, on their day", signed("Dondpo", "Samsiro"), dated.Holders(), ""},
		{"those before, on another day", signed("Dondpo", "Samsiro"), staffed.Holders(), "DSA_BAD_SIGNATURE 2027"},
		{"those before, when no officer's days are left", signed("Dondpo", "Samsiro"), dated.Holders(), " 2027"},
		{"those before, when nobody's days are left", signed("Dondpo", "Olgaasset-owner"), over.Holders(), " 2027"},
		{"somebody else, when nobody's days are left", signed("Dondpo", "Owenasset-owner"), over.Holders(), "DSA_BAD_SIGNATURE 2027"},
		{"a revoked key, when no officer's days are left", signed("Doradpo", "Olgaasset-owner"), over.Holders(), "KEY_REVOKED 2027"},
		{"one before whose time was over", signed("Dondpo", "Olgaasset-owner"), dated.Holders(), "DSA_BAD_SIGNATURE"},
		{"one before whose time had not come", signed("Dondpo", "Ottoasset-owner"), dated.Holders(), "DSA_BAD_SIGNATURE"},
		{"one before whose key was revoked", signed("Doradpo", "Owenasset-owner"), revoked.Holders(), "KEY_REVOKED"},
		{"one before whose key is revoked from tomorrow on", signed("Dondpo", "Owenasset-owner"), revoked.Holders(), ""},
		{"nobody before", signed("Doradpo", "Owenasset-owner"), []agreement.RoleHolder{}, "DSA_BAD_SIGNATURE"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			at := noon
			want, year, _ := strings.Cut(tc.want, " ")
			if year != "" {
				at = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			}
			err := roles.Authenticate(tc.signatures, tc.previous, at)
			var refusal *finding.Refusal
			switch {
			case want == "" && err != nil:
				t.Error(err)
			case want != "" && (!errors.As(err, &refusal) || string(refusal.Code) != want || refusal.Hint == ""):
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func FuzzParseRoles(f *testing.F) {
	f.Add([]byte("apiVersion: postern/roles/v1\norganisation: \"331\"\npeople:\n  - {name: A, role: dpo, key: ssh-ed25519 AAAA}\n"))
	f.Add([]byte(rolesText(f, "Sue submitter,trained_until: 2026-12-31", "Dora dpo,revoked: 2026-05-02", "Dan dpo,valid_from: 2026-05-02", "Owen asset-owner")))
	f.Fuzz(func(t *testing.T, data []byte) {
		roles, err := agreement.ParseRoles("roles.yaml", data)
		if (roles == nil) != (err != nil) {
			t.Fatal("neither roles nor an error")
		}
		again, otherwise := agreement.ParseRoles("roles.yaml", data)
		if !reflect.DeepEqual(roles, again) || !reflect.DeepEqual(err, otherwise) {
			t.Fatal("read twice, the file is two")
		}
		if roles == nil {
			return
		}
		held := make(map[string]bool)
		for _, h := range roles.Holders() {
			if held[h.Fingerprint] {
				t.Fatal("one key holds two roles")
			}
			held[h.Fingerprint] = true
		}
	})
}
