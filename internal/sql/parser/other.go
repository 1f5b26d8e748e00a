package parser

import (
	"fmt"
	"strings"

	pg "github.com/sqlc-dev/oliphant/ast"

	"waypost/internal/sql/ast"
)

// other classifies a statement that Waypost does not run: by its command tag
// (cmdtaglist.h), and by why a hot standby of PostgreSQL would refuse it
// (ClassifyUtilityCommandAsReadOnly in utility.c).
func other(n *pg.Node) *ast.Other {
	o := &ast.Other{Tag: tagOf(n), Class: ast.Writes}
	switch n.GetNode().(type) {
	case *pg.Node_ExplainStmt, *pg.Node_DoStmt, *pg.Node_CallStmt, *pg.Node_LoadStmt:
		o.Class = ast.NotImplemented
	case *pg.Node_VacuumStmt, *pg.Node_ClusterStmt, *pg.Node_ReindexStmt:
		o.Class = ast.NotInRecovery
	case *pg.Node_LockStmt:
		const rowExclusive = 3
		if o.Class = ast.NotImplemented; n.GetLockStmt().GetMode() > rowExclusive {
			o.Class = ast.NotInRecovery
		}
	case *pg.Node_CopyStmt:
		if o.Class = ast.NotImplemented; n.GetCopyStmt().GetIsFrom() {
			o.Class = ast.NotInRecovery
		}
	}
	return o
}

// tagOf gives the command tag of a statement. Those that the node's name does
// not give are named one by one.
func tagOf(n *pg.Node) string {
	switch x := n.GetNode().(type) {
	case *pg.Node_CreateTableAsStmt:
		switch {
		case x.CreateTableAsStmt.GetObjtype() == pg.ObjectType_OBJECT_MATVIEW:
			return "CREATE MATERIALIZED VIEW"
		case x.CreateTableAsStmt.GetIsSelectInto():
			return "SELECT INTO"
		}
	case *pg.Node_VacuumStmt:
		if !x.VacuumStmt.GetIsVacuumcmd() {
			return "ANALYZE"
		}
	case *pg.Node_GrantStmt:
		if !x.GrantStmt.GetIsGrant() {
			return "REVOKE"
		}
	case *pg.Node_CreateFunctionStmt:
		if x.CreateFunctionStmt.GetIsProcedure() {
			return "CREATE PROCEDURE"
		}
	case *pg.Node_DefineStmt:
		return "CREATE " + objectName(x.DefineStmt.GetKind())
	case *pg.Node_DropStmt:
		return "DROP " + objectName(x.DropStmt.GetRemoveType())
	case *pg.Node_RenameStmt:
		t := x.RenameStmt.GetRenameType()
		if t == pg.ObjectType_OBJECT_COLUMN || t == pg.ObjectType_OBJECT_TABCONSTRAINT || t == pg.ObjectType_OBJECT_ATTRIBUTE {
			t = x.RenameStmt.GetRelationType()
		}
		return "ALTER " + objectName(t)
	case *pg.Node_AlterTableStmt:
		return "ALTER " + objectName(x.AlterTableStmt.GetObjtype())
	case *pg.Node_AlterOwnerStmt:
		return "ALTER " + objectName(x.AlterOwnerStmt.GetObjectType())
	case *pg.Node_AlterObjectSchemaStmt:
		return "ALTER " + objectName(x.AlterObjectSchemaStmt.GetObjectType())
	case *pg.Node_AlterObjectDependsStmt:
		return "ALTER " + objectName(x.AlterObjectDependsStmt.GetObjectType())
	case *pg.Node_AlterFunctionStmt:
		return "ALTER " + objectName(x.AlterFunctionStmt.GetObjtype())
	}
	name := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", n.GetNode()), "*ast.Node_"), "Stmt")
	if tag := irregularTag(name); tag != "" {
		return tag
	}
	return spaced(name)
}

func irregularTag(node string) string {
	switch node {
	case "Create":
		return "CREATE TABLE"
	case "Index":
		return "CREATE INDEX"
	case "View":
		return "CREATE VIEW"
	case "Rule":
		return "CREATE RULE"
	case "Createdb":
		return "CREATE DATABASE"
	case "Dropdb":
		return "DROP DATABASE"
	case "AlterDatabaseSet", "AlterDatabaseRefreshColl":
		return "ALTER DATABASE"
	case "CreateSeq", "AlterSeq":
		return strings.ToUpper(strings.TrimSuffix(node, "Seq")) + " SEQUENCE"
	case "CreateTrig":
		return "CREATE TRIGGER"
	case "CreateEventTrig", "AlterEventTrig":
		return strings.ToUpper(strings.TrimSuffix(node, "EventTrig")) + " EVENT TRIGGER"
	case "CreateTableSpace", "DropTableSpace":
		return strings.ToUpper(strings.TrimSuffix(node, "TableSpace")) + " TABLESPACE"
	case "AlterTableSpaceOptions":
		return "ALTER TABLESPACE"
	case "AlterTableMoveAll":
		return "ALTER TABLE"
	case "CompositeType", "CreateEnum", "CreateRange":
		return "CREATE TYPE"
	case "AlterEnum":
		return "ALTER TYPE"
	case "RefreshMatView":
		return "REFRESH MATERIALIZED VIEW"
	case "Truncate":
		return "TRUNCATE TABLE"
	case "Lock":
		return "LOCK TABLE"
	case "SecLabel":
		return "SECURITY LABEL"
	case "CreateAm":
		return "CREATE ACCESS METHOD"
	case "CreatePlang":
		return "CREATE LANGUAGE"
	case "CreateFdw", "AlterFdw":
		return strings.ToUpper(strings.TrimSuffix(node, "Fdw")) + " FOREIGN DATA WRAPPER"
	case "CreateForeignServer", "AlterForeignServer":
		return strings.ToUpper(strings.TrimSuffix(node, "ForeignServer")) + " SERVER"
	case "CreateOpClass":
		return "CREATE OPERATOR CLASS"
	case "CreateOpFamily", "AlterOpFamily":
		return strings.ToUpper(strings.TrimSuffix(node, "OpFamily")) + " OPERATOR FAMILY"
	case "CreateStats", "AlterStats":
		return strings.ToUpper(strings.TrimSuffix(node, "Stats")) + " STATISTICS"
	case "AlterExtensionContents":
		return "ALTER EXTENSION"
	case "AlterTsdictionary":
		return "ALTER TEXT SEARCH DICTIONARY"
	case "AlterTsconfiguration":
		return "ALTER TEXT SEARCH CONFIGURATION"
	}
	return ""
}

// spaced makes CREATE EXTENSION of CreateExtension.
func spaced(name string) string {
	var tag strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			tag.WriteByte(' ')
		}
		tag.WriteRune(r)
	}
	return strings.ToUpper(tag.String())
}

// objectName is a kind of object as it stands in command tags.
func objectName(t pg.ObjectType) string {
	switch t {
	case pg.ObjectType_OBJECT_FDW:
		return "FOREIGN DATA WRAPPER"
	case pg.ObjectType_OBJECT_FOREIGN_SERVER:
		return "SERVER"
	case pg.ObjectType_OBJECT_LARGEOBJECT:
		return "LARGE OBJECT"
	case pg.ObjectType_OBJECT_MATVIEW:
		return "MATERIALIZED VIEW"
	case pg.ObjectType_OBJECT_OPCLASS:
		return "OPERATOR CLASS"
	case pg.ObjectType_OBJECT_OPFAMILY:
		return "OPERATOR FAMILY"
	case pg.ObjectType_OBJECT_STATISTIC_EXT:
		return "STATISTICS"
	case pg.ObjectType_OBJECT_TSCONFIGURATION:
		return "TEXT SEARCH CONFIGURATION"
	case pg.ObjectType_OBJECT_TSDICTIONARY:
		return "TEXT SEARCH DICTIONARY"
	case pg.ObjectType_OBJECT_TSPARSER:
		return "TEXT SEARCH PARSER"
	case pg.ObjectType_OBJECT_TSTEMPLATE:
		return "TEXT SEARCH TEMPLATE"
	case pg.ObjectType_OBJECT_DOMCONSTRAINT:
		return "DOMAIN"
	}
	return strings.ReplaceAll(strings.TrimPrefix(t.String(), "OBJECT_"), "_", " ")
}
