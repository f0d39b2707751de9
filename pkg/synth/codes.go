package synth

// The distributions of codes. They are read only. Shares follow the order of magnitude of the published national
// statistics for England, not any council's figures.

var ethnicities = weights{
	{"WBRI", 680}, {"WIRI", 4}, {"WOTH", 45}, {"WIRT", 3}, {"WROM", 6}, {"MWBC", 32}, {"MWBA", 10}, {"MWAS", 14},
	{"MOTH", 24}, {"AIND", 5}, {"APKN", 20}, {"ABAN", 9}, {"AOTH", 20}, {"BCRB", 18}, {"BAFR", 40}, {"BOTH", 17},
	{"CHNE", 3}, {"OOTH", 30}, {"REFU", 3}, {"NOBT", 3},
}

var ethnicitiesUASC = weights{
	{"OOTH", 38}, {"BAFR", 28}, {"AOTH", 22}, {"WOTH", 6}, {"BOTH", 2}, {"CHNE", 1}, {"REFU", 1}, {"NOBT", 2},
}

// entryAges are ages in days at the start of care: infants and teenagers before all others.
var entryAges = []span{
	{0, 30, 110}, {31, 364, 110}, {365, 1825, 160}, {1826, 3650, 180}, {3651, 5110, 200}, {5111, 5840, 120}, {5841, 6540, 120},
}

var entryAgesUASC = []span{{4750, 5474, 6}, {5475, 5839, 18}, {5840, 6204, 40}, {6205, 6540, 36}}

// stays are how long a period of care lasts, in days, birthdays permitting.
var stays = []span{{2, 14, 8}, {15, 56, 12}, {57, 365, 27}, {366, 1095, 30}, {1096, 6570, 23}}

// firstMoves and laterMoves are days until the next change of placement.
var (
	firstMoves = []span{{5, 60, 25}, {61, 240, 35}, {241, 1200, 40}}
	laterMoves = []span{{5, 60, 12}, {61, 300, 33}, {301, 1500, 55}}
)

var needs = weights{
	{"N1", 600}, {"N2", 30}, {"N3", 35}, {"N4", 75}, {"N5", 160}, {"N6", 20}, {"N7", 5}, {"N8", 75},
}

// Legal status at the start of care, under twelve and from twelve.
var (
	firstStatusYoung = weights{{"C1", 520}, {"V2", 340}, {"L2", 80}, {"L1", 50}, {"C2", 8}, {"L3", 2}}
	firstStatusTeen  = weights{{"V2", 560}, {"C1", 290}, {"L2", 40}, {"L1", 40}, {"C2", 40}, {"J1", 20}, {"J2", 6}, {"J3", 4}}
)

// Placements by age. Z stands for the code of "other placements" of the year, K3 for supported accommodation, which
// there is from the 2024-25 return on.
var (
	placesInfant = weights{{"U6", 50}, {"U5", 10}, {"U1", 4}, {"U2", 2}, {"U3", 12}, {"P1", 8}, {"R3", 9}, {"U4", 5}}
	placesYoung  = weights{{"U6", 48}, {"U4", 15}, {"U1", 8}, {"U2", 1}, {"U3", 12}, {"P1", 9}, {"U5", 3}, {"R3", 2}, {"K2", 2}}
	placesChild  = weights{{"U6", 40}, {"U4", 24}, {"U1", 9}, {"U3", 9}, {"P1", 7}, {"K2", 9}, {"S1", 1}, {"R1", 1}}
	placesTeen   = weights{
		{"U6", 330}, {"U4", 200}, {"U1", 80}, {"U3", 80}, {"K2", 230}, {"P1", 40}, {"S1", 15}, {"R1", 10}, {"K1", 6}, {"R2", 3},
		{"Z", 6},
	}
	placesOlder = weights{
		{"U6", 220}, {"U4", 130}, {"U1", 50}, {"U3", 60}, {"K2", 260}, {"R1", 60}, {"Z", 150}, {"P1", 40}, {"K1", 6}, {"P3", 3},
		{"S1", 5}, {"R2", 3}, {"R5", 3},
	}
	placesOlderSupported = weights{
		{"U6", 200}, {"U4", 120}, {"U1", 50}, {"U3", 60}, {"K2", 190}, {"K3", 270}, {"R1", 20}, {"Z", 20}, {"P1", 40}, {"K1", 6},
		{"P3", 3}, {"S1", 5}, {"R2", 3}, {"R5", 3},
	}
	placesUASC          = weights{{"U6", 38}, {"U4", 4}, {"U3", 3}, {"K2", 15}, {"R1", 12}, {"Z", 28}}
	placesUASCSupported = weights{{"U6", 34}, {"U4", 3}, {"U3", 3}, {"K2", 10}, {"K3", 46}, {"R1", 2}, {"Z", 2}}
	placesRemand        = weights{{"R5", 40}, {"K2", 25}, {"U6", 25}, {"K1", 10}}
	placesBreaks        = weights{{"K2", 60}, {"U6", 35}, {"S1", 5}}
	otherPlaces         = weights{{"Z11", 40}, {"Z12", 25}, {"Z13", 20}, {"Z14", 15}}
)

// Providers: PR0 parents, PR1 own authority, PR2 another authority, PR3 other public body, PR4 private, PR5 voluntary.
var (
	providersFoster   = weights{{"PR1", 58}, {"PR2", 2}, {"PR4", 34}, {"PR5", 6}}
	providersKin      = weights{{"PR1", 97}, {"PR2", 2}, {"PR4", 1}}
	providersHome     = weights{{"PR1", 16}, {"PR2", 2}, {"PR4", 76}, {"PR5", 6}}
	providersAdoption = weights{{"PR1", 62}, {"PR2", 18}, {"PR5", 20}}
	providersCentre   = weights{{"PR1", 20}, {"PR3", 10}, {"PR4", 60}, {"PR5", 10}}
)

// Why a placement changed. CUSTOD (custody) is a code from the 2019-20 return on.
var (
	changes2019 = weights{
		{"CARPL", 50}, {"CREQB", 10}, {"CREQO", 11}, {"CHILD", 6}, {"LAREQ", 4}, {"PLACE", 3}, {"STAND", 2}, {"ALLEG", 2},
		{"CLOSE", 1}, {"APPRR", 1}, {"OTHER", 10},
	}
	changesTeen = append(weights{{"CUSTOD", 1}}, changes2019...)
)

// Why care ended, by age and length of stay. SGO stands for the codes of a special guardianship order.
var (
	endsSoon  = weights{{"E4A", 40}, {"E4B", 14}, {"E13", 12}, {"E8", 26}, {"E3", 3}, {"E41", 5}}
	endsChild = weights{
		{"E4A", 340}, {"E4B", 70}, {"E13", 90}, {"E41", 80}, {"SGO", 260}, {"E3", 25}, {"E8", 130}, {"E2", 3}, {"E16", 5},
	}
	endsOlder = weights{
		{"E4A", 280}, {"E4B", 100}, {"E13", 90}, {"E41", 20}, {"SGO", 20}, {"E3", 30}, {"E8", 230}, {"E2", 4}, {"E16", 6},
		{"E5", 110}, {"E6", 40}, {"E7", 30}, {"E9", 20},
	}
	endsAtEighteen       = weights{{"E5", 28}, {"E6", 14}, {"E7", 16}, {"E8", 42}}
	endsAtEighteenFoster = weights{{"E17", 62}, {"E5", 12}, {"E6", 5}, {"E7", 7}, {"E8", 14}}
	endsRemand           = weights{{"E14", 60}, {"E9", 22}, {"E4A", 18}}
	endsUASC             = weights{{"E15", 34}, {"E8", 34}, {"E3", 14}, {"E13", 12}, {"E16", 6}}
	endsBreaks           = weights{{"E8", 60}, {"E4A", 40}}
)

var (
	reviewCodes   = weights{{"PN1", 56}, {"PN2", 6}, {"PN3", 8}, {"PN4", 2}, {"PN5", 10}, {"PN6", 12}, {"PN7", 6}}
	sdqReasons    = weights{{"SDQ2", 40}, {"SDQ3", 20}, {"SDQ4", 20}, {"SDQ5", 20}}
	missingKinds  = weights{{"M", 78}, {"A", 22}}
	workerReasons = weights{
		{"LEFTRL", 30}, {"TSPROC", 24}, {"ORGRST", 12}, {"ABSENC", 10}, {"MANAGE", 9}, {"OTHERS", 8}, {"CHCHAN", 3}, {"PCCHAN", 3},
		{"SWDIED", 1},
	}
	reversals = weights{{"RD1", 35}, {"RD3", 50}, {"RD4", 15}}
	upnNone   = weights{{"UN2", 40}, {"UN3", 25}, {"UN5", 35}}
)

// Care leavers. Activities F3 and P3 were replaced by F4, F5, P4 and P5 in the 2021-22 return.
var (
	contacts     = weights{{"YES", 880}, {"NO", 55}, {"REFU", 25}, {"NREQ", 20}, {"RHOM", 17}, {"DIED", 3}}
	activities   = weights{{"F1", 6}, {"P1", 1}, {"F2", 28}, {"P2", 5}, {"F4", 4}, {"P4", 2}, {"F5", 16}, {"P5", 5}, {"G4", 9}, {"G5", 18}, {"G6", 6}}
	activities21 = weights{{"F1", 6}, {"P1", 1}, {"F2", 28}, {"P2", 5}, {"F3", 20}, {"P3", 6}, {"G4", 9}, {"G5", 18}, {"G6", 7}}
	dwellings17  = weights{{"B1", 25}, {"C1", 20}, {"D1", 30}, {"E1", 10}, {"S2", 2}, {"X2", 5}, {"Y1", 8}}
	dwellings    = weights{
		{"B1", 12}, {"B2", 1}, {"C1", 3}, {"D1", 14}, {"E1", 6}, {"G1", 1}, {"K1", 3}, {"R2", 2}, {"S2", 2}, {"T1", 7}, {"U1", 34},
		{"U2", 3}, {"V2", 1}, {"W2", 1}, {"X2", 4}, {"Y1", 5}, {"Z1", 11},
	}
)

// Adopters, as NB_ADOPTR, SEX_ADOPTR and LS_ADOPTR, which must agree.
var adopters = weights{
	{"2,MF,L11", 66}, {"2,MF,L3", 10}, {"2,MM,L12", 5}, {"2,FF,L12", 4}, {"2,MM,L2", 2}, {"2,FF,L2", 2}, {"2,FF,L4", 2},
	{"2,MM,L4", 1}, {"1,F1,L0", 7}, {"1,M1,L0", 1},
}

// neighbours are local authorities that a child may have had a UPN from.
var neighbours = weights{
	{"330", 30}, {"334", 12}, {"937", 20}, {"336", 6}, {"335", 6}, {"333", 6}, {"332", 4}, {"855", 5}, {"856", 6}, {"928", 3},
	{"202", 2},
}

// permanenceLAs arranged an earlier permanence: councils, Wales, Scotland, outside the United Kingdom, unknown.
var permanenceLAs = weights{{"330", 30}, {"937", 20}, {"334", 10}, {"855", 10}, {"WAL", 4}, {"SCO", 4}, {"NUK", 2}, {"999", 20}}

// referralAges are ages in days at the first referral; a few are not born yet.
var referralAges = []span{{-140, -10, 40}, {0, 364, 110}, {365, 1825, 210}, {1826, 3650, 250}, {3651, 5110, 230}, {5111, 6300, 160}}

// How long cases and plans last, in days, and how long before care a case began.
var (
	plannedLengths    = []span{{70, 180, 40}, {181, 400, 40}, {401, 900, 20}}
	protectedLengths  = []span{{150, 400, 50}, {401, 900, 40}, {901, 1500, 10}}
	planLengths       = []span{{20, 90, 30}, {91, 250, 45}, {251, 700, 25}}
	protectionLengths = []span{{80, 200, 30}, {201, 400, 45}, {401, 800, 25}}
	leadsToCare       = []span{{0, 3, 25}, {4, 60, 30}, {61, 500, 45}}
)

var (
	referralSources = weights{
		{"1A", 40}, {"1B", 15}, {"1C", 5}, {"1D", 40}, {"2A", 150}, {"2B", 20}, {"3A", 40}, {"3B", 30}, {"3C", 15}, {"3D", 40}, {"3E", 30},
		{"3F", 15}, {"4", 10}, {"5A", 60}, {"5B", 30}, {"5C", 20}, {"5D", 20}, {"6", 280}, {"7", 10}, {"8", 60}, {"9", 30}, {"10", 40},
	}
	caseNeeds = weights{
		{"N1", 560}, {"N2", 80}, {"N3", 40}, {"N4", 90}, {"N5", 140}, {"N6", 30}, {"N7", 5}, {"N8", 15}, {"N9", 30}, {"N0", 10},
	}
	closures   = weights{{"RC7", 850}, {"RC5", 90}, {"RC3", 25}, {"RC4", 20}, {"RC6", 15}}
	categories = weights{{"NEG", 48}, {"EMO", 38}, {"PHY", 8}, {"SAB", 4}, {"MUL", 2}}
	factors    = weights{
		{"1A", 10}, {"1B", 20}, {"1C", 5}, {"2A", 10}, {"2B", 30}, {"3A", 40}, {"3B", 80}, {"3C", 10}, {"4A", 40}, {"4B", 60}, {"4C", 10},
		{"5A", 20}, {"6A", 15}, {"6B", 10}, {"7A", 4}, {"8B", 20}, {"8E", 5}, {"8F", 5}, {"10A", 20}, {"11A", 12}, {"12A", 10}, {"13A", 10},
		{"14A", 12}, {"15A", 8}, {"16A", 50}, {"17A", 3}, {"18B", 10}, {"19B", 20}, {"19C", 10}, {"20", 20}, {"21", 20}, {"22A", 1}, {"23A", 1},
		{"24A", 6},
	}
	disabilityCodes = weights{
		{"MOB", 8}, {"HAND", 4}, {"PC", 6}, {"INC", 4}, {"COMM", 14}, {"LD", 24}, {"HEAR", 4}, {"VIS", 3}, {"BEH", 14}, {"CON", 3}, {"AUT", 30},
		{"DDA", 5},
	}
	upnNoneInNeed = weights{{"UN2", 35}, {"UN3", 15}, {"UN5", 25}, {"UN6", 15}}
)

var dualKinds = weights{{"M", 60}, {"S", 15}, {"O", 10}, {"F", 15}}

// mealCountries: periods outside England do not count, "" is England.
var mealCountries = weights{{"ENG", 84}, {"", 8}, {"WLS", 4}, {"SCT", 3}, {"NIR", 1}}

// Attendance codes by what they count as. The codes of the guidance of August 2024 come from the 2024/25 academic year
// on; schools go on sending some of the older ones.
var (
	authorised24 = weights{{"I", 520}, {"M", 180}, {"C", 140}, {"E", 40}, {"R", 25}, {"S", 10}, {"T", 8}, {"H", 45}, {"F", 6}}
	authorised25 = weights{
		{"I", 520}, {"M", 180}, {"C", 120}, {"C1", 10}, {"C2", 12}, {"E", 40}, {"J1", 8}, {"R", 25}, {"S", 10}, {"T", 8}, {"H", 12},
	}
	unauthorisedCodes = weights{{"O", 500}, {"U", 180}, {"G", 220}, {"N", 100}}
	educated24        = weights{{"B", 30}, {"V", 20}, {"P", 12}, {"W", 8}, {"J", 15}, {"L", 40}}
	educated25        = weights{{"B", 25}, {"K", 15}, {"V", 20}, {"P", 12}, {"W", 8}, {"J", 4}, {"L", 40}}
	impossible24      = weights{{"X", 40}, {"Y", 30}, {"Z", 10}, {"#", 25}, {"D", 15}}
	impossible25      = weights{
		{"X", 40}, {"Q", 10}, {"Y1", 5}, {"Y2", 8}, {"Y3", 6}, {"Y4", 6}, {"Y5", 5}, {"Y6", 6}, {"Y7", 6}, {"Y", 4}, {"Z", 8}, {"#", 20}, {"D", 15},
	}
)

// codesFrom is the academic year, by its end, of the guidance of August 2024. The first census that asks about a term of
// it is that of spring 2025; the autumn one of that year may have its codes early.
const codesFrom = 2025

func authorisedCodes(academic int) weights {
	if academic >= codesFrom {
		return authorised25
	}
	return authorised24
}

func educatedCodes(academic int) weights {
	if academic >= codesFrom {
		return educated25
	}
	return educated24
}

func impossibleCodes(academic int) weights {
	if academic >= codesFrom {
		return impossible25
	}
	return impossible24
}
