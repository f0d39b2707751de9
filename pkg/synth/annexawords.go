package synth

import (
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// spelling picks one of a category's spellings, which are separated by bars.
func spelling(of string, n uint64) string {
	all := strings.Split(of, "|")
	return all[n%uint64(len(all))]
}

func genderSpellings(sex string) string {
	return map[string]string{"M": "a) Male|Male|M|1|male|a)\u00a0Male", "F": "b) Female|Female|F|2|FEMALE|b)  Female", "U": "c) Not stated/recorded|Not known|U"}[sex]
}

// annexEthnicity is how the form has an ethnicity; of one in fifty it has the group only.
func (g *generator) annexEthnicity(id *identity, x *system) string {
	code := x.ethnicity
	letters := "WBRI WIRI WIRT WOTH WROM MWBC MWBA MWAS MOTH AIND APKN ABAN AOTH BCRB BAFR BOTH CHNE OOTH NOBT REFU"
	if code == "" {
		return ""
	}
	if group := annexGroup(id, code); group != "" {
		return group
	}
	enumerated := string(byte('a'+strings.Index(letters, code)/5)) + ") " + code
	return enumerated + "|" + code + "|" + ethnicityNames(code)
}

// annexGroup is the group that stands in the place of an ethnicity, "" for most.
func annexGroup(id *identity, code string) string {
	if mix(uint64(id.index)^0xe7)%50 != 0 {
		return ""
	}
	switch code[0] {
	case 'W':
		return "White"
	case 'M':
		return "Mixed / multiple ethnic groups"
	case 'A':
		return "Asian or Asian British"
	case 'B':
		return "Black or Black British"
	default:
		return ""
	}
}

func ethnicityNames(code string) string {
	return map[string]string{
		"WBRI": "White British|White\u00a0British|White - British", "WIRI": "White Irish", "WOTH": "White Other|Any other White background", "WIRT": "Irish Traveller",
		"WROM": "Gypsy/Roma", "MWBC": "White & Black Caribbean", "MWBA": "White and Black African", "MWAS": "Mixed \u2013 White and Asian", "MOTH": "Any other mixed background",
		"AIND": "Indian", "APKN": "Pakistani", "ABAN": "Bangladeshi", "AOTH": "Any other Asian background.", "BCRB": "Caribbean", "BAFR": "Black African|African",
		"BOTH": "Any other Black background", "CHNE": "Chinese", "OOTH": "Other ethnic group", "REFU": "Refused", "NOBT": "Not yet obtained|Not known",
	}[code]
}

func sourceSpellings(code string) string {
	return map[string]string{
		"1A": "a) 1A: Family member|Parent", "1B": "b) 1B: Individual|Neighbour", "1C": "c) 1C: Self", "1D": "d) 1D: Other individual", "2A": "e) 2A: Schools|School|Academy",
		"2B": "f) 2B: Education services", "3A": "g) 3A: GP|GP", "3B": "h) 3B: Health visitor", "3C": "i) 3C: School nurse", "3D": "j) 3D: Health services",
		"3E": "k) 3E: A&E|A & E", "3F": "l) 3F: Hospital", "4": "m) 4: Housing|Housing association", "5A": "n) 5A: Social care", "5B": "o) 5B: Other internal",
		"5C": "p) 5C: External|Another LA", "5D": "Early Help", "6": "q) 6: Police|Police|POLICE", "7": "r) 7: Court|Probation", "8": "s) 8: Other|NSPCC", "9": "t) 9: Anonymous",
		"10": "u) 10: Unknown|Not recorded",
	}[code]
}

func yesNoSpellings(yes bool) string { return oneOf(yes, "Yes|a) Yes|Y|1", "No|b) No|N|0") }

func needSpellings(code string) string {
	return map[string]string{
		"N0": "N0 - Not stated", "N1": "N1 - Abuse or Neglect|N1|Abuse or neglect", "N2": "N2 - Child's disability|N2: Disability", "N3": "N3 - Parental illness or disability|N3 \u2013 Parental illness",
		"N4": "N4 - Family in acute stress", "N5": "N5 - Family dysfunction", "N6": "N6 - Socially unacceptable behaviour", "N7": "N7 - Low income",
		"N8": "N8 - Absent parenting", "N9": "N9 - Cases other than Child in Need",
	}[code]
}

func closureSpellings(code string) string {
	return map[string]string{
		"RC1": "RC1 - Adopted", "RC2": "RC2 - Died", "RC3": "RC3: Residence order", "RC4": "RC4 - Special guardianship order|SGO", "RC5": "RC5 - Transferred to services of another LA",
		"RC6": "RC6 - Adult services", "RC7": "RC7 - Services ceased for any other reason, including child no longer in need|No longer in need", "RC8": "RC8 - Case closed after assessment|NFA",
		"RC9": "RC9 - Case closed after assessment, referred to early help",
	}[code]
}

func statusSpellings(code string) string {
	return map[string]string{
		"LAC": "a) Looked after child|CLA", "CPP": "b) Child protection plan|CP plan", "CINP": "c) Child in need plan|CIN plan", "ASSESS": "d) Open assessment", "CLOSED": "e) Closed episode|Closed",
	}[code]
}

func abuseSpellings(code string) string {
	return map[string]string{"NEG": "Neglect|NEG", "PHY": "Physical abuse|a) PHY", "SAB": "Sexual abuse", "EMO": "Emotional abuse|Emotional", "MUL": "Multiple"}[code]
}

func legalSpellings(code string) string {
	return map[string]string{
		"C1": "C1: ICO|Interim care order", "C2": "C2: FCO|Full Care Order", "E1": "E1: Placement order", "V2": "V2: Section 20|S20", "V3": "V3", "V4": "V4: Short breaks", "L1": "L1: Police protection",
		"L2": "L2: EPO", "L3": "L3: Child assessment order", "J1": "J1: Remand", "J2": "J2: PACE", "J3": "J3: Sentenced", "D1": "D1",
	}[code]
}

func placeSpellings(code string) string {
	known := map[string]string{
		"U1": "a) U1: Foster placement - relatives - long term", "U3": "c) U3: Foster placement - relatives - not long term", "U4": "d) U4: Foster placement - long term|U4",
		"U5": "e) U5: Foster placement - FFA", "U6": "f) U6: Foster placement - not FFA|U6", "K2": "K2: Children's home|Children\u2019s Homes", "P1": "P1: Placed with own parents", "K1": "Secure unit",
		"R3": "Mother & baby unit", "S1": "S1: Residential school", "H5": "n) H5: Residential accommodation",
	}
	if known[code] == "" {
		return code
	}
	return known[code]
}

func providerSpellings(code string) string {
	return map[string]string{
		"PR0": "a) PR0 - Parents", "PR1": "b) PR1 - Own provision|In-house", "PR2": "c) PR2 - Other LA", "PR3": "d) PR3 - Other public provision", "PR4": "e) PR4 - Private provision|Private",
		"PR5": "f) PR5 - Voluntary/third sector",
	}[code]
}

func ceaseSpellings(code string) string {
	known := map[string]string{
		"E4A": "E4A: Returned home - planned|E4A", "E4B": "E4B: Returned home - unplanned", "E47": "k) E47: Special Guardianship Orders - relative/friend", "E8": "E8: Other|Any other reason", "E2": "Died",
		"E41": "E41: Residence order", "E3": "E3: Transferred to another LA", "E5": "E5: Independent living with support", "E17": "Staying put",
	}
	if known[code] == "" {
		return code
	}
	return known[code]
}

// caseStatus is how a case stands on the day of the form.
func (g *generator) caseStatus(id *identity, at int) string {
	day, h := g.annexSpan().day, &id.need
	on := func(referral int, start, end civil.Date) bool { return referral == at && start <= day && end > day }
	if h.referrals[at].closed <= day {
		return "CLOSED"
	}
	for i := range id.periods {
		if per := &id.periods[i]; per.start <= day && per.end > day {
			return "LAC"
		}
	}
	for i := range h.protections {
		if pr := &h.protections[i]; on(pr.referral, pr.start, pr.end) {
			return "CPP"
		}
	}
	for i := range h.plans {
		if pl := &h.plans[i]; on(pl.referral, pl.start, pl.end) {
			return "CINP"
		}
	}
	return "ASSESS"
}

// lastEpisode is the one in which a period of care stands on a day, or ended.
func lastEpisode(id *identity, per *period, day civil.Date) *episode {
	last := &id.episodes[per.first]
	for i := per.first; i < per.last; i++ {
		if e := &id.episodes[i]; e.start <= day {
			last = e
		}
	}
	return last
}

// disabled is what the case system says of it, "" for nothing.
func disabled(x *system) string {
	if len(x.disabilities) == 0 {
		return ""
	}
	for _, code := range x.disabilities {
		if code != "NONE" {
			return "true"
		}
	}
	return "false"
}
