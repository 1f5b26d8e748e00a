package shmdump

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/activity"
	"waypost/internal/layout"
	"waypost/internal/pgstat"
	"waypost/internal/procsignal"
	"waypost/internal/walrcv"
	"waypost/internal/walsnd"
	"waypost/internal/xlogctl"
	"waypost/pmsignal"
	"waypost/shmem"
	"waypost/xlog"
)

// deadPid is a process id that no process has: above the kernel's largest.
const deadPid = 1<<22 + 1

// exampleSegment is a segment in the middle of a session, by its file's name.
func exampleSegment(t *testing.T) (path string, a layout.Areas) {
	t.Helper()
	s, err := shmem.Create([]string{t.TempDir()}, "dump", layout.New(4, 2), 3)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	a, err = layout.Map(s)
	require.NoError(t, err)
	layout.Init(&a)

	a.PM.AssignChild(1)
	a.PM.MarkWalSender(1)
	a.PM.SetQuitReason(pmsignal.QuitForCrash)
	a.Procs[1].Join(os.Getpid(), procsignal.WalSender, int64(xlog.Now()))
	a.Procs[2].Join(deadPid, procsignal.WalReceiver, int64(xlog.Now()))
	a.XLog.State.Store(uint32(xlogctl.RecoveryStateArchive))
	a.XLog.WrittenUpto.Store(0x3000148)
	a.XLog.SetServerVersion("17.10", 170010)
	a.XLog.SetCheckpoint(&xlogctl.Checkpoint{RecordStart: 0x2000028, Redo: 0x2000000, TimelineID: 1})
	a.WalRcv.Update(func(f *walrcv.Fields) {
		f.Pid, f.State = deadPid, walrcv.Streaming
		shmem.SetString(f.Conninfo[:], "host=h password=hunter2")
	})
	require.Equal(t, 0, walsnd.Claim(a.Snds, os.Getpid(), func(f *walsnd.Fields) {
		f.State, f.SentPtr, f.WriteLag = walsnd.Streaming, 0x3000148, 1500
		shmem.SetString(f.ClientAddr[:], "127.0.0.1")
		f.ClientPort = 40000
	}))
	a.Status[1].Update(func(f *activity.Fields) {
		f.State = activity.Running
		shmem.SetString(f.User[:], "repl")
		f.SSL = 1
		shmem.SetString(f.SSLVersion[:], "TLSv1.3")
	})
	a.Status[1].StartWait(activity.WalSenderMain)
	a.Stats.Waypost.Sent.Add(4096, xlog.Now())
	a.Stats.Archiver.SetNames(func(n *pgstat.ArchiverNames) { shmem.SetString(n.LastFailed[:], "000000010000000000000002") })
	return s.Path(), a
}

func read(t *testing.T, path string) *Dump {
	t.Helper()
	s, err := shmem.OpenReadOnly(path)
	require.NoError(t, err)
	defer s.Close()
	d, err := Read(s)
	require.NoError(t, err)
	return d
}

func TestDumpNamesStatesAndTellsTheLivingFromTheDead(t *testing.T) {
	path, _ := exampleSegment(t)
	d := read(t, path)
	require.EqualValues(t, 3, d.Segment.Generation)
	require.Equal(t, "PMQUIT_FOR_CRASH", d.PMSignal.QuitReason)
	require.Equal(t, []ChildSlot{{1, "PM_CHILD_WALSENDER"}}, d.PMSignal.Children)
	require.Equal(t, []string{"walsender", "walreceiver"}, []string{d.Processes[0].Kind, d.Processes[1].Kind})
	require.Equal(t, []bool{true, false}, []bool{d.Processes[0].Alive, d.Processes[1].Alive})
	require.Equal(t, "RECOVERY_STATE_ARCHIVE", d.XLogCtl.RecoveryState)
	require.Equal(t, "0/3000148", d.XLogCtl.WrittenUpto)
	require.Equal(t, "0/2000000", d.XLogCtl.Checkpoint.Redo)
	require.Equal(t, "WALRCV_STREAMING", d.WalRcvData.State)
	require.False(t, d.WalRcvData.Alive)
	require.Len(t, d.WalSnd, 1)
	require.Equal(t, "WALSNDSTATE_STREAMING", d.WalSnd[0].State)
	require.Equal(t, "127.0.0.1(40000)", d.WalSnd[0].Client)
	require.Equal(t, "1.5ms", d.WalSnd[0].WriteLag)
	require.Empty(t, d.WalSnd[0].FlushLag, "not known")
}

func TestDumpTellsWhatProcessesDoAndWhatWasCounted(t *testing.T) {
	path, a := exampleSegment(t)
	d := read(t, path)
	require.Len(t, d.Activity, 2)
	walsender, walreceiver := d.Activity[0], d.Activity[1]
	require.Equal(t, []string{"walsender", "active", "Activity", "WalSenderMain", "repl", "TLSv1.3"},
		[]string{walsender.BackendType, walsender.State, walsender.WaitEventType, walsender.WaitEvent, walsender.User, walsender.SSLVersion})
	require.Equal(t, Activity{Slot: 2, PID: deadPid, BackendType: "walreceiver"}, walreceiver)
	require.Contains(t, d.Stats.Counters, Counter{"Waypost.Sent.Bytes", 4096})
	require.Contains(t, d.Stats.Counters, Counter{"WAL.Records", 0})
	require.Equal(t, "000000010000000000000002", d.Stats.LastFailed)
	require.Equal(t, "not paused", d.XLogCtl.RecoveryPause)
	var text bytes.Buffer
	a.Status[1].Update(func(*activity.Fields) { // with the lock held
		require.NoError(t, dump(&text, "", path, false))
	})
	require.Regexp(t, `Waypost\.Sent\.Bytes +4096`, text.String())
	require.Regexp(t, `Waypost\.Sent\.LastAt +20\d\d-`, text.String())
	require.NotContains(t, text.String(), "WAL.Records", "there are none")
}

func TestConninfoIsShownOnlyOnceItsSecretsAreHidden(t *testing.T) {
	path, a := exampleSegment(t)
	for _, asJSON := range []bool{false, true} {
		var b bytes.Buffer
		require.NoError(t, dump(&b, "", path, asJSON))
		require.NotContains(t, b.String(), "hunter2")
	}
	a.WalRcv.Update(func(f *walrcv.Fields) {
		shmem.SetString(f.Conninfo[:], "host=h password=********")
		f.ReadyToDisplay = 1
	})
	require.Equal(t, "host=h password=********", read(t, path).WalRcvData.Conninfo)
}

// A process that was killed may have left any lock taken.
func TestLockLeftByADeadProcessDoesNotStopTheDump(t *testing.T) {
	path, a := exampleSegment(t)
	a.WalRcv.Update(func(*walrcv.Fields) {
		a.Snds[0].Update(func(*walsnd.Fields) {
			d := read(t, path) // with both locks held
			require.Equal(t, "WALRCV_STREAMING", d.WalRcvData.State)
			require.Len(t, d.WalSnd, 1)
		})
	})
}

func TestTextHasALineForEveryFieldOfJSON(t *testing.T) {
	path, _ := exampleSegment(t)
	var text, raw bytes.Buffer
	require.NoError(t, dump(&text, "", path, false))
	require.NoError(t, dump(&raw, "", path, true))
	var back Dump
	require.NoError(t, json.Unmarshal(raw.Bytes(), &back))
	require.Equal(t, "0/3000148", back.WalSnd[0].SentPtr)
	v := reflect.ValueOf(back)
	for i := range v.NumField() {
		require.Contains(t, text.String(), v.Type().Field(i).Name)
		f := v.Field(i)
		if f.Kind() == reflect.Slice {
			f = f.Index(0)
		}
		for j := range f.NumField() {
			if format(f.Field(j)) != "" {
				require.Contains(t, text.String(), snake(f.Type().Field(j).Name))
			}
		}
	}
}

func TestSnake(t *testing.T) {
	for in, want := range map[string]string{"LatestWalEnd": "latest_wal_end", "PID": "pid", "CRCFailures": "crc_failures",
		"LastReplayedTLI": "last_replayed_tli", "ReceiveStartTLI": "receive_start_tli"} {
		require.Equal(t, want, snake(in))
	}
}

func TestMissingNodeIsSaid(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	require.ErrorContains(t, dump(&b, dir, "", false), "stopped in good order")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte("1\n"+dir+"\n"), 0o600))
	require.ErrorContains(t, dump(&b, dir, "", false), "names none")
	require.ErrorContains(t, dump(&b, "", "", false), "PGDATA")
	other := filepath.Join(dir, "waypost.other")
	require.NoError(t, os.WriteFile(other, []byte(strings.Repeat("x", 8192)), 0o600))
	require.ErrorIs(t, dump(&b, "", other, false), shmem.ErrLayout)
}
