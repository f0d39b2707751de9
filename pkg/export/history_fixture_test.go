package export

import (
	"encoding/json"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
)

// The fingerprints of the made-up council's people.
const (
	annKey = "SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	deeKey = "SHA256:ddddddddddddddddddddddddddddddddddddddddddd"
	samKey = "SHA256:sssssssssssssssssssssssssssssssssssssssssss"
	theDSA = "dsa-coventry-fv-2026"
	oneDay = 24 * time.Hour
	// What is left of the record that was erased.
	erasedText = `{"agreement":"dsa-coventry-fv-2026","version":1}`
)

// entryOf is an entry of the register with a body of one of the gate's types.
func entryOf(t testing.TB, kind string, body any) register.Entry {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return register.Entry{Kind: kind, Body: data}
}

// recordsOf puts entries in their places, one a day from 1 June 2026.
func recordsOf(entries ...register.Entry) iter.Seq2[register.Record, error] {
	return func(yield func(register.Record, error) bool) {
		for i, e := range entries {
			e.Time = time.Date(2026, 6, 1, 9, 30, 0, 0, time.UTC).Add(time.Duration(i) * oneDay)
			record := register.Record{Index: int64(i), Entry: e, Erased: string(e.Body) == erasedText || strings.Contains(string(e.Body), "advise-query")}
			if !yield(record, nil) {
				return
			}
		}
	}
}

// everyKind is a register with a record of each kind, and with what older and later versions of the program left.
func everyKind(t testing.TB) []register.Entry {
	t.Helper()
	until := civil.MustYMD(2027, 3, 31)
	holders := []RoleHolder{
		{Name: "Ann Analyst", Role: "submitter", Key: annKey},
		{Name: "Dee Officer", Role: "dpo", Key: deeKey, To: &until},
		{Name: "Sam Owner", Role: "asset-owner", Key: samKey},
	}
	prepared := func(drop string) manifest.Prepared {
		return manifest.Prepared{
			Drop: drop, Sequence: 1, Agreement: theDSA, Version: 1, AgreementSHA256: "00", DefinitionsSHA256: "00",
			Files: []manifest.PreparedFile{{Path: "children.parquet", SHA256: "00"}, {Path: "referrals.parquet", SHA256: "00"}},
		}
	}
	first, second := theDSA+"/0001-20260610", theDSA+"/0002-20260611"
	return []register.Entry{
		entryOf(t, KindRoles, RolesBody{SHA256: "00", Holders: holders}),
		entryOf(t, KindKeys, KeysBody{What: "made", Key: "salt", Agreement: theDSA, Epoch: 1, Public: "3f2a"}),
		entryOf(t, KindDecision, DecisionBody{Agreement: theDSA, Version: 1, Role: "submitter", Decision: "submit", Signer: annKey}), // of before names were recorded
		entryOf(t, KindState, StateBody{Agreement: theDSA, Version: 1, From: "draft", To: "submitted", Recipient: "Foundations", By: "Ann Analyst", Why: "the submitter put it forward"}),
		entryOf(t, KindDecision, DecisionBody{
			Agreement: theDSA, Version: 1, Role: "dpo", Decision: "advise-with-conditions", Signer: deeKey, Name: "Dee Officer",
			Reason: "only the secure setting; ask Sam Owner, sam.owner@council.example",
		}),
		entryOf(t, KindDecision, DecisionBody{Agreement: theDSA, Version: 1, Role: "asset-owner", Decision: "approve", Signer: samKey, Name: "Sam Owner"}),
		entryOf(t, KindState, StateBody{Agreement: theDSA, Version: 1, From: "approved", To: "active", Recipient: "Foundations", Why: "its first day has come"}),
		entryOf(t, KindPreflight, PreflightBody{Agreement: theDSA, Version: 1, Passed: 21, Warned: 1, Refused: []string{}}),
		entryOf(t, manifest.PreparedKind, prepared(first)),
		entryOf(t, KindPublished, PublishedBody{Drop: first}),
		entryOf(t, manifest.PreparedKind, prepared(second)),
		entryOf(t, KindAbandoned, AbandonedBody{Drop: second, Reason: "the store was full"}),
		entryOf(t, KindPreflight, PreflightBody{Agreement: theDSA, Version: 1, Passed: 20, Refused: []string{"DPIA_OVERDUE", "NOTICE_GAP"}}),
		entryOf(t, KindRefused, RefusedBody{Agreement: theDSA, Version: 1, Code: "DPIA_OVERDUE", Sentence: "the impact assessment was to be reviewed by 31 March 2026"}),
		entryOf(t, KindWithdrawn, WithdrawnBody{Drop: first, Reason: "one table was of another year"}),
		entryOf(t, KindDecision, DecisionBody{Agreement: theDSA, Version: 1, Role: "asset-owner", Decision: "suspend", Signer: samKey, Reason: "+44 20 7946 0000 called"}),
		entryOf(t, KindDecision, DecisionBody{Agreement: theDSA, Version: 1, Role: "dpo", Decision: "advise-query", Signer: deeKey, Name: "Dee Officer"}),
		{Kind: "told-once", Body: json.RawMessage(erasedText)},
		entryOf(t, register.KindErased, register.Erasure{Index: 16, Kind: KindDecision, Reason: "it held more than it had to", Kept: json.RawMessage(erasedText)}),
		entryOf(t, register.KindErased, register.Erasure{Index: 17, Kind: "told-once", Reason: "all of it had to go", Kept: json.RawMessage(erasedText)}),
		{Kind: "hold-in-force", Body: json.RawMessage(`{"list":"00"}`)},       // of a later version
		{Kind: KindPublished, Body: json.RawMessage(`["not what it was"]`)},   // of whoever
		entryOf(t, KindPublished, PublishedBody{Drop: "dsa-other/0001-2020"}), // prepared where nobody knows
		entryOf(t, KindDecision, DecisionBody{Agreement: "dsa-other", Version: 3, Role: "archivist", Decision: "shelve", Signer: "SHA256:nobody"}),
		entryOf(t, KindRoles, RolesBody{SHA256: "01", Holders: holders[:2]}),
	}
}

func told(t testing.TB, public bool, entries ...register.Entry) []HistoryEntry {
	t.Helper()
	out, err := history(recordsOf(entries...), nil, public)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != len(entries) {
		t.Fatalf("%d records told of %d", len(out), len(entries))
	}
	return out
}
