package views_test

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/activity"
	"waypost/internal/controldata"
	"waypost/internal/guc"
	"waypost/internal/procsignal"
	"waypost/internal/xlogctl"
	"waypost/pmsignal"
	"waypost/walfile"
	"waypost/xlog"
)

func TestRecoveryFunctionsTellPositionsAndRefuseWhatARelayCannot(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{"t", "∅", "∅", "∅"}}, r.rows(`select pg_is_in_recovery(), pg_last_wal_receive_lsn(),
		pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp()`))
	r.p.XLog.ReplayedUpto.Store(0x3000100)
	r.p.XLog.LastXactTime.Store(int64(xlog.FromTime(now)))
	require.Equal(t, [][]string{{"0/3000100", "2026-11-20 08:30:00+00"}},
		r.rows("select pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp()"))

	const control = "WAL control functions cannot be executed during recovery."
	for call, hint := range map[string]string{
		"pg_current_wal_lsn()": control, "pg_current_wal_insert_lsn()": control, "pg_current_wal_flush_lsn()": control,
		"pg_switch_wal()": control, "pg_create_restore_point('x')": control, "pg_backup_start('x')": control,
		"pg_logical_emit_message(true, 'a', 'b')": control, "pg_logical_emit_message(true, 'a', '\\x00'::bytea)": control,
		"pg_walfile_name('0/1')":        "pg_walfile_name() cannot be executed during recovery.",
		"pg_walfile_name_offset('0/1')": "pg_walfile_name_offset() cannot be executed during recovery.",
	} {
		e := r.fails("select " + call)
		require.Equal(t, "55000", e.Code, call)
		require.Equal(t, "recovery is in progress", e.Message, call)
		require.Equal(t, hint, e.Hint, call)
	}
	// What exporters ask: nothing may be worked out ahead of the rows.
	require.Empty(t,
		r.rows("select slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) from pg_replication_slots"))
	require.Equal(t, [][]string{{"∅"}},
		r.rows("select case pg_is_in_recovery() when 't' then null else pg_current_wal_lsn() end"))
	for call, code := range map[string]string{
		"txid_current()": "25006", "pg_notify('a', 'b')": "25006", "pg_promote()": "0A000", "pg_export_snapshot()": "0A000",
		"pg_log_backend_memory_contexts(1)": "0A000", "pg_read_file('postgresql.conf')": "0A000",
		"pg_split_walfile_name('x')": "22023", "pg_promote(true, 0)": "22003",
	} {
		require.Equal(t, code, r.fails("select "+call).Code, call)
	}
	require.Equal(t, [][]string{{"258", "3"}},
		r.rows("select segment_number, timeline_id from pg_split_walfile_name('000000030000000100000002')"))
}

func TestReplayIsPausedAndResumedBySuperusers(t *testing.T) {
	r := newRig(t)
	const state = "select pg_get_wal_replay_pause_state(), pg_is_wal_replay_paused()"
	require.Equal(t, [][]string{{"not paused", "f"}}, r.rows(state))
	r.rows("select pg_wal_replay_pause()")
	require.Equal(t, [][]string{{"pause requested", "t"}}, r.rows(state))
	require.Equal(t, xlogctl.PauseRequested, r.p.XLog.RecoveryPause())
	r.rows("select pg_wal_replay_resume()")
	require.Equal(t, [][]string{{"not paused", "f"}}, r.rows(state))
	require.Equal(t, "42501", r.as("carol").fails("select pg_wal_replay_pause()").Code)
	require.Equal(t, [][]string{{"not paused", "f"}}, r.rows(state))
}

func TestControlFunctionsReadTheControlFile(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{"0/3000060", "0/3000028", "000000010000000000000003", "1", "0:745", "730",
		"2026-11-20 08:30:00+00"}},
		r.rows(`select checkpoint_lsn, redo_lsn, redo_wal_file, timeline_id, next_xid, oldest_xid, checkpoint_time
			from pg_control_checkpoint()`))
	require.Equal(t, [][]string{{"1700", "202406281", "7000000000000000001", "2026-11-20 08:30:00+00"}},
		r.rows("select * from pg_control_system()"))
	require.Equal(t, [][]string{{"0/0", "0", "0/0", "0/0", "f"}}, r.rows("select * from pg_control_recovery()"))
	require.Equal(t, [][]string{{"8", "8192", "131072", "8192", "16777216", "64", "32", "1996", "2048", "t", "0"}},
		r.rows("select * from pg_control_init()"))
	require.Equal(t, [][]string{{"15", "2147483647", "730"}},
		r.rows("select age(datfrozenxid), age('2'::xid), datfrozenxid from pg_database"))
	c, err := controldata.New(walfile.V17, 1, xlog.DefaultSegSize, 1)
	require.NoError(t, err)
	require.NoError(t, c.Write(r.p.DataDir, now, 0o600))
	require.Equal(t, [][]string{{"∅", "∅", "∅"}}, r.rows("select age(datfrozenxid), datfrozenxid, age('9'::xid) from pg_database"))
	require.NoError(t, os.Remove(filepath.Join(r.p.DataDir, "global/pg_control")))
	require.Equal(t, "58P01", r.fails("select pg_control_system()").Code)
}

func TestFilesAreListedForMonitors(t *testing.T) {
	r := newRig(t)
	at := time.Date(2026, 11, 19, 1, 2, 3, 0, time.UTC)
	for name, size := range map[string]int{"000000010000000000000003": 5, ".hidden": 1, "archive_status/x.ready": 0} {
		path := filepath.Join(r.p.DataDir, "pg_wal", name)
		require.NoError(t, os.WriteFile(path, make([]byte, size), 0o600))
		require.NoError(t, os.Chtimes(path, at, at))
	}
	require.Equal(t, [][]string{{"000000010000000000000003", "5", "2026-11-19 01:02:03+00"}},
		r.as("carol").rows("select * from pg_ls_waldir()"))
	require.Equal(t, [][]string{{"x.ready", "0"}}, r.rows("select name, size from pg_ls_archive_statusdir()"))
	e := r.fails("select * from pg_ls_logdir()")
	require.Equal(t, "58P01", e.Code)
	require.Equal(t, `could not open directory "log": No such file or directory`, e.Message)
	require.Equal(t, "permission denied for function pg_ls_waldir", r.as("dave").fails("select pg_ls_waldir()").Message)
}

func TestCurrentLogfileIsWhatTheLoggerSays(t *testing.T) {
	r := newRig(t).as("carol")
	require.Equal(t, [][]string{{"∅"}}, r.rows("select pg_current_logfile()"))
	path := filepath.Join(r.p.DataDir, "current_logfiles")
	require.NoError(t, os.WriteFile(path, []byte("stderr log/a b.log\njsonlog log/a.json\n"), 0o600))
	require.Equal(t, [][]string{{"log/a b.log", "log/a.json", "∅"}},
		r.rows("select pg_current_logfile(), pg_current_logfile('jsonlog'), pg_current_logfile('csvlog')"))
	require.Equal(t, "22023", r.fails("select pg_current_logfile('x')").Code)
	require.Equal(t, "42501", r.as("dave").fails("select pg_current_logfile()").Code)
}

func TestVersionBeginsAsPostgreSQLsDoes(t *testing.T) {
	r := newRig(t)
	require.Regexp(t, `^PostgreSQL 17\.10 \(Waypost [^)]+\) on `, r.rows("select version()")[0][0])
}

func TestConnectionFunctionsTellBothEnds(t *testing.T) {
	r := newRig(t)
	const query = "select inet_server_addr(), inet_server_port(), inet_client_addr(), inet_client_port()"
	require.Equal(t, [][]string{{"∅", "∅", "∅", "∅"}}, r.rows(query))
	r.client = netip.MustParseAddrPort("192.0.2.1:5432")
	require.Equal(t, [][]string{{"192.0.2.1", "5432", "192.0.2.1", "5432"}}, r.rows(query))
	require.Equal(t, [][]string{{"2026-11-20 07:30:00+00", "2026-11-20 08:29:00+00"}},
		r.rows("select pg_postmaster_start_time(), pg_conf_load_time()"))
}

func TestSleepWaitsVisiblyAndIsCancelled(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{""}}, r.rows("select pg_sleep(0.001)"))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, _, err := r.run(ctx, "select pg_sleep(1000)")
		done <- err
	}()
	require.Eventually(t, func() bool { return r.p.Activity.Waiting() == activity.PgSleep }, 10*time.Second,
		time.Millisecond)
	cancel()
	require.ErrorContains(t, <-done, "canceling statement due to user request")
	require.Zero(t, r.p.Activity.Waiting())
	require.Equal(t, [][]string{{"", ""}},
		r.rows("select pg_sleep_for('-1 hour'), pg_sleep_until('2020-01-01')"))
}

// sleeper is a process that a signal ends.
func sleeper(t *testing.T) *exec.Cmd {
	cmd := exec.Command("sleep", "1000")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.Process.Kill() == nil {
			cmd.Wait()
		}
	})
	return cmd
}

func TestBackendsAreSignalledByThoseWhoMay(t *testing.T) {
	r := newRig(t)
	r.roleStatement(context.Background(), r.p.DataDir, "create role frank login in role pg_signal_backend")
	r.reloadRoles(r.p.DataDir)
	own, root, aux := sleeper(t), sleeper(t), sleeper(t)
	pid := func(c *exec.Cmd) string { return strconv.Itoa(c.Process.Pid) }
	r.join(4, own.Process.Pid, procsignal.Backend, "dave")
	r.join(5, root.Process.Pid, procsignal.WalSender, "postgres")
	r.join(6, aux.Process.Pid, procsignal.Startup, "")

	e := r.as("carol").fails("select pg_terminate_backend(" + pid(own) + ")")
	require.Equal(t, "42501", e.Code)
	require.Equal(t, "permission denied to terminate process", e.Message)
	require.Contains(t, e.Detail, `"pg_signal_backend"`)
	for _, role := range []string{"carol", "frank"} {
		e = r.as(role).fails("select pg_cancel_backend(" + pid(root) + ")")
		require.Equal(t, "permission denied to cancel query", e.Message)
		require.Contains(t, e.Detail, "SUPERUSER attribute")
	}

	r.as("postgres")
	for _, other := range []string{pid(aux), "1", "-5", "0"} {
		require.Equal(t, [][]string{{"f"}}, r.rows("select pg_terminate_backend("+other+")"))
		require.Equal(t, "PID "+other+" is not a PostgreSQL backend process", r.warnings[len(r.warnings)-1].Message)
	}
	require.Equal(t, "22003", r.fails("select pg_terminate_backend("+pid(own)+", -1)").Code)

	require.Equal(t, [][]string{{"t"}}, r.as("frank").rows("select pg_cancel_backend("+pid(own)+")"))
	require.Equal(t, "signal: interrupt", own.Wait().Error())
	require.Equal(t, [][]string{{"t"}}, r.as("postgres").rows("select pg_terminate_backend("+pid(root)+")"))
	require.Equal(t, "signal: terminated", root.Wait().Error())
}

func TestTerminateWaitsForTheEndAsLongAsItIsToldTo(t *testing.T) {
	r := newRig(t)
	deaf := exec.Command("sh", "-c", "trap '' TERM; echo ready; exec sleep 1000")
	ready, err := deaf.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, deaf.Start())
	t.Cleanup(func() {
		deaf.Process.Kill()
		deaf.Wait()
	})
	_, err = ready.Read(make([]byte, 6))
	require.NoError(t, err)
	r.join(4, deaf.Process.Pid, procsignal.Backend, "dave")
	call := "select pg_terminate_backend(" + strconv.Itoa(deaf.Process.Pid) + ", "
	require.Equal(t, [][]string{{"f"}}, r.rows(call+"20)"))
	require.Contains(t, r.warnings[0].Message, "did not terminate within 20 milliseconds")

	prompt := sleeper(t)
	go prompt.Wait()
	r.join(5, prompt.Process.Pid, procsignal.Backend, "dave")
	require.Equal(t, [][]string{{"t"}}, r.rows("select pg_terminate_backend("+strconv.Itoa(prompt.Process.Pid)+", 60000)"))

	for _, long := range []string{"9300000000000", "9223372036854775807"} { // longer than a time.Duration
		last := sleeper(t)
		time.AfterFunc(50*time.Millisecond, func() { last.Wait() })
		r.join(5, last.Process.Pid, procsignal.Backend, "dave")
		require.Equal(t, [][]string{{"t"}}, r.rows("select pg_terminate_backend("+strconv.Itoa(last.Process.Pid)+", "+long+")"))
	}
}

func TestReloadSignalsThePostmaster(t *testing.T) {
	r := newRig(t)
	hups := make(chan os.Signal, 1)
	signal.Notify(hups, syscall.SIGHUP)
	defer signal.Stop(hups)
	require.Equal(t, "42501", r.as("carol").fails("select pg_reload_conf()").Code)
	require.Equal(t, [][]string{{"t"}}, r.as("postgres").rows("select pg_reload_conf()"))
	<-hups
}

func TestRotationOfTheLogIsAskedOfThePostmasterWhereThereIsALogger(t *testing.T) {
	r := newRig(t)
	require.Equal(t, [][]string{{"f"}}, r.rows("select pg_rotate_logfile()"))
	require.Equal(t, "rotation not possible because log collection not active", r.warnings[0].Message)
	require.NoError(t, r.p.Settings.SetID(guc.LoggingCollector, "on", guc.SourceCommandLine))
	usr1 := make(chan os.Signal, 1)
	signal.Notify(usr1, syscall.SIGUSR1)
	defer signal.Stop(usr1)
	require.Equal(t, [][]string{{"t"}}, r.rows("select pg_rotate_logfile()"))
	<-usr1
	require.True(t, r.p.PM.Take(pmsignal.RotateLogfile))
	require.Equal(t, "42501", r.as("carol").fails("select pg_rotate_logfile()").Code)
}

func TestProcessesShowTheSystemsFigures(t *testing.T) {
	r := newRig(t)
	r.p.Procs[3].SetLaunchedIn("PM_HOT_STANDBY")
	r.join(4, 1<<30, procsignal.Backend, "postgres") // has ended
	own := strconv.Itoa(os.Getpid())
	require.Equal(t, [][]string{
		{own, "postmaster", "∅", "∅", "2026-11-20 07:30:00+00", "t", "t"},
		{own, "client backend", "3", "PM_HOT_STANDBY", "2026-11-20 08:20:00+00", "t", "t"},
		{"1073741824", "client backend", "4", "∅", "2026-11-20 08:20:00+00", "∅", "∅"},
	}, r.rows(`select pid, backend_type, child_slot, pm_state, started, private_bytes between 100000 and resident_bytes,
		cpu_user + cpu_system between 0 and 1000 from waypost_processes order by child_slot nulls first`))
	require.Equal(t, "∅", r.as("dave").rows("select private_bytes from waypost_processes where child_slot = 3")[0][0])
}
