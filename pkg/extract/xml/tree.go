package xml

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/dataset"
)

// node is an element that the definitions of a format have, at its place in a document.
type node struct {
	name     string
	path     string // from the root's children: Children/Child
	parent   *node
	children []*node
	depth    int // 0 for the root

	table     string // the id of the table whose row it is, of several one whose row it always is; empty for none
	sometimes bool   // it is no row of that table where it says nothing
	count     int64  // how many there were so far
	leaf      bool   // a column's cell is its text, or it says that there is a row
	late      bool   // other collection years have it, this one has not
	quiet     bool   // of the header, which was read when the file was recognised

	holder  bool     // wanted cells belong to it: it is a row, or an element around rows
	outer   bool     // a holder in no other holder: what is gathered ends with it
	slots   []*node  // of a holder: the leaves whose text is a cell of it
	targets []target // of a leaf: whose cells its text is
	rows    []*rows  // the demands whose rows it is
}

// target is a cell of a holder.
type target struct{ depth, slot int }

// newTree makes the elements that a document's tables have in a collection year.
func newTree(document *dataset.Document, tables []*dataset.Table, year int) *node {
	root := &node{name: document.Root, path: document.Root}
	for _, path := range paths(document) {
		top, _, _ := strings.Cut(path, "/")
		root.add(top, false).quiet = true
	}
	for _, t := range tables {
		row := root.add(t.Row, !t.In(year))
		if row.table == "" || len(t.RowIf) == 0 && row.sometimes {
			row.table, row.sometimes = t.ID(), len(t.RowIf) > 0
		}
		for _, path := range t.RowIf {
			row.add(path, !t.In(year)).leaf = true
		}
		for _, c := range t.Columns {
			if scope, below, ok := reach(row, c.Path); ok {
				scope.add(below, !t.In(year) || !c.In(year)).leaf = true
			}
		}
	}
	return root
}

// reach takes a cell's path apart: the element around that the cell belongs to, and the path from there. It reports
// false for a column that is read from no cell, and for one that would stand outside the document.
func reach(row *node, path string) (scope *node, below string, ok bool) {
	if path == "" {
		return nil, "", false
	}
	for strings.HasPrefix(path, "../") {
		if row = row.parent; row == nil {
			return nil, "", false
		}
		path = path[len("../"):]
	}
	return row, strings.TrimPrefix(path, "."), true
}

// add finds the element at a path below n, and makes what is missing of it. What one table has in the collection year
// is not late, whatever others say.
func (n *node) add(path string, late bool) *node {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		child := n.child([]byte(name))
		if child == nil {
			child = &node{name: name, parent: n, depth: n.depth + 1, path: name, late: late}
			if n.parent != nil {
				child.path = n.path + "/" + name
			}
			n.children = append(n.children, child)
		}
		child.late = child.late && late
		n = child
	}
	return n
}

// child finds a child by its name; nil when the definitions have none.
func (n *node) child(name []byte) *node {
	for _, c := range n.children {
		if string(name) == c.name {
			return c
		}
	}
	return nil
}

// slot is the number of a leaf among the cells of a holder.
func (n *node) slot(leaf *node) int {
	n.holder = true
	if at := slices.Index(n.slots, leaf); at >= 0 {
		return at
	}
	n.slots = append(n.slots, leaf)
	leaf.targets = append(leaf.targets, target{depth: n.depth, slot: len(n.slots) - 1})
	return len(n.slots) - 1
}

// settle finds the outermost holders, once all are known.
func (n *node) settle(held bool) {
	n.outer = n.holder && !held
	for _, c := range n.children {
		c.settle(held || n.holder)
	}
}

// any reports whether a row of any table was seen.
func (n *node) any() bool {
	return n.table != "" && n.count > 0 || slices.ContainsFunc(n.children, (*node).any)
}
