// Package config reads postern.yaml: where things are, and nothing of policy. Who may do what stands in the agreements
// and the roles file, which the people who run the gate cannot change.
//
//	organisation: {name: Coventry City Council, la_code: "331"}
//	extracts: ./extracts
//	schemas: ./schemas                   # optional: the council's own dataset definitions, beside the built-in ones
//	agreements: ./agreements
//	state: ./state                       # run records, sealed index, staging, register
//	store: dir:./drops                   # or s3://bucket/prefix?region=…&endpoint=https://…&path_style=true&ca=./ca.pem
//	keys: {master: file:./keys/master.age, identity: file:./keys/identity, salts: file:./keys/salts,
//	       signing: file:./keys/signing, register: file:./keys/register, rights: file:./keys/rights.pub}
//
// Paths are taken from the folder of postern.yaml, so that a schedule may start the gate from anywhere.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store/s3"
)

// Config is a configuration, with every path made absolute or left empty where it was not given.
type Config struct {
	File         string
	Organisation Organisation
	Extracts     string
	Schemas      string // empty: only the built-in definitions
	Agreements   string
	State        string
	Store        string // a URL: dir:PATH or s3://BUCKET/PREFIX?…, see store/s3
	Keys         custody.References
}

// Organisation is the council.
type Organisation struct {
	Name   string
	LACode string // three digits, the Department for Education's code of the local authority
}

var laCode = regexp.MustCompile(`^[0-9]{3}$`)

// Load reads a configuration. All its mistakes are returned at once, as document.Problems, beside what could be read: for
// who looks for more mistakes, not for use.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, finding.WithHint(fmt.Errorf("there is no configuration %s", path), "run postern where postern.yaml is, or name it with --config")
	}
	if err != nil {
		return nil, finding.WithHint(fmt.Errorf("read configuration: %w", err), "name the file with --config, and see that the account that runs postern may read it")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	r := reader{folder: filepath.Dir(absolute)}
	root, log := document.Parse(path, data)
	c := &Config{File: absolute}
	organisation := root.Mapping("organisation")
	c.Organisation.Name = organisation.String("name")
	c.Organisation.LACode = organisation.String("la_code", document.Matching(laCode, `three digits in quotes, such as "331"`))
	organisation.Done()
	c.Extracts = r.path(root, "extracts")
	c.Schemas = r.path(root, "schemas", document.Optional())
	c.Agreements = r.path(root, "agreements")
	c.State = r.path(root, "state")
	c.Store = r.store(root)
	keys := root.Mapping("keys")
	c.Keys = custody.References{
		Master: r.key(keys, "master"), Salts: r.key(keys, "salts"), Signing: r.key(keys, "signing"),
		Register: r.key(keys, "register"), Rights: r.key(keys, "rights"), Identity: r.key(keys, "identity", document.Optional()),
	}
	keys.Done()
	root.Done()
	return c, log.Err()
}

type reader struct{ folder string }

func (r reader) within(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.folder, filepath.FromSlash(path))
}

func (r reader) path(m *document.Mapping, key string, options ...document.Option) string {
	if !m.Has(key) && len(options) > 0 {
		m.Value(key, options...)
		return ""
	}
	return r.within(m.String(key, options...))
}

// key reads a reference to a key, "file:PATH".
func (r reader) key(m *document.Mapping, key string, options ...document.Option) string {
	if !m.Has(key) && len(options) > 0 {
		m.Value(key, options...)
		return ""
	}
	reference := m.String(key, options...)
	path, ok := strings.CutPrefix(reference, "file:")
	if reference != "" && (!ok || path == "") {
		m.Value(key).Problem("is not a reference to a key", "write file: and the path of the key")
		return ""
	}
	if reference == "" {
		return ""
	}
	return "file:" + r.within(path)
}

// store reads where drops go: a folder or a bucket.
func (r reader) store(m *document.Mapping) string {
	url := m.String("store")
	if url == "" {
		return ""
	}
	if strings.HasPrefix(url, s3.Scheme) {
		address, err := s3.ParseAddress(url)
		if err != nil {
			m.Value("store").Problem(err.Error(), finding.HintOf(err))
			return ""
		}
		address.CA = r.within(address.CA)
		return address.String()
	}
	path, ok := strings.CutPrefix(url, "dir:")
	if !ok || path == "" {
		m.Value("store").Problem("is not a store that this version knows", "write dir: and the path of a folder, or s3://BUCKET/PREFIX?region=REGION")
		return ""
	}
	return "dir:" + r.within(path)
}
