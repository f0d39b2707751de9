package agreement_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

// FuzzParse: no file makes the parser or the checks crash; what is refused is refused with problems that have a place and
// a code and repeat nothing; what is accepted says the same a second time, and can be checked on any day.
func FuzzParse(f *testing.F) {
	c := catalogue(f)
	f.Add([]byte(golden))
	f.Add([]byte(everyField()))
	f.Add([]byte(strings.Replace(everyField(), "map: kinds", "codes: {U1: kin, U2: kin, K1: home}", 1)))
	f.Add([]byte(strings.Replace(golden, "version: 3", "version: three", 1)))
	f.Add([]byte("apiVersion: postern/v1\ntables: {folk: {sex: }}\nsecurity: {stores: [{kind: }]}\n"))
	for _, old := range []string{"t/people", "keep", "folk", "[10, 20]", "2029-04-01", "PLACE"} {
		f.Add([]byte(strings.ReplaceAll(golden, old, "xαx")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := agreement.Parse("a.yaml", data, c)
		var problems document.Problems
		switch {
		case err == nil:
			again, err := agreement.Parse("a.yaml", data, c)
			if err != nil || !reflect.DeepEqual(a, again) {
				t.Fatalf("a second reading differs: %v", err)
			}
			for _, day := range []civil.Date{a.Period.ShareFrom, a.Period.ShareTo, civil.MustYMD(2100, 12, 31)} {
				for _, check := range a.Checks(c, day) {
					if (check.Outcome == finding.CheckFailed) != (check.Refusal != nil) || check.Evidence == "" || agreement.CheckedKey(check) == "" {
						t.Fatalf("%+v", check)
					}
				}
			}
		case !errors.As(err, &problems) || len(problems) == 0:
			t.Fatalf("not problems: %v", err)
		default:
			for _, p := range problems {
				if p.Line < 1 || p.Column < 1 || p.Code == "" {
					t.Fatalf("%+v", p)
				}
			}
		}

		// The same with Greek letters for its own: no problem may have one.
		greek := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) && r > 'f' {
				return 'λ'
			}
			return r
		}, string(data))
		if _, err := agreement.Parse("a.yaml", []byte(greek), c); errors.As(err, &problems) {
			for _, p := range problems {
				if strings.ContainsRune(p.String()+p.Hint, 'λ') {
					t.Fatalf("a problem repeats the file: %s", p)
				}
			}
		}
	})
}

// FuzzParseProgramme: the same of a programme's list.
func FuzzParseProgramme(f *testing.F) {
	f.Add([]byte(programmeList))
	f.Add([]byte("apiVersion: postern/programme/v1\nauthorities: [331]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := agreement.ParseProgramme("p.yaml", data)
		var problems document.Problems
		if err == nil {
			again, err := agreement.ParseProgramme("p.yaml", data)
			if err != nil || !reflect.DeepEqual(p, again) || len(p.Authorities) == 0 {
				t.Fatalf("a second reading differs: %v", err)
			}
		} else if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("not problems: %v", err)
		}
	})
}
