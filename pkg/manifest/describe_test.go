package manifest_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/manifest"
)

// The rules of Data Package v2 that a package, its resources and its fields must keep
// (https://datapackage.org/standard/data-package/, data-resource, table-schema).
func TestDataPackageKeepsTheStandard(t *testing.T) {
	path := regexp.MustCompile(`^[^./~\\:][^\\:]*$`) // relative, POSIX, without a URL's scheme
	hash := regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	members := map[string][]string{ // constraints that each type of field may have
		"string":  {"required", "unique", "pattern", "enum", "minLength", "maxLength"},
		"integer": {"required", "unique", "pattern", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
		"date":    {"required", "unique", "pattern", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
		"boolean": {"required", "enum"},
	}
	for seed := range uint64(50) {
		m := generate(rand.New(rand.NewPCG(seed, 2)))
		data, err := manifest.DataPackage(m)
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			Schema    string `json:"$schema"`
			Name      string `json:"name"`
			Resources []struct {
				Schema, Name, Path, Type, Format, MediaType, Hash string
				Bytes                                             int64
				TableSchema                                       struct {
					Fields []struct {
						Name, Type, Format, Description string
						Constraints                     map[string]json.RawMessage
						Categories                      []struct{ Value, Label string }
					}
					MissingValues []string
				} `json:"schema"`
			} `json:"resources"`
		}
		if err := json.Unmarshal(data, &p); err != nil {
			t.Fatal(err)
		}
		if p.Schema != "https://datapackage.org/profiles/2.0/datapackage.json" || p.Name == "" || strings.Contains(p.Name, "/") {
			t.Error("the package has no profile or no plain name")
		}
		names := map[string]bool{}
		files := m.Files()
		if len(p.Resources) != len(files) {
			t.Fatalf("%d resources for %d files", len(p.Resources), len(files))
		}
		for _, r := range p.Resources {
			if r.Name == "" || names[r.Name] {
				t.Errorf("a resource without a name of its own: %q", r.Name)
			}
			names[r.Name] = true
			i := slices.IndexFunc(files, func(f manifest.File) bool { return f.Path == r.Path })
			if i < 0 || !path.MatchString(r.Path) || strings.Contains(r.Path, "..") {
				t.Fatalf("the path of %s is not one of a file of the drop", r.Name)
			}
			if r.Type != "table" || r.Format != "parquet" || r.Bytes != files[i].Bytes || !hash.MatchString(r.Hash) || r.Hash[7:] != files[i].SHA256 {
				t.Errorf("resource %s does not describe its file", r.Name)
			}
			if len(r.TableSchema.Fields) == 0 || !slices.Equal(r.TableSchema.MissingValues, []string{""}) {
				t.Errorf("resource %s has no fields or no missing value", r.Name)
			}
			seen := map[string]bool{}
			for _, f := range r.TableSchema.Fields {
				if f.Name == "" || seen[f.Name] || f.Description == "" || f.Format != "default" {
					t.Errorf("field %q of %s: no name of its own, no description or an unknown format", f.Name, r.Name)
				}
				seen[f.Name] = true
				for member := range f.Constraints {
					if !slices.Contains(members[f.Type], member) {
						t.Errorf("field %q of type %q may not have the constraint %s", f.Name, f.Type, member)
					}
				}
				var enum []string
				if raw, ok := f.Constraints["enum"]; ok {
					if err := json.Unmarshal(raw, &enum); err != nil {
						t.Fatal(err)
					}
				}
				var values []string
				for _, c := range f.Categories {
					values = append(values, c.Value)
				}
				if !slices.Equal(enum, values) {
					t.Errorf("field %q: its categories are not its codes", f.Name)
				}
			}
		}
	}
}

func TestDataPackageCodes(t *testing.T) {
	data, err := manifest.DataPackage(small())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"label": "female"`, `"pattern": "c1_[0-9a-hjkmnp-tv-z]{32}"`, `"enum": [`, `"type": "integer"`, `"required": false`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s", want)
		}
	}
}

// The page is well formed, says first that it is personal data, is built for assistive technology, asks nothing of a
// network, and cannot be taken over by what a manifest says.
func TestReadme(t *testing.T) {
	m := small()
	m.Agreement.Title = `Evaluation <script>alert(1)</script> & "more"`
	m.Drop.Supersedes = []string{"dsa-coventry-fv-2026/0005-20260921", "dsa-coventry-fv-2026/0006-20261021"}
	m.Linkage = []manifest.Linkage{{Table: "attendance", Domain: "child/upn", LinkedPercent: "97"}}
	page, err := manifest.ReadmeHTML(m)
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	doc := parsePage(t, text)

	if len(doc.headings) == 0 || doc.headings[0].level != 1 || !strings.HasPrefix(doc.headings[0].text, "This is personal data") {
		t.Error("the first heading does not say that this is personal data")
	}
	for i, h := range doc.headings {
		if i > 0 && (h.level == 1 || h.level > doc.headings[i-1].level+1) {
			t.Errorf("heading %q skips a level, or is a second title", h.text)
		}
	}
	if doc.lang != "en-GB" || doc.titles != 1 || doc.tables == 0 || doc.tables != doc.captions || doc.bareHeaders > 0 || doc.unsafe != "" {
		t.Errorf("lang %q, %d titles, %d tables with %d captions, %d header cells without a scope, forbidden element %q",
			doc.lang, doc.titles, doc.tables, doc.captions, doc.bareHeaders, doc.unsafe)
	}
	for _, link := range doc.links {
		if !strings.HasPrefix(link, "#") || !doc.ids[link[1:]] {
			t.Errorf("link %q leads nowhere on the page", link)
		}
	}
	if doc.duplicateID != "" {
		t.Errorf("id %q stands twice", doc.duplicateID)
	}
	for _, foreign := range []string{"http:", "https:", "//", "url(", "@import", "<script", "src="} {
		if strings.Contains(text, foreign) {
			t.Errorf("the page has %q", foreign)
		}
	}
	for _, want := range []string{m.Notice, "ssh-keygen -Y verify", "postern-drop@v1", "sha256sum -c SHA256SUMS", "code key, version 1",
		"this is not what we sent. Do not use it. Call", "About 35 in 100 children look like no other", "children.parquet",
		"left blank so nobody can be picked out", "31 March 2030", "21 November 2026", "2,000", "female", "date to month", "which must no longer be used"} {
		if !strings.Contains(strings.Join(strings.Fields(doc.text), " "), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// Where nothing was measured the page says so, and not that nobody stands out.
func TestReadmeOfWhatWasNotMeasured(t *testing.T) {
	m := small()
	notMeasured(m)
	page, err := manifest.ReadmeHTML(m)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(parsePage(t, string(page)).text), " ")
	if !strings.Contains(text, "Not measured: no table has one row per child.") || !strings.Contains(text, "(release profile: secure)") {
		t.Error("the page does not say that nothing was measured")
	}
	for _, not := range []string{"look like no other child", "who look alike", "No children", "All children", "Counted over"} {
		if strings.Contains(text, not) {
			t.Errorf("the page says %q", not)
		}
	}
}

// A drop is personal data: no text of the gateway calls it by the word that would say otherwise.
func TestWords(t *testing.T) {
	page, err := manifest.ReadmeHTML(small())
	if err != nil {
		t.Fatal(err)
	}
	described, err := manifest.DataPackage(small())
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"README.html": page, "datapackage.json": described, "manifest.json": encoded(t, small())} {
		text := strings.ReplaceAll(strings.ToLower(string(data)), "pseudonymis", "")
		for _, word := range []string{"anonym", "data subject", "hmac key epoch", "k-anonymity"} {
			if strings.Contains(text, word) {
				t.Errorf("%s says %q", name, word)
			}
		}
	}
}

type parsedPage struct {
	lang, unsafe, duplicateID, text       string
	titles, tables, captions, bareHeaders int
	headings                              []heading
	links                                 []string
	ids                                   map[string]bool
}

type heading struct {
	level int
	text  string
}

func parsePage(t *testing.T, page string) parsedPage {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(regexp.MustCompile(`<(meta [^>]*)>`).ReplaceAllString(page, "<$1/>")))
	d.Entity = xml.HTMLEntity
	doc := parsedPage{ids: map[string]bool{}}
	var text strings.Builder
	inHeading, inStyle := false, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			doc.text = text.String()
			return doc
		}
		if err != nil {
			t.Fatalf("the page is not well formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			attrs := map[string]string{}
			for _, a := range token.Attr {
				attrs[a.Name.Local] = a.Value
			}
			if id := attrs["id"]; id != "" {
				if doc.ids[id] {
					doc.duplicateID = id
				}
				doc.ids[id] = true
			}
			switch name {
			case "html":
				doc.lang = attrs["lang"]
			case "title":
				doc.titles++
			case "table":
				doc.tables++
			case "caption":
				doc.captions++
			case "style":
				inStyle = true
			case "a":
				doc.links = append(doc.links, attrs["href"])
			case "th":
				if attrs["scope"] == "" {
					doc.bareHeaders++
				}
			case "h1", "h2", "h3", "h4":
				doc.headings = append(doc.headings, heading{level: int(name[1] - '0')})
				inHeading = true
			case "script", "img", "link", "iframe", "object", "form", "base":
				doc.unsafe = name
			}
		case xml.EndElement:
			inStyle = inStyle && token.Name.Local != "style"
			inHeading = inHeading && token.Name.Local[0] != 'h'
		case xml.CharData:
			if inHeading {
				doc.headings[len(doc.headings)-1].text += string(token)
			}
			if !inStyle {
				text.Write(token)
			}
		}
	}
}
