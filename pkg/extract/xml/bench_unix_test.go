//go:build unix

package xml_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/finding"
)

// large writes a return of so many children, indented as case systems do.
func large(children int) string { return document(2023, many(0, children)) }

// many writes the children from one number up to another.
func many(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		day := func(k int) string { return fmt.Sprintf("20%02d-%02d-%02d", 10+(i+k)%13, 1+(i*7+k)%12, 1+(i*11+k*5)%28) }
		fmt.Fprintf(&b, "\n    <Child>\n      <ChildIdentifiers>\n        <LAchildID>%d</LAchildID>\n        <UPN>A%012d</UPN>\n        <PersonBirthDate>%s</PersonBirthDate>\n        <GenderCurrent>%d</GenderCurrent>\n      </ChildIdentifiers>\n", 100000+i, i, day(0), 1+i%2)
		b.WriteString("      <ChildCharacteristics>\n        <Ethnicity>WBRI</Ethnicity>\n        <Disabilities>\n          <Disability>NONE</Disability>\n        </Disabilities>\n      </ChildCharacteristics>\n")
		for c := range 1 + i%2 {
			fmt.Fprintf(&b, "      <CINdetails>\n        <CINreferralDate>%s</CINreferralDate>\n        <ReferralSource>1A</ReferralSource>\n        <PrimaryNeedCode>N%d</PrimaryNeedCode>\n", day(1+c), i%10)
			fmt.Fprintf(&b, "        <Assessments>\n          <AssessmentActualStartDate>%s</AssessmentActualStartDate>\n          <FactorsIdentifiedAtAssessment>\n            <AssessmentFactors>1A</AssessmentFactors>\n            <AssessmentFactors>3B</AssessmentFactors>\n          </FactorsIdentifiedAtAssessment>\n        </Assessments>\n", day(2+c))
			fmt.Fprintf(&b, "        <CINPlanDates>\n          <CINPlanStartDate>%s</CINPlanStartDate>\n        </CINPlanDates>\n        <ReferralNFA>0</ReferralNFA>\n", day(3+c))
			if i%5 == 0 {
				fmt.Fprintf(&b, "        <ChildProtectionPlans>\n          <CPPstartDate>%s</CPPstartDate>\n          <InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>\n          <LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse>\n          <NumberOfPreviousCPP>0</NumberOfPreviousCPP>\n          <Reviews>\n            <CPPreviewDate>%s</CPPreviewDate>\n          </Reviews>\n        </ChildProtectionPlans>\n", day(4), day(5))
			}
			b.WriteString("      </CINdetails>\n")
		}
		b.WriteString("    </Child>")
	}
	return b.String()
}

func BenchmarkReader(b *testing.B) {
	content := large(36_000) // 50 MB
	path := file(b, content)
	sources, err := xml.Reader{}.Recognise(b.Context(), catalogue(b), path, "cin.xml", &finding.Report{})
	if err != nil {
		b.Fatal(err)
	}
	for _, v := range []struct {
		name  string
		table func(*dataset.Table) bool
	}{
		{"all tables", func(*dataset.Table) bool { return true }},
		{"referrals", func(t *dataset.Table) bool { return t.Name == "cin_details" }},
	} {
		b.Run(v.name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				var demands []*extract.Demand
				for _, src := range sources {
					src.Path = path
					if err := src.TakeDigest(); err != nil {
						b.Fatal(err)
					}
					if !v.table(src.Table) {
						continue
					}
					var names []string
					for _, c := range src.Table.Columns {
						names = append(names, c.Name)
					}
					demands = append(demands, &extract.Demand{Source: src, Want: extract.NewWant(src.Table, names...),
						Report: &finding.Report{}, Sink: func(*extract.Batch) error { return nil }})
				}
				if err := (xml.Reader{Catalogue: catalogue(b)}).Read(b.Context(), demands); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu(b)-before)/float64(b.N)/float64(len(content))*100e6, "cpu-s/100MB")
		})
	}
}

// cpu is how many seconds of the processors this program has used.
func cpu(b *testing.B) float64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
