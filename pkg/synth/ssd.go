package synth

import (
	"strconv"

	"github.com/postern-gateway/postern/pkg/civil"
)

// The tables of the Standard Safeguarding Dataset, in the order of ssdTables.
const (
	ssdPerson = iota
	ssdReferrals
	ssdAssessments
	ssdPlans
	ssdProtections
	ssdEpisodes
	ssdPlacements
	ssdLegal
	ssdDisabilities
	ssdImmigration
	ssdIdentifiers
	ssdCount
)

// ssdTables are the files of an extract.
func ssdTables() [ssdCount]table {
	all := [ssdCount]table{
		ssdPerson: {file: "ssd_person.csv", newline: "\r\n", columns: "pers_person_id,pers_forename,pers_surname,pers_sex,pers_gender,pers_ethnicity,pers_dob," +
			"pers_common_child_id,pers_legacy_id,pers_upn_unknown,pers_send_flag,pers_expected_dob,pers_death_date,pers_is_mother,pers_nationality"},
		ssdReferrals: {file: "ssd_cin_episodes.csv", columns: "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code," +
			"cine_referral_source_code,cine_referral_source_desc,cine_referral_outcome_json,cine_referral_nfa,cine_close_reason,cine_close_date," +
			"cine_referral_team,cine_referral_worker_id"},
		ssdAssessments: {file: "ssd_cin_assessments.csv", columns: "cina_assessment_id,cina_person_id,cina_referral_id,cina_assessment_start_date," +
			"cina_assessment_child_seen,cina_assessment_auth_date,cina_assessment_outcome_json,cina_assessment_outcome_nfa,cina_assessment_team,cina_assessment_worker_id"},
		ssdPlans: {file: "ssd_cin_plans.csv", columns: "cinp_cin_plan_id,cinp_referral_id,cinp_person_id,cinp_cin_plan_start_date,cinp_cin_plan_end_date," +
			"cinp_cin_plan_team,cinp_cin_plan_worker_id"},
		ssdProtections: {file: "ssd_cp_plans.csv", newline: "\r\n", columns: "cppl_cp_plan_id,cppl_referral_id,cppl_icpc_id,cppl_person_id,cppl_cp_plan_start_date," +
			"cppl_cp_plan_end_date,cppl_cp_plan_initial_category,cppl_cp_plan_ola,cppl_cp_plan_latest_category"},
		ssdEpisodes: {file: "ssd_cla_episodes.csv", columns: "clae_cla_episode_id,clae_person_id,clae_cla_episode_start_date,clae_cla_episode_start_reason," +
			"clae_cla_primary_need_code,clae_cla_episode_ceased_date,clae_cla_episode_ceased_reason,clae_cla_id,clae_referral_id,clae_cla_placement_id," +
			"clae_entered_care_date,clae_cla_last_iro_contact_date"},
		ssdPlacements: {file: "ssd_cla_placement.csv", columns: "clap_cla_placement_id,clap_cla_placement_start_date,clap_cla_placement_type,clap_cla_placement_urn," +
			"clap_cla_placement_distance,clap_cla_id,clap_cla_placement_provider,clap_cla_placement_postcode,clap_cla_placement_end_date," +
			"clap_cla_placement_change_reason,clap_person_id"},
		ssdLegal:        {file: "ssd_legal_status.csv", columns: "lega_legal_status_id,lega_person_id,lega_legal_status,lega_legal_status_start_date,lega_legal_status_end_date"},
		ssdDisabilities: {file: "ssd_disability.csv", columns: "disa_person_id,disa_table_id,disa_disability_code", open: true},
		ssdImmigration: {file: "ssd_immigration_status.csv", columns: "immi_person_id,immi_immigration_status_id,immi_immigration_status," +
			"immi_immigration_status_start_date,immi_immigration_status_end_date"},
		ssdIdentifiers: {file: "ssd_linked_identifiers.csv", start: "\ufeff", columns: "link_table_id,link_person_id,link_identifier_type,link_identifier_value," +
			"link_valid_from_date,link_valid_to_date"},
	}
	for i := range all {
		all[i].format = SSD
		if all[i].newline == "" {
			all[i].newline = "\n"
		}
	}
	return all
}

// ssdFiles is an extract being written: what the case system knows on the cohort's last day.
type ssdFiles struct {
	files [ssdCount]*file
	g     *generator
}

// The ways in which the tables write a day.
const (
	dayT     = iota // 2024-03-05T00:00:00
	daySpace        // 2024-03-05 00:00:00.000
	dayZ            // midnight here, in Universal Time: 2024-07-04T23:00:00Z for 5 July
	dayISO          // 2024-03-05
)

// stamp writes a day as a table does.
func (b line) stamp(d civil.Date, how int) line {
	switch how {
	case dayT:
		return append(append(b, d.String()...), "T00:00:00,"...)
	case daySpace:
		return append(append(b, d.String()...), " 00:00:00.000,"...)
	case dayZ:
		if summertime(d) {
			return append(append(b, (d-1).String()...), "T23:00:00Z,"...)
		}
		return append(append(b, d.String()...), "T00:00:00Z,"...)
	default:
		return append(append(b, d.String()...), ',')
	}
}

// stampBy writes a day that has come by another one, else nothing.
func (b line) stampBy(d, by civil.Date, how int) line {
	if d > by {
		return b.blank()
	}
	return b.stamp(d, how)
}

// summertime says whether British Summer Time holds at the midnight with which a day begins: from the day after the last
// Sunday of March to the last Sunday of October.
func summertime(d civil.Date) bool {
	y, _, _ := d.YMD()
	lastSunday := func(last civil.Date) civil.Date { return last - (last+4)%7 }
	return d > lastSunday(civil.MustYMD(y, 3, 31)) && d <= lastSunday(civil.MustYMD(y, 10, 31))
}

func (b line) yes(is bool) line { return b.text(oneOf(is, "Y", "N")) }

// record writes the number of a record: of an identity, the n-th of its kind.
func (b line) record(index, n int) line { return b.number(index*100 + n) }

// nhsNumber is a number of the range that is for tests, with its check digit.
func nhsNumber(index int) string {
	for n := mix(uint64(index)) % 1_000_000; ; n = (n + 1) % 1_000_000 {
		digits := "999" + zeroPadded(strconv.FormatUint(n, 10), 6)
		sum := 0
		for i := range 9 {
			sum += int(digits[i]-'0') * (10 - i)
		}
		switch check := (11 - sum%11) % 11; check {
		case 10:
		default:
			return digits + string(byte('0'+check))
		}
	}
}

// oneForename makes a name of a number.
func oneForename(n uint64) string {
	names := [...]string{"Alder", "Bryony", "Cosmo", "Della", "Eben", "Fern", "Gale", "Hollis", "Ione", "Jarrah", "Kestrel", "Linden", "Marlo", "Nell"}
	return names[n%uint64(len(names))]
}

// oneSurname makes a name of a number.
func oneSurname(n uint64) string {
	names := [...]string{"Ashcombe", "Brackenby", "O'Dell", "Farrowdale", "\"Vane, junior\"", "Mossop-Lyle", "Quillfeather", "Tarnwick", "Underhay"}
	return names[n%uint64(len(names))]
}
