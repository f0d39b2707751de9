//go:build unix

package export_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/schemas"
)

const (
	ownFormat   = "call_log"
	ownSpelling = "Quill Spelling" // what staff of the tests' council type in place of a code
)

// ownReport is a council's own report: the log of those who rang, which feeds referrals and children.
const ownReport = `apiVersion: postern/dataset/v1
format: call_log
version: 1
title: The log of calls
collection_years: {from: 2022, to: 2035}
date_formats: [DD-MM-YYYY, DD/MM/YYYY]
code_lists:
  via: [{code: SCH, meaning: School}, {code: POL, meaning: Police}]
  sex: [{code: "F", meaning: Girl}, {code: "M", meaning: Boy}]
aliases:
  via: [{code: SCH, spellings: [Education setting, ` + ownSpelling + `]}]
code_maps:
  - {name: via, meaning: Who rang, to: cin/referral_source, pairs: [{from: SCH, to: 2A}, {from: POL, to: "6"}]}
tables:
  - name: calls
    meaning: One row per call
    child_id: person_id
    event_date: rang
    in_confidence: restricted
    columns:
      - {name: person_id, header: "Person ID", type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: The authority's own number for the child}
      - {name: surname, header: Surname, type: text, class: direct-identifier, meaning: Surname}
      - {name: born, header: D.O.B., type: date, class: quasi-identifier, treatments: [age_months, age_years, age_band], meaning: Date of birth}
      - {name: sex, header: Gender, type: code, codes: sex, class: quasi-identifier, meaning: Sex}
      - {name: rang, header: "Date of call (from)", headers: [Date of call], type: date, class: quasi-identifier, required: true, meaning: Date of the call}
      - {name: via, like: "call (received|came) via", header: Call received via, type: code, codes: via, aliases: via, class: sensitive, meaning: Who rang}
      - {name: nfa, header: "NFA?", type: boolean, yes_no: true, class: sensitive, meaning: Whether nothing came of it}
      - {name: closed, header: Closed, type: date, not_before: rang, class: quasi-identifier, meaning: Date the case was closed}
      - {name: calls, header: Number of calls, type: integer, min: 0, max: 500, class: sensitive, meaning: Calls before}
      - {name: worker, header: Allocated Worker, type: text, class: staff, meaning: Name of the worker}
      - {name: notes, header: Case Notes, type: text, class: free-text, optional: true, meaning: Notes}
      - {name: upn, header: UPN, type: identifier, identifier: child/upn, class: direct-identifier, optional: true, meaning: Unique pupil number}
      - {name: restricted, header: Restricted, type: boolean, yes_no: true, class: sensitive, optional: true, meaning: Whether it was told in confidence}
    feeds:
      - core: referrals
        adds: true
        columns:
          child_id: {from: person_id}
          referral_date: {from: rang}
          referral_source: {from: via, map: via}
          no_further_action: {from: nfa}
          closure_date: {from: closed}
          collection_year: {from: collection_year}
      - core: children
        adds: true
        columns:
          child_id: {from: person_id}
          sex: {from: sex}
          birth_date: {from: born}
links:
  - {table: call_log/calls, child_id: person_id, identifiers: [upn]}
`

// ownSpellings are what the council adds to the spellings of a built-in format.
const ownSpellings = `apiVersion: postern/aliases/v1
format: annex_a
title: What is typed here
aliases:
  ethnicity: [{code: WBRI, spellings: [` + ownSpelling + `]}]
  placement: [{code: K2, spellings: [` + ownSpelling + `]}]
`

// withReport is the definitions of a council that has a report of its own.
func withReport(tb testing.TB) *dataset.Catalogue {
	tb.Helper()
	folder := tb.TempDir()
	writeReport(tb, folder)
	catalogue, err := dataset.Load(schemas.Files, os.DirFS(folder))
	if err != nil {
		tb.Fatal(err)
	}
	return catalogue
}

func writeReport(tb testing.TB, folder string) {
	tb.Helper()
	mustMkdir(tb, folder)
	mustWrite(tb, filepath.Join(folder, "call_log.yaml"), ownReport)
	mustWrite(tb, filepath.Join(folder, "spellings.yaml"), ownSpellings)
}

// reporting is a council with a report of its own, under agreements that are made of its definitions.
func reporting(tb testing.TB, now time.Time, agreements func(*dataset.Catalogue) []string) *council {
	tb.Helper()
	c := councilAt(tb, tb.TempDir(), now)
	c.catalogue = withReport(tb)
	writeReport(tb, c.path("schemas"))
	mustWrite(tb, c.path("postern.yaml"), mustRead(tb, c.path("postern.yaml"))+"schemas: ./schemas\n")
	for _, text := range agreements(c.catalogue) {
		text = strings.Replace(text, "covers: [", "covers: ["+ownFormat+"/calls, ", 1)
		a := c.parse(tb, text)
		if _, err := custody.Open(references(c.dir)).NewSalt(laCode, a.ID, a.Pseudonyms.Epoch); err != nil {
			tb.Fatal(err)
		}
		c.adopt(tb, text)
	}
	return c
}
