package logging

import (
	"bytes"
	"strings"
	"testing"
	"time"

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

func TestSecretsAreFoundWhereMuchIsSkipped(t *testing.T) {
	for _, sql := range []string{
		strings.Repeat("alter/*alter*/--alter\n", 1000) + "system set x = geheim",
		strings.Repeat("alter role x nologin; ", 1000) + "alter role x set y = geheim",
		strings.Repeat("http://x ", 1000) + "http://x:geheim@y",
		strings.Repeat("alter--\n", 1000) + " system set x = geheim",
		strings.Repeat("alter/*", 1000) + strings.Repeat("*/", 1000) + " system set x = geheim",
	} {
		at := SecretAt(sql)
		require.GreaterOrEqual(t, at, 0, sql)
		require.NotContains(t, sql[:at], "geheim")
	}
	require.Equal(t, -1, SecretAt(strings.Repeat("alter role x nologin /* http://x */ ; ", 1000)))
	require.Equal(t, -1, SecretAt(strings.Repeat("alter /* alter role */ -- alter\n x;", 1000)))
}

func TestOnlyWhatIsShownIsSearchedForSecrets(t *testing.T) {
	long := "select '" + strings.Repeat("é", maxStatement/2)
	at := SecretAt(long + "', 'password geheim'")
	require.Equal(t, maxStatement, at, "whole characters")
	require.Equal(t, maxStatement-1, SecretAt("a"+long))
	uri := "select '" + strings.Repeat("x", maxStatement-20) + "://u:geheim"
	require.Equal(t, len(uri)-len("u:geheim"), SecretAt(uri+"-and-more@host'"), "the end of the URI is not looked at")

	for secret, sql := range map[bool]string{true: uri + "-and-more@host'", false: long + "', 'password geheim'"} {
		var b bytes.Buffer
		s := NewSink(&b)
		s.SetStatement(sql)
		l := s.Logger()
		l.Error().Msg("m")
		require.NotContains(t, b.String(), "geheim")
		require.Equal(t, !secret, strings.Contains(b.String(), "STATEMENT:  select"))
	}
}

// A client may repeat what has to be searched from each place on: it costs no more than other texts.
func TestSearchForSecretsTakesNoTime(t *testing.T) {
	for _, shape := range []string{"alter role ", "alter/*", "alter--", "alter--\n", "://", "alter/**/", "alter/*/", "a",
		"alter ", "alter role set_"} {
		for _, size := range []int{maxStatement - 1, 16 << 20} {
			sql := strings.Repeat(shape, size/len(shape))
			begun := time.Now()
			SecretAt(sql)
			require.Less(t, time.Since(begun), 100*time.Millisecond, "%q, %d", shape, size)
		}
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
