package dataset_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// Again is the same catalogue as long as no byte has changed, and a new one, or its mistakes, when one has.
func TestAgain(t *testing.T) {
	file := func(text string) fs.FS { return fstest.MapFS{"own.yaml": {Data: []byte(text)}} }
	const text = `apiVersion: postern/dataset/v1
format: own
version: 1
title: Own
collection_years: {from: 2020, to: 2026}
year_begins: april
date_formats: [DD/MM/YYYY]
code_lists: {}
tables:
  - name: list
    meaning: A list
    child_id: CHILD
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, required: true, meaning: Child}
      - {name: SEEN, type: date, class: quasi-identifier, meaning: Seen}
`
	first, err := dataset.Load(file(text))
	if err != nil {
		t.Fatal(err)
	}
	if same, err := first.Again(file(text)); err != nil || same != first {
		t.Errorf("of the same bytes: another catalogue, %v", err)
	}
	other, err := first.Again(file(text + "# seen again\n"))
	if err != nil || other == first || other.Digest() == first.Digest() {
		t.Errorf("of other bytes: the same catalogue, or %v", err)
	}
	if _, err := first.Again(file(text + "unknown: 1\n")); err == nil {
		t.Error("a mistake was not told")
	}
	if _, err := first.Again(fstest.MapFS{}); err == nil {
		t.Error("files that are gone were not missed")
	}
}
