package xlogctl

import "fmt"

// RecoveryPauseState is PostgreSQL's (src/include/access/xlogrecovery.h).
//
//	not paused ──pg_wal_replay_pause()──▶ pause requested ──startup stands still──▶ paused
//	    ▲                                    │   ▲                                    │ │
//	    │                                    │   └───── bytes have come into doubt ───┘ │
//	    └──────── pg_wal_replay_resume() ────┴──────────────────────────────────────────┘
//
// Only while it is paused is ReplayedUpto sure to stand still. What else a node does goes on: it receives, flushes, reports
// that, and sends. Therefore startup does not stand still while bytes are in doubt, differ from the upstream's, or a record
// is known to be bad: what is held back for that would be held back for as long as the pause lasts.
//
// It is nobody's who asks for it to be remembered: a node that starts, or starts anew after a crash, is not paused.
type RecoveryPauseState uint32

const (
	NotPaused      RecoveryPauseState = iota
	PauseRequested                    // startup has not looked yet, or must go on for a while
	Paused                            // startup stands still
)

// String is what pg_get_wal_replay_pause_state() says.
func (s RecoveryPauseState) String() string {
	switch s {
	case NotPaused:
		return "not paused"
	case PauseRequested:
		return "pause requested"
	case Paused:
		return "paused"
	}
	return fmt.Sprintf("pause state %d", uint32(s))
}

// RecoveryPause is the state now.
func (c *Ctl) RecoveryPause() RecoveryPauseState { return RecoveryPauseState(c.recoveryPause.Load()) }

// SetRecoveryPause asks startup to stand still, or to go on (SetRecoveryPause): for pg_wal_replay_pause and
// pg_wal_replay_resume. Whoever asks for what is so already changes nothing.
func (c *Ctl) SetRecoveryPause(pause bool) {
	if pause {
		c.recoveryPause.CompareAndSwap(uint32(NotPaused), uint32(PauseRequested))
	} else {
		c.recoveryPause.Store(uint32(NotPaused))
	}
	c.WALAdvanced.Nudge(StartupBit)
}

// StandStill says whether startup is to stand still, and tells the world when it begins or ceases to. It is startup's.
func (c *Ctl) StandStill() bool {
	state := c.RecoveryPause()
	if state == NotPaused {
		return false
	}
	if _, doubt := c.InDoubt(); doubt || c.FaultAt.Load() != 0 || c.DiffersAt.Load() != 0 {
		c.recoveryPause.CompareAndSwap(uint32(Paused), uint32(PauseRequested))
		return false
	}
	// It may have been taken back meanwhile.
	return state == Paused || c.recoveryPause.CompareAndSwap(uint32(PauseRequested), uint32(Paused))
}
