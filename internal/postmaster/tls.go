package postmaster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/rs/zerolog"

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
		from.Passphrase = func(prompt string) (string, error) { return askPassphrase(command, prompt) }
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

// askPassphrase runs ssl_passphrase_command; what it prints first is the passphrase.
func askPassphrase(command, prompt string) (string, error) {
	if command == "" {
		return "", errors.New("the private key requires a passphrase, and ssl_passphrase_command is not set")
	}
	command = strings.NewReplacer("%p", prompt, "%%", "%").Replace(command)
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	defer clear(out)
	if err != nil {
		return "", fmt.Errorf("ssl_passphrase_command failed: %w", err) // the command itself may be a secret
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimRight(line, "\r"), nil
}
