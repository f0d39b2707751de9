package synth

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// CoreTables are the core tables that Rows gives, in order.
func CoreTables() []string {
	return []string{
		"children", "referrals", "assessments", "cin_plans", "cp_plans", "looked_after_episodes", "looked_after_periods", "placements",
		"re_referrals", "attendance", "attendance_daily", "free_school_meals", "pupil_premium",
	}
}

// CoreColumns are the columns of a core table, in the order of the cells that Rows gives; nil for any other table.
func CoreColumns(table string) []string {
	switch table {
	case "children":
		return strings.Fields("child_id sex ethnicity birth_date disabled uasc")
	case "referrals":
		return strings.Fields("child_id referral_date referral_source primary_need no_further_action closure_date closure_reason collection_year")
	case "assessments":
		return strings.Fields("child_id start_date authorisation_date collection_year")
	case "cin_plans":
		return strings.Fields("child_id start_date end_date collection_year")
	case "cp_plans":
		return strings.Fields("child_id start_date end_date previous_plans collection_year")
	case "looked_after_episodes":
		return strings.Fields("child_id start_date end_date start_reason legal_status primary_need placement_type placement_provider " +
			"placement_urn end_reason placement_change_reason collection_year")
	case "looked_after_periods":
		return strings.Fields("child_id start_date end_date ended end_reason reunified kinship legal_status episodes placements starts_before_data collection_year")
	case "placements":
		return strings.Fields("child_id start_date end_date ended placement_type provider kinship placed_with_parents change_reason " +
			"ended_in_reunification period_start_date collection_year")
	case "re_referrals":
		return strings.Fields("child_id referral_date previous_referral_date previous_closure_date days_since_closure within_12_months_of_referral collection_year")
	case "attendance":
		return strings.Fields("child_id academic_year term possible authorised unauthorised")
	case "attendance_daily":
		return strings.Fields("child_id session_date session school_urn mark possible present authorised unauthorised")
	case "free_school_meals":
		return strings.Fields("child_id academic_year term census_date eligible")
	case "pupil_premium":
		return strings.Fields("child_id financial_year eligible")
	default:
		return nil
	}
}

// Rows are the child's rows of a core table, as the gate must make them from the files: cells in the order of
// CoreColumns, "" for null, dates as 2025-03-31, booleans as true and false, whole numbers. child_id is the LA child ID.
//
// It shares nothing with the gate's own code, so that the two can be held against each other. Where an agreement has a
// choice, short breaks are left out and every premium counts: see RowsBy.
func (c *Child) Rows(table string) [][]string {
	return c.RowsBy(table, CoreChoices{Premiums: Premiums()})
}

// CoreChoices are what an agreement decides of core tables.
type CoreChoices struct {
	ShortBreaks bool     // short breaks (V3, V4) are times of being looked after
	Premiums    []string // those of Premiums that count
}

// Premiums are the names of the pupil premiums.
func Premiums() []string {
	return []string{"deprivation", "service", "adopted_from_care", "looked_after"}
}

// RowsBy is Rows under some choices.
func (c *Child) RowsBy(table string, choices CoreChoices) [][]string {
	var rows [][]string
	add := func(cells ...string) { rows = append(rows, append([]string{c.ID}, cells...)) }
	switch table {
	case "children":
		if len(c.CIN)+len(c.Headers) > 0 {
			add(c.coreFacts()...)
		}
	case "referrals":
		for i := range c.Referrals {
			r := &c.Referrals[i]
			add(r.Date.String(), r.Source, r.Need, yesNo(r.NoFurtherAction), dateIf(r.Closed, r.ClosureDate), r.ClosureReason, latest(r.Years))
		}
	case "assessments":
		for i := range c.Assessments {
			a := &c.Assessments[i]
			add(a.Start.String(), dateIf(a.Authorised, a.AuthorisedDate), latest(a.Years))
		}
	case "cin_plans":
		for i := range c.CINPlans {
			pl := &c.CINPlans[i]
			add(pl.Start.String(), dateIf(pl.Ended, pl.End), latest(pl.Years))
		}
	case "cp_plans":
		for i := range c.CPPlans {
			pl := &c.CPPlans[i]
			add(pl.Start.String(), dateIf(pl.Ended, pl.End), strconv.Itoa(pl.PreviousPlans), latest(pl.Years))
		}
	case "looked_after_episodes":
		for i := range c.Episodes {
			e := &c.Episodes[i]
			add(e.Start.String(), dateIf(e.Ended, e.End), e.StartReason, e.LegalStatus, e.Need, e.Place, e.Provider, e.URN, e.EndReason,
				e.ChangeReason, latest(e.Years))
		}
	case "attendance":
		c.coreAttendance(add)
	case "looked_after_periods":
		c.corePeriods(choices.ShortBreaks, add)
	case "placements":
		c.corePlacements(choices.ShortBreaks, add)
	case "re_referrals":
		c.coreReReferrals(add)
	case "attendance_daily":
		c.coreDaily(add)
	case "free_school_meals":
		c.coreMeals(add)
	case "pupil_premium":
		c.corePremium(choices.Premiums, add)
	}
	return rows
}

func yesNo(b bool) string { return strconv.FormatBool(b) }

func dateIf(known bool, d civil.Date) string {
	if !known {
		return ""
	}
	return d.String()
}

func latest(years []int) string { return strconv.Itoa(years[len(years)-1]) }

// coreFacts are sex, ethnicity, birth_date, disabled and uasc. The latest collection year decides, within one year the
// CIN census before SSDA903; what is empty there comes from the next. U and NOBT are not empty: they are answers.
func (c *Child) coreFacts() []string {
	var sex, ethnicity, birth, disabled, uasc string
	first := func(into *string, value string) {
		if *into == "" {
			*into = value
		}
	}
	for year := LatestYear; year >= FirstYear; year-- {
		for i := range c.CIN {
			if r := &c.CIN[i]; r.Year == year {
				first(&sex, r.Sex)
				first(&ethnicity, r.Ethnicity)
				first(&birth, dateIf(r.Born, c.BirthDate))
				if r.HasDisabilities {
					first(&disabled, yesNo(slices.ContainsFunc(r.Disabilities, func(code string) bool { return code != "NONE" })))
				}
			}
		}
		for i := range c.Headers {
			if h := &c.Headers[i]; h.Year == year {
				first(&sex, h.Sex)
				first(&ethnicity, h.Ethnicity)
				first(&birth, c.BirthDate.String())
			}
		}
	}
	if len(c.Headers) > 0 {
		uasc = yesNo(c.UASC && len(c.Episodes) > 0)
	}
	return []string{sex, ethnicity, birth, disabled, uasc}
}
