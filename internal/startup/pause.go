package startup

import "errors"

// errPauseAsked says that there is more to check, but not before somebody has looked whether replay is to stand still.
var errPauseAsked = errors.New("a pause of replay was asked for")

// standStill says whether replay is to stand still (pg_wal_replay_pause). What was published before stays as it is, and
// nothing is added: the walreceiver is looked after, receives and reports on.
func (s *Startup) standStill() bool {
	was := s.paused
	s.paused = s.XLog.StandStill()
	if s.paused && !was {
		s.Log.Info().Str("hint", "Execute pg_wal_replay_resume() to continue.").Msg("recovery has paused")
		s.setTitle("paused")
	}
	return s.paused
}
