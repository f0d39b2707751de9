package xlsx

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/extract/internal/markup"
)

// book is an open workbook.
type book struct {
	parts     archive
	epoch1904 bool
	strings   string // the part of the shared strings; "" for none
	styles    string // the part of the styles; "" for none
	sheets    []sheet
}

// sheet is one of its sheets, in the order in which they are shown.
type sheet struct {
	part   string // "" for one that holds no cells, such as a chart
	hidden bool
}

// link leads from one part to another.
type link struct {
	kind    string // the last word of its type
	target  string
	outside bool
}

// openBook finds the parts of a workbook that are read.
func openBook(ctx context.Context, f *os.File) (*book, error) {
	parts, err := openArchive(f)
	if err != nil {
		return nil, err
	}
	b := &book{parts: parts}
	top, err := b.links(ctx, "")
	if err != nil {
		return nil, err
	}
	name := ""
	for _, l := range top {
		if l.kind == "officeDocument" && !l.outside && name == "" {
			name = beside("", l.target)
		}
	}
	if name == "" {
		return nil, damaged("the archive is no workbook: nothing in it says where one is")
	}
	links, err := b.links(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if l.kind == "sharedStrings" && !l.outside {
			b.strings = beside(name, l.target)
		}
		if l.kind == "styles" && !l.outside {
			b.styles = beside(name, l.target)
		}
	}
	return b, b.list(ctx, name, links)
}

// links reads what a part leads to, by the names that it uses for that; "" is the workbook as a whole.
func (b *book) links(ctx context.Context, part string) (map[string]link, error) {
	name := "_rels/.rels"
	if part != "" {
		name = linksOf(part)
	}
	out := make(map[string]link)
	err := b.each(ctx, name, "Relationships", maxSmall, func(s *markup.Scanner) error {
		if string(markup.Local(s.Name)) != "Relationship" {
			return nil
		}
		kind := string(s.Attribute("Type"))
		id := string(s.Attribute("Id"))
		if _, twice := out[id]; twice {
			return suspect("a part of the workbook leads to two others by one name")
		}
		out[id] = link{kind[strings.LastIndexByte(kind, '/')+1:], string(s.Attribute("Target")), string(s.Attribute("TargetMode")) == "External"}
		return nil
	})
	return out, err
}

// list reads which sheets there are, and how days are counted.
func (b *book) list(ctx context.Context, name string, links map[string]link) error {
	return b.each(ctx, name, "workbook", maxSmall, func(s *markup.Scanner) error {
		switch string(markup.Local(s.Name)) {
		case "workbookPr":
			b.epoch1904 = truth(s.Attribute("date1904"))
		case "sheet":
			if len(b.sheets) == maxSheets {
				return tooLarge("the workbook has more than 250 sheets")
			}
			state := string(s.Attribute("state"))
			next := sheet{hidden: state == "hidden" || state == "veryHidden"}
			l, known := links[string(s.Attribute("id"))]
			switch {
			case !known:
				return damaged("a sheet that the workbook lists is not in it")
			case l.outside:
				return suspect("a sheet of the workbook lies in another file, which is never opened")
			case l.kind == "worksheet":
				next.part = beside(name, l.target)
				if slices.ContainsFunc(b.sheets, func(s sheet) bool { return strings.EqualFold(s.part, next.part) }) {
					return suspect("two sheets of the workbook are one part: each of its rows would count twice")
				}
			}
			b.sheets = append(b.sheets, next)
		}
		return nil
	})
}

// each calls f for each start tag of a part but its root, whose name it must have.
func (b *book) each(ctx context.Context, name, root string, most uint64, f func(*markup.Scanner) error) error {
	in, err := b.parts.open(ctx, name, most)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read from: nothing is lost
	s := markup.New(in)
	s.KeepAttributes = true
	for rooted := false; ; {
		k, err := s.Next()
		switch {
		case err != nil:
			return err
		case k == markup.EndOfFile:
			return nil
		case k != markup.StartTag:
		case !rooted:
			if rooted = true; string(markup.Local(s.Name)) != root {
				return damaged("the archive is no workbook: a part of it is not what it should be")
			}
		default:
			if err := f(s); err != nil {
				return err
			}
		}
	}
}

func truth(value []byte) bool { return string(value) == "1" || string(value) == "true" }
