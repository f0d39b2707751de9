package main

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// confided are rows that were given in confidence: of a child of whom nothing else is known, and of one of the cohort.
// CHILD stands for that one.
func confided() map[string][]string {
	return map[string][]string{
		"header":   {"990011,F,02/03/2014,MWBA,,,", "CHILD,F,02/03/2014,MWBA,,,", "CHILD,M,03/03/2014,REFU,,,"},
		"episodes": {"990011,03/05/2025,S,C2,N1,U4,PR1,01/06/2025,X1,,,,", "CHILD,09/05/2025,S,C2,N1,U4,PR1,11/06/2025,X1,,,,"},
		"missing":  {"990011,02/03/2014,M,01/05/2025,02/05/2025", "CHILD,02/03/2014,M,07/05/2025,08/05/2025"},
	}
}

// confide marks the rows of the latest return: those that are there as not given in confidence, or without a word, and
// further ones as given so.
func confide(ts *testscript.TestScript, args []string) error {
	if err := wants(args, 0); err != nil {
		return err
	}
	child, _, _ := strings.Cut(strings.Split(ts.ReadFile(lastReturn+"episodes.csv"), "\n")[1], ",")
	for file, rows := range confided() {
		name := lastReturn + file + ".csv"
		lines := strings.Split(strings.TrimSuffix(ts.ReadFile(name), "\n"), "\n")
		for i := range lines {
			lines[i] = strings.TrimSuffix(lines[i], "\r") + []string{",", ",0", ",N"}[i%3]
			if i == 0 {
				lines[i] += "in_confidence"
			}
		}
		for i, row := range rows {
			lines = append(lines, fmt.Sprintf("%s,%s", strings.Replace(row, "CHILD", child, 1), []string{"1", "true", "Y"}[i%3]))
		}
		if err := rewrite(ts, name, []byte(strings.Join(lines, "\n")+"\n")); err != nil {
			return err
		}
	}
	return nil
}
