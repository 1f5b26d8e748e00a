// Package views is the catalog that regular backends answer SELECT from: PostgreSQL's statistics views and system
// catalogs, as far as a node without tables has them, Waypost's own, and the functions that need to know the node.
//
// A node says its upstream's version to its clients, and programs choose their statements by it. So there is a catalog for
// each major version (Catalog): a relation's columns are those that the version has, in its order; behind them come the
// ones that only PostgreSQL 17 has, which are therefore always there. A relation of any version is there in all. Names and
// types stand once, in relations.go, which is made from real servers; what a relation has to say stands in the file of its
// family, as the names of the columns that it gives and a function that gives the rows. A relation that no family knows is
// empty, and a column that none gives is NULL. Functions are PostgreSQL 17's, whatever the version.
//
// The package must never do work at program start, hold on to anything between statements, or wait for another process,
// but where a function's meaning is to wait. A relation takes one picture of shared memory for each scan.
package views
