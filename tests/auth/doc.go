// Package auth holds who may come in, and what the others are told: the built node beside a real PostgreSQL 17 with the
// same pg_hba.conf and the same roles, asked by the real libpq (psql) and by pgx. Codes, messages and what the log says are
// compared, not written down.
package auth
