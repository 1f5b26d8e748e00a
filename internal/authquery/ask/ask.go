// Package ask is the program cmd/authquery: it asks the upstream for one role, over a regular connection, and ends. What it
// reads and writes is described in package authquery. It never logs: what went wrong is its answer.
//
// A session starts it and waits for it; it belongs to no slot and maps no shared memory, and takes no orders: a session that
// has waited long enough kills it, one that has died itself leaves it to its timeout.
//
//	exit 0   it has answered
//	exit 1   nobody takes the answer
package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"waypost/internal/authquery"
	"waypost/internal/roles"
	"waypost/internal/scram"
	"waypost/internal/sql/types"
	"waypost/transport"
)

// Main answers the request on in, and gives the exit code.
func Main(t transport.Transport, in io.Reader, out io.Writer) int {
	answer, err := answer(t, in)
	b := answer.Encode()
	if err != nil {
		b = authquery.EncodeError(err)
	}
	if _, err := out.Write(b); err != nil {
		return 1
	}
	return 0
}

func answer(t transport.Transport, in io.Reader) (authquery.Answer, error) {
	b, err := io.ReadAll(in)
	if err != nil {
		return authquery.Answer{}, err
	}
	r, err := authquery.DecodeRequest(b)
	if err != nil {
		return authquery.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.Timeout)
	defer cancel()
	return ask(ctx, t, r)
}

func ask(ctx context.Context, t transport.Transport, r authquery.Request) (authquery.Answer, error) {
	conninfo, err := withDatabase(t, r.Conninfo)
	if err != nil {
		return authquery.Answer{}, err
	}
	conn, err := t.Connect(ctx, conninfo, transport.ConnectOptions{ApplicationName: "waypost auth_query"})
	if err != nil {
		return authquery.Answer{}, &authquery.AwayError{Reason: err.Error()}
	}
	defer conn.Close()
	for _, sql := range []string{"SET datestyle = 'ISO'; SET timezone = 'UTC'; SET client_encoding = 'UTF8'",
		"PREPARE waypost_auth_query (text) AS " + r.Query} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return authquery.Answer{}, blame(err)
		}
	}
	result, err := conn.Exec(ctx, "EXECUTE waypost_auth_query ("+literal(r.Name)+")")
	if err != nil {
		return authquery.Answer{}, blame(err)
	}
	switch len(result.Rows) {
	case 0:
		return authquery.Answer{}, nil
	case 1:
		return decode(r.Name, result)
	}
	return authquery.Answer{}, fmt.Errorf("auth_query gives %d rows for one role", len(result.Rows))
}

// blame tells what is wrong with the question, which may come from the name, from an upstream that is away.
func blame(err error) error {
	var e *transport.ServerError
	if errors.As(err, &e) && e.Severity == "ERROR" {
		return err
	}
	return &authquery.AwayError{Reason: err.Error()}
}

// withDatabase adds a database to a connection string for replication, which needs none.
func withDatabase(t transport.Transport, conninfo string) (string, error) {
	name, err := t.DBNameFromConninfo(conninfo)
	if err != nil || name != "" {
		return conninfo, err
	}
	if !strings.HasPrefix(conninfo, "postgresql://") && !strings.HasPrefix(conninfo, "postgres://") {
		return conninfo + " dbname=postgres", nil
	}
	if strings.Contains(conninfo, "?") {
		return conninfo + "&dbname=postgres", nil
	}
	return conninfo + "?dbname=postgres", nil
}

// literal is a text as every server reads it, whatever standard_conforming_strings says there.
func literal(s string) string {
	return " E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}

// decode makes a role of a row. Columns count by their names, those of pg_authid or pg_shadow; others are ignored, and so
// is whatever would make somebody more than a client.
func decode(name string, result *transport.ExecResult) (authquery.Answer, error) {
	r := &roles.Role{Name: name, Login: true, Inherit: true, ConnLimit: -1}
	a := authquery.Answer{Role: r}
	for i, column := range result.Columns {
		v := result.Rows[0][i]
		if err := set(&a, column.Name, v.Text, v.Valid); err != nil {
			return authquery.Answer{}, fmt.Errorf("column %q of auth_query: %w", column.Name, err)
		}
	}
	return a, nil
}

func set(a *authquery.Answer, column, text string, valid bool) (err error) {
	r := a.Role
	if !valid {
		return nil // as the default has it
	}
	switch column {
	case "rolname", "usename":
		if text != r.Name {
			return errors.New("it is another role's name")
		}
	case "rolpassword", "passwd":
		r.Password = text
		err = checkVerifier(text)
	case "rolcanlogin":
		r.Login = text == "t"
	case "rolreplication", "userepl":
		r.Replication = text == "t"
	case "rolinherit":
		r.Inherit = text == "t"
	case "rolconnlimit":
		r.ConnLimit, err = strconv.Atoi(text)
	case "rolvaliduntil", "valuntil":
		err = setValidUntil(r, text)
	case "memberof":
		a.MemberOf, err = names(text)
	}
	return err
}

// checkVerifier refuses what nobody could have set here either. "" is no password.
func checkVerifier(text string) error {
	if text != "" && scram.KindOf(text) == scram.Plain {
		return errors.New("it is neither a SCRAM nor an MD5 verifier")
	}
	if v, ok := scram.Parse(text); ok && v.Iterations > roles.MaxIterations {
		return fmt.Errorf("it has more than %d iterations", roles.MaxIterations)
	}
	return nil
}

func setValidUntil(r *roles.Role, text string) error {
	v, err := (&types.Env{Location: time.UTC}).ParseText(text, types.TimestampTz, -1)
	if err != nil {
		return errors.New("it is not a time")
	}
	r.SetValidUntil(v.(types.Instant))
	return nil
}

// names takes an array of names apart: {a,"b c"}.
func names(text string) ([]string, error) {
	v, err := (&types.Env{}).ParseText(text, types.TextArray, -1)
	if err != nil {
		return nil, errors.New("it is not an array of names")
	}
	array, ok := v.(*types.Array)
	if !ok {
		return nil, errors.New("it is not an array of names")
	}
	var list []string
	for _, e := range array.Vals {
		if s, ok := e.(string); ok {
			list = append(list, s)
		}
	}
	return list, nil
}
