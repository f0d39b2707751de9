package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
	"github.com/postern-gateway/postern/pkg/extract/xlsx"
	"github.com/postern-gateway/postern/pkg/extract/xml"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
	"github.com/postern-gateway/postern/pkg/store/s3"
	"github.com/postern-gateway/postern/schemas"
)

// loadConfig reads the configuration.
func (p *program) loadConfig() (*config.Config, error) {
	c, err := config.Load(p.config)
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// definitionFiles are the dataset definitions: the built-in ones and the council's own.
func definitionFiles(c *config.Config) ([]fs.FS, error) {
	files := []fs.FS{schemas.Files}
	if c != nil && c.Schemas != "" {
		if _, err := os.Stat(c.Schemas); err != nil {
			return nil, usage("make the folder, or take schemas out of postern.yaml", "the council's definitions cannot be read: %w", err)
		}
		files = append(files, os.DirFS(c.Schemas))
	}
	return files, nil
}

// catalogue reads the dataset definitions.
func catalogue(c *config.Config) (*dataset.Catalogue, error) { return catalogueAgain(c, nil) }

// catalogueAgain reads them again, since they may have changed from what they were when one was loaded.
func catalogueAgain(c *config.Config, before *dataset.Catalogue) (*dataset.Catalogue, error) {
	files, err := definitionFiles(c)
	if err != nil {
		return nil, err
	}
	load := dataset.Load
	if before != nil {
		load = before.Again
	}
	loaded, err := load(files...)
	if err != nil {
		return nil, usageError{err}
	}
	return loaded, nil
}

// readers has a reader per file name ending. Text is read by so many workers side by side; 0 for as many as there are
// processors.
func readers(cat *dataset.Catalogue, workers int) map[string]extract.Reader {
	text := csv.Reader{Workers: workers}
	return map[string]extract.Reader{
		".csv": text, ".tab": text, ".tsv": text, ".xml": xml.Reader{Catalogue: cat}, ".xlsx": xlsx.Reader{}, ".xlsm": xlsx.Reader{},
	}
}

// openStore opens a store by its URL. A bucket is not asked for anything yet.
func openStore(ctx context.Context, url string) (store.Store, error) {
	if strings.HasPrefix(url, s3.Scheme) {
		address, err := s3.ParseAddress(url)
		if err != nil {
			return nil, usageError{err}
		}
		bucket, err := s3.Open(ctx, address)
		if err != nil {
			return nil, usageError{err}
		}
		return bucket, nil
	}
	path, ok := strings.CutPrefix(url, "dir:")
	if !ok || path == "" {
		return nil, usage("write dir: and the path of a folder, or s3://BUCKET/PREFIX?region=REGION", "the store is not one that this version knows")
	}
	return dir.Open(path)
}

// gateway puts together what a command works with, but for the store.
func (p *program) gateway(c *config.Config) (*export.Gateway, error) {
	cat, err := catalogue(c)
	if err != nil {
		return nil, err
	}
	g, err := p.bookkeeper(c)
	if err != nil {
		return nil, err
	}
	g.Catalogue, g.Readers = cat, readers(cat, 0)
	return g, nil
}

// bookkeeper is a gateway without definitions, for commands that look at nothing but keys and register: reading the
// definitions would take most of their time.
func (p *program) bookkeeper(c *config.Config) (*export.Gateway, error) {
	folder, err := state.Open(c.State)
	if err != nil {
		return nil, usageError{err}
	}
	if notice := custody.PermissionNotice(); notice != "" {
		_, _ = fmt.Fprintf(p.stderr, "postern: notice: %s\n", notice) // a notice that cannot be written stops nothing
	}
	return &export.Gateway{
		LACode: c.Organisation.LACode, Agreements: c.Agreements, Keys: custody.Open(c.Keys), State: folder, Now: p.now, Version: version, Build: build,
	}, nil
}

// openGateway is loadConfig and gateway, for commands that need no store: who signs a decision has none at hand.
func (p *program) openGateway() (*config.Config, *export.Gateway, error) {
	c, err := p.loadConfig()
	if err != nil {
		return nil, nil, err
	}
	g, err := p.gateway(c)
	return c, g, err
}

// openBookkeeper is loadConfig and bookkeeper.
func (p *program) openBookkeeper() (*config.Config, *export.Gateway, error) {
	c, err := p.loadConfig()
	if err != nil {
		return nil, nil, err
	}
	g, err := p.bookkeeper(c)
	return c, g, err
}

// extractsOf are the extracts named on the command line, or the configuration's folder.
func extractsOf(c *config.Config, named []string) ([]string, error) {
	if len(named) > 0 {
		return named, nil
	}
	if _, err := os.Stat(c.Extracts); err != nil {
		return nil, finding.WithHint(usageError{fmt.Errorf("the folder of extracts cannot be read: %w", err)}, "name the extracts after the agreement, or correct extracts in postern.yaml")
	}
	return []string{c.Extracts}, nil
}

// readFile reads a file that sets the gate up.
func readFile(path, what string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("check the path", "%s cannot be read: %w", what, err)
	}
	return data, nil
}
