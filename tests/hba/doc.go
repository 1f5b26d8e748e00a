// Package hba compares how Waypost reads pg_hba.conf and pg_ident.conf with how a real PostgreSQL 17 reads the same files:
// what its views show of every line, good or bad, and whom the lines let in.
package hba
