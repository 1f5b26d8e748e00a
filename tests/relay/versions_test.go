package relay

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

func TestStandbyBehindRelayEqualsPrimaryOfEachVersion(t *testing.T) {
	for _, version := range cluster.Versions(t) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			c := cluster.New(t)
			primary := c.NewPostgres("primary", version, cluster.PostgresOptions{SegSizeMB: 1})
			relay := c.NewWaypost("relay", primary.Conninfo(), cluster.WaypostOptions{Settings: keepAll})
			relay.WaitStreaming(patience)
			first := relay.IdentifySystem()
			primary.PgbenchInit(1)
			standby := c.StandbyOf(primary, "standby", relay.Conninfo(), nil)
			require.Positive(t, primary.Pgbench("-c", "4", "-t", "250"))

			upto := primary.SwitchWAL()
			relay.WaitPos(patience, upto)
			cluster.RequireSameTables(primary, standby)
			size := primary.SegSize()
			names := c.RequireSameSegments(primary.WalDir(), relay.WalDir(), size, upto)
			// All of them, from the one in which the relay began.
			require.Len(t, names, int(size.SegNo(upto)-size.SegNo(first.Pos)))
			require.Greater(t, len(names), 10)
		})
	}
}
