package export_test

import (
	"context"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// unreadable is a reader that must not be asked.
type unreadable struct{ t *testing.T }

func (u unreadable) Fields(context.Context, string, string) ([]string, error) {
	u.t.Error("an extract was opened before the gate was found to be open")
	return nil, nil
}

func (u unreadable) Read(context.Context, *extract.Source, extract.Want, func(*extract.Batch) error, *finding.Report) (extract.Tally, error) {
	u.t.Error("an extract was read before the gate was found to be open")
	return extract.Tally{}, nil
}
