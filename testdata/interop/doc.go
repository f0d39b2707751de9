// Package interop holds what Postern writes against programs that share no line with it: DuckDB reads every table of a
// drop, and Python's standard library computes its pseudonyms anew. It is a module of its own, so that DuckDB's
// libraries are nobody's dependency. Run it with `make interop`.
package interop
