package sessions

import (
	"github.com/stretchr/testify/require"
)

// pgbench asks a view over 32 connections at once.
func (p *programs) pgbench() {
	p.WriteFile(p.Path("view.sql"), `\set n random(1, 10)
SELECT application_name, state, sent_lsn, pg_wal_lsn_diff(sent_lsn, write_lsn) AS unwritten,
 coalesce(replay_lag, interval '0') AS lag FROM pg_stat_replication WHERE pid > :n ORDER BY 1;
`)
	for _, mode := range []string{"simple", "extended", "prepared"} {
		code, output := p.run(p.relay.Port, p.ClientProgram("pgbench"),
			"-n", "-f", p.Path("view.sql"), "-c", "32", "-j", "2", "-t", "20", "-M", mode)
		require.Zero(p.t, code, output)
		require.Contains(p.t, output, "number of transactions actually processed: 640/640", mode)
		require.Contains(p.t, output, "number of failed transactions: 0 (0.000%)", mode)
	}
}
