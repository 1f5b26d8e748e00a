package backend_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/protocol"
)

func TestSettingOfARoleThatIsWrongIsWarnedOf(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.Roles("create role r login", "alter role r set no_such_thing = '1'", "alter role r set wal_sender_timeout = '7s'")
	c := n.Connect()
	c.Start("user", "r", "database", "postgres")
	c.Must('R')
	warned := false
	for {
		m, err := c.Next()
		require.NoError(t, err)
		if m.Type == 'Z' {
			break
		}
		warned = warned || m.Type == 'N'
	}
	require.True(t, warned)
	require.Contains(t, n.Log.String(), `WARNING:  unrecognized configuration parameter "no_such_thing"`)
	c.Query("SHOW wal_sender_timeout")
	_, rows, _ := c.Rows()
	require.Equal(t, [][]string{{"7s"}}, rows)
}

func TestRolesDecideWhoMayComeIn(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.Roles("create role nologin", "create role r login", "create role repl login replication")
	for _, c := range []struct {
		parameters []string
		code       protocol.SQLSTATE
		message    string
	}{
		{[]string{"user", "absent"}, "28000", `role "absent" does not exist`},
		{[]string{"user", "nologin"}, "28000", `role "nologin" is not permitted to log in`},
		{[]string{"user", "pg_monitor"}, "28000", `role "pg_monitor" is not permitted to log in`},
		{[]string{"user", "r", "database", "nowhere"}, "3D000", `database "nowhere" does not exist`},
		{[]string{"user", "r"}, "3D000", `database "r" does not exist`},
		{[]string{"user", "r", "replication", "true"}, "42501", "permission denied to start WAL sender"},
		{[]string{"user", "repl", "replication", "database", "database", "nowhere"}, "3D000", `database "nowhere" does not exist`},
		{[]string{"user", "repl", "replication", "true", "database", "nowhere"}, "", ""},
		{[]string{"user", "r", "database", "template1"}, "", ""},
	} {
		client := n.Connect()
		client.Start(c.parameters...)
		client.Must('R')
		if c.code == "" {
			client.Until('Z')
			continue
		}
		e := client.MustFail()
		require.Equal(t, c.code, e.Code, "%v", c.parameters)
		require.Equal(t, c.message, e.Message)
		require.Equal(t, protocol.SeverityFatal, e.Severity)
		client.MustEnd()
	}
}
