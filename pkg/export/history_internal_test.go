package export

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
)

// golden compares what is written with a file; UPDATE_GOLDEN=1 writes the file anew.
func golden(t *testing.T, name string, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "history", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s is not what was written:\n%s", path, b.Bytes())
	}
	return b.String()
}

func pageOf(entries []HistoryEntry, public bool) HistoryPage {
	return HistoryPage{Council: "Coventry City Council", Origin: "331.postern/register", Root: "cm9vdA==", Records: len(entries), Public: public, Entries: entries}
}

func TestHistoryGolden(t *testing.T) {
	for _, public := range []bool{false, true} {
		name := "register"
		if public {
			name = "public"
		}
		entries := told(t, public, everyKind(t)...)
		all := golden(t, name+".txt", func(w io.Writer) error { return HistoryText(w, entries, len(entries)) }) +
			golden(t, name+".csv", func(w io.Writer) error { return HistoryCSV(w, entries) }) +
			golden(t, name+".html", func(w io.Writer) error { return HistoryHTML(w, pageOf(entries, public)) })
		for _, private := range []string{"Ann", "Dee O", "Sam", "council.example", "secure setting", "called", annKey} {
			if strings.Contains(all, private) == public && (public || private != annKey) {
				t.Errorf("public %v: %q", public, private)
			}
		}
	}
}

// What a record says stands in the entry of that record, found through the others where it has to be.
func TestHistoryTells(t *testing.T) {
	entries := told(t, false, everyKind(t)...)
	for _, test := range []struct {
		index           int
		who, what, whom string
		why             string
	}{
		{2, "Ann Analyst (submitter)", "put forward", "Foundations", ""},
		{4, "Dee Officer (Data Protection Officer)", "under conditions", "Foundations", "only the secure setting; ask Sam Owner, sam.owner@council.example"},
		{6, "nobody: its dates did", "is now active", "Foundations", "its first day has come"},
		{8, theGate, "2 files", "Foundations", ""},
		{12, theGate, "2 refused", "Foundations", "DPIA_OVERDUE, NOTICE_GAP"},
		{14, theGate, "withdrawn", "Foundations", "one table was of another year"},
		{16, "Dee Officer (Data Protection Officer)", "asked about; there is no advice yet. The words that were given for it were erased, as record 18 says.", "Foundations", "erased: it held more than it had to"},
		{17, "", "What this record said was erased; its place, time and kind are kept, as record 19 says.", "Foundations", "erased: all of it had to go"},
		{20, "", "\"hold-in-force\"", "", ""},
		{21, "", "\"published\"", "", ""},
		{22, theGate, "was sent", "", ""},
		{23, "key SHA256:nobody (archivist)", "decided on: shelve", "", ""},
	} {
		e := entries[test.index]
		if e.Who != test.who || !strings.Contains(e.What, test.what) || e.ToWhom != test.whom || e.Why != test.why {
			t.Errorf("record %d: %+v", test.index, e)
		}
	}
	for i, e := range entries {
		if e.Index != int64(i) || e.When.IsZero() || e.What == "" || e.Erased != (i == 16 || i == 17) {
			t.Errorf("record %d: %+v", i, e)
		}
	}
}

// The recipient is that of the record's own version, whichever other versions had, before or after.
func TestHistoryRecipientByVersion(t *testing.T) {
	state := func(version int, recipient string) register.Entry {
		return entryOf(t, KindState, StateBody{Agreement: theDSA, Version: version, To: "draft", Recipient: recipient})
	}
	refused := func(version int) register.Entry {
		return entryOf(t, KindRefused, RefusedBody{Agreement: theDSA, Version: version, Code: "X"})
	}
	entries := told(t, false, refused(1), state(1, "First"), refused(1), state(2, "Second"), refused(1), refused(2), refused(3))
	for i, want := range map[int]string{0: "First", 2: "First", 4: "First", 5: "Second", 6: "Second"} {
		if entries[i].ToWhom != want {
			t.Errorf("record %d: to %q, want %q", i, entries[i].ToWhom, want)
		}
	}
}

// A drop's purpose is told from an agreement only where its bytes are those that the drop was made under.
func TestHistoryPurposeOfTheSameBytes(t *testing.T) {
	a := &agreement.Agreement{ID: theDSA, Version: 1, Recipient: agreement.Recipient{Name: "Foundations"}, Purpose: agreement.Purpose{Text: "Evaluate it"}}
	for digest, want := range map[string]string{digestOf(a): "Evaluate it", strings.Repeat("1", 64): ""} {
		prepared := entryOf(t, manifest.PreparedKind, manifest.Prepared{Drop: theDSA + "/1", Agreement: theDSA, Version: 1, AgreementSHA256: digest})
		out, err := history(recordsOf(prepared, entryOf(t, KindPublished, PublishedBody{Drop: theDSA + "/1"})), []*agreement.Agreement{a}, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out {
			if e.Why != want || e.ToWhom != "Foundations" {
				t.Errorf("digest %s: %+v", digest, e)
			}
		}
	}
}

// A person is named as of the record, not by who holds the key later.
func TestHistoryNamesAsOfThen(t *testing.T) {
	roles := func(name string) register.Entry {
		return entryOf(t, KindRoles, RolesBody{Holders: []RoleHolder{{Name: name, Role: "dpo", Key: deeKey}}})
	}
	decision := entryOf(t, KindDecision, DecisionBody{Agreement: theDSA, Version: 1, Role: "dpo", Decision: "advise-clear", Signer: deeKey})
	entries := told(t, false, roles("Dee Officer"), decision, roles("Dora Price"), decision)
	if !strings.HasPrefix(entries[1].Who, "Dee Officer") || !strings.HasPrefix(entries[3].Who, "Dora Price") {
		t.Errorf("%q, %q", entries[1].Who, entries[3].Who)
	}
}

func TestHistoryOfADamagedRegister(t *testing.T) {
	damage := errors.New("damage")
	_, err := history(func(yield func(register.Record, error) bool) { yield(register.Record{}, damage) }, nil, false)
	if !errors.Is(err, damage) {
		t.Errorf("error %v", err)
	}
}
