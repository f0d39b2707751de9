package harmonise_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/harmonise"
)

// TestEpisodes gives small returns and what must be made of them.
func TestEpisodes(t *testing.T) {
	const (
		early = "2018-19/episodes.csv"
		next  = "2019-20/episodes.csv"
		late  = "2020-21/episodes.csv"
	)
	episodes := func(rows ...string) string { return lines(episodesLine, rows...) }
	catalogue := builtIn(t)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // child_id start_date end_date placement_type end_reason collection_year
		tally harmonise.Tally
		found map[string]int64
		at    string
	}{
		{
			name: "an open episode comes again until it ends",
			files: map[string]string{
				early: episodes("4071226,11/01/2019,S,C1,N1,U6,PR1,,,,,,"),
				next:  episodes("4071226,11/01/2019,S,C1,N1,U6,PR1,02/07/2019,X1,CARPL,,,", "4071226,02/07/2019,P,C1,N1,U3,PR1,,,,,,"),
				late:  episodes("4071226,02/07/2019,P,C1,N1,U3,PR1,14/08/2020,E4A,,,,"),
			},
			want: "4071226 2019-07-02 2020-08-14 U3 E4A 2021\n" +
				"4071226 2019-01-11 2019-07-02 U6 X1 2020",
			tally: harmonise.Tally{Read: 4, Left: 2, Superseded: 2},
		},
		{
			name: "the later return wins, also where it takes something back",
			files: map[string]string{
				next: episodes("4071226,02/07/2019,P,C1,N1,U3,PR1,01/02/2020,E4A,,,,"),
				late: episodes("4071226,02/07/2019,P,C1,N1,U6,PR1,,,,,,"),
			},
			want:  "4071226 2019-07-02  U6  2021",
			tally: harmonise.Tally{Read: 2, Left: 1, Superseded: 1},
		},
		{
			name: "an event that one return has twice leaves twice, and the earlier return's not at all",
			files: map[string]string{
				next: episodes("4071226,02/07/2019,P,C1,N1,U3,PR1,,,,,,", "4071226,02/07/2019,P,C1,N1,U4,PR1,,,,,,"),
				late: episodes("4071226,02/07/2019,P,C1,N1,U3,PR1,,,,,,", "4071226,02/07/2019,P,C1,N1,U3,PR1,,,,,,", "4071226,02/07/2019,P,C1,N1,U6,PR1,,,,,,"),
			},
			want:  "4071226 2019-07-02  U3  2021\n4071226 2019-07-02  U3  2021\n4071226 2019-07-02  U6  2021",
			tally: harmonise.Tally{Read: 5, Left: 3, Superseded: 2},
			found: map[string]int64{harmonise.RuleRepeated: 2},
			at:    "2020-21/episodes.csv, table looked_after_episodes, row 2, column DECOM",
		},
		{
			name: "two children on one day, and one child on two",
			files: map[string]string{
				next: episodes("1,02/07/2019,S,C1,N1,U3,PR1,,,,,,", "2,02/07/2019,S,C1,N1,U3,PR1,,,,,,", "1,03/07/2019,P,C1,N1,U4,PR1,,,,,,"),
			},
			want:  "1 2019-07-02  U3  2020\n2 2019-07-02  U3  2020\n1 2019-07-03  U4  2020",
			tally: harmonise.Tally{Read: 3, Left: 3},
		},
		{
			name: "rows that identify nobody pass: the agreement says what becomes of them",
			files: map[string]string{
				next: episodes("UNKNOWN,02/07/2019,S,C1,N1,U3,PR1,,,,,,", "UNKNOWN,02/07/2019,S,C1,N1,U3,PR1,,,,,,"),
				late: episodes("UNKNOWN,02/07/2019,S,C1,N1,U3,PR1,,,,,,", ",02/07/2019,S,C1,N1,U3,PR1,,,,,,", "4071226,01/05/2020,S,C1,N1,U3,PR1,,,,,,"),
			},
			want: "unusable: placeholder 2019-07-02  U3  2021\nunusable: missing 2019-07-02  U3  2021\n4071226 2020-05-01  U3  2021\n" +
				"unusable: placeholder 2019-07-02  U3  2020\nunusable: placeholder 2019-07-02  U3  2020",
			tally: harmonise.Tally{Read: 5, Left: 5},
		},
		{
			name: "when the latest row on an event is kept back, no earlier one leaves in its place",
			files: map[string]string{
				early: episodes("1,11/01/2019,S,C1,N1,U6,PR1,,,,,,", "2,11/01/2019,S,C1,N1,U6,PR1,,,,,,"),
				next:  episodes("1,11/01/2019,S,C1,N1,U6,PR1,,,,,,"),
				late:  episodes("1,11/01/2019,S,C1,N1,U6,PR1,01/05/2020,E99,,,,"),
			},
			want:  "2 2019-01-11  U6  2019",
			tally: harmonise.Tally{Read: 4, Left: 1, Superseded: 2, Quarantined: 1},
			found: map[string]int64{"CODE_UNKNOWN": 1, harmonise.RuleHeldBack: 2},
		},
		{
			name: "a sound row of the same return speaks for the event, before the one that is kept back or after it",
			files: map[string]string{
				next: episodes("1,02/07/2019,S,C1,N1,U6,PR1,,,,,,", "2,02/07/2019,S,C1,N1,U6,PR1,,,,,,"),
				late: episodes("1,02/07/2019,S,C1,N1,U3,PR1,,,,,,", "1,02/07/2019,S,C1,N1,Q9,PR1,,,,,,", "2,02/07/2019,S,C1,N1,Q9,PR1,,,,,,", "2,02/07/2019,S,C1,N1,U3,PR1,,,,,,"),
			},
			want:  "1 2019-07-02  U3  2021\n2 2019-07-02  U3  2021",
			tally: harmonise.Tally{Read: 6, Left: 2, Superseded: 2, Quarantined: 2},
			found: map[string]int64{"CODE_UNKNOWN": 2},
		},
		{
			name: "a row that is kept back in an earlier return is no matter",
			files: map[string]string{
				early: episodes("1,11/01/2019,S,C1,N1,U6,PR1,,,,,,"),
				next:  episodes("1,11/01/2019,S,C1,N1,Q9,PR1,,,,,,"),
				late:  episodes("1,11/01/2019,S,C1,N1,U3,PR1,,,,,,"),
			},
			want:  "1 2019-01-11  U3  2021",
			tally: harmonise.Tally{Read: 3, Left: 1, Superseded: 1, Quarantined: 1},
			found: map[string]int64{"CODE_UNKNOWN": 1},
		},
		{
			name: "a row that is kept back says nothing of other days, of no day, or of nobody",
			files: map[string]string{
				next: episodes("1,02/07/2019,S,C1,N1,U6,PR1,,,,,,", "UNKNOWN,02/07/2019,S,C1,N1,U6,PR1,,,,,,"),
				late: episodes("1,03/07/2019,S,C1,N1,Q9,PR1,,,,,,", "1,31/06/2019,S,C1,N1,U6,PR1,,,,,,", "1,,S,C1,N1,U6,PR1,,,,,,", "UNKNOWN,02/07/2019,S,C1,N1,Q9,PR1,,,,,,", "2,01/05/2020,S,C1,N1,U6,PR1,,,,,,"),
			},
			want:  "2 2020-05-01  U6  2021\n1 2019-07-02  U6  2020\nunusable: placeholder 2019-07-02  U6  2020",
			tally: harmonise.Tally{Read: 7, Left: 3, Quarantined: 4},
			found: map[string]int64{"CODE_UNKNOWN": 2, "DATE_IMPOSSIBLE": 1, "REQUIRED_EMPTY": 1},
		},
		{
			name: "rows without a start, with an end before it, and with codes of another year are the reader's to keep back",
			files: map[string]string{
				next: episodes("1,,S,C1,N1,U3,PR1,,,,,,", "2,02/07/2019,S,C1,N1,U3,PR1,01/07/2019,E4A,,,,", "3,02/07/2019,S,C1,N1,Z11,PR1,,,,,,", "4,02/07/2019,S,C1,N1,Z1,PR1,,,,,,"),
			},
			want:  "4 2019-07-02  Z1  2020",
			tally: harmonise.Tally{Read: 4, Left: 1, Quarantined: 3},
			found: map[string]int64{"REQUIRED_EMPTY": 1, "DATE_ORDER": 1, "CODE_NOT_IN_YEAR": 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths := write(t, c.files)
			for _, rows := range []int{0, 1, 2} {
				council := discover(t, catalogue, paths...)
				council.rows = rows
				got := council.table(t, "looked_after_episodes", "child_id", "start_date", "end_date", "placement_type", "end_reason", "collection_year")
				if got.text() != c.want {
					t.Errorf("batches of %d: made\n%s\nwant\n%s", rows, got.text(), c.want)
				}
				if got.tally != c.tally || got.tally.Read != sum(got.tally) {
					t.Errorf("batches of %d: %+v; want %+v", rows, got.tally, c.tally)
				}
				if !maps.Equal(got.found, c.found) && len(got.found)+len(c.found) > 0 {
					t.Errorf("batches of %d: found %v; want %v", rows, got.found, c.found)
				}
				if place := got.places[harmonise.RuleRepeated]; place != c.at {
					t.Errorf("found at %q; want %q", place, c.at)
				}
			}
		})
	}
}

// TestAsReturned passes every row of a source table, those of every year, in the order of the returns.
func TestAsReturned(t *testing.T) {
	const line = "CHILD,DOB,MISSING,MIS_START,MIS_END"
	council := discover(t, builtIn(t), write(t, map[string]string{
		"2019-20/missing.csv": lines(line, "1,01/02/2005,M,30/03/2020,", "2,01/02/2005,Q,30/03/2020,"),
		"2020-21/missing.csv": lines(line, "1,01/02/2005,M,30/03/2020,02/04/2020", "NULL,01/02/2005,A,05/05/2020,"),
	})...)
	got := council.table(t, "ssda903/missing", "CHILD", "MISSING", "MIS_START", "MIS_END", "collection_year")
	want := "1 M 2020-03-30 2020-04-02 2021\nunusable: placeholder A 2020-05-05  2021\n1 M 2020-03-30  2020"
	if got.text() != want || got.tally != (harmonise.Tally{Read: 4, Left: 3, Quarantined: 1}) {
		t.Errorf("made\n%s\n%+v\nwant\n%s", got.text(), got.tally, want)
	}
	catalogue := council.catalogue
	for id, want := range map[string]string{
		"ssda903/missing": "ssda903/missing", "children": "cin/child cin/disabilities ssda903/header ssda903/uasc ssd/person ssd/disability ssd/immigration_status",
		"looked_after_episodes": "ssda903/episodes ssd/cla_episodes ssd/cla_placement ssd/legal_status",
	} {
		if got := strings.Join(harmonise.SourceTables(catalogue.Table(id)), " "); got != want && !strings.HasPrefix(got, want+" ") {
			t.Errorf("%s is made from %s; want %s", id, got, want)
		}
	}
}

// TestCollisions: two ways of writing that only Unicode folding makes one would merge two children.
func TestCollisions(t *testing.T) {
	catalogue := builtIn(t)
	episode := func(id string) string { return id + ",02/07/2019,S,C1,N1,U3,PR1,,,,,," }
	child := func(id string) string { return id + ",1,02/03/2010,WBRI,UN1,," }
	for _, c := range []struct {
		name              string
		headers, episodes []string
		earlier           []string // headers of the year before
		collide           bool
	}{
		{name: "superscript and plain", headers: []string{"A²1", "A21"}, collide: true},
		{name: "plain and superscript", headers: []string{"A21", "A²1"}, collide: true},
		{name: "two other forms of one", headers: []string{"A²1", "A₂1"}, collide: true},
		{name: "a ligature", headers: []string{"ﬁ7", "FI7"}, collide: true},
		{name: "in two years", headers: []string{"A21"}, earlier: []string{"A²1"}, collide: true},
		{name: "in two tables", headers: []string{"A21"}, episodes: []string{"A²1"}, collide: true},
		{name: "one form throughout", headers: []string{"A²1", "A²1", "B21"}, episodes: []string{"A²1"}, earlier: []string{"A²1"}},
		{name: "case, width and space", headers: []string{"a21", "Ａ21", " A21 ", "A２1"}, episodes: []string{"A21"}},
		{name: "leading zeros are another child", headers: []string{"0021", "21"}},
		{name: "what identifies nobody", headers: []string{"ＵＮＫＮＯＷＮ", "UNKNOWN", "21"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{"2020-21/header.csv": headerLine + "\n"}
			for _, id := range c.headers {
				files["2020-21/header.csv"] += child(id) + "\n"
			}
			if c.earlier != nil {
				files["2019-20/header.csv"] = headerLine + "\n"
			}
			for _, id := range c.earlier {
				files["2019-20/header.csv"] += child(id) + "\n"
			}
			if c.episodes != nil {
				files["2020-21/episodes.csv"] = episodesLine + "\n"
			}
			for _, id := range c.episodes {
				files["2020-21/episodes.csv"] += episode(id) + "\n"
			}
			council, children := discover(t, catalogue, write(t, files)...), harmonise.NewChildren()
			_, err := council.try("children", children, "child_id")
			if err == nil {
				_, err = council.try("looked_after_episodes", children, "child_id")
			}
			var refusal *finding.Refusal
			switch {
			case !c.collide && err != nil:
				t.Errorf("refused: %v", err)
			case c.collide && (!errors.As(err, &refusal) || refusal.Code != finding.IDCollision):
				t.Errorf("error %v; want a refusal %s", err, finding.IDCollision)
			case c.collide:
				// The folder has a number of its own, made up anew each time.
				said, place, _ := strings.Cut(err.Error(), os.TempDir())
				_, place, _ = strings.Cut(place, "/20")
				if strings.Contains(said+strings.TrimPrefix(place, "20-21"), "21") || finding.HintOf(err) == "" {
					t.Errorf("the refusal %q repeats an identifier, or says not what to do", err)
				}
			}
		})
	}
}

// TestPassedOnAsWritten: a child who is written in one special form throughout can be numbered again from the table
// that was made, as the next stage does.
func TestPassedOnAsWritten(t *testing.T) {
	council := discover(t, builtIn(t), write(t, map[string]string{"2020-21/header.csv": lines(headerLine, "A²1,1,02/03/2010,WBRI,UN1,,")})...)
	children := harmonise.NewChildren()
	again, err := council.try("children", children, "child_id")
	if err != nil || again.text() != "A21" {
		t.Fatalf("made %q, error %v", again.text(), err)
	}
	if err := council.renumber(children); err != nil || children.Len() != 1 || !knows(t, children, "A21") || knows(t, children, "A22") {
		t.Errorf("%d children, error %v", children.Len(), err)
	}
}

// TestOrderOfFilesMakesNoDifference gives the same files in many orders.
func TestOrderOfFilesMakesNoDifference(t *testing.T) {
	catalogue, paths := builtIn(t), cohort(t, 150, 3)
	random := rand.New(rand.NewPCG(1, 2))
	tables := map[string][]string{
		"children":              {"child_id", "sex", "ethnicity", "birth_date", "uasc"},
		"looked_after_episodes": {"child_id", "start_date", "end_date", "legal_status", "placement_urn", "collection_year"},
		"ssda903/reviews":       {"CHILD", "REVIEW", "REVIEW_CODE"},
	}
	want := make(map[string]*made)
	for round := range 6 {
		council := discover(t, catalogue, paths...)
		for id, columns := range tables {
			got := council.table(t, id, columns...)
			if round == 0 {
				want[id] = got
				if len(got.rows) < 100 {
					t.Fatalf("%s has %d rows only", id, len(got.rows))
				}
			} else if !reflect.DeepEqual(got, want[id]) {
				t.Errorf("%s is another with the files in another order: %d rows, %+v", id, len(got.rows), got.tally)
			}
		}
		random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	}
}
