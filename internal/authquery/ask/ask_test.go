package ask

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/authquery"
	"waypost/internal/roles"
	"waypost/internal/scram"
	"waypost/transport"
	"waypost/transport/pgwire"
)

// upstream is a server that gives one result.
type upstream struct {
	transport.Transport
	transport.Conn
	result   *transport.ExecResult
	err      error
	asked    []string
	conninfo string
}

func (u *upstream) Connect(_ context.Context, conninfo string, opts transport.ConnectOptions) (transport.Conn, error) {
	u.conninfo = conninfo
	if opts.Replication {
		return nil, errors.New("a replication connection takes no query")
	}
	return u, nil
}

func (u *upstream) DBNameFromConninfo(conninfo string) (string, error) {
	return (&pgwire.Transport{}).DBNameFromConninfo(conninfo)
}

func (u *upstream) Exec(_ context.Context, query string) (*transport.ExecResult, error) {
	u.asked = append(u.asked, query)
	return u.result, u.err
}

func (u *upstream) Close() error { return nil }

// row is a result of one row of texts; "NULL" is null.
func row(columns, values []string) *transport.ExecResult {
	r := &transport.ExecResult{Status: transport.ExecOKTuples, Rows: [][]transport.Value{{}}}
	for i, name := range columns {
		r.Columns = append(r.Columns, transport.Column{Name: name})
		r.Rows[0] = append(r.Rows[0], transport.Value{Text: values[i], Valid: values[i] != "NULL"})
	}
	return r
}

func TestRowBecomesARole(t *testing.T) {
	md5 := "md5" + strings.Repeat("a", 32)
	u := &upstream{result: row(
		[]string{"rolname", "rolpassword", "rolcanlogin", "rolreplication", "rolinherit", "rolconnlimit", "rolvaliduntil",
			"memberof", "rolsuper", "more"},
		[]string{"x", md5, "f", "t", "f", "5", "2030-01-02 03:04:05+00", `{pg_monitor,"a b",NULL}`, "t", "?"})}
	a, err := ask(t.Context(), u, authquery.Request{Conninfo: "host=h", Query: "q", Name: "x"})
	require.NoError(t, err)
	require.Equal(t, &roles.Role{Name: "x", Password: md5, Replication: true, ConnLimit: 5,
		ValidUntil: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}, a.Role)
	require.Equal(t, []string{"pg_monitor", "a b"}, a.MemberOf)

	// pg_shadow's names, and defaults.
	u.result = row([]string{"usename", "passwd", "valuntil", "userepl", "rolconnlimit"},
		[]string{"x", "NULL", "infinity", "t", "NULL"})
	a, err = ask(t.Context(), u, authquery.Request{Name: "x"})
	require.NoError(t, err)
	require.Equal(t, &roles.Role{Name: "x", Login: true, Inherit: true, Replication: true, ConnLimit: -1,
		Validity: roles.ValidInfinity}, a.Role)

	u.result = &transport.ExecResult{}
	a, err = ask(t.Context(), u, authquery.Request{Name: "x"})
	require.NoError(t, err)
	require.Nil(t, a.Role)
}

func TestRowsThatAreNoRolesAreErrors(t *testing.T) {
	for column, value := range map[string]string{"rolname": "y", "rolpassword": "in clear", "rolconnlimit": "many",
		"rolvaliduntil": "soon", "memberof": "{"} {
		u := &upstream{result: row([]string{column}, []string{value})}
		_, err := ask(t.Context(), u, authquery.Request{Name: "x"})
		require.ErrorContains(t, err, column)
		require.NotContains(t, err.Error(), "in clear", "a secret in an error")
	}
	two := row([]string{"rolname"}, []string{"x"})
	two.Rows = append(two.Rows, two.Rows[0])
	_, err := ask(t.Context(), &upstream{result: two}, authquery.Request{Name: "x"})
	require.ErrorContains(t, err, "2 rows")
}

func TestVerifierThatCostsTooMuchIsRefused(t *testing.T) {
	v := scram.Verifier{Iterations: roles.MaxIterations, Salt: []byte("salt")}
	u := &upstream{result: row([]string{"rolpassword"}, []string{v.String()})}
	a, err := ask(t.Context(), u, authquery.Request{Name: "x"})
	require.NoError(t, err)
	require.Equal(t, v.String(), a.Role.Password)
	v.Iterations++
	u.result = row([]string{"rolpassword"}, []string{v.String()})
	_, err = ask(t.Context(), u, authquery.Request{Name: "x"})
	require.EqualError(t, err, `column "rolpassword" of auth_query: it has more than 4000000 iterations`)
}

func TestNameIsALiteralWhateverIsInIt(t *testing.T) {
	u := &upstream{result: &transport.ExecResult{}}
	_, err := ask(t.Context(), u, authquery.Request{Conninfo: "host=h", Query: "SELECT 1", Name: `a'b\c`})
	require.NoError(t, err)
	require.Equal(t, "PREPARE waypost_auth_query (text) AS SELECT 1", u.asked[1])
	require.Equal(t, `EXECUTE waypost_auth_query ( E'a''b\\c')`, u.asked[2])
}

func TestDatabaseIsAddedWhereThereIsNone(t *testing.T) {
	for given, want := range map[string]string{
		"host=h": "host=h dbname=postgres", "host=h dbname=d": "host=h dbname=d", "": " dbname=postgres",
		"postgresql://h": "postgresql://h?dbname=postgres", "postgres://h/d": "postgres://h/d",
		"postgres://h?sslmode=disable": "postgres://h?sslmode=disable&dbname=postgres",
	} {
		got, err := withDatabase(&pgwire.Transport{}, given)
		require.NoError(t, err)
		require.Equal(t, want, got)
		name, err := (&pgwire.Transport{}).DBNameFromConninfo(got)
		require.NoError(t, err)
		require.NotEmpty(t, name)
	}
}

func TestWhatWentWrongIsTheAnswer(t *testing.T) {
	request := authquery.Request{Conninfo: "host=h", Query: "q", Name: "x", Timeout: time.Second}.Encode()
	for _, tc := range []struct {
		name, in, want string
		err            error
	}{
		{"no request", "nonsense", "error", nil},
		{"refused", string(request), "error", &transport.ServerError{Severity: "ERROR", Code: "22P05"}},
		{"ended", string(request), "away", &transport.ServerError{Severity: "FATAL", Code: "57P01"}},
		{"lost", string(request), "away", errors.New("no")},
	} {
		var out bytes.Buffer
		require.Zero(t, Main(&upstream{err: tc.err}, strings.NewReader(tc.in), &out), tc.name)
		require.Regexp(t, "^"+tc.want+` ".*"\n$`, out.String(), tc.name)
	}
	var out bytes.Buffer
	require.Zero(t, Main(&upstream{result: &transport.ExecResult{}}, bytes.NewReader(request), &out))
	require.Equal(t, "absent\n", out.String())
}
