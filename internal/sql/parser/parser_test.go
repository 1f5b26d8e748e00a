package parser

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"waypost/internal/sql/ast"
	"waypost/internal/sql/types"
)

// TestUtilityStatementsBecomeOurNodes: what the session runs reaches it as a
// tree of our own types.
func TestUtilityStatementsBecomeOurNodes(t *testing.T) {
	text := func(s string) ast.SetValue { return ast.SetValue{Text: s, Kind: ast.StringConst} }
	for statement, want := range map[string]ast.Stmt{
		"show work_mem":                    &ast.Show{Name: "work_mem"},
		"SHOW ALL":                         &ast.Show{Name: "all"},
		"show time zone":                   &ast.Show{Name: "timezone"},
		"show transaction isolation level": &ast.Show{Name: "transaction_isolation"},
		"set datestyle to 'ISO', mdy":      &ast.Set{Setting: ast.Setting{Name: "datestyle", Values: []ast.SetValue{text("ISO"), text("mdy")}}},
		"set local statement_timeout = 5":  &ast.Set{Local: true, Setting: ast.Setting{Name: "statement_timeout", Values: []ast.SetValue{{Text: "5", Kind: ast.IntConst}}}},
		"set x.y = on":                     &ast.Set{Setting: ast.Setting{Name: "x.y", Values: []ast.SetValue{text("on")}}},
		"set x = -1.5":                     &ast.Set{Setting: ast.Setting{Name: "x", Values: []ast.SetValue{{Text: "-1.5", Kind: ast.FloatConst}}}},
		"set x to default":                 &ast.Set{Setting: ast.Setting{Action: ast.SetToDefault, Name: "x"}},
		"reset x":                          &ast.Set{Setting: ast.Setting{Action: ast.ResetOne, Name: "x"}},
		"reset all":                        &ast.Set{Setting: ast.Setting{Action: ast.ResetAll}},
		"set time zone 'UTC'":              &ast.Set{Setting: ast.Setting{Name: "timezone", Values: []ast.SetValue{text("UTC")}}},
		"set names 'UTF8'":                 &ast.Set{Setting: ast.Setting{Name: "client_encoding", Values: []ast.SetValue{text("UTF8")}}},
		"set session characteristics as transaction read only": &ast.Set{
			Setting: ast.Setting{Name: "SESSION CHARACTERISTICS"},
			Modes:   []ast.TransactionMode{{Name: "transaction_read_only", Value: ast.SetValue{Text: "1", Kind: ast.IntConst}}},
		},
		"alter system set x = 'a'": &ast.AlterSystem{Setting: ast.Setting{Name: "x", Values: []ast.SetValue{text("a")}}},
		"alter system reset all":   &ast.AlterSystem{Setting: ast.Setting{Action: ast.ResetAll}},
		"begin":                    &ast.Transaction{Kind: ast.Begin},
		"start transaction isolation level serializable, read write": &ast.Transaction{
			Kind: ast.StartTransaction, Modes: []ast.TransactionMode{
				{Name: "transaction_isolation", Value: text("serializable")},
				{Name: "transaction_read_only", Value: ast.SetValue{Text: "0", Kind: ast.IntConst}},
			},
		},
		"commit and chain":    &ast.Transaction{Kind: ast.Commit, Chain: true},
		"end":                 &ast.Transaction{Kind: ast.Commit},
		"abort":               &ast.Transaction{Kind: ast.Rollback},
		"savepoint a":         &ast.Transaction{Kind: ast.Savepoint, Name: "a"},
		"rollback to a":       &ast.Transaction{Kind: ast.RollbackToSavepoint, Name: "a"},
		"release savepoint a": &ast.Transaction{Kind: ast.ReleaseSavepoint, Name: "a"},
		"discard all":         &ast.Discard{Target: "ALL"},
		"discard plans":       &ast.Discard{Target: "PLANS"},
		"deallocate p":        &ast.Deallocate{Name: "p"},
		"deallocate all":      &ast.Deallocate{},
		"checkpoint":          &ast.Checkpoint{},
		"listen c":            &ast.Listen{Channel: "c"},
		"unlisten *":          &ast.Unlisten{},
		"notify c, 'x'":       &ast.Notify{Channel: "c", Payload: "x"},
		"drop role if exists a, current_user": &ast.DropRole{
			Roles: []ast.RoleRef{{Name: "a"}, {Name: "current_user", Special: true}}, IfExists: true},
		"drop user \"current_user\"": &ast.DropRole{Roles: []ast.RoleRef{{Name: "current_user"}}},
		"alter user a rename to b":   &ast.RenameRole{Name: "a", NewName: "b"},
		"alter role a set x = 1": &ast.AlterRoleSet{Role: ast.RoleRef{Name: "a"},
			Setting: ast.Setting{Name: "x", Values: []ast.SetValue{{Text: "1", Kind: ast.IntConst}}}},
		"alter role all in database d reset x": &ast.AlterRoleSet{All: true, Database: "d",
			Setting: ast.Setting{Action: ast.ResetOne, Name: "x"}},
		"alter group g drop user a": &ast.AlterRole{Role: ast.RoleRef{Name: "g"}, Drop: true,
			Options: []ast.RoleOption{{Name: "rolemembers", Roles: []ast.RoleRef{{Name: "a"}}}}},
		"grant a, b to c": &ast.GrantRole{Roles: []string{"a", "b"}, Grantees: []ast.RoleRef{{Name: "c"}}},
		"grant a to c with admin option, set false granted by d": &ast.GrantRole{Roles: []string{"a"},
			Grantees: []ast.RoleRef{{Name: "c"}}, Options: []ast.GrantOption{{Name: "admin", On: true}, {Name: "set"}},
			Grantor: &ast.RoleRef{Name: "d"}},
		"revoke a from c": &ast.GrantRole{Revoke: true, Roles: []string{"a"}, Grantees: []ast.RoleRef{{Name: "c"}}},
		"revoke inherit option for a from c cascade": &ast.GrantRole{Revoke: true, Roles: []string{"a"},
			Grantees: []ast.RoleRef{{Name: "c"}}, Options: []ast.GrantOption{{Name: "inherit"}}, Cascade: true},
		"comment on role a is 'x'":  &ast.CommentRole{Name: "a", Text: "x"},
		"comment on role a is null": &ast.CommentRole{Name: "a"},
		"create user u with login replication superuser nocreatedb password 'x' connection limit 3 valid until 'infinity'": &ast.CreateRole{
			Kind: "USER", Name: "u", Options: []ast.RoleOption{
				{Name: "canlogin", Bool: true}, {Name: "isreplication", Bool: true}, {Name: "superuser", Bool: true},
				{Name: "createdb"}, {Name: "password", Text: "x"}, {Name: "connectionlimit", Int: 3},
				{Name: "validUntil", Text: "infinity"},
			},
		},
		"create role g role a in role b": &ast.CreateRole{Kind: "ROLE", Name: "g", Options: []ast.RoleOption{
			{Name: "rolemembers", Roles: []ast.RoleRef{{Name: "a"}}}, {Name: "addroleto", Roles: []ast.RoleRef{{Name: "b"}}},
		}},
		"alter role current_user password null": &ast.AlterRole{
			Role: ast.RoleRef{Name: "current_user", Special: true}, Options: []ast.RoleOption{{Name: "password", Null: true}}},
	} {
		parsed, err := Parse(statement)
		require.NoError(t, err, statement)
		require.Len(t, parsed, 1, statement)
		withoutPositions(reflect.ValueOf(parsed[0].Stmt))
		assert.Equal(t, want, parsed[0].Stmt, statement)
	}
}

// withoutPositions sets every field At to zero.
func withoutPositions(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			withoutPositions(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			withoutPositions(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "At" {
				v.Field(i).SetInt(0)
				continue
			}
			withoutPositions(v.Field(i))
		}
	}
}

// TestOtherStatementsTellTheirTag: a statement that Waypost does not run is
// known by its command tag, and by what a hot standby has against it.
func TestOtherStatementsTellTheirTag(t *testing.T) {
	for class, statements := range map[ast.OtherClass]map[string]string{
		ast.Writes: {
			"create table t (a int)": "CREATE TABLE", "insert into t values (1)": "INSERT", "drop table t": "DROP TABLE",
			"select 1 into t": "SELECT INTO", "truncate t": "TRUNCATE TABLE", "create table t as select 1": "CREATE TABLE AS",
			"create materialized view v as select 1": "CREATE MATERIALIZED VIEW", "create database d": "CREATE DATABASE",
			"create extension e": "CREATE EXTENSION", "create index on t (a)": "CREATE INDEX", "create sequence s": "CREATE SEQUENCE",
			"alter table t rename to u": "ALTER TABLE", "alter table t rename a to b": "ALTER TABLE", "grant select on t to a": "GRANT",
			"revoke select on t from a": "REVOKE", "update t set a = 1": "UPDATE", "delete from t": "DELETE",
			"create aggregate a (int) (sfunc = x, stype = int)": "CREATE AGGREGATE", "drop server s": "DROP SERVER",
			"create function f() returns int as 'select 1' language sql": "CREATE FUNCTION", "comment on table t is 'x'": "COMMENT",
			"create procedure p() as 'select 1' language sql": "CREATE PROCEDURE", "create foreign data wrapper w": "CREATE FOREIGN DATA WRAPPER",
			"alter view v owner to x": "ALTER VIEW", "create type t as enum ('a')": "CREATE TYPE", "alter database d set x = 1": "ALTER DATABASE",
			"refresh materialized view v": "REFRESH MATERIALIZED VIEW", "alter function f() set schema s": "ALTER FUNCTION",
			"merge into t using u on true when matched then delete": "MERGE", "create tablespace t location 'x'": "CREATE TABLESPACE",
		},
		ast.NotInRecovery: {
			"vacuum": "VACUUM", "analyze": "ANALYZE", "copy t from stdin": "COPY", "lock table t": "LOCK TABLE", "reindex table t": "REINDEX",
			"cluster": "CLUSTER",
		},
		ast.NotImplemented: {
			"copy t to stdout": "COPY", "copy (select 1) to '/x'": "COPY", "explain select 1": "EXPLAIN", "do $$begin end$$": "DO",
			"lock table t in access share mode": "LOCK TABLE", "call f()": "CALL", "load 'x'": "LOAD",
		},
	} {
		for statement, tag := range statements {
			parsed, err := Parse(statement)
			require.NoError(t, err, statement)
			assert.Equal(t, &ast.Other{Tag: tag, Class: class}, parsed[0].Stmt, statement)
		}
	}
}

func TestCursorsAndCopyAreConverted(t *testing.T) {
	for text, want := range map[string]ast.Stmt{
		"fetch c":                      &ast.Fetch{Name: "c", Count: 1},
		"fetch forward 100 in c":       &ast.Fetch{Name: "c", Count: 100},
		"fetch all c":                  &ast.Fetch{Name: "c", Count: fetchAll, All: true},
		"fetch backward all c":         &ast.Fetch{Name: "c", Count: fetchAll, All: true, Direction: ast.FetchBackward},
		"fetch prior c":                &ast.Fetch{Name: "c", Count: 1, Direction: ast.FetchBackward},
		"fetch last c":                 &ast.Fetch{Name: "c", Count: -1, Direction: ast.FetchAbsolute},
		"fetch relative -2 c":          &ast.Fetch{Name: "c", Count: -2, Direction: ast.FetchRelative},
		"move 5 c":                     &ast.Fetch{Name: "c", Count: 5, Move: true},
		"close c":                      &ast.CloseCursor{Name: "c"},
		"close all":                    &ast.CloseCursor{},
		"set constraints all deferred": &ast.SetConstraints{All: true},
	} {
		parsed, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, parsed[0].Stmt, text)
	}
	parsed, err := Parse("declare c no scroll binary cursor with hold for select 1")
	require.NoError(t, err)
	d := parsed[0].Stmt.(*ast.DeclareCursor)
	assert.True(t, d.NoScroll && d.Binary && d.Hold && !d.Scroll && d.Query != nil)
	parsed, err = Parse("copy (select 1) to stdout (format csv, header)")
	require.NoError(t, err)
	copied := parsed[0].Stmt.(*ast.Copy)
	assert.NotNil(t, copied.Query)
	require.Len(t, copied.Options, 2)
	assert.Equal(t, "csv", copied.Options[0].Value)
	assert.Equal(t, "true", copied.Options[1].Value)
}

func TestQueryStringMayHoldSeveralStatementsOrNone(t *testing.T) {
	parsed, err := Parse("select 1; ; show x;")
	require.NoError(t, err)
	require.Len(t, parsed, 2)
	for _, empty := range []string{"", " ", ";", "-- nothing", "/* nothing */ ;"} {
		parsed, err = Parse(empty)
		require.NoError(t, err)
		require.Empty(t, parsed)
	}
}

func TestSyntaxErrorsHaveCodeAndPosition(t *testing.T) {
	for text, want := range map[string]types.Error{
		"selec 1":        {Code: "42601", Message: `syntax error at or near "selec"`, Position: 1},
		"select 'é', ,":  {Code: "42601", Message: `syntax error at or near ","`, Position: 13},
		"select (":       {Code: "42601", Message: "syntax error at end of input", Position: 9},
		"select 1; oops": {Code: "42601", Message: `syntax error at or near "oops"`, Position: 11},
		"select 'x":      {Code: "42601", Message: `unterminated quoted string at or near "'x"`, Position: 8},
		"set x = ":       {Code: "42601", Message: "syntax error at end of input", Position: 9},
	} {
		_, err := Parse(text)
		var e *types.Error
		require.ErrorAs(t, err, &e, text)
		assert.Equal(t, want, *e, text)
	}
}
