package synth

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// checkRules holds every file to the rules of its return.
func (w *wideCohort) checkRules(t *testing.T) {
	for year, census := range w.xml {
		w.checkCensus(t, year, census)
	}
	for name, rows := range w.census {
		w.checkTable(t, name, rows)
	}
	for _, r := range w.rolls(t) {
		checkRoll(t, &r)
	}
	for year, rows := range w.premiums {
		end := civil.MustYMD(year, 3, 31)
		for _, r := range rows {
			dob, last := r.date(t, "DOB"), r.date(t, "LastFSM")
			if r.date(t, "PupilPremiumFYStartDate") != civil.MustYMD(year-1, 4, 1) || r.date(t, "PupilPremiumFYEndDate") != end || dob > end ||
				last != never && last > end || (last != never) && r.get("Deprivation Pupil Premium") == "0" && r.get("PupilPremiumFTE") != "0" {
				t.Errorf("%d: premium %v", year, r)
			}
			if _, outcome := identifier.Normalise(identifier.UPN, r.get("UPN")); outcome != identifier.OK {
				t.Errorf("%d: UPN %q", year, r.get("UPN"))
			}
		}
	}
}

var (
	factorPattern = regexp.MustCompile(`^([1-9]|1[0-9]|2[0-4])[A-F]?$`)
	keyPattern    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{3})?$`)
)

// isCode says whether a value is one of a list.
func isCode(value, list string) bool { return slices.Contains(strings.Fields(list), value) }

const cinNeeds = "N0 N1 N2 N3 N4 N5 N6 N7 N8 N9"

func (w *wideCohort) checkCensus(t *testing.T, year int, census *xmlCensus) {
	t.Helper()
	end := civil.MustYMD(year, 3, 31)
	la := w.opt.LACode
	if la == "" {
		la = "331"
	}
	if census.Collection != "CIN" || census.Year != year || census.ReferenceDate != end.String() || census.LEA != la {
		t.Errorf("%d: header %+v", year, census)
	}
	inCare := map[string]string{}
	for _, r := range w.header[year] {
		inCare[r.get("CHILD")] = r.get("UPN")
	}
	seen := map[string]bool{}
	for i := range census.Children {
		c := &census.Children[i]
		if seen[c.ID] {
			t.Errorf("%d: child %s twice", year, c.ID)
		}
		seen[c.ID] = true
		if upn, ok := inCare[c.ID]; ok && upn != c.UPN+c.Unknown && !strings.EqualFold(upn, c.UPN) && upn != "UN4" {
			t.Errorf("%d: %s has UPN %q in SSDA903, %q and %q in the census", year, c.ID, upn, c.UPN, c.Unknown)
		}
		if (c.UPN == "") == (c.Unknown == "") || c.Unknown != "" && !isCode(c.Unknown, "UN1 UN2 UN3 UN4 UN5 UN6 UN7") || c.Former != "" && c.UPN == "" {
			t.Errorf("%d: UPN %q, unknown %q, former %q", year, c.UPN, c.Unknown, c.Former)
		}
		if !isCode(c.Gender+c.Sex, "0 1 2 9 M F U") || c.Ethnic != "" && !isCode(c.Ethnic, strings.Join(codes("header.csv", "ETHNIC", year), " ")) {
			t.Errorf("%d: sex %q%q, ethnicity %q", year, c.Gender, c.Sex, c.Ethnic)
		}
		if c.Birth == nil && c.Expected.on() <= end || c.Birth != nil && c.Birth.on() > end || c.Death != nil && !between(c.Death.on(), c.Birth.on(), end) {
			t.Errorf("%d: born %v, expected %v, died %v", year, c.Birth, c.Expected, c.Death)
		}
		if c.Block != nil && (len(c.Block.Codes) == 0 || slices.Contains(c.Block.Codes, "NONE") && len(c.Block.Codes) > 1 ||
			slices.ContainsFunc(c.Block.Codes, func(code string) bool { return !isCode(code, "NONE MOB HAND PC INC COMM LD HEAR VIS BEH CON AUT DDA") })) {
			t.Errorf("%d: disabilities %v", year, c.Block.Codes)
		}
		last := civil.Date(-1 << 30)
		for k := range c.Cases {
			one := &c.Cases[k]
			if one.Referral.on() <= last {
				t.Errorf("%d: %s: cases overlap", year, c.ID)
			}
			last = one.Closure.on()
			if last == never {
				last = one.Referral.on()
			}
			if c.Death != nil && one.Closure.on() > c.Death.on() && one.NoAction != "1" && one.NoAction != "true" {
				t.Errorf("%d: %s: a case goes on after death", year, c.ID)
			}
			checkCase(t, year, one)
		}
		if len(c.Cases) == 0 {
			t.Errorf("%d: %s has no case", year, c.ID)
		}
	}
	if w.header[year] != nil {
		for _, child := range w.truth(t) {
			if slices.Contains(child.EpisodeYears(), year) && !seen[child.ID] {
				t.Errorf("%d: %s is looked after and not in the census", year, child.ID)
			}
		}
	}
}

// checkCase holds what is in a case to the case and to the year.
func checkCase(t *testing.T, year int, k *xmlCase) {
	t.Helper()
	start, end := civil.MustYMD(year-1, 4, 1), civil.MustYMD(year, 3, 31)
	on, closed := k.Referral.on(), k.Closure.on()
	bad := func(what string, args ...any) { t.Errorf("%d: %s %v of case %+v", year, what, args, *k) }
	if on > end || closed != never && !between(closed, max(on, start), end) || (closed != never) != (k.Reason != "") {
		bad("dates")
	}
	if !isCode(k.Source, "1A 1B 1C 1D 2A 2B 3A 3B 3C 3D 3E 3F 4 5A 5B 5C 5D 6 7 8 9 10") || k.Source == "5D" && year < 2023 {
		bad("source")
	}
	if k.Reason != "" && !isCode(k.Reason, "RC1 RC2 RC3 RC4 RC5 RC6 RC7 RC8 RC9") || k.Reason == "RC9" && year < 2023 {
		bad("reason")
	}
	if yes(t, k.NoAction) {
		if on < start || closed != never || k.Need != "" || len(k.Assessments)+len(k.Plans)+len(k.Inquiries)+len(k.Protections) > 0 {
			bad("no action")
		}
		return
	}
	if !isCode(k.Need, cinNeeds) {
		bad("need")
	}
	known := min(closed, end)
	lasted := func(what string, from, to civil.Date) {
		if !between(from, on, known) || to != never && !between(to, max(from, start), known) {
			bad(what, from, to)
		}
	}
	for _, a := range k.Assessments {
		lasted("assessment", a.Start.on(), a.Authorised.on())
		for _, code := range a.Factors {
			late := code == "24A" && year < 2022 || isCode(code, "18B 18C 19B 19C") && year < 2021 || isCode(code, "18A 19A") && year > 2021
			if !factorPattern.MatchString(code) || a.Authorised == nil || late {
				bad("factor", code)
			}
		}
	}
	before := civil.Date(-1 << 30)
	if len(k.Plans) > 0 && year < plansFrom {
		bad("a plan before the return had them")
	}
	for _, p := range k.Plans {
		lasted("plan", p.Start.on(), p.End.on())
		if p.Start.on() <= before {
			bad("plans overlap")
		}
		before = p.End.on()
	}
	for _, q := range k.Inquiries {
		lasted("inquiry", q.Start.on(), never)
		if q.Conference != nil && (yes(t, q.Unneeded) || !between(q.Conference.on(), q.Start.on(), known)) || q.Target != nil && q.Target.on() > end {
			bad("conference")
		}
	}
	for _, p := range k.Protections {
		lasted("protection", p.Start.on(), p.End.on())
		if !isCode(p.Initial, "NEG PHY SAB EMO MUL") || !isCode(p.Latest, "NEG PHY SAB EMO MUL") {
			bad("category")
		}
		for _, r := range p.Reviews {
			if !between(r.on(), max(p.Start.on(), start), min(p.End.on(), end)) {
				bad("review", r.on())
			}
		}
	}
}

// checkTable holds the cells of a school census table to their columns.
func (w *wideCohort) checkTable(t *testing.T, name string, rows []row) {
	t.Helper()
	var year int
	var term, table string
	if _, err := fmt.Sscan(name, &year, &term, &table); err != nil {
		t.Fatal(err)
	}
	end, ids := civil.MustYMD(year, 3, 31), map[string]bool{}
	census := CensusDate(year, term)
	if term == "summer" {
		end = census + 10 // a school knows what is to come
	}
	for _, r := range rows {
		for column, i := range r.at {
			value, ok := r.cells[i], true
			switch column {
			case "dob", "entrydate", "leavingdate", "fsmstartdate", "fsmenddate":
				d := day(t, value)
				ok = d == never || d <= end
				if column == "entrydate" || column == "leavingdate" {
					ok = d <= census
				}
				if column == "leavingdate" {
					ok = ok && d >= day(t, r.get("entrydate"))
				}
			case "upn", "formerupn":
				_, outcome := identifier.Normalise(identifier.UPN, value)
				ok = outcome == identifier.OK || outcome == identifier.Missing
			case "uniquelearnernumber":
				_, outcome := identifier.Normalise(identifier.ULN, value)
				ok = outcome == identifier.OK || outcome == identifier.Missing
			case "sex", "gender":
				ok = isCode(value, "M F")
			case "enrolstatus":
				ok = value == "" || isCode(value, "C M S F O")
			case "ncyearactual", "ncyearleaving":
				ok = isCode(value, "1 2 3 4 5 6 7 8 9 10 11")
			case "ukcountry":
				ok = value == "" || isCode(value, "ENG WLS SCT NIR")
			case "attendancereason":
				ok = isCode(value, `/ \ B C D E F G H I J L M N O P R S T U V W X Y Z #`) ||
					year >= 2025 && isCode(value, "C1 C2 J1 K Q Y1 Y2 Y3 Y4 Y5 Y6 Y7")
			case "ethnicity":
				ok = len(value) == 4
			case "schoollunchtaken", "parttime", "senunitindicator", "resourcedprovisionindicator":
				ok = value == "" || isCode(value, "True False 1 0")
			}
			if strings.HasSuffix(column, "tableid") && !keyPattern.MatchString(value) {
				ok = false
			}
			if !ok {
				t.Fatalf("%s: %s %q", name, column, value)
			}
		}
		if start, end := r.get("fsmstartdate"), r.get("fsmenddate"); end != "" && day(t, start) > day(t, end) {
			t.Errorf("%s: meals from %s to %s", name, start, end)
		}
		if own := r.get(table + "tableid"); table != "pupilonroll" && table != "pupilnolongeronroll" {
			if own == "" || ids[own] {
				t.Fatalf("%s: row key %q twice", name, own)
			}
			ids[own] = true
		}
	}
}

func checkRoll(t *testing.T, r *Roll) {
	t.Helper()
	if (r.Term == "autumn") != (len(r.Attended) == 2) || len(r.Attended) == 0 {
		t.Errorf("%+v", r)
	}
	for _, a := range r.Attended {
		authorised, unauthorised := 0, 0
		codes := map[string]bool{}
		for _, m := range a.Marks {
			if codes[m.Code] || m.Sessions <= 0 {
				t.Errorf("marks %+v", a.Marks)
			}
			codes[m.Code] = true
			if isCode(m.Code, "C C1 C2 E I J1 M R S T H F") {
				authorised += m.Sessions
			} else if isCode(m.Code, "G N O U") {
				unauthorised += m.Sessions
			}
		}
		if a.Possible < 0 || a.Possible > 150 || authorised+unauthorised > a.Possible || a.Authorised+a.Unauthorised > a.Possible {
			t.Errorf("%d and %d sessions missed of %d: %+v", authorised, unauthorised, a.Possible, r)
		}
		if a.HasMarks != (r.AcademicYear >= 2024) || a.HasAggregates != (r.AcademicYear < 2025 || r.AcademicYear == 2025 && r.Term == "autumn") {
			t.Errorf("%d %s: marks %v, aggregates %v", r.AcademicYear, r.Term, a.HasMarks, a.HasAggregates)
		}
	}
}

// The published tables of autumn 2024 and spring 2025 have the same columns in the same order.
func TestCensusColumnsOfPublishedSamples(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "samples", "SocialFinanceDigitalLabs+liia-tools-pipeline", "liiatools",
		"school_census_pipeline", "spec", "samples")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the published samples are not here")
	}
	for term, prefix := range []string{"2024_autumn_", "2025_spring_"} {
		for _, table := range censusTables(2025, term) {
			raw, err := os.ReadFile(filepath.Join(folder, prefix+filepath.Base(table.file)))
			if err != nil {
				t.Error(err)
				continue
			}
			first, _, _ := strings.Cut(string(raw), "\n")
			if first != table.columns {
				t.Errorf("%s: columns\n%s\nwant\n%s", table.file, table.columns, first)
			}
		}
	}
}

func TestColumnsOfOtherYears(t *testing.T) {
	has := func(year, term, table int, column string) bool {
		return slices.Contains(strings.Split(censusTables(year, term)[table].columns, ","), column)
	}
	for _, c := range []struct {
		year, term int
		column     string
		want       bool
	}{
		{2023, spring, "gender", true}, {2023, spring, "sex", false}, {2024, autumn, "gender", true}, {2024, spring, "sex", true},
		{2024, spring, "termlysessionsunauthorised", true}, {2024, spring, "termlysessionsexceptional", true}, {2025, autumn, "sex", true},
		{2025, autumn, "termlysessionsunauthorised", true}, {2025, spring, "termlysessionsunauthorised", false},
		{2018, autumn, "dafindicator", false}, {2018, spring, "dafindicator", true}, {2018, spring, "thirtyhourcode", true}, {2018, spring, "eyppe", true},
		{2018, spring, "eyppr", false}, {2019, spring, "eyppe", false}, {2019, spring, "eyppr", true}, {2020, spring, "termlysessionseducational", false},
		{2021, spring, "termlysessionseducational", true}, {2021, spring, "termlysessionscoronavirus", true}, {2024, spring, "termlysessionscoronavirus", false},
		{2024, summer, "termlysessionsunauthorised", true}, {2025, summer, "termlysessionsunauthorised", false}, {2024, summer, "ethnicity", false},
		{2026, autumn, "termlysessionsunauthorised", false}, {2022, spring, "youngcarer", false}, {2023, spring, "youngcarer", true},
	} {
		if got := has(c.year, c.term, onRoll, c.column); got != c.want {
			t.Errorf("%d %s: column %s: %v", c.year, termName(c.term), c.column, got)
		}
	}
	for year, want := range map[int][terms]int{2018: {3, 3, 3}, 2023: {3, 3, 3}, 2024: {7, 5, 5}} {
		if got := [terms]int{len(censusTables(year, autumn)), len(censusTables(year, spring)), len(censusTables(year, summer))}; got != want {
			t.Errorf("%d: %d tables", year, got)
		}
	}
}
