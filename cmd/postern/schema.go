package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/schemas"
)

func (p *program) schemaCommand() *cobra.Command {
	return group("schema", "Describe reports of the council's own, and check the descriptions",
		p.schemaNewCommand(), p.schemaCheckCommand())
}

// configOrNone reads the configuration, where there is one: reports can be described before anything is set up.
func (p *program) configOrNone() (*config.Config, error) {
	if _, err := os.Stat(p.config); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return p.loadConfig()
}

// definitions are files of dataset definitions, wherever each lies, as one folder.
type definitions struct {
	names []string          // as they are in the folder
	paths map[string]string // where each is
	data  map[string][]byte
}

// add reads a file. One that is there already is not read twice.
func (d *definitions) add(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return usage("check the path", "the definition cannot be read: %w", err)
	}
	name := filepath.Base(path)
	if was, has := d.paths[name]; has {
		if there, err := filepath.Abs(was); err == nil && there == abs {
			return nil
		}
		return usage("give each file a name of its own", "two files of definitions are called %s", name)
	}
	data, err := readFile(path, "the definition")
	if err != nil {
		return err
	}
	if d.paths == nil {
		d.paths, d.data = make(map[string]string), make(map[string][]byte)
	}
	d.names, d.paths[name], d.data[name] = append(d.names, name), path, data
	return nil
}

// load reads them behind the built-in ones.
func (d *definitions) load() (*dataset.Catalogue, error) {
	return dataset.Load(schemas.Files, d)
}

var _ interface {
	fs.GlobFS
	fs.ReadFileFS
} = (*definitions)(nil)

// Glob lists the files that a pattern names.
func (d *definitions) Glob(pattern string) ([]string, error) {
	var out []string
	for _, name := range d.names {
		fits, err := filepath.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if fits {
			out = append(out, name)
		}
	}
	return out, nil
}

// ReadFile gives a file's bytes.
func (d *definitions) ReadFile(name string) ([]byte, error) {
	data, has := d.data[name]
	if !has {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return data, nil
}

// Open opens a file.
func (d *definitions) Open(name string) (fs.File, error) {
	data, err := d.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &opened{Reader: bytes.NewReader(data), name: name}, nil
}

// opened is a file of definitions.
type opened struct {
	*bytes.Reader
	name string
}

func (o *opened) Close() error               { return nil }
func (o *opened) Stat() (fs.FileInfo, error) { return o, nil }
func (o *opened) Name() string               { return o.name }
func (o *opened) Mode() fs.FileMode          { return 0o444 }
func (o *opened) ModTime() time.Time         { return time.Time{} }
func (o *opened) IsDir() bool                { return false }
func (o *opened) Sys() any                   { return nil }
