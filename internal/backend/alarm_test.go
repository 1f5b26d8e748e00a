package backend

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/child"
	"waypost/internal/logging"
)

const soonEnough = 10 * time.Second

func TestAlarmRingsAgainUntilItIsStopped(t *testing.T) {
	var a alarm
	var rung atomic.Int32
	a.set(time.Microsecond, func() time.Duration {
		rung.Add(1)
		return time.Microsecond
	})
	require.Eventually(t, func() bool { return rung.Load() > 10 }, soonEnough, time.Millisecond)
	a.stop()
	before := rung.Load()
	a.ring() // one that comes too late
	require.Equal(t, before, rung.Load())
	a.stop()
}

func TestAlarmThatIsOnStaysAsItIs(t *testing.T) {
	var a alarm
	var first, second atomic.Int32
	a.set(time.Hour, func() time.Duration { first.Add(1); return 0 })
	a.set(0, func() time.Duration { second.Add(1); return 0 })
	a.ring()
	require.Zero(t, first.Load(), "it is not due, whoever calls")
	require.Zero(t, second.Load())
	a.stop()
	a.set(0, func() time.Duration { second.Add(1); return 0 })
	require.Eventually(t, func() bool { return second.Load() == 1 }, soonEnough, time.Millisecond)
	a.ring()
	require.EqualValues(t, 1, second.Load(), "once, until it is set again")
	require.Zero(t, first.Load())
	a.stop()
}

func TestAlarmSetForManyStatementsRingsForTheRunningOneOnly(t *testing.T) {
	var a alarm
	var running atomic.Int64
	var wrong atomic.Int64
	for i := range int64(20000) {
		running.Store(i)
		a.set(time.Duration(i%50)*time.Microsecond, func() time.Duration {
			if running.Load() != i {
				wrong.Add(1)
			}
			return time.Nanosecond
		})
		a.stop()
		running.Store(-1)
	}
	require.Zero(t, wrong.Load())
}

func TestAlarmThatPanicsIsOver(t *testing.T) {
	log := &strings.Builder{}
	s := &tcop{Session: &Session{P: &child.Process{Log: logging.New(log)}}}
	var a alarm
	rung := make(chan struct{})
	a.set(0, s.harmless(func() time.Duration {
		close(rung)
		panic("no way")
	}))
	<-rung
	a.stop() // waits for it
	require.Contains(t, log.String(), "internal error")
	require.Contains(t, log.String(), "no way")
}
