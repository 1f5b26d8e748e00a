package nodeinit

import (
	"bytes"
	"context"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/hba"
	"waypost/internal/roles"
	"waypost/internal/scram"
)

// made is the first role of a node that was made with what change says.
func made(t *testing.T, change func(*Options)) (role *roles.Role, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "hub")
	require.NoError(t, initFake(t, newFake(), dir, change))
	s, err := roles.Load(dir)
	require.NoError(t, err)
	return s.ByOID(roles.BootstrapOID), dir
}

func passwordFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pw")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// methodsIn gives the methods of pg_hba.conf for sockets and for TCP.
func methodsIn(t *testing.T, dir string) (local, host string) {
	t.Helper()
	rules, err := hba.Load(filepath.Join(dir, "pg_hba.conf"))
	require.NoError(t, err)
	require.Equal(t, 6, rules.Len())
	for _, replication := range []bool{false, true} {
		local = rules.Match(&hba.Client{Local: true, Database: "d", User: "u", Replication: replication}).Method.String()
	}
	text, err := os.ReadFile(filepath.Join(dir, "pg_hba.conf"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 5 && f[0] == "host" {
			host = f[4]
		}
	}
	return local, host
}

func TestFirstRoleIsASuperuser(t *testing.T) {
	role, dir := made(t, nil)
	u, err := user.Current()
	require.NoError(t, err)
	require.Equal(t, u.Username, role.Name)
	require.True(t, role.Superuser && role.Login && role.Replication && role.CreateRole)
	require.Empty(t, role.Password)
	local, host := methodsIn(t, dir)
	require.Equal(t, "trust trust", local+" "+host)
}

func TestWhoGivesAPasswordIsAskedForIt(t *testing.T) {
	pw := passwordFile(t, "secret word\r\nmore\n")
	role, dir := made(t, func(o *Options) { o.FirstRole = FirstRole{Name: "dba", PwFile: pw} })
	require.Equal(t, "dba", role.Name)
	v, ok := scram.Parse(role.Password)
	require.True(t, ok)
	matches, err := v.Matches(t.Context(), "secret word")
	require.NoError(t, err)
	require.True(t, matches)
	local, host := methodsIn(t, dir)
	require.Equal(t, "scram-sha-256 scram-sha-256", local+" "+host)

	for _, c := range []struct {
		f    FirstRole
		want string
		kind scram.Kind
	}{
		{FirstRole{Auth: "trust"}, "trust trust", scram.SCRAM},
		{FirstRole{Auth: "md5"}, "md5 md5", scram.MD5},
		{FirstRole{AuthLocal: "peer"}, "peer scram-sha-256", scram.SCRAM},
		{FirstRole{AuthLocal: "ident", AuthHost: "md5"}, "peer md5", scram.MD5},
		{FirstRole{Auth: "md5", AuthHost: "scram-sha-256"}, "md5 scram-sha-256", scram.SCRAM},
		{FirstRole{Auth: "reject", AuthLocal: "password"}, "password reject", scram.SCRAM},
	} {
		c.f.PwFile = pw
		role, dir := made(t, func(o *Options) { o.FirstRole = c.f })
		local, host := methodsIn(t, dir)
		require.Equal(t, c.want, local+" "+host, "%+v", c.f)
		require.Equal(t, c.kind, scram.KindOf(role.Password), "%+v", c.f)
	}
}

func TestPasswordCanBeAskedFor(t *testing.T) {
	answers := []string{"one", "one"}
	var asked []string
	prompt := func(p string) (string, error) {
		asked = append(asked, p)
		return answers[len(asked)-1], nil
	}
	role, _ := made(t, func(o *Options) { o.FirstRole.Prompt = prompt })
	require.Equal(t, scram.SCRAM, scram.KindOf(role.Password))
	require.Len(t, asked, 2)
	asked, answers = nil, []string{"one", "two"}
	_, err := (&FirstRole{Prompt: prompt}).password()
	require.ErrorContains(t, err, "Passwords didn't match")
	asked, answers = nil, []string{"", ""}
	_, err = (&FirstRole{Prompt: prompt}).password()
	require.ErrorContains(t, err, "empty")
}

func TestWrongFirstRolesLeaveNothing(t *testing.T) {
	for message, f := range map[string]FirstRole{
		"is disallowed": {Name: "pg_dba"},
		"must specify a password for the superuser to enable password authentication": {Auth: "scram-sha-256"},
		`invalid authentication method "cert" for "host" connections`:                 {AuthHost: "cert"},
		`invalid authentication method "peer" for "host" connections`:                 {Auth: "peer"},
		"could not open file": {PwFile: "/nonexistent"},
		`is empty`:            {PwFile: passwordFile(t, "\nsecond line")},
	} {
		dir := filepath.Join(t.TempDir(), "hub")
		err := initFake(t, newFake(), dir, func(o *Options) { o.FirstRole = f })
		var e *Error
		require.ErrorAs(t, err, &e, message)
		require.ErrorContains(t, err, message)
		requireNothing(t, dir)
	}
}

func TestTrustIsWarnedOf(t *testing.T) {
	var out bytes.Buffer
	opts := Options{DataDir: filepath.Join(t.TempDir(), "hub"), Upstream: "host=fake"}
	require.NoError(t, Run(context.Background(), newFake(), opts, &out))
	require.Contains(t, out.String(), `enabling "trust" authentication for local connections`)
	out.Reset()
	opts.DataDir = filepath.Join(t.TempDir(), "hub")
	opts.FirstRole.PwFile = passwordFile(t, "x")
	require.NoError(t, Run(context.Background(), newFake(), opts, &out))
	require.NotContains(t, out.String(), "trust")
}

func TestOldDataDirectoryGetsItsFirstRoleOnce(t *testing.T) {
	_, dir := made(t, nil)
	_, err := MakeFirstRole(t.Context(), dir, FirstRole{Name: "dba"})
	require.ErrorContains(t, err, "the node has roles already")
	path := filepath.Join(dir, roles.File)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, good[:len(good)/2], 0o600))
	_, err = MakeFirstRole(t.Context(), dir, FirstRole{Name: "dba"})
	require.ErrorContains(t, err, "is damaged")
	require.NoError(t, os.Remove(path))

	unlock, err := lockStopped(dir) // as a node that runs has it
	require.NoError(t, err)
	_, err = MakeFirstRole(t.Context(), dir, FirstRole{Name: "dba"})
	require.ErrorContains(t, err, "is in use by another process")
	unlock()

	name, err := MakeFirstRole(t.Context(), dir, FirstRole{Name: "dba", PwFile: passwordFile(t, "x")})
	require.NoError(t, err)
	require.Equal(t, "dba", name)
	s, err := roles.Load(dir)
	require.NoError(t, err)
	require.True(t, s.Find("dba").Superuser)
	_, err = MakeFirstRole(t.Context(), t.TempDir(), FirstRole{})
	require.Error(t, err)
}
