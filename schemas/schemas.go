// Package schemas holds Postern's dataset definitions as data: one YAML file per format, and the core tables.
//
// A council adds definitions of its own in a folder of the same form; package dataset reads both. The JSON Schemas
// of agreements and of what Postern writes are here too, for editors and for other programs.
package schemas

import "embed"

// Files are the built-in definitions.
//
//go:embed *.yaml
var Files embed.FS

// Agreement is the JSON Schema of agreement files: their shape, which is the first of what package agreement holds them to.
//
//go:embed agreement.schema.json
var Agreement []byte
