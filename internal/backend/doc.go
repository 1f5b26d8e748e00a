// Package backend is a client's session: the startup packet, authentication, the answers to a client that is refused, and
// the command loop of a regular backend: SQL, by the simple and the extended query protocol, over the engine of internal/sql
// and the catalog of internal/views. What a walsender does on top of it comes in as a value of type NewReplication,
// so that this package and internal/walsender can be read apart.
//
// Role: one process of cmd/walsender serves one connection. The postmaster starts it, some of them ahead of need as
// spares, and passes it the accepted socket (launch.ReceiveClient). A spare becomes a regular backend with its client
// and a walsender when the startup packet asks for replication.
//
// Signals: SIGTERM ends the session with a FATAL to the client; SIGHUP has the configuration read again before the next
// command (or at once while streaming); SIGUSR1 with PROCSIG_WALSND_INIT_STOPPING has a streaming walsender stop taking
// commands and ends any other session; SIGUSR2 has a streaming walsender send all there is and end. SIGINT cancels the
// running statement or a walsender's copy, and nothing where none runs. SIGQUIT tells the client why and dies at once.
//
// Exit codes: 0, the client has gone or is served; 1, a FATAL, which harms no other process. A Go panic exits with 2,
// which takes the whole node through a restart.
//
// Goroutines: the supervisor (Main's own) takes the signals; the session reads commands and writes their answers; while a
// walsender streams, another one reads what the client sends. Only the holder of Conn's turn writes, so the supervisor can
// end a session between two messages whatever it is doing. TLS lies between Conn and its socket (encryption) and changes
// nothing of that.
//
// A session's state, in the words of PostgreSQL's sources: how far it has come (phase); whether it skips messages up to a
// Sync (skipToSync); the state of its transaction (block, in transaction.go). All that SQL needs beside it is made with the
// first statement (tcop), so that a session that only streams stays small, and what it leaves behind in memory is given back
// when it has been idle for a second.
//
// The package must never wait on another process but where a statement asks for that (CHECKPOINT), hold a shared spinlock
// across a system call, or believe a length that the client sent before protocol has checked it.
package backend
