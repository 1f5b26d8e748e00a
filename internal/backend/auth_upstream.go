package backend

import (
	"context"
	"os"
	"path/filepath"
	"unicode/utf8"

	"waypost/internal/authquery"
	"waypost/internal/guc"
	"waypost/internal/roles"
)

// authQueryProgram is what asks the upstream; it is beside our own executable.
const authQueryProgram = "authquery"

// lookUp asks the upstream for a role that the node does not have, if it is to be asked, and once only.
func (a *authentication) lookUp() error {
	name, query := a.Startup.User, a.P.Settings.String(guc.AuthQuery)
	if a.role != nil || a.lookedUp || query == "" || name == "" || len(name) > roles.MaxName {
		return nil
	}
	if !utf8.ValidString(name) {
		return nil // the upstream would only refuse the question; one cut in mid-character is nobody's name either
	}
	a.lookedUp = true
	self, err := os.Executable()
	if err != nil {
		return err
	}
	conninfo := a.P.Settings.String(guc.AuthQueryConninfo)
	if conninfo == "" {
		conninfo = a.P.Settings.String(guc.PrimaryConninfo)
	}
	patience := min(authquery.MaxPatience, a.P.Settings.Duration(guc.AuthenticationTimeout)/4)
	source := &authquery.Source{DataDir: a.P.DataDir, Program: filepath.Join(filepath.Dir(self), authQueryProgram),
		Conninfo: conninfo, Query: query, TTL: a.P.Settings.Duration(guc.AuthQueryTtl), Patience: patience}
	// The client must have time left to prove who it is.
	ctx, cancel := context.WithDeadline(context.Background(), a.deadline().Add(-patience))
	defer cancel()
	answer, found, err := source.Lookup(ctx, name)
	if err != nil {
		a.P.Log.Info().Msg("could not ask the upstream for role \"" + name + "\": " + err.Error())
	}
	if found && answer.Role != nil {
		a.set, a.role = a.set.With(answer.Role, answer.MemberOf)
	}
	return nil
}
