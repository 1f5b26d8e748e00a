package walsender_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/protocol"
	"waypost/xlog"
)

// forked is a node on timeline 2, which left timeline 1 at the position, in the middle of segment 2. As on a real node the
// segment of the switch point is there on the new timeline, and begins with the bytes of the old one.
func forked(t *testing.T, at xlog.LSN) (n *backendtest.Node, old, new []byte) {
	t.Helper()
	n = newNode(t, backendtest.Options{})
	old = n.MakeSegments(1, 1, 1)
	new = n.MakeSegments(2, 2, 2)
	n.WriteFile("pg_wal/00000002.history", fmt.Sprintf("1\t%v\ttest\n", at))
	n.XLog.TimelineID.Store(2)
	n.SetEnd(3*segSize + 0x2000)
	return n, old, new
}

func mustEndOfTimeline(t *testing.T, c *backendtest.Client, next, at string) {
	t.Helper()
	c.Must('c')
	c.Send('c', nil)
	names, rows, tags := c.Rows()
	require.Equal(t, []string{"next_tli", "next_tli_startpos"}, names)
	require.Equal(t, [][]string{{next, at}}, rows)
	require.Equal(t, []string{"START_STREAMING", "START_REPLICATION"}, tags)
}

func TestHistoricTimelineEndsAtItsSwitchPoint(t *testing.T) {
	at := 2*segSize + 0x1230
	n, old, new := forked(t, at)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000 TIMELINE 1")
	c.Must('W')
	require.Equal(t, append(old, new[:0x1230]...), collect(t, c, segSize, at), "the last segment comes from the next timeline's file")
	mustEndOfTimeline(t, c, "2", at.String())

	// The client goes on as it was told.
	c.Query("START_REPLICATION 0/200000 TIMELINE 2")
	c.Must('W')
	require.Equal(t, new[:segSize+0x2000], collect(t, c, 2*segSize, 3*segSize+0x2000))
}

func TestNothingToStreamOnAHistoricTimelineNeedsNoCopy(t *testing.T) {
	at := 2*segSize + 0x1230
	n, _, _ := forked(t, at)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION " + at.String() + " TIMELINE 1")
	_, rows, tags := c.Rows()
	require.Equal(t, [][]string{{"2", at.String()}}, rows)
	require.Equal(t, []string{"START_STREAMING", "START_REPLICATION"}, tags)
}

func TestStartPastTheSwitchPointIsNotInOurHistory(t *testing.T) {
	n, _, _ := forked(t, 2*segSize+0x1230)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/202000 TIMELINE 1")
	e := c.MustFail()
	require.Equal(t, "requested starting point 0/202000 on timeline 1 is not in this server's history", e.Message)
	require.Equal(t, "This server's history forked from timeline 1 at 0/201230.", e.Detail)
	require.Equal(t, protocol.CodeInternalError, e.Code)
}

func TestTimelineThatEndsWhileItIsStreamed(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	old := n.MakeSegments(1, 1, 1)
	n.SetEnd(segSize + 0x1000)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	c.Must('W')
	collect(t, c, segSize, segSize+0x1000)

	// Some more comes on the old timeline, then the new one begins: its segment, its history, its number, its positions.
	at := segSize + 0x1800
	n.MakeSegments(2, 1, 1)
	require.NoError(t, writeAt(n.WAL().SegmentPath(2, 1), old[:0x1800]))
	n.WriteFile("pg_wal/00000002.history", fmt.Sprintf("1\t%v\ttest\n", at))
	n.XLog.TimelineID.Store(2)
	n.SetEnd(segSize + 0x3000)
	require.Equal(t, old[0x1000:0x1800], collect(t, c, segSize+0x1000, at))
	mustEndOfTimeline(t, c, "2", at.String())
}

func TestTimelineThatEndedBeforeWhatWasSent(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.MakeSegments(1, 1, 1)
	n.SetEnd(segSize + 0x1000)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000")
	c.Must('W')
	collect(t, c, segSize, segSize+0x1000)
	// The upstream was promoted at a point before the end of what we had: a record that was never finished.
	n.WriteFile("pg_wal/00000002.history", "1\t0/100800\ttest\n")
	n.XLog.TimelineID.Store(2)
	n.XLog.WALAdvanced.Signal()
	mustEndOfTimeline(t, c, "2", "0/100800")
}

func TestUnreadableHistoryIsAnError(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.WriteFile("pg_wal/00000002.history", "nonsense\n")
	n.XLog.TimelineID.Store(2)
	c := n.Connect()
	c.StartReplication()
	c.Query("START_REPLICATION 0/100000 TIMELINE 1")
	require.Contains(t, c.MustFail().Message, "could not read the history of timeline 2")
	c.Must('Z')
}
