package walreceiver

import (
	"time"

	"waypost/internal/guc"
)

// settings are those that may change while the walreceiver runs. primary_conninfo and primary_slot_name are not among
// them: startup hands their values over in WalRcvData, and asks for another walreceiver when they change.
type settings struct {
	statusInterval time.Duration // 0: report only when asked
	timeout        time.Duration // of silence; 0: none
	updateTitle    bool
	requireFlush   bool // walsenders wait for flushed bytes, not for written ones
	trackTiming    bool // writes are timed
}

// connectTimeout is how long a host may take to let us in, where primary_conninfo has no connect_timeout: one that accepts
// and says nothing would keep us from the others until TCP gives up, which it does after hours.
func (s *settings) connectTimeout() time.Duration {
	if s.timeout > 0 {
		return s.timeout
	}
	return 30 * time.Second
}

func readSettings(s *guc.Settings) *settings {
	return &settings{
		statusInterval: s.Duration(guc.WalReceiverStatusInterval),
		timeout:        s.Duration(guc.WalReceiverTimeout),
		updateTitle:    s.Bool(guc.UpdateProcessTitle),
		requireFlush:   s.Bool(guc.WalSenderRequireFlush),
		trackTiming:    s.Bool(guc.TrackWalIoTiming),
	}
}
