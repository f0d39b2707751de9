package notice_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/notice"
	"github.com/postern-gateway/postern/schemas"
)

// What an agreement says of its notice is held to what leaves and to what the notice says.
func TestCovers(t *testing.T) {
	cat := catalogue(t)
	a := example(t, "family-valued-2026.yaml", cat)
	n := read(t, "../../testdata/notices/good.txt")
	a.PrivacyNotice.Covers = slices.DeleteFunc(a.PrivacyNotice.Covers, func(id string) bool { return id == "attendance" || id == "cin_plans" })
	a.PrivacyNotice.Covers = append(a.PrivacyNotice.Covers, "ssda903/missing", "cin/child")
	expect(t, notice.Check(n, a, cat), "covers-lacks-attendance:0", "covers-lacks-cin-plans:0", "covers-untold-ssda903-missing:0")
}

// What the notice says is not shared, and leaves, is a conflict; what it tells of elsewhere is not.
func TestItemDenied(t *testing.T) {
	cat := catalogue(t)
	a := example(t, "family-valued-2026.yaml", cat)
	text := strings.Join([]string{
		"Foundations receives what we share, which is necessary for a task in the public interest.", "",
		"We never share:", "", "  • your ethnicity", "  • your school attendance", "",
		"We share attendance in whole terms. We do not share whether you are disabled.",
		"Names and dates of birth are taken out.",
	}, "\n")
	got := raised(notice.Check(parse(t, text), a, cat))
	for _, want := range []string{"item-denied-ethnicity:5", "item-denied-disability:8", "item-age:0"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not raised: %q", want, got)
		}
	}
	for _, name := range got {
		if strings.HasPrefix(name, "item-attendance") || strings.HasPrefix(name, "item-denied-attendance") || strings.HasPrefix(name, "item-disability") {
			t.Errorf("%s is raised", name)
		}
	}
}

// Nobody knows what families would call a table of the council's own: that is said, and never passed over.
func TestOwnTablesCannotBeTold(t *testing.T) {
	own := fstest.MapFS{"allotments.yaml": {Data: []byte(`apiVersion: postern/dataset/v1
format: allotments
version: 1
title: Allotments
collection_years: {from: 2016, to: 2030}
date_formats: [DD/MM/YYYY]
code_lists: {}
tables:
  - name: plot_visits
    meaning: Visits to an allotment
    child_id: CHILD
    columns:
      - {name: CHILD, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: The number of the child}
      - {name: VISITS, type: integer, min: 0, max: 99, class: sensitive, meaning: How often}
`)}}
	cat, err := dataset.Load(schemas.Files, own)
	if err != nil {
		t.Fatal(err)
	}
	a := example(t, "family-valued-2026.yaml", cat)
	a.Tables = append(a.Tables, agreement.Table{ID: "allotments/plot_visits", Columns: []agreement.Column{{Name: "child_id", From: "CHILD"}, {Name: "visits", From: "VISITS"}}})
	a.PrivacyNotice.Covers = append(a.PrivacyNotice.Covers, "allotments/plot_visits")
	n := read(t, "../../testdata/notices/good.txt")
	points := notice.Check(n, a, cat)
	expect(t, points, "cannot-be-told-allotments-plot-visits:0")
	a.PrivacyNotice.Answers = []agreement.Answer{{Point: points[0].Name, Text: "Line 12 of the leaflet calls it the garden project."}}
	if open := notice.Unanswered(notice.Check(n, a, cat)); len(open) > 0 {
		t.Errorf("answered, and still open: %q", raised(open))
	}
}

func TestMentions(t *testing.T) {
	cat := catalogue(t)
	a := example(t, "family-valued-2026.yaml", cat)
	_, found := notice.Read(read(t, "../../testdata/notices/good.txt"), a, cat)
	for what, line := range map[string]int{
		"the recipient, Foundations": 9, "attendance or absence from school": 31, "age or date of birth": 25, "the time of the sharing": 33,
		"the lawful basis, Article 6(1)(e)": 12, "the right to object": 51, "the right to complain to the Information Commissioner": 60,
	} {
		if at := slices.IndexFunc(found, func(m notice.Mention) bool { return m.What == what }); at < 0 || found[at].Line != line || found[at].Collected {
			t.Errorf("%s: %+v, want line %d", what, found, line)
		}
	}
	_, found = notice.Read(read(t, "../../testdata/notices/other-service.txt"), a, cat)
	if at := slices.IndexFunc(found, func(m notice.Mention) bool { return m.What == "age or date of birth" }); !found[at].Collected || found[at].Line != 9 {
		t.Errorf("a date of birth that is collected for something else: %+v", found[at])
	}
}
