// Package waltest makes write-ahead log for tests: real servers' fixtures, and log of any size, version and damage.
package waltest
