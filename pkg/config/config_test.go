package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
)

const good = `organisation: {name: Coventry City Council, la_code: "331"}
extracts: ./extracts
schemas: ./schemas
agreements: agreements
state: /var/lib/postern
store: dir:./drops
keys: {master: file:./keys/master.age, identity: file:/etc/postern/identity, salts: file:./keys/salts,
       signing: file:./keys/signing, register: file:./keys/register, rights: file:./keys/rights.pub}
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "postern.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Paths are taken from the folder of the file, wherever the program was started.
func TestLoad(t *testing.T) {
	path := write(t, good)
	dir := filepath.Dir(path)
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"file":       {c.File, path},
		"name":       {c.Organisation.Name, "Coventry City Council"},
		"LA code":    {c.Organisation.LACode, "331"},
		"extracts":   {c.Extracts, filepath.Join(dir, "extracts")},
		"schemas":    {c.Schemas, filepath.Join(dir, "schemas")},
		"agreements": {c.Agreements, filepath.Join(dir, "agreements")},
		"state":      {c.State, "/var/lib/postern"},
		"store":      {c.Store, "dir:" + filepath.Join(dir, "drops")},
		"master":     {c.Keys.Master, "file:" + filepath.Join(dir, "keys", "master.age")},
		"identity":   {c.Keys.Identity, "file:/etc/postern/identity"},
		"salts":      {c.Keys.Salts, "file:" + filepath.Join(dir, "keys", "salts")},
		"signing":    {c.Keys.Signing, "file:" + filepath.Join(dir, "keys", "signing")},
		"register":   {c.Keys.Register, "file:" + filepath.Join(dir, "keys", "register")},
		"rights":     {c.Keys.Rights, "file:" + filepath.Join(dir, "keys", "rights.pub")},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
		}
	}
}

// From another folder, by a relative path, it is the same configuration.
func TestLoadFromElsewhere(t *testing.T) {
	path := write(t, good)
	want, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(path))
	got, err := config.Load("postern.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if *got != *want {
		t.Errorf("got %+v, want %+v", *got, *want)
	}
}

func TestOptional(t *testing.T) {
	text := strings.Replace(good, "schemas: ./schemas\n", "", 1)
	text = strings.Replace(text, " identity: file:/etc/postern/identity,", "", 1)
	c, err := config.Load(write(t, text))
	if err != nil || c.Schemas != "" || c.Keys.Identity != "" {
		t.Errorf("got %+v, %v", c, err)
	}
}

// Each mistake is found where it stands; what is wrong is not repeated, for it may be a key.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unquoted code", `la_code: "331"`, `la_code: 331`, "1:54: YAML_BARE_WORD: organisation.la_code: "},
		{"code of four digits", `la_code: "331"`, `la_code: "3310"`, "1:54: organisation.la_code: "},
		{"no name", `name: Coventry City Council, `, ``, "1:15: organisation.name: is missing"},
		{"no extracts", "extracts: ./extracts\n", "", "1:1: extracts: is missing"},
		{"policy", "state:", "approver: somebody\nstate:", "5:1: unknown key"},
		{"twice", "state:", "extracts: ./b\nstate:", "5:1: "},
		{"another store", "dir:./drops", "ftp://SECRET", "6:8: store: is not a store that this version knows"},
		{"a store without a path", "dir:./drops", "'dir:'", "6:8: store: is not a store that this version knows"},
		{"a key in place of its reference", "file:./keys/master.age", "AGE-SECRET-KEY-1SECRET", "7:16: keys.master: is not a reference to a key"},
		{"a reference without a path", "file:./keys/salts", "'file:'", "keys.salts: is not a reference to a key"},
		{"no register key", " register: file:./keys/register,", "", "keys.register: is missing"},
		{"an unknown key", "rights: file:./keys/rights.pub", "rights: file:./keys/rights.pub, spare: file:./SECRET", "unknown key"},
		{"no mapping", good, "- a\n- b\n", "1:1: "},
		{"nothing", good, "", "1:1: "},
		{"a second document", "state:", "---\nstate:", "5:1: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(good, c.old) != 1 {
				t.Fatalf("the good file has %q %d times", c.old, strings.Count(good, c.old))
			}
			path := write(t, strings.Replace(good, c.old, c.new, 1))
			_, err := config.Load(path)
			var problems document.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path+":") {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if strings.Contains(err.Error()+finding.HintOf(err), "SECRET") {
				t.Errorf("the text of the file is repeated: %v", err)
			}
		})
	}
}

// All mistakes are told at once, in order, beside what could be read.
func TestAllAtOnce(t *testing.T) {
	text := strings.NewReplacer(`"331"`, "331", "dir:./drops", "s3://x", "file:./keys/signing", "signing").Replace(good)
	c, err := config.Load(write(t, text))
	var problems document.Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Fatalf("got %v", err)
	}
	if problems[0].Path != "organisation.la_code" || problems[1].Path != "store" || problems[2].Path != "keys.signing" {
		t.Errorf("got %v", problems)
	}
	if c == nil || filepath.Base(c.Agreements) != "agreements" {
		t.Errorf("what could be read is not returned: %+v", c)
	}
}

func TestUnreadable(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "postern.yaml"), t.TempDir()} {
		c, err := config.Load(path)
		if err == nil || c != nil || finding.HintOf(err) == "" {
			t.Errorf("%s: got %v, %v", path, c, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("organisation: {name: x, la_code: \"331\"}\nkeys: {}\n"))
	path := filepath.Join(f.TempDir(), "postern.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path)
		if err != nil {
			return
		}
		for _, place := range []string{c.Extracts, c.Agreements, c.State, strings.TrimPrefix(c.Store, "dir:"), strings.TrimPrefix(c.Keys.Master, "file:")} {
			if !filepath.IsAbs(place) {
				t.Errorf("a place is not absolute: %q", place)
			}
		}
		if len(c.Organisation.LACode) != 3 || c.Organisation.Name == "" {
			t.Errorf("accepted: %+v", c.Organisation)
		}
	})
}
