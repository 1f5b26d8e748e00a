package logging

import (
	"errors"

	"github.com/rs/zerolog"
)

// Event logs err once, with SQLSTATE, detail, hint and context where it carries them.
func Event(log *zerolog.Logger, level zerolog.Level, err error) {
	e := log.WithLevel(level)
	var r Reporter
	if !errors.As(err, &r) {
		e.Msg(err.Error())
		return
	}
	state, message, detail, hint := r.LogFields()
	if err.Error() != r.Error() {
		// What was being done stands around the report.
		message = err.Error()
	}
	optional := func(name, text string) {
		if text != "" {
			e.Str(name, text)
		}
	}
	e.Str(StateField, state)
	optional(DetailField, detail)
	optional(HintField, hint)
	if p, ok := r.(Placed); ok {
		optional(ContextField, p.Context())
	}
	if p, ok := r.(Positioned); ok && p.LogPosition() > 0 {
		e.Int(PositionField, p.LogPosition())
	}
	e.Msg(message)
}
