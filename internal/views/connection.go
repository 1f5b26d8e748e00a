package views

import (
	"net/netip"
	"runtime"
	"strings"
	"time"

	"waypost/internal/activity"
	"waypost/internal/guc"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/internal/version"
)

// Functions about the session, and about the node as a server.
var connectionFunctions = [...]function{
	{names: "version", value: func(n *node) sql.Value { return n.versionText() }},
	{names: "pg_postmaster_start_time", value: func(n *node) sql.Value { return timeOf(n.PostmasterStart) }},
	{names: "pg_conf_load_time", value: func(n *node) sql.Value { return timeOf(n.ConfigLoaded) }},
	{names: "inet_server_addr", value: func(n *node) sql.Value { return types.FromAddr(n.ServerAddr().Addr()) }},
	{names: "inet_client_addr", value: func(n *node) sql.Value { return types.FromAddr(n.ClientAddr().Addr()) }},
	{names: "inet_server_port", value: func(n *node) sql.Value { return portOf(n.ServerAddr()) }},
	{names: "inet_client_port", value: func(n *node) sql.Value { return portOf(n.ClientAddr()) }},
	{names: "pg_jit_available pg_is_other_temp_schema", value: func(*node) sql.Value { return false }},
	{names: "pg_listening_channels", rows: none},
	{names: "pg_sleep", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		return n.sleep(a[0].(float64))
	}},
	{names: "pg_sleep_for", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		d := a[0].(types.Span)
		return n.sleep((float64(d.Days)+30*float64(d.Months))*24*60*60 + float64(d.Micros)/1e6)
	}},
	{names: "pg_sleep_until", eval: func(n *node, a []sql.Value) (sql.Value, error) {
		until := a[0].(types.Instant)
		return n.sleep((float64(until) - float64(types.InstantOf(time.Now()))) / 1e6)
	}},
}

func portOf(a netip.AddrPort) sql.Value {
	if !a.IsValid() {
		return nil
	}
	return int64(a.Port())
}

// versionText begins as PostgreSQL's does, for programs find the version in it.
func (n *node) versionText() string {
	number, _, _ := strings.Cut(n.Settings.String(guc.ServerVersion), " ")
	return "PostgreSQL " + number + " (Waypost " + version.Version + ") on " + runtime.GOARCH + "-" + runtime.GOOS +
		", compiled by " + runtime.Version() + ", 64-bit"
}

// longest is how long a sleep can be, seconds: longer than any node runs, short enough for a time.Duration.
const longest = 1e9

// sleep waits, unless the statement is cancelled.
func (n *node) sleep(seconds float64) (sql.Value, error) {
	if !(seconds > 0) {
		return "", nil
	}
	n.Activity.StartWait(activity.PgSleep)
	defer n.Activity.EndWait()
	timer := time.NewTimer(time.Duration(min(seconds, longest) * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return "", nil
	case <-n.call.Context.Done():
		return nil, n.call.Cancelled()
	}
}
