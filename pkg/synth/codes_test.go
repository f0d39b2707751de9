package synth

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The columns of the return, written down here a second time.
var wantColumns = map[string]string{
	"header.csv":              "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB",
	"episodes.csv":            "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN",
	"reviews.csv":             "CHILD,DOB,REVIEW,REVIEW_CODE",
	"uasc.csv":                "CHILD,SEX,DOB,DUC",
	"oc2.csv":                 "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS,TEETH_CHECK,HEALTH_ASSESSMENT,SUBSTANCE_MISUSE,INTERVENTION_RECEIVED,INTERVENTION_OFFERED",
	"oc3.csv":                 "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM",
	"ad1.csv":                 "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR",
	"placed_adoption.csv":     "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED",
	"previous_permanence.csv": "CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM",
	"missing.csv":             "CHILD,DOB,MISSING,MIS_START,MIS_END",
	"sw_episodes.csv":         "CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON",
}

// codes gives the codes of a column in a collection year, blank among them where it may be.
func codes(file, column string, year int) []string {
	split := func(s string, blank bool) []string {
		list := strings.Fields(s)
		if blank {
			list = append(list, "")
		}
		return list
	}
	switch file + " " + column {
	case "header.csv SEX", "uasc.csv SEX":
		if year < 2025 {
			return split("1 2", false)
		}
		return split("M F U", false)
	case "header.csv ETHNIC":
		return split("WBRI WIRI WOTH WIRT WROM MWBC MWBA MWAS MOTH AIND APKN ABAN AOTH BCRB BAFR BOTH CHNE OOTH REFU NOBT", false)
	case "header.csv MOTHER":
		return split("0 1", true)
	case "episodes.csv RNE":
		return split("S L P T U B", false)
	case "episodes.csv LS":
		return split("C1 C2 E1 V2 V3 V4 L1 L2 L3 J1 J2 J3", false)
	case "episodes.csv CIN":
		return split("N1 N2 N3 N4 N5 N6 N7 N8", false)
	case "episodes.csv PLACE":
		list := split("A3 A4 A5 A6 K1 K2 P1 P3 R1 R2 R3 R5 S1 T0 T1 T2 T3 T4 U1 U2 U3 U4 U5 U6", false)
		if year >= 2025 {
			list = append(list, "K3")
		}
		if year >= 2026 {
			return append(list, "Z11", "Z12", "Z13", "Z14")
		}
		return append(list, "Z1")
	case "episodes.csv PLACE_PROVIDER":
		return split("PR0 PR1 PR2 PR3 PR4 PR5", true)
	case "episodes.csv REC":
		list := split("X1 E11 E12 E2 E3 E4A E4B E13 E41 E5 E6 E7 E8 E9 E14 E15 E16 E17", true)
		if year < 2019 {
			return append(list, "E43", "E44")
		}
		if year > 2019 { // of 2018-19 descriptions differ: it has none of them here
			list = append(list, "E45", "E46", "E47", "E48")
		}
		return list
	case "episodes.csv REASON_PLACE_CHANGE":
		list := split("CARPL CLOSE ALLEG STAND APPRR CREQB CREQO CHILD LAREQ PLACE OTHER", true)
		if year >= 2020 {
			list = append(list, "CUSTOD")
		}
		return list
	case "reviews.csv REVIEW_CODE":
		return split("PN0 PN1 PN2 PN3 PN4 PN5 PN6 PN7", false)
	case "oc2.csv SDQ_REASON":
		return split("SDQ1 SDQ2 SDQ3 SDQ4 SDQ5", true)
	case "oc2.csv IMMUNISATIONS", "oc2.csv TEETH_CHECK", "oc2.csv HEALTH_ASSESSMENT", "oc2.csv SUBSTANCE_MISUSE":
		return split("0 1", false)
	case "oc2.csv CONVICTED", "oc2.csv HEALTH_CHECK", "oc2.csv INTERVENTION_RECEIVED", "oc2.csv INTERVENTION_OFFERED":
		return split("0 1", true)
	case "oc3.csv IN_TOUCH":
		return split("YES NO DIED REFU NREQ RHOM", false)
	case "oc3.csv ACTIV":
		if year < 2022 {
			return split("F1 P1 F2 P2 F3 P3 G4 G5 G6 0", false)
		}
		return split("F1 P1 F2 P2 F4 P4 F5 P5 G4 G5 G6 0", false)
	case "oc3.csv ACCOM":
		return split("B1 B2 C1 C2 D1 D2 E1 E2 G1 G2 H1 H2 K1 K2 R1 R2 S1 S2 T1 T2 U1 U2 V1 V2 W1 W2 X1 X2 Y1 Y2 Z1 Z2 0", false)
	case "ad1.csv FOSTER_CARE":
		return split("0 1", false)
	case "ad1.csv NB_ADOPTR":
		return split("1 2", false)
	case "ad1.csv SEX_ADOPTR":
		return split("M1 F1 MM FF MF", false)
	case "ad1.csv LS_ADOPTR":
		return split("L0 L11 L12 L2 L3 L4", false)
	case "placed_adoption.csv REASON_PLACED_CEASED":
		return split("RD1 RD2 RD3 RD4", true)
	case "previous_permanence.csv PREV_PERM":
		return split("P1 P2 P3 P4 Z1", false)
	case "missing.csv MISSING":
		return split("M A", false)
	case "sw_episodes.csv SW_REASON":
		return split("MANAGE FCONTA LEFTRL ORGRST TSPROC ABSENC CHCHAN PCCHAN SWDIED OTHERS", false)
	default:
		return nil
	}
}

var patterns = map[string]*regexp.Regexp{
	"HOME_POST": regexp.MustCompile(`^(|ZZ[1-9][0-9]? [0-9][ABD-HJLNP-UW-Z]{2})$`),
	"PL_POST":   regexp.MustCompile(`^(|ZZ[1-9][0-9]? [0-9][ABD-HJLNP-UW-Z]{2})$`),
	"URN":       regexp.MustCompile(`^(|[0-9]{7}|SC[0-9]{6})$`),
	"SDQ_SCORE": regexp.MustCompile(`^(|[0-9]|[1-3][0-9]|40)$`),
	"LA_PERM":   regexp.MustCompile(`^(|[0-9]{3}|WAL|SCO|NIR|NUK)$`),
	"DATE_PERM": regexp.MustCompile(`^(|(ZZ|[0-3][0-9])/(ZZ|[01][0-9])/(ZZZZ|[12][0-9]{3}))$`),
	"SW_ID":     regexp.MustCompile(`^(SW|XX)[0-9]{1,10}$`),
	"LOCAL_REF": regexp.MustCompile(`^EPR[0-9]{8}$`),
}

func isDate(column string) bool {
	switch column {
	case "DOB", "MC_DOB", "DECOM", "DEC", "DUC", "REVIEW", "DATE_INT", "DATE_MATCH", "DATE_PLACED", "DATE_PLACED_CEASED",
		"MIS_START", "MIS_END", "SW_DECOM", "SW_DEC":
		return true
	default:
		return false
	}
}

// The published synthetic returns have the same columns.
func TestColumnsOfPublishedSamples(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "samples", "data-to-insight+csc-validator-be-903", "tests", "fake_data")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the published samples are not here")
	}
	for file, want := range wantColumns {
		sample := file
		if file == "placed_adoption.csv" {
			sample = "placed_for_adoption.csv"
		}
		raw, err := os.ReadFile(filepath.Join(folder, sample))
		if err != nil {
			t.Error(err)
			continue
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(string(raw), "\ufeff"), "\n")
		if strings.TrimSuffix(first, "\r") != want {
			t.Errorf("%s: %s", sample, first)
		}
	}
}
