package views

import (
	"math"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/procsignal"
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/pmsignal"
)

// Functions that tell processes of the node something.
var signalFunctions = [...]function{
	{names: "pg_cancel_backend", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		slot, err := n.signal(a[0].(int64), unix.SIGINT, &cancelWords)
		return slot >= 0, err
	}},
	{names: "pg_terminate_backend", eval: terminateBackend},
	{names: "pg_reload_conf", value: func(n *node) sql.Value {
		if err := unix.Kill(n.PostmasterPID(), unix.SIGHUP); err != nil {
			n.warn("failed to send signal to postmaster: %v", err)
			return false
		}
		return true
	}},
	{names: "pg_rotate_logfile", value: func(n *node) sql.Value {
		if !n.Settings.Bool(guc.LoggingCollector) {
			n.warn("rotation not possible because log collection not active")
			return false
		}
		if err := n.PM.Send(pmsignal.RotateLogfile); err != nil {
			n.warn("failed to send signal to postmaster: %v", err)
			return false
		}
		return true
	}},
	{names: "pg_blocking_pids pg_safe_snapshot_blocking_pids", value: func(*node) sql.Value {
		return &types.Array{Elem: types.Int4}
	}},
}

// refusal is how PostgreSQL says that a process may not be signalled.
type refusal struct{ what, ofSuperuser, ofOther string }

var (
	cancelWords = refusal{
		"permission denied to cancel query",
		`Only roles with the SUPERUSER attribute may cancel queries of roles with the SUPERUSER attribute.`,
		`Only roles with privileges of the role whose query is being canceled or with privileges of the ` +
			`"pg_signal_backend" role may cancel this query.`,
	}
	terminateWords = refusal{
		"permission denied to terminate process",
		`Only roles with the SUPERUSER attribute may terminate processes of roles with the SUPERUSER attribute.`,
		`Only roles with privileges of the role whose process is being terminated or with privileges of the ` +
			`"pg_signal_backend" role may terminate this process.`,
	}
)

func (n *node) warn(format string, args ...any) { n.Warn(types.Errorf("01000", format, args...)) }

// signal sends a signal to a session and gives its slot; -1, after a warning, where there is no session of that pid.
func (n *node) signal(pid int64, sig unix.Signal, words *refusal) (slot int, err error) {
	slot = n.session(pid)
	if slot < 0 {
		n.warn("PID %d is not a PostgreSQL backend process", pid)
		return -1, nil
	}
	if detail := n.mayNotSignal(n.Status[slot].Snapshot().UserOID, words); detail != "" {
		return -1, types.Errorf(types.CodeInsufficientPrivilege, "%s", words.what).WithDetail("%s", detail)
	}
	if err := unix.Kill(int(pid), sig); err != nil {
		n.warn("could not send signal to process %d: %v", pid, err)
		return -1, nil
	}
	return slot, nil
}

// session finds the slot of a client's session by its pid, -1 for none. Other processes are out of reach.
func (n *node) session(pid int64) int {
	for i := range n.Procs {
		p := &n.Procs[i]
		if pid > 0 && int64(p.PID()) == pid && (p.Kind() == procsignal.Backend || p.Kind() == procsignal.WalSender) {
			return i
		}
	}
	return -1
}

// mayNotSignal says why current_user may not signal a session of a role; "" if it may. A session that is nobody's yet
// counts as a superuser's.
func (n *node) mayNotSignal(oid uint32, words *refusal) string {
	set, me, of := n.RoleSet(), n.CurrentRole(), n.RoleSet().ByOID(oid)
	switch {
	case me.Superuser:
		return ""
	case of == nil || of.Superuser:
		return words.ofSuperuser
	case set.Has(me, of.Name) || set.Has(me, roles.SignalBackend):
		return ""
	}
	return words.ofOther
}

// terminateBackend ends a session, and waits until it has ended if a timeout is given.
func terminateBackend(n *node, a []sql.Value) (sql.Value, error) {
	timeout := int64(0)
	if len(a) > 1 {
		timeout = a[1].(int64)
	}
	if timeout < 0 {
		return nil, types.Errorf(types.CodeOutOfRange, "\"timeout\" must not be negative")
	}
	pid := a[0].(int64)
	slot, err := n.signal(pid, unix.SIGTERM, &terminateWords)
	if slot < 0 || timeout == 0 {
		return slot >= 0, err
	}
	return n.gone(slot, pid, timeout)
}

// lookEvery is how often a process that is to end is looked at.
const lookEvery = 10 * time.Millisecond

func (n *node) gone(slot int, pid, timeout int64) (sql.Value, error) {
	end := time.NewTimer(time.Duration(min(timeout, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond)
	defer end.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if int64(n.Procs[slot].PID()) != pid || unix.Kill(int(pid), 0) != nil {
			return true, nil
		}
		select {
		case <-look.C:
		case <-end.C:
			n.warn("backend with PID %d did not terminate within %d milliseconds", pid, timeout)
			return false, nil
		case <-n.call.Context.Done():
			return nil, n.call.Cancelled()
		}
	}
}
