package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/xlog"
)

// syscalls counts system calls with strace, in runs of their own: strace slows everything that it looks at.
func (b *bench) syscalls() {
	s, relay := b.source(), b.relay()
	upto := s.start + min(64<<20, xlog.LSN(s.bytes()))
	b.countSending("PostgreSQL's walsender, from files", s.Port, s.start, upto)
	b.countSending("Waypost's walsender, from files", relay.Port, s.start, upto)

	p := b.pair()
	for _, kind := range b.standbyKinds(p)[1:] {
		p.withSynchronous(kind, func() {
			b.countCommits(p, kind.name, b.receiverPid(p, kind.name))
		})
	}
}

// countSending counts a walsender's calls per XLogData message.
func (b *bench) countSending(what string, port int, from, upto xlog.LSN) {
	conns, pids := b.dialMany(port, 1)
	defer closeAll(conns)
	calls := b.traced(pids[0], func() { b.streamAll(conns, from, upto, nil) })
	b.report.note("%s: %d messages; per message %s", what, conns[0].messages, calls.per(conns[0].messages))
}

// countCommits counts the calls of the process that receives for a synchronous standby, per commit of one client.
func (b *bench) countCommits(p *pair, kind string, pid int) {
	const commits = 500
	calls := b.traced(pid, func() { p.primary.Pgbench("-N", "-c", "1", "-t", strconv.Itoa(commits)) })
	b.report.note("receiving for %s, 1 client: %d commits; per commit %s", kind, commits, calls.per(commits))
}

// receiverPid is the process that receives from the primary in a standby of this kind.
func (b *bench) receiverPid(p *pair, kind string) int {
	switch kind {
	case "witness":
		return p.relay.Pids("walreceiver")[0]
	case "standby":
		pid, err := strconv.Atoi(p.standby.QueryOne("SELECT pid FROM pg_stat_wal_receiver"))
		require.NoError(b, err)
		return pid
	}
	return p.receivewal.PID
}

// callCounts are system calls by name.
type callCounts map[string]int

// per writes the counts divided by n, the most frequent first; what is rarer than one in a hundred is left out.
func (c callCounts) per(n int) string {
	total := 0
	var names []string
	for name, count := range c {
		total += count
		if count*100 >= n {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return c[b] - c[a] })
	parts := []string{fmt.Sprintf("%.2f calls", float64(total)/float64(n))}
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %.2f", name, float64(c[name])/float64(n)))
	}
	return strings.Join(parts, ", ")
}

// traced counts the system calls of a process, all its threads, while f runs.
func (b *bench) traced(pid int, f func()) callCounts {
	summary := filepath.Join(b.disk.Dir, fmt.Sprintf("strace.%d", pid))
	cmd := exec.Command("strace", "-f", "-c", "-o", summary, "-p", strconv.Itoa(pid))
	said, err := cmd.StderrPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	// "Process 123 attached", perhaps "with 5 threads": from here on it sees all.
	_, err = bufio.NewReader(said).ReadString('\n')
	require.NoError(b, err, "strace does not attach")
	f()
	require.NoError(b, cmd.Process.Signal(syscall.SIGINT))
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it ends by the signal
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		b.Fatalf("strace does not end")
	}
	text, err := os.ReadFile(summary)
	require.NoError(b, err)
	return parseSummary(string(text))
}

// parseSummary reads strace -c's table: % time, seconds, usecs/call, calls, errors where there are any, name.
func parseSummary(text string) callCounts {
	counts := callCounts{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[len(fields)-1] == "total" {
			continue
		}
		if n, err := strconv.Atoi(fields[3]); err == nil {
			counts[fields[len(fields)-1]] = n
		}
	}
	return counts
}
