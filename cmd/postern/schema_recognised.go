package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/config"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// recognised finds out which extracts are taken for the tables. What a file is otherwise is no matter here.
func recognised(ctx context.Context, c *config.Config, cat *dataset.Catalogue, tables []*described) error {
	read := readers(cat, 0)
	return filepath.WalkDir(c.Extracts, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return usage("correct extracts in postern.yaml, or leave --extracts out", "the folder of extracts cannot be read: %w", err)
		}
		if name := entry.Name(); strings.HasPrefix(name, ".") && path != c.Extracts || strings.HasPrefix(name, "~$") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		reader, known := read[strings.ToLower(filepath.Ext(path))]
		if entry.IsDir() || !known {
			return nil
		}
		sources, err := reader.Recognise(ctx, cat, path, path, &finding.Report{})
		var bad *extract.Invalid
		if errors.As(err, &bad) {
			return nil // of no table, or in some other way no extract: postern inspect tells
		}
		if err != nil {
			return err
		}
		for _, src := range sources {
			for _, t := range tables {
				if t.Table == src.Table.ID() && !slices.Contains(t.Files, path) {
					t.Files = append(t.Files, path)
				}
			}
		}
		return nil
	})
}
