// Package sessions tests what a client sees of a relay over a regular connection: real programs run against it as they
// are (programs_*_test.go), a table of statements is answered as PostgreSQL's own standby of the same primary answers it
// (alike_test.go, testdata/alike.sql), what the views say of the streams is true (truth_test.go), a reload under load
// breaks no stream that it need not (reload_test.go), and clients that never finish coming in keep no WAL from those
// that have (flood_test.go).
package sessions
