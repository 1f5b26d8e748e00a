package backend

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"waypost/internal/procsignal"
	"waypost/protocol"
)

// cancelKey is the key by which a client may have a process cancel its statement. It stands nowhere: whoever gets a cancel
// request works it out, from what the postmaster's children alone know and from what makes this process this one.
func (s *Session) cancelKey(p *procsignal.Slot) (key [4]byte) {
	mac := hmac.New(sha256.New, s.P.Secret)
	var who [16]byte
	binary.BigEndian.PutUint64(who[:], uint64(p.PID()))
	binary.BigEndian.PutUint64(who[8:], uint64(p.StartedAt()))
	mac.Write(who[:])
	copy(key[:], mac.Sum(nil))
	return key
}

// cancel passes a cancel request on to the process that it is for. The client is told nothing, whatever comes of it.
func (s *Session) cancel(c *protocol.CancelRequest) {
	for i := range s.P.Procs {
		p := &s.P.Procs[i]
		if pid := p.PID(); pid == 0 || uint32(pid) != c.PID || p.Kind() != procsignal.Backend && p.Kind() != procsignal.WalSender {
			continue
		}
		key := s.cancelKey(p)
		if !hmac.Equal(key[:], c.Key) {
			s.P.Log.Info().Msg(fmt.Sprintf("wrong key in cancel request for process %d", c.PID))
			return
		}
		if err := unix.Kill(p.PID(), unix.SIGINT); err != nil && err != unix.ESRCH {
			s.P.Log.Info().Msg(fmt.Sprintf("cancel the statement of process %d: %v", c.PID, err))
		}
		return
	}
	s.P.Log.Info().Msg(fmt.Sprintf("PID %d in cancel request did not match any process", c.PID))
}
