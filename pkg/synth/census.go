package synth

import (
	"strconv"
	"strings"
)

// The tables of a school census, in the order of their files.
const (
	onRoll = iota
	noLongerOnRoll
	mealTable
	detailsOnRoll
	detailsOffRoll
	halfOnRoll // in autumn only, of the second half of summer
	halfOffRoll
	censusTableCount
)

// termName is the name of a census and of its folder.
func termName(term int) string { return [terms]string{"autumn", "spring", "summer"}[term] }

// The columns of the pupil tables. A column that is not in every year stands with the years of its census, as the
// calendar counts them: name>2024 is from 2024 on, name<2024 before it, and name>2021<2025 from 2021 to 2024.
const (
	autumnOnRoll = "pupilonrolltableid NativeId dob surname forename middlenames preferredsurname formersurname upn formerupn " +
		"uniquelearnernumber gender<2024 sex>2024 entrydate pupilonrollorderseqcolumn sourceid schoolcensustableid hoursatsetting " +
		"schoollunchtaken parttime topupfunding termlysessionspossible termlysessionsauthorised<2025 termlysessionsunauthorised<2025 " +
		"senunitindicator resourcedprovisionindicator nonqualhrs ftemp qualhrs qualhrspreviousyear nonqualhrspreviousyear tlevelqualhrs " +
		"tlevelnonqualhrs moveoffrollflag fundedhours missingaddress duplicatenotfunded summerhalfterm2sessionspossible extendedhours>2018 " +
		"thirtyhourcode>2018<2024 eligibilitycode>2024 summerhalfterm2sessionsauthorised<2025 summerhalfterm2sessionsunauthorised<2025 dafindicator>2018 " +
		"summerhalfterm2sessionseducational>2021<2025 summerhalfterm2sessionsexceptional>2021<2025 summerhalfterm2sessionscoronavirus>2021<2025 yssa " +
		"servicechild language classtype enrolstatus boarder plaa senprovision ncyearactual mathsgcsehighestpriorattainment " +
		"mathsgcsepriorattainmentyear11 englishgcsehighestpriorattainment englishgcsepriorattainmentyear11 mathsgcsefundingexemption " +
		"englishgcsefundingexemption mathsgcsehighestpriorattainmentpreviousyear englishgcsehighestpriorattainmentpreviousyear eyppe<2019 eyppr>2019 eyppbf"
	autumnOffRoll = "pupilnolongeronrolltableid NativeId dob surname forename middlenames preferredsurname formersurname upn formerupn " +
		"uniquelearnernumber gender<2024 sex>2024 entrydate leavingdate pupilnolongeronrollorderseqcolumn sourceid schoolcensustableid " +
		"parttime termlysessionspossible termlysessionsauthorised<2025 termlysessionsunauthorised<2025 moveonrollflag missingaddress " +
		"summerhalfterm2sessionsauthorised<2025 summerhalfterm2sessionspossible summerhalfterm2sessionsunauthorised<2025 qualhrs " +
		"qualhrspreviousyear nonqualhrspreviousyear tlevelqualhrs tlevelnonqualhrs nonqualhrs summerhalfterm2sessionseducational>2021<2025 " +
		"summerhalfterm2sessionsexceptional>2021<2025 summerhalfterm2sessionscoronavirus>2021<2025 boarder language ncyearleaving " +
		"mathsgcsehighestpriorattainment mathsgcsepriorattainmentyear11 englishgcsehighestpriorattainment englishgcsepriorattainmentyear11 " +
		"mathsgcsefundingexemption englishgcsefundingexemption mathsgcsehighestpriorattainmentpreviousyear " +
		"englishgcsehighestpriorattainmentpreviousyear"
	springOnRoll = "pupilonrolltableid NativeId dob surname forename middlenames preferredsurname formersurname upn formerupn " +
		"uniquelearnernumber gender<2024 sex>2024 entrydate pupilonrollorderseqcolumn sourceid schoolcensustableid hoursatsetting " +
		"schoollunchtaken parttime topupfunding unitcontacttime termlysessionspossible termlysessionsauthorised<2025 " +
		"termlysessionsunauthorised<2025 termlysessionseducational>2021<2025 termlysessionsexceptional>2021<2025 termlysessionscoronavirus>2021<2024 senunitindicator " +
		"resourcedprovisionindicator moveoffrollflag fundedhours missingaddress duplicatenotfunded extendedhours>2018 thirtyhourcode>2018<2025 " +
		"eligibilitycode>2025 dafindicator>2018 ethnicity yssa servicechild language classtype enrolstatus boarder plaa senprovision ncyearactual " +
		"eyppe<2019 eyppr>2019 eyppbf youngcarer>2023"
	springOffRoll = "pupilnolongeronrolltableid NativeId dob surname forename middlenames preferredsurname formersurname upn formerupn " +
		"uniquelearnernumber gender<2024 sex>2024 entrydate leavingdate pupilnolongeronrollorderseqcolumn sourceid schoolcensustableid " +
		"parttime termlysessionspossible termlysessionsauthorised<2025 termlysessionsunauthorised<2025 termlysessionseducational>2021<2025 " +
		"termlysessionsexceptional>2021<2025 termlysessionscoronavirus>2021<2024 moveonrollflag ethnicity boarder language"
	summerOnRoll = "pupilonrolltableid NativeId dob surname forename middlenames preferredsurname formersurname upn formerupn " +
		"uniquelearnernumber gender<2024 sex>2024 entrydate pupilonrollorderseqcolumn sourceid schoolcensustableid hoursatsetting " +
		"schoollunchtaken parttime topupfunding termlysessionspossible termlysessionsauthorised<2025 termlysessionsunauthorised<2025 " +
		"termlysessionseducational>2021<2025 termlysessionsexceptional>2021<2025 moveoffrollflag fundedhours missingaddress " +
		"duplicatenotfunded extendedhours>2018 thirtyhourcode>2018<2025 eligibilitycode>2025 dafindicator>2018 servicechild enrolstatus boarder plaa " +
		"senprovision ncyearactual eyppe<2019 eyppr>2019 eyppbf"
	summerOffRoll = "pupilnolongeronrolltableid NativeId dob surname forename middlenames preferredsurname formersurname upn formerupn " +
		"uniquelearnernumber gender<2024 sex>2024 entrydate leavingdate pupilnolongeronrollorderseqcolumn sourceid schoolcensustableid " +
		"parttime termlysessionspossible termlysessionsauthorised<2025 termlysessionsunauthorised<2025 " +
		"termlysessionseducational>2021<2025 termlysessionsexceptional>2021<2025 moveonrollflag boarder"
)

// columnsIn are the columns of a year, separated by commas.
func columnsIn(all string, calendar int) string {
	var out []string
	for _, column := range strings.Fields(all) {
		end := strings.IndexAny(column+"<", "<>")
		name, bounds, in := column[:end], column[end:], true
		for ; len(bounds) >= 5; bounds = bounds[5:] {
			year, _ := strconv.Atoi(bounds[1:5]) // they are digits
			in = in && (calendar < year) == (bounds[0] == '<')
		}
		if in {
			out = append(out, name)
		}
	}
	return strings.Join(out, ",")
}

// censusTables are the tables of a census of a collection year: its autumn is the year's own, its spring and summer those
// of the calendar year it ends in.
func censusTables(year, term int) []table {
	pupils, gone, meals, calendar := springOnRoll, springOffRoll, "fsmperiod", year
	switch term {
	case autumn:
		pupils, gone, meals, calendar = autumnOnRoll, autumnOffRoll, "fsmperiodsonroll", year-1
	case summer:
		pupils, gone = summerOnRoll, summerOffRoll
	}
	details := func(name, pupil string) table {
		return table{file: name, columns: pupil + "tableid,NativeId," + name + "tableid," + name + "orderseqcolumn,sourceid,sessions,attendancereason"}
	}
	all := []table{
		onRoll:         {file: "pupilonroll", columns: columnsIn(pupils, calendar)},
		noLongerOnRoll: {file: "pupilnolongeronroll", columns: columnsIn(gone, calendar)},
		mealTable:      {file: meals, columns: "pupilonrolltableid,NativeId," + meals + "tableid," + meals + "orderseqcolumn,sourceid,fsmstartdate,fsmenddate,ukcountry"},
		detailsOnRoll:  details("termlysessiondetailsonroll", "pupilonroll"),
		detailsOffRoll: details("termlysessiondetailsoffroll", "pupilnolongeronroll"),
		halfOnRoll:     details("summerhalfterm2sessiondetailsonroll", "pupilonroll"),
		halfOffRoll:    details("summerhalfterm2sessiondetailsoffroll", "pupilnolongeronroll"),
	}
	switch {
	case year < detailsFrom:
		all = all[:detailsOnRoll]
	case term != autumn:
		all = all[:halfOnRoll]
	}
	for i := range all {
		all[i].format, all[i].newline = SchoolCensus, "\n"
		all[i].file = termName(term) + "/" + all[i].file + ".csv"
	}
	return all
}

// censusFiles are the open files of one census. The session details are nil in the years without them.
type censusFiles struct {
	year    year
	term    int
	files   [censusTableCount]*file
	columns [2][]string // of the pupil tables
}

// plan splits the columns once.
func (c *censusFiles) plan() {
	for i := range c.columns {
		c.columns[i] = strings.Split(c.files[i].table.columns, ",")
	}
}

// keys makes the opaque keys of the school census.
type keys struct {
	seed  uint64
	pupil scramble
	row   scramble
}

// The largest primes that are 3 modulo 4 below 2⁴⁴ and 2³²: eleven and eight hexadecimal digits.
const (
	pupilKeyPrime = 17_592_186_044_399
	rowKeyPrime   = 4_294_967_291
)

func newKeys(seed uint64) keys {
	return keys{seed: seed, pupil: newScramble(pupilKeyPrime, seed^0x5c4), row: newScramble(rowKeyPrime, seed^0x40a)}
}

// pupilKey is the key of a pupil's row in a slot. Some pupils share it with a neighbour, who is at another school.
func (k *keys) pupilKey(pupil, slot int) uint64 {
	if mix(k.seed^uint64(pupil/2)<<8)%25 == 0 {
		pupil -= pupil % 2
	}
	return k.pupil.at(uint64(pupil)*4 + uint64(slot))
}

// names is the number that a pupil's names are made from.
func (k *keys) names(pupil int) uint64 { return mix(k.seed ^ uint64(pupil)<<3 ^ 0x4a3e) }

const hexDigits = "0123456789abcdef"

// hex writes a number in so many hexadecimal digits.
func (b line) hex(n uint64, digits int) line {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, hexDigits[n>>shift&15])
	}
	return b
}

// opaque writes eight hexadecimal digits.
func (b line) opaque(n uint64) line { return append(b.hex(n&0xffff_ffff, 8), ',') }

// key writes a pupil's key: eight hexadecimal digits and three.
func (b line) key(n uint64) line {
	return append(append(b.hex(n>>12, 8), '-').hex(n&0xfff, 3), ',')
}
