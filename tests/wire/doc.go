// Package wire tests that a client cannot tell a relay from the PostgreSQL 15 that it relays, but for what is listed.
//
// SQL is held to a standby of PostgreSQL 17 (sqlscripts_test.go), beside a relay of the same upstream.
//
// Each script (scripts_test.go) is played to both servers, byte for byte the same. What they answer is written down
// message by message (transcript.go), with only that replaced which must differ, and compared line by line. Every line
// that may differ stands, with its reason, in one table (differences_test.go); an entry that is not needed any more fails
// the test as well.
package wire
