package views

import (
	"math/big"

	"waypost/internal/activity"
	"waypost/internal/procsignal"
	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/shmem"
)

var activityViews = [...]view{
	{
		"pg_stat_activity",
		"datid pid usesysid application_name datname usename backend_type client_addr client_hostname client_port " +
			"backend_start xact_start query_start state_change wait_event_type wait_event state query",
		statActivity,
	},
	{
		"pg_stat_ssl", "pid ssl version cipher bits client_dn client_serial issuer_dn",
		func(s *scan) error {
			return s.eachClient(func(p *process) { s.add(append([]sql.Value{p.pid}, p.tls()...)...) })
		},
	},
	{
		// What the function of that name gives.
		"pg_stat_get_activity",
		"datid pid usesysid application_name backend_type client_addr client_hostname client_port backend_start " +
			"xact_start query_start state_change wait_event_type wait_event state query gss_auth gss_enc gss_delegation " +
			"ssl sslversion sslcipher sslbits ssl_client_dn ssl_client_serial ssl_issuer_dn",
		func(s *scan) error {
			s.eachProcess(func(p *process) {
				row := append([]sql.Value{
					oidOf(p.DatabaseOID), p.pid, oidOf(p.UserOID), shmem.String(p.Application[:])}, p.shown()...)
				if p.seen {
					row = append(append(row, false, false, false), p.tls()...)
				}
				s.add(row...)
			})
			return nil
		},
	},
	{
		// What the node's processes wait for.
		"pg_wait_events", "type name",
		func(s *scan) error {
			for class := activity.WaitEvent(1); class < 16; class++ {
				for e := class << 24; e.Name() != ""; e++ {
					s.add(e.Type(), e.Name())
				}
			}
			return nil
		},
	},
	{
		"pg_stat_gssapi", "pid gss_authenticated encrypted credentials_delegated",
		func(s *scan) error {
			return s.eachClient(func(p *process) { s.add(p.pid, false, false, false) })
		},
	},
}

// process is one process as it was when it was looked at.
type process struct {
	activity.Fields
	pid  int64
	slot int
	kind procsignal.Kind
	wait activity.WaitEvent
	seen bool // current_user may see its details
}

// eachProcess goes through every process of the node but the postmaster. What row is given is good until it returns.
func (n *node) eachProcess(row func(p *process)) {
	all := n.may(roles.ReadAllStats)
	var p process
	for i := range n.Procs {
		pid := n.Procs[i].PID()
		if pid == 0 {
			continue
		}
		p = process{
			Fields: n.Status[i].Snapshot(), pid: int64(pid), slot: i, kind: n.Procs[i].Kind(), wait: n.Status[i].Waiting(),
		}
		p.seen = all || n.hasRole(p.UserOID)
		row(&p)
	}
}

func statActivity(s *scan) error {
	s.eachProcess(func(p *process) {
		row := []sql.Value{
			oidOf(p.DatabaseOID), p.pid, oidOf(p.UserOID), shmem.String(p.Application[:]), textOf(p.Database[:]),
			s.userOf(p),
		}
		if p.DatabaseOID == 0 {
			row[4] = nil
		}
		s.add(append(row, p.shown()...)...)
	})
	return nil
}

// userOf is the name of a process's role: what a join with pg_authid gives or, for a role of the upstream's, which is not
// there, the one that it logged in by.
func (n *node) userOf(p *process) sql.Value {
	if name := n.userName(p.UserOID); name != nil {
		return name
	}
	return textOf(p.User[:])
}

// userName is the name of a role, NULL where there is none.
func (n *node) userName(oid uint32) sql.Value {
	if r := n.RoleSet().ByOID(oid); r != nil {
		return r.Name
	}
	return nil
}

// shown are details, or what stands for them where current_user may not see them: NULLs, and a query that says why.
func (p *process) shown() []sql.Value {
	d := p.details()
	if !p.seen {
		clear(d)
		d[len(d)-1] = "<insufficient privilege>"
	}
	return d
}

// details are what only those may see who may see the process.
func (p *process) details() []sql.Value {
	xact := whenOf(p.XactStart)
	if p.kind == procsignal.WalSender {
		xact = nil
	}
	return []sql.Value{
		p.kind.String(), addrOf(shmem.String(p.ClientAddr[:])), textOf(p.ClientHostname[:]), p.port(),
		whenOf(p.BackendStart), xact, whenOf(p.QueryStart), whenOf(p.StateChange),
		orNull(p.wait.Type()), orNull(p.wait.Name()), orNull(p.State.Display()), shmem.String(p.Query[:]),
	}
}

func (p *process) port() sql.Value {
	if p.ClientPort == 0 {
		return nil
	}
	return int64(p.ClientPort)
}

// eachClient goes through the connections whose details current_user may see.
func (s *scan) eachClient(row func(p *process)) error {
	s.eachProcess(func(p *process) {
		if p.ClientPort != 0 && p.seen {
			row(p)
		}
	})
	return nil
}

// tls gives ssl and what follows it, in pg_stat_ssl's order.
func (p *process) tls() []sql.Value {
	if p.SSL == 0 {
		return []sql.Value{false}
	}
	var serial sql.Value
	if n, ok := new(big.Int).SetString(shmem.String(p.SSLSerial[:]), 10); ok {
		serial = types.NumBig(n)
	}
	return []sql.Value{
		true, textOf(p.SSLVersion[:]), textOf(p.SSLCipher[:]), int64(p.SSLBits), textOf(p.SSLClientDN[:]), serial,
		textOf(p.SSLIssuerDN[:]),
	}
}
