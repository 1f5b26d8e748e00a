package activity

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

func TestEveryEventHasItsNameAndClass(t *testing.T) {
	for e, want := range map[WaitEvent][2]string{
		0:                             {"", ""},
		CheckpointerMain:              {"Activity", "CheckpointerMain"},
		SpareBackendMain:              {"Activity", "SpareBackendMain"},
		ClientRead:                    {"Client", "ClientRead"},
		WalSenderWriteData:            {"Client", "WalSenderWriteData"},
		RecoveryPause:                 {"IPC", "RecoveryPause"},
		CheckpointDone:                {"IPC", "CheckpointDone"},
		RecoveryRetrieveRetryInterval: {"Timeout", "RecoveryRetrieveRetryInterval"},
		PgSleep:                       {"Timeout", "PgSleep"},
		WALRead:                       {"IO", "WalRead"},
		ControlFileSyncUpdate:         {"IO", "ControlFileSyncUpdate"},
		ControlFileSyncUpdate + 1:     {"", ""}, // of a newer version
		0xFF000000:                    {"", ""},
	} {
		require.Equal(t, want, [2]string{e.Type(), e.Name()})
	}
}

func TestWaitOfAnotherThreadIsShownWhereTheMainOneHasNothingToDo(t *testing.T) {
	var s Status
	require.Zero(t, s.Waiting())
	s.StartOther(WALSync)
	require.Equal(t, WALSync, s.Waiting())
	s.StartWait(WalReceiverMain)
	require.Equal(t, WALSync, s.Waiting())
	s.StartWait(WALWrite)
	require.Equal(t, WALWrite, s.Waiting())
	s.EndOther()
	s.StartWait(WalReceiverMain)
	require.Equal(t, WalReceiverMain, s.Waiting())
	s.EndWait()
	require.Zero(t, s.Waiting())
}

func TestSlotHasNothingOfTheProcessBefore(t *testing.T) {
	var s Status
	s.Update(func(f *Fields) { f.State, f.UserOID = Running, 10 })
	s.StartWait(ClientRead)
	s.StartOther(WALSync)
	s.Join(xlog.TimestampTz(5))
	require.Equal(t, Fields{BackendStart: 5}, s.Snapshot())
	require.Zero(t, s.Waiting())
}

// The metrics process may be killed at any moment without a crash restart, which would make a new segment.
func TestSlotOfAProcessThatDiedWithTheLockCanBeJoined(t *testing.T) {
	var s Status
	s.mutex.Lock()
	s.Join(xlog.TimestampTz(7))
	require.False(t, s.mutex.Held())
	require.Equal(t, Fields{BackendStart: 7}, s.Snapshot())
}
