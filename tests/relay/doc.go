// Package relay holds the scenarios that a relay is for, each on built binaries
// between real PostgreSQLs: what goes in comes out, nothing acknowledged is lost,
// trees of relays, orderly stops, kills, and PostgreSQL's own tools at work on a node.
//
// One scenario a file. What they share is in rig_test.go.
package relay
