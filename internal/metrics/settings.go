package metrics

import (
	"waypost/internal/guc"
	"waypost/internal/xlogctl"
)

// settingsOf tells the settings that are numbers or switches, in seconds and bytes.
func (s *scrape) settingsOf() {
	for i := range guc.NumParams {
		id := guc.ID(i)
		p := guc.Describe(id)
		name, v := "pg_settings_"+p.Name, 0.0
		switch p.Type {
		case guc.Bool:
			v = bool01(s.settings.Bool(id))
		case guc.Int:
			v = float64(s.settings.Int(id))
		case guc.Real:
			v = s.settings.Real(id)
		default:
			continue
		}
		if told, is := s.toldBySharedMemory(id); is {
			v = told
		}
		suffix, scale := unitOf(p.Unit.String())
		if v != -1 { // which means something of its own
			v *= scale
		}
		s.gauge(name+suffix, p.Short, v)
	}
}

// toldBySharedMemory gives the settings that no file has: they are what the WAL is.
func (s *scrape) toldBySharedMemory(id guc.ID) (float64, bool) {
	x := s.areas.XLog
	switch id {
	case guc.WalSegmentSize:
		return float64(x.SegmentSize.Load()), true
	case guc.ServerVersionNum:
		return float64(x.ServerVersionNum.Load()), true
	case guc.InHotStandby:
		return bool01(xlogctl.RecoveryState(x.State.Load()) != xlogctl.RecoveryStateDone), true
	}
	return 0, false
}

// unitOf is what a unit becomes in a metric's name, and by how much its value is multiplied.
func unitOf(unit string) (suffix string, scale float64) {
	switch unit {
	case "ms":
		return "_seconds", 1e-3
	case "s":
		return "_seconds", 1
	case "min":
		return "_seconds", 60
	case "B":
		return "_bytes", 1
	case "kB":
		return "_bytes", 1 << 10
	case "8kB":
		return "_bytes", 8 << 10
	case "MB":
		return "_bytes", 1 << 20
	}
	return "", 1
}
