package transport

import (
	"context"
	"time"

	"waypost/xlog"
)

// DefaultName is the name of the built-in transport, the default of the setting wal_receiver_library.
const DefaultName = "pgwire"

// Transport makes connections of one kind. Its methods may be called from several goroutines at once.
type Transport interface {
	// CheckConninfo says whether conninfo can be parsed; it opens no connection. With mustUsePassword it also
	// demands that conninfo itself holds a password. Errors: *ConninfoError.
	CheckConninfo(conninfo string, mustUsePassword bool) error

	// DBNameFromConninfo is the dbname that conninfo gives, "" when it gives none (defaults do not count).
	// Errors: *ConninfoError.
	DBNameFromConninfo(conninfo string) (string, error)

	// Connect opens a connection and authenticates. It blocks until that is done, has failed, ctx is done, or
	// conninfo's own connect_timeout, or that of opts, has passed (which counts for each host anew). Nothing stays open on error.
	// ctx is not kept.
	//
	// Errors: *ConninfoError, *ServerError (what the last server tried had to say), *PasswordRequiredError,
	// *ConnError for everything that the network did; ctx's own error is within reach of errors.Is.
	Connect(ctx context.Context, conninfo string, opts ConnectOptions) (Conn, error)
}

// ConnectOptions are walrcv_connect's arguments. The zero value asks for a regular connection.
type ConnectOptions struct {
	// Replication asks for a walsender on the other side; otherwise the connection takes plain SQL.
	Replication bool
	// Logical, with Replication, binds the walsender to conninfo's database (replication=database) so that it
	// decodes; without it the stream is physical.
	Logical bool
	// MustUsePassword refuses a connection for which the server did not ask for the password in conninfo.
	MustUsePassword bool
	// ApplicationName is used unless conninfo or PGAPPNAME gives another (libpq's fallback_application_name).
	ApplicationName string
	// ConnectTimeout bounds the attempt at each host, unless conninfo, its service or PGCONNECT_TIMEOUT gives a
	// connect_timeout (0 there: no bound). 0: without end, as for libpq.
	ConnectTimeout time.Duration
	// Notice, if set, is given each notice and warning of the server, on the goroutine that was reading when it
	// came. It must neither block nor call the connection.
	Notice func(*ServerError)
}

// Conn is one connection to an upstream.
//
// One goroutine at a time uses a Conn, but for those methods that may be called at any time from any goroutine: Send,
// Interrupt, Close, and what was fixed at connect (Conninfo, SenderInfo, ServerVersion, BackendPID).
//
// Methods with a context block until the answer is complete or ctx is done. In the latter case the answer's place in
// the stream is lost: the connection is closed at once and every later call fails (not so if ctx was done before the
// call). A *ServerError of severity ERROR leaves a Conn usable, and so do ErrDeadline and ErrInterrupted from Receive and
// the caller's own mistakes, ErrNotStreaming and ErrBusy. After any other error only Close is of use.
type Conn interface {
	// Conninfo is the connection string in use, keyword=value, defaults included, secrets as ********; fit for
	// pg_stat_wal_receiver.conninfo.
	Conninfo() string

	// SenderInfo is the host (name, address or socket directory) and the port of the server that was connected to.
	SenderInfo() (host string, port int)

	// ServerVersion is the version that the server reported at connect.
	ServerVersion() ServerVersion

	// BackendPID is the process ID of the server's backend.
	BackendPID() uint32

	// Parameter is the latest value that the server reported for a parameter (a ParameterStatus, such as
	// "server_version" or "in_hot_standby"), "" when it reported none.
	Parameter(name string) string

	// IdentifySystem asks who the server is (IDENTIFY_SYSTEM). Replication connections only.
	IdentifySystem(ctx context.Context) (SystemIdentity, error)

	// ReadTimelineHistoryFile fetches the history file of tli (TIMELINE_HISTORY). Replication connections only.
	// The content is a copy that belongs to the caller.
	ReadTimelineHistoryFile(ctx context.Context, tli xlog.TimeLineID) (HistoryFile, error)

	// StartStreaming asks for WAL (START_REPLICATION). When it returns with Streaming set, the connection is in
	// copy-both mode: Receive and Send may be used until EndStreaming. Otherwise the server had nothing to send:
	// the timeline asked for ends at or before the start position, and Next says where it went on. A server may say yes
	// and refuse only then, so that the first Receive has the *ServerError: PostgreSQL does so for a position ahead
	// of its own and for WAL that it has removed.
	StartStreaming(ctx context.Context, opts StreamOptions) (StartResult, error)

	// EndStreaming leaves copy mode and returns what the server says about the timeline that follows; the zero
	// NextTimeline when it says nothing. It may be called in mid-stream: what was still on its way is thrown away.
	// After an EndOfCopy with Shutdown it returns the zero NextTimeline at once, and the connection is of no more
	// use. No Send may be under way.
	EndStreaming(ctx context.Context) (NextTimeline, error)

	// Receive waits for the next event of the copy stream. It allocates nothing in the steady state and does not
	// copy: see Event for how long its bytes live. It does not wait for the rest of an XLogData message when some
	// of its bytes are there.
	//
	// The zero deadline waits without end; one that has passed only looks. Errors: ErrDeadline (harmless, also in
	// the middle of a message; call again), ErrInterrupted (likewise), *ServerError, *ProtocolError,
	// *DiscontinuityError, *ConnError. Outside of copy mode it is an error of the caller: ErrNotStreaming.
	Receive(deadline time.Time) (Event, error)

	// Pending says whether more is waiting: in the buffer or, only if that has nothing to give, in the socket, which
	// is then looked at once without blocking. An error or the end of the connection counts, too; Receive will tell.
	// It does not invalidate any Event's Data.
	Pending() bool

	// Buffered says whether the next Receive is served from the buffer. While it does, Data of earlier Events stays
	// valid, so that several can be gathered and written by one system call. It never blocks and asks no one.
	Buffered() bool

	// Interrupt makes the Receive that is blocked, or else the next one that would block, return ErrInterrupted.
	// Several calls before that count as one. It never blocks and never fails, and is for signal and shutdown
	// goroutines.
	Interrupt()

	// Send sends msg: one or more whole CopyData messages, frame included, as protocol.AppendStandbyStatusUpdate and
	// its like make them (walrcv_send adds the frame itself; here that would cost a copy). msg is not kept. Send may
	// run while another goroutine receives, and several at once are sent one after the other. It blocks while the
	// socket's send buffer is full, at most until deadline (zero: without end). After a Send that fails nothing more
	// can be sent, but Receive may still learn why. Errors: ErrNotStreaming, *ConnError (with ErrDeadline in it if
	// that was it).
	Send(msg []byte, deadline time.Time) error

	// CreateSlot creates a replication slot. A physical slot reserves WAL at once. Replication connections only.
	CreateSlot(ctx context.Context, opts CreateSlotOptions) (CreatedSlot, error)

	// AlterSlot changes a logical slot's properties (server 17 and later). Replication connections only.
	AlterSlot(ctx context.Context, name string, opts AlterSlotOptions) error

	// Exec runs one simple query: any SQL on a regular or logical connection, and on a physical replication
	// connection what a walsender takes (SHOW, READ_REPLICATION_SLOT, DROP_REPLICATION_SLOT …). Of several
	// statements' results the last counts. An error of the server is returned as a *ServerError.
	// Rows are copies that belong to the caller. With a COPY status the connection is in copy mode: Receive gives
	// CopyData events and, when the connection is ready for the next command, EndOfCopy (copy out); Send takes data
	// and EndStreaming ends it (copy in).
	Exec(ctx context.Context, query string) (*ExecResult, error)

	// Close tells the server goodbye, without waiting for it, and closes the connection. A blocked call of another
	// goroutine returns an error that is net.ErrClosed. Further calls do nothing.
	Close() error
}
