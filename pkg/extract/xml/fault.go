package xml

import (
	"fmt"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of the file, of its header, and of its rows.
const (
	RuleDocumentUnknown = "DOCUMENT_UNKNOWN"
	RuleHeader          = "HEADER_MALFORMED"
	RuleYearNotDefined  = "YEAR_NOT_DEFINED"
	RuleElementTwice    = "ELEMENT_TWICE"       // a cell is given more than once
	RuleCellNotText     = "CELL_NOT_TEXT"       // an element stands inside a cell
	RuleElementUnknown  = "ELEMENT_UNKNOWN"     // the definitions do not have it: a notice
	RuleElementNotYear  = "ELEMENT_NOT_IN_YEAR" // the definitions have it for other collection years: a warning
	RuleTextStray       = "TEXT_STRAY"          // text where only elements stand: a warning
	RuleNoRows          = "NO_ROWS"             // a warning
)

// fault is the rule that a file breaks so that nothing can be made of it.
type fault = markup.Fault

// The faults: those of any document, and those of an extract.
const (
	RuleEmptyFile             = markup.RuleEmptyFile
	RuleUTF16                 = markup.RuleUTF16
	RuleNUL                   = markup.RuleNUL
	RuleEncoding              = markup.RuleEncoding
	RuleEncodingUnknown       = markup.RuleEncodingUnknown
	RuleMalformed             = markup.RuleMalformed
	RuleCutOff                = markup.RuleCutOff
	RuleDoctype               = markup.RuleDoctype
	RuleEntity                = markup.RuleEntity
	RuleTooDeep               = markup.RuleTooDeep
	RuleTooLong               = markup.RuleTooLong
	RuleTrailing              = markup.RuleTrailing
	RuleNamespace       fault = "XML_NAMESPACE"
	RuleRecordTooLarge  fault = "RECORD_TOO_LARGE"
	ruleHeaderTwice     fault = RuleHeader
)

func faultTexts(f fault) (message, hint string) {
	switch f {
	case RuleNamespace:
		return "the root element is in a namespace, and the returns that are known are in none", "export the file without a namespace"
	case RuleRecordTooLarge:
		return fmt.Sprintf("one record holds more than %d rows or %d MiB of cells", maxRows, maxCells>>20), "check that its closing tag is where it should be"
	case ruleHeaderTwice:
		return "the file has a second header", "two files may have been joined: export the return again"
	default:
		return f.Texts()
	}
}

// stop makes a fault a finding at a place.
func stop(f fault, place finding.Place, line int64) error {
	message, hint := faultTexts(f)
	if line > 0 {
		message = fmt.Sprintf("%s (line %d)", message, line)
	}
	return extract.Stop(string(f), place, message, hint)
}
