package notice

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// Point is one thing about which notice and agreement differ.
type Point struct {
	Code     finding.Code `json:"code"`            // NOTICE_GAP or NOTICE_CONFLICT
	Name     string       `json:"point"`           // what an answer names; it never changes
	Line     int          `json:"line"`            // of the notice; 0 for what stands nowhere in it
	Lines    []int        `json:"lines,omitempty"` // all, where the notice says it more than once
	Sentence string       `json:"sentence"`        // what is wrong, in plain words
	Hint     string       `json:"hint"`            // what to do about it
	Answered bool         `json:"answered"`
	Answer   string       `json:"answer,omitempty"` // what the council says of it in the agreement
}

// AnswersNothing is the name of the point that an answer raises when what it answers is not raised. It refuses nothing:
// rules may become wiser after an agreement is signed.
const AnswersNothing = "answers-nothing"

// AnswerLength is how many characters an answer has at least.
const AnswerLength = 20

// check is one notice being held to one agreement.
type check struct {
	n         *Notice
	a         *agreement.Agreement
	catalogue *dataset.Catalogue
	v         *vocabulary
	recipient names
	before    []names // of those whose place the recipient took
	points    []Point
	mentions  []Mention
}

// Mention is where the notice tells of something that is looked for in it.
type Mention struct {
	What string `json:"what"` // "attendance or absence from school"
	Line int    `json:"line"` // 0 for nowhere
	// Collected is true where neither the sentence nor its heading speaks of sharing: the notice may tell of it only as
	// something that the council holds, and who reads it judges.
	Collected bool `json:"not_said_to_be_shared,omitempty"`
}

// Check holds an agreement to a notice. The points are in the order of the notice, with those of what stands nowhere at
// the end; each name is there once.
func Check(n *Notice, a *agreement.Agreement, catalogue *dataset.Catalogue) []Point {
	points, _ := Read(n, a, catalogue)
	return points
}

// Read is Check, which also tells where the notice speaks of what the agreement shares, with whom and on what basis.
func Read(n *Notice, a *agreement.Agreement, catalogue *dataset.Catalogue) ([]Point, []Mention) {
	own := Notice{Sentences: slices.Clone(n.Sentences), Lines: n.Lines} // which remembers what was found
	for i := range own.Sentences {
		own.Sentences[i].found = make(map[*regexp.Regexp]int)
	}
	c := &check{n: &own, a: a, catalogue: catalogue, v: theVocabulary(), recipient: namesOf(a.Recipient.Name), before: predecessors(a)}
	c.parties()
	c.leaves()
	c.covers()
	c.reidentification()
	c.period()
	c.retention()
	c.basis()
	c.consentPromises()
	c.denials()
	c.transfers()
	c.optOuts()
	c.rights()
	c.rightsContact()
	slices.SortStableFunc(c.points, func(x, y Point) int {
		if (x.Line == 0) != (y.Line == 0) {
			return cmp.Compare(y.Line, x.Line)
		}
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Name, y.Name))
	})
	c.answers()
	return c.points, c.mentions
}

// gap raises a point about what families are not told.
func (c *check) gap(name string, line int, hint, sentence string, args ...any) {
	c.raise(Point{Code: finding.NoticeGap, Name: name, Line: line, Sentence: fmt.Sprintf(sentence, args...), Hint: hint})
}

// conflict raises a point about what families are told otherwise.
func (c *check) conflict(name string, lines []int, hint, sentence string, args ...any) {
	p := Point{Code: finding.NoticeConflict, Name: name, Sentence: fmt.Sprintf(sentence, args...), Hint: hint}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if len(lines) > 0 {
		p.Line = lines[0]
	}
	if len(lines) > 1 {
		p.Lines = lines
	}
	c.raise(p)
}

// raise adds a point, once for each name.
func (c *check) raise(p Point) {
	if !slices.ContainsFunc(c.points, func(other Point) bool { return other.Name == p.Name }) {
		c.points = append(c.points, p)
	}
}

func (c *check) mention(what string, line int) {
	c.mentions = append(c.mentions, Mention{What: what, Line: line})
}

// answers puts the council's answers to the points that they answer.
func (c *check) answers() {
	var idle []string
	given := make(map[string]bool)
	for i, answer := range c.a.PrivacyNotice.Answers {
		at := slices.IndexFunc(c.points, func(p Point) bool { return p.Name == answer.Point })
		if at < 0 || given[answer.Point] {
			idle = append(idle, fmt.Sprint(i+1))
			continue
		}
		given[answer.Point] = true
		p := &c.points[at]
		p.Answer = strings.TrimSpace(answer.Text)
		if p.Answered = utf8.RuneCountInString(p.Answer) >= AnswerLength; !p.Answered {
			p.Hint = fmt.Sprintf("the answer says too little: write at least %d characters, or %s", AnswerLength, p.Hint)
		}
	}
	if len(idle) > 0 {
		c.raise(Point{
			Code: finding.NoticeConflict, Name: AnswersNothing,
			Sentence: fmt.Sprintf("what answer %s of privacy_notice.answers answers is not raised, or answered before", list(idle)),
			Hint:     "take the answer out, or correct the name of its point: the points are listed by postern agreement notice",
		})
	}
}

// Unanswered are the points that nobody has answered. An answer to nothing is not one of them.
func Unanswered(points []Point) []Point {
	return slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return p.Answered || p.Name == AnswersNothing })
}

// list joins words as a sentence does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
