package draft_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/draft"
)

// smallCore and smallFormat are definitions that are quickly loaded: core tables that are fed, and a list.
const smallFormat = `apiVersion: postern/dataset/v1
format: first
version: 1
title: A format
collection_years: {from: 2016, to: 2027}
date_formats: [DD/MM/YYYY]
code_lists:
  colour: [{code: RED, meaning: Red}, {code: BLUE, meaning: Blue}]
tables:
  - name: people
    meaning: One row per child
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: ZBEGAN, type: date, class: quasi-identifier, meaning: First day}
      - {name: ZSEX, type: code, codes: sex, class: quasi-identifier, meaning: Sex}
`

const smallCore = `apiVersion: postern/core/v1
version: 1
title: Core tables
code_lists:
  sex: [{code: F, meaning: Female}, {code: M, meaning: Male}]
tables:
  - name: children
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: sex, type: code, codes: sex, class: quasi-identifier, meaning: Sex}
      - {name: birth_date, type: date, class: quasi-identifier, treatments: [age_months], meaning: Birth}
      - {name: disabled, type: boolean, class: special-category, meaning: Disabled}
    sources: [{table: first/people, adds: true, columns: {child_id: {from: CHILD}, sex: {from: ZSEX}}}]
  - name: referrals
    meaning: One row per referral
    child_id: child_id
    event_date: referral_date
    one_row_per: [child_id, referral_date]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: referral_date, type: date, class: quasi-identifier, meaning: Day}
      - {name: no_further_action, type: boolean, class: sensitive, meaning: Led to nothing}
      - {name: referral_source, type: code, codes: first/colour, class: sensitive, meaning: Who}
    sources: [{table: first/people, adds: true, columns: {child_id: {from: CHILD}, referral_date: {from: ZBEGAN}}}]
`

// FuzzDraft holds a draft to what it is for: of any sample that is read it is YAML, of which only the open places are
// wrong; once these are filled in it loads, with and without the feeds that it suggests; and no long cell is in it.
func FuzzDraft(f *testing.F) {
	for _, seed := range []string{
		"Person ID,Referral Date,Gender,DOB\n1,03/04/2025,M,01/02/2012\n2,04/04/2025,F,ZZ/02/2012\n",
		"Child ID\tNFA?\tDisabled\n9\tY\tN\n8\tN\tY\n",
		"Person ID,Colour,Referral Source,Referral date\n10001,RED,RED,2024-01-02\n10002,BLUE,BLUE,2024-01-03 \n",
		"id,null,~,no,true,\"quoted\",a: b,#c,- d,{e},[f],&g,*h,!i,|j,>k,%l,@m,`n\n1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0\n",
		"UPN,Person ID,Größe,Team Team,team team,,collection_year\nH801200001001,5,x,y,z,q,r\n",
		"date,Date ,DATE\u00a0,D.A.T.E\n05-03-2024,5 Mar 2024,20240305,05/03/2024 10:00\n",
		strings.Repeat("n", 130) + ",Type of plan (CP / CIN)\nvalue one,value two\n",
	} {
		f.Add(seed)
	}
	small := func(own string) (*dataset.Catalogue, error) {
		files := fstest.MapFS{"core.yaml": {Data: []byte(smallCore)}, "first.yaml": {Data: []byte(smallFormat)}}
		if own == "" {
			return dataset.Load(files)
		}
		return dataset.Load(files, fstest.MapFS{"own.yaml": {Data: []byte(own)}})
	}
	cat, err := small("")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var rows [][]string
		for line := range strings.Lines(text) {
			rows = append(rows, strings.FieldsFunc(strings.TrimRight(line, "\n")+",", func(r rune) bool { return r == ',' || r == '\t' }))
		}
		table, err := draft.Inspect(context.Background(), "rows", rowsOf(rows...), cat, draft.Options{Headed: true})
		if err != nil {
			return
		}
		out := draft.Write("local", []*draft.Table{table})
		_, err = small(string(out))
		var problems document.Problems
		if errors.As(err, &problems) {
			for _, p := range problems {
				if p.Code != document.EmptyValue {
					t.Fatalf("%v\n%s", p, out)
				}
			}
		}
		if open := draft.Open(out); len(problems) != open {
			t.Fatalf("%d problems, %d open places: %v\n%s", len(problems), open, err, out)
		}
		for _, feeds := range []bool{false, true} {
			if _, err := small(string(filled(out, feeds))); err != nil {
				t.Fatalf("feeds %v: %v\n%s", feeds, err, filled(out, feeds))
			}
		}
	})
}
