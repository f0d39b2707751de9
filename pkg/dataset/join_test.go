package dataset_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/document"
)

// councilStays is a council's own core tables over the case system's, with what is read of such a format alone.
const councilStays = `apiVersion: postern/core/v1
version: 1
title: The council's own
code_lists: {}
links:
  - {table: ssd/send, child_id: send_person_id}
  - {table: ssd/linked_identifiers, child_id: link_person_id, identifiers: [link_identifier_value], where: {link_identifier_type: [UPN]}}
tables:
  - name: stays
    meaning: One row per child and first day
    child_id: child_id
    event_date: day
    one_row_per: [child_id, day]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: day, type: date, class: quasi-identifier, meaning: Day}
      - {name: reason, type: code, codes: ssda903/rne, class: sensitive, meaning: Reason}
      - {name: place, type: code, codes: ssda903/place, class: sensitive, meaning: Place}
      - {name: left, type: date, class: quasi-identifier, meaning: Last day}
      - {name: status, type: code, codes: ssda903/ls, class: criminal-offence, meaning: Legal status}
    sources:
      - table: ssd/cla_episodes
        adds: true
        columns:
          child_id: {from: clae_person_id}
          day: {from: clae_cla_episode_start_date}
          reason: {from: clae_cla_episode_start_reason}
        joined:
          - table: ssd/cla_placement
            key: clap_cla_placement_id
            by: clae_cla_placement_id
            columns:
              place: {from: clap_cla_placement_type}
              left: {from: clap_cla_placement_end_date}
          - table: ssd/legal_status
            key: lega_person_id
            by: clae_person_id
            covers: {day: clae_cla_episode_start_date, from: lega_legal_status_start_date, to: lega_legal_status_end_date}
            columns:
              status: {from: lega_legal_status}
  - name: ever
    meaning: One row per child
    child_id: child_id
    one_row_per: [child_id]
    columns:
      - {name: child_id, type: identifier, identifier: child/la-child-id, class: linkage-identifier, meaning: Number}
      - {name: alone, type: boolean, class: sensitive, meaning: Came alone}
    sources:
      - table: ssd/person
        adds: true
        columns: {child_id: {from: pers_person_id}}
      - table: ssd/immigration_status
        columns:
          child_id: {from: immi_person_id}
          alone: {from: immi_immigration_status, true_for: [UASC, REFUGEE]}
`

// TestJoins changes one thing of a sound definition at a time, and says the problem.
func TestJoins(t *testing.T) {
	returns := formats(t, "cin", "school_census", "ssd", "ssda903")
	for _, tc := range []struct {
		name, old, new string
		want           string // in some problem; "" when the definition is sound
	}{
		{"as it is", "", "", ""},
		{"no such table", "table: ssd/cla_placement", "table: ssd/cla_placements", "there is no such source table"},
		{"of another return", "table: ssd/cla_placement", "table: ssda903/episodes", "from a file of its own return"},
		{"no such key", "key: clap_cla_placement_id", "key: clap_placement", "the source table has no such column"},
		{"a key that is none", "key: clap_cla_placement_id", "key: clap_cla_placement_type", "not of a type that can stand here"},
		{"a name that is no key", "by: clae_cla_placement_id", "by: clae_cla_episode_start_date", "not of a type that can stand here"},
		{"no way to it", "            by: clae_cla_placement_id\n", "", "by: is missing"},
		{"no such column", "from: clap_cla_placement_type", "from: clap_type", "the source table has no such column"},
		{"of another type", "from: clap_cla_placement_type", "from: clap_cla_placement_end_date", "not of one type"},
		{"a column that is fed already", "              left:", "              reason: {from: clap_cla_placement_change_reason}\n              left:", "nothing else of the source feeds"},
		{"what tells rows apart", "              left: {from", "              day: {from", "nothing else of the source feeds"},
		{"a text", "from: clap_cla_placement_end_date", "from: clap_cla_placement_postcode", "not of one type"},
		{"a weaker class", "{name: place, type: code, codes: ssda903/place, class: sensitive", "{name: place, type: code, codes: ssda903/place, class: ordinary", "weaker class than its source"},
		{"a day that is none", "covers: {day: clae_cla_episode_start_date", "covers: {day: clae_cla_episode_start_reason", "not of a type that can stand here"},
		{"a span of no days", "to: lega_legal_status_end_date", "to: lega_legal_status", "not of a type that can stand here"},
		{"days of a record", "key: lega_person_id", "key: lega_legal_status_id", "not of a type that can stand here"},
		{"days of nobody", "            by: clae_person_id\n", "", "by: is missing"},
		{"days without a first", "day: clae_cla_episode_start_date, from: lega_legal_status_start_date, ", "day: clae_cla_episode_start_date, ", "covers.from: is missing"},
		{"to one row per child", "        columns: {child_id: {from: pers_person_id}}\n", "        columns: {child_id: {from: pers_person_id}}\n        joined: [{table: ssd/send, key: send_table_id, by: send_table_id, columns: {}}]\n", "rows of a child and a date only"},
		{"to a mark", "          alone: {from", "          alone: {present: true}\n        joined: [{table: ssd/send, key: send_table_id, by: immi_immigration_status_id, columns: {}}]\n#", "rows of a child and a date only"},
		{"true for no code", "true_for: [UASC, REFUGEE]", "true_for: [UASC, OTHER]", "no such code"},
		{"true for nothing", "true_for: [UASC, REFUGEE]", "true_for: []", "true_for"},
		{"a truth of a weaker class", "{name: alone, type: boolean, class: sensitive", "{name: alone, type: boolean, class: ordinary", "weaker class than its source"},
		{"a truth that is a date", "reason: {from: clae_cla_episode_start_reason}", "reason: {from: clae_cla_episode_start_reason, true_for: [S]}", "does not make a value of its type"},
		{"which rows of none", "identifiers: [link_identifier_value], where", "where", "the table has none"},
		{"rows of no type", "where: {link_identifier_type: [UPN]}", "where: {link_identifier_type: [XYZ]}", "no such code"},
		{"rows by a date", "where: {link_identifier_type: [UPN]}", "where: {link_valid_from_date: [UPN]}", "not of a type that can stand here"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if strings.Count(councilStays, tc.old) != 1 && tc.old != "" {
				t.Fatalf("the definition has the text to change %d times", strings.Count(councilStays, tc.old))
			}
			text := strings.Replace(councilStays, tc.old, tc.new, 1)
			c, err := dataset.Load(returns, fstest.MapFS{"own.yaml": {Data: []byte(text)}})
			if tc.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				sound(t, c)
				return
			}
			var problems document.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("%v is no list of problems", err)
			}
			if !slices.ContainsFunc(problems, func(p document.Problem) bool {
				return strings.Contains(p.Path+": "+p.Message, tc.want) && p.File == "own.yaml"
			}) {
				t.Errorf("no problem says %q:\n%v", tc.want, err)
			}
		})
	}
}

// sound holds what a source that is joined says it reads and shows.
func sound(t *testing.T, c *dataset.Catalogue) {
	t.Helper()
	s := &c.Table("stays").Sources[0]
	if got := s.Tables(); !slices.Equal(got, []string{"ssd/cla_episodes", "ssd/cla_placement", "ssd/legal_status"}) {
		t.Errorf("tables %v", got)
	}
	reads := s.Reads("place")
	if !slices.Equal(reads["ssd/cla_placement"], []string{"clap_cla_placement_type", "clap_cla_placement_id"}) || !slices.Equal(reads["ssd/cla_episodes"], []string{"clae_cla_placement_id"}) {
		t.Errorf("place reads %v", reads)
	}
	if reads := s.Reads("status"); !slices.Equal(reads["ssd/legal_status"], []string{"lega_legal_status", "lega_person_id", "lega_legal_status_start_date", "lega_legal_status_end_date"}) ||
		!slices.Equal(reads["ssd/cla_episodes"], []string{"clae_person_id", "clae_cla_episode_start_date"}) {
		t.Errorf("status reads %v", reads)
	}
	for column, want := range map[string][2]string{
		"place": {"ssd/cla_placement", "clap_cla_placement_type"}, "reason": {"ssd/cla_episodes", "clae_cla_episode_start_reason"},
	} {
		if table, from, shown := s.Shown(column); !shown || table != want[0] || from != want[1] {
			t.Errorf("%s shows %s.%s, %t", column, table, from, shown)
		}
	}
	marks := c.Table("ever").Sources[1].Feed("alone")
	if !marks.Marks() || !slices.Equal(marks.TrueFor, []string{"UASC", "REFUGEE"}) {
		t.Errorf("%+v", marks)
	}
	links := c.Links()
	if own := links[len(links)-2:]; !own[0].Lists() || own[1].Lists() || len(own[0].Identifiers) != 0 {
		t.Errorf("links %v", own)
	}
}
