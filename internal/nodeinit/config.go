package nodeinit

import (
	"fmt"
	"strings"

	"waypost/internal/guc"
	"waypost/xlog"
)

// settings are the values that init puts into postgresql.conf, as text for that file. A later one replaces an earlier.
type settings struct {
	checked *guc.Settings
	known   map[guc.ID]string
	others  [][2]string // names that are only accepted, and their values, in the order given
}

func newSettings() *settings { return &settings{checked: guc.New(), known: make(map[guc.ID]string)} }

func (s *settings) set(name, value string) error {
	if err := s.checked.Set(name, value, guc.SourceFile); err != nil {
		return err
	}
	if id, ok := guc.Find(name); ok {
		s.known[id] = value
	} else {
		s.others = append(s.others, [2]string{name, value})
	}
	return nil
}

// setDefault sets what the user has not.
func (s *settings) setDefault(id guc.ID, value string) error {
	if _, given := s.known[id]; given {
		return nil
	}
	return s.set(id.String(), value)
}

// fitSegmentSize keeps the sizes of pg_wal in the same proportion to a segment as the defaults are, as initdb does.
func (s *settings) fitSegmentSize(size xlog.SegSize) error {
	if size == xlog.DefaultSegSize {
		return nil
	}
	const minSegments, maxSegments = 5, 64 // DEFAULT_MIN_WAL_SEGS, DEFAULT_MAX_WAL_SEGS
	megabytes := uint64(size) >> 20
	if err := s.setDefault(guc.MinWalSize, fmt.Sprintf("%dMB", minSegments*megabytes)); err != nil {
		return err
	}
	return s.setDefault(guc.MaxWalSize, fmt.Sprintf("%dMB", maxSegments*megabytes))
}

// section is a part of postgresql.conf.
type section struct {
	title string
	ids   []guc.ID
}

func sections() []section {
	return []section{
		{"Connections", []guc.ID{guc.ListenAddresses, guc.Port, guc.UnixSocketDirectories, guc.MaxConnections,
			guc.MaxWalSenders, guc.AuthenticationTimeout}},
		{"Upstream", []guc.ID{guc.PrimaryConninfo, guc.PrimarySlotName, guc.HotStandby, guc.WalReceiverStatusInterval,
			guc.WalReceiverTimeout, guc.WalRetrieveRetryInterval, guc.RecoveryTargetTimeline}},
		{"Clients", []guc.ID{guc.WalKeepSize, guc.WalSenderTimeout, guc.WalSenderShutdownTimeout,
			guc.WalSenderRequireFlush, guc.WalsenderPrelaunch}},
		{"WAL files and restartpoints", []guc.ID{guc.CheckpointTimeout, guc.MaxWalSize, guc.MinWalSize,
			guc.WalPrepareSegments, guc.WalRecycle}},
		{"Log", []guc.ID{guc.LogMinMessages, guc.LogLinePrefix, guc.LogTimezone, guc.LogConnections,
			guc.LogDisconnections, guc.LogReplicationCommands, guc.LogCheckpoints}},
		{"Sessions", []guc.ID{guc.TimeZone}},
		{"Processes", []guc.ID{guc.ClusterName, guc.UpdateProcessTitle, guc.RestartAfterCrash}},
	}
}

const configHead = `# Settings of a Waypost node.
#
# Syntax, names and units are PostgreSQL's: name = value, with "#" before a
# comment and text between single quotes. A line that is commented out shows
# the default. "waypost reload" has the node read the file again; settings
# marked (restart) need a restart.
#
# PostgreSQL's settings that mean nothing to a node without tables are accepted
# and ignored.
`

// config is the text of postgresql.conf.
func (s *settings) config() string {
	var b strings.Builder
	b.WriteString(configHead)
	shown := make(map[guc.ID]bool)
	for _, sec := range sections() {
		title(&b, sec.title)
		for _, id := range sec.ids {
			shown[id] = true
			s.writeKnown(&b, id)
		}
	}
	var rest strings.Builder
	for id := range guc.ID(guc.NumParams) {
		if _, given := s.known[id]; given && !shown[id] {
			s.writeKnown(&rest, id)
		}
	}
	for _, other := range s.others {
		fmt.Fprintf(&rest, "%s = %s\n", other[0], quoteValue(other[1]))
	}
	if rest.Len() > 0 {
		title(&b, "Given when the node was made")
		b.WriteString(rest.String())
	}
	return b.String()
}

func title(b *strings.Builder, text string) {
	fmt.Fprintf(b, "\n#%s\n# %s\n#%s\n\n", strings.Repeat("-", 78), text, strings.Repeat("-", 78))
}

// writeKnown writes a setting's line: its value, or the default commented out.
func (s *settings) writeKnown(b *strings.Builder, id guc.ID) {
	p := guc.Describe(id)
	value, given := s.known[id]
	mark := ""
	if !given {
		mark, value = "#", guc.New().Text(id)
	}
	if p.Type == guc.String || !plain(value) {
		value = quoteValue(value)
	}
	comment := p.Short
	if p.Context == guc.Postmaster {
		comment += " (restart)"
	}
	fmt.Fprintf(b, "%-39s # %s\n", mark+p.Name+" = "+value, comment)
}

// plain says whether a value needs no quotes.
func plain(value string) bool {
	for i := range len(value) {
		c := value[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-') {
			return false
		}
	}
	return value != ""
}

// quoteValue writes a text so that the file's reader, ours and PostgreSQL's, gets it back as it is.
func quoteValue(value string) string {
	return "'" + strings.NewReplacer(`'`, `''`, `\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(value) + "'"
}
