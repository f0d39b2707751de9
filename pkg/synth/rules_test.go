package synth

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// TestSetsFollowTheReturn makes cohorts of several shapes and holds every file to the rules of the return.
func TestSetsFollowTheReturn(t *testing.T) {
	for _, opt := range []CohortOptions{
		{Children: 4000, Seed: 1},
		{Children: 2000, Seed: 99, LastYear: 2026, Years: 1},
		{Children: 1000, Seed: 5, LastYear: 2020, Years: 2, LACode: "330"},
		{Children: 1000, Seed: 6, LastYear: 2025, Years: 3},
		{Children: MinChildren, Seed: 18446744073709551615},
	} {
		t.Run(fmt.Sprintf("%d to %d", opt.Children, opt.LastYear), func(t *testing.T) {
			opt.Formats = ssda903Only
			sets, summary, _ := cohort(t, opt)
			if summary.Children != opt.Children || summary.Seed != opt.Seed {
				t.Errorf("summary %+v", summary)
			}
			refs := 0
			for _, s := range sets {
				refs += checkColumns(t, s)
				checkCells(t, s)
				checkHeader(t, s)
			}
			if refs != 1 {
				t.Errorf("%d sets with LOCAL_REF", refs)
			}
			checkIdentity(t, sets, summary)
			for i, s := range sets {
				checkEpisodes(t, s)
				checkAround(t, s)
				checkAdoption(t, s)
				if i > 0 {
					checkReturn(t, sets[i-1], s)
				}
			}
		})
	}
}

func checkColumns(t *testing.T, s *annualSet) (refs int) {
	t.Helper()
	for file, want := range wantColumns {
		got, ok := s.lines[file]
		if ok != (file != "sw_episodes.csv" || s.number >= 2024) {
			t.Errorf("%d: %s present: %v", s.number, file, ok)
		}
		if file == "episodes.csv" && got == want+",LOCAL_REF" {
			refs++
		} else if ok && got != want {
			t.Errorf("%d: %s: columns %s", s.number, file, got)
		}
	}
	if len(s.lines) > len(wantColumns) {
		t.Errorf("%d: %d files", s.number, len(s.lines))
	}
	return refs
}

// checkCells holds each cell to its column: a code of the year, a date of the calendar, a pattern.
func checkCells(t *testing.T, s *annualSet) {
	t.Helper()
	for file, rows := range s.tables {
		for _, column := range strings.Split(s.lines[file], ",") {
			list, pattern, date := codes(file, column, s.number), patterns[column], isDate(column)
			if list == nil && pattern == nil && !date && column != "CHILD" && column != "UPN" {
				t.Fatalf("%s: nothing is known of column %s", file, column)
			}
			for _, r := range rows {
				value := r[column]
				switch {
				case list != nil && !slices.Contains(list, value):
					t.Fatalf("%d: %s: %s %q is no code of the year", s.number, file, column, value)
				case pattern != nil && !pattern.MatchString(value):
					t.Fatalf("%d: %s: %s %q", s.number, file, column, value)
				case date:
					r.date(t, column)
				}
			}
		}
	}
}

// checkHeader holds the tables of a set together: one Header row for each child in any of them.
func checkHeader(t *testing.T, s *annualSet) {
	t.Helper()
	head := s.header()
	if len(head) != len(s.tables["header.csv"]) {
		t.Errorf("%d: a child has two Header rows", s.number)
	}
	inEpisodes, inOC3 := s.byChild("episodes.csv"), s.byChild("oc3.csv")
	for child := range head {
		if len(inEpisodes[child]) == 0 && len(inOC3[child]) == 0 {
			t.Errorf("%d: a child without episode or OC3 row is in Header", s.number)
		}
		if len(inOC3[child]) > 1 {
			t.Errorf("%d: a child has two OC3 rows", s.number)
		}
	}
	for file, rows := range s.tables {
		for _, r := range rows {
			h, ok := head[r["CHILD"]]
			if !ok {
				t.Fatalf("%d: %s: a child who is not in Header", s.number, file)
			}
			if dob, ok := r["DOB"]; ok && dob != h["DOB"] {
				t.Fatalf("%d: %s: another DOB than in Header", s.number, file)
			}
			if sex, ok := r["SEX"]; ok && sex != h["SEX"] {
				t.Fatalf("%d: %s: another SEX than in Header", s.number, file)
			}
			if file != "header.csv" && file != "oc3.csv" && len(inEpisodes[r["CHILD"]]) == 0 {
				t.Fatalf("%d: %s: a child without an episode", s.number, file)
			}
		}
	}
	for child, h := range head {
		dob, born := h.date(t, "DOB"), h.date(t, "MC_DOB")
		if (h["MOTHER"] == "1") != (h["MC_DOB"] != "") || born != never && (born < birthday(dob, 14) || born > s.end) {
			t.Errorf("%d: MOTHER %q, MC_DOB %q", s.number, h["MOTHER"], h["MC_DOB"])
		}
		if h["MOTHER"] != "" && (h["SEX"] == "1" || h["SEX"] == "M" || age(dob, s.end) < 12 || len(inEpisodes[child]) == 0) {
			t.Errorf("%d: MOTHER for another than a girl of 12 in care", s.number)
		}
	}
}

// checkIdentity looks at identifiers and at what may change of a child from year to year.
func checkIdentity(t *testing.T, sets []*annualSet, summary *CohortSummary) {
	t.Helper()
	last, owner, temporary := map[string]record{}, map[string]string{}, 0
	for _, s := range sets {
		unaccompanied := s.byChild("uasc.csv")
		inEpisodes := s.byChild("episodes.csv")
		for child, h := range s.header() {
			if id, outcome := identifier.Normalise(identifier.LAChildID, child); outcome != identifier.OK || id != child {
				t.Errorf("LA child ID %q: %v", child, outcome)
			}
			upn, outcome := identifier.Normalise(identifier.UPN, h["UPN"])
			switch {
			case outcome == identifier.OK && upn == h["UPN"] && age(h.date(t, "DOB"), s.end) >= 3:
				if by, ok := owner[upn]; ok && by != child {
					t.Errorf("two children have UPN %s", upn)
				}
				owner[upn] = child
			case outcome == identifier.Unknown && upn == "" && h["UPN"][2] <= '5':
				if h["UPN"] == "UN1" && age(h.date(t, "DOB"), s.start) >= 5 {
					t.Errorf("%d: UN1 for a child of school age", s.number)
				}
			default:
				t.Errorf("%d: UPN %q: %v", s.number, h["UPN"], outcome)
			}
			before, again := last[child]
			if again {
				if before["DOB"] != h["DOB"] {
					t.Errorf("a child's DOB changes")
				}
				if before["ETHNIC"] != h["ETHNIC"] && before["ETHNIC"] != "NOBT" {
					t.Errorf("ETHNIC changes from %s to %s", before["ETHNIC"], h["ETHNIC"])
				}
				if pair := before["SEX"] + h["SEX"]; !slices.Contains(strings.Fields("11 22 1M 2F 1U 2U MM FF UU"), pair) {
					t.Errorf("SEX changes from %s to %s", before["SEX"], h["SEX"])
				}
				if len(before["UPN"]) == 13 && before["UPN"] != h["UPN"] {
					if end := before["UPN"][12]; end < 'A' || len(h["UPN"]) != 13 || h["UPN"][12] >= 'A' {
						t.Errorf("UPN changes from %s to %s", before["UPN"], h["UPN"])
					}
					temporary++
				}
				if before["MOTHER"] == "1" && h["MOTHER"] != "" && before["MC_DOB"] != h["MC_DOB"] {
					t.Errorf("MC_DOB changes")
				}
			}
			h["UASC"] = fmt.Sprint(len(unaccompanied[child]) > 0)
			if len(inEpisodes[child]) == 0 {
				h["UASC"] = before["UASC"] // no UASC row for care leavers
			}
			if again && before["UASC"] != "" && before["UASC"] != h["UASC"] {
				t.Errorf("a child is UASC in one year and not in another")
			}
			last[child] = h
		}
		for child, rows := range unaccompanied {
			dob := rows[0].date(t, "DOB")
			if len(rows) != 1 || rows[0].date(t, "DUC") != birthday(dob, 18) {
				t.Errorf("UASC rows of one child: %v", rows)
			}
			if len(inEpisodes[child]) == 0 {
				t.Errorf("UASC row without episode")
			}
		}
	}
	if len(last) != summary.Identifiers {
		t.Errorf("%d LA child IDs in the files, summary says %d", len(last), summary.Identifiers)
	}
	if summary.Children >= 4000 && temporary < 10 {
		t.Errorf("%d temporary UPNs became permanent", temporary)
	}
}

// isBreak says whether an episode is a short break.
func isBreak(r record) bool { return r["LS"] == "V3" || r["LS"] == "V4" }

// checkEpisodes holds the episodes of one year to each other.
func checkEpisodes(t *testing.T, s *annualSet) {
	t.Helper()
	head, unaccompanied := s.header(), s.byChild("uasc.csv")
	for child, rows := range s.byChild("episodes.csv") {
		dob := head[child].date(t, "DOB")
		for i, r := range rows {
			start, end := r.date(t, "DECOM"), r.date(t, "DEC")
			fail := func(why string) { t.Errorf("%d: %s: %v", s.number, why, r) }
			if !(start < end) || start < dob || end != never && end > birthday(dob, 18) || start >= birthday(dob, 18) {
				fail("dates")
			}
			if start > s.end || end < s.start || end != never && end > s.end {
				fail("not of the year")
			}
			if (end == never) != (r["REC"] == "") || r["REASON_PLACE_CHANGE"] != "" && r["REC"] != "X1" {
				fail("DEC, REC and REASON_PLACE_CHANGE")
			}
			checkEpisode(t, r, age(dob, start), unaccompanied[child] != nil, fail)
			if i+1 == len(rows) {
				if r["REC"] == "X1" {
					fail("no episode follows")
				}
				continue
			}
			if end == never {
				fail("an open episode is not the last")
			}
			checkNext(t, r, rows[i+1], fail)
		}
	}
}

// checkEpisode holds one episode to the rules about its codes.
func checkEpisode(t *testing.T, r record, years int, unaccompanied bool, fail func(string)) {
	t.Helper()
	start, end, place, ls := r.date(t, "DECOM"), r.date(t, "DEC"), r["PLACE"], r["LS"]
	if (r["PLACE_PROVIDER"] == "") != (place[0] == 'T' || place[0] == 'Z') || (r["PLACE_PROVIDER"] == "PR0") != (place == "P1") {
		fail("PLACE_PROVIDER")
	}
	if r["PLACE_PROVIDER"] == "PR3" && strings.Contains("A K U", place[:1]) {
		fail("PLACE_PROVIDER")
	}
	if isBreak(r) {
		if r["HOME_POST"]+r["PL_POST"]+r["URN"] != "" || r["RNE"] != "S" || r["REC"] == "X1" || ls == "V3" && end != never && end-start > 17 {
			fail("short break")
		}
	} else {
		if (r["HOME_POST"] == "") != unaccompanied || r["PL_POST"] == "" {
			fail("postcodes")
		}
		if (r["HOME_POST"] == r["PL_POST"]) != (place == "P1") {
			fail("HOME_POST and PL_POST")
		}
	}
	youngest := map[string]int{"K3": 16, "P3": 14, "R5": 10, "S1": 4, "K1": 10}
	if years < youngest[place] || ls[0] == 'J' && years < 10 {
		fail("too young")
	}
	longest := map[string]civil.Date{"L1": 3, "L2": 21, "L3": 7, "T1": 42, "T3": 21, "T4": 7}
	for _, code := range []string{ls, place} {
		if most := longest[code]; most > 0 && end != never && end-start > most {
			fail("too long")
		}
	}
	if place == "P1" && ls == "V2" || place[0] == 'T' && (r["RNE"] == "S" || end != never && r["REC"] != "X1") {
		fail("PLACE")
	}
	if (place == "A5" || place == "A6") && ls != "E1" || (place == "A3" || place == "A5") && r["RNE"] != "T" {
		fail("placed for adoption")
	}
	adopted := r["REC"] == "E11" || r["REC"] == "E12"
	if adopted && place[0] != 'A' || r["REC"] == "E15" && !unaccompanied {
		fail("REC")
	}
	if (r["REC"] == "E43" || r["REC"] == "E45" || r["REC"] == "E46") && place[0] != 'U' {
		fail("guardianship of the foster carer")
	}
	if kin := place == "U1" || place == "U2" || place == "U3"; r["REC"] == "E45" && !kin || r["REC"] == "E46" && kin {
		fail("guardianship of a relative")
	}
}

// checkNext holds an episode to the one before.
func checkNext(t *testing.T, r, next record, fail func(string)) {
	t.Helper()
	start, end := next.date(t, "DECOM"), r.date(t, "DEC")
	if r["REC"] != "X1" {
		if next["RNE"] != "S" || start <= end {
			fail("care ended and no new period follows")
		}
		return
	}
	if start != end || next["RNE"] == "S" || next["CIN"] != r["CIN"] {
		fail("the next episode does not continue this one")
	}
	law := r["LS"] != next["LS"]
	carer := r["PL_POST"] != next["PL_POST"] || r["URN"] != next["URN"] || r["PLACE_PROVIDER"] != next["PLACE_PROVIDER"]
	place := r["PLACE"] != next["PLACE"]
	ok := false
	switch next["RNE"] {
	case "L":
		ok = law && !carer && !place
	case "P":
		ok = !law && carer
	case "T":
		ok = !law && !carer && place
	case "B":
		ok = law && carer
	case "U":
		ok = law && !carer && place
	}
	away := r["PLACE"][0] == 'T' || next["PLACE"][0] == 'T'
	if !ok || (r["REASON_PLACE_CHANGE"] != "") != (next["RNE"] != "L" && !away) {
		fail("RNE " + next["RNE"] + " of the next episode")
	}
}

// checkReturn holds a year's episodes to those of the year before: what was open comes again, and only that.
func checkReturn(t *testing.T, before, s *annualSet) {
	t.Helper()
	now := s.byChild("episodes.csv")
	open := map[string]record{}
	for _, r := range before.tables["episodes.csv"] {
		if r["DEC"] != "" {
			continue
		}
		open[r["CHILD"]] = r
		rows := now[r["CHILD"]]
		if len(rows) == 0 || rows[0]["DECOM"] != r["DECOM"] {
			t.Fatalf("%d: an episode open at the end of the year before does not come again", s.number)
		}
		for _, column := range []string{"RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "HOME_POST", "PL_POST", "URN"} {
			was, is := r[column], rows[0][column]
			if was != is && !(column == "PLACE" && was == "Z1" && s.number == 2026 && is[0] == 'Z') {
				t.Errorf("%d: %s of an episode changes from %s to %s", s.number, column, was, is)
			}
		}
	}
	for child, rows := range now {
		for i, r := range rows {
			if (r.date(t, "DECOM") < s.start) != (i == 0 && open[child] != nil) {
				t.Errorf("%d: an episode from before the year was not in the set before: %v", s.number, r)
			}
		}
	}
	gone := before.byChild("missing.csv")
	for child, rows := range s.byChild("missing.csv") {
		if from := rows[0].date(t, "MIS_START"); from < s.start {
			was := gone[child]
			if len(was) == 0 || was[len(was)-1]["MIS_START"] != rows[0]["MIS_START"] || was[len(was)-1]["MIS_END"] != "" {
				t.Errorf("%d: a missing episode from before the year was not in the set before", s.number)
			}
		}
	}
}

// checkAround holds the other tables to the episodes.
func checkAround(t *testing.T, s *annualSet) {
	t.Helper()
	inEpisodes := s.byChild("episodes.csv")
	inCare := func(child string, from, to civil.Date) bool {
		for _, r := range inEpisodes[child] {
			if !isBreak(r) && max(r.date(t, "DECOM"), s.start) <= from && to <= r.date(t, "DEC") {
				return true
			}
		}
		return false
	}
	for _, r := range s.tables["reviews.csv"] {
		on := r.date(t, "REVIEW")
		if !s.holds(on) || !inCare(r["CHILD"], on, on) || (r["REVIEW_CODE"] == "PN0") != (age(r.date(t, "DOB"), on) < 4) {
			t.Errorf("%d: review %v", s.number, r)
		}
	}
	for _, r := range s.tables["oc2.csv"] {
		dob := r.date(t, "DOB")
		years := age(dob, s.end)
		rows := inEpisodes[r["CHILD"]]
		if rows[len(rows)-1]["DEC"] != "" || rows[0].date(t, "DECOM") >= s.start {
			t.Errorf("%d: OC2 for a child who was not looked after all year", s.number)
		}
		if r["SDQ_SCORE"] != "" && (years < 4 || years > 16 || r["SDQ_REASON"] != "") || years < 4 && r["SDQ_REASON"] != "" ||
			years >= 4 && years <= 16 && r["SDQ_SCORE"] == "" && r["SDQ_REASON"] == "" {
			t.Errorf("%d: at %d: SDQ %v", s.number, years, r)
		}
		if (r["CONVICTED"] != "") != (years >= 10) || (r["HEALTH_CHECK"] != "") != (years < 5) ||
			(r["INTERVENTION_RECEIVED"] != "") != (r["SUBSTANCE_MISUSE"] == "1") ||
			(r["INTERVENTION_OFFERED"] != "") != (r["INTERVENTION_RECEIVED"] == "0") {
			t.Errorf("%d: at %d: %v", s.number, years, r)
		}
	}
	for _, r := range s.tables["oc3.csv"] {
		years := age(r.date(t, "DOB"), s.end)
		if years < 17 || years > 21 || (r["IN_TOUCH"] == "YES") != (r["ACTIV"] != "0") || (r["ACTIV"] == "0") != (r["ACCOM"] == "0") {
			t.Errorf("%d: at %d: %v", s.number, years, r)
		}
		if rows := inEpisodes[r["CHILD"]]; len(rows) > 0 && rows[len(rows)-1]["DEC"] == "" {
			t.Errorf("%d: a care leaver is in care", s.number)
		}
	}
	last := map[string]civil.Date{}
	for _, r := range s.tables["missing.csv"] {
		from, to := r.date(t, "MIS_START"), r.date(t, "MIS_END")
		known := min(to, s.end)
		if !(from < to) || from > s.end || to < s.start || !inCare(r["CHILD"], max(from, s.start), known) ||
			age(r.date(t, "DOB"), from) < 12 || from < last[r["CHILD"]] {
			t.Errorf("%d: missing %v", s.number, r)
		}
		last[r["CHILD"]] = to
	}
	begun := s.byChild("previous_permanence.csv")
	for child, rows := range begun {
		r := rows[0]
		if len(rows) > 1 || !slices.ContainsFunc(inEpisodes[child], func(e record) bool {
			return e["RNE"] == "S" && s.holds(e.date(t, "DECOM")) && !isBreak(e)
		}) {
			t.Errorf("%d: previous permanence without a start of care: %v", s.number, r)
		}
		if none := r["PREV_PERM"] == "Z1"; none != (r["LA_PERM"] == "") || none != (r["DATE_PERM"] == "") {
			t.Errorf("%d: previous permanence %v", s.number, r)
		}
	}
	for child, rows := range inEpisodes {
		for _, e := range rows {
			if e["RNE"] == "S" && !isBreak(e) && s.holds(e.date(t, "DECOM")) && begun[child] == nil {
				t.Errorf("%d: a start of care without previous permanence", s.number)
			}
		}
	}
	for _, r := range s.tables["sw_episodes.csv"] {
		from, to := r.date(t, "SW_DECOM"), r.date(t, "SW_DEC")
		_, outcome := identifier.Normalise(identifier.WorkerSWE, r["SW_ID"])
		if outcome != identifier.OK && outcome != identifier.Unknown || !(from < to) || from > s.end || to < s.start || to != never && to > s.end {
			t.Errorf("%d: social worker %v", s.number, r)
		}
		if rows := inEpisodes[r["CHILD"]]; to == never && rows[len(rows)-1]["DEC"] != "" {
			t.Errorf("%d: a social worker of a child who has left care", s.number)
		}
	}
}

// checkAdoption holds AD1 and the decisions to the episodes that end in an adoption.
func checkAdoption(t *testing.T, s *annualSet) {
	t.Helper()
	ad1, decisions := s.byChild("ad1.csv"), s.byChild("placed_adoption.csv")
	for child, rows := range s.byChild("episodes.csv") {
		end := rows[len(rows)-1]
		adopted := end["REC"] == "E11" || end["REC"] == "E12"
		if adopted != (ad1[child] != nil) {
			t.Errorf("%d: adopted %v, AD1 %v", s.number, adopted, ad1[child])
		}
		for _, r := range rows {
			if (r["PLACE"][0] == 'A' || r["LS"] == "E1") && decisions[child] == nil {
				t.Errorf("%d: placed for adoption without a decision", s.number)
			}
		}
		for _, d := range decisions[child] {
			decided, ceased := d.date(t, "DATE_PLACED"), d.date(t, "DATE_PLACED_CEASED")
			if decided > s.end || (ceased == never) != (d["REASON_PLACED_CEASED"] == "") || ceased != never && (!s.holds(ceased) || ceased <= decided || adopted) {
				t.Errorf("%d: decision %v", s.number, d)
			}
		}
		if !adopted || ad1[child] == nil {
			continue
		}
		a := ad1[child][0]
		decided, matched := a.date(t, "DATE_INT"), a.date(t, "DATE_MATCH")
		if len(ad1[child]) != 1 || decided != decisions[child][0].date(t, "DATE_PLACED") || decided > matched || matched > end.date(t, "DECOM") {
			t.Errorf("%d: adoption %v, %v", s.number, a, end)
		}
		if (a["FOSTER_CARE"] == "1") != (end["PLACE"] == "A3" || end["PLACE"] == "A5") {
			t.Errorf("%d: FOSTER_CARE %v, %v", s.number, a, end)
		}
		allowed := strings.Fields("2MFL11 2MFL3 2MML12 2FFL12 2MML2 2FFL2 2MML4 2FFL4 1F1L0 1M1L0")
		if !slices.Contains(allowed, a["NB_ADOPTR"]+a["SEX_ADOPTR"]+a["LS_ADOPTR"]) {
			t.Errorf("%d: adopters %v", s.number, a)
		}
	}
}
