// Package schemas holds Postern's dataset definitions as data: one YAML file per format, and the core tables.
//
// A council adds definitions of its own in a folder of the same form; package dataset reads both. The JSON Schemas
// of what Postern writes are here too.
package schemas

import "embed"

// Files are the built-in definitions and JSON Schemas.
//
//go:embed *.yaml
var Files embed.FS
