// Package transport is the walreceiver's way to an upstream server: PostgreSQL's libpqwalreceiver function table
// (src/include/replication/walreceiver.h, as of 17, with 18's two_phase in alter slot) as a Go interface.
//
// A Transport makes connections; a Conn is one of them. What PostgreSQL calls a function, and where it is here:
//
//	walrcv_connect                   Transport.Connect
//	walrcv_check_conninfo            Transport.CheckConninfo
//	walrcv_get_dbname_from_conninfo  Transport.DBNameFromConninfo
//	walrcv_get_conninfo              Conn.Conninfo
//	walrcv_get_senderinfo            Conn.SenderInfo
//	walrcv_identify_system           Conn.IdentifySystem
//	walrcv_server_version            Conn.ServerVersion
//	walrcv_readtimelinehistoryfile   Conn.ReadTimelineHistoryFile
//	walrcv_startstreaming            Conn.StartStreaming
//	walrcv_endstreaming              Conn.EndStreaming
//	walrcv_receive                   Conn.Receive, Conn.Pending, Conn.Interrupt
//	walrcv_send                      Conn.Send
//	walrcv_create_slot               Conn.CreateSlot
//	walrcv_alter_slot                Conn.AlterSlot
//	walrcv_get_backend_pid           Conn.BackendPID
//	walrcv_exec                      Conn.Exec
//	walrcv_disconnect                Conn.Close
//
// The built-in transport, transport/pgwire, speaks PostgreSQL's replication protocol. Others can be written: a
// walreceiver's executable registers its transports in a Registry, and the setting wal_receiver_library names one.
// transport/transporttest has a small one that plays segment files from a directory.
//
// # How far this is stable
//
// As PostgreSQL says of its own table, this API is for transports that are built together with Waypost. Within one
// major version of Waypost methods and fields are added, not changed or removed; an implementation must therefore
// embed nothing but expect that Conn grows, and users must name the fields of struct literals. Between major
// versions anything may change. The meaning of the values (LSNs, timelines, SQLSTATEs) is PostgreSQL's and does not.
//
// # Rules for every transport
//
// A transport hands out exactly the bytes that the upstream sent. It does not parse WAL, does not write to files or
// shared memory, does not log (it returns errors; notices go to ConnectOptions.Notice), does not reconnect by itself
// and does not answer keepalives: what is reported upstream is the walreceiver's decision alone.
package transport
