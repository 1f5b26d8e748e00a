package wire

import (
	"testing"

	"waypost/tests/cluster"
)

// sqlServers are a standby of a PostgreSQL 17, and a relay of the same.
func sqlServers(t *testing.T) (*cluster.Postgres, *cluster.Waypost) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 17, cluster.PostgresOptions{SegSizeMB: 1, Settings: map[string]string{
		"autovacuum": "off", "checkpoint_timeout": "1h", "timezone": "GMT",
	}})
	standby := c.StandbyOf(p, "standby", p.Conninfo(), map[string]string{"hot_standby": "on"})
	relay := c.NewWaypost("relay", p.Conninfo(), cluster.WaypostOptions{})
	at := p.FlushLSN()
	relay.WaitPos(soon, at)
	cluster.Eventually(t, soon, "the standby has it all", func() bool {
		return standby.QueryOne("SELECT pg_last_wal_replay_lsn() >= '"+at.String()+"'") == "t"
	})
	return standby, relay
}

func TestRelayAnswersSQLAsAStandbyDoes(t *testing.T) {
	standby, relay := sqlServers(t)
	used := map[int]bool{}
	for _, s := range sqlScripts() {
		compareWith(t, sqlDifferences, s.name, play(t, s, standby.Port), play(t, s, relay.Port), used)
	}
	unused(t, sqlDifferences, used)
}
