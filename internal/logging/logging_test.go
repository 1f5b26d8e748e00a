package logging

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

type report struct{}

func (report) Error() string { return "disk is full" }
func (report) LogFields() (sqlstate, message, detail, hint string) {
	return "53100", "disk is full", "0 bytes left", "Make room."
}

const prefix = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \[\d+\] `

func TestEventsLookLikePostgreSQLs(t *testing.T) {
	for _, c := range []struct {
		log  func(l *zerolog.Logger)
		want string
	}{
		{func(l *zerolog.Logger) { l.Info().Msg("started") }, `^` + prefix + "LOG:  started\n$"},
		{func(l *zerolog.Logger) { l.Warn().Str("hint", "Wait.").Msg("slow") },
			`^` + prefix + "WARNING:  slow\n" + prefix + "HINT:  Wait.\n$"},
		{func(l *zerolog.Logger) { l.Error().Err(errors.New("no route")).Msg("could not connect") },
			`^` + prefix + "ERROR:  could not connect: no route\n$"},
		{func(l *zerolog.Logger) { l.Info().Int("b", 2).Str("a", "x").Msg("rest") }, `^` + prefix + "LOG:  rest a=x b=2\n$"},
		{func(l *zerolog.Logger) { l.Info().Msg("two\nlines") }, `^` + prefix + "LOG:  two\n\tlines\n$"},
		{func(l *zerolog.Logger) { Event(l, zerolog.FatalLevel, report{}) },
			`^` + prefix + "FATAL:  disk is full\n" + prefix + "DETAIL:  0 bytes left\n" + prefix + "HINT:  Make room.\n$"},
		{func(l *zerolog.Logger) { Event(l, zerolog.PanicLevel, fmt.Errorf("write segment: %w", report{})) },
			`^` + prefix + "PANIC:  write segment: disk is full\n" + prefix + "DETAIL"},
	} {
		var b bytes.Buffer
		l := New(&b)
		c.log(&l)
		require.Regexp(t, c.want, b.String())
	}
}

func TestOneWriteForEachEvent(t *testing.T) {
	var w countingWriter
	l := New(&w)
	l.Info().Str("detail", "d").Str("hint", "h").Msg("m")
	require.Equal(t, 1, w.writes)
}

type countingWriter struct{ writes int }

func (w *countingWriter) Write(b []byte) (int, error) { w.writes++; return len(b), nil }

func TestDefaultLevelHidesDebugAlone(t *testing.T) {
	var b bytes.Buffer
	l := New(&b)
	l.Debug().Msg("hidden")
	l.Info().Msg("shown")
	require.NotContains(t, b.String(), "hidden")
	require.Contains(t, b.String(), "shown")
}
