package notice

import (
	"regexp"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// item is a kind of information that families are to be told of, in words that notices have for it.
type item struct {
	key  string // the point is item-<key>
	name string // as in "the notice does not mention <name>"
	told wording
}

// items are what may leave, in the order in which they are looked for.
func items() []item {
	return []item{
		{"child-codes", "the code by which a child is followed", says(
			`(?:unique |pseudonymous |random |study |id |identity |identification |identifying |reference |research |made up |child |case |record )+(?:codes?|numbers?|identifiers?|ids?|references?)|pseudonym\w*|codes? (?:that|which|used|instead|in place|made)|replac\w+ (?:\w+ ){0,10}(?:codes?|numbers?)|(?:code|number) (?:in place|instead) of`,
			`telephone number|phone number|reference number for your (?:complaint|request)`)},
		{"referrals", "referrals", says(`referrals?|referred to (?:\w+ )?(?:\w+ )?(?:social care|social services|services)|(?:were|been|was|are|is) referred|re referrals?`)},
		{"assessments", "assessments", says(`assessments?`,
			`(?:impact|risk|privacy|protection|financial|means|self|equality|equalities|benefits?|tax|security|housing|health|conformity|environmental|legitimate interests?) assessments?|transfer risk assessments?`)},
		{"assessment-factors", "what assessments found", says(
			`factors|(?:domestic|sexual|physical|emotional|substance|drug|alcohol) (?:abuse|violence|misuse|use|exploitation)|neglect|mental health|findings of (?:the )?assessments?|outcomes? of (?:the )?assessments?`)},
		{"child-in-need-plans", "child in need plans", says(`child(?:ren)?(?:'s)? in need|cin (?:plans?|status|census)|in need plans?`)},
		{"child-protection-plans", "child protection plans", says(`child(?:ren)? protection|cp plans?|protection plans?|plans? (?:for|about|of) (?:child )?protection`,
			`child protection (?:purposes?|concerns?|reasons?|dut(?:y|ies)|legislation|laws?|act|procedures?|enquir(?:y|ies)|conferences?|services?)`)},
		{"child-protection-enquiries", "child protection enquiries and conferences", says(`section 47|s ?47|child protection (?:enquir(?:y|ies)|investigations?|conferences?)|(?:case )?conferences`)},
		{"pre-proceedings", "the steps before care proceedings", says(`pre proceedings|care proceedings|public law outline|before (?:care |court )?proceedings|family group (?:conferences?|meetings?|decision)`)},
		{"looked-after", "being looked after", says(
			`looked after|in (?:local authority |public |foster |residential |kinship |our |the council's )?care|enter(?:s|ed|ing)? care|care (?:episodes?|placements?|histor(?:y|ies)|experience|experienced|status)|episodes? of care|periods? of care|placements?|foster\w*|children's homes?|cared for by (?:the|your|a) (?:council|local authority)`,
			`in care of|in care homes?|work placements?|student placements?|(?:information|data|records|it) (?:is|are|be|being) (?:\w+ )?looked after|integrated care|number of children (?:\w+ )?(?:entering|in|going into) care|reduce (?:\w+ ){0,6}care`)},
		{"legal-status", "the legal status in care, which tells of remand", says(
			`legal status|legal orders?|(?:interim )?care orders?|placement orders?|remand\w*|youth (?:justice|custody|detention)|criminal (?:offences?|convictions?|records?|proceedings|justice)|offending|section 20|accommodat\w+ (?:under|by agreement)`)},
		{"reviews", "reviews", says(`reviews? (?:of|about) (?:\w+ ){0,4}(?:care|plans?|child(?:ren)?|cases?)|(?:statutory|care|case|plan|protection|looked after|progress) (?:\w+ )?reviews?|review (?:meetings?|conferences?)`, `review (?:of|about) (?:the |this |our )?(?:decision|notice|policy)`)},
		{"sex", "gender or sex", says(`gender|sex|(?:boys?|male) or (?:a )?(?:girls?|female)|(?:girls?|female) or (?:a )?(?:boys?|male)`, `sex life|same sex|sex offen\w+`)},
		{"ethnicity", "ethnicity", says(`ethnic\w*|race|racial\w*`, `race (?:course|equality|relations)`)},
		{"age", "age or date of birth", says(`ages?|dates? of birth|birth ?dates?|dob|(?:month|year)s? (?:and year )?of birth|how old|when (?:\w+ ){1,3}born`,
			`(?:under|over|below|above|from|until|reach\w*|attain\w*) (?:the )?ages?(?: of)?|ages? (?:of )?\d+|age uk|age (?:discrimination|concern)`)},
		{"disability", "disability", says(`disab(?:led|ilit(?:y|ies))`, `disability discrimination|disability access fund|disability (?:living allowance|benefits?)`)},
		{"asylum", "being an unaccompanied asylum-seeking child", says(`asylum|unaccompanied|uasc`)},
		{"attendance", "attendance or absence from school", says(`attendance|attend(?:s|ed|ing)? (?:at )?(?:a |their |your )?(?:school|lessons)|absen(?:ces?|t|teeism)|days? (?:off|missed)|(?:school )?sessions? missed|missed (?:school )?sessions?|truan\w+`,
			`attendance allowance|attendance at (?:\w+ ){0,2}(?:meetings?|calls?|courts?|hearings?|events?|groups?|sessions?)|absence of|staff absences?`)},
		{"free-school-meals", "free school meals", says(`free school (?:meals?|lunch(?:es)?)|free meals? (?:at|in) school|fsm`)},
		{"pupil-premium", "pupil premium", says(`pupil premium`)},
		{"special-educational-needs", "special educational needs", says(`special (?:educational )?needs|sen|ehc(?:p|ps| plans?)|education health and care`)},
		{"exclusions", "suspensions and exclusions from school", says(`exclusions?|excluded from school|suspen(?:ded|sions?) (?:from|at) school|(?:school )?suspensions?`)},
		{"first-language", "first language", says(`(?:first|home|main|mother|other) (?:language|tongue)|languages? spoken|english as an additional language|eal`)},
		{"school", "which school a child is or was at", says(`(?:which|what|name of (?:the|your|their)) school|schools? (?:attended|name|they (?:go|went) to|you (?:go|went) to)|education (?:setting|provider)s?|school (?:history|records?|census|details|year)|year group`)},
		{"health", "health", says(`health|wellbeing|well being|strengths and difficulties|sdq|immunis\w+|vaccin\w+|dental|dentist|medical`,
			`health and (?:adult )?social care|public health|department of health(?: and social care)?|environmental health|health and safety|health (?:services?|professionals?|organisations?|bodies|visitors?)`)},
		{"substance-misuse", "substance misuse", says(`(?:substances?|drugs?|alcohol|solvents?) (?:and alcohol )?(?:misuse|abuse|use|problems?)|misuse of (?:drugs|alcohol|substances)`)},
		{"offending", "offending", says(`offending|offen[cs]es?|convict\w+|cautions?|cautioned|criminal (?:records?|offences?)|youth justice`)},
		{"adoption", "adoption", says(`adopt(?:ed|ion|ions|ers?|ive)`)},
		{"care-leavers", "what becomes of care leavers", says(`care leavers?|left care|leaving care|after (?:leaving )?care`)},
		{"missing-from-care", "times when a child was missing", says(`missing (?:from (?:care|home|placement)|episodes?)|(?:went|gone|goes|going|go|been|was|were) missing|missing children`)},
		{"deprivation-of-liberty", "orders that deprive a child of liberty", says(`depriv\w+ (?:\w+ ){0,4}liberty|secure accommodation|dols?`)},
		{"social-workers", "changes of social worker", says(`social workers?`)},
		{"parenthood", "whether the child is a parent", says(`(?:is|are|become|became|being) (?:a )?(?:parents?|mothers?)|young (?:parents?|mothers?)|child is a mother|motherhood`)},
		{"death", "the date of a child's death", says(`death|died|deceased|dies`)},
		{"young-carers", "whether the child is a young carer", says(`young carers?|caring responsibilities`)},
		{"armed-forces", "whether a parent serves in the armed forces", says(`armed forces|service (?:child(?:ren)?|famil(?:y|ies))|military`)},
		{"childcare-funding", "funded childcare", says(`(?:funded|free) (?:child ?care|hours|early (?:years|education))|child ?care funding|disability access fund|funded (?:places?|entitlement)`)},
		{"area-deprivation", "how deprived the home's area is", says(`depriv(?:ed|ation)|idaci|(?:area|neighbourhood)s? (?:\w+ ){0,4}liv(?:e|es|ed|ing)|postcodes?`)},
		{"adopters", "the adopters", says(`adopters?|adoptive (?:parents?|famil(?:y|ies))`)},
		{"contacts", "contacts with children's services that led to no referral", says(
			`(?:initial |first |front door )?contacts? (?:made )?(?:with|to|from) (?:children's )?(?:social care|social services|services)|initial contacts?|contacts? (?:and|or) referrals?|contact(?:ed)? (?:us|the council|social care) about (?:a |your |their )?(?:child|children|family|concerns?)|first contacts?|(?:multi agency safeguarding|mash) contacts?`,
			`contacts? (?:details|information|number)`)},
		{"early-help", "early help", says(`early help|early intervention|family support (?:plans?|services?|work)|supporting families|troubled families|help (?:\w+ ){0,3}early`)},
		{"visits", "visits to the child, and whether the child was seen", says(
			`(?:social work(?:er'?s?)?|statutory|home|welfare|care) visits?|visits? (?:to|by|from|of|with) (?:\w+ ){0,3}(?:child(?:ren)?|young pe(?:rson|ople)|you|famil(?:y|ies)|home|social workers?)|(?:seen|visited) (?:alone |by (?:a |their |your )?social workers?)|(?:when|whether) (?:\w+ ){1,4}(?:seen|visited)`,
			`visits? (?:to|of) (?:our|the|this) (?:web ?sites?|pages?|offices?|websites?)|visit our`)},
		{"immigration", "nationality or immigration status", says(`immigration|national(?:ity|ities)|citizenship|leave to remain|country of (?:origin|birth)`,
			`immigration (?:enforcement|control|purposes?|exemptions?)`)},
		{"family", "brothers and sisters, and who is related to whom", says(
			`siblings?|brothers? (?:and|or) sisters?|sisters? (?:and|or) brothers?|family (?:relationships?|links?|composition|structure|make up|circumstances|tree)|(?:who|how) (?:\w+ ){0,3}related|relationships? (?:with|between|within|to) (?:\w+ ){0,3}(?:famil(?:y|ies)|child(?:ren)?|parents?|relatives?|carers?)`)},
		{"other-services-numbers", "that other services have numbers for the child", says(
			`(?:nhs|pupil|learner|home office|police|hospital|court|health) (?:reference )?numbers?|unique (?:pupil|learner) numbers?|upn|uln|numbers? (?:of|from|used by|that) other (?:services?|organisations?|agencies)`)},
		{"address", "the address, or that one is known", says(`(?:home|current|previous|past|your|their|child's|family|residential) (?:\w+ )?address(?:es)?|names? (?:and )?address(?:es)?|addresses|where (?:\w+ ){1,4}lives?|postcodes?`,
			`(?:e ?mail|e mail|web|ip|internet|postal) address(?:es)?|our (?:\w+ )?address`)},
		{"teams", "which team worked with the child", says(
			`(?:which|what|name of (?:the|your|their)) (?:\w+ )?(?:teams?|service)|teams? (?:that|which|who|working|work(?:s|ed)?) (?:\w+ ){0,3}(?:with|for) (?:you|children|your|the child|famil(?:y|ies)|the family)|(?:social work|allocated|responsible|care) teams?`)},
		{"views", "what children said of the help that they had", says(
			`(?:child(?:ren)?'s?|young people's|your|their) (?:own )?(?:views?|wishes|feelings|voices?|opinions?|feedback|experiences?)|voices? of (?:the )?child(?:ren)?|wishes and feelings|what (?:you|children|young people|they) (?:told|said|tell|say|think)`,
			`your (?:views?|opinions?|feedback) (?:on|about|of) (?:this|our) (?:notice|site|service|website|web ?page)`)},
		{"costs", "what care and help cost", says(`costs? of (?:\w+ ){0,3}(?:care|placements?|services?|help|support)|spend(?:ing)? on|expenditure|section 251|finance returns?|financial returns?|what (?:\w+ ){0,3}costs?`)},
	}
}

// rule says which item a column, or a table as a whole, is of. The first that matches counts.
type rule struct {
	table  *regexp.Regexp // of the table's id; nil for any
	column *regexp.Regexp // of the column's name; nil in a rule of tables
	item   string         // empty where the table is told of by its columns
}

// of makes a rule of patterns that match a whole id or name, without regard to case; empty for any.
func of(table, column, item string) rule {
	pattern := func(text string) *regexp.Regexp {
		if text == "" {
			return nil
		}
		return regexp.MustCompile(`(?i)^(?:` + text + `)$`)
	}
	return rule{pattern(table), pattern(column), item}
}

// columnRules are of columns that families would want to be told of by themselves, whatever table they are in.
func columnRules() []rule {
	return []rule{
		of(`ssda903/ad1`, `sex_adoptr|ls_adoptr|nb_adoptr`, "adopters"),
		of(``, `sex|gender|gendercurrent|pers_sex|pers_gender`, "sex"),
		of(``, `ethnic|ethnicity|pers_ethnicity`, "ethnicity"),
		of(``, `dob|age|birth_date|date_of_birth|personbirthdate|expectedpersonbirthdate|pers_dob|pers_expected_dob`, "age"),
		of(``, `disabled|disability`, "disability"),
		of(``, `uasc`, "asylum"),
		of(`looked_after_episodes|looked_after_periods|ssda903/episodes|annex_a/list_8`, `legal_status|ls|legal_status_since`, "legal-status"),
		of(`annex_a/.*`, `last_health_assessment|last_dental_check`, "health"),
		of(`annex_a/list_8`, `missing_episodes|absent_episodes|interview_.*`, "missing-from-care"),
		of(`annex_a/.*`, `child_seen|seen_alone|date_last_seen|last_statutory_visit|last_visit|last_iro_contact`, "visits"),
		of(`annex_a/.*`, `latest_review|latest_plan_review`, "reviews"),
		of(`ssd/person`, `pers_upn_unknown`, "school"),
		of(`ssd/person`, `pers_send_flag`, "special-educational-needs"),
		of(`ssd/person`, `pers_death_date`, "death"),
		of(`ssd/person`, `pers_is_mother`, "parenthood"),
		of(`ssd/person`, `pers_nationality`, "immigration"),
		of(`ssd/permanence`, `perm_adopter_.*|perm_number_of_adopters`, "adopters"),
		of(`ssd/permanence`, `perm_.*sibling.*`, "family"),
		of(`ssd/cla_episodes`, `clae_cla_last_iro_contact_date`, "visits"),
		of(`ssd/care_leavers`, `clea_pathway_plan_review_date`, "reviews"),
		of(`ssd/.*`, `.*_team`, "teams"),
		of(`ssda903/oc2`, `convicted`, "offending"),
		of(`ssda903/oc2`, `substance_misuse|intervention_.*`, "substance-misuse"),
		of(`ssda903/oc2`, `sdq_.*|health_.*|immunisations|teeth_check`, "health"),
		of(`ssda903/header`, `mother`, "parenthood"),
		of(`cin/child`, `persondeathdate`, "death"),
		of(`cin/child`, `upnunknown`, "school"),
		of(``, `language|first_language`, "first-language"),
		of(``, `senprovision|sentype|sentyperank|sen(?:unit|prov).*|resourcedprovisionindicator|primarysenneedstype|primarysenneeds|primarysentype|primarysen.*|secondarysen.*`, "special-educational-needs"),
		of(``, `dafindicator|funding_basis_.*`, "childcare-funding"),
		of(`school_census/.*|giap(?:_census)?/.*`, `eyppr|eyppbf|.*premium.*`, "pupil-premium"),
		of(`school_census/.*|giap(?:_census)?/.*`, `servicechild`, "armed-forces"),
		of(`school_census/.*`, `plaa`, "adoption"),
		of(`school_census/.*`, `youngcarer`, "young-carers"),
		of(`giap(?:_census)?/.*`, `fsm.*|everfsm.*|lastfsm`, "free-school-meals"),
		of(`school_census/.*`, `termlysessions.*|summerhalfterm2sessions.*`, "attendance"),
		of(`giap(?:_census)?/.*`, `idaci.*`, "area-deprivation"),
		of(`school_census/pupil.*|giap(?:_census)?/.*`, `.*`, "school"),
	}
}

// tableRules are of the built-in tables: what families are to be told of when any column of the table leaves.
func tableRules() []rule {
	return []rule{
		of(`children|cin/child|ssda903/header|ssd/person|giap_census/census|school_census/pupil.*`, ``, ""),
		of(`referrals|re_referrals|cin/cin_details|annex_a/list_3|ssd/cin_episodes`, ``, "referrals"),
		of(`assessments|cin/assessments|annex_a/list_4|ssd/cin_assessments`, ``, "assessments"),
		of(`cin/factors|ssd/assessment_factors`, ``, "assessment-factors"),
		of(`cin/disabilities|ssd/disability`, ``, "disability"),
		of(`cin_plans|cin/cin_plans|annex_a/list_6|ssd/cin_plans`, ``, "child-in-need-plans"),
		of(`cp_plans|cin/cp_plans|annex_a/list_7|ssd/cp_plans`, ``, "child-protection-plans"),
		of(`cin/section_47|annex_a/list_5|ssd/(?:s47_enquiry|initial_cp_conference)`, ``, "child-protection-enquiries"),
		of(`cin/cp_reviews|ssda903/reviews|ssd/(?:cp_reviews|cla_reviews)`, ``, "reviews"),
		of(`cin/pre_proceedings|ssd/pre_proceedings`, ``, "pre-proceedings"),
		of(`looked_after_episodes|looked_after_periods|placements|ssda903/(?:episodes|oc2|prev_perm)|annex_a/list_8`, ``, "looked-after"),
		of(`ssd/(?:cla_episodes|cla_placement|cla_care_plan|cla_previous_permanence)`, ``, "looked-after"),
		of(`ssd/legal_status`, ``, "legal-status"),
		of(`ssd/(?:cla_health|cla_immunisations|sdq_scores)`, ``, "health"),
		of(`ssd/cla_substance_misuse`, ``, "substance-misuse"),
		of(`ssd/cla_convictions`, ``, "offending"),
		of(`annex_a/list_1|ssd/contacts`, ``, "contacts"),
		of(`annex_a/list_2|ssd/early_help_episodes`, ``, "early-help"),
		of(`ssd/(?:cin|cp|cla)_visits`, ``, "visits"),
		of(`ssd/immigration_status`, ``, "immigration"),
		of(`ssd/family`, ``, "family"),
		of(`ssd/mother`, ``, "parenthood"),
		of(`ssd/linked_identifiers`, ``, "other-services-numbers"),
		of(`ssd/address`, ``, "address"),
		of(`ssd/department`, ``, "teams"),
		of(`ssd/voice_of_child`, ``, "views"),
		of(`ssd/s251_finance`, ``, "costs"),
		of(`ssda903/uasc`, ``, "asylum"),
		of(`ssda903/oc3|annex_a/list_9|ssd/care_leavers`, ``, "care-leavers"),
		of(`ssda903/(?:ad1|placed_adoption)|annex_a/list_10|ssd/permanence`, ``, "adoption"),
		of(`annex_a/list_11`, ``, "adopters"),
		of(`ssda903/missing|ssd/missing`, ``, "missing-from-care"),
		of(`ssda903/sw_episodes|ssd/(?:involvements|professionals)`, ``, "social-workers"),
		of(`ssda903/dolo`, ``, "deprivation-of-liberty"),
		of(`attendance|attendance_daily|attendance/daily|school_census/.*sessiondetails.*`, ``, "attendance"),
		of(`free_school_meals|school_census/fsmperiod.*`, ``, "free-school-meals"),
		of(`pupil_premium|giap/pupil_premium`, ``, "pupil-premium"),
		of(`school_census/termlyexclusions.*`, ``, "exclusions"),
		of(`school_census/senneeds|ssd/(?:send|sen_need|ehcp_.*)`, ``, "special-educational-needs"),
		of(`school_census/.*`, ``, "school"),
	}
}

// itemOf says which item a column is of by itself; "" for none: then it is of its table's.
func (v *vocabulary) itemOf(t *dataset.Table, c *dataset.Column) string {
	if c.Class == dataset.LinkageIdentifier {
		return "child-codes"
	}
	if c.Class == dataset.Ordinary {
		return ""
	}
	for _, r := range v.columns {
		if (r.table == nil || r.table.MatchString(t.ID())) && r.column.MatchString(c.Name) {
			return r.item
		}
	}
	return ""
}

// itemOfTable says which item a table as a whole is of, and false for a table that no rule knows: one of the council's.
func (v *vocabulary) itemOfTable(id string) (string, bool) {
	for _, r := range v.tables {
		if r.table.MatchString(id) {
			return r.item, true
		}
	}
	return "", false
}
