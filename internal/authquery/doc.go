// Package authquery finds roles that the node itself does not have by asking the upstream (settings auth_query,
// auth_query_conninfo, auth_query_ttl). This is the session's half: the cache, and starting the program cmd/authquery, which
// alone connects to the upstream, so that no session has to carry a PostgreSQL client in its memory.
//
// The program reads a request from its standard input, writes an answer to its standard output and ends, by itself after
// the request's timeout at the latest. A request is four lines: the connection string, the query, the role's name, each in
// quotes as strconv.Quote writes them, and the timeout in milliseconds. An answer is one of
//
//	absent
//	error <text in quotes>
//	role <as in the file of roles>, then a line "memberof <name in quotes>" for each role that it is a member of
//
// Answers are kept, with their times, in global/waypost_auth_cache, which only its owner can read. It goes the way of
// the file of roles: replaced as a whole, under a lock, with a digest; one that is damaged counts as empty. An answer is
// good for auth_query_ttl; an older one is asked for again, and used if the upstream does not answer. After a failure the
// upstream is left alone for a while. That there is no such role is an answer like others: otherwise anybody could have the
// upstream asked as often as they like.
//
// Superusers and the right to make roles are never taken over from the upstream, whatever the query gives.
package authquery
