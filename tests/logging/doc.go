// Package logging shows of the built programs that the log is PostgreSQL's in form, arrives whole, is rotated, and
// outlives what happens to the process that writes it.
package logging
