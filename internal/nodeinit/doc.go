// Package nodeinit is `waypost init`: it makes the data directory of a relay from what the upstream says of itself.
//
// It learns first and writes last: every question that can fail is asked before the directory is touched. PG_VERSION,
// without which neither our postmaster nor PostgreSQL's tools take a directory for a data directory, is the last file
// to appear, and whatever fails before removes all that was made. A directory that comes out is on disk, names and
// all.
//
// What startup finds in it: global/pg_control in the state "in archive recovery" with no checkpoint yet,
// global/waypost_remembered with the start position as both checked and flushed, standby.signal, and a pg_wal without
// segments (history files only). The start position is a segment's first byte, so that no segment ever has an
// unwritten head.
//
// The package opens no WAL, starts no process, and never changes the upstream: it creates no slot.
package nodeinit
