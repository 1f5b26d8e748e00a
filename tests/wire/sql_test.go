package wire

import (
	"strconv"
	"testing"

	"waypost/tests/cluster"
)

// sqlServers are a standby of a PostgreSQL, and a relay of the same.
func sqlServers(t *testing.T, version int) (*cluster.Postgres, *cluster.Waypost) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", version, cluster.PostgresOptions{SegSizeMB: 1, Settings: map[string]string{
		"autovacuum": "off", "checkpoint_timeout": "1h", "timezone": "GMT",
	}})
	standby := c.StandbyOf(p, "standby", p.Conninfo(), map[string]string{"hot_standby": "on"})
	relay := c.NewWaypost("relay", p.Conninfo(), cluster.WaypostOptions{Settings: map[string]string{"timezone": "GMT"}})
	at := p.FlushLSN()
	relay.WaitPos(soon, at)
	cluster.Eventually(t, soon, "the standby has it all", func() bool {
		return standby.QueryOne("SELECT pg_last_wal_replay_lsn() >= '"+at.String()+"'") == "t"
	})
	return standby, relay
}

func TestRelayAnswersSQLAsAStandbyDoes(t *testing.T) {
	for _, version := range cluster.Versions(t) {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			standby, relay := sqlServers(t, version)
			differences := sqlDifferences(version)
			used := map[int]bool{}
			for _, s := range sqlScripts(version) {
				compareWith(t, differences, s.name, play(t, s, standby.Port), play(t, s, relay.Port), used)
			}
			unused(t, differences, used)
		})
	}
}
