package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/internal/nodectl"
	"waypost/internal/nodeinit"
)

// run executes a command line, reports what went wrong, and gives the exit code.
func run(root *cobra.Command) int {
	cmd, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	var ctl *nodectl.Error
	if errors.As(err, &ctl) {
		if ctl.Message != "" {
			fmt.Fprintf(root.ErrOrStderr(), "waypost: %s\n", ctl.Message)
		}
		return ctl.Code
	}
	report(root.ErrOrStderr(), cmd, err)
	return 1
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// report prints an error as PostgreSQL's programs do: its message, detail and hint a line each.
func report(w io.Writer, cmd *cobra.Command, err error) {
	fmt.Fprintf(w, "waypost: error: %v\n", err)
	detail, hint := explanation(err)
	if detail != "" {
		fmt.Fprintf(w, "waypost: detail: %s\n", detail)
	}
	if usage := new(usageError); errors.As(err, &usage) {
		hint = fmt.Sprintf("Try \"%s --help\" for more information.", cmd.CommandPath())
	}
	if hint != "" {
		fmt.Fprintf(w, "waypost: hint: %s\n", hint)
	}
}

func explanation(err error) (detail, hint string) {
	var init *nodeinit.Error
	var setting *guc.Error
	var dir *datadir.Error
	switch {
	case errors.As(err, &init):
		return init.Detail, init.Hint
	case errors.As(err, &setting):
		return setting.Detail, setting.Hint
	case errors.As(err, &dir):
		return dir.Detail, dir.Hint
	}
	return "", ""
}
