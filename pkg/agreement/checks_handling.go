package agreement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// reviewGrace is how many days after its day a review may still be made before it refuses drops.
const reviewGrace = 30

func (c *checking) review(o *outcome) {
	text := ""
	if by := c.a.Review.By; by != nil {
		text = "by " + spoken(*by)
	}
	o.stated(text, "write review: {by: …}: the day by which the council looks at the agreement again",
		"the agreement does not say when it is to be reviewed")
}

func (c *checking) reviewInDate(o *outcome) {
	switch by := c.a.Review.By; {
	case by == nil:
		o.notApplicable("no review is stated")
	case c.today > *by+reviewGrace:
		o.failed(finding.ReviewOverdue, "review the agreement, and make a version with the day of the next review under review.by",
			"the agreement was to be reviewed by %s, more than %d days ago", spoken(*by), reviewGrace)
	case c.today > *by:
		o.warned(fmt.Sprintf("the agreement was to be reviewed by %s; drops are refused after %s", spoken(*by), spoken(*by+reviewGrace)))
	default:
		o.passed("by " + spoken(*by))
	}
}

func (c *checking) stores(o *outcome) {
	places := make([]string, len(c.a.Security.Stores))
	for i, p := range c.a.Security.Stores {
		places[i] = p.String()
	}
	o.stated(strings.Join(places, "; "), "write security.stores: a list of places such as {kind: folder, country: GB} or {kind: bucket, bucket: …, region: …, country: GB}",
		"the agreement does not say where drops may lie")
}

func (c *checking) storesAbroad(o *outcome) {
	if len(c.a.Security.Stores) == 0 {
		o.notApplicable("no store is stated")
		return
	}
	var countries []string
	for _, p := range c.a.Security.Stores {
		if !slices.Contains(c.a.Transfer.Locations, p.Country) {
			o.failed(finding.TransferNotAllowed, "add "+p.Country+" to transfer.locations with what makes that lawful, or take the store out of security.stores",
				"a store is in a country (%s) in which the agreement does not let the data lie", p.Country)
			return
		}
		if !slices.Contains(countries, p.Country) {
			countries = append(countries, p.Country)
		}
	}
	o.passed(strings.Join(countries, ", "))
}

// transfers: what leaves the United Kingdom needs a mechanism, and the test of whether protection is not materially lower
// (UK GDPR Articles 44A to 46).
func (c *checking) transfers(o *outcome) {
	t := c.a.Transfer
	var abroad []string
	for _, country := range t.Locations {
		if country != "GB" {
			abroad = append(abroad, country)
		}
	}
	switch {
	case len(abroad) == 0:
		o.notApplicable("the data stay in the United Kingdom")
	case t.Mechanism == "" || t.Assessment == "":
		o.failed(finding.TransferNotAllowed, "write transfer.mechanism (adequacy, idta or addendum) and transfer.assessment (the reference of the data protection test), or leave the country out",
			"data may lie outside the United Kingdom (%s), and the agreement does not say what makes that lawful", and(abroad))
	default:
		o.passed(and(abroad) + " by " + t.Mechanism + ", " + t.Assessment)
	}
}

// String names a place: "folder in GB", "bucket drops in eu-west-2, GB", "any bucket in us-east-1 at s3.council.example, GB".
func (p Place) String() string {
	if p.Kind != PlaceBucket {
		return p.Kind + " in " + p.Country
	}
	text := "any bucket"
	if p.Bucket != "" {
		text = "bucket " + p.Bucket
	}
	text += " in " + p.Region
	if p.Endpoint != "" {
		text += " at " + p.Endpoint
	}
	return text + ", " + p.Country
}

// oneLine joins the lines of prose.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// spaced writes a word of the file as people do: "not applicable".
func spaced(word string) string { return strings.ReplaceAll(word, "_", " ") }

// listOf writes words with commas, and how many more there are.
func listOf(words []string, more int) string {
	text := strings.Join(words, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
