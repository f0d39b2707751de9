package agreement_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

const programmeList = `apiVersion: postern/programme/v1
id: a-programme
title: A programme
authorities: ["331", "332"]
`

// ofProgramme is the golden agreement, of a programme whose list a made-up person signs.
func ofProgramme(t *testing.T, signer string) *agreement.Agreement {
	t.Helper()
	text := strings.Replace(golden, "title: A test\n", "title: A test\nprogramme: {id: a-programme, key: \""+
		signature.Fingerprint(key(t, signer).PublicKey())+"\"}\n", 1)
	a, err := agreement.Parse("a.yaml", []byte(text), catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestProgrammeCheck(t *testing.T) {
	signed := func(signer, namespace, list string) string {
		armoured, err := signature.Sign(key(t, signer), namespace, []byte(list))
		if err != nil {
			t.Fatal(err)
		}
		return string(armoured)
	}
	good := signed("programme", signature.ProgrammeNamespace, programmeList)
	other := strings.Replace(programmeList, "id: a-programme", "id: another", 1)
	without := strings.Replace(programmeList, `"331", `, "", 1)
	for _, tc := range []struct {
		name, list, signature string
		want                  string // the end of the sentence, or of the evidence
	}{
		{"on the list", programmeList, good, "331, one of 2 councils of A programme"},
		{"no list", "", "", "cannot be read: file does not exist"},
		{"not signed", programmeList, "", "is not signed"},
		{"no list of councils", "id: a\n", good, "authorities: is missing"},
		{"one byte changed", strings.Replace(programmeList, "332", "333", 1), good, "programme's key: verify the signature: "},
		{"signed for something else", programmeList, signed("programme", signature.RolesNamespace, programmeList), "programme's key: "},
		{"signed by somebody else", programmeList, signed("stranger", signature.ProgrammeNamespace, programmeList), "by another key than the one that the agreement names"},
		{"no signature", programmeList, "x", "programme's key: "},
		{"of another programme", other, signed("programme", signature.ProgrammeNamespace, other), "is the list of another programme"},
		{"not on the list", without, signed("programme", signature.ProgrammeNamespace, without), "the council 331 is not on the list of the programme A programme"},
		{"too large", programmeList + strings.Repeat("#", 1<<18), good, "it is too large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			folder := fstest.MapFS{}
			if tc.list != "" {
				folder["programmes/a-programme.yaml"] = &fstest.MapFile{Data: []byte(tc.list)}
			}
			if tc.signature != "" {
				folder["programmes/a-programme.yaml.sig"] = &fstest.MapFile{Data: []byte(tc.signature)}
			}
			check := ofProgramme(t, "programme").ProgrammeCheck(folder)
			if !strings.Contains(check.Evidence, tc.want) {
				t.Errorf("got %s, want %s", check.Evidence, tc.want)
			}
			if passed := tc.name == "on the list"; passed != (check.Outcome == finding.CheckPassed) ||
				!passed && (check.Refusal.Code != finding.NotInProgramme || check.Refusal.Hint == "") {
				t.Errorf("%+v", check)
			}
			if agreement.CheckedKey(check) != "programme" {
				t.Errorf("the check is about %q", agreement.CheckedKey(check))
			}
		})
	}
	a, err := agreement.Parse("a.yaml", []byte(golden), catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	if check := a.ProgrammeCheck(fstest.MapFS{}); check.Outcome != finding.CheckNotApplicable {
		t.Errorf("of no programme: %+v", check)
	}
}

func TestProgrammeProblems(t *testing.T) {
	for _, tc := range []struct{ name, old, new, want string }{
		{"format", "programme/v1", "programme/v2", "1:13: apiVersion: is not one of the words"},
		{"id", "id: a-programme", "id: ../x", "2:5: id: is not the id"},
		{"code not quoted", `"332"`, "332", "4:22: YAML_BARE_WORD: authorities[2]: "},
		{"code", `"332"`, `"33"`, "4:22: authorities[2]: is not the three digits"},
		{"code twice", `"332"`, `"331"`, "4:22: authorities[2]: is there twice"},
		{"nobody", `["331", "332"]`, "[]", "4:14: authorities: is an empty list"},
		{"unknown key", "title:", "key: x\ntitle:", "3:1: unknown key"},
	} {
		_, err := agreement.ParseProgramme("p.yaml", []byte(strings.Replace(programmeList, tc.old, tc.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), "p.yaml:"+tc.want) {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.want)
		}
	}
	if list, err := agreement.ParseProgramme("p.yaml", []byte(programmeList)); err != nil || list.ID != "a-programme" || len(list.Authorities) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}
