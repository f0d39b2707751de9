// Package interop holds what Postern writes against programs that share no line with it: DuckDB reads every table of a
// drop, joined and one by one, and holds each cell to what the generator of the extracts says is true of the children;
// Python's standard library computes their pseudonyms anew. It is a module of its own, so that DuckDB's
// libraries are nobody's dependency. Run it with `make interop`.
package interop
