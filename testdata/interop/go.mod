module github.com/postern-gateway/postern/testdata/interop

go 1.26.8

require github.com/duckdb/duckdb-go/v2 v2.10505.0
