package cluster_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/tests/cluster"
)

const soon = 30 * time.Second

func TestStandbyOfEachVersionEqualsItsPrimary(t *testing.T) {
	for _, version := range cluster.Versions(t) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			c := cluster.New(t)
			primary := c.NewPostgres("primary", version, cluster.PostgresOptions{SegSizeMB: 1})
			require.Equal(t, fmt.Sprint(version), primary.QueryOne("SELECT current_setting('server_version_num')::int / 10000"))
			primary.PgbenchInit(1)

			standby := c.StandbyOf(primary, "standby", primary.Conninfo(), nil)
			primary.WaitConsumer(soon, "standby")
			require.Positive(t, primary.Pgbench("-c", "2", "-t", "100"))
			cluster.RequireSameTables(primary, standby)

			upto := primary.SwitchWAL()
			standby.WaitReplay(soon, upto)
			names := c.RequireSameSegments(primary.WalDir(), standby.WalDir(), primary.SegSize(), upto)
			t.Logf("%d segments equal", len(names))

			primary.Stop(cluster.Fast)
			standby.Promote(soon)
			standby.Exec("CREATE TABLE after_promotion AS SELECT 1 AS a")
		})
	}
}

func TestTablesThatDifferAreTold(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	p.Exec("CREATE TABLE a AS SELECT i, i::text AS t FROM generate_series(1, 1000) i")
	before := p.Tables()
	require.Len(t, before, 1)
	p.Exec("CREATE TABLE b AS SELECT * FROM a ORDER BY i DESC; DROP TABLE a; ALTER TABLE b RENAME TO a")
	require.Equal(t, before, p.Tables(), "the order of rows does not count")
	p.Exec("UPDATE a SET t = 'x' WHERE i = 500")
	require.NotEqual(t, before, p.Tables())
}

func TestKilledServerComesBackWithWhatItAcknowledged(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{})
	p.Exec("CREATE TABLE a (i int)")
	for range 3 {
		p.Exec("INSERT INTO a VALUES (1)")
		children := p.Process().Children()
		require.NotEmpty(t, children)
		p.Kill9()
		for _, child := range children {
			cluster.Eventually(t, soon, child.Title+" is gone", func() bool { return !cluster.Alive(child.PID) })
		}
		p.Start()
	}
	require.Equal(t, "3", p.QueryOne("SELECT count(*) FROM a"))
	p.Kill9()
	p.Destroy()
	_, err := os.Stat(p.DataDir)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReceivewalTakesWhatThePrimaryWrites(t *testing.T) {
	c := cluster.New(t)
	p := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 1})
	r := c.StartReceivewal("archive", p.Conninfo())
	p.WaitConsumer(soon, "archive")
	p.SwitchWAL()
	upto := p.SwitchWAL()
	p.WaitFor(soon, fmt.Sprintf("SELECT write_lsn >= '%s' FROM pg_stat_replication", upto), "t")
	c.RequireSameSegments(p.WalDir(), r.Dir, p.SegSize(), upto)
	r.Stop()
}

func TestImmediateStopAndRestart(t *testing.T) {
	c := cluster.New(t)
	p := c.InitPostgres("primary", 15, cluster.PostgresOptions{Checksums: true, Settings: map[string]string{"work_mem": "1MB"}})
	require.False(t, p.Running())
	p.Start()
	require.Equal(t, "1MB", p.QueryOne("SHOW work_mem"))
	require.Equal(t, "on", p.QueryOne("SHOW data_checksums"))
	p.Stop(cluster.Immediate)
	p.Configure(map[string]string{"work_mem": "2MB"})
	p.Start()
	require.Equal(t, "2MB", p.QueryOne("SHOW work_mem"))
	p.Configure(map[string]string{"work_mem": "3MB"})
	p.Reload()
	p.WaitFor(soon, "SHOW work_mem", "3MB")
	p.Restart()
}
