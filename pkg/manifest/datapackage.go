package manifest

import (
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// The profiles of the Frictionless standard that datapackage.json follows.
const (
	packageProfile  = "https://datapackage.org/profiles/2.0/datapackage.json"
	resourceProfile = "https://datapackage.org/profiles/2.0/dataresource.json"
	schemaProfile   = "https://datapackage.org/profiles/2.0/tableschema.json"
)

// These types are the part of Data Package v2 (https://datapackage.org/standard/) that a drop uses. Members that the
// standard does not know (classification, agreement, treatment, …) are allowed by it.
type (
	dataPackage struct {
		Schema         string         `json:"$schema"`
		Name           string         `json:"name"`
		ID             string         `json:"id"`
		Title          string         `json:"title"`
		Description    string         `json:"description"`
		Version        string         `json:"version"`
		Classification string         `json:"classification"`
		Agreement      string         `json:"agreement"`
		Supersedes     []string       `json:"supersedes,omitempty"` // since FormatV1
		Contributors   []contributor  `json:"contributors"`
		Resources      []dataResource `json:"resources"`
	}
	contributor struct {
		Title string   `json:"title"`
		Roles []string `json:"roles"`
	}
	dataResource struct {
		Schema      string      `json:"$schema"`
		Name        string      `json:"name"`
		Path        string      `json:"path"`
		Type        string      `json:"type"`
		Title       string      `json:"title"`
		Description string      `json:"description"`
		Format      string      `json:"format"`
		MediaType   string      `json:"mediatype"`
		Bytes       int64       `json:"bytes"`
		Hash        string      `json:"hash"`
		RowCount    int64       `json:"rowCount"`
		TableSchema tableSchema `json:"schema"`
	}
	tableSchema struct {
		Schema        string   `json:"$schema"`
		Fields        []field  `json:"fields"`
		MissingValues []string `json:"missingValues"`
	}
	field struct {
		Name        string      `json:"name"`
		Type        string      `json:"type"`
		Format      string      `json:"format"`
		Description string      `json:"description"`
		Constraints constraints `json:"constraints"`
		Categories  []category  `json:"categories,omitempty"`
		Class       string      `json:"class"`
		Source      []string    `json:"source"`
		Treatment   string      `json:"treatment"`
	}
	constraints struct {
		Required bool     `json:"required"`
		Pattern  string   `json:"pattern,omitempty"`
		Enum     []string `json:"enum,omitempty"`
	}
	category struct {
		Value string `json:"value"`
		Label string `json:"label"`
	}
)

// DataPackage writes datapackage.json: the data dictionary in the form that the Frictionless tools of R, Python and
// others read. Each Parquet file is one resource, so that the parts of a table can be read one by one.
func DataPackage(m *Manifest) ([]byte, error) {
	p := dataPackage{
		Schema:         packageProfile,
		Name:           strings.ReplaceAll(m.Drop.ID, "/", "-"),
		ID:             m.Drop.ID,
		Title:          m.Agreement.Title,
		Description:    m.Notice + " Purpose: " + m.Purpose.Text,
		Version:        strconv.FormatInt(m.Drop.Sequence, 10),
		Classification: m.Classification,
		Agreement:      fmt.Sprintf("%s version %d", m.Agreement.ID, m.Agreement.Version),
		Contributors: []contributor{
			{Title: m.Controller.Name, Roles: []string{"rightsHolder"}},
		},
		Resources: []dataResource{},
	}
	if m.Format != FormatV1 {
		p.Supersedes = m.Drop.Supersedes
	}
	for i := range m.Tables {
		t := &m.Tables[i]
		schema := tableSchemaOf(m, t)
		for _, f := range t.Files {
			p.Resources = append(p.Resources, dataResource{
				Schema:      resourceProfile,
				Name:        resourceName(f.Path),
				Path:        f.Path,
				Type:        "table",
				Title:       t.Name,
				Description: t.Meaning,
				Format:      "parquet",
				MediaType:   "application/vnd.apache.parquet",
				Bytes:       f.Bytes,
				Hash:        "sha256:" + f.SHA256,
				RowCount:    f.Rows,
				TableSchema: schema,
			})
		}
	}
	data, err := encode(p)
	if err != nil {
		return nil, fmt.Errorf("datapackage.json: %w", err)
	}
	return data, nil
}

// resourceName turns children/00.parquet into children.00: paths are of lower-case letters, digits, - and _ only, so
// two paths cannot become one name.
func resourceName(file string) string {
	return strings.ReplaceAll(strings.TrimSuffix(file, path.Ext(file)), "/", ".")
}

func tableSchemaOf(m *Manifest, t *Table) tableSchema {
	s := tableSchema{Schema: schemaProfile, Fields: []field{}, MissingValues: []string{""}}
	for _, c := range t.Columns {
		f := field{
			Name:        c.Name,
			Type:        fieldType(c.Type),
			Format:      "default",
			Description: c.Meaning,
			Constraints: constraints{Required: !c.Nullable},
			Class:       c.Class,
			Source:      present(c.Source),
			Treatment:   c.Treatment,
		}
		if c.Domain != "" {
			f.Constraints.Pattern = m.Pseudonyms.Pattern(c.Domain)
		}
		for _, code := range c.Codes {
			f.Constraints.Enum = append(f.Constraints.Enum, code.Code)
			f.Categories = append(f.Categories, category{Value: code.Code, Label: code.Meaning})
		}
		s.Fields = append(s.Fields, f)
	}
	return s
}

func fieldType(columnType string) string {
	if columnType == Int32 {
		return "integer"
	}
	return columnType // string, date and boolean are called the same
}

// Pattern is the regular expression that every pseudonym of a domain matches whole: its letter and epoch, an underscore
// and 160 bits in Crockford's base 32, lower case.
func (p *Pseudonyms) Pattern(domain string) string {
	return fmt.Sprintf("%s[0-9a-hjkmnp-tv-z]{32}", p.Prefix(domain))
}

// Prefix is what every pseudonym of a domain begins with: c1_.
func (p *Pseudonyms) Prefix(domain string) string {
	return fmt.Sprintf("%s%d_", p.DomainLetter(domain), p.Epoch)
}

// Hex writes a digest as every file of a drop has it.
func Hex(digest [32]byte) string { return hex.EncodeToString(digest[:]) }
