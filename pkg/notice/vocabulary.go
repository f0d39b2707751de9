package notice

import "sync"

// theVocabulary is made when the first notice is read: it is some two hundred patterns, and nothing changes it.
var theVocabulary = sync.OnceValue(newVocabulary) //nolint:gochecknoglobals // a constant that takes time to make

// vocabulary is every wording.
type vocabulary struct {
	sharing, aside, ofRecipients, example, denial, removal, exception, identity, unidentifiable     wording
	qualified, nameless, consent, otherwiseLawful, otherReason, onlyTheName, withOthers, further    wording
	byOthers, covering, abroad, europe, optOut, optOutOff, optOutOn, conditional                    wording
	theirs, anyData, anythingOfYours, forTheCouncil, hedged, atHome, ofStudy, sharedData, retaining wording
	usingRights, turning, reaching, otherService, ownService                                        wording
	commissioner, complaining, notAllRights, depending                                              wording
	ofRights, asking, notOfBasis                                                                    wording
	possession, onlyWithConsent, notAbroad                                                          []wording
	items                                                                                           []item
	organisations                                                                                   []names
	columns, tables                                                                                 []rule
	rights                                                                                          []right
	bases                                                                                           []lawfulBasis
}

func newVocabulary() *vocabulary {
	return &vocabulary{
		sharing: sharing(), aside: aside(), ofRecipients: ofRecipients(), example: example(),
		denial: denial(), removal: removal(), exception: exception(), identity: identity(), unidentifiable: unidentifiable(),
		qualified: qualified(), nameless: nameless(), consent: consent(), otherwiseLawful: otherwiseLawful(),
		otherReason: otherReason(), onlyTheName: onlyTheName(), withOthers: withOthers(), further: further(),
		byOthers: byOthers(), covering: covering(), abroad: abroad(), europe: europe(),
		optOut: optOut(), optOutOff: optOutOff(), optOutOn: optOutOn(), conditional: conditional(),
		theirs: theirs(), anyData: anyData(), anythingOfYours: anythingOfYours(), forTheCouncil: forTheCouncil(), hedged: hedged(),
		atHome: atHome(), ofStudy: ofStudy(), sharedData: sharedData(), retaining: retaining(),
		ofRights: ofRights(), asking: asking(), notOfBasis: notOfBasis(), possession: possession(),
		onlyWithConsent: onlyWithConsent(), notAbroad: notAbroad(),
		usingRights: usingRights(), turning: turning(), reaching: reaching(), otherService: otherService(), ownService: ownService(),
		commissioner: commissioner(), complaining: complaining(), notAllRights: notAllRights(), depending: depending(),
		organisations: named(organisations()),
		items:         items(), columns: columnRules(), tables: tableRules(), rights: rights(), bases: bases(),
	}
}
