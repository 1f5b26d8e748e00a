package child

import (
	"bytes"
	"os"
	"time"

	"waypost/internal/guc"
	"waypost/internal/logging"
	"waypost/internal/procsignal"
)

// How long a process may be held up by a logger that stands still, in any minute; one that WAL goes through, for less, and by
// a slow one, too.
const (
	logPatience      = 5 * time.Second
	logPatienceOfWAL = 100 * time.Millisecond
)

func (p *Process) logPatience() logging.Patience {
	switch p.kind() {
	case procsignal.Startup, procsignal.WalReceiver, procsignal.WalSender:
		return logging.Patience{Limit: logPatienceOfWAL, Strict: true}
	}
	return logging.Patience{Limit: logPatience}
}

// openLog makes the sink of a child. Where the logger process cannot be reached in the way that bounds waiting, stderr,
// which leads to it, too, has to do: that is the error.
func (p *Process) openLog() (*logging.Sink, error) {
	sink := logging.NewSink(os.Stderr)
	sink.Configure(logging.ConfigOf(p.Settings))
	if !p.Settings.Bool(guc.LoggingCollector) {
		return sink, nil
	}
	pipe, err := logging.OpenPipe(int(os.Stderr.Fd()), p.logPatience)
	if err == nil {
		sink.UsePipe(pipe)
	}
	return sink, err
}

// ConfigureLog has the log follow the settings. Whoever changes Settings in a way that the log depends on calls it: a
// reload does, a SET must.
func (p *Process) ConfigureLog() {
	if p.Sink != nil {
		p.Sink.Configure(logging.ConfigOf(p.Settings))
	}
}

// kind is what the process is now; before and after its time in shared memory, what it was started as.
func (p *Process) kind() procsignal.Kind {
	if p.Proc != nil && p.Proc.PID() == os.Getpid() {
		return p.Proc.Kind()
	}
	return p.Kind
}

func (p *Process) backendType() string { return p.kind().String() }

// title is what ps shows.
func title() string {
	text, _ := os.ReadFile("/proc/self/cmdline")
	return string(bytes.ReplaceAll(text, []byte{0}, nil))
}

// LogClient changes what the log knows of the session that the process serves.
func (p *Process) LogClient(change func(c *logging.Client)) {
	if p.Sink != nil {
		p.Sink.SetClient(change)
	}
}

// LogStatement tells the log which statement runs now, for log_min_error_statement; "" when none does. One that may hold
// a password is never logged.
func (p *Process) LogStatement(sql string) {
	if p.Sink != nil {
		p.Sink.SetStatement(sql)
	}
}
