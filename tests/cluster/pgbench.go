package cluster

import (
	"regexp"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
)

// PgbenchInit fills pgbench's tables.
func (p *Postgres) PgbenchInit(scale int) {
	p.c.T.Helper()
	p.pgbench("-i", "-q", "-s", strconv.Itoa(scale))
}

// Pgbench runs pgbench (of version 15, against any) with these options, such as
// "-N", "-c", "4", "-T", "5", and gives the transactions per second.
func (p *Postgres) Pgbench(options ...string) float64 {
	p.c.T.Helper()
	return tps(p, p.pgbench(append([]string{"-n"}, options...)...))
}

func (p *Postgres) pgbenchArgv(options []string) []string {
	p.c.T.Helper()
	argv := []string{p.c.ClientProgram("pgbench"), "-h", "127.0.0.1", "-p", strconv.Itoa(p.Port), "-U", "postgres"}
	return append(append(argv, options...), "postgres")
}

func (p *Postgres) pgbench(options ...string) string {
	p.c.T.Helper()
	return p.c.Run(p.pgbenchArgv(options)...)
}

// StartPgbench starts pgbench in the background, for as long as its options say.
func (p *Postgres) StartPgbench(options ...string) *Process {
	p.c.T.Helper()
	return p.c.start(spec{name: p.Name + ".pgbench", argv: p.pgbenchArgv(append([]string{"-n"}, options...))})
}

// WaitPgbench waits for a pgbench's good end.
func WaitPgbench(bench *Process, timeout time.Duration) {
	bench.c.T.Helper()
	state := bench.Wait(timeout)
	require.Zerof(bench.c.T, state.ExitCode(), "pgbench: %v\n%s", state, bench.LogText())
}

var tpsLine = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

func tps(p *Postgres, output string) float64 {
	p.c.T.Helper()
	m := tpsLine.FindStringSubmatch(output)
	require.NotNilf(p.c.T, m, "pgbench prints no tps:\n%s", output)
	v, err := strconv.ParseFloat(m[1], 64)
	require.NoError(p.c.T, err)
	return v
}
