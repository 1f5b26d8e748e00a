package backend

import (
	"fmt"
	"strings"
	"time"

	"waypost/internal/guc"
	"waypost/internal/sql"
	"waypost/internal/sql/ast"
)

// loggedWork is one message of the client's as log_statement, log_duration and log_min_duration_statement look at it.
type loggedWork struct {
	what       string // stands before the text: "statement", "execute <name>"
	text       string
	statements []*sql.Parsed
	logged     bool // the text, by log_statement
}

// logBegin logs the text if log_statement asks for one of the statements (PostgreSQL: check_log_statement).
func (t *tcop) logBegin(what, text string, statements ...*sql.Parsed) *loggedWork {
	w := &loggedWork{what: what, text: text, statements: statements}
	asked := t.P.Settings.Enum(guc.LogStatement)
	if asked == "none" {
		return w
	}
	w.logged = asked == "all"
	for _, p := range statements {
		w.logged = w.logged || t.logClass(p.Stmt).is(asked)
	}
	if w.logged {
		t.logWork(w, w.shown())
	}
	return w
}

// logEnd logs how long it took, and the text if that was too long and is not in the log yet (PostgreSQL:
// check_log_duration).
func (t *tcop) logEnd(w *loggedWork) {
	s := t.P.Settings
	took, least := time.Since(t.statementAt), s.Duration(guc.LogMinDurationStatement)
	exceeded := least >= 0 && took >= least
	if !exceeded && !s.Bool(guc.LogDuration) {
		return
	}
	message := fmt.Sprintf("duration: %d.%03d ms", took.Milliseconds(), took.Microseconds()%1000)
	if exceeded && !w.logged {
		message += "  " + w.shown()
	}
	t.logWork(w, message)
}

// logWork logs an event that tells its statement itself, or does not need it.
func (t *tcop) logWork(w *loggedWork, message string) {
	t.P.LogStatement("")
	t.P.Log.Info().Msg(message)
	t.P.LogStatement(w.text)
}

// workOn is work on a prepared statement that log_statement takes no notice of.
func workOn(what string, st *prepared) *loggedWork {
	return &loggedWork{what: what, text: st.text, statements: []*sql.Parsed{st.parsed}}
}

// shown is the text, as pg_stat_activity has it, too: without what may be a secret.
func (w *loggedWork) shown() string {
	understood := len(w.statements) > 0 // else there are but comments
	for _, p := range w.statements {
		understood = understood && p != nil && !secretive(p.Stmt)
	}
	if !understood {
		return w.what + ": " + publicText(w.text)
	}
	return w.what + ": " + w.text
}

// nameIn is how events name a prepared statement and its portal.
func nameIn(statement, portal string) string {
	if statement == "" {
		statement = "<unnamed>"
	}
	if portal != "" {
		portal = "/" + portal
	}
	return statement + portal
}

// logClass is the least value of log_statement that has a statement logged (PostgreSQL: LogStmtLevel).
type logClass string

const (
	logDDL logClass = "ddl"
	logMod logClass = "mod"
	logAll logClass = "all"
)

func (c logClass) is(asked string) bool {
	return c == logDDL && asked != "none" || c == logMod && asked == "mod" || asked == "all"
}

// logClass classes a statement (PostgreSQL: GetCommandLogLevel).
func (t *tcop) logClass(s ast.Stmt) logClass {
	switch s := s.(type) {
	case *ast.Prepare:
		return t.logClass(s.Query)
	case *ast.Execute:
		if p := t.prepared[s.Name]; p != nil && p.parsed != nil {
			query := queryOf(p.parsed.Stmt)
			if _, again := query.(*ast.Execute); again {
				return logAll // which no PREPARE makes; it could lead back here
			}
			return t.logClass(query)
		}
	case *ast.CreateRole, *ast.AlterRole, *ast.AlterRoleSet, *ast.DropRole, *ast.RenameRole, *ast.GrantRole,
		*ast.CommentRole, *ast.AlterSystem:
		return logDDL
	case *ast.Other:
		return otherLogClass(s)
	}
	return logAll
}

// queryOf is what a statement that was prepared runs.
func queryOf(s ast.Stmt) ast.Stmt {
	if p, ok := s.(*ast.Prepare); ok {
		return p.Query
	}
	return s
}

// otherLogClass classes what Waypost refuses: it is logged before that.
func otherLogClass(s *ast.Other) logClass {
	switch word, _, _ := strings.Cut(s.Tag, " "); word {
	case "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE":
		return logMod
	case "COPY":
		if s.Class == ast.NotInRecovery {
			return logMod // FROM
		}
		return logAll
	case "EXPLAIN", "DO", "CALL", "LOAD", "VACUUM", "ANALYZE", "LOCK", "REINDEX":
		return logAll
	}
	return logDDL
}
