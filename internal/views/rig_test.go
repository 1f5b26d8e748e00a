package views_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/activity"
	"waypost/internal/child"
	"waypost/internal/controldata"
	"waypost/internal/guc"
	"waypost/internal/layout/layouttest"
	"waypost/internal/procsignal"
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/internal/views"
	"waypost/internal/xlogctl"
	"waypost/shmem"
	"waypost/walfile"
	"waypost/xlog"
)

// rig is a session of a node that is there in shared memory and on disk, but for its processes.
type rig struct {
	t     testing.TB
	p     *child.Process
	set   *roles.Set
	role  *roles.Role
	major int

	postmaster int
	client     netip.AddrPort
	prepared   []views.PreparedStatement
	cursors    []views.OpenCursor
	warnings   []*sql.Error
}

// now is what the rig's statements call the time.
var now = time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)

// newRig makes a relay of 17 with the roles postgres (superuser), carol (pg_monitor), dave and erin (nothing).
func newRig(t testing.TB) *rig {
	dir := t.TempDir()
	for _, d := range []string{"global", "pg_wal/archive_status"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o700))
	}
	ctx := context.Background()
	require.NoError(t, roles.Create(ctx, dir, "postgres", "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy"))
	r := &rig{t: t, major: 17, postmaster: os.Getpid()}
	for _, text := range []string{
		"create role carol login in role pg_monitor", "create role dave login", "create role erin",
	} {
		r.roleStatement(ctx, dir, text)
	}
	r.reloadRoles(dir)
	r.role = r.set.Find("postgres")

	c, err := controldata.New(walfile.V17, 7000000000000000001, xlog.DefaultSegSize, 1)
	require.NoError(t, err)
	c.CheckPoint, c.CheckPointCopy.Redo = 0x3000060, 0x3000028
	c.CheckPointCopy.NextXid, c.CheckPointCopy.OldestXid, c.CheckPointCopy.OldestMulti = 745, 730, 1
	c.CheckPointCopy.Time = now.Unix()
	require.NoError(t, c.Write(dir, now, 0o600))

	areas := layouttest.Areas(t, 12, 4)
	areas.XLog.State.Store(uint32(xlogctl.RecoveryStateArchive))
	areas.XLog.SegmentSize.Store(uint32(xlog.DefaultSegSize))
	settings := guc.New()
	require.NoError(t, settings.SetID(guc.ServerVersion, "17.10 (Debian 17.10-1)", guc.SourceOverride))
	r.p = &child.Process{
		Kind: procsignal.Backend, ChildSlot: 3, DataDir: dir, Settings: settings, Areas: areas,
		PostmasterStart: now.Add(-time.Hour), ConfigLoaded: now.Add(-time.Minute),
	}
	r.p.Activity = &areas.Status[3]
	r.join(3, os.Getpid(), procsignal.Backend, "postgres")
	return r
}

func (r *rig) roleStatement(ctx context.Context, dir, text string) {
	r.t.Helper()
	list, err := sql.Parse(text)
	require.NoError(r.t, err)
	set, err := roles.Load(dir)
	require.NoError(r.t, err)
	_, _, err = roles.Exec(ctx, &roles.Env{DataDir: dir, Current: set.Find("postgres"), Session: set.Find("postgres")},
		list[0].Stmt)
	require.NoError(r.t, err)
}

func (r *rig) reloadRoles(dir string) {
	var err error
	r.set, err = roles.Load(dir)
	require.NoError(r.t, err)
}

// as has the statements that follow asked by a role.
func (r *rig) as(role string) *rig {
	r.role = r.set.Find(role)
	require.NotNil(r.t, r.role, role)
	return r
}

// join puts a process into the areas; one with a role is a client's.
func (r *rig) join(slot, pid int, kind procsignal.Kind, role string) {
	start := xlog.FromTime(now.Add(-10 * time.Minute))
	r.p.Procs[slot].Join(pid, kind, int64(start))
	r.p.Status[slot].Join(start)
	if role == "" {
		return
	}
	oid := r.set.Find(role).OID
	r.p.Status[slot].Update(func(f *activity.Fields) {
		f.UserOID = oid
		if kind == procsignal.Backend {
			f.DatabaseOID, f.State = 5, activity.Idle
			shmem.SetString(f.Database[:], "postgres")
		}
		shmem.SetString(f.User[:], role)
		shmem.SetString(f.Application[:], "app")
		shmem.SetString(f.ClientAddr[:], "192.0.2.7")
		shmem.SetString(f.Query[:], "select 1")
		f.ClientPort = 40000
		f.StateChange = xlog.FromTime(now.Add(-time.Second))
		f.QueryStart, f.XactStart = f.StateChange, f.StateChange
	})
}

func (r *rig) CurrentUser() string         { return r.role.Name }
func (r *rig) SessionUser() string         { return r.role.Name }
func (r *rig) Database() string            { return "postgres" }
func (r *rig) BackendPID() int             { return os.Getpid() }
func (r *rig) TimeZone() *time.Location    { return time.UTC }
func (r *rig) TransactionStart() time.Time { return now }
func (r *rig) StatementStart() time.Time   { return now }

func (r *rig) Setting(name string) (string, bool, error) {
	_, text, err := r.p.Settings.Show(name)
	return text, err == nil, nil
}

func (r *rig) SetSetting(name, value string, _ bool) (string, error) {
	if err := r.p.Settings.Set(name, value, guc.SourceSession); err != nil {
		return "", types.Errorf(types.CodeUndefinedObject, "%v", err)
	}
	return value, nil
}

func (r *rig) Process() *child.Process                       { return r.p }
func (r *rig) PostmasterPID() int                            { return r.postmaster }
func (r *rig) RoleSet() *roles.Set                           { return r.set }
func (r *rig) CurrentRole() *roles.Role                      { return r.role }
func (r *rig) SessionRole() *roles.Role                      { return r.role }
func (r *rig) ServerAddr() netip.AddrPort                    { return r.client }
func (r *rig) ClientAddr() netip.AddrPort                    { return r.client }
func (r *rig) PreparedStatements() []views.PreparedStatement { return r.prepared }
func (r *rig) Cursors() []views.OpenCursor                   { return r.cursors }
func (r *rig) Warn(e *sql.Error)                             { r.warnings = append(r.warnings, e) }

// run runs a statement and gives its columns and, as text, its rows.
func (r *rig) run(ctx context.Context, text string) (columns []sql.ResultColumn, rows [][]string, err error) {
	list, err := sql.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	require.Len(r.t, list, 1, text)
	catalog := views.Catalog(r.major)
	st, err := sql.Prepare(ctx, r, catalog, list[0], nil)
	if err != nil {
		return nil, nil, err
	}
	got, err := st.Execute(ctx, r, catalog, nil, []int16{0})
	if err != nil {
		return nil, nil, err
	}
	for {
		fields, ok, err := got.Next(nil)
		if err != nil || !ok {
			return st.Columns, rows, err
		}
		rows = append(rows, decode(fields[2:], len(st.Columns)))
	}
}

// decode takes the fields of a DataRow apart; NULL is "∅".
func decode(b []byte, n int) []string {
	var out []string
	for range n {
		size := int32(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
		b = b[4:]
		if size < 0 {
			out = append(out, "∅")
			continue
		}
		out, b = append(out, string(b[:size])), b[size:]
	}
	return out
}

// rows are those of a statement that does not fail.
func (r *rig) rows(text string) [][]string {
	r.t.Helper()
	_, rows, err := r.run(context.Background(), text)
	require.NoError(r.t, err, text)
	return rows
}

// fails gives the error of a statement that fails.
func (r *rig) fails(text string) *types.Error {
	r.t.Helper()
	_, _, err := r.run(context.Background(), text)
	var e *types.Error
	require.ErrorAs(r.t, err, &e, text)
	return e
}
