// Package waltest makes write-ahead log for tests: a Log that grows record by record, its files as Segments in
// memory, to be damaged, read or written to a directory, and the log of real servers.
package waltest
