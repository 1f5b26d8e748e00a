package walreceiver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/protocol"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// The benchmarks' upstream: a process of its own, so that its processor time does not count as the receiver's. It is the
// test binary, started again with senderEnv set to "<bytes> <message size> <bulk|commits>", and speaks just enough of
// the protocol for a walreceiver, or a real pg_receivewal, to stream from it.
const senderEnv = "WALRECEIVER_TEST_SENDER"

func TestMain(m *testing.M) {
	if script := os.Getenv(senderEnv); script != "" {
		if err := runSender(script); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type benchSender struct {
	total   int64
	message int
	commits bool // each message is sent only when the one before was reported flushed
	segSize xlog.SegSize
}

func runSender(script string) error {
	var s benchSender
	var mode string
	s.segSize = xlog.DefaultSegSize
	if _, err := fmt.Sscan(script, &s.total, &s.message, &mode); err != nil {
		return err
	}
	s.commits = mode == "commits"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		if err := s.serve(c); err != nil && err != io.EOF {
			fmt.Fprintln(os.Stderr, "sender:", err)
		}
		c.Close()
	}
}

func (s *benchSender) serve(c net.Conn) error {
	in := protocol.NewReader(c)
	if _, err := in.ReadStartupPacket(); err != nil {
		return err
	}
	b := protocol.AppendAuthenticationOk(nil)
	b = protocol.AppendParameterStatus(b, "server_version", "15.18")
	b = protocol.AppendParameterStatus(b, "integer_datetimes", "on")
	b = protocol.AppendBackendKeyData(b, uint32(os.Getpid()), []byte{1, 2, 3, 4})
	b = protocol.AppendReadyForQuery(b, 'I')
	for {
		if _, err := c.Write(b); err != nil {
			return err
		}
		typ, body, err := in.Next(protocol.PhaseCommand)
		if err != nil {
			return err
		}
		if typ != protocol.MsgQuery {
			return nil
		}
		sql, err := protocol.DecodeQuery(body)
		if err != nil {
			return err
		}
		var start xlog.LSN
		switch {
		case strings.HasPrefix(sql, "IDENTIFY_SYSTEM"):
			b = row(b[:0], "IDENTIFY_SYSTEM", strconv.FormatUint(waltest.DefaultSystemID, 10), "1", s.segSize.Start(1).String(), "")
		case strings.HasSuffix(sql, "wal_segment_size"):
			b = row(b[:0], "SHOW", fmt.Sprintf("%dMB", s.segSize>>20))
		case strings.HasSuffix(sql, "data_directory_mode"):
			b = row(b[:0], "SHOW", "0700")
		case strings.HasPrefix(sql, "START_REPLICATION"):
			for _, word := range strings.Fields(sql) {
				if l, err := xlog.ParseLSN(word); err == nil {
					start = l
				}
			}
			return s.stream(c, in, start)
		default:
			return fmt.Errorf("unexpected query %q", sql)
		}
	}
}

// row is a result of one row; an empty value stands for null.
func row(b []byte, tag string, values ...string) []byte {
	var columns []protocol.Column
	var fields [][]byte
	for _, v := range values {
		columns = append(columns, protocol.Column{Name: "c", Type: protocol.TextOID})
		if v == "" {
			fields = append(fields, nil)
		} else {
			fields = append(fields, []byte(v))
		}
	}
	b = protocol.AppendRowDescription(b, columns...)
	b = protocol.AppendDataRow(b, fields...)
	b = protocol.AppendCommandComplete(b, tag)
	return protocol.AppendReadyForQuery(b, 'I')
}

func (s *benchSender) stream(c net.Conn, in *protocol.Reader, start xlog.LSN) error {
	if _, err := c.Write(protocol.AppendCopyBothResponse(nil)); err != nil {
		return err
	}
	var flushed atomic.Uint64
	moved := make(chan struct{}, 1)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			typ, body, err := in.Next(protocol.PhaseCopyBoth)
			if err != nil || typ != protocol.MsgCopyData {
				return
			}
			var m protocol.StandbyStatusUpdate
			if protocol.DecodeStandbyStatusUpdate(body, &m) == nil && body[0] == 'r' {
				flushed.Store(uint64(m.Flush))
				select {
				case moved <- struct{}{}:
				default:
				}
			}
		}
	}()
	await := func(l xlog.LSN) bool {
		for xlog.LSN(flushed.Load()) < l {
			select {
			case <-moved:
			case <-gone:
				return false
			}
		}
		return true
	}
	// Messages are sent several at a time, as a socket under load holds them.
	const batchBytes = 1 << 20
	data := make([]byte, s.message)
	for i := range data {
		data[i] = byte(i)
	}
	batch := make([]byte, 0, batchBytes+s.message+64)
	end := start + xlog.LSN(s.total)
	for at := start; at < end; {
		batch = batch[:0]
		for len(batch) == 0 || !s.commits && len(batch) < batchBytes && at < end {
			part := data[:min(len(data), int(end-at), int(s.segSize)-int(s.segSize.Offset(at)))]
			batch = protocol.AppendXLogData(batch, &protocol.XLogData{Start: at, WalEnd: end, SendTime: xlog.Now(), Data: part})
			at += xlog.LSN(len(part))
		}
		if _, err := c.Write(batch); err != nil {
			return err
		}
		if s.commits && !await(at) {
			return nil
		}
	}
	// To pg_receivewal this is the end of the stream, too; it reports no flush that could be waited for.
	if _, err := c.Write(protocol.AppendCommandComplete(nil, "COPY 0")); err != nil {
		return err
	}
	<-gone
	return nil
}

// startSender starts one and gives its port.
func startSender(t testing.TB, total int64, message int, mode string) int {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s", senderEnv, total, message, mode))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	port, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	return port
}
