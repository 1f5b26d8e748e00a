package logging

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecretsAreFoundWithoutUnderstandingTheStatement(t *testing.T) {
	for _, sql := range []string{
		"alter role x PassWord 'geheim'",
		"ALTER SYSTEM SET primary_conninfo='postgresql://repl:geheim@h/db'",
		"select 1;alter/* a /* b */ c */\t-- d\n\tsystem set primary_conninfo = 'geheim",
		"ALTER SYSTEM SET ssl_passphrase_command = 'echo geheim'",
		"ALTER ROLE x IN DATABASE d SET a.b = 'geheim'",
		"alter user set set\nprimary_conninfo to 'geheim'",
		"set ssl_passphrase_command = 'echo geheim'",
		"SET primary_conninfo = 'postgresql://repl:geheim@h/db'",
		"alter system", "ALTER SYSTEM SET é = geheim",
	} {
		at := SecretAt(sql)
		require.GreaterOrEqual(t, at, 0, sql)
		require.NotContains(t, sql[:at], "geheim")
		require.True(t, HoldsPassword(sql), sql)
	}
	for _, sql := range []string{
		"", "a", "p", ":", "select 1", "ALTER ROLE x NOLOGIN", "alter role x reset all", "alter_system", "_alter system",
		"alter systems", "ALTER GROUP g ADD USER set", "select '://', 'x'", "select 'x@y'", "alter /* system", "alter -- system",
		"alter role x rename to resets",
	} {
		require.Equal(t, -1, SecretAt(sql), sql)
	}
}

func FuzzSecretsOfAnyTextAreLookedFor(f *testing.F) {
	f.Add("alter/*--*/ role set set ://@")
	f.Fuzz(func(t *testing.T, sql string) {
		at := SecretAt(sql)
		require.LessOrEqual(t, at, len(sql))
		require.GreaterOrEqual(t, SecretAt(sql+" password "), 0)
	})
}
