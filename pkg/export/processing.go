package export

import (
	"cmp"
	"slices"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/dataset"
)

// ProcessingOptions says what a record of processing is made of.
type ProcessingOptions struct {
	Files []string // agreement files, in any order
	// Chosen takes every agreement of Files, whatever its state; else drafts are left out, and versions that a later one
	// has followed.
	Chosen bool
	// Public makes a copy for everybody: agreements that are active, unless Chosen; no name of a person, no e-mail address,
	// and nothing of what people wrote when they decided.
	Public bool
}

// Processing makes the record of processing activities from agreements: one entry for each, by id and version. Books may
// be nil, where there is no register yet: then nothing is decided. The error is about a file that is no agreement; an agreement whose
// decisions cannot be read is NotDecided.
func (g *Gateway) Processing(books *Books, o ProcessingOptions) ([]Activity, error) {
	var names []string
	if books != nil {
		h := historian{drops: map[string]dropUnder{}, erased: map[int64]erasure{}}
		for r, err := range books.log.Records() {
			if err != nil {
				return nil, err
			}
			h.learn(r)
		}
		names = h.names
	}
	var out []Activity
	for _, file := range o.Files {
		a, err := LoadAgreement(file, g.Catalogue)
		if err != nil {
			return nil, err
		}
		var status *agreement.Status
		if books != nil {
			if j, err := g.Judge(file, books); err == nil {
				status = j.Status
			}
		}
		for _, p := range a.Recipient.People {
			names = append(names, oneLine(p.Name))
		}
		out = append(out, activity(a, g.Catalogue, status, o.Public))
	}
	slices.SortFunc(out, func(a, b Activity) int {
		return cmp.Or(cmp.Compare(a.Agreement, b.Agreement), cmp.Compare(a.Version, b.Version))
	})
	if !o.Chosen {
		out = inForce(out, o.Public)
	}
	if o.Public {
		hide := publishable(names)
		for i := range out {
			out[i].each(hide)
		}
	}
	return out, nil
}

// inForce leaves out drafts, versions that a later one has followed and, in public, what is not active.
func inForce(all []Activity, public bool) []Activity {
	newest := make(map[string]int)
	for _, a := range all {
		if decidedUpon(a.State) {
			newest[a.Agreement] = max(newest[a.Agreement], a.Version)
		}
	}
	return slices.DeleteFunc(all, func(a Activity) bool {
		return a.State == string(agreement.Draft) || a.Version < newest[a.Agreement] || public && a.State != string(agreement.Active)
	})
}

// activity puts an agreement into the words of a record of processing.
func activity(a *agreement.Agreement, catalogue *dataset.Catalogue, status *agreement.Status, public bool) Activity {
	w := wording{a: a, catalogue: catalogue, public: public}
	out := Activity{
		Agreement: oneLine(a.ID), Version: a.Version, Title: oneLine(a.Title),
		Controller: w.controller(), JointController: w.joint(), DPO: orNotStated(a.Controller.DPO),
		Purpose: w.purpose(), Individuals: w.individuals(), Data: w.data(), Recipients: w.recipients(),
		Transfers: w.transfers(), Safeguards: w.safeguards(), Retention: w.retention(), Security: w.security(),
		LawfulBasis:     w.lawfulBasis(),
		SpecialCategory: w.special(), CriminalOffence: w.criminal(), DPIA: w.dpia(), Notice: orNotStated(a.PrivacyNotice.URL), Rights: w.rights(),
		State: NotDecided, Period: "from " + spokenDay(a.Period.ShareFrom) + " to " + spokenDay(a.Period.ShareTo),
		Decisions: []string{},
	}
	if public {
		out.DPO = "the council's Data Protection Officer, through the council's privacy notice"
	}
	if status != nil {
		out.State = string(status.State)
		for _, d := range status.Decisions {
			if d.Counts {
				out.Decisions = append(out.Decisions, w.decision(d))
			}
		}
	}
	out.each(oneLine)
	return out
}
