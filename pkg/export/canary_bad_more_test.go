//go:build unix

package export_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// badDocuments are the ways in which a CIN census can be such that no drop can be made of it.
func badDocuments() []badInput {
	document := func(how func(text, marker string) string) func(*testing.T, *canary, string) {
		return changeIn("2026-27/cin.xml", how)
	}
	replaced := func(old, with string) func(*testing.T, *canary, string) {
		return document(func(text, marker string) string {
			return strings.Replace(text, old, fmt.Sprintf(with, marker), 1)
		})
	}
	tag := func(marker string) string { return strings.ReplaceAll(marker, " ", "") }
	return []badInput{
		{"a document type", 4, 4, replaced("<Message>", "<!DOCTYPE Message [<!ENTITY e \"%s\">]>\n<Message>")},
		{"an entity", 4, 4, document(func(text, marker string) string {
			return strings.Replace(text, "<Children>", "<Children>"+marker+"&"+tag(marker)+";", 1)
		})},
		{"an element that is not closed", 4, 4, document(func(text, marker string) string {
			return strings.Replace(text, "<Children>", "<Children><"+tag(marker)+">", 1)
		})},
		{"a document that is cut off", 4, 4, document(func(text, marker string) string {
			return text[:strings.LastIndex(text, "</Child>")] + "<" + tag(marker) + ` note="` + marker
		})},
		{"elements too deep", 4, 4, document(func(text, marker string) string {
			return strings.Replace(text, "<Children>", "<Children>"+strings.Repeat("<"+tag(marker)+">", 80), 1)
		})},
		{"a text of 2 MiB", 4, 4, document(func(text, marker string) string {
			return strings.Replace(text, "<Children>", "<Children>"+strings.Repeat(marker+" ", 2<<20/len(marker)), 1)
		})},
		{"something behind the document", 4, 4, document(func(text, marker string) string { return text + marker })},
		{"a byte of another encoding", 4, 4, replaced("<Children>", "<Children>%s \xff")},
		{"an encoding that is not read", 4, 4, replaced(`encoding="utf-8"`, `encoding="%s"`)},
		{"another document", 4, 4, document(func(text, marker string) string { return strings.ReplaceAll(text, "Message>", tag(marker)+">") })},
		{"another collection", 4, 4, replaced("<Collection>CIN<", "<Collection>%s<")},
		{"a year that is none", 4, 4, replaced("<Year>2027<", "<Year>%s<")},
		{"a reference date that is none", 4, 4, replaced("<ReferenceDate>2027-03-31<", "<ReferenceDate>%s<")},
		{"a year and a reference date of another", 4, 4, replaced("<Year>2027<", "<!-- %s --><Year>2026<")},
		{"no code of an authority", 4, 4, replaced("<LEA>331<", "<LEA>%s<")},
		{"another authority", 4, 0, func(t *testing.T, c *canary, folder string) {
			path := filepath.Join(folder, "2026-27", "cin.xml")
			other := c.plant("ZQ4829XQ", "the code of an authority")
			mustWrite(t, path, strings.Replace(mustRead(t, path), "<LEA>331<", "<LEA>"+other+"<", 1))
		}},
		{"a second header", 4, 4, replaced("<Children>", "<Header><Source><LEA>%s</LEA></Source></Header><Children>")},
		{"a namespace", 4, 4, replaced("<Message>", `<Message xmlns="%s">`)},
		{"two documents of one year", 4, 4, func(t *testing.T, _ *canary, folder string) {
			mustWrite(t, filepath.Join(folder, "2026-27", "again.xml"), mustRead(t, filepath.Join(folder, "2026-27", "cin.xml")))
		}},
	}
}

// badRolls are those of the extracts of schools.
func badRolls() []badInput {
	return []badInput{
		{"a set of no term", 4, 4, func(t *testing.T, _ *canary, folder string) {
			mustMkdir(t, filepath.Join(folder, "2026-27", "pupils"))
			if err := os.Rename(filepath.Join(folder, "2026-27", "autumn", "pupilonroll.csv"), filepath.Join(folder, "2026-27", "pupils", "roll.csv")); err != nil {
				t.Fatal(err)
			}
		}},
		{"a table of another term", 4, 4, rename("2026-27/spring/fsmperiod.csv", "2026-27/autumn/fsmperiod.csv")},
		{"a roll twice", 4, 4, func(t *testing.T, _ *canary, folder string) {
			mustWrite(t, filepath.Join(folder, "2026-27", "autumn", "again.csv"), mustRead(t, filepath.Join(folder, "2026-27", "autumn", "pupilonroll.csv")))
		}},
		{"a roll without pupil numbers", 4, 4, changeIn("2026-27/autumn/pupilonroll.csv", func(text, marker string) string {
			return strings.Replace(text, ",upn,", ","+marker+",", 1)
		})},
		{"a roll of which every row is wrong", 4, 0, changeIn("2026-27/autumn/pupilonroll.csv", func(text, marker string) string {
			header, _, _ := strings.Cut(text, "\n")
			return header + "\n" + marker + "\n"
		})},
		{"a download that is cut off in a line", 4, 4, changeIn("2026-27/pupil_premium.csv", func(text, marker string) string { return text + marker + "\x00" })},
		{"a download with quotes around its names", 4, 4, changeIn("2026-27/pupil_premium.csv", func(text, marker string) string {
			return strings.Replace(text, "Deprivation Pupil Premium", `"`+marker+`"`, 1)
		})},
	}
}
