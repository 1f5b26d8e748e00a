package activity

// WaitEvent names what a process waits for: its class in the upper byte, its number in the rest. Names and classes are
// PostgreSQL 17's (src/backend/utils/activity/wait_event_names.txt).
type WaitEvent uint32

const (
	classActivity WaitEvent = 0x05000000 // the main loop has nothing to do
	classClient   WaitEvent = 0x06000000 // for a peer at the other end of a socket
	classIPC      WaitEvent = 0x08000000 // for another process of the node
	classTimeout  WaitEvent = 0x09000000 // for time to pass
	classIO       WaitEvent = 0x0A000000 // for the disk
)

// The events that Waypost's processes wait for.
const (
	CheckpointerMain WaitEvent = classActivity + iota
	RecoveryWalStream
	WalReceiverMain
	WalSenderMain
	SpareBackendMain // Waypost's own: a spare waits for its client
)

const (
	ClientRead WaitEvent = classClient + iota
	ClientWrite
	LibpqwalreceiverConnect
	LibpqwalreceiverReceive
	WalSenderWriteData
)

const (
	WalReceiverExit WaitEvent = classIPC + iota
	WalReceiverWaitStart
	RecoveryPause
	CheckpointDone
)

const (
	RecoveryRetrieveRetryInterval WaitEvent = classTimeout + iota
	PgSleep
)

const (
	WALRead WaitEvent = classIO + iota
	WALWrite
	WALSync
	WALInitWrite
	ControlFileSyncUpdate
)

// The names by class, in the order of the constants.
var (
	activityNames = [...]string{"CheckpointerMain", "RecoveryWalStream", "WalReceiverMain", "WalSenderMain", "SpareBackendMain"}
	clientNames   = [...]string{"ClientRead", "ClientWrite", "LibpqwalreceiverConnect", "LibpqwalreceiverReceive",
		"WalSenderWriteData"}
	ipcNames     = [...]string{"WalReceiverExit", "WalReceiverWaitStart", "RecoveryPause", "CheckpointDone"}
	timeoutNames = [...]string{"RecoveryRetrieveRetryInterval", "PgSleep"}
	ioNames      = [...]string{"WalRead", "WalWrite", "WalSync", "WalInitWrite", "ControlFileSyncUpdate"}
)

// Type is pg_stat_activity's wait_event_type, "" for none.
func (e WaitEvent) Type() string { t, _ := e.words(); return t }

// Name is pg_stat_activity's wait_event, "" for none.
func (e WaitEvent) Name() string { _, n := e.words(); return n }

func (e WaitEvent) class() WaitEvent { return e &^ 0xFFFFFF }

func (e WaitEvent) words() (class, name string) {
	var names []string
	switch e.class() {
	case classActivity:
		class, names = "Activity", activityNames[:]
	case classClient:
		class, names = "Client", clientNames[:]
	case classIPC:
		class, names = "IPC", ipcNames[:]
	case classTimeout:
		class, names = "Timeout", timeoutNames[:]
	case classIO:
		class, names = "IO", ioNames[:]
	}
	if i := int(e & 0xFFFFFF); i < len(names) {
		return class, names[i]
	}
	return "", ""
}
