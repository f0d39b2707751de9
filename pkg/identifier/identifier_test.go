package identifier_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/identifier"
)

// rows reads a vector file of testdata/vectors and checks that, where the design is beside the repository, the copy is
// still the design's.
func rows(t *testing.T, name, original string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", original, name)); err == nil && !bytes.Equal(data, theirs) {
		t.Errorf("%s is not the same as the design's", name)
	}
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) < 2 {
		t.Fatalf("%s holds no vectors", name)
	}
	var out []map[string]string
	for _, record := range records[1:] {
		row := make(map[string]string)
		for i, column := range records[0] {
			row[column] = record[i]
		}
		out = append(out, row)
	}
	return out
}

func TestPseudonymVectors(t *testing.T) {
	seen := make(map[string]bool)
	for _, row := range rows(t, "pseudonym-vectors.csv", "design/vectors") {
		form, outcome := identifier.Normalise(identifier.Kind(row["domain"]), row["raw"])
		if form != row["normalised"] || outcome.String() != row["outcome"] {
			t.Errorf("%s: %q, %s; want %q, %s", row["case"], form, outcome, row["normalised"], row["outcome"])
		}
		seen[outcome.String()] = true
	}
	for _, o := range identifier.Outcomes() {
		if !seen[o.String()] {
			t.Errorf("no vector has the outcome %s", o)
		}
	}
}

func TestIdentifierVectors(t *testing.T) {
	kinds := map[string]identifier.Kind{"UPN": identifier.UPN, "ULN": identifier.ULN, "NHS": identifier.NHSNumber}
	// The vector file says only that these are not valid; this is why.
	malformed := map[string]bool{"I063784919257": true, "5ff4489b-998": true}
	letter := regexp.MustCompile(`correct letter is ([A-Z])`)
	letters := 0
	for _, row := range rows(t, "identifier-vectors.csv", "reference") {
		want := identifier.CheckDigit
		switch {
		case row["valid"] == "true":
			want = identifier.OK
		case row["valid"] == "special":
			want = identifier.Unknown
		case malformed[row["value"]]:
			want = identifier.Malformed
		}
		form, outcome := identifier.Normalise(kinds[row["type"]], row["value"])
		if outcome != want || (want == identifier.OK && form != row["value"]) {
			t.Errorf("%s %s: %q, %s; want %s", row["type"], row["value"], form, outcome, want)
		}
		if m := letter.FindStringSubmatch(row["reason"]); m != nil {
			letters++
			if got, ok := identifier.UPNCheckLetter(row["value"][1:]); !ok || string(got) != m[1] {
				t.Errorf("check letter of %s: %c; want %s", row["value"], got, m[1])
			}
		}
	}
	if letters == 0 {
		t.Error("no vector states a correct check letter")
	}
}

// TestNormalise has the cases that the vector files leave out.
func TestNormalise(t *testing.T) {
	const zw = "\u200b"
	for _, c := range []struct {
		kind    identifier.Kind
		raw     string
		form    string
		outcome identifier.Outcome
	}{
		// Ends.
		{identifier.LAChildID, "\t\r\n\v\f 510000\u00a0\u2003\u3000\u0085\u2028", "510000", identifier.OK},
		{identifier.LAChildID, "\ufeff\u200e\u202a510000\u202c\u200f\u2060\u2069", "510000", identifier.OK},
		{identifier.LAChildID, zw + " " + zw, "", identifier.Missing},
		{identifier.LAChildID, "51\u00a00000", "", identifier.Malformed},
		{identifier.LAChildID, "51-0000", "51-0000", identifier.OK},
		// NFKC, case.
		{identifier.LAChildID, "①２𝟛", "123", identifier.OK},
		{identifier.LAChildID, "ＲＮＤ0", "RND0", identifier.OK},
		{identifier.LAChildID, "K1", "K1", identifier.OK}, // Kelvin sign
		{identifier.LAChildID, "aı", "", identifier.Malformed},
		{identifier.LAChildID, "aß", "", identifier.Malformed},
		{identifier.LAChildID, "é1", "", identifier.Malformed},
		{identifier.LAChildID, "1\xff", "", identifier.Malformed},
		{identifier.LAChildID, "\xa0510000", "", identifier.Malformed}, // a no-break space in the wrong encoding
		{identifier.LAChildID, "1\x00", "", identifier.Malformed},
		// Child IDs.
		{identifier.LAChildID, "0", "", identifier.Placeholder},
		{identifier.LAChildID, strings.Repeat("0", 40), "", identifier.Placeholder},
		{identifier.LAChildID, "none", "", identifier.Placeholder},
		{identifier.LAChildID, " na ", "", identifier.Placeholder},
		{identifier.LAChildID, "test", "", identifier.Placeholder},
		{identifier.LAChildID, "TEST1", "TEST1", identifier.OK},
		{identifier.LAChildID, "UN1", "", identifier.Unknown}, // a code for no UPN, in the wrong column
		{identifier.LAChildID, " un7\u200b", "", identifier.Unknown},
		{identifier.LAChildID, "UN0", "UN0", identifier.OK},
		{identifier.LAChildID, "UN8", "UN8", identifier.OK},
		{identifier.LAChildID, "UN11", "UN11", identifier.OK},
		{identifier.LAChildID, "N/A/1", "N/A/1", identifier.OK},
		{identifier.LAChildID, "12.", "", identifier.Malformed},
		{identifier.LAChildID, "0.0", "", identifier.Malformed},
		{identifier.LAChildID, "1.2e-5", "", identifier.Malformed},
		{identifier.LAChildID, "1.E5", "", identifier.Malformed},
		{identifier.LAChildID, "1.2E", "1.2E", identifier.OK},
		{identifier.LAChildID, "1.2E+", "", identifier.Malformed}, // + is no character of an ID
		{identifier.LAChildID, "1.2.3", "1.2.3", identifier.OK},
		{identifier.LAChildID, "1.2A", "1.2A", identifier.OK},
		{identifier.LAChildID, ".5", "", identifier.Malformed},
		{identifier.LAChildID, "-5", "", identifier.Malformed},
		{identifier.LAChildID, "1+1", "", identifier.Malformed},
		// UPNs.
		{identifier.UPN, "", "", identifier.Missing},
		{identifier.UPN, " un1 ", "", identifier.Unknown},
		{identifier.UPN, "UN0", "", identifier.Malformed},
		{identifier.UPN, "UN", "", identifier.Malformed},
		{identifier.UPN, "UN11", "", identifier.Malformed},
		{identifier.UPN, "B000000000000", "", identifier.Placeholder}, // zeros whatever the letter
		{identifier.UPN, "H80120000100 1", "", identifier.Malformed},
		{identifier.UPN, "H801-200001001", "", identifier.Malformed},
		{identifier.UPN, "U80120000100S", "", identifier.Malformed}, // S is no check letter
		{identifier.UPN, "H80120000A001", "", identifier.Malformed},
		{identifier.UPN, "NULL", "", identifier.Malformed},
		// NHS numbers.
		{identifier.NHSNumber, " \t", "", identifier.Missing},
		{identifier.NHSNumber, "-", "", identifier.Missing},
		{identifier.NHSNumber, "943\u2011476\u20105919", "9434765919", identifier.OK},
		{identifier.NHSNumber, "943\u00a0476\u00a05919", "9434765919", identifier.OK},
		{identifier.NHSNumber, "943\u200b4765919", "", identifier.Malformed},
		{identifier.NHSNumber, "943476591", "", identifier.Malformed},
		{identifier.NHSNumber, "94347659190", "", identifier.Malformed},
		{identifier.NHSNumber, "943476591X", "", identifier.Malformed},
		{identifier.NHSNumber, "000 000 0000", "", identifier.Placeholder},
		{identifier.NHSNumber, "0000000060", "", identifier.CheckDigit}, // weight 2 × 6 leaves remainder 1: check 10
		{identifier.NHSNumber, "4000000004", "4000000004", identifier.OK},
		// ULNs.
		{identifier.ULN, "91 5000-8063", "9150008063", identifier.OK},
		{identifier.ULN, "9999999999", "", identifier.Placeholder},
		{identifier.ULN, "1000000060", "", identifier.CheckDigit}, // remainder 0: never issued, whatever digit stands there
		{identifier.ULN, "915000806", "", identifier.Malformed},
		// Schools and homes.
		{identifier.SchoolURN, "123456", "123456", identifier.OK},
		{identifier.SchoolURN, "1234567", "1234567", identifier.OK},
		{identifier.SchoolURN, "12345678", "", identifier.Malformed},
		{identifier.SchoolURN, "000000", "", identifier.Placeholder},
		{identifier.SchoolURN, "SC000000", "", identifier.Placeholder},
		{identifier.SchoolURN, "SC12345", "", identifier.Malformed},
		{identifier.SchoolURN, "SC1234567", "", identifier.Malformed},
		{identifier.SchoolURN, "SC 123456", "", identifier.Malformed},
		{identifier.SchoolURN, "XXXXXXX", "", identifier.Malformed},
		{identifier.SchoolURN, "", "", identifier.Missing},
		// Workers.
		{identifier.WorkerSWE, "SW1", "SW1", identifier.OK},
		{identifier.WorkerSWE, "sw0012345678", "SW0012345678", identifier.OK},
		{identifier.WorkerSWE, "SW00123456789", "", identifier.Malformed},
		{identifier.WorkerSWE, "SW", "", identifier.Malformed},
		{identifier.WorkerSWE, "SW12A", "", identifier.Malformed},
		{identifier.WorkerSWE, "12345", "", identifier.Malformed},
		{identifier.WorkerSWE, "SW000", "", identifier.Placeholder},
		{identifier.WorkerSWE, "xx", "", identifier.Unknown},
		{identifier.WorkerSWE, "", "", identifier.Missing},
		// No kind.
		{"", "510000", "", identifier.Malformed},
		{"child", "", "", identifier.Malformed},
	} {
		form, outcome := identifier.Normalise(c.kind, c.raw)
		if form != c.form || outcome != c.outcome {
			t.Errorf("%s %+q: %q, %s; want %q, %s", c.kind, c.raw, form, outcome, c.form, c.outcome)
		}
	}
}

func TestNormaliseForLinkage(t *testing.T) {
	for _, c := range []struct {
		kind    identifier.Kind
		raw     string
		form    string
		outcome identifier.Outcome
	}{
		{identifier.UPN, " a123456789123", "A123456789123", identifier.CheckDigit},
		{identifier.NHSNumber, "943 476 5918", "9434765918", identifier.CheckDigit},
		{identifier.UPN, "h801200001001", "H801200001001", identifier.OK},
		{identifier.UPN, "UN2", "", identifier.Unknown},
		{identifier.UPN, "A000000000000", "", identifier.Placeholder},
		{identifier.UPN, "A12345678912", "", identifier.Malformed},
		{identifier.UPN, "", "", identifier.Missing},
	} {
		form, outcome := identifier.NormaliseForLinkage(c.kind, c.raw)
		if form != c.form || outcome != c.outcome {
			t.Errorf("%s %q: %q, %s; want %q, %s", c.kind, c.raw, form, outcome, c.form, c.outcome)
		}
	}
}

// TestCheckDigitsCatchSlips changes each digit of a valid number and swaps each pair of neighbours: what check digits
// are for. Weights modulo 11 or 23, both prime and larger than any weight's difference, catch every one of them.
func TestCheckDigitsCatchSlips(t *testing.T) {
	for kind, number := range map[identifier.Kind]string{
		identifier.UPN: "H801200001001", identifier.NHSNumber: "9434765919", identifier.ULN: "9150008063",
	} {
		first := 0
		if kind == identifier.UPN {
			first = 1
		}
		for i := first; i < len(number); i++ {
			for d := byte('0'); d <= '9'; d++ {
				slip := number[:i] + string(d) + number[i+1:]
				if _, outcome := identifier.Normalise(kind, slip); slip != number && outcome != identifier.CheckDigit {
					t.Errorf("%s: a wrong digit at %d is %s", kind, i, outcome)
				}
			}
			if i+1 < len(number) && number[i] != number[i+1] {
				slip := number[:i] + string(number[i+1]) + string(number[i]) + number[i+2:]
				if _, outcome := identifier.Normalise(kind, slip); outcome != identifier.CheckDigit {
					t.Errorf("%s: digits swapped at %d are %s", kind, i, outcome)
				}
			}
		}
	}
}

// TestOneCheckCharacter holds that every body has exactly one check digit or letter, or, for the remainder that is
// never issued, none.
func TestOneCheckCharacter(t *testing.T) {
	none := map[identifier.Kind]int{}
	for body := 100000000; body < 100000000+2200; body++ {
		digits := []byte{}
		for n := body; n > 0; n /= 10 {
			digits = append([]byte{byte('0' + n%10)}, digits...)
		}
		for _, kind := range []identifier.Kind{identifier.NHSNumber, identifier.ULN} {
			ok := 0
			for d := byte('0'); d <= '9'; d++ {
				if _, outcome := identifier.Normalise(kind, string(digits)+string(d)); outcome == identifier.OK {
					ok++
				}
			}
			if ok > 1 {
				t.Fatalf("%s: %d check digits for one number", kind, ok)
			}
			if ok == 0 {
				none[kind]++
			}
		}
	}
	for kind, n := range none {
		if n < 100 || n > 300 { // one body in eleven
			t.Errorf("%s: %d of 2200 bodies have no check digit", kind, n)
		}
	}
	if len(none) != 2 {
		t.Error("a remainder that is never issued was not met")
	}
}

func TestUPNCheckLetterRefuses(t *testing.T) {
	for _, twelve := range []string{"", "80120000100", "8012000010011", "80120000100a", "80120000100I", "8012000010 1", "80120000A001", "80120000100:"} {
		if _, ok := identifier.UPNCheckLetter(twelve); ok {
			t.Errorf("%q has a check letter", twelve)
		}
	}
}

func TestSimpleForm(t *testing.T) {
	for raw, want := range map[string]string{
		" rnd0１\u3000":       "RND01",
		"943 476 5919":       "943 476 5919",
		"①":                  "①", // NFKC would say 1: a difference worth a finding
		"\u200b510000\u00a0": "510000",
		"":                   "",
	} {
		if got := identifier.SimpleForm(raw); got != want {
			t.Errorf("%q: %q; want %q", raw, got, want)
		}
	}
}

func TestKindsAndOutcomes(t *testing.T) {
	for _, kind := range identifier.Kinds() {
		if !kind.Valid() {
			t.Errorf("%s is not valid", kind)
		}
	}
	if identifier.Kind("child/name").Valid() || identifier.Kind("").Valid() {
		t.Error("an unknown kind is valid")
	}
	words, err := json.Marshal(identifier.Outcomes())
	if err != nil || string(words) != `["ok","missing","placeholder","unknown","check-digit","malformed"]` {
		t.Errorf("outcomes: %s, %v", words, err)
	}
}

func TestNormaliseAllocatesNothing(t *testing.T) {
	for kind, raw := range map[identifier.Kind]string{
		identifier.LAChildID: " 510000 ", identifier.UPN: "H801200001001", identifier.NHSNumber: "9434765919",
		identifier.ULN: "9150008063", identifier.SchoolURN: "SC012345", identifier.WorkerSWE: "SW12345",
	} {
		if n := testing.AllocsPerRun(100, func() { identifier.Normalise(kind, raw) }); n != 0 {
			t.Errorf("%s: %v allocations", kind, n)
		}
	}
}

// accepted are the design's patterns, as an oracle beside the code that reads byte by byte.
var accepted = map[identifier.Kind]*regexp.Regexp{
	identifier.LAChildID: regexp.MustCompile(`^[A-Z0-9][A-Z0-9._/-]{0,19}$`),
	identifier.UPN:       regexp.MustCompile(`^[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]$`),
	identifier.NHSNumber: regexp.MustCompile(`^[0-9]{10}$`),
	identifier.ULN:       regexp.MustCompile(`^[0-9]{10}$`),
	identifier.SchoolURN: regexp.MustCompile(`^([0-9]{6,7}|SC[0-9]{6})$`),
	identifier.WorkerSWE: regexp.MustCompile(`^SW[0-9]{1,10}$`),
}

func FuzzNormalise(f *testing.F) {
	spreadsheet := regexp.MustCompile(`^[0-9]+\.[0-9]*(E[+-]?[0-9]+)?$`)
	placeholder := regexp.MustCompile(`^(0+|NULL|NONE|N/A|NA|UNKNOWN|TEST)$`)
	unknown := regexp.MustCompile(`^UN[1-7]$`)
	for _, seed := range []string{"", " 510000 ", "rnd1", "12.0", "1.2E+05", "UN1", "h801200001001", "943-476 5919", "sc012345", "sw1", "XX1", "５１", "\xff", "\u200b0", "ı"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, kind := range identifier.Kinds() {
			form, outcome := identifier.Normalise(kind, raw)
			linked, linkOutcome := identifier.NormaliseForLinkage(kind, raw)
			if outcome != linkOutcome || (outcome == identifier.OK) != (form != "") || (form != "" && form != linked) {
				t.Fatalf("%s: %q, %s but for linkage %q, %s", kind, form, outcome, linked, linkOutcome)
			}
			if linked != "" {
				if !accepted[kind].MatchString(linked) {
					t.Fatalf("%s: %q does not match the pattern", kind, linked)
				}
				if again, o := identifier.NormaliseForLinkage(kind, linked); again != linked || o != outcome {
					t.Fatalf("%s: not idempotent: %q became %q, %s", kind, linked, again, o)
				}
				if padded, o := identifier.NormaliseForLinkage(kind, "\u00a0"+strings.ToLower(linked)+"\u200b"); padded != linked || o != outcome {
					t.Fatalf("%s: padded and in lower case: %q, %s", kind, padded, o)
				}
			}
			if kind == identifier.LAChildID {
				// What the patterns say of the plain value must be what the code says.
				want := identifier.Malformed
				switch {
				case raw == "":
					want = identifier.Missing
				case placeholder.MatchString(raw):
					want = identifier.Placeholder
				case unknown.MatchString(raw):
					want = identifier.Unknown
				case accepted[kind].MatchString(raw) && !spreadsheet.MatchString(raw):
					want = identifier.OK
				}
				if want != identifier.Malformed && outcome != want {
					t.Fatalf("%q is %s; want %s", raw, outcome, want)
				}
				if outcome == identifier.OK && (spreadsheet.MatchString(form) || placeholder.MatchString(form) || unknown.MatchString(form)) {
					t.Fatalf("%q is accepted", form)
				}
			}
		}
		if simple := identifier.SimpleForm(raw); identifier.SimpleForm(simple) != simple {
			t.Fatalf("simple form is not idempotent: %q", simple)
		}
	})
}

func BenchmarkNormalise(b *testing.B) {
	for name, c := range map[string]struct {
		kind identifier.Kind
		raw  string
	}{
		"child/plain": {identifier.LAChildID, "510000"},
		"child/lower": {identifier.LAChildID, "rnd000215205141"},
		"child/wide":  {identifier.LAChildID, "５１００００"},
		"upn":         {identifier.UPN, "H801200001001"},
		"nhs/spaced":  {identifier.NHSNumber, "943 476 5919"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				identifier.Normalise(c.kind, c.raw)
			}
		})
	}
}
