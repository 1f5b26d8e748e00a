package guc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"waypost/internal/guc"
	"waypost/internal/sql"
	"waypost/internal/sql/ast"
	"waypost/internal/sql/catalog"
)

// player runs scripts of SET, SHOW and transactions over guc.Settings, as a session does.
type player struct {
	settings *guc.Settings
	who      *guc.Privileges
	points   []string // savepoints, from depth 2 on
	block    bool
	failed   bool
}

// play runs one statement and says what a client would see.
func (p *player) play(t *testing.T, text string) string {
	list, err := sql.Parse(text)
	require.NoError(t, err, text)
	require.Len(t, list, 1, text)
	stmt := list[0].Stmt
	if tx, ok := stmt.(*ast.Transaction); ok {
		return p.transaction(t, tx)
	}
	if p.failed {
		return "25P02"
	}
	depth := p.settings.Depth()
	if !p.block {
		depth = p.settings.Begin()
	}
	answer, err := p.run(t, stmt)
	switch {
	case err == nil && !p.block:
		p.settings.End(true, depth)
	case err != nil && p.block:
		p.failed = true
	case err != nil:
		p.settings.End(false, depth)
	}
	var e *guc.Error
	if errors.As(err, &e) {
		answer = strings.Join([]string{e.SQLSTATE, e.Message, e.Detail, e.Hint}, "|")
	}
	if p.failed { // PostgreSQL rolls back at the error
		inner := p.settings.Depth()
		p.settings.End(false, inner)
		p.settings.Begin()
	}
	for _, r := range p.settings.TakeReports() {
		answer += fmt.Sprintf(" [%s=%s]", r.Name, r.Text)
	}
	return answer
}

func (p *player) transaction(t *testing.T, tx *ast.Transaction) (answer string) {
	s := p.settings
	switch tx.Kind {
	case ast.Begin:
		p.block = true
		s.Begin()
	case ast.Commit, ast.Rollback:
		s.End(tx.Kind == ast.Commit && !p.failed, 1)
		p.block, p.failed, p.points = false, false, nil
	case ast.Savepoint:
		s.Begin()
		p.points = append(p.points, tx.Name)
	case ast.ReleaseSavepoint, ast.RollbackToSavepoint:
		at := slices.Index(p.points, tx.Name)
		require.GreaterOrEqual(t, at, 0)
		s.End(tx.Kind == ast.ReleaseSavepoint, at+2)
		p.points = p.points[:at]
		if tx.Kind == ast.RollbackToSavepoint {
			s.Begin()
			p.points, p.failed = append(p.points, tx.Name), false
		}
	}
	for _, r := range s.TakeReports() {
		answer += fmt.Sprintf(" [%s=%s]", r.Name, r.Text)
	}
	return answer
}

func (p *player) run(t *testing.T, stmt ast.Stmt) (string, error) {
	s := p.settings
	switch stmt := stmt.(type) {
	case *ast.Show:
		_, text, err := s.ShowTo(stmt.Name, p.who)
		return text, err
	case *ast.Set:
		switch stmt.Action {
		case ast.SetValueTo:
			var words []guc.Word
			for _, v := range stmt.Values {
				words = append(words, guc.Word{Text: v.Text, Number: v.Kind != ast.StringConst})
			}
			text, err := guc.Join(stmt.Name, words, catalog.QuoteIdent)
			if err != nil {
				return "", err
			}
			return "", s.SetTo(stmt.Name, text, stmt.Local, p.who)
		case ast.SetToDefault, ast.ResetOne:
			return "", s.Reset(stmt.Name, stmt.Local, p.who)
		case ast.SetFromCurrent:
			return "", s.SetCurrent(stmt.Name, stmt.Local, p.who)
		case ast.ResetAll:
			s.ResetAll()
			return "", nil
		}
	}
	require.Fail(t, "statement is not for this test")
	return "", nil
}

// scripts are run one after the other in one session of each, statement by statement.
var scripts = map[string]string{
	"values": `
		set work_mem = '64MB'; show work_mem; set work_mem to 100; show work_mem; set work_mem to default;
		show work_mem; set statement_timeout = '1.5s'; show statement_timeout; set statement_timeout = '1h';
		show statement_timeout; set statement_timeout = -1; set statement_timeout = '5 parsecs';
		set statement_timeout = 99999999999; reset statement_timeout; set enable_seqscan = off; show enable_seqscan;
		set enable_seqscan = tru; show enable_seqscan; set enable_seqscan = o; set client_min_messages = debug;
		show client_min_messages; set client_min_messages = loud; reset client_min_messages; set random_page_cost = 1.1;
		show random_page_cost; set random_page_cost = 1e20; show random_page_cost; set random_page_cost = -1;
		reset random_page_cost; set seq_page_cost = '2.5'; show seq_page_cost; reset seq_page_cost;
		set bytea_output = escape; show bytea_output; reset bytea_output; set xmlbinary = 'none';
		set extra_float_digits = 4; set extra_float_digits = 3; show extra_float_digits; reset extra_float_digits;
		set geqo_selection_bias = 3; set cursor_tuple_fraction = 0.1234567; show cursor_tuple_fraction;
		reset cursor_tuple_fraction; set vacuum_buffer_usage_limit = 5; set vacuum_buffer_usage_limit = '1MB';
		show vacuum_buffer_usage_limit; set default_table_access_method = ''; set log_min_duration_statement = '1 min';
		show log_min_duration_statement; set default_transaction_isolation = 'repeatable read';
		show default_transaction_isolation; reset all; set default_with_oids = on; set default_with_oids = off;
		show default_with_oids; show seed; show is_superuser;
		set restrict_nonsystem_relation_kind = 'view, foreign-table'; show restrict_nonsystem_relation_kind;
		set restrict_nonsystem_relation_kind = 'table'; set createrole_self_grant = 'set,  inherit';
		set createrole_self_grant = 'x'; set backtrace_functions = 'a b, c'; set backtrace_functions = 'a-b';
		set temp_tablespaces = ''; reset all; set wal_consistency_checking = 'heap, all';
		set wal_consistency_checking = 'heaps'; set wal_consistency_checking = 'a b'; reset all;
		set log_statement_stats = on; set log_parser_stats = on; set log_statement_stats = off;
		set log_parser_stats = on; set log_statement_stats = on; reset all`,
	"lists and names": `
		set search_path = a, "B c", "select", 'Quoted'; show search_path; set search_path = ''; show search_path;
		set search_path to default; show search_path; set search_path = 1, 2; show search_path; reset search_path;
		set work_mem = 1, 2; set SORT_MEM = '2MB'; show sort_mem; show WORK_MEM; reset sort_mem;
		set application_name = 'a name'; show application_name; set application_name = 'naïve'; show application_name;
		set application_name = '0123456789012345678901234567890123456789012345678901234567890123456789';
		show application_name; reset application_name`,
	"dates": `
		set datestyle = german; show datestyle; set datestyle = 'sql, dmy'; show datestyle; set datestyle = ymd;
		show datestyle; set datestyle = 'iso, iso'; set datestyle = 'iso, sql'; set datestyle = 'nonsense';
		reset datestyle; show datestyle; set datestyle = iso, ymd; show datestyle; set datestyle = 'postgres';
		show datestyle; set datestyle = 'mdy'; show datestyle; set datestyle = default; show datestyle; reset datestyle;
		set intervalstyle = iso_8601; show intervalstyle; set intervalstyle = none; reset intervalstyle;
		set timezone = 'europe/berlin'; show timezone; set timezone = 'America/New_York'; show timezone;
		set timezone = 'utc'; show timezone; set timezone = 'gmt'; show timezone; set timezone = 'Mars/Base';
		set timezone = ''; set timezone = '../UTC'; set timezone = 'zulu'; show timezone; set time zone 7;
		show time zone; set time zone -3.5; show time zone; set timezone = 'EST5EDT'; show timezone;
		set timezone = 'foo+3'; show timezone; set timezone = '<x1>-3:30'; show timezone;
		set timezone = 'CET-1CEST,M3.5.0,M10.5.0/3'; show timezone; set timezone = 'europe';
		set timezone = 'posixrules '; set timezone = 'foo'; set timezone = 200; set time zone local; show timezone;
		set time zone interval '-08:00' hour to minute; show timezone; set time zone interval '05:45'; show timezone;
		set timezone to default; show timezone; set client_encoding = 'latin-1'; show client_encoding;
		set client_encoding = 'utf8'; set client_encoding = 'nonsense'; set names 'iso_8859_15'; show client_encoding;
		set client_encoding = 'unicode'; show client_encoding; reset client_encoding; show client_encoding`,
	"who may": `
		set port = 1; set shared_buffers = '1GB'; set fsync = off; set log_destination = 'stderr';
		set server_version = '1'; set block_size = 1; set log_connections = on; set ignore_system_indexes = on;
		set post_auth_delay = 1; set in_hot_standby = on; set nonsense = 1; reset nonsense; show nonsense;
		set nonsense to default; set wal_segment_size = 1; reset port; reset fsync; reset block_size;
		set data_directory = '/'; set config_file = '/x'; reset transaction_isolation; set seed to default; reset seed`,
	"transactions": `
		begin; set work_mem = '1MB'; rollback; show work_mem; begin; set work_mem = '1MB'; commit; show work_mem; begin;
		set local work_mem = '2MB'; show work_mem; commit; show work_mem; begin; set local work_mem = '2MB'; rollback;
		show work_mem; begin; set work_mem = '3MB'; set local work_mem = '4MB'; show work_mem; commit; show work_mem;
		begin; set local work_mem = '5MB'; set work_mem = '6MB'; commit; show work_mem; begin; set work_mem = '7MB';
		set local work_mem = '8MB'; rollback; show work_mem; begin; set work_mem = '9MB'; savepoint a;
		set work_mem = '10MB'; rollback to a; show work_mem; commit; show work_mem; begin; savepoint a;
		set work_mem = '11MB'; release a; show work_mem; rollback; show work_mem; begin; savepoint a;
		set local work_mem = '12MB'; release a; show work_mem; commit; show work_mem; begin; set work_mem = '13MB';
		savepoint a; set local work_mem = '14MB'; release a; show work_mem; commit; show work_mem; begin; savepoint a;
		savepoint b; set work_mem = '15MB'; release b; set local work_mem = '16MB'; release a; commit; show work_mem;
		begin; savepoint a; set work_mem = '17MB'; savepoint b; set local work_mem = '18MB'; release a; show work_mem;
		commit; show work_mem; begin; set local work_mem = '19MB'; savepoint a; set work_mem = '20MB'; rollback to a;
		show work_mem; commit; show work_mem; begin; set work_mem = '21MB'; savepoint a; set work_mem = 'bad';
		rollback to a; show work_mem; commit; show work_mem; begin; set work_mem = '22MB'; show nonsense; show work_mem;
		rollback; show work_mem; begin; set work_mem = '23MB'; reset work_mem; show work_mem; commit; show work_mem;
		set local work_mem = '24MB'; show work_mem; begin; set work_mem = '25MB'; reset all; show work_mem; rollback;
		show work_mem; set work_mem from current; show work_mem; begin; reset work_mem; savepoint a;
		set local work_mem to default; set work_mem = '1GB'; release a; commit; show work_mem; reset all; show work_mem`,
	"reports": `
		set application_name = one; set application_name = one; begin; set application_name = two; rollback;
		set datestyle = german; begin; set local timezone = 'Asia/Tokyo'; commit; set scram_iterations = 5000;
		set standard_conforming_strings = off; begin; set application_name = x; savepoint a; set application_name = y;
		rollback to a; commit; set search_path = q; set intervalstyle = sql_standard;
		set default_transaction_read_only = on; reset all; set client_encoding = 'latin1'; reset client_encoding`,
	"other programs'": `
		show my.own; set my.own = 1; show my.own; show MY.Own; reset my.own; show my.own; begin;
		set local my.own = 'two'; show my.own; commit; show my.own; begin; set my.other = x; rollback; show my.other;
		set "bad name.x" = 1; set "a.b-c" = 1; set a.b.c = 1; show a.b.c; set "9a.b" = 1; set a."b c" = 1; reset all;
		show my.own; show nothing.there; set my.own = on, off`,
}

// order is that of the scripts: each sees what the ones before it have left.
var order = []string{"values", "lists and names", "dates", "who may", "transactions", "reports", "other programs'"}

func TestScriptsGiveWhatPostgreSQLGives(t *testing.T) {
	for _, super := range []bool{true, false} {
		t.Run(fmt.Sprintf("superuser %v", super), func(t *testing.T) {
			_, conn := connect(t, 17, &pgconn.Config{
				RuntimeParams: map[string]string{"timezone": "UTC", "application_name": "test"}})
			who := &guc.Privileges{Superuser: super, ReadAll: super}
			if !super {
				require.NoError(t, conn.Exec(context.Background(), "create role plain; set session authorization plain").Close())
			}
			p := &player{settings: sessionLike(t, conn, who), who: who}
			reported := map[string]string{}
			for _, name := range []string{"application_name", "client_encoding", "DateStyle", "TimeZone", "IntervalStyle",
				"default_transaction_read_only", "scram_iterations", "standard_conforming_strings"} {
				reported[name] = conn.ParameterStatus(name)
			}
			for _, name := range order {
				for _, statement := range strings.Split(scripts[name], ";") {
					statement = strings.TrimSpace(statement)
					theirs := ask(t, conn, statement, reported)
					mine := p.play(t, statement)
					if mine != theirs && !known[statement] {
						t.Errorf("%s: %s:\n\t%s there\n\t%s here", name, statement, theirs, mine)
					}
				}
			}
		})
	}
}

// known are statements that Waypost answers otherwise, on purpose.
var known = map[string]bool{
	"set intervalstyle = none": true, // PostgreSQL names the setting as the statement does, for an enum alone
}

// sessionLike makes settings as those of the other side's session.
func sessionLike(t *testing.T, conn *pgconn.PgConn, who *guc.Privileges) *guc.Settings {
	s := guc.New()
	for _, row := range rows(t, conn, `select name, current_setting(name), source from pg_settings
		where source in ('configuration file', 'command line', 'client', 'override') and context <> 'internal'`) {
		source := guc.SourceFile
		switch row[2] {
		case "command line":
			source = guc.SourceCommandLine
		case "client", "override":
			source = guc.SourceClient
		}
		if id, _ := guc.Find(row[0]); guc.Describe(id).Context >= guc.SuperuserBackend || source < guc.SourceClient {
			require.NoError(t, s.Set(row[0], row[1], source), row[0])
		}
	}
	require.NoError(t, s.SetID(guc.ServerEncoding, "UTF8", guc.SourceOverride))
	require.NoError(t, s.SetID(guc.ClientEncoding, "UTF8", guc.SourceDynamicDefault))
	if who.Superuser {
		require.NoError(t, s.SetID(guc.IsSuperuser, "on", guc.SourceOverride))
	}
	s.BeginSession(17)
	return s
}

// ask gives PostgreSQL's answer in the player's form.
func ask(t *testing.T, conn *pgconn.PgConn, statement string, reported map[string]string) (answer string) {
	results, err := conn.Exec(context.Background(), statement).ReadAll()
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e) && e.Code == "25P02":
		answer = e.Code
	case errors.As(err, &e):
		answer = strings.Join([]string{e.Code, e.Message, e.Detail, e.Hint}, "|")
	default:
		require.NoError(t, err, statement)
		if len(results[0].Rows) == 1 {
			answer = string(results[0].Rows[0][0])
		}
	}
	var changes []string
	for name, was := range reported {
		if is := conn.ParameterStatus(name); is != was {
			reported[name] = is
			changes = append(changes, fmt.Sprintf(" [%s=%s]", name, is))
		}
	}
	slices.SortFunc(changes, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return answer + strings.Join(changes, "")
}
