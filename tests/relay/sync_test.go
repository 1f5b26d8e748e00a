package relay

import (
	"testing"

	"waypost/tests/cluster"
)

// The relay is the only one that has the primary's last commits when the primary is
// lost. What remote_write promises is the same here: the relay itself was not lost, so
// what it had written is still there to be sent.
func TestNoAcknowledgedCommitIsLostWithThePrimary(t *testing.T) {
	for _, level := range []string{"on", "remote_write", "remote_apply"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			c := cluster.New(t)
			primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
			relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: keepAll})
			follower := c.StandbyOf(primary, "follower", relay.Conninfo(), nil)
			late := c.InitStandbyOf(primary, "late", relay.Conninfo(), nil)
			synchronousTo(primary, "relay", level)

			load := primary.StartAckLoad(8)
			load.WaitAcked(t, patience, 2000)
			primary.Kill9() // while every writer has a commit under way
			load.Stop()
			primary.Destroy()

			followToTheEnd(follower, relay) // was fed by the relay all the time
			load.RequireAllOn(follower)
			late.Start() // takes all from the relay's disk
			followToTheEnd(late, relay)
			load.RequireAllOn(late)
		})
	}
}

func TestNoAcknowledgedCommitIsMissingAfterTheRelaysTreeIsKilled(t *testing.T) {
	random := cluster.Random(t)
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: keepAll})
	standby := c.InitStandbyOf(primary, "standby", relay.Conninfo(), nil)
	synchronousTo(primary, "relay", "on")

	load := primary.StartAckLoad(8)
	kills := cluster.Count(3, 50)
	for i := range kills {
		load.WaitAcked(t, patience, 1+random.Int64N(400))
		relay.Kill9()
		if i < kills-1 {
			relay.Start()
		}
	}
	load.Stop()
	primary.Kill9()
	primary.Destroy()

	relay.Start() // with nobody to ask: what counts is on its disk
	standby.Start()
	followToTheEnd(standby, relay)
	load.RequireAllOn(standby)
}
