package agreement

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// Answers are what a draft is made of, by the key of the question.
type Answers map[string]string

// Question is one thing that a draft cannot make up. Where a mistake in the answer would do no harm it is settled: its
// suggestion is taken without asking. Every other answer has to be given, and a suggestion is only that.
type Question struct {
	Key     string // also the name of a flag
	Ask     string
	Choices []string // the accepted answers; none for free ones
	Suggest func(Answers) string
	Settled bool
	When    func(Answers) bool // whether there is anything to ask; nil for always
	Check   func(answer string, given Answers) error
}

// Suggestion is what is suggested, "" for nothing.
func (q *Question) Suggestion(given Answers) string {
	if q.Suggest == nil {
		return ""
	}
	return q.Suggest(given)
}

// Applies reports whether the question is one that the answers given so far leave open.
func (q *Question) Applies(given Answers) bool { return q.When == nil || q.When(given) }

// Accept says what is wrong with an answer; nil for nothing. The error holds nothing of the answer.
func (q *Question) Accept(answer string, given Answers) error {
	switch {
	case answer == "":
		return errors.New("it is empty")
	case len(answer) > 500:
		return errors.New("it is longer than 500 letters")
	case !utf8.ValidString(answer) || strings.ContainsFunc(answer, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		return errors.New("it has letters that cannot be printed")
	case len(q.Choices) > 0 && !slices.Contains(q.Choices, answer):
		return errors.New("it is none of: " + strings.Join(q.Choices, ", "))
	case q.Check == nil:
		return nil
	}
	return q.Check(answer, given)
}

// WhyKey is the key of the question what a table is needed for.
func WhyKey(table string) string { return "why:" + table }

// DraftTables are the tables that a draft can be made of: those that say which child a row is about, without regard to
// the system that an extract is from.
func DraftTables(catalogue *dataset.Catalogue) []string {
	var out []string
	for _, t := range catalogue.Tables() {
		if t.Core() && t.ChildID != "" {
			out = append(out, t.ID())
		}
	}
	return out
}

// Questions lists what has to be known to draft an agreement, in the order in which it is asked. What a table is needed
// for is asked per table, once the tables are known: see Whys.
func Questions(catalogue *dataset.Catalogue, today civil.Date) []Question {
	free := func(key, ask string) Question { return Question{Key: key, Ask: ask} }
	like := func(q Question, suggestion string) Question {
		q.Suggest = func(Answers) string { return suggestion }
		return q
	}
	from := func(q Question, key string) Question {
		q.Suggest = func(a Answers) string { return a[key] }
		return q
	}
	settled := func(q Question) Question { q.Settled = true; return q }
	choice := func(key, ask string, choices ...string) Question {
		return Question{Key: key, Ask: ask, Choices: choices}
	}
	when := func(q Question, key string, values ...string) Question {
		q.When = func(a Answers) bool { return slices.Contains(values, a[key]) }
		return q
	}
	d := dates{today: today}
	return []Question{
		settled(free("council", "What is the council called?")),
		settled(Question{Key: "la-code", Ask: "Which three digits is the council's code with the Department for Education?", Check: matching(laCodePattern, "it is not three digits, such as 331")}),
		free("title", "What is the agreement about, in a few words?"),
		{Key: "recipient", Ask: "Who receives the data (the organisation's legal name)?", Check: checkRecipient(today)},
		{Key: "id", Ask: "What is the agreement's id?", Suggest: suggestID(today), Check: checkID},
		free("recipient-contact", "How is the recipient reached (a role's address)?"),
		choice("recipient-role", "Does the recipient decide for itself what it does with the data (controller), or work for the council (processor)?", "controller", "processor"),
		when(free("contract", "What is the reference of the contract with the processor?"), "recipient-role", "processor"),
		choice("setting", "Does it work in an accredited or trusted research environment (secure), or in one of its own (managed)?", "secure", "managed"),
		choice("assurance", "What shows that the recipient keeps the data safe?", "accredited-environment", "cyber-essentials-plus", "iso-27001", "dspt"),
		free("assurance-ref", "What is the reference of that evidence?"),
		d.question("assurance-expires", "Until which day does it count?", d.notPast),
		choice("purpose", "What kind of purpose is it?", Purposes()...),
		free("purpose-text", "What are the data for, in one sentence?"),
		when(free("research-necessity", "Why does the research need data about single children?"), "purpose", forResearch()...),
		when(Question{Key: "research-safeguards", Ask: "Is it ruled out that children come to substantial harm or distress, that anything is decided about a particular child,\nand that more leaves than is needed (yes, or stop here)?",
			Check: matching(regexp.MustCompile("^yes$"), "where it is not so, this is no research under UK GDPR Article 84C: stop here, or answer yes")}, "purpose", forResearch()...),
		like(Question{Key: "article6", Ask: "Which point of UK GDPR Article 6(1) is the lawful basis?", Check: matching(article6Pattern, "it is not such a point, such as 6(1)(e)")}, "6(1)(e)"),
		free("power", "Which Act and section give the council the task?"),
		choice("confidentiality", "How is the duty of confidence met?", "public-task", "consent", "section-251"),
		free("dpia", "What is the reference of the impact assessment (DPIA)?"),
		d.question("dpia-review-by", "By which day is it reviewed?", d.notPast),
		choice("dpia-risk", "Which risk does it leave?", "low", "medium", "high"),
		when(free("dpia-article36", "What is the reference of the ICO's answer on the high risk?"), "dpia-risk", "high"),
		{Key: "tables", Ask: "Which tables leave (with commas between them)?" + oneOfThese(DraftTables(catalogue)), Check: checkTables(DraftTables(catalogue))},
		{Key: "notice", Ask: "Where is the privacy notice that tells families of it?", Check: matching(urlPattern, "it is no https address")},
		{Key: "notice-covers", Ask: "Of which of these tables does that notice speak (it has to of all)?", Suggest: func(a Answers) string { return a["tables"] }, Check: checkCovers},
		choice("opt-out", "Does the National Data Opt-Out apply?", "not_applicable", "applied", "exempt"),
		free("opt-out-reason", "Why?"),
		when(free("opt-out-reference", "What is the reference of the check against it?"), "opt-out", "applied"),
		when(d.question("opt-out-until", "Until which day may the result of that check be used?", d.notPast), "opt-out", "applied"),
		d.question("share-from", "From which day is data shared?", nil),
		d.question("share-to", "Until which day (at most three years later)?", d.term),
		d.question("data-from", "From which day on are the events that it is about?", d.beforeEnd),
		d.question("recipient-until", "By which day does the recipient destroy the data?", d.afterEnd),
		settled(d.suggested("review-by", "By which day is the agreement reviewed?", d.inAYear, d.notPast)),
		free("destruction", "How does the recipient destroy the data?"),
		settled(like(choice("schedule", "How often are data sent?", "once", "yearly", "quarterly", "monthly", "weekly", "daily"), "once")),
		when(like(Question{Key: "linkage-pupils", Ask: "Which share of the children must be found on a school's roll, or the run stops (0 to 1)?", Check: checkShare}, "0.4"), perPupil, "yes"),
		when(like(Question{Key: "premiums", Ask: "Which pupil premiums make a child eligible (with commas between them)?" + oneOfThese(premiumsOf(catalogue)), Check: checkPremiums(premiumsOf(catalogue))},
			strings.Join(premiumsOf(catalogue), ", ")), needsPremiums, "yes"),
		when(choice("short-breaks", "Are short breaks (legal status V3 or V4) times of being looked after (count), or not (leave_out)?", ShortBreaksCount, ShortBreaksLeaveOut), needsShortBreaks, "yes"),
		when(Question{Key: "store-region", Ask: "In which region is the store's bucket?", Check: matching(regionPattern, "it is no region, such as eu-west-2")}, StoreKind, PlaceBucket),
		settled(Question{Key: "store-country", Ask: "In which country does the store stand? A draft is for one in the United Kingdom.", Choices: []string{"GB"}, Suggest: suggestCountry}),
		free("dpo", "How is the council's Data Protection Officer reached?"),
		settled(from(free("rights-contact", "Who answers families who use their rights?"), "dpo")),
		settled(from(free("incident-contact", "Who is told of an incident?"), "dpo")),
		free("owner", "Who at the council answers for the data (a role's address)?"),
		settled(from(free("recipient-lead", "Who leads the work at the recipient?"), "recipient-contact")),
		free("recipient-dpo", "How is the recipient's Data Protection Officer reached?"),
	}
}

// The keys under which it is kept where drops will lie: not asked, since the configuration says it.
const (
	StoreKind     = "store-kind" // PlaceFolder or PlaceBucket
	StoreBucket   = "store-bucket"
	StoreEndpoint = "store-endpoint"
)

// suggestCountry knows where a folder of the council's is, and the regions of the United Kingdom.
func suggestCountry(a Answers) string {
	if a[StoreKind] == PlaceFolder || a["store-region"] == "eu-west-2" {
		return "GB"
	}
	return ""
}

// checkRecipient refuses an organisation that another has followed.
func checkRecipient(today civil.Date) func(string, Answers) error {
	return func(answer string, _ Answers) error {
		if s := succeeded(answer); s != nil && today >= s.since {
			return fmt.Errorf("that organisation was followed by %s on %s: name that", s.by, spoken(s.since))
		}
		return nil
	}
}

// The keys under which it is kept what the tables need: Complete sets them.
const (
	perPupil         = "per-pupil" // a table is made of pupils
	needsPremiums    = "needs-premiums"
	needsShortBreaks = "needs-short-breaks"
)

// Complete adds what follows from the answers so far.
func (a Answers) Complete(catalogue *dataset.Catalogue) {
	a[perPupil], a[needsPremiums], a[needsShortBreaks] = "no", "no", "no"
	for _, id := range a.Tables() {
		t := catalogue.Table(id)
		if t == nil {
			continue
		}
		if t.Linked() {
			a[perPupil] = "yes"
		}
		if len(t.Premiums()) > 0 {
			a[needsPremiums] = "yes"
		}
		if countsShortBreaks(t) {
			a[needsShortBreaks] = "yes"
		}
	}
}

// Tables are those that were chosen.
func (a Answers) Tables() []string { return splitList(a["tables"]) }

// Whys are the questions what each of the tables is needed for.
func (a Answers) Whys() []Question {
	var out []Question
	for _, id := range a.Tables() {
		out = append(out, Question{Key: WhyKey(id), Ask: "What does the recipient need " + id + " for?"})
	}
	return out
}

// splitList reads words with commas between them.
func splitList(text string) []string {
	var out []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

func matching(pattern *regexp.Regexp, wrong string) func(string, Answers) error {
	return func(answer string, _ Answers) error {
		if !pattern.MatchString(answer) {
			return errors.New(wrong)
		}
		return nil
	}
}

func checkID(answer string, _ Answers) error {
	if !validID(answer) {
		return errors.New("it is not dsa- and words of lower-case letters and digits with hyphens between")
	}
	return nil
}

// suggestID makes an id of the recipient's name and the year.
func suggestID(today civil.Date) func(Answers) string {
	return func(a Answers) string {
		year, _, _ := today.YMD()
		words := []string{"dsa"}
		for _, word := range strings.FieldsFunc(strings.ToLower(a["council"]+" "+a["recipient"]), func(r rune) bool { return r < 'a' || r > 'z' }) {
			if !slices.Contains([]string{"council", "city", "county", "borough", "metropolitan", "london", "of", "the", "and", "for"}, word) && len(words) < 4 {
				words = append(words, word)
			}
		}
		id := strings.Join(append(words, strconv.Itoa(year)), "-")
		if !validID(id) {
			return ""
		}
		return id
	}
}

// oneOfThese lists what there is to choose from.
func oneOfThese(tables []string) string {
	if len(tables) == 0 {
		return ""
	}
	return "\nThere are: " + strings.Join(tables, ", ")
}

func checkTables(known []string) func(string, Answers) error {
	return func(answer string, _ Answers) error {
		chosen := splitList(answer)
		for i, id := range chosen {
			if !slices.Contains(known, id) || slices.Contains(chosen[:i], id) {
				return errors.New("each is one of these, once: " + strings.Join(known, ", "))
			}
		}
		if len(chosen) == 0 {
			return errors.New("it names no table: " + strings.Join(known, ", "))
		}
		return nil
	}
}

func checkCovers(answer string, given Answers) error {
	covered := splitList(answer)
	for _, id := range covered {
		if !tableIDPattern.MatchString(id) {
			return errors.New("it is no list of tables")
		}
	}
	for _, id := range given.Tables() {
		if !slices.Contains(covered, id) {
			return fmt.Errorf("families are not told of %s: change the notice first, or leave the table out", id)
		}
	}
	return nil
}

func checkShare(answer string, _ Answers) error {
	if share, err := strconv.ParseFloat(answer, 64); err != nil || share < 0 || share > 1 || !regexp.MustCompile(`^[01](\.[0-9]{1,4})?$`).MatchString(answer) {
		return errors.New("it is not a share, such as 0.4")
	}
	return nil
}
