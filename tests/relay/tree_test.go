package relay

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/walrcv"
	"waypost/tests/cluster"
	"waypost/xlog"
)

// primary → first → middle → {standby, pg_receivewal, last}. The middle one is killed
// under load and comes back: it and the last one go on at the byte where they stopped,
// in the middle of a segment.
func TestTreeOfRelaysOutlivesTheMiddleOne(t *testing.T) {
	c := cluster.New(t)
	primary := c.NewPostgres("primary", 15, cluster.PostgresOptions{SegSizeMB: 4})
	options := cluster.WaypostOptions{Settings: keepAll}
	first := c.NewWaypost("first", primary.Conninfo(), options)
	middle := c.NewWaypost("middle", first.Conninfo(), options)
	last := c.NewWaypost("last", middle.Conninfo(), options)
	standby := c.StandbyOf(primary, "standby", middle.Conninfo(), nil)
	archive := c.StartReceivewal("archive", middle.Conninfo())
	size := primary.SegSize()

	load := primary.StartAckLoad(4)
	var lastBefore xlog.LSN
	cluster.Eventually(t, patience, "the last relay is in the middle of a segment", func() bool {
		lastBefore = last.IdentifySystem().Pos
		return middleOf(size, lastBefore)
	})
	before := middle.IdentifySystem().Pos
	middle.Kill9()
	load.WaitAcked(t, patience, 200) // the tree above does not mind
	middle.Start()

	requireResumedWithin(t, middle, size, before)
	requireResumedWithin(t, last, size, lastBefore)
	load.WaitAcked(t, patience, 200)
	load.Stop()

	upto := primary.SwitchWAL()
	for _, relay := range []*cluster.Waypost{first, middle, last} {
		relay.WaitPos(patience, upto)
		c.RequireSameSegments(primary.WalDir(), relay.WalDir(), size, upto)
	}
	cluster.RequireSameTables(primary, standby)
	load.RequireAllOn(standby)
	// A complete segment has lost its suffix "partial".
	cluster.Eventually(t, patience, "pg_receivewal has the last segment", func() bool {
		return exists(segmentAt(archive.Dir, size, size.SegStart(upto)-1))
	})
	c.RequireSameSegments(primary.WalDir(), archive.Dir, size, upto)
	archive.Stop()
}

// middleOf says whether lsn is far from its segment's ends.
func middleOf(size xlog.SegSize, lsn xlog.LSN) bool {
	at := size.Offset(lsn)
	return at > uint32(size)/4 && at < uint32(size)/2
}

// requireResumedWithin waits until the node streams again from where it was before or
// later, and has it begun in the same segment: not at a segment's start.
func requireResumedWithin(t *testing.T, w *cluster.Waypost, size xlog.SegSize, before xlog.LSN) {
	t.Helper()
	var start xlog.LSN
	cluster.EventuallyOK(t, patience, fmt.Sprintf("%s streams again from %s or later", w.Name, before), func() error {
		rcv := dump(w).WalRcvData
		start = parseLSN(t, rcv.ReceiveStart)
		if rcv.State != walrcv.Streaming.String() || start < before {
			return fmt.Errorf("%s from %s", rcv.State, start)
		}
		return nil
	})
	require.Equalf(t, size.SegNo(before), size.SegNo(start), "segment of %s and of %s", before, start)
}
