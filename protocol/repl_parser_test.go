package protocol

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// The answers here and below are those of real servers: PostgreSQL 15.20, and 18.4 for what 15 does not know. Random
// commands were compared with both, too.
func TestReplicationCommandsParseAsInPostgreSQL(t *testing.T) {
	for query, want := range map[string]ReplicationCommand{
		"IDENTIFY_SYSTEM":                   &IdentifySystemCmd{},
		"\t\r\n\f IDENTIFY_SYSTEM ; ":       &IdentifySystemCmd{},
		"UPLOAD_MANIFEST":                   &UploadManifestCmd{},
		"SHOW wal_segment_size":             &VariableShowStmt{Name: "wal_segment_size"},
		"SHOW Data_Directory_Mode;":         &VariableShowStmt{Name: "data_directory_mode"},
		`SHOW "Wal""X" . b.c`:               &VariableShowStmt{Name: `Wal"X.b.c`},
		"SHOW all":                          &VariableShowStmt{Name: "all"},
		"READ_REPLICATION_SLOT a.b":         &ReadReplicationSlotCmd{SlotName: "a.b"},
		"TIMELINE_HISTORY 4294967295":       &TimeLineHistoryCmd{Timeline: 4294967295},
		"TIMELINE_HISTORY 0000000000000002": &TimeLineHistoryCmd{Timeline: 2},
		"DROP_REPLICATION_SLOT S1":          &DropReplicationSlotCmd{SlotName: "s1"},
		`DROP_REPLICATION_SLOT "S1" WAIT;`:  &DropReplicationSlotCmd{SlotName: "S1", Wait: true},
		"START_REPLICATION 0/3000000":       &StartReplicationCmd{StartPoint: 0x3000000},
		"START_REPLICATION PHYSICAL a/Bc":   &StartReplicationCmd{StartPoint: 0xA_000000BC},
		"START_REPLICATION SLOT \"\" 0/0":   &StartReplicationCmd{HasSlot: true},
		"START_REPLICATION 000000000/1":     &StartReplicationCmd{StartPoint: 1},
		"START_REPLICATION SLOT s PHYSICAL FFFFFFFF/FFFFFFFF TIMELINE 7": &StartReplicationCmd{
			HasSlot: true, SlotName: "s", StartPoint: ^xlog.LSN(0), Timeline: 7,
		},
		"START_REPLICATION SLOT s LOGICAL 1/2": &StartReplicationCmd{
			Kind: LogicalReplication, HasSlot: true, SlotName: "s", StartPoint: 0x1_00000002,
		},
		`START_REPLICATION SLOT s LOGICAL 0/0 (proto_version '4', "Odd" 'it''s', streaming)`: &StartReplicationCmd{
			Kind: LogicalReplication, HasSlot: true, SlotName: "s", Options: []DefElem{
				{Name: "proto_version", Kind: StringValue, Text: "4"},
				{Name: "Odd", Kind: StringValue, Text: "it's"},
				{Name: "streaming"},
			},
		},
		"BASE_BACKUP": &BaseBackupCmd{},
		"BASE_BACKUP ( LABEL 'x y', PROGRESS, CHECKPOINT fast, MAX_RATE 32768, WAIT, SHOW 1, UPLOAD_MANIFEST)": &BaseBackupCmd{
			Options: []DefElem{
				{Name: "label", Kind: StringValue, Text: "x y"},
				{Name: "progress"},
				{Name: "checkpoint", Kind: StringValue, Text: "fast"},
				{Name: "max_rate", Kind: IntegerValue, Text: "32768"},
				{Name: "wait"},
				{Name: "show", Kind: IntegerValue, Text: "1"},
				{Name: "upload_manifest"},
			},
		},
		"CREATE_REPLICATION_SLOT s PHYSICAL": &CreateReplicationSlotCmd{SlotName: "s"},
		"CREATE_REPLICATION_SLOT s TEMPORARY PHYSICAL RESERVE_WAL": &CreateReplicationSlotCmd{
			SlotName: "s", Temporary: true, Options: []DefElem{{Name: "reserve_wal", Kind: StringValue, Text: "true"}},
		},
		"CREATE_REPLICATION_SLOT s PHYSICAL (RESERVE_WAL off)": &CreateReplicationSlotCmd{
			SlotName: "s", Options: []DefElem{{Name: "reserve_wal", Kind: StringValue, Text: "off"}},
		},
		"CREATE_REPLICATION_SLOT s LOGICAL pgoutput USE_SNAPSHOT TWO_PHASE": &CreateReplicationSlotCmd{
			SlotName: "s", Kind: LogicalReplication, Plugin: "pgoutput", Options: []DefElem{
				{Name: "snapshot", Kind: StringValue, Text: "use"},
				{Name: "two_phase", Kind: StringValue, Text: "true"},
			},
		},
		"ALTER_REPLICATION_SLOT s (FAILOVER 1, two_phase 'off')": &AlterReplicationSlotCmd{
			SlotName: "s", Options: []DefElem{
				{Name: "failover", Kind: IntegerValue, Text: "1"},
				{Name: "two_phase", Kind: StringValue, Text: "off"},
			},
		},
	} {
		cmd, notices, err := ParseReplicationCommand(query)
		require.NoError(t, err, query)
		require.Empty(t, notices, query)
		require.Equal(t, want, cmd, query)
	}
}

func TestReplicationCommandErrorsAreThoseOfPostgreSQL(t *testing.T) {
	for query, message := range map[string]string{
		"IDENTIFY_SYSTEM;;":                     "syntax error",
		"IDENTIFY_SYSTEM -- comment":            "syntax error",
		"IDENTIFY_SYSTEM 'abc":                  "unterminated quoted string",
		"'abc":                                  "unterminated quoted string",
		`"abc`:                                  "unterminated quoted string",
		"SHOW":                                  "syntax error",
		"SHOW SLOT":                             "syntax error",
		"SHOW a b":                              "syntax error",
		"SHOW a.":                               "syntax error",
		"SHOW\va":                               "syntax error",
		"TIMELINE_HISTORY":                      "syntax error",
		"TIMELINE_HISTORY x":                    "syntax error",
		"TIMELINE_HISTORY -1":                   "syntax error",
		"TIMELINE_HISTORY 0":                    "invalid timeline 0",
		"TIMELINE_HISTORY 0 'abc":               "invalid timeline 0",
		"START_REPLICATION":                     "syntax error",
		"START_REPLICATION 0":                   "syntax error",
		"START_REPLICATION 0/":                  "syntax error",
		"START_REPLICATION 0/G":                 "syntax error",
		"START_REPLICATION 0 / 1":               "syntax error",
		"START_REPLICATION LOGICAL 0/0":         "syntax error",
		"START_REPLICATION SLOT 's' 0/0":        "syntax error",
		"START_REPLICATION PHYSICAL SLOT s 0/0": "syntax error",
		"START_REPLICATION 0/0 TIMELINE":        "syntax error",
		"START_REPLICATION 0/0 TIMELINE 0":      "invalid timeline 0",
		"START_REPLICATION 0/0 TIMELINE 1 TIMELINE 2":     "syntax error",
		"START_REPLICATION SLOT s LOGICAL 0/0 TIMELINE 1": "syntax error",
		"START_REPLICATION SLOT s LOGICAL 0/0 ()":         "syntax error",
		"START_REPLICATION SLOT s LOGICAL 0/0 (a 1)":      "syntax error",
		"START_REPLICATION SLOT s LOGICAL 0/0 (SLOT 'x')": "syntax error",
		"BASE_BACKUP ()":                                     "syntax error",
		"BASE_BACKUP (a,)":                                   "syntax error",
		"BASE_BACKUP (a b c)":                                "syntax error",
		"BASE_BACKUP (READ_REPLICATION_SLOT)":                "syntax error",
		"BASE_BACKUP LABEL 'x'":                              "syntax error",
		"CREATE_REPLICATION_SLOT":                            "syntax error",
		"CREATE_REPLICATION_SLOT s":                          "syntax error",
		"CREATE_REPLICATION_SLOT s LOGICAL":                  "syntax error",
		"CREATE_REPLICATION_SLOT s PHYSICAL (RESERVE_WAL":    "syntax error",
		"CREATE_REPLICATION_SLOT s PHYSICAL RESERVE_WAL (a)": "syntax error",
		"CREATE_REPLICATION_SLOT WAIT PHYSICAL":              "syntax error",
		"DROP_REPLICATION_SLOT s wait":                       "syntax error",
		"ALTER_REPLICATION_SLOT s":                           "syntax error",
		"ALTER_REPLICATION_SLOT s ()":                        "syntax error",
		"UPLOAD_MANIFEST (x)":                                "syntax error",
		"START_REPLICATION 0/0 TIMELINE 1;x":                 "syntax error",
	} {
		cmd, _, err := ParseReplicationCommand(query)
		require.Nil(t, cmd, query)
		e := requireCode(t, err, CodeSyntaxError, message)
		require.Equal(t, message, e.Message, query)
		require.Equal(t, SeverityError, e.Severity, query)
	}
}

func TestWhatNeedsMoreThan32BitsIsRefusedAndNotCut(t *testing.T) {
	for query, message := range map[string]string{
		"START_REPLICATION 0/123456789":                               "invalid streaming start location",
		"START_REPLICATION 123456789/0":                               "invalid streaming start location",
		"START_REPLICATION 0/" + strings.Repeat("F", 40):              "invalid streaming start location",
		"TIMELINE_HISTORY 4294967296":                                 "invalid timeline 4294967296",
		"TIMELINE_HISTORY 99999999999999999999":                       "invalid timeline 99999999999999999999",
		"START_REPLICATION 0/0 TIMELINE 4294967297":                   "invalid timeline 4294967297",
		"START_REPLICATION SLOT s PHYSICAL 0/0 TIMELINE 999999999999": "invalid timeline 999999999999",
	} {
		_, _, err := ParseReplicationCommand(query)
		requireCode(t, err, CodeSyntaxError, message)
	}
}

func TestOtherThanReplicationCommandsAreLeftToSQL(t *testing.T) {
	for _, query := range []string{
		"", " ", ";", "SELECT 1", "select 'unterminated", "identify_system", "show wal_segment_size", "Show x",
		"-- IDENTIFY_SYSTEM", "/* x */ IDENTIFY_SYSTEM", "1", "0/0", `"IDENTIFY_SYSTEM"`, "IDENTIFY_SYSTEMS",
		"SLOT", "TIMELINE 1", "PHYSICAL", "'IDENTIFY_SYSTEM'", "\x00IDENTIFY_SYSTEM", "(SHOW x)",
	} {
		cmd, notices, err := ParseReplicationCommand(query)
		require.Nil(t, cmd, query)
		require.Empty(t, notices, query)
		require.Equal(t, ErrNotReplicationCommand, err, query)
	}
}

func TestLongNamesAreCutWithANotice(t *testing.T) {
	for name, want := range map[string]string{
		strings.Repeat("a", 64):                  strings.Repeat("a", 63),
		`"` + strings.Repeat("A", 70) + `"`:      strings.Repeat("A", 63),
		strings.Repeat("a", 62) + "é":            strings.Repeat("a", 62),
		strings.Repeat("a", 60) + "\U0001F600xx": strings.Repeat("a", 60),
	} {
		cmd, notices, err := ParseReplicationCommand("DROP_REPLICATION_SLOT " + name)
		require.NoError(t, err)
		require.Equal(t, &DropReplicationSlotCmd{SlotName: want}, cmd)
		require.Len(t, notices, 1)
		require.Equal(t, SeverityNotice, notices[0].Severity)
		require.Equal(t, CodeNameTooLong, notices[0].Code)
		require.Equal(t, `identifier "`+strings.Trim(name, `"`)+`" will be truncated to "`+want+`"`, notices[0].Message)
	}
}

func TestSlotOptions(t *testing.T) {
	create := func(query string) (CreateSlotOptions, error) {
		cmd, _, err := ParseReplicationCommand("CREATE_REPLICATION_SLOT s " + query)
		require.NoError(t, err)
		return cmd.(*CreateReplicationSlotCmd).ParseOptions()
	}
	for query, want := range map[string]CreateSlotOptions{
		"PHYSICAL":                                       {Snapshot: ExportSnapshot},
		"PHYSICAL RESERVE_WAL":                           {Snapshot: ExportSnapshot, ReserveWAL: true},
		"PHYSICAL (reserve_wal)":                         {Snapshot: ExportSnapshot, ReserveWAL: true},
		"PHYSICAL (reserve_wal 0)":                       {Snapshot: ExportSnapshot},
		"LOGICAL p NOEXPORT_SNAPSHOT TWO_PHASE":          {Snapshot: NoexportSnapshot, TwoPhase: true},
		"LOGICAL p (SNAPSHOT 'use', FAILOVER on)":        {Snapshot: UseSnapshot, Failover: true},
		"LOGICAL p (two_phase 'TRUE', failover 'False')": {Snapshot: ExportSnapshot, TwoPhase: true},
	} {
		got, err := create(query)
		require.NoError(t, err, query)
		require.Equal(t, want, got, query)
	}
	for query, want := range map[string]struct {
		code SQLSTATE
		text string
	}{
		"LOGICAL p RESERVE_WAL":             {CodeSyntaxError, "conflicting or redundant options"},
		"PHYSICAL (failover)":               {CodeSyntaxError, "conflicting or redundant options"},
		"PHYSICAL RESERVE_WAL RESERVE_WAL":  {CodeSyntaxError, "conflicting or redundant options"},
		"PHYSICAL (reserve_wal maybe)":      {CodeSyntaxError, "reserve_wal requires a Boolean value"},
		"PHYSICAL (reserve_wal 2)":          {CodeSyntaxError, "reserve_wal requires a Boolean value"},
		"PHYSICAL (reserve_wal 4294967297)": {CodeSyntaxError, "reserve_wal requires a Boolean value"},
		"PHYSICAL (x)":                      {CodeInternalError, "unrecognized option: x"},
		"LOGICAL p (snapshot)":              {CodeSyntaxError, "snapshot requires a parameter"},
		"LOGICAL p (snapshot all)": {
			CodeInvalidParameterValue, `unrecognized value for CREATE_REPLICATION_SLOT option "snapshot": "all"`,
		},
	} {
		_, err := create(query)
		require.Equal(t, want.text, requireCode(t, err, want.code, want.text).Message)
	}
}

func TestAlterSlotOptions(t *testing.T) {
	alter := func(query string) (AlterSlotOptions, error) {
		cmd, _, err := ParseReplicationCommand("ALTER_REPLICATION_SLOT s " + query)
		require.NoError(t, err)
		return cmd.(*AlterReplicationSlotCmd).ParseOptions()
	}
	yes, no := true, false
	got, err := alter("(failover, two_phase false)")
	require.NoError(t, err)
	require.Equal(t, AlterSlotOptions{Failover: &yes, TwoPhase: &no}, got)
	_, err = alter("(failover, failover)")
	requireCode(t, err, CodeSyntaxError, "conflicting or redundant options")
	_, err = alter("(reserve_wal)")
	requireCode(t, err, CodeInternalError, "unrecognized option: reserve_wal")
	_, err = alter("(failover 3)")
	requireCode(t, err, CodeSyntaxError, "failover requires a Boolean value")
}
