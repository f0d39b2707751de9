package xml_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/finding"
)

// account holds one outcome to what is always so.
func account(t *testing.T, content []byte, got outcome) {
	t.Helper()
	if got.err != nil {
		var bad *extract.Invalid
		if !errors.As(got.err, &bad) || len(bad.Findings) != 1 || bad.Findings[0].Hint == "" {
			t.Fatalf("%q: %v is no finding", content, got.err)
		}
		return
	}
	for table, tally := range got.tally {
		told := int64(0)
		for _, f := range got.findings {
			if f.Severity != finding.Quarantine || f.Place.Table != "cin/"+table {
				continue
			}
			told += f.Count
			for _, row := range f.Rows {
				if row < 1 || row > tally.Read || slices.ContainsFunc(got.rows[table], func(s string) bool { return strings.HasPrefix(s, fmt.Sprint(row, "|")) }) {
					t.Fatalf("%q: %s says row %d of %s is kept back, and it is not", content, f.Rule, row, table)
				}
			}
		}
		broken := int64(len(got.broken[table]))
		if tally.Read != tally.Passed+tally.Quarantined || tally.Passed != int64(len(got.rows[table])) || told < tally.Quarantined ||
			broken != tally.Quarantined {
			t.Fatalf("%q: %s: %+v with %d rows, %d broken, %d told", content, table, tally, len(got.rows[table]), broken, told)
		}
	}
}

func base() string {
	return document(2022, child(person, "<ChildCharacteristics><Ethnicity>WBRI</Ethnicity><Disabilities><Disability>HEAR</Disability></Disabilities></ChildCharacteristics>",
		referral("2022-05-06", "<ReferralSource>1A</ReferralSource><Assessments><AssessmentActualStartDate>2022-05-07</AssessmentActualStartDate><FactorsIdentifiedAtAssessment><AssessmentFactors>1A</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>",
			"<ChildProtectionPlans><CPPstartDate>2022-06-01</CPPstartDate><Reviews><CPPreviewDate>2022-07-01</CPPreviewDate></Reviews></ChildProtectionPlans>"))+
		child(other, referral("2022-07-08")))
}

// Whatever happens to a file, it is refused by a rule, or every row passes or is kept back.
func TestEveryRowIsAccountedFor(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	pieces := []string{"<", ">", "</Child>", "<Child>", "<UPN>x</UPN>", "<CINreferralDate>2022-01-01</CINreferralDate>", "<Disability/>", "x", " ", "<!--", "-->", "&", "&#65;", "<x>", "</x>", "<x/>", "2", "\xe9", "é"}
	refused, kept := 0, int64(0)
	for range 600 {
		content := []byte(base())
		from := bytes.Index(content, []byte("<Children>"))
		for range 1 + random.IntN(3) {
			at := from + random.IntN(len(content)-from)
			switch random.IntN(5) {
			case 0, 1:
				// Between two tags it is more often still a document.
				if i := bytes.IndexByte(content[at:], '>'); i >= 0 {
					at += i + 1
				}
				content = slices.Insert(content, at, []byte(pieces[random.IntN(len(pieces))])...)
			case 2:
				content = slices.Delete(content, at, min(len(content), at+1+random.IntN(20)))
			case 3:
				content[at] = byte(1 + random.IntN(255))
			default:
				// An element once more.
				if open, end := bytes.LastIndexByte(content[:at], '<'), bytes.IndexByte(content[at:], '<'); open > from && end > 0 && content[open+1] != '/' {
					if stop := bytes.IndexByte(content[at+end:], '>'); stop > 0 {
						content = slices.Insert(content, open, bytes.Clone(content[open:at+end+stop+1])...)
					}
				}
			}
			if len(content) <= from {
				break
			}
		}
		got := read(t, file(t, string(content)))
		account(t, content, got)
		if got.err != nil {
			refused++
		}
		for _, tally := range got.tally {
			if got.err == nil {
				kept += tally.Quarantined
			}
		}
	}
	if refused < 60 || refused > 500 || kept < 60 {
		t.Errorf("%d files refused, %d rows kept back: this test shows little", refused, kept)
	}
}

// FuzzReader reads anything as a file. It never panics, never loses a row.
func FuzzReader(f *testing.F) {
	f.Add([]byte(base()))
	f.Add([]byte(document(2027, "<Child/>")))
	f.Add([]byte(document(2025, child(person, person))))
	f.Add([]byte("<?xml version='1.0' encoding='us-ascii'?>" + document(2022, "x")))
	f.Fuzz(func(t *testing.T, content []byte) {
		got := read(t, file(t, string(content)))
		account(t, content, got)
	})
}

// No finding and no error holds any part of a cell or of a name that is not the definitions', whatever is wrong.
func TestFindingsHoldNothingOfTheFile(t *testing.T) {
	const canary = "Canary"
	var filled func(path string, depth int) string
	c := catalogue(t)
	var paths []string
	for _, table := range c.Tables() {
		if table.Format != "cin" {
			continue
		}
		for _, column := range table.Columns {
			if column.Path != "" && !strings.HasPrefix(column.Path, "..") {
				paths = append(paths, strings.TrimSuffix(table.Row+"/"+strings.TrimPrefix(column.Path, "."), "/"))
			}
		}
	}
	// Every element that the definitions have, each with the canary for its text, within one of its own name around it.
	filled = func(path string, depth int) string {
		out, seen := canary, make(map[string]bool)
		for _, p := range paths {
			below, is := strings.CutPrefix(p, path+"/")
			name, _, _ := strings.Cut(below, "/")
			if !is || seen[name] {
				continue
			}
			seen[name] = true
			out += "<" + name + " " + canary + "='" + canary + "'>" + filled(path+"/"+name, depth+1) + "</" + name + ">" + canary
		}
		return out + "<" + canary + ">" + canary + "</" + canary + "><!-- " + canary + " --><?" + canary + " " + canary + "?>"
	}
	inside := "<Child>" + filled("Children/Child", 0) + "</Child>"
	flat := strings.ReplaceAll(inside, "<"+canary+">"+canary+"</"+canary+">", "") // cells that are text
	contents := map[string]string{
		"bad cells":         document(2023, inside+flat+strings.ReplaceAll(flat, ">"+canary, ">&#233;"+canary)),
		"a bad root":        "<" + canary + "/>",
		"a root's prefix":   "<" + canary + ":Message/>",
		"a bad header":      strings.Replace(document(2023, flat), "<Header>", "<"+canary+">x</"+canary+"><Header>", 1),
		"a bad collection":  strings.Replace(document(2023, flat), ">CIN<", ">"+canary+"<", 1),
		"a bad year":        strings.Replace(document(2023, flat), ">2023<", ">"+canary+"<", 1),
		"a bad date":        strings.Replace(document(2023, flat), ">2023-03-31<", ">"+canary+"<", 1),
		"a bad authority":   strings.Replace(document(2023, flat), ">331<", ">"+canary+" "+canary+"<", 1),
		"a bad encoding":    "<?xml version='1.0' encoding='" + canary + "'?>" + document(2023, flat),
		"a bad declaration": "<?xml " + canary + "='1'?>" + document(2023, flat),
		"a document type":   "<!DOCTYPE " + canary + ">" + document(2023, flat),
		"text before":       canary + document(2023, flat),
		"text behind":       document(2023, flat) + canary,
		"an element behind": document(2023, flat) + "<" + canary + "/>",
		"an entity":         document(2023, flat+"&"+canary+";"),
		"an end tag":        document(2023, flat+"</"+canary+">"),
		"a tag":             document(2023, flat+"<"+canary+" "+canary+">"),
		"levels":            document(2023, flat+strings.Repeat("<"+canary+">", 100)),
		"a long text":       document(2023, flat+strings.Repeat(canary, 1<<18)),
		"cut off":           document(2023, flat)[:len(document(2023, flat))-20],
		"a NUL byte":        document(2023, flat+canary+"\x00"),
		"Latin 1":           document(2023, flat+canary+"\xe9"),
	}
	for name, content := range contents {
		got := read(t, file(t, content))
		said := fmt.Sprint(got.err, got.findings)
		var bad *extract.Invalid
		if errors.As(got.err, &bad) {
			said += fmt.Sprint(bad.Findings)
		}
		if strings.Contains(strings.ToLower(said), strings.ToLower(canary)) {
			t.Errorf("%s: the file is repeated: %s", name, said)
		}
		if (got.err == nil) != (name == "bad cells") {
			t.Errorf("%s: %v", name, got.err)
		}
		if name == "bad cells" {
			for table, tally := range got.tally {
				if tally.Passed != 0 || tally.Read < 3 || len(got.findings) < 20 {
					t.Errorf("%s: %+v, %d findings", table, tally, len(got.findings))
				}
			}
		}
	}
}

// What is told is bounded: ten thousand children with the same mistakes are a few findings.
func TestManyMistakesAreFewFindings(t *testing.T) {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, "<Child>x<U%d/><ChildIdentifiers><LAchildID>%d</LAchildID><GenderCurrent>7</GenderCurrent></ChildIdentifiers></Child>", i, i)
	}
	got := read(t, file(t, document(2023, b.String())))
	if want := []string{"CODE_UNKNOWN child GenderCurrent 10000", "ELEMENT_UNKNOWN child Children/Child 10000", "TEXT_STRAY child Children/Child 10000"}; got.err != nil || !slices.Equal(got.told(), want) {
		t.Fatalf("%v, %q", got.err, got.told())
	}
}

// However many batches a file makes, its rows are the same.
func TestBatchesOfManyRows(t *testing.T) {
	const children = 40_000
	var b strings.Builder
	for i := range children {
		fmt.Fprintf(&b, "<Child><ChildIdentifiers><LAchildID>%d</LAchildID></ChildIdentifiers><CINdetails><CINreferralDate>2022-05-06</CINreferralDate></CINdetails></Child>", 1+i)
	}
	got := readWith(t, xml.Reader{}, file(t, document(2023, b.String())), func(t *dataset.Table) []string {
		if t.Name != "child" && t.Name != "cin_details" {
			return nil
		}
		return []string{"LAchildID"}
	})
	for _, name := range []string{"child", "cin_details"} {
		if got.err != nil || got.tally[name] != (extract.Tally{Read: children, Passed: children}) || len(got.rows[name]) != children {
			t.Fatalf("%s: %v, %+v", name, got.err, got.tally[name])
		}
		for i, row := range got.rows[name] {
			if row != fmt.Sprintf("%d|%d", i+1, i+1) {
				t.Fatalf("%s: row %d is %s", name, i+1, row)
			}
		}
	}
}

// A file of many megabytes that is all one thing costs no more than the bound of one text or tag, or of one child.
func TestHostileFilesCostLittle(t *testing.T) {
	begin := strings.TrimSuffix(document(2023, ""), "</Children></Message>")
	for name, v := range map[string]struct {
		begin, repeat, rule string
		size                int // MiB
	}{
		"text":       {begin + child(person) + "<Child><ChildIdentifiers><LAchildID>", "x", string(xml.RuleTooLong), 30},
		"comment":    {begin + "<!-- ", "<x>", string(xml.RuleTooLong), 30},
		"attribute":  {begin + "<Child a='", "<", string(xml.RuleTooLong), 30},
		"attributes": {begin + "<Child", " a=''", string(xml.RuleTooLong), 30},
		"levels":     {begin, "<Child>", string(xml.RuleTooDeep), 30},
		"rows":       {begin + "<Child>", "<CINdetails/>", string(xml.RuleRecordTooLarge), 30},
		"pieces":     {begin + "<Child><ChildIdentifiers><LAchildID>", "12345678<!-- -->", string(xml.RuleRecordTooLarge), 30},
		"nothing":    {begin + "<Child>", "<!-- --><x/>", string(xml.RuleCutOff), 4},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, v.begin)
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			block := []byte(strings.Repeat(v.repeat, 1<<20/len(v.repeat)))
			for range 100 {
				if _, err := f.Write(block); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			sources, err := xml.Reader{}.Recognise(t.Context(), catalogue(t), path, "cin.xml", &finding.Report{})
			if err != nil {
				t.Fatal(err)
			}
			src := sources[slices.IndexFunc(sources, func(s *extract.Source) bool { return s.Table.Name == "cin_details" })]
			src.Path = path
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := outcome{err: xml.Reader{Catalogue: catalogue(t)}.Read(t.Context(), []*extract.Demand{{Source: src, Want: extract.NewWant(src.Table, "LAchildID", "CINreferralDate"),
				Report: &finding.Report{}, Sink: func(*extract.Batch) error { return nil }}})}
			runtime.ReadMemStats(&after)
			if got.rule() != v.rule {
				t.Errorf("%v, want %s", got.err, v.rule)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 28<<20 {
				t.Errorf("%d MiB allocated", n>>20)
			}
		})
	}
}
