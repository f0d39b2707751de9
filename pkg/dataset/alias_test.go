package dataset_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/schemas"
)

const spelledFile = `apiVersion: postern/dataset/v1
format: local
version: 1
title: A form that people fill in
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists:
  sex: [{code: M, meaning: Male}, {code: F, meaning: Female}, {code: U, meaning: Not known}]
  need: [{code: N1, meaning: Abuse}, {code: N10, meaning: Tenth}]
  status: [{code: OPEN, meaning: Open}, {code: SHUT, meaning: Shut}]
aliases:
  sex:
    - {code: M, spellings: [Male, Boy]}
    - {code: F, spellings: [Female, Girl]}
    - {code: blank, spellings: [Not applicable]}
  need:
    - {code: N1, spellings: ["Abuse or neglect"]}
tables:
  - name: people
    meaning: One row per child
    child_id: id
    columns:
      - {name: id, header: Child ID, headers: [Child Number], like: 'child (id|no\.?)', type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: sex, type: code, codes: sex, aliases: sex, class: quasi-identifier, meaning: Sex}
      - {name: need, type: code, codes: need, aliases: need, class: sensitive, meaning: Need}
      - {name: status, type: code, codes: status, class: special-category, meaning: Status}
      - {name: state, type: code, codes: status, class: sensitive, meaning: State}
      - {name: began, type: date, class: quasi-identifier, meaning: First day}
`

const spelledCore = `apiVersion: postern/core/v1
version: 1
title: Core tables
code_lists:
  kind: [{code: A, meaning: One kind}, {code: N1, meaning: Need}]
code_maps: []
tables:
  - name: cases
    meaning: One row per case
    child_id: child_id
    one_row_per: [child_id, began]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: began, type: date, class: quasi-identifier, meaning: First day}
      - {name: kind, type: code, codes: kind, class: ordinary, meaning: Kind}
      - {name: need, type: code, codes: kind, class: sensitive, meaning: Need}
      - {name: abused, type: boolean, class: sensitive, meaning: Abused}
    sources:
      - table: local/people
        adds: true
        last: child
        rows: {state: [OPEN]}
        columns:
          child_id: {from: id}
          began: {from: began}
          kind: {always: A}
          need: {from: need, null_for: [N10]}
          abused: {from: need, true_for: [N1]}
`

const spellingsFile = `apiVersion: postern/aliases/v1
format: local
aliases:
  sex:
    - {code: F, spellings: [Lass, Girl]}
  need:
    - {code: N10, spellings: [The tenth]}
`

func loadSpelled(format, core, aliases string) (*dataset.Catalogue, error) {
	return dataset.Load(fstest.MapFS{"local.yaml": {Data: []byte(format)}, "zcore.yaml": {Data: []byte(core)}},
		fstest.MapFS{"a-spellings.yaml": {Data: []byte(aliases)}})
}

// TestSpellings looks cells up in the definition as it stands: what each is by the rules, found by reading them.
func TestSpellings(t *testing.T) {
	c, err := loadSpelled(spelledFile, spelledCore, spellingsFile)
	if err != nil {
		t.Fatal(err)
	}
	people := c.Table("local/people")
	for _, v := range []struct {
		column, cell, code string
		known              bool
	}{
		{"sex", "Male", "M", true}, {"sex", "Female", "F", true}, {"sex", " FEMALE ", "F", true}, {"sex", "a) Male", "M", true},
		{"sex", "b)Female", "F", true}, {"sex", "(b)\u00a0\u00a0female.", "F", true}, {"sex", "2. Girl", "F", true}, {"sex", "M.", "M", true},
		{"sex", "Lass", "F", true}, {"sex", "not  applicable", "", true}, {"sex", "M - Male", "M", true}, {"sex", "f: Girl", "F", true},
		{"sex", "M - Female", "", false}, {"sex", "Femal", "", false}, {"sex", "emale", "", false}, {"sex", "Female Male", "", false},
		{"sex", "Male/Female", "", false}, {"sex", "M Malevolent", "", false}, {"sex", "", "", false}, {"sex", "a)", "", false}, {"sex", "Lad", "", false},
		{"need", "N1 - Abuse or Neglect", "N1", true}, {"need", "n1 \u2013 abuse or neglect", "N1", true}, {"need", "N1: Abuse or neglect", "N1", true},
		{"need", "\uff2e\uff11", "N1", true}, {"need", "N10", "N10", true}, {"need", "The Tenth", "N10", true}, {"need", "N1 The tenth", "", false},
		{"need", "N10 - Abuse or neglect", "", false}, {"need", "N1 - something", "", false}, {"need", "N2", "", false},
		{"status", "Open", "", false}, // of a list without spellings
	} {
		column := people.Column(v.column)
		if code, known := column.Spelt(v.cell); code != v.code || known != v.known {
			t.Errorf("%s %q is %q, %t; want %q, %t", v.column, v.cell, code, known, v.code, v.known)
		}
		if column.Aliased() == (v.column == "status") {
			t.Errorf("%s is aliased: %t", v.column, column.Aliased())
		}
	}
}

// What a council adds is part of what an agreement was approved against.
func TestSpellingsAreInTheDigest(t *testing.T) {
	first, err := loadSpelled(spelledFile, spelledCore, spellingsFile)
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadSpelled(spelledFile, spelledCore, strings.Replace(spellingsFile, "Lass", "Lassie", 1))
	if err != nil {
		t.Fatal(err)
	}
	if first.Digest() == second.Digest() {
		t.Error("the digest is the same with another spelling")
	}
}

// TestMistakesOfSpellings changes one thing and wants exactly the problem that this makes, at its place.
func TestMistakesOfSpellings(t *testing.T) {
	if _, err := loadSpelled(spelledFile, spelledCore, spellingsFile); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, old, new, at, message string }{
		{"a list that there is not", "local.yaml", "  need:\n    - {code: N1, spellings", "  needs:\n    - {code: N1, spellings", "needs:", "no code list of this name"},
		{"a code that the list has not", "local.yaml", "{code: M, spellings", "{code: X, spellings", "X, spell", "no such code"},
		{"a code twice", "local.yaml", "{code: F, spellings: [Female, Girl]}", "{code: M, spellings: [Lad]}", "M, spellings: [Lad]", "listed twice"},
		{"a spelling of two codes", "local.yaml", "[Female, Girl]", "[Female, Boy]", "Boy]}\n    - {code: blank", "stands for code M already"},
		{"a spelling of two codes but for case and space", "local.yaml", "[Female, Girl]", "[Female, \"a) BOY.\"]", "\"a) BOY", "stands for code M already"},
		{"a spelling that is another code", "local.yaml", "[Male, Boy]", "[Male, f]", "f]", "stands for code F already"},
		{"a spelling of a code and of nothing", "local.yaml", "[Not applicable]", "[girl]", "girl]", "stands for code F already"},
		{"a spelling of nothing", "local.yaml", "[Male, Boy]", "[Male, \" \"]", "\" \"", "is empty"},
		{"no spellings", "local.yaml", "[Male, Boy]", "[]", "[]", "empty list"},
		{"a spelling that is a list", "local.yaml", "[Male, Boy]", "[Male, [Boy]]", "[Boy]", "text"},
		{"more keys", "local.yaml", "{code: M, spellings", "{code: M, meaning: Male, spellings", "meaning: Male, spell", "unknown key"},
		{"the spellings of another list", "local.yaml", "aliases: sex", "aliases: need", "need, class: quasi", "of another list"},
		{"spellings of a date", "local.yaml", "type: date,", "type: date, aliases: sex,", "aliases: sex, class: quasi-identifier, meaning: First", "unknown key"},
		{"council: another code", "a-spellings.yaml", "[Lass, Girl]", "[Lass, Boy]", "Boy", "stands for code M already"},
		{"council: another code for a code and its label", "a-spellings.yaml", "[The tenth]", "[N1 - abuse or Neglect]", "N1 - abuse", "stands for code N1 already"},
		{"council: a code that is not there", "a-spellings.yaml", "{code: F,", "{code: X,", "X,", "no such code"},
		{"council: another format", "a-spellings.yaml", "format: local", "format: foreign", "foreign", "no such format"},
		{"council: no aliases", "a-spellings.yaml", spellingsFile[strings.Index(spellingsFile, "aliases:\n"):], "", "apiVersion", "is missing"},
		{"council: more keys", "a-spellings.yaml", "format: local", "format: local\nversion: 2", "version", "unknown key"},
		{"a header of two columns", "local.yaml", "{name: sex,", "{name: sex, headers: [child  number],", "{name: sex", "one of column id"},
		{"a header of two columns but for case", "local.yaml", "{name: sex,", "{name: sex, headers: [child number],", "{name: sex", "one of column id"},
		{"a name that is another's header", "local.yaml", "{name: sex,", "{name: sex, header: child number,", "{name: sex", "one of column id"},
		{"a header with a semicolon", "local.yaml", "[Child Number]", "[\"Child; Number\"]", "\"Child;", "not a name as a header line has it"},
		{"a pattern that is none", "local.yaml", "'child (id|no\\.?)'", "'child (id'", "'child (id'", "no regular expression"},
		{"a pattern that would end what holds it", "local.yaml", "'child (id|no\\.?)'", "'child id)|(?:.*date'", "'child id)", "no regular expression"},
		{"a pattern of anything", "local.yaml", "'child (id|no\\.?)'", "'.*'", "'.*'", "fits any header"},
		{"a pattern that looks back", "local.yaml", "'child (id|no\\.?)'", "'(c)hild\\1'", "'(c)hild", "no regular expression"},
		{"a pattern in a core table", "zcore.yaml", "{name: kind,", "{name: kind, like: kind,", "like", "unknown key"},
		{"spellings in a core table", "zcore.yaml", "codes: kind, class: ordinary", "codes: kind, aliases: kind, class: ordinary", "kind, class: ordinary", "has no spellings"},
		{"rows by no column", "zcore.yaml", "{state: [OPEN]}", "{stat: [OPEN]}", "[OPEN]", "no such column"},
		{"rows by no code", "zcore.yaml", "[OPEN]", "[AJAR]", "[AJAR]", "no such code"},
		{"rows by a date", "zcore.yaml", "{state: [OPEN]}", "{began: [OPEN]}", "[OPEN]", "not of a type"},
		{"rows by a class that no column has", "zcore.yaml", "{state: [OPEN]}", "{status: [OPEN]}", "[OPEN]", "no column of the core table is of its class"},
		{"rows of nothing", "zcore.yaml", "{state: [OPEN]}", "{state: []}", "[]}\n        columns", "empty list"},
		{"last of a kind that there is not", "zcore.yaml", "last: child", "last: table", "table\n        rows", "not one of the words"},
		{"always no code", "zcore.yaml", "{always: A}", "{always: B}", "B}", "no such code"},
		{"always in a date", "zcore.yaml", "began: {from: began}", "began: {always: A}", "began: {always", "of its type"},
		{"null for no code", "zcore.yaml", "[N10]", "[N11]", "[N11]", "no such code"},
		{"null for a code that has a place", "zcore.yaml", "[N10]", "[N10, N1]", "[N10, N1]", "has a place for"},
		{"a code without a place", "zcore.yaml", ", null_for: [N10]", "", "{from: need}", "has no place in the core column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			texts := map[string]string{"local.yaml": spelledFile, "zcore.yaml": spelledCore, "a-spellings.yaml": spellingsFile}
			if !strings.Contains(texts[c.file], c.old) {
				t.Fatalf("the definition does not hold %q", c.old)
			}
			texts[c.file] = strings.Replace(texts[c.file], c.old, c.new, 1)
			_, err := loadSpelled(texts["local.yaml"], texts["zcore.yaml"], texts["a-spellings.yaml"])
			var problems document.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			at := strings.Index(texts[c.file], c.at)
			if at < 0 {
				t.Fatalf("the changed definition does not hold %q", c.at)
			}
			line := 1 + strings.Count(texts[c.file][:at], "\n")
			if !slices.ContainsFunc(problems, func(p document.Problem) bool {
				return p.File == c.file && p.Line == line && strings.Contains(p.Message, c.message)
			}) {
				t.Errorf("no problem on line %d %q among\n%v", line, c.message, problems)
			}
		})
	}
}

// All mistakes of a council's spellings are told at once, with those of the format.
func TestMistakesOfSpellingsAreToldTogether(t *testing.T) {
	format := strings.Replace(spelledFile, "[Female, Girl]", "[Female, Boy]", 1)
	aliases := strings.NewReplacer("{code: F,", "{code: X,", "The tenth", "Abuse or neglect").Replace(spellingsFile)
	_, err := loadSpelled(format, spelledCore, aliases)
	var problems document.Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Fatalf("got %v", err)
	}
	for _, p := range problems {
		if p.Line == 0 || p.Column == 0 {
			t.Errorf("%+v has no place", p)
		}
	}
}

// scrambled is a spelling as somebody else would type it: other case, other spaces, an enumerator, closing punctuation.
func scrambled(r *rand.Rand, spelling string) string {
	var b strings.Builder
	b.WriteString([]string{"", " ", "a) ", "(q)", "12) ", "3.\u00a0", "\u00a0\t"}[r.IntN(7)])
	for _, c := range spelling {
		switch {
		case c == ' ':
			b.WriteString([]string{" ", "  ", "\u00a0", "\n", " \t"}[r.IntN(5)])
		case c == '-':
			b.WriteString([]string{"-", " - ", "\u2013", "\u2014 "}[r.IntN(4)])
		case c == '\'':
			b.WriteString([]string{"'", "\u2019", "\u2018"}[r.IntN(3)])
		case r.IntN(2) == 0:
			b.WriteString(strings.ToUpper(string(c)))
		default:
			b.WriteString(strings.ToLower(string(c)))
		}
	}
	b.WriteString([]string{"", ".", " ", ";", "\u00a0."}[r.IntN(5)])
	return b.String()
}

// TestBuiltInSpellings holds every code and spelling of the built-in lists, as anybody might type them, to one code,
// whatever the order in which they are asked for; and to being no part of another's.
func TestBuiltInSpellings(t *testing.T) {
	c, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	columns, tried := 0, 0
	for _, table := range c.Tables() {
		for _, column := range table.Columns {
			if !column.Aliased() {
				continue
			}
			columns++
			type pair struct{ cell, code string }
			var pairs []pair
			for _, code := range column.Codes {
				pairs = append(pairs, pair{code.Value, code.Value})
				if table.Format == "annex_a" { // what a code means is one of its spellings there
					pairs = append(pairs, pair{code.Meaning, code.Value}, pair{code.Value + " - " + code.Meaning, code.Value})
				}
			}
			for _, spelling := range []string{"White British", "Mother & baby unit", "Police", "Special Guardianship Orders - relative/friend", "Child's disability"} {
				if code, known := column.Spelt(spelling); known {
					pairs = append(pairs, pair{spelling, code})
				}
			}
			r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
			for _, p := range pairs {
				for range 4 {
					cell := scrambled(r, p.cell)
					tried++
					if code, known := column.Spelt(cell); !known || code != p.code {
						t.Fatalf("%s.%s: %q is %q, %t; want %q", table.ID(), column.Name, cell, code, known, p.code)
					}
					if code, known := column.Spelt("x" + p.cell + "x"); known {
						t.Fatalf("%s.%s: %q within a longer cell is taken for %s", table.ID(), column.Name, p.cell, code)
					}
				}
			}
		}
	}
	if columns < 60 || tried < 2000 {
		t.Errorf("%d cells of %d columns were tried", tried, columns)
	}
}

// TestFoldEveryCharacter: what was folded stays as it is, whatever it is made of.
func TestFoldEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if once := dataset.Fold(string(r)); dataset.Fold(once) != once {
			t.Errorf("%U becomes %q, and that %q", r, once, dataset.Fold(once))
		}
	}
}

// FuzzFoldSpelling: folding again changes nothing, and neither case nor white space decides.
func FuzzFoldSpelling(f *testing.F) {
	for _, s := range []string{"", "a) WBRI", "N1 - Abuse or Neglect", "b)  b) x", "\u00a0(q) 6: Police. ", "ß ſ İ K", "\ufb01ne - print", "-", "a)", "1. 2. 3.", "\uab99 \u13b9 \u13f8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := dataset.FoldSpelling(s)
		if again := dataset.FoldSpelling(once); again != once {
			t.Errorf("%q becomes %q, and that %q", s, once, again)
		}
		if folded := dataset.Fold(s); dataset.Fold(folded) != folded {
			t.Errorf("Fold(%q) is %q, and that %q", s, folded, dataset.Fold(folded))
		}
		spaced := strings.ReplaceAll("\u00a0"+s+"\t", " ", " \u00a0 ")
		if other := dataset.FoldSpelling(spaced); other != once {
			t.Errorf("%q becomes %q, and with other white space %q", s, once, other)
		}
	})
}
