// Package nodectl is what pg_ctl is to PostgreSQL: the commands of `waypost` that start a node, stop it, and ask about
// it. Exit codes, options and what is printed are pg_ctl's, so that scripts written for it serve here.
//
// All it knows of a running node it has from postmaster.pid, and all it does to one is to send its postmaster a signal.
// It takes no lock, opens no shared memory and talks to no port: so it works whatever state the node is in. It never
// removes a file of a node.
package nodectl
