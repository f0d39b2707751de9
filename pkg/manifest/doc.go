// Package manifest says what a drop is: what left, from whom, to whom, under which agreement and how it was treated.
//
// # A drop
//
// A drop is a folder (or a prefix of a bucket) named <agreement>/<sequence>-<yyyymmdd>:
//
//	dsa-coventry-fv-2026/0007-20261121/
//	  children.parquet            a table in one file, or in parts: children/00.parquet, children/01.parquet, …
//	  manifest.json               Manifest, the statement of what this is
//	  datapackage.json            the data dictionary, as a Frictionless Data Package v2   (DataPackage)
//	  README.html                 the same for people                                      (ReadmeHTML)
//	  register.proof              the council's register holds the drop's "prepared" entry
//	  CLAIM                       put first, by which a writer knows its own attempt          (Claim)
//	  SHA256SUMS                  the SHA-256 of every file above                          (Sums)
//	  SHA256SUMS.sig              an SSH signature over SHA256SUMS, written last
//
// A drop that was wrong is never changed. The council puts a signed notice beside it, WITHDRAWN and WITHDRAWN.sig, which
// are no part of it and stand in no list of its files.
//
// manifest.json, datapackage.json and README.html all come from one Manifest, so they cannot tell different stories:
// whoever verifies a drop makes the last two again and compares bytes. What a Manifest gives is therefore part of the
// format, and fixed with it.
//
// # manifest.json
//
// JSON with a closed set of members in a fixed order, every member present, two spaces of indentation for each level, no
// escapes that JSON does not need, and one line feed at the end. Parse accepts exactly the bytes that Encode writes:
// an unknown, missing, repeated or misplaced member, other spacing, or bytes after the end are an error. The
// JSON Schema of the format is schemas/manifest.schema.json. It begins:
//
//	{
//	  "format": "postern-manifest/v2",
//	  "classification": "personal-data/pseudonymised",
//	  "notice": "This is personal data. …",
//	  "drop": {
//	    "id": "dsa-coventry-fv-2026/0007-20261121",
//	    "sequence": 7,
//	    "date": "2026-11-21",
//
// Any change of the format, or of what the two descriptions say for the same manifest, has a new number in "format"; a
// verifier keeps the old ones for as long as drops of that format may be held (docs/versions.md has the rule):
//
//	postern-manifest/v2   drop.supersedes is a list; README.html tells of notices of withdrawal; datapackage.json names
//	                      what the drop supersedes
//	postern-manifest/v1   drop.supersedes is one drop, or empty (schemas/manifest.v1.schema.json)
//
// # SHA256SUMS
//
// One line a file, as sha256sum writes and reads it: 64 lower-case hexadecimal digits, two spaces, the path, a line
// feed. Lines are sorted by the bytes of the path; paths are relative, with forward slashes; no path stands twice, and
// the list names neither itself nor its signature.
//
//	5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9  README.html
//	6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b  children.parquet
//
// # What a manifest may not hold
//
// No key and no salt; no identifier and no cell; no bare digest of anything that could be guessed (a source file is
// named by a keyed commitment); no count that the recipient could not make from the files, other than banded (Band,
// Percent): a figure that moves on a known night names a child.
package manifest
