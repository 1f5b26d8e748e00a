package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/xlogctl"
	"waypost/tests/cluster"
)

// receive measures the walreceiver beside pg_receivewal, from the same primary, from the same position.
func (b *bench) receive() {
	s := b.source()
	b.receiveTo("to a RAM disk", b.ramDisk(), s)
	b.receiveTo("to a real disk", b.disk, s)
}

// received is one run: wall time from the program's start until all is durable (as far as the program makes it so),
// and processor time.
type received struct {
	wall, cpu             time.Duration
	checkpointer, startup time.Duration
}

func (b *bench) receiveTo(where string, world *cluster.Cluster, s *source) {
	var wallPG, wallWP, cpuPG, cpuWP, wholeWP, ckpt, startup []float64
	for i := range b.opts.runs {
		unix.Sync() // what earlier runs left to be written is none of this one's
		pg := b.receiveByReceivewal(world, s, i)
		unix.Sync()
		wp := b.receiveByWaypost(world, s, i)
		wallPG, wallWP = append(wallPG, pg.wall.Seconds()), append(wallWP, wp.wall.Seconds())
		cpuPG, cpuWP = append(cpuPG, perGB(pg.cpu, s.bytes())), append(cpuWP, perGB(wp.cpu, s.bytes()))
		ckpt = append(ckpt, perGB(wp.checkpointer, s.bytes()))
		startup = append(startup, perGB(wp.startup, s.bytes()))
		wholeWP = append(wholeWP, perGB(wp.cpu+wp.checkpointer, s.bytes()))
	}
	b.report.compare(comparison{what: "CPU of the walreceiver " + where, unit: "s/GB", other: "pg_receivewal",
		theirs: cpuPG, waypost: cpuWP, target: atMost(0.9)})
	b.report.compare(comparison{what: "with the checkpointer's", unit: "s/GB", other: "pg_receivewal", theirs: cpuPG, waypost: wholeWP})
	b.report.note("of Waypost's: checkpointer, which prepares segments (as pg_receivewal does by itself), %s s/GB; "+
		"startup, which checks each record (nobody does for pg_receivewal), %s s/GB", spread(ckpt), spread(startup))
	b.report.compare(comparison{what: "wall time " + where, unit: "s", other: "pg_receivewal",
		theirs: wallPG, waypost: wallWP, target: atMost(1.0)})
}

func (b *bench) receiveByReceivewal(world *cluster.Cluster, s *source, run int) received {
	slot := fmt.Sprintf("receivewal_%d", run)
	s.Exec(fmt.Sprintf("SELECT pg_copy_physical_replication_slot('%s', '%s')", sourceSlot, slot))
	defer s.Exec(fmt.Sprintf("SELECT pg_drop_replication_slot('%s')", slot))
	dir := world.Mkdir(slot)
	defer os.RemoveAll(dir)

	began := time.Now()
	p := world.StartProgram(slot, world.Dir, nil, world.ClientProgram("pg_receivewal"), "-D", dir, "-d", s.Conninfo(),
		"-S", slot, "-n", "--no-loop", "--endpos", (s.end - 1).String())
	state := p.Wait(5 * time.Minute)
	wall := time.Since(began)
	require.Truef(b, state.Success(), "pg_receivewal: %v\n%s", state, p.LogText())
	b.requireAllReceived(dir, s)
	return received{wall: wall, cpu: state.UserTime() + state.SystemTime()}
}

func (b *bench) receiveByWaypost(world *cluster.Cluster, s *source, run int) received {
	name := fmt.Sprintf("receiver%d", run)
	w := world.InitWaypost(name, s.Conninfo(), cluster.WaypostOptions{
		InitArgs: s.startAt(), Settings: map[string]string{"wal_keep_size": "100GB", "max_wal_size": "100GB"},
	})
	defer os.RemoveAll(w.DataDir)
	began := time.Now()
	w.StartOnly()
	b.waitFlushed(w, s.end)
	wall := time.Since(began)
	r := received{
		wall:         wall,
		cpu:          b.cpuOfAll(w.Pids("walreceiver")),
		checkpointer: b.cpuOfAll(w.Pids("checkpointer")),
	}
	// Startup checks behind the stream and may not be through yet.
	b.waitPosition(w, s.end, (*xlogctl.Ctl).Replayed)
	r.startup = b.cpuOfAll(w.Pids("startup"))
	w.Stop(cluster.Fast)
	b.requireAllReceived(w.WalDir(), s)
	return r
}

// requireAllReceived looks that the last segment is there, with the bytes of the source's.
func (b *bench) requireAllReceived(dir string, s *source) {
	name := s.QueryOne(fmt.Sprintf("SELECT pg_walfile_name('%s')", s.end-1))
	ours, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(b, err)
	theirs, err := os.ReadFile(filepath.Join(s.WalDir(), name))
	require.NoError(b, err)
	require.True(b, string(ours) == string(theirs), "%s is not what the source has", name)
}
