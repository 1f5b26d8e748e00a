package postmaster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/logging"
	"waypost/internal/tlsfiles"
)

// loadTLS reads the certificate, the key and all that belongs to them, if ssl is on.
func (pm *Postmaster) loadTLS(reload bool) error {
	if !pm.settings.Bool(guc.Ssl) {
		pm.tls = nil
		return nil
	}
	from := tlsfiles.FromSettings(pm.settings)
	command := pm.settings.String(guc.SslPassphraseCommand)
	if !reload || command != "" && pm.settings.Bool(guc.SslPassphraseCommandSupportsReload) {
		within := time.Duration(0)
		if reload {
			within = passphraseWithin
		}
		from.Passphrase = func(prompt string) (string, error) { return askPassphrase(command, prompt, within) }
	}
	files, warnings, err := from.Load()
	if err != nil {
		return err
	}
	for _, w := range warnings {
		pm.log.Info().Msg(w)
	}
	pm.tls = files.Encode()
	return nil
}

// reloadTLS reads it all again. If anything is wrong everything stays as it was; sessions keep what they began with.
func (pm *Postmaster) reloadTLS() {
	if err := pm.loadTLS(true); err != nil {
		logging.Event(&pm.log, zerolog.InfoLevel, err)
		pm.log.Info().Msg("SSL configuration was not reloaded")
	}
}

// passphraseWithin is how long ssl_passphrase_command may take at a reload, when the postmaster does nothing else meanwhile.
// At a start somebody may be typing.
const passphraseWithin = 10 * time.Second

// askPassphrase runs ssl_passphrase_command; what it prints first is the passphrase. Whatever the command has started is
// killed if it takes longer than within; 0 for no bound.
func askPassphrase(command, prompt string, within time.Duration) (string, error) {
	if command == "" {
		return "", errors.New("the private key requires a passphrase, and ssl_passphrase_command is not set")
	}
	ctx, cancel := context.Background(), func() {}
	if within > 0 {
		ctx, cancel = context.WithTimeout(ctx, within)
	}
	defer cancel()
	command = strings.NewReplacer("%p", prompt, "%%", "%").Replace(command)
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	if within > 0 { // not where a terminal is needed, which only the foreground's group may read
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
		cmd.WaitDelay = time.Second // for one that has left the group and holds the pipe
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	defer clear(out)
	if ctx.Err() != nil {
		return "", fmt.Errorf("ssl_passphrase_command has not ended within %v", within)
	}
	if err != nil {
		return "", fmt.Errorf("ssl_passphrase_command failed: %w", err) // the command itself may be a secret
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimRight(line, "\r"), nil
}
