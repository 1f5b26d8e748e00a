package guc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What PostgreSQL 17 takes and refuses, as it was seen to.
func TestOddValuesAreTakenAndRefusedAsByPostgreSQL(t *testing.T) {
	for name, values := range map[string]struct{ taken, refused []string }{
		"synchronous_standby_names": {
			[]string{"", `"a-b", c`, "ANY 2 (a,b)", "2 (a,*)", "*,b", "12", "12, a", "2", "a$b", `first 1 ("any", b)`, `""`,
				"99999999999 (a)", "09 (a)", "  a", "first 1(a)"},
			[]string{"first", "any, first", "a-b", "a.b", "first, x", "x, first", "1a", "FIRST(a)", "a $b", "2 (any)", "any (a)",
				"a,,b", "a,", "0 (a)", "first 1 a", " ", `"abc`, `a "bc`, "first 2 (a) b", "2 (a", "(a)", "first x (a)"}},
		"recovery_target_xid":      {[]string{"abc", "0x10", "12z", "7"}, []string{"99999999999999999999"}},
		"recovery_target_timeline": {[]string{"5abc", "abc", "-1", "99999999999", "", "0x7"}, []string{"99999999999999999999999"}},
		"recovery_target_time": {
			[]string{"2024-01-01", "2024-01-01 10:00:00+02", "Jan 1 2024", "20240101", "1 Jan 2024 10:00 CET",
				"2024-01-01T10:00:00Z", "2024-01-01 10:00 Europe/Berlin"},
			[]string{"99 bottles", "epoch", "10:00", "infinity", "now", "2024-01-01 bottles"}},
		"TimeZone": {
			[]string{"zulu", "Etc/UTC", "ETC/UTC", "5.5", "est5edt", "Factory", "uct"},
			[]string{"localtime", "posixrules", "foo"}},
		"log_destination":        {[]string{"csvlog", "stderr,syslog", "jsonlog, csvlog"}, []string{"foo", "eventlog"}},
		"metrics_listen_address": {[]string{":1", "[::1]:9187", "localhost:9187"}, []string{"::1:9187", ":::9187", "[::1:9187"}},
	} {
		for _, text := range values.taken {
			require.NoError(t, New().Set(name, text, SourceOverride), "%s = %q", name, text)
		}
		for _, text := range values.refused {
			require.Error(t, New().Set(name, text, SourceOverride), "%s = %q", name, text)
		}
	}
}

func TestStandbyNamesFaultIsNamed(t *testing.T) {
	for text, detail := range map[string]string{
		"any, first": `syntax error at or near ","`, "first": "syntax error at end of input",
		"x, first": `syntax error at or near "first"`, "a-b": `syntax error at or near "-"`,
		`"abc`: "unterminated quoted identifier at end of input",
	} {
		require.Equal(t, detail, New().Set("synchronous_standby_names", text, SourceOverride).(*Error).Detail, text)
	}
}

func TestTargetTimelineIsTheNumberThatTheTextBeginsWith(t *testing.T) {
	for text, want := range map[string]uint32{"5abc": 5, "0x1F": 31, "010": 8, " 7": 7, "latest": 0, "": 0, "0x": 0} {
		require.Equal(t, want, TargetTimeline(text), text)
	}
}

func TestZonesWithoutADatabase(t *testing.T) {
	empty := t.TempDir()
	for _, name := range []string{"Etc/UTC", "etc/gmt", "UCT", "zulu", "UTC", "GMT", "5.5", "EST5EDT"} {
		_, _, ok := findZone(empty, name)
		require.True(t, ok, name)
	}
	for _, name := range []string{"Europe/Berlin", "America/Port-au-Prince"} {
		_, _, ok := findZone(empty, name)
		require.False(t, ok)
		got, loc, ok := zone(empty, name)
		require.True(t, ok)
		require.Equal(t, []string{name, "UTC"}, []string{got, loc.String()})
	}
	for _, name := range []string{"", "../x", "a b", "/", "Europe/", "1/2"} {
		_, _, ok := zone(empty, name)
		require.False(t, ok, name)
	}
	s := New()
	require.Empty(t, s.zoneWarnings(empty))
	require.NoError(t, s.Set("log_timezone", "Europe/Berlin", SourceFile))
	require.Empty(t, s.zoneWarnings(ZoneDir))
	require.Len(t, s.zoneWarnings(empty), 1)
	require.Contains(t, s.zoneWarnings(empty)[0].Message, `"Europe/Berlin" of "log_timezone"`)
}

func TestLogDestinationsThatAreNotServedAreWarnedOf(t *testing.T) {
	s := New()
	require.Empty(t, s.Warnings())
	require.NoError(t, s.Set("log_destination", "jsonlog, CSVLOG, syslog", SourceFile))
	list := s.Warnings()
	require.Len(t, list, 2)
	require.Equal(t, `"log_destination" "csvlog" is not supported`, list[0].Message)
	require.Empty(t, s.newWarnings(s), "once")
}
