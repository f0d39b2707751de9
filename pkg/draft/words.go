package draft

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// headerWords are words that columns of reports are called by. They are only ever compared with a header.
func headerWords() []string {
	return strings.Fields(`
		id ids ref refs reference number no num nr code codes type types category categories status stage state date dates dt day
		time start started begin began end ended finish finished open opened close closed closure complete completed completion due
		created updated received name names surname forename forenames firstname lastname initials title first last middle
		known child children childs person client pupil student young people case family mother father parent carer sibling
		dob birth born age gender sex ethnic ethnicity ethnicorigin origin religion language nationality disability disabled
		sen ehcp upn nhs uln urn uprn postcode address addr street town county ward area locality team teams worker workers
		practitioner manager allocated assigned owner author officer social assessor chair service services agency provider source
		reason reasons outcome outcomes decision action actions nfa need needs concern concerns factor factors risk level tier
		plan plans referral referrals referred assessment assessments contact contacts episode episodes placement placements
		review reviews visit visits meeting conference strategy legal order care looked after lac cla cin cp cpp protection
		early help eh step school schools college setting attendance sessions absence exclusion note notes comment comments summary
		description details text narrative flag indicator yn count total days weeks months hours minutes length duration year
		month period quarter score scale amount cost value email phone tel telephone mobile uasc asylum missing police crime
		offence offending health diagnosis consent in of at on to by from for is has was system record row line column field unique key
		authority la council local postal home current previous latest original primary secondary main other relationship
		re repeat further flagged priority method route venue location role job organisation department unit group`)
}

// role is what the words of a header say that a column is.
type role struct {
	is      string     // a name for it, for tests
	any     [][]string // one of these sets of words must all be in the header; a word ending in * begins one
	none    []string   // and none of these
	class   dataset.Class
	meaning string // empty where the words do not say enough
	text    bool   // its cells are text whatever they look like
}

// roles are tried in order; the first that fits counts.
func roles() []role {
	set := func(words ...string) [][]string {
		var out [][]string
		for _, w := range words {
			out = append(out, strings.Split(w, "+"))
		}
		return out
	}
	return []role{
		{is: "nhs", any: set("nhs"), class: dataset.DirectIdentifier, meaning: "NHS number"},
		{is: "upn", any: set("upn", "unique+pupil"), class: dataset.DirectIdentifier, meaning: "Unique pupil number"},
		{is: "uln", any: set("uln", "unique+learner"), class: dataset.DirectIdentifier, meaning: "Unique learner number"},
		{is: "email", any: set("email", "e+mail"), class: dataset.DirectIdentifier, meaning: "E-mail address", text: true},
		{is: "phone", any: set("phone*", "telephone", "tel", "mobile"), class: dataset.DirectIdentifier, meaning: "Telephone number", text: true},
		{is: "postcode", any: set("postcode*", "post+code", "postal+code"), class: dataset.DirectIdentifier, meaning: "Postcode", text: true},
		{is: "address", any: set("address*", "addr", "street", "town", "uprn", "house+name", "house+number", "house+no"), class: dataset.DirectIdentifier, meaning: "Part of an address", text: true},
		{is: "birth", any: set("dob", "birth*", "born", "edd", "edob"), none: []string{"place", "order", "country", "weight"}, class: dataset.QuasiIdentifier, meaning: "Date of birth"},
		{is: "staff", any: set("worker*", "practitioner*", "manager*", "allocated", "author", "officer", "assessor", "chair", "iro", "keyworker",
			"supervisor", "professional", "staff", "sw", "team*", "user", "assigned", "created+by", "updated+by", "modified+by", "entered+by", "completed+by",
			"recorded+by", "authorised+by", "owner", "referrer*", "gp", "headteacher"),
			none: []string{"date", "dt", "number", "count", "changes", "type", "family"}, class: dataset.Staff, meaning: "A worker or a team", text: true},
		{is: "other person's number", any: set("mother*+id", "father*+id", "parent*+id", "sibling*+id", "family+id", "household+id", "carer*+id", "family+number", "family+ref", "family+reference"),
			class: dataset.DirectIdentifier, meaning: "The number of another person or of a family", text: true},
		{is: "child", any: childNumber(), none: []string{"worker", "date", "type", "of", "episodes", "count"}, class: dataset.LinkageIdentifier, meaning: "The authority's own number for the child"},
		{is: "name", any: set("surname*", "forename*", "firstname*", "lastname", "fullname", "initials", "alias*", "name*", "known+as", "preferred", "childname", "mother*", "father*", "sibling*"),
			none: []string{"date", "school", "type", "age", "dob", "ethnic*", "number", "count"}, class: dataset.DirectIdentifier, meaning: "Name of a person", text: true},
		{is: "text", any: set("note*", "comment*", "narrative", "description", "summary", "detail*", "freetext", "free+text", "analysis", "background", "chronology", "views"),
			none: []string{"date", "number", "count"}, class: dataset.FreeText, meaning: "Free text", text: true},
		{is: "ethnicity", any: set("ethnic*"), class: dataset.SpecialCategory, meaning: "Ethnic group of the child"},
		{is: "special", any: set("religion", "faith", "belief", "nationality", "immigration", "disab*", "send", "ehcp", "health", "diagnos*", "mental*",
			"substance", "alcohol", "drug*", "sexual*", "orientation", "pregnan*", "medical", "illness", "race", "language*", "sdq", "autis*", "special+need*", "sen"),
			class: dataset.SpecialCategory},
		{is: "offence", any: set("offen*", "crime", "criminal*", "police", "court", "convict*", "custody", "yot", "yjs", "remand*", "legal+status", "gang*"),
			class: dataset.CriminalOffence},
		{is: "sex", any: set("sex", "gender"), class: dataset.QuasiIdentifier, meaning: "Sex of the child"},
		{is: "place", any: set("ward", "lsoa*", "locality", "area", "school*", "setting*", "urn", "college"), class: dataset.QuasiIdentifier},
		{is: "record", any: set("referral+id", "referral+no", "referral+number", "referral+ref", "referral+reference", "episode+id", "episode+number", "assessment+id", "assessment+number",
			"plan+id", "case+id", "case+number", "record+id", "record+number", "row+id", "event+id", "form+id", "contact+id", "visit+id", "placement+id", "row+number", "guid", "uuid"),
			class: dataset.RecordIdentifier, meaning: "Number of the record in the system"},
		{is: "count", any: set("number+of", "no+of", "count", "total", "days", "weeks", "months", "hours", "minutes", "score", "age", "sessions", "duration", "length"), class: dataset.Sensitive},
		{is: "year", any: set("year", "financial+year", "academic+year"), none: []string{"group", "of"}, class: dataset.Ordinary},
	}
}

// childNumber are the ways in which reports name the authority's own number for a child.
func childNumber() [][]string {
	var out [][]string
	for _, whose := range []string{"child*", "person", "client", "pupil", "student", "young", "lac", "cla", "swift", "mosaic", "liquidlogic", "lcs", "ehm", "eclipse",
		"carefirst", "ics", "cms", "la", "unique", "social", "subject", "system"} {
		for _, what := range []string{"id", "ref", "reference", "number", "no", "identifier", "num"} {
			out = append(out, []string{whose, what})
		}
	}
	return append(out, []string{"childid"}, []string{"personid"}, []string{"lachildid"}, []string{"clientid"})
}

// roleOf is what a header says, nil for nothing.
func roleOf(words []string) *role {
	for _, r := range roles() {
		if !has(words, r.none...) && slices.ContainsFunc(r.any, func(all []string) bool { return hasAll(words, all) }) {
			return &r
		}
	}
	return nil
}

// hasAll reports whether each pattern is met by a word.
func hasAll(words, patterns []string) bool {
	return !slices.ContainsFunc(patterns, func(p string) bool { return !has(words, p) })
}

// has reports whether any of some patterns is met by a word: itself, or its beginning where the pattern ends in *.
func has(words []string, patterns ...string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		start, open := strings.CutSuffix(p, "*")
		return slices.ContainsFunc(words, func(w string) bool { return w == p || open && strings.HasPrefix(w, start) })
	})
}
