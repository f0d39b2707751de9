package draft

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// hint says by which words of a header a column of a core table is known.
type hint struct {
	table, column string
	any           [][]string // one of these sets
	none          []string   // and none of these words
}

// hints are tried in order. The column that dates a row comes first: without it a table of events is not suggested.
func hints() []hint {
	end := []string{"end", "ended", "closed", "closure", "ceased", "finish*", "complet*"}
	return []hint{
		{"children", "sex", [][]string{{"sex"}, {"gender"}}, nil},
		{"children", "ethnicity", [][]string{{"ethnic*"}}, nil},
		{"children", "birth_date", [][]string{{"dob"}, {"birth*"}, {"born"}}, []string{"mother*", "father*", "parent*", "sibling*", "expected"}},
		{"children", "disabled", [][]string{{"disab*"}}, nil},
		{"children", "uasc", [][]string{{"uasc"}, {"asylum"}}, nil},

		{"referrals", "referral_date", [][]string{{"referral", "date"}, {"referral", "dt"}, {"referral", "received"}, {"referral", "start*"}, {"date", "referred"}, {"referral", "on"}, {"referred", "on"}},
			append([]string{"previous", "next"}, end...)},
		{"referrals", "referral_source", [][]string{{"referral", "source"}, {"source", "of", "referral"}, {"referred", "by"}, {"referral", "via"}}, nil},
		{"referrals", "primary_need", [][]string{{"primary", "need*"}, {"need", "code"}, {"main", "need"}}, nil},
		{"referrals", "no_further_action", [][]string{{"nfa"}, {"no", "further", "action"}}, nil},
		{"referrals", "closure_date", [][]string{{"closure", "date"}, {"closure", "dt"}, {"date", "closed"}, {"case", "closed"}, {"closed", "on"}, {"case", "end*", "date"}}, nil},
		{"referrals", "closure_reason", [][]string{{"closure", "reason"}, {"reason", "closed"}, {"reason", "closure"}}, nil},

		{"assessments", "start_date", [][]string{{"assessment", "start*"}, {"assessment", "date"}, {"assessment", "began"}}, append([]string{"previous", "authoris*"}, end...)},
		{"assessments", "authorisation_date", [][]string{{"assessment", "authoris*"}, {"assessment", "complet*"}, {"assessment", "end*"}}, nil},

		{"cin_plans", "start_date", [][]string{{"cin", "plan", "start*"}, {"cin", "start*"}, {"need", "plan", "start*"}}, end},
		{"cin_plans", "end_date", [][]string{{"cin", "plan", "end*"}, {"cin", "end*"}, {"need", "plan", "end*"}}, nil},
		{"cp_plans", "start_date", [][]string{{"cp", "plan", "start*"}, {"cpp", "start*"}, {"cp", "start*"}, {"protection", "plan", "start*"}}, end},
		{"cp_plans", "end_date", [][]string{{"cp", "plan", "end*"}, {"cpp", "end*"}, {"cp", "end*"}, {"protection", "plan", "end*"}}, nil},

		{"looked_after_episodes", "start_date", [][]string{{"episode", "start*"}, {"lac", "start*"}, {"cla", "start*"}, {"care", "start*"}, {"decom"}}, end},
		{"looked_after_episodes", "end_date", [][]string{{"episode", "end*"}, {"lac", "end*"}, {"cla", "end*"}, {"care", "end*"}, {"dec"}}, nil},
		{"looked_after_episodes", "legal_status", [][]string{{"legal", "status"}}, nil},
		{"looked_after_episodes", "placement_type", [][]string{{"placement", "type"}}, nil},
		{"looked_after_episodes", "placement_provider", [][]string{{"placement", "provider"}}, nil},
	}
}

// suggest lists the core tables that a report with the child's number may feed, and which column of it each of theirs. A
// column feeds one core column of a table. Its class becomes that of the core column, where it was no stricter.
func suggest(columns []Column, catalogue *dataset.Catalogue) []Feed {
	child := slices.IndexFunc(columns, func(c Column) bool { return c.child() })
	if child < 0 {
		return nil
	}
	var out []Feed
	for _, t := range catalogue.Tables() {
		if !t.Core() || t.PerPupil() || len(t.Sources) == 0 || len(t.OneRowPer) == 0 || len(t.OneRowPer) > 2 {
			continue
		}
		feed := Feed{Core: t.Name, Columns: []FeedColumn{{To: t.ChildID, From: columns[child].Name}}}
		used := map[int]bool{child: true}
		dated := len(t.OneRowPer) == 1
		for _, h := range hints() {
			to := t.Column(h.column)
			if h.table != t.Name || to == nil {
				continue
			}
			at := slices.IndexFunc(columns, func(c Column) bool { return h.fits(&c) && c.Skip == "" && c.Type == to.Type })
			if at < 0 || used[at] || columns[at].told && !to.Class.AtLeast(columns[at].Class) {
				continue // also where the header says more of it than the core column guards
			}
			used[at] = true
			dated = dated || h.column == t.OneRowPer[1]
			feed.Columns = append(feed.Columns, feeding(&columns[at], to, catalogue))
		}
		if !dated || len(feed.Columns) < 2 {
			continue
		}
		if t.Column(dataset.CollectionYear) != nil {
			feed.Columns = append(feed.Columns, FeedColumn{To: dataset.CollectionYear, From: dataset.CollectionYear})
		}
		for _, f := range feed.Columns {
			raise(columns, f.From, t.Column(f.To))
		}
		out = append(out, feed)
	}
	return out
}

func (h hint) fits(c *Column) bool {
	return !has(c.words, h.none...) && slices.ContainsFunc(h.any, func(all []string) bool { return hasAll(c.words, all) })
}

// feeding is one column of a feed: codes that are not the core column's own go through a map, one that there is where it
// has all of them.
func feeding(c *Column, to *dataset.Column, catalogue *dataset.Catalogue) FeedColumn {
	f := FeedColumn{To: to.Name, From: c.Name}
	if c.Type != dataset.Code {
		return f
	}
	codes := codesOf(c.List, catalogue)
	all := func(becomes func(code string) (string, bool)) bool {
		return len(codes) > 0 && !slices.ContainsFunc(codes, func(code dataset.CodeValue) bool {
			value, known := becomes(code.Value)
			at, _ := to.Code(value, 0)
			return !known || at < 0
		})
	}
	if all(func(code string) (string, bool) { return code, true }) {
		return f
	}
	for _, m := range catalogue.CodeMaps() {
		if all(m.To) {
			f.Map = m.Name
			return f
		}
	}
	f.Unmapped = true
	return f
}

func codesOf(name string, catalogue *dataset.Catalogue) []dataset.CodeValue {
	for _, l := range catalogue.CodeLists() {
		if l.Name == name {
			return l.Codes
		}
	}
	return nil
}

// raise gives a column the class of the core column that it may feed: a core column is fed from none of a higher class,
// and one that never leaves stays what it is. A class that the header says is never lowered by that: see suggest.
func raise(columns []Column, name string, to *dataset.Column) {
	for i := range columns {
		c := &columns[i]
		if c.Name == name && c.Skip == "" && to != nil && c.Class.Releasable() && !c.child() {
			if !c.Class.AtLeast(to.Class) || !to.Class.AtLeast(c.Class) {
				c.Class = to.Class
			}
		}
	}
}
