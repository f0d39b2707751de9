package notice

// vocabulary is every wording, made once for each notice that is read.
type vocabulary struct {
	sharing, aside, ofRecipients, example, denial, removal, exception, identity, unidentifiable     wording
	qualified, nameless, consent, otherwiseLawful, otherReason, onlyTheName, withOthers, further    wording
	byOthers, covering, abroad, europe, optOut, optOutOff, optOutOn, conditional                    wording
	theirs, anyData, anythingOfYours, forTheCouncil, hedged, atHome, ofStudy, sharedData, retaining wording
	ofRights, asking, notOfBasis                                                                    wording
	possession, onlyWithConsent, notAbroad                                                          []wording
	items                                                                                           []item
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
		items: items(), columns: columnRules(), tables: tableRules(), rights: rights(), bases: bases(),
	}
}
