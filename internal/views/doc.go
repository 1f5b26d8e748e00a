// Package views is the catalog that regular backends answer SELECT from: PostgreSQL's statistics views and system
// catalogs, as far as a node without tables has them, Waypost's own, and the functions that need to know the node.
//
// It must never do work at program start, hold on to anything between statements, or wait for another process, but where
// a function's meaning is to wait. A relation takes one picture of shared memory for each scan.
package views

import "waypost/internal/sql"

// Catalog makes the catalog of a node that says to be of the major version of PostgreSQL.
func Catalog(major int) *sql.Catalog { return sql.NewCatalog(nil, nil) }
