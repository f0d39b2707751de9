//go:build unix

package export_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/export"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
	"github.com/postern-gateway/postern/pkg/store/dir"
)

// elsewhere is a store that says it is at a place, and what a probe of it finds.
type elsewhere struct {
	*dir.Store
	at     store.Place
	public error
}

func (e elsewhere) Place() store.Place            { return e.at }
func (e elsewhere) Private(context.Context) error { return e.public }

// nowhere is a store that says no more than it must.
type nowhere struct{ store.Store }

// refusals runs an exporter that the gate refuses, before it opens an extract, and lists the codes.
func (c *council) refusals(t *testing.T, g *export.Gateway) []finding.Code {
	t.Helper()
	for ending := range g.Readers {
		g.Readers[ending] = unreadable{t}
	}
	err := c.tryExport(t, g, shippedID, c.path("nothing"))
	var shut *export.Shut
	if !errors.As(err, &shut) {
		return nil
	}
	var codes []finding.Code
	for _, r := range shut.Refusals {
		codes = append(codes, r.Code)
	}
	return codes
}

// TestStoreIsTheOneAgreedOn: the store in use is held to the agreement's list by what it says of itself.
func TestStoreIsTheOneAgreedOn(t *testing.T) {
	bucket := store.Place{Kind: store.PlaceBucket, Bucket: "drops", Region: "eu-west-2"}
	server := store.Place{Kind: store.PlaceBucket, Bucket: "drops", Region: "eu-west-2", Endpoint: "store.council.example:9000"}
	for _, test := range []struct {
		name   string
		agreed string
		at     store.Place
		codes  []finding.Code
	}{
		{"a folder for a bucket", "{kind: bucket, bucket: drops, region: eu-west-2, country: GB}", store.Place{Kind: store.PlaceFolder}, []finding.Code{finding.PostureMismatch}},
		{"a bucket for a folder", "{kind: folder, country: GB}", bucket, []finding.Code{finding.PostureMismatch}},
		{"the bucket", "{kind: bucket, bucket: drops, region: eu-west-2, country: GB}", bucket, nil},
		{"any bucket there", "{kind: bucket, region: eu-west-2, country: GB}", bucket, nil},
		{"another bucket", "{kind: bucket, bucket: drop, region: eu-west-2, country: GB}", bucket, []finding.Code{finding.PostureMismatch}},
		{"another region", "{kind: bucket, bucket: drops, region: eu-west-1, country: GB}", bucket, []finding.Code{finding.PostureMismatch}},
		{"another server", "{kind: bucket, bucket: drops, region: eu-west-2, country: GB}", server, []finding.Code{finding.PostureMismatch}},
		{"the server", "{kind: bucket, bucket: drops, region: eu-west-2, endpoint: store.council.example, country: GB}", server, nil},
		{"the server and its port", `{kind: bucket, bucket: drops, region: eu-west-2, endpoint: "store.council.example:9000", country: GB}`, server, nil},
		{"another port", `{kind: bucket, bucket: drops, region: eu-west-2, endpoint: "store.council.example:9001", country: GB}`, server, []finding.Code{finding.PostureMismatch}},
		{"the region's own for a server", "{kind: bucket, bucket: drops, region: eu-west-2, endpoint: store.council.example, country: GB}", bucket, []finding.Code{finding.PostureMismatch}},
		{"a country not agreed on", "{kind: bucket, bucket: drops, region: eu-west-2, country: IE}", bucket, []finding.Code{finding.TransferNotAllowed}},
		{"one of two", "{kind: folder, country: GB}\n    - {kind: bucket, bucket: drops, region: eu-west-2, country: GB}", bucket, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			whole := shippedAgreement(t)
			list := whole[strings.Index(whole, "    - {kind: folder"):strings.Index(whole, "  access:")]
			c := newCouncil(t, strings.Replace(whole, list, "    - "+test.agreed+"\n", 1))
			g := c.gateway(t)
			g.Store = elsewhere{dirOf(t, g), test.at, nil}
			if got := c.refusals(t, g); !slices.Equal(got, test.codes) {
				t.Errorf("the run was refused with %v; want %v", got, test.codes)
			}
		})
	}
}

func dirOf(t *testing.T, g *export.Gateway) *dir.Store {
	t.Helper()
	target, ok := g.Store.(*dir.Store)
	if !ok {
		t.Fatal("the store is no folder")
	}
	return target
}

// TestStoreThatSaysNothingOfItsPlace is nowhere that was agreed on.
func TestStoreThatSaysNothingOfItsPlace(t *testing.T) {
	c := newCouncil(t, shippedAgreement(t))
	g := c.gateway(t)
	g.Store = nowhere{g.Store}
	if got := c.refusals(t, g); !slices.Equal(got, []finding.Code{finding.PostureMismatch}) {
		t.Errorf("the run was refused with %v", got)
	}
}

// TestPublicStore: one that strangers can read refuses the run; one of which that cannot be found out fails it.
func TestPublicStore(t *testing.T) {
	c := newCouncil(t, shippedAgreement(t))
	g := c.gateway(t)
	open := finding.Refuse(finding.BucketPublic, "close it", "anybody can list what is in the bucket")
	g.Store = elsewhere{dirOf(t, g), store.Place{Kind: store.PlaceFolder}, open}
	if got := c.refusals(t, g); !slices.Equal(got, []finding.Code{finding.BucketPublic}) {
		t.Errorf("the run was refused with %v", got)
	}
	if code := c.refused(t); code != string(finding.BucketPublic) {
		t.Errorf("the register has %q as the last refusal", code)
	}

	c = newCouncil(t, shippedAgreement(t))
	g = c.gateway(t)
	down := &store.Error{Op: store.OpList, Err: errors.New("the line is cut"), Hint: "run again"}
	g.Store = elsewhere{dirOf(t, g), store.Place{Kind: store.PlaceFolder}, down}
	for ending := range g.Readers {
		g.Readers[ending] = unreadable{t}
	}
	var failed *store.Error
	if err := c.tryExport(t, g, shippedID, c.path("nothing")); !errors.As(err, &failed) {
		t.Errorf("the run ended with %v; want a failure of the store", err)
	}
	if runs, err := g.State.Preflights(shippedID); err != nil || len(runs) != 0 {
		t.Errorf("there are %d pre-flight records, %v", len(runs), err)
	}

	// Where the run is refused anyway, that is what people are told.
	c.now = c.now.AddDate(10, 0, 0)
	g.Now = c.gateway(t).Now
	if got := c.refusals(t, g); len(got) == 0 || got[0] != finding.AgreementExpired {
		t.Errorf("the run was refused with %v", got)
	}
}

// TestForeignDropsCloseNothing: what others put beside the drops is told of, and stops no run: whoever can write to the
// store could close the gate with it.
func TestForeignDropsCloseNothing(t *testing.T) {
	c := newCouncil(t, shippedAgreement(t))
	g := c.gateway(t)
	for _, name := range []string{"SHA256SUMS.sig", "register.proof"} {
		if err := g.Store.Put(t.Context(), shippedID+"/0099-20261101/"+name, store.BodyFromBytes([]byte("another's"))); err != nil {
			t.Fatal(err)
		}
	}
	result := c.export(t, shippedID, smallCohort(t))
	warned := slices.ContainsFunc(result.Checks, func(f finding.Check) bool {
		return f.Outcome == finding.CheckWarned && strings.Contains(f.Evidence, "0099-20261101")
	})
	if result.Outcome != export.Published || !warned {
		t.Errorf("the run was %s; it told of the foreign drop: %t", result.Outcome, warned)
	}
}
