package notice

// What notices say, in the words that they have for it. Each function is one table row: a pattern over plain text (see
// words.go), and what looks like it and is something else.

// sharing: data go to somebody.
func sharing() wording {
	return says(`shar(?:e|es|ed|ing)|disclos\w+|pass(?:es|ed|ing)?|transfer(?:s|red|ring)?|provid(?:e|es|ed|ing)|suppl(?:y|ies|ied|ying)|send(?:s|ing)?|sent|releas(?:e|es|ed|ing)|giv(?:e|es|ing|en)`,
		`information sharing agreements?|data sharing agreements?|provid\w+ (?:\w+ ){0,3}services?|sharing (?:agreements?|protocols?)`)
}

// aside: cookies, cameras, calls, payments and whatever else is about no data that an agreement shares.
func aside() wording {
	return says(`cookies?|google|web ?sites?|web pages?|ip address(?:es)?|analytics|browser|social media|cctv|cameras?|camcorders?|images?|footage|photographs?|recordings?|the call|calls|live chat|telephone calls?|e ?mails?|my account|bank|payment cards?|card (?:details|numbers?)|direct debits?|identification documents?|marketing|commercial(?:ly)?|sell|sold|advert\w*|recruitment|job applicants?|employees?|newsletters?|surveys?|video conferenc\w+|virtual call|freedom of information`,
		`e ?mail (?:us|address|to|the|our|him|her|them|dpo|information|data)|by e ?mail|e ?mail (?:\w+ ){0,6}(?:protected|uk|gov|com|org|example)|or e ?mail|visit (?:\w+ ){0,3}web ?sites?|(?:on|from|see) (?:our|the|their) web ?sites?|web ?sites? (?:of|at) the`)
}

// ofRecipients: a list is of those who receive data, not of data.
func ofRecipients() wording {
	return says(`who (?:we|else|will|can|do|may|does|the|receives?|sees?|has)|whom|recipients?|organisations (?:that|we|who|which)|share (?:\w+ ){0,5}with`, `about (?:you|children) who \w+|(?:children|people|famil(?:y|ies)) who \w+`)
}

// example: a kind of data is explained, not said to be shared.
func example() wording {
	return says(`examples? of|types? (?:are|is|of (?:\w+ )?(?:personal|special|sensitive))|(?:is|are) (?:also )?(?:known as|defined|classed|called)|classes some|what is (?:personal|special|sensitive)|what are (?:personal|special|sensitive)|means (?:any|that|data|information)|(?:special|sensitive) (?:category|categories|personal) (?:\w+ ){0,2}(?:is|are|includes?|means)`)
}

// denial: something is not shared.
func denial() wording {
	return says(`(?:(?:will|do|does|shall|is|are|would|must|did) (?:not|never)|won't|don't|doesn't|isn't|aren't|never|not) (?:\w+ ){0,6}(?:shar(?:e|ed|ing)|disclose[ds]?|pass(?:ed)?|provided?|sen[dt]|include[ds]?|released?|give|given)`)
}

// removal: something is taken out before anything is shared.
func removal() wording {
	return says(`(?:is|are|be|been|being) (?:\w+ ){0,2}(?:removed|taken out|taken away|left out|stripped|deleted|withheld|excluded|held back)|(?:we|council) (?:\w+ ){0,2}(?:remove|take out|leave out|strip|withhold)`)
}

// exception: what was said does not hold of everything.
func exception() wording {
	return says(`other than|except|unless|without|until|only|apart from|but|instead|however|save`)
}

// possession: what would tell whose the codes are is said to be with somebody else.
func possession() []wording {
	return []wording{
		says(`(?:information|data|key|keys|list|means|lookup|records) (?:\w+ ){0,4}(?:we|the council|this council|our council) (?:do|does|did|will|would) (?:not|never) (?:\w+ )?(?:possess|hold|have|own|keep)`),
		says(`(?:we|the council|this council) (?:do|does|did|will|would) (?:not|never) (?:\w+ )?(?:possess|hold|have|own|keep) (?:\w+ ){0,6}(?:key|keys|means|list|lookup|information|data) (?:\w+ ){0,6}(?:identify|link|tell|match|trace|who)`),
		says(`(?:we|the council|this council) (?:cannot|can not|could not|can't|are not able to|are unable to|will not be able to|would not be able to|is not able to|is unable to) (?:\w+ ){0,3}(?:identify|re identify|reidentify|tell who)`),
	}
}

// identity: the sentence is about whose data they are.
func identity() wording {
	return says(`identif\w+|re identif\w+|reidentif\w+|codes?|pseudonym\w*|who (?:you|they|it|the|a|is|each)|combin\w+|link\w*|data subjects?`)
}

// unidentifiable: nobody can be told from the data.
func unidentifiable() wording {
	return says(`(?:no ?one|nobody|cannot|can not|can't|could not|not possible|impossible|will not be able|will not be possible|unable|never) (?:\w+ ){0,8}(?:identif(?:y|ied|iable)|tell (?:\w+ ){0,5}who)`,
		`(?:we|the council|this council) (?:cannot|can not|could not|can't|are not able|are unable|is unable)`)
}

// qualified: it depends on what else somebody has.
func qualified() wording {
	return says(`however|but|although|combin\w+|by (?:itself|themselves)|alone|on (?:its|their) own|directly|with other|other (?:data|information)|pseudonym\w*|personal data|except|if|unless|easily|published|publications?|publish\w*|reports?|findings|results|statistics|figures`)
}

// nameless: the data are said to be about nobody. The law has another word for what leaves here.
func nameless() wording {
	return says(`anonym\w+`,
		`(?:not|never|nor|isn't|aren't|no longer|rather than|cannot be|neither) (?:\w+ ){0,3}anonym\w+|anonym\w+ (?:\w+ ){0,4}(?:report|publication|statistic|result|finding|figure)\w*|(?:published?|publications?|reports?|findings|statistics|figures) (?:\w+ ){0,6}anonym\w+`)
}

// consent: permission of the person.
func consent() wording {
	return says(`(?:your|explicit|prior|express|written|informed|specific|parental|parents?'?|the person's|their) (?:(?:and|or) )?(?:\w+ ){0,2}(?:consent|permission)|(?:consent|permission) (?:of|from) (?:you|the (?:person|parents?|child|individual|family))|unless you (?:agree|consent|give|say|tell|have (?:agreed|consented|given))|(?:if|when|once|until|where) you (?:agree|consent|have (?:agreed|consented|given))|(?:with|without|get|getting|give|given|have) (?:\w+ )?(?:consent|permission)`)
}

// onlyWithConsent are the ways in which consent is promised before data are shared.
func onlyWithConsent() []wording {
	return []wording{
		says(`only (?:\S+ ){0,30}(?:consent|permission|agree|agreed)`),
		says(`(?:not|never|no|won't|don't|cannot) (?:\S+ ){0,40}(?:without|unless|until) (?:\S+ ){0,14}(?:consent|permission|agree|agreed|consented|say (?:we|that we))`),
		says(`(?:will|always|must|shall|need to|have to|we) (?:\w+ ){0,3}(?:ask|asked|seek|request|get|obtain) (?:\w+ ){0,8}(?:consent|permission)`),
		says(`(?:with|given|by|on the basis of|based on|rely on|relying on|subject to|after) (?:\w+ )?your (?:\w+ ){0,3}(?:consent|permission)`),
	}
}

// otherwiseLawful: a promise of consent has a way out that a sharing under another basis takes.
func otherwiseLawful() wording {
	return says(`(?:or|unless|except) (?:\S+ ){0,16}(?:permit\w*|allow\w*|lawful (?:basis|to)|public interest|public task|statutory (?:functions?|powers?|dut(?:y|ies))|research|evaluation|another (?:legal|lawful) (?:basis|reason))`)
}

// otherReason: consent is promised for what has no other reason.
func otherReason() wording { return says(`(?:any|another|all) other (?:reasons?|purposes?)`) }

// onlyTheName: the promise is about the name, which never leaves.
func onlyTheName() wording {
	return says(`(?:your|child's|children's|their) (?:full )?(?:names?|name and address|address(?:es)?|contact details)`)
}

// withOthers: shared with somebody else than the council.
func withOthers() wording {
	return says(`third part(?:y|ies)|any ?(?:one|body)|(?:any )?(?:other|external|outside) (?:organisations?|people|bodies|agencies|companies|parties)|outside (?:of )?(?:the|this|our) council|never (?:be )?shared`)
}

// further: shared with somebody else than those who are named.
func further() wording {
	return says(`else|further|onward|beyond|any other|outside (?:of )?(?:the|this|our) (?:evaluation|research|study|trial|project|programme|team)|for (?:any|another) other purposes?|more than|unnecessar\w+`)
}

// byOthers: it is not the council that does not share.
func byOthers() wording {
	return says(`(?:they|it|researchers?|evaluators?|the (?:research|evaluation|study|project) team|the (?:researchers?|evaluators?|university|recipient)) (?:\w+ ){0,3}(?:will|do|does|shall|must|are|is|may|can)`)
}

// covering: an exception under which the sharing falls.
func covering() wording {
	return says(`research\w*|evaluat\w*|statistic\w*|described|set out|listed|explained|this (?:privacy )?notice|above|below|lawful\w*|permit\w*|allow\w*|public (?:task|interest)|statutory`)
}

// abroad: out of the country, or of Europe.
func abroad() wording {
	return says(`outside (?:of )?(?:the )?(?:uk|united kingdom|country|england|britain|great britain|eu|european union|eea|european economic area|europe)|overseas|abroad|(?:leave|leaves) (?:the )?(?:uk|united kingdom|country)|(?:to|in) (?:other|another|a third|any other) countr(?:y|ies)`)
}

// notAbroad are the ways in which it is promised that data stay.
func notAbroad() []wording {
	return []wording{
		says(`(?:not|never|no|none|won't|don't) (?:\S+ ){0,16}(?:outside|overseas|abroad|leave|leaves|other countr(?:y|ies)|another country|third country)`),
		says(`(?:only|always|all|solely|entirely) (?:\S+ ){0,10}(?:in|within|inside) (?:the )?(?:uk|united kingdom|england|eea|eu|european economic area|european union)`),
		says(`(?:stays?|remains?|kept) (?:\w+ ){0,2}(?:in|within|inside) (?:the )?(?:uk|united kingdom|england|eea|eu|european economic area|european union)`),
	}
}

// europe: the promise leaves the European Economic Area open.
func europe() wording { return says(`eu|european union|eea|european economic area|europe`) }

// optOut: the National Data Opt-Out.
func optOut() wording { return says(`opt(?:ed)? ?(?:out|outs|op)|national data opt (?:out|outs)`) }

// optOutOff: it does not apply.
func optOutOff() wording {
	return says(`(?:does|do|will|would) not apply|not (?:covered|affected|within scope|in scope)|outside (?:of )?(?:its|the) scope|is not applied|no effect`)
}

// optOutOn: it keeps people's data back.
func optOutOn() wording {
	return says(`(?:will|shall|is|are|be|we|have been|always) (?:\w+ ){0,6}(?:respect\w*|honou?r\w*|upheld|uphold|appl(?:y|ied|ies)|remov\w+|exclud\w+|left out|kept out)|not (?:be )?(?:shared|used|included|sent|passed)`)
}

// conditional: what is said holds of some processing only.
func conditional() wording {
	return says(`if|where|when|whether|unless|withdraw\w*|one of|depend\w*|any of`)
}

// theirs: the sentence begins with somebody who is not the council.
func theirs() wording { return says(`they|it|researchers?|evaluators?`) }

// anyData: information of whatever kind, beside names and addresses.
func anyData() wording { return says(`information|data|records|details`, `contact details`) }

// anythingOfYours: what is not shared is about the person, and not about what was spoken of before.
func anythingOfYours() wording {
	return says(`information|data|records|details|your|you|anything|nothing`)
}

// forTheCouncil: somebody who processes for the council.
func forTheCouncil() wording {
	return says(`on our behalf|contractors?|processors?|process information`)
}

// hedged: a promise about countries that leaves a way out.
func hedged() wording { return says(`if|unless|except|without|tell you|majority|most`) }

// atHome: in the country, or in Europe.
func atHome() wording {
	return says(`(?:in|within|inside) (?:the )?(?:uk|united kingdom|england|eea|eu|european economic area|european union)`)
}

// ofStudy: the sentence is about the sharing, and not about data in general.
func ofStudy() wording {
	return says(`(?:this|the) (?:trial|evaluation|study|research|project|programme|notice)|pseudonym\w*`)
}

// sharedData: what the recipient has.
func sharedData() wording {
	return says(`they|shared data|data (?:that )?we share|researchers?|evaluators?`)
}

// retaining: for how long data are kept, or when they are destroyed.
func retaining() wording {
	return says(`keep|keeps|kept|retain\w*|retention|stored?|hold|held|delet\w+|destroy\w*|destruction|eras\w+`)
}

// ofRights: the sentence is about rights, or about what one may ask.
func ofRights() wording { return says(`rights?`) }

// asking: what one may ask of the council.
func asking() wording {
	return says(`you (?:can|may|have|could)|ask us|complain\w*|complaints?|object\w*|request\w*`)
}

// notOfBasis: a basis that is named here is not that of the processing.
func notOfBasis() wording { return says(`rights?|object|forgotten|delete|erasure|erased|portability`) }

// usingRights: what to do who wants to use a right.
func usingRights() wording {
	return says(`(?:exercis\w+|use|using|assert|make use of) (?:\w+ ){0,4}rights?|rights? (?:\S+ ){0,16}(?:contact|e ?mail|write to|call|speak)|(?:contact|e ?mail|write to|call) (?:\S+ ){0,24}rights?`)
}

// turning: whom to turn to.
func turning() wording {
	return says(`^(?:please |you can |you may |to do (?:so|this|that) |just |or )*(?:contact|write|e ?mail|call|phone|telephone|speak)`)
}

// reaching: how somebody is reached.
func reaching() wording {
	return says(`contact\w*|e ?mail\w*|write|call|phone|telephone|speak`)
}

// otherService: a service of a council that answers for no child's data.
func otherService() wording {
	return says(`adult(?:s|'s)? (?:and \w+ )?(?:social care|services|social services|care)|housing|council tax|benefits? (?:service|team|office|department)|revenues|parking|planning|highways|licensing|librar(?:y|ies)|human resources|payroll|environmental (?:health|services)|waste|refuse|electoral|registrars?|leisure|trading standards|cemeter(?:y|ies)|economic development`)
}

// ownService: one that does, or that answers for everybody's.
func ownService() wording {
	return says(`child(?:ren)?(?:'s)?|famil(?:y|ies)|education|young people|data protection|information (?:governance|rights|management|access|compliance)|dpo|legal services`)
}

// commissioner: who hears complaints about a council.
func commissioner() wording { return says(`information commissioner(?:'s)?|ico`) }

// complaining: something is wrong.
func complaining() wording {
	return says(`complain\w*|complaints?|concerns?|concerned|unhappy|not satisfied|dissatisfied|worries|appeal`)
}

// notAllRights: it is said of all rights that not everybody has them.
func notAllRights() wording {
	return says(`(?:not all|some|which) of (?:these|the|your) rights|(?:these|the|your) rights (?:\w+ ){0,3}(?:depend|do not (?:all )?apply|may not|only apply|are not absolute)|rights (?:\w+ ){0,3}depend|affects? (?:\w+ ){0,4}rights`)
}
