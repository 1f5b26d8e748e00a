package child

import (
	"bytes"
	"os"
	"time"

	"waypost/internal/guc"
	"waypost/internal/logging"
)

// logPatience is how long an event may wait for the logger process. Who logs while the logger stands still is held up so
// long once, and not at all from then on until the logger goes on.
const logPatience = 5 * time.Second

// openLog makes the sink of a child. Where the logger process cannot be reached in the way that bounds waiting, stderr,
// which leads to it, too, has to do: that is the error.
func openLog(s *guc.Settings) (*logging.Sink, error) {
	sink := logging.NewSink(os.Stderr)
	sink.Configure(logging.ConfigOf(s))
	if !s.Bool(guc.LoggingCollector) {
		return sink, nil
	}
	pipe, err := logging.OpenPipe(int(os.Stderr.Fd()), logPatience)
	if err == nil {
		sink.UsePipe(pipe)
	}
	return sink, err
}

// ConfigureLog has the log follow the settings. Whoever changes Settings in a way that the log depends on calls it: a
// reload does, a SET must.
func (p *Process) ConfigureLog() {
	config := logging.ConfigOf(p.Settings)
	p.Log = p.Log.Level(config.Level())
	if p.Sink != nil {
		p.Sink.Configure(config)
	}
}

// backendType is what the process is now; before and after its time in shared memory, what it was started as.
func (p *Process) backendType() string {
	if p.Proc != nil && p.Proc.PID() == os.Getpid() {
		return p.Proc.Kind().String()
	}
	return p.Kind.String()
}

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
