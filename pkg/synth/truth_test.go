package synth

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// TestTruthIsWhatTheFilesSay puts each child together again from the files alone and holds the result to Truth.
func TestTruthIsWhatTheFilesSay(t *testing.T) {
	for _, opt := range []CohortOptions{{Children: 3000, Seed: 12}, {Children: 500, Seed: 4, LastYear: 2024, Years: 3}} {
		opt.Formats = ssda903Only
		sets, summary, _ := cohort(t, opt)
		read := map[string]*Child{}
		uasc := map[string][]int{}
		for _, s := range sets {
			gather(t, s, read)
			for child := range s.byChild("uasc.csv") {
				uasc[child] = append(uasc[child], s.number)
			}
		}
		truth, err := Truth(opt)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for want := range truth {
			n++
			got := read[want.ID]
			if got == nil {
				t.Fatal("a child of Truth is in no file")
			}
			if want.UASC && !slices.Equal(uasc[want.ID], want.EpisodeYears()) || !want.UASC && uasc[want.ID] != nil {
				t.Errorf("UASC rows in %v, Truth says %v in %v", uasc[want.ID], want.UASC, want.EpisodeYears())
			}
			got.Person, got.UASC = want.Person, want.UASC
			for i := range want.Episodes {
				want.Episodes[i].Period = 0 // not in the files
			}
			if !reflect.DeepEqual(*got, want) {
				t.Fatalf("the files say\n%+v\nTruth says\n%+v", *got, want)
			}
		}
		if n != len(read) || n != summary.Identifiers {
			t.Errorf("Truth has %d, the files %d, the summary %d", n, len(read), summary.Identifiers)
		}
	}
}

// gather adds a year's set to the children: the latest set says what is true.
func gather(t *testing.T, s *annualSet, children map[string]*Child) {
	t.Helper()
	for id, h := range s.header() {
		c := children[id]
		if c == nil {
			c = &Child{ID: id}
			children[id] = c
		}
		c.Sex = strings.NewReplacer("1", "M", "2", "F").Replace(h["SEX"])
		c.Ethnicity, c.BirthDate = h["ETHNIC"], h.date(t, "DOB")
		c.UPNs = append(c.UPNs, ReturnedIn{s.number, h["UPN"]})
		c.Headers = append(c.Headers, Header{s.number, c.Sex, h["ETHNIC"], h["UPN"]})
		c.Years = append(c.Years, s.number)
	}
	for _, r := range s.tables["episodes.csv"] {
		c := children[r["CHILD"]]
		e := Episode{
			Start: r.date(t, "DECOM"), StartReason: r["RNE"], LegalStatus: r["LS"], Need: r["CIN"],
			Place: r["PLACE"], FirstPlace: r["PLACE"], Provider: r["PLACE_PROVIDER"], URN: r["URN"], Years: []int{s.number},
		}
		if r["DEC"] != "" {
			e.End, e.Ended, e.EndReason, e.ChangeReason = r.date(t, "DEC"), true, r["REC"], r["REASON_PLACE_CHANGE"]
		}
		if n := len(c.Episodes) - 1; n >= 0 && c.Episodes[n].Start == e.Start {
			e.Years, e.FirstPlace = append(c.Episodes[n].Years, s.number), c.Episodes[n].FirstPlace
			c.Episodes[n] = e
			continue
		}
		c.Episodes = append(c.Episodes, e)
	}
}

// TestShares holds the population to what it is meant to be, within bounds that chance does not leave.
func TestShares(t *testing.T) {
	truth, err := Truth(CohortOptions{Formats: ssda903Only, Children: 30_000, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	count, persons := map[string]int{}, map[int]bool{}
	for c := range truth {
		persons[c.Person] = true
		count["ids"]++
		count["ethnicity "+c.Ethnicity]++
		count["sex "+c.Sex]++
		count["shape "+shape(c.ID)]++
		if c.UASC {
			count["uasc"]++
			count["uasc "+c.Sex]++
			if _, _, d := c.BirthDate.YMD(); d == 1 || d == 15 {
				count["uasc dummy birth"]++
			}
			if a := age(c.BirthDate, c.Episodes[0].Start); a >= 15 && a <= 17 {
				count["uasc 15 to 17"]++
			}
		}
		countUPNs(c, count)
		countEpisodes(c, count)
	}
	count["persons"] = len(persons)
	for _, b := range []struct {
		what, of  string
		low, high int // per 1,000
	}{
		{"uasc", "persons", 42, 58},
		{"uasc M", "uasc", 880, 970},
		{"uasc 15 to 17", "uasc", 850, 1000},
		{"uasc dummy birth", "uasc", 500, 800},
		{"short break children", "persons", 15, 26},
		{"ids", "persons", 1001, 1004},
		{"kinship", "episodes", 120, 180},
		{"reunified", "periods ended", 180, 350},
		{"adopted", "periods ended", 50, 150},
		{"guardianship", "periods ended", 50, 200},
		{"second period", "persons", 60, 180},
		{"started infant", "started", 180, 320},
		{"started teenager", "started", 330, 500},
		{"several years", "persons", 450, 800},
		{"sex M", "ids", 520, 620},
		{"temporary UPN", "has UPN", 20, 45},
		{"temporary then permanent", "has UPN", 10, 35},
		{"ethnicity WBRI", "ids", 600, 700},
		{"shape number", "ids", 850, 910},
		{"shape zeros", "ids", 50, 75},
		{"shape RND", "ids", 50, 75},
	} {
		share := 1000 * float64(count[b.what]) / float64(count[b.of])
		if !(share >= float64(b.low) && share <= float64(b.high)) {
			t.Errorf("%s of %s: %.1f in 1,000 (%d of %d), want %d to %d", b.what, b.of, share, count[b.what], count[b.of], b.low, b.high)
		}
	}
	for _, present := range []string{"sex U", "recoded place", "UN1", "UN2", "UN3", "UN4", "UN5"} {
		if count[present] == 0 {
			t.Errorf("no %s", present)
		}
	}
	checkPresent(t, count, "ethnicity ", "WBRI WIRI WOTH WIRT WROM MWBC MWBA MWAS MOTH AIND APKN ABAN AOTH BCRB BAFR BOTH CHNE OOTH REFU NOBT")
	checkPresent(t, count, "place ", "A3 A4 A5 A6 K1 K2 K3 P1 P3 R1 R2 R3 R5 S1 T0 T1 T3 T4 U1 U2 U3 U4 U5 U6 Z1 Z11 Z12 Z13 Z14")
	checkPresent(t, count, "began ", "S L P T B U")
	checkPresent(t, count, "ended ", "X1 E11 E12 E2 E3 E4A E4B E13 E41 E43 E44 E45 E46 E47 E48 E5 E6 E7 E8 E9 E14 E15 E16 E17")
	checkPresent(t, count, "changed ", "CARPL CLOSE ALLEG STAND APPRR CREQB CREQO CHILD LAREQ PLACE OTHER CUSTOD")
	checkPresent(t, count, "status ", "C1 C2 E1 V2 V3 V4 L1 L2 L3 J1 J2 J3")
}

func checkPresent(t *testing.T, count map[string]int, kind, all string) {
	t.Helper()
	for _, code := range strings.Fields(all) {
		if count[kind+code] == 0 {
			t.Errorf("no %s%s", kind, code)
		}
	}
}

func shape(id string) string {
	switch {
	case strings.HasPrefix(id, "RND"):
		return "RND"
	case id[0] == '0':
		return "zeros"
	default:
		return "number"
	}
}

func countUPNs(c Child, count map[string]int) {
	last, has, temporary := "", false, false
	for _, u := range c.UPNs {
		if len(u.Value) == 3 {
			count[u.Value]++
			continue
		}
		has = true
		if letter := u.Value[12] >= 'A'; letter && !temporary {
			temporary = true
			count["temporary UPN"]++
		}
		last = u.Value
	}
	if has {
		count["has UPN"]++
	}
	if temporary && last[12] < 'A' {
		count["temporary then permanent"]++
	}
}

func countEpisodes(c Child, count map[string]int) {
	if len(c.EpisodeYears()) > 1 {
		count["several years"]++
	}
	last := &c.Episodes[len(c.Episodes)-1]
	if last.LegalStatus[0] == 'V' && last.LegalStatus != "V2" {
		count["short break children"]++
	} else if last.Period > 0 {
		count["second period"]++
	}
	for i := range c.Episodes {
		e := &c.Episodes[i]
		count["episodes"]++
		count["place "+e.Place]++
		count["place "+e.FirstPlace]++
		count["began "+e.StartReason]++
		count["ended "+e.EndReason]++
		count["changed "+e.ChangeReason]++
		count["status "+e.LegalStatus]++
		if e.Place != e.FirstPlace {
			count["recoded place"]++
		}
		if e.Place == "U1" || e.Place == "U2" || e.Place == "U3" {
			count["kinship"]++
		}
		if e.LegalStatus == "V3" || e.LegalStatus == "V4" {
			continue
		}
		if e.StartReason == "S" {
			count["started"]++
			switch a := age(c.BirthDate, e.Start); {
			case a == 0:
				count["started infant"]++
			case a >= 13:
				count["started teenager"]++
			}
		}
		switch e.EndReason {
		case "", "X1":
			continue
		case "E4A", "E4B":
			count["reunified"]++
		case "E11", "E12":
			count["adopted"]++
		case "E43", "E44", "E45", "E46", "E47", "E48":
			count["guardianship"]++
		}
		count["periods ended"]++
	}
}

// An adopted child who came back has two IDs with nothing in common but the child.
func TestAdoptedAndBack(t *testing.T) {
	for _, years := range []int{1, 10} {
		truth, err := Truth(CohortOptions{Formats: ssda903Only, Children: 10_000, Seed: 11, Years: years})
		if err != nil {
			t.Fatal(err)
		}
		byPerson := map[int][]Child{}
		for c := range truth {
			byPerson[c.Person] = append(byPerson[c.Person], c)
		}
		twice := 0
		for _, ids := range byPerson {
			if len(ids) == 1 {
				continue
			}
			twice++
			a, b := ids[0], ids[1]
			end := a.Episodes[len(a.Episodes)-1]
			if len(ids) != 2 || end.EndReason != "E11" && end.EndReason != "E12" || b.Episodes[0].Start <= end.End || b.Episodes[0].StartReason != "S" {
				t.Errorf("%+v", ids)
			}
			if a.ID == b.ID || a.BirthDate != b.BirthDate || identifier.SimpleForm(a.ID) == identifier.SimpleForm(b.ID) {
				t.Errorf("%+v", ids)
			}
			for _, u := range a.UPNs {
				if len(u.Value) == 13 && slices.ContainsFunc(b.UPNs, func(v ReturnedIn) bool { return v.Value == u.Value }) {
					t.Error("the two share a UPN")
				}
			}
		}
		if twice < 8 || twice > 40 {
			t.Errorf("%d years: %d children of 10,000 have two IDs", years, twice)
		}
	}
}

// Truth can be stopped, and ranged over again.
func TestTruthStops(t *testing.T) {
	truth, err := Truth(CohortOptions{Formats: ssda903Only, Children: MaxChildren, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var first []string
	for range 2 {
		for c := range truth {
			first = append(first, fmt.Sprintf("%+v", c))
			break
		}
	}
	if len(first) != 2 || first[0] != first[1] {
		t.Errorf("%v", first)
	}
}

func TestBirthday(t *testing.T) {
	leap := civil.MustYMD(2008, 2, 29)
	for years, want := range map[int]civil.Date{0: leap, 1: civil.MustYMD(2009, 3, 1), 4: civil.MustYMD(2012, 2, 29), 18: civil.MustYMD(2026, 3, 1)} {
		if got := birthday(leap, years); got != want || age(leap, got) != years || years > 0 && age(leap, got-1) != years-1 {
			t.Errorf("%d years: %s", years, got)
		}
	}
}
