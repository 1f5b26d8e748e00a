// Package roles keeps the node's roles: who may connect, with which attributes, and what proves who they are. It is what
// pg_authid, pg_auth_members and pg_db_role_setting are to PostgreSQL.
//
// The roles stand in one small text file, global/waypost_roles, readable by its owner alone. A line each:
//
//	waypost roles 1
//	mock <a secret of 32 bytes, hex, from which salts for roles that are not there are made>
//	next <oid>
//	role <oid> <name> <attributes> <connection limit> <password> <valid until> <comment>
//	set <oid> <database> <name> <value>
//	member <oid of the role> <oid of the member> <oid of the grantor> <options>
//	sha256 <digest of all bytes before this line, hex>
//
// Texts are between double quotes, as Go's strconv.Quote writes them. <oid> 0 in a set line stands for every role.
// <attributes> and <options> are words with commas between them, "-" where there are none. <valid until> is "-", infinity,
// -infinity or microseconds since 2000 (UTC). The first role is the bootstrap superuser, OID 10. Predefined roles and
// their own memberships (pg_monitor's) are not in the file; memberships in them are.
//
// The file is replaced as a whole, synced before and after, by one writer at a time (a lock on global/waypost_roles.lock,
// which is never removed). A reader therefore has an old file or a new one, never a mixture; one that does not fit its
// digest is refused as a whole. Sessions read it when they begin and when a statement needs it to be new; they never keep
// it open.
//
// The package never logs, and no error of it has a password or a verifier in it.
package roles
