package synth

import "strings"

// extended is the extended ethnicity code of a spring census for one of the main codes: some schools use the main code,
// some one of those that it is split into.
func extended(main string, n uint64) string {
	var split string
	switch main {
	case "WBRI":
		split = "WENG WCOR WNIR WSCO WWEL WOWB"
	case "WOTH":
		split = "WALB WBOS WCRO WGRE WITA WKOS WPOR WSER WTUR WEUR WEEU WWEU WOTW"
	case "WROM":
		split = "WROG WROR WROO"
	case "MWAS":
		split = "MWAP MWAI MWAO"
	case "MOTH":
		split = "MAOE MABL MACH MBOE MBCH MCOE MWOE MWCH MOTM"
	case "APKN":
		split = "AMPK AKPA AOPK"
	case "AOTH":
		split = "AAFR AKAO ANEP ASNL ASLT ASRO AOTA"
	case "BAFR":
		split = "BANN BCON BGHA BNGN BSLN BSOM BSUD BAOF"
	case "BOTH":
		split = "BEUR BNAM BOTB"
	case "CHNE":
		split = "CHKC CMAL CSNG CTWN COCH"
	case "OOTH":
		split = "OAFG ORAB OARA OEGY OFIL OIRN OIRQ OJPN OKOR OKRD OLAM OLEB OLIB OMAL OMRC OPOL OTHA OVIE OYEM OOEG"
	default:
		return main
	}
	if n%3 == 0 {
		return main
	}
	codes := strings.Count(split, " ") + 1
	at := int(n >> 4 % uint64(codes))
	return split[5*at : 5*at+4]
}
