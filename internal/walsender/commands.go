package walsender

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"waypost/internal/backend"
	"waypost/internal/guc"
	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/walfile"
)

// Exec is backend.Replication's.
func (w *WalSender) Exec(sql string) error {
	err := w.exec(sql)
	if err == nil || !w.stopping.Load() || errors.Is(err, backend.ErrDone) {
		return err
	}
	// A walsender that is to stop does not go on after an error: it says what was wrong and goes.
	return w.s.Last(err)
}

func (w *WalSender) exec(sql string) error {
	if w.stopping.Load() {
		w.setState(walsnd.Stopping)
		return protocol.Errorf(protocol.CodeObjectNotInPrerequisiteState,
			"cannot execute new commands while WAL sender is in stopping mode")
	}
	cmd, notices, err := protocol.ParseReplicationCommand(sql)
	if errors.Is(err, protocol.ErrNotReplicationCommand) {
		return err
	}
	if w.s.Major() < 17 && since17(cmd) {
		return protocol.ErrNotReplicationCommand
	}
	for _, n := range notices {
		w.s.Append(func(dst []byte) []byte { return protocol.AppendNoticeResponse(dst, n) })
	}
	if err != nil {
		return err
	}
	event := w.p.Log.Debug()
	if w.p.Settings.Bool(guc.LogReplicationCommands) {
		event = w.p.Log.Info()
	}
	event.Msg("received replication command: " + sql)
	return w.dispatch(cmd)
}

// since17 says whether a command is one that PostgreSQL has had since version 17: to an older one it is SQL.
func since17(cmd protocol.ReplicationCommand) bool {
	switch cmd.(type) {
	case *protocol.UploadManifestCmd, *protocol.AlterReplicationSlotCmd:
		return true
	}
	return false
}

func (w *WalSender) dispatch(cmd protocol.ReplicationCommand) error {
	switch cmd := cmd.(type) {
	case *protocol.IdentifySystemCmd:
		w.p.Title.Set("IDENTIFY_SYSTEM")
		return w.identifySystem()
	case *protocol.VariableShowStmt:
		w.p.Title.Set("SHOW")
		return w.s.Show(cmd.Name)
	case *protocol.TimeLineHistoryCmd:
		w.p.Title.Set("TIMELINE_HISTORY")
		return w.timelineHistory(cmd)
	case *protocol.ReadReplicationSlotCmd:
		w.p.Title.Set("READ_REPLICATION_SLOT")
		return w.readReplicationSlot()
	case *protocol.StartReplicationCmd:
		w.p.Title.Set("START_REPLICATION")
		return w.startReplication(cmd)
	case *protocol.DropReplicationSlotCmd:
		return noSuchSlot(cmd.SlotName)
	case *protocol.AlterReplicationSlotCmd:
		return noSuchSlot(cmd.SlotName)
	case *protocol.CreateReplicationSlotCmd:
		return notSupported("replication slots are not supported yet")
	case *protocol.BaseBackupCmd:
		return notSupported("BASE_BACKUP is not supported: this server relays write-ahead log and has no tables").
			WithHint("Take the base backup from the primary, and the write-ahead log from here.")
	case *protocol.UploadManifestCmd:
		return notSupported("UPLOAD_MANIFEST is not supported: this server relays write-ahead log and has no tables")
	}
	return internalErrorf("unrecognized replication command %T", cmd)
}

func notSupported(message string) *protocol.Error {
	return protocol.Errorf(protocol.CodeFeatureNotSupported, "%s", message)
}

// noSuchSlot is the answer to the name of any slot while there are none.
func noSuchSlot(name string) error {
	return protocol.Errorf(protocol.CodeUndefinedObject, "replication slot \"%s\" does not exist", name)
}

func (w *WalSender) complete(tag string) {
	w.s.Append(func(dst []byte) []byte { return protocol.AppendCommandComplete(dst, tag) })
}

// identifySystem tells who we are and up to where we would send now.
func (w *WalSender) identifySystem() error {
	at, tli := w.sendable(w.p.Settings.Bool(guc.WalSenderRequireFlush))
	timelineType := protocol.Int8OID
	if w.s.Major() < 16 {
		timelineType = protocol.Int4OID
	}
	var dbname []byte // NULL without a database
	if w.s.Startup.Database != "" {
		dbname = []byte(w.s.Startup.Database)
	}
	w.s.Append(func(dst []byte) []byte {
		dst = protocol.AppendRowDescription(dst,
			protocol.Column{Name: "systemid", Type: protocol.TextOID},
			protocol.Column{Name: "timeline", Type: timelineType},
			protocol.Column{Name: "xlogpos", Type: protocol.TextOID},
			protocol.Column{Name: "dbname", Type: protocol.TextOID})
		return protocol.AppendDataRow(dst,
			strconv.AppendUint(nil, w.p.XLog.SystemID.Load(), 10),
			strconv.AppendUint(nil, uint64(tli), 10),
			at.Append(nil),
			dbname)
	})
	w.complete("IDENTIFY_SYSTEM")
	return nil
}

// timelineHistory sends a history file as it stands.
func (w *WalSender) timelineHistory(cmd *protocol.TimeLineHistoryCmd) error {
	name := walfile.HistoryName(cmd.Timeline)
	w.s.Append(func(dst []byte) []byte {
		return protocol.AppendRowDescription(dst,
			protocol.Column{Name: "filename", Type: protocol.TextOID},
			protocol.Column{Name: "content", Type: protocol.TextOID})
	})
	text, err := os.ReadFile(filepath.Join(w.p.DataDir, walDirectory, name))
	if err != nil {
		return fileError("could not open file", filepath.Join(walDirectory, name), err)
	}
	w.s.Append(func(dst []byte) []byte { return protocol.AppendDataRow(dst, []byte(name), nonNil(text)) })
	w.complete("TIMELINE_HISTORY")
	return nil
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// fileError is PostgreSQL's report of a file that cannot be used.
func fileError(what, path string, err error) *protocol.Error {
	code := protocol.CodeIOError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code = protocol.CodeUndefinedFile
	case errors.Is(err, fs.ErrPermission):
		code = protocol.CodeInsufficientPrivilege
	}
	return protocol.Errorf(code, "%s \"%s\": %s", what, path, reason(err)).WithCause(err)
}

// reason is the system's word for what went wrong, as strerror has it.
func reason(err error) string {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	switch errno {
	case unix.ENOENT:
		return "No such file or directory"
	case unix.EACCES:
		return "Permission denied"
	case unix.EIO:
		return "Input/output error"
	}
	return errno.Error()
}

// readReplicationSlot gives the row of a slot that does not exist.
func (w *WalSender) readReplicationSlot() error {
	w.s.Append(func(dst []byte) []byte {
		dst = protocol.AppendRowDescription(dst,
			protocol.Column{Name: "slot_type", Type: protocol.TextOID},
			protocol.Column{Name: "restart_lsn", Type: protocol.TextOID},
			protocol.Column{Name: "restart_tli", Type: protocol.Int8OID})
		return protocol.AppendDataRow(dst, nil, nil, nil)
	})
	w.complete("READ_REPLICATION_SLOT")
	return nil
}
