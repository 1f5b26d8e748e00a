package views_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/procsignal"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/internal/views"
)

// noProcess is a pid above all that a system gives out, so that whatever a statement signals is nobody.
const noProcess = 1 << 30

// harmless is a node of which no statement can reach this process.
func harmless(t testing.TB) *rig {
	r := newRig(t)
	signal.Ignore(syscall.SIGUSR1)
	r.postmaster = noProcess
	r.join(0, noProcess+1, procsignal.Startup, "")
	r.join(3, noProcess+2, procsignal.Backend, "postgres")
	r.join(4, noProcess+3, procsignal.WalSender, "dave")
	return r
}

// FuzzStatementOverViews: whatever is asked of the node's relations and functions, the answer is rows or an error that is
// meant, and a statement that is cancelled ends soon.
func FuzzStatementOverViews(f *testing.F) {
	for _, text := range []string{
		"select * from pg_stat_activity a left join pg_stat_ssl s using (pid) where a.state ~ 'i' order by 1",
		"select state, count(*) filter (where pid > 1) from pg_stat_activity group by 1 having count(*) > 0",
		"select * from pg_stat_replication r, lateral pg_stat_get_activity(r.pid)",
		"select name, setting::int / 2 from pg_settings where vartype = 'integer' and setting::int > 5",
		"select c.oid::regclass, a.attname, format_type(atttypid, atttypmod) from pg_class c join pg_attribute a on attrelid = c.oid",
		"select p.oid::regproc, pg_get_function_arguments(p.oid) from pg_proc p where proname like 'pg_ls%'",
		"select has_table_privilege(rolname, 'pg_class', 'select'), pg_has_role(oid, 'member') from pg_roles",
		"select * from pg_control_checkpoint() c, pg_control_system(), pg_ls_waldir() where c.timeline_id = 1",
		"select pg_terminate_backend(pid, 1), pg_cancel_backend(pid) from pg_stat_activity",
		"select pg_split_walfile_name('000000010000000000000001'), pg_stat_reset_shared('wal'), pg_reload_conf()",
		"select age(datfrozenxid), pg_database_size(oid), shobj_description(oid, 'pg_database') from pg_database",
		"select array(select roleid from pg_auth_members where member = r.oid), r.tableoid from pg_authid r",
		"select pg_sleep(0.001), pg_wal_replay_pause(), pg_get_wal_replay_pause_state(), to_regclass('x.y')",
		"select * from waypost_processes natural join pg_stat_activity; table waypost_wal",
		"with w as (select * from pg_hba_file_rules) select * from w union all select * from pg_hba_file_rules()",
	} {
		f.Add(text, uint8(17))
	}
	r := harmless(f)
	settings := r.p.Settings
	f.Fuzz(func(t *testing.T, text string, major uint8) {
		r.t, r.major, r.p.Settings, r.warnings = t, int(major), settings.Clone(), nil
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		begun := time.Now()
		err := r.each(ctx, text)
		require.Less(t, time.Since(begun), 10*time.Second)
		var told *types.Error
		if err != nil {
			require.True(t, errors.As(err, &told), "%v", err)
			require.NotEqual(t, types.CodeInternal, told.Code, "%v", err)
		}
		require.Equal(t, noProcess+2, r.p.Procs[3].PID())
		require.DirExists(t, r.p.DataDir)
		_, err = os.Stat(r.p.DataDir + "/global/pg_control")
		require.NoError(t, err)
	})
}

// each runs all SELECT statements of a text, as far as a client would read.
func (r *rig) each(ctx context.Context, text string) error {
	list, err := sql.Parse(text)
	if err != nil {
		return err
	}
	catalog := views.Catalog(r.major)
	for _, p := range list {
		st, err := sql.Prepare(ctx, r, catalog, p, nil)
		if err != nil {
			return err
		}
		if st.Utility != nil || len(st.Params) > 0 {
			continue
		}
		rows, err := st.Execute(ctx, r, catalog, nil, []int16{1})
		for ok := err == nil; ok && rows.Count() < 10000; {
			_, ok, err = rows.Next(nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
