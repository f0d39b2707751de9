package xlsx

import (
	"archive/zip"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of the file.
const (
	RuleDamaged    = "WORKBOOK_DAMAGED"   // no zip archive, cut off, or without a part that it needs
	RuleEncrypted  = "WORKBOOK_ENCRYPTED" // or an old .xls by another name
	RuleTooLarge   = "WORKBOOK_TOO_LARGE" // beyond what is declared here
	RuleSuspect    = "WORKBOOK_SUSPECT"   // made as no spreadsheet program makes one
	RuleMalformed  = "WORKBOOK_MALFORMED" // the parts contradict themselves
	RuleRowTooLong = "RECORD_TOO_LARGE"   // a row of more than 1 MiB
	RuleTableNone  = "TABLE_UNKNOWN"      // no sheet is a table
	RuleHidden     = "SHEET_HIDDEN"       // a warning
	RuleNotRead    = "SHEET_NOT_READ"     // a notice
	RuleTitles     = "ROWS_ABOVE_HEADER"  // a notice
	RuleNoRows     = "NO_ROWS"            // a warning
)

// The rules of rows and cells. All keep the row back but the last, which is a notice.
const (
	RuleFieldCount  = "FIELD_COUNT"
	RuleMerged      = "MERGED_CELLS"
	RuleError       = "CELL_ERROR"
	RuleNotComputed = "CELL_NOT_COMPUTED"
	RuleInexact     = "NUMBER_INEXACT"
	RuleFormula     = "FORMULA_CELL"
)

// What a workbook may hold.
const (
	maxParts    = 10_000
	maxListed   = 4 << 20   // bytes of the list of parts
	maxPart     = 4 << 30   // bytes of one part, unpacked
	maxSmall    = 16 << 20  // bytes of a part that lists others, unpacked
	maxPacked   = 100       // to 1,
	packedFloor = 32 << 20  // in parts that are larger than this
	maxStrings  = 256 << 20 // bytes of shared strings, 8 for each counted too
	maxSheets   = 250
	maxTops     = 64 << 20 // bytes of the first rows of all sheets
	maxMerged   = 1 << 20
	maxRowText  = 1 << 20 // bytes of the cells of one row
	maxColumns  = 2000    // of a table; a sheet may have lastColumn
	lastColumn  = 1 << 14 // XFD
	lastRow     = 1 << 20
	headerRows  = 20 // among which the header stands
)

// fault is what a workbook is refused for.
type fault struct{ rule, message, hint string }

// Error is the plain sentence of the fault. It holds nothing of the file.
func (f fault) Error() string { return f.message }

const saveAgain = "open the workbook in a spreadsheet program and save it as .xlsx again, or export the tables as CSV"

func damaged(message string) error {
	return fault{RuleDamaged, message, "export the file again; if it was sent, have it sent again"}
}
func malformed(message string) error { return fault{RuleMalformed, message, saveAgain} }
func suspect(message string) error {
	return fault{RuleSuspect, message, "ask who made the file: no spreadsheet program writes this. If it is sound, open it there and save it as .xlsx again"}
}

func tooLarge(message string) error {
	return fault{RuleTooLarge, message, "leave sheets out that are no extracts, or export the tables as CSV, which may be of any size"}
}

func encrypted() error {
	return fault{RuleEncrypted, "the workbook is encrypted with a password, or is an old .xls", "save it without a password as .xlsx, or export the tables as CSV"}
}

// stop makes a finding of what a workbook is refused for, at a place; findings, refusals and an end that was asked for
// stay what they are.
func stop(ctx context.Context, err error, place finding.Place) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err
	}
	var bad *extract.Invalid
	var own fault
	var xml markup.Fault
	var packing flate.CorruptInputError
	var inPath *fs.PathError
	switch {
	case errors.As(err, &bad):
		return err
	case errors.As(err, &own):
		return extract.Stop(own.rule, place, own.message, own.hint)
	case errors.As(err, &xml):
		message, hint := xml.Texts()
		if place.Sheet == 0 {
			message = "in a part of the workbook: " + message
		}
		return extract.Stop(string(xml), place, message, hint)
	case errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrAlgorithm), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.As(err, &packing):
		return stop(ctx, damaged("the file is no workbook, or is damaged: its archive cannot be unpacked"), place)
	case errors.As(err, &inPath):
		return extract.Unreadable(place, err)
	default:
		return err
	}
}

// cellTexts say what is wrong with a cell or row, and what to do.
func cellTexts(rule string) (message, hint string) {
	switch rule {
	case RuleFieldCount:
		return "the row has cells beyond the last column of the header", "give the column a heading, or remove what stands there"
	case RuleMerged:
		return "the row is part of cells that are merged, and nothing tells which row their value belongs to", "unmerge the cells in the sheet, and fill in each row"
	case RuleError:
		return "the cell holds an error, such as one of a formula that found nothing", "correct the formula, or fill in the value"
	case RuleNotComputed:
		return "the cell holds a formula that was never computed", "open the workbook in a spreadsheet program, let it compute, and save it"
	case RuleInexact:
		return fmt.Sprintf("the cell is a number of more than %d digits, of which a spreadsheet keeps no more", exactDigits),
			"export the table again with the column as text: the last digits are lost"
	default:
		return "the cell is a formula; its last outcome is read", "nothing, if the workbook was computed when it was saved; values are safer"
	}
}
