package synth

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// annexBook is Ofsted's Annex A being written: a cover and the lists 1 to 11, as they stand on the cohort's last day.
//
//	list  has
//	1     a contact for each referral of the last six months, and some that led to none
//	2     early help assessments of the last six months
//	3     referrals of the last twelve months
//	4     assessments open on the day or authorised in the last six months
//	5     section 47 enquiries begun in the last six months
//	6     cases open on the day or closed in the last six months; not referrals on which no action was taken
//	7     child protection plans that run on the day or ended in the last six months
//	8     periods of care that last on the day or ended in the last six months
//	9     care leavers of the year
//	10    adoptions decided, and 11 adopters of adoptions decided, in the last twelve months
//
// The form is filled in as councils do it: categories in local spellings, days in the style of dates, ages with many
// digits, headers with a bracket too many, wrapped or with the quotation marks of a word processor, no-break spaces, #N/A
// where a look-up of the team found nothing, no date of birth for the unborn, some numbers of children as numbers.
type annexBook struct {
	*book
	g     *generator
	lists [annexLists]*worksheet
}

const annexLists = 11

// annexSpan is the day of an Annex A, and the first days of the six and of the twelve months before it.
type annexSpan struct{ half, whole, day civil.Date }

func (g *generator) annexSpan() annexSpan {
	last := g.window.years[len(g.window.years)-1]
	return annexSpan{half: civil.MustYMD(last.number-1, 10, 1), whole: last.start, day: last.end}
}

// lately says whether something lasted into the six months.
func (s annexSpan) lately(start, end civil.Date) bool { return start <= s.day && end >= s.half }

func newAnnexBook(b *book, g *generator) *annexBook {
	a := &annexBook{book: b, g: g}
	cover := b.sheet("Guidance")
	cover.row(cellText("Annex A: child-level information"))
	cover.row(cellText("Synthetic: none of these children exists"), cellDate(g.annexSpan().day))
	for i := range a.lists {
		a.lists[i] = b.sheet("List " + strconv.Itoa(i+1))
		a.lists[i].header(annexHeaders(i + 1)...)
	}
	return a
}

// annexHeaders are the headers of a list, as somebody's copy of the form has them.
func annexHeaders(list int) []string {
	const team = "Allocated Team|Allocated Worker"
	person := "Child Unique ID|Gender|Ethnicity|Date of Birth|Age of Child (Years)"
	if list%3 == 0 {
		person = "Child Unique ID|Gender|Ethnicity |Date of Birth|Age"
	}
	disability := "|Does the Child have a Disability|"
	text := ""
	switch list {
	case 1:
		text = person + "|Date of Contact|Contact Source"
	case 2:
		text = person + "|Assessment start date|Assessment completion date|Organisation completing assessment"
	case 3:
		text = person + "|Date of Referral|Referral Source|Referral NFA?|Number of Referrals in Last 12 Months|" + team
	case 4:
		text = person + disability + "Continuous Assessment Start Date|Child Seen During Continuous Assessment|Continuous Assessment Date of Authorisation|" +
			"Was the child assessed as requiring LA children\u2019s social care support?|" + team
	case 5:
		text = person + disability + "Strategy discussion initiating Section 47 Enquiry Start Date|Was an Initial Child Protection Conference deemed unnecessary?|" +
			"Date of Initial Child Protection Conference|Did the Initial Child Protection Conference Result in a Child Protection Plan|" +
			"Number of Section 47 Enquiries in the last 12 months|Number of ICPCs in the last 12 months|" + team
	case 6:
		text = person + disability + "CIN Start Date|Primary Need Code|Date Child Was Last Seen|CIN Closure Date|Reason for Closure|Case\u00a0Status|" + team
	case 7:
		text = person + disability + "Child Protection Plan\nStart Date|Initial Category of Abuse|Latest Category of Abuse|Date of the Last Statutory Visit|" +
			"Was the Child Seen Alone?|Date of latest review conference|Child Protection Plan\nEnd Date|" +
			"Subject to Emergency Protection Order or Protected Under Police Powers in Last Six Months (Y/N)|Number of Previous Child Protection Plans|" + team
	case 8:
		text = person + "|Unaccompanied Asylum Seeking Child (UASC) within the Last 12 Months (Y/N))" + disability +
			"Date Started to be Looked After|Child\u2019s Category of Need|" +
			"Is this a second or subsequent period of being a Looked After Child within the last 12 months (Y/N)|Start date of current legal status|" +
			"Child\u2019s Legal Status|Date of Last Social Work Visit|Date Ceased to be Looked After|Reason Ceased to be Looked After|" +
			"Start Date of Most Recent Placement|Placement Type|Placement Provider|Placement postcode|URN of Placement|LA of Placement|" +
			"Number of Episodes the Child has been \u2018Missing\u2019 from their Placement in the last 12 months|" + team
	case 9:
		text = person + "|Unaccompanied Asylum Seeking Child (UASC), or formerly UASC if 18 or over (Y/N)" + disability + team +
			"|Allocated Personal Advisor|Eligibility Category|Latest Pathway Plan Review Date|LA in Touch|Latest Date of Contact|Activity Status"
	case 10:
		text = strings.Replace(person, "|", "|Family identifier|", 1) + disability + "Date the Child Entered Care|" +
			"Date of Decision that Child Should be Placed for Adoption|Date of Matching Child and Prospective Adopters|Date Placed for Adoption|" +
			"Date of Adoption Order|Date of Decision that Child Should No Longer be Placed for Adoption|Reason Why Child No Longer Placed for Adoption"
	case 11:
		text = "Individual adopter identifier|Family identifier|Gender|Ethnicity|Disability|Date enquiry received|Date application submitted|" +
			"Date application approved|No. of children placed"
	}
	return strings.Split(text, "|")
}

// put writes a row of a list.
func (a *annexBook) put(list int, cells ...[]sheetCell) {
	var row []sheetCell
	for _, some := range cells {
		row = append(row, some...)
	}
	a.rows++
	a.lists[list-1].row(row...)
}

// person is the first cells of a child's rows.
func (a *annexBook) person(p *person, id *identity, x *system, list int) []sheetCell {
	n := mix(uint64(id.index)<<8 ^ uint64(list) ^ 0xa11)
	number := cellText(id.id)
	if whole, err := strconv.ParseInt(id.id, 10, 64); err == nil && id.id[0] != '0' && id.index%2 == 0 {
		number = cellNumber(whole)
	}
	born, old := cellNone(), cellNone()
	if x.born {
		born, old = cellDate(p.birth), cellRaw(years(p.birth, a.g.annexSpan().day))
	}
	return []sheetCell{number, cellText(spelling(genderSpellings(x.sex), n)), cellText(spelling(a.g.annexEthnicity(id, x), n>>8)), born, old}
}

// years is an age as a spreadsheet works it out, which divides days by 365.25.
func years(birth, on civil.Date) string {
	const digits = 1_000_000_000_000
	n := int64(on-birth) * 4
	return strconv.FormatInt(n/1461, 10) + "." + zeroPadded(strconv.FormatInt(n%1461*(digits/1461), 10), 12)
}

// team is a worker and the worker's team, which a look-up did not find for some.
func (a *annexBook) team(id *identity) []sheetCell {
	n := mix(uint64(id.index) ^ 0x7ea)
	if n%5 == 0 {
		return []sheetCell{cellError("#N/A"), cellError("#N/A")}
	}
	return []sheetCell{cellText("Locality " + strconv.Itoa(int(n>>8%6)+1) + " Unit"),
		cellText(oneForename(n>>16) + "\u00a0" + oneSurname(n>>24))}
}

// disability is what the case system says of it: one who has none noted may have one.
func (a *annexBook) disability(id *identity, x *system) sheetCell {
	switch disabled(x) {
	case "true":
		return cellText(oneOf(id.index%2 == 0, "a) Yes", "Y"))
	case "false":
		return cellText(oneOf(id.index%2 == 0, "b) No", "No"))
	default:
		return cellText(oneOf(id.index%4 == 0, "c) Unknown", ""))
	}
}
