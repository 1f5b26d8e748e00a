// Package walfile reads and writes the files of a write-ahead log.
package walfile
