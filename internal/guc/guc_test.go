package guc

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTableIsSortedAndEveryDefaultIsValid(t *testing.T) {
	for i := range params {
		p := &params[i]
		require.NotEmpty(t, p.Name)
		require.NotEmpty(t, p.Short, p.Name)
		if i > 0 {
			require.Negative(t, compareFold(params[i-1].Name, p.Name), p.Name)
		}
		_, err := p.parse(p.Boot)
		require.Nil(t, err, p.Name)
		require.LessOrEqual(t, len(p.Short), 100, p.Name)
		require.False(t, strings.HasSuffix(p.Short, "."), p.Name)
		require.Equal(t, p.Type == Enum, p.Options != nil, p.Name)
		id, ok := Find(p.Name)
		require.True(t, ok)
		require.Equal(t, ID(i), id)
	}
}

func TestTypedGettersAndShow(t *testing.T) {
	s := New()
	require.True(t, s.Bool(HotStandby))
	require.Equal(t, 5432, s.Int(Port))
	require.Equal(t, time.Minute, s.Duration(WalSenderTimeout))
	require.Equal(t, 10*time.Second, s.Duration(WalReceiverStatusInterval))
	require.Equal(t, int64(1<<30), s.Bytes(MaxWalSize))
	require.Equal(t, int64(-1), s.Bytes(MaxSlotWalKeepSize))
	require.Equal(t, "replica", s.Enum(WalLevel))
	require.Equal(t, 0.9, s.Real(CheckpointCompletionTarget))
	require.Equal(t, "pgwire", s.String(WalReceiverLibrary))
	for name, want := range map[string]string{"wal_sender_timeout": "1min", "WAL_SEGMENT_SIZE": "16MB",
		"data_directory_mode": "0700", "unix_socket_permissions": "0777", "max_wal_size": "1GB", "max_slot_wal_keep_size": "-1",
		"wal_keep_size": "0", "hot_standby": "on",
		"checkpoint_completion_target": "0.9", "checkpoint_timeout": "5min", "block_size": "8192", "datestyle": "ISO, MDY"} {
		_, text, err := s.Show(name)
		require.NoError(t, err)
		require.Equal(t, want, text, name)
	}
	name, _, err := s.Show("timezone")
	require.NoError(t, err)
	require.Equal(t, "TimeZone", name)
	_, _, err = s.Show("nonsense")
	require.EqualError(t, err, `unrecognized configuration parameter "nonsense"`)
	require.Equal(t, "42704", err.(*Error).SQLSTATE)
}

func TestValuesAreReadAsPostgreSQLReadsThem(t *testing.T) {
	s := New()
	for _, c := range []struct{ name, in, out string }{
		{"wal_sender_timeout", "1min", "1min"}, {"wal_sender_timeout", " 1.5 s ", "1500ms"},
		{"wal_sender_timeout", "0x10", "16ms"},
		{"wal_sender_timeout", "010", "8ms"}, {"wal_sender_timeout", "1e3", "1s"}, {"wal_sender_timeout", "2.5", "2ms"},
		{"wal_sender_timeout", "1500us", "2ms"}, {"wal_keep_size", "30.1GB", "30822MB"}, {"wal_keep_size", "1TB", "1TB"},
		{"wal_keep_size", "1048576kB", "1GB"}, {"unix_socket_permissions", "0700", "0700"}, {"ssl", "tr", "on"},
		{"ssl", "OF", "off"},
		{"archive_mode", "yes", "on"}, {"wal_level", "HOT_STANDBY", "replica"}, {"cluster_name", "a\tbä", `a\x09b\xc3\xa4`},
		{"checkpoint_completion_target", ".5", "0.5"}, {"recovery_target_timeline", "0x2", "0x2"},
		{"checkpoint_timeout", "1h", "1h"},
		{"datestyle", "iso, mdy", "ISO, MDY"}, {"datestyle", "German", "German, DMY"}, {"datestyle", " European,sql", "SQL, DMY"},
		{"datestyle", "postgresql,YMD", "Postgres, YMD"}, {"datestyle", "iso", "ISO, YMD"},
	} {
		require.NoError(t, s.Set(c.name, c.in, SourceOverride), c.in)
		_, text, err := s.Show(c.name)
		require.NoError(t, err)
		require.Equal(t, c.out, text, "%s = %s", c.name, c.in)
	}
}

func TestBadValuesAreRefusedInPostgreSQLsWords(t *testing.T) {
	for _, c := range []struct{ name, in, message, hint string }{
		{"port", "900000", `900000 is outside the valid range for parameter "port" (1 .. 65535)`, ""},
		{"authentication_timeout", "1h",
			`3600 s is outside the valid range for parameter "authentication_timeout" (1 s .. 600 s)`, ""},
		{"checkpoint_completion_target", "1.5",
			`1.5 is outside the valid range for parameter "checkpoint_completion_target" (0 .. 1)`, ""},
		{"wal_sender_timeout", "1 kB", `invalid value for parameter "wal_sender_timeout": "1 kB"`, timeHint},
		{"wal_keep_size", "1 min", `invalid value for parameter "wal_keep_size": "1 min"`, memoryHint},
		{"wal_keep_size", "99999TB", `invalid value for parameter "wal_keep_size": "99999TB"`, "Value exceeds integer range."},
		{"port", "5432 s", `invalid value for parameter "port": "5432 s"`, ""},
		{"port", "", `invalid value for parameter "port": ""`, ""},
		{"port", "08", `invalid value for parameter "port": "08"`, ""},
		{"ssl", "o", `parameter "ssl" requires a Boolean value`, ""},
		{"wal_level", "none", `invalid value for parameter "wal_level": "none"`, "Available values: minimal, replica, logical."},
		{"primary_slot_name", "A", `invalid value for parameter "primary_slot_name": "A"`,
			"Replication slot names may only contain lower case letters, numbers, and the underscore character."},
		{"log_destination", "stderr, eventlog", `invalid value for parameter "log_destination": "stderr, eventlog"`,
			`Waypost's log goes to "stderr" as text, or as "jsonlog".`},
		{"datestyle", "ISO, x", `invalid value for parameter "DateStyle": "ISO, x"`, ""},
		{"datestyle", "ISO, SQL", `invalid value for parameter "DateStyle": "ISO, SQL"`, ""},
		{"recovery_target_timeline", "99999999999999999999",
			`invalid value for parameter "recovery_target_timeline": "99999999999999999999"`, ""},
	} {
		err := New().Set(c.name, c.in, SourceOverride)
		require.EqualError(t, err, c.message)
		require.Equal(t, c.hint, err.(*Error).Hint, c.in)
		require.Equal(t, "22023", err.(*Error).SQLSTATE)
	}
}

func TestContextDecidesWhoMaySet(t *testing.T) {
	s := New()
	require.EqualError(t, s.Set("port", "1", SourceSession), `parameter "port" cannot be changed without restarting the server`)
	require.EqualError(t, s.Set("fsync", "off", SourceClient), `parameter "fsync" cannot be changed now`)
	require.EqualError(t, s.Set("server_version", "1", SourceCommandLine), `parameter "server_version" cannot be changed`)
	require.EqualError(t, s.Set("log_connections", "on", SourceSession),
		`parameter "log_connections" cannot be set after connection start`)
	require.NoError(t, s.Set("log_connections", "on", SourceClient))
	require.NoError(t, s.Set("application_name", "x", SourceSession))
	require.NoError(t, s.Set("application_name", "weaker", SourceFile))
	require.Equal(t, "x", s.String(ApplicationName))
	require.NoError(t, s.Set("search_path", "public", SourceClient), "a setting without meaning here")
	require.NoError(t, s.Set("my.own", "1", SourceClient))
	require.Error(t, s.Set("my own", "1", SourceClient))
}

func TestCommandLineOptions(t *testing.T) {
	s := New()
	require.NoError(t, s.SetOption("wal-sender-timeout=5s", SourceCommandLine))
	require.Equal(t, 5*time.Second, s.Duration(WalSenderTimeout))
	require.EqualError(t, s.SetOption("port", SourceCommandLine), "-c port requires a value")
	require.NoError(t, s.SetOptions(`-c datestyle=ISO,\ dmy --application-name=a\\b -cextra_float_digits=3`, SourceClient))
	require.Equal(t, "ISO, DMY", s.String(DateStyle))
	require.Equal(t, `a\b`, s.String(ApplicationName))
	require.Error(t, s.SetOptions("-d 5", SourceClient))
	require.Error(t, s.SetOptions("-c", SourceClient))
}

func TestEncodedSettingsComeOutTheSame(t *testing.T) {
	s := New()
	require.NoError(t, s.Set("port", "5433", SourceCommandLine))
	require.NoError(t, s.Set("primary_conninfo", "host=a 'b'", SourceFile))
	require.NoError(t, s.Set("max_slot_wal_keep_size", "-1", SourceFile))
	require.NoError(t, s.Set("checkpoint_completion_target", "0.25", SourceFile))
	require.NoError(t, s.Set("my.own", "x", SourceFile))
	b := s.Encode()
	back, err := Decode(b)
	require.NoError(t, err)
	requireSame(t, s, back)
	require.Len(t, back.NonDefaults(), 5)
	for n := range b {
		back, err := Decode(b[:n])
		require.True(t, err != nil || n == len(b)-1 || back != nil)
	}
	b[0]++
	_, err = Decode(b)
	require.ErrorIs(t, err, errOtherBuild)
}
