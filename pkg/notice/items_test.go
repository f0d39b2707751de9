package notice

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/schemas"
)

// TestEveryColumnIsToldOf holds the rules to the built-in definitions: whatever may leave of them has words in notices.
func TestEveryColumnIsToldOf(t *testing.T) {
	cat, err := dataset.Load(schemas.Files)
	if err != nil {
		t.Fatal(err)
	}
	v := newVocabulary()
	there := make(map[string]bool)
	for _, i := range v.items {
		if there[i.key] {
			t.Errorf("the item %s is there twice", i.key)
		}
		there[i.key] = true
	}
	used := make(map[string]bool)
	for _, table := range cat.Tables() {
		whole, known := v.itemOfTable(table.ID())
		if !known {
			t.Errorf("no rule knows the table %s", table.ID())
		}
		used[whole] = true
		for _, c := range table.Columns {
			if !c.Class.Releasable() {
				continue
			}
			if table.Marks(c.Name) {
				if len(c.Treatments) > 0 {
					t.Errorf("%s.%s, which marks rows as given in confidence, may leave", table.ID(), c.Name)
				}
				continue
			}
			item := v.itemOf(table, c)
			used[item] = true
			switch {
			case item == "" && whole == "" && c.Class != dataset.Ordinary:
				t.Errorf("%s.%s is of no item", table.ID(), c.Name)
			case item != "" && !there[item]:
				t.Errorf("%s.%s is of the item %s, which there is not", table.ID(), c.Name, item)
			}
		}
	}
	for key := range there {
		if !used[key] {
			t.Errorf("nothing is of the item %s", key)
		}
	}
	for table, want := range map[string]map[string]string{
		"children":                  {"child_id": "child-codes", "sex": "sex", "ethnicity": "ethnicity", "birth_date": "age", "disabled": "disability", "uasc": "asylum"},
		"looked_after_episodes":     {"legal_status": "legal-status", "placement_type": "", "collection_year": ""},
		"ssda903/oc2":               {"CONVICTED": "offending", "SDQ_SCORE": "health", "SUBSTANCE_MISUSE": "substance-misuse"},
		"school_census/pupilonroll": {"senprovision": "special-educational-needs", "youngcarer": "young-carers", "termlysessionspossible": "attendance", "entrydate": "school"},
		"annex_a/list_8":            {"date_of_birth": "age", "legal_status": "legal-status", "last_dental_check": "health", "absent_episodes": "missing-from-care", "last_visit": "visits", "latest_review": "reviews", "placement_la": ""},
		"annex_a/list_9":            {"uasc": "asylum", "activity": ""},
		"looked_after_periods":      {"legal_status": "legal-status", "kinship": ""},
		"ssd/person":                {"pers_dob": "age", "pers_sex": "sex", "pers_nationality": "immigration", "pers_is_mother": "parenthood", "pers_death_date": "death"},
		"ssd/cin_episodes":          {"cine_referral_team": "teams", "cine_cin_primary_need_code": ""},
		"ssd/permanence":            {"perm_adopter_sex": "adopters", "perm_siblings_placed_apart": "family", "perm_matched_date": ""},
		"giap_census/census":        {"FSMeligible": "free-school-meals", "IDACI_R": "area-deprivation", "URN": "school", "Language": "first-language"},
	} {
		for column, item := range want {
			c := cat.Table(table).Column(column)
			if c == nil {
				t.Fatalf("there is no %s.%s", table, column)
			}
			if got := v.itemOf(cat.Table(table), c); got != item {
				t.Errorf("%s.%s is of %q, want %q", table, column, got, item)
			}
		}
	}
}

// TestTablesOfNewerFormats has, for tables that several formats tell the same of, that families are told of them alike.
func TestTablesOfNewerFormats(t *testing.T) {
	v := newVocabulary()
	for item, ids := range map[string][]string{
		"referrals":                  {"referrals", "re_referrals", "cin/cin_details", "annex_a/list_3", "ssd/cin_episodes"},
		"child-protection-enquiries": {"cin/section_47", "annex_a/list_5", "ssd/s47_enquiry"},
		"looked-after":               {"looked_after_episodes", "looked_after_periods", "placements", "annex_a/list_8", "ssd/cla_placement"},
		"care-leavers":               {"ssda903/oc3", "annex_a/list_9", "ssd/care_leavers"},
		"adoption":                   {"ssda903/ad1", "annex_a/list_10", "ssd/permanence"},
		"contacts":                   {"annex_a/list_1", "ssd/contacts"},
		"early-help":                 {"annex_a/list_2", "ssd/early_help_episodes"},
		"attendance":                 {"attendance", "attendance_daily", "attendance/daily"},
		"offending":                  {"ssd/cla_convictions"},
		"special-educational-needs":  {"ssd/send", "ssd/sen_need", "ssd/ehcp_requests"},
	} {
		for _, id := range ids {
			if got, known := v.itemOfTable(id); !known || got != item {
				t.Errorf("%s is of %q, want %q", id, got, item)
			}
		}
	}
}

// TestItemWords has, for each item that a core table may be of and some others, how notices tell of it, and what looks
// like it.
func TestItemWords(t *testing.T) {
	v := newVocabulary()
	for key, words := range map[string]struct{ told, other []string }{
		"child-codes": {[]string{"a unique reference number", "replaced by a random number", "Pseudonymised records", "codes that we use"},
			[]string{"your post code", "our code of practice", "a secret code", "telephone number", "number of children"}},
		"referrals":              {[]string{"Referrals to social care", "when you were referred", "re-referral"}, []string{"refer to our website", "reference"}},
		"assessments":            {[]string{"assessments", "social work assessment"}, []string{"a privacy impact assessment", "data protection impact assessments", "assess"}},
		"child-in-need-plans":    {[]string{"Child in Need plans", "child-in-need", "CIN plan", "children in need"}, []string{"if your child needs help", "in need of repair"}},
		"child-protection-plans": {[]string{"Child Protection plans", "child-protection status", "CP plans"}, []string{"for child protection purposes", "data protection"}},
		"looked-after":           {[]string{"looked-after children", "becoming looked after", "foster placements", "time in care", "leaving and entering care"}, []string{"we look after your data", "your data are looked after", "health and social care", "care services"}},
		"legal-status":           {[]string{"legal status", "care orders", "remand"}, []string{"legal reasons", "if the court orders us", "in order to"}},
		"sex":                    {[]string{"Gender", "sex"}, []string{"sex life", "sexual orientation"}},
		"ethnicity":              {[]string{"ethnic group", "ethnicity", "racial origin"}, []string{"trace", "grace"}},
		"age":                    {[]string{"age in months", "date of birth", "month of birth", "DOB", "how old you are"}, []string{"children under the age of 13", "over the age of 16", "page", "manage", "from age 5", "agencies"}},
		"disability":             {[]string{"disabled", "disability", "disabilities"}, []string{"you can disable this", "disability living allowance"}},
		"asylum":                 {[]string{"unaccompanied asylum-seeking children", "UASC", "asylum seeker"}, []string{"accompanied"}},
		"attendance":             {[]string{"school attendance", "absences", "sessions missed", "days off school"}, []string{"attendance allowance", "attendance at meetings", "in the absence of consent"}},
		"free-school-meals":      {[]string{"free school meals", "FSM", "Free School Lunches"}, []string{"school meals", "free meals for volunteers"}},
		"pupil-premium":          {[]string{"Pupil Premium"}, []string{"insurance premium", "pupils"}},
		"health":                 {[]string{"health checks", "immunisations", "SDQ scores"}, []string{"public health", "health and social care", "health visitors"}},
		"care-leavers":           {[]string{"care leavers", "after you left care"}, []string{"leave a message"}},
		"contacts":               {[]string{"contacts with social care", "contacts and referrals", "when somebody contacted us about your child"}, []string{"contact us", "contact details", "your contact with this service is recorded"}},
		"early-help":             {[]string{"early help", "Early Help assessments", "family support plans"}, []string{"support for families", "help"}},
		"visits":                 {[]string{"social worker visits", "visits to your family", "whether the child was seen alone"}, []string{"visit our website", "visits to our website"}},
		"immigration":            {[]string{"your nationality", "immigration status"}, []string{"immigration enforcement", "national statistics"}},
		"family":                 {[]string{"brothers and sisters", "siblings", "family relationships"}, []string{"services for families", "related information"}},
		"other-services-numbers": {[]string{"NHS number", "your unique pupil number"}, []string{"telephone number", "a number of children"}},
		"address":                {[]string{"your home address", "names and addresses", "where you live"}, []string{"email address", "our address", "to address concerns"}},
		"teams":                  {[]string{"which team works with you", "the allocated team"}, []string{"our data protection team", "write to the team"}},
		"views":                  {[]string{"your wishes and feelings", "the voice of the child", "what you told us"}, []string{"point of view", "your feedback on this notice"}},
		"costs":                  {[]string{"the cost of placements", "expenditure"}, []string{"free of charge", "at no cost"}},
		"school":                 {[]string{"which school you attend", "the name of the school"}, []string{"schools and learning"}},
	} {
		at := slices.IndexFunc(v.items, func(i item) bool { return i.key == key })
		if at < 0 {
			t.Fatalf("there is no item %s", key)
		}
		for want, all := range map[bool][]string{true: words.told, false: words.other} {
			for _, text := range all {
				n, err := Parse([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				if got := v.items[at].told.in(&n.Sentences[0]); got != want {
					t.Errorf("%s: %q tells of it: %v", key, text, got)
				}
			}
		}
	}
}

// A line end divides a word, or stands at a hyphen of its own: both are read.
func TestDividedWords(t *testing.T) {
	for text, pattern := range map[string]string{
		"we share pseudo-\nnymised data":                   `pseudonymised`,
		"we count every child-\nin-need plan":              `child in need`,
		"DON’T\nshare":                                     `don't share`,
		"disability – and “age”":                           `disability and age`,
		"families\u00a0& children":                         `families and children`,
		"Ｆｒｅｅ ｓｃｈｏｏｌ ﬁsh":                                  `free school fish`,
		"an\u00adony\u200bmous, e.g. for statis\u00adtics": `anonymous e g for statistics`,
	} {
		n, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if !says(pattern).in(&n.Sentences[0]) {
			t.Errorf("%q is read as %q", text, n.Sentences[0].plain)
		}
	}
}
