// Package authquery finds roles that the node itself does not have by asking the upstream (settings auth_query,
// auth_query_conninfo, auth_query_ttl). This is the session's half: the cache, and starting the program cmd/authquery, which
// alone connects to the upstream, so that no session has to carry a PostgreSQL client in its memory.
//
// The program reads a request from its standard input, writes an answer to its standard output and ends, by itself after
// the request's timeout at the latest. A request is four lines: the connection string, the query, the role's name, each in
// quotes as strconv.Quote writes them, and the timeout in milliseconds. An answer is one of
//
//	absent
//	away <text in quotes>    the upstream cannot be asked, whatever the question
//	error <text in quotes>   this question has no answer
//	role <as in the file of roles>, then a line "memberof <name in quotes>" for each role that it is a member of
//
// Roles are kept, with their times and OIDs, in global/waypost_auth_cache, names that have none in
// global/waypost_auth_absent; only their owner can read them. They go the way of the file of roles: replaced as a whole,
// under a lock, with a digest; one that is damaged counts as empty. An answer is good for auth_query_ttl; an older one is
// asked for again, and used, for a day, if there is no new one. When the upstream is away it is left alone for a while.
//
// Whoever can connect can ask. What strangers ask must not keep anybody else out: only a question that had all its time
// and found the upstream away stops others for a while, names without a role never take a role's place in the cache, and the
// rate of questions about names that are not known as roles is limited. That there is no such role is an answer like
// others: a client with a wrong name, which tries again and again, would use that rate up.
//
// Superusers and the right to make roles are never taken over from the upstream, whatever the query gives.
package authquery
