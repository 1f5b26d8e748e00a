package backend

import (
	"errors"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/protocol"
)

// peer asks the kernel who is at the other end of the socket.
func (a *authentication) peer() error {
	cred, err := unix.GetsockoptUcred(a.Conn.fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		a.logFailure("could not get peer credentials: " + err.Error())
		return errAuthentication
	}
	u, err := user.LookupId(strconv.FormatUint(uint64(cred.Uid), 10))
	if err != nil {
		var unknown user.UnknownUserIdError
		reason := err.Error()
		if errors.As(err, &unknown) {
			reason = "user does not exist"
		}
		a.logFailure("could not look up local user ID " + strconv.FormatUint(uint64(cred.Uid), 10) + ": " + reason)
		return errAuthentication
	}
	a.proved(u.Username)
	return a.mapped(u.Username)
}

// mapped says whether who the client has proved to be may come in as the role that it wants to be.
func (a *authentication) mapped(systemUser string) error {
	if err := a.hba.Ident.Check(a.rule.Options.Map, systemUser, a.Startup.User, false, a.isMember); err != nil {
		a.logFailure(err.Error())
		return errAuthentication
	}
	return nil
}

// logFailure is for what PostgreSQL logs before it refuses the client.
func (a *authentication) logFailure(text string) { a.P.Log.Info().Msg(text) }

// certificateThere refuses a client without a certificate under a rule that asks for one.
func (a *authentication) certificateThere() error {
	if a.rule.Options.ClientCert == hba.ClientCertOff {
		return nil
	}
	if a.P.Settings.String(guc.SslCaFile) == "" {
		return protocol.Fatalf(protocol.CodeConfigFileError,
			"client certificates can only be checked if a root certificate store is available")
	}
	if tls := a.Conn.TLS(); tls == nil || !tls.PeerVerified {
		return protocol.Fatalf(protocol.CodeInvalidAuthorization, "connection requires a valid client certificate")
	}
	return nil
}

// certificateFits says whether the certificate's name is the role's (PostgreSQL: CheckCertAuth).
func (a *authentication) certificateFits() error {
	tls := a.Conn.TLS()
	name, kind := tls.PeerCN, "CN"
	if a.rule.Options.ClientName == hba.ClientNameDN {
		name, kind = tls.PeerDN, "DN"
	}
	if name == "" {
		a.logFailure("certificate authentication failed for user \"" + a.Startup.User +
			"\": client certificate contains no user name")
		return errAuthentication
	}
	if a.rule.Method == hba.Cert {
		a.proved(tls.PeerDN)
	}
	err := a.mapped(name)
	if err != nil && a.rule.Method != hba.Cert {
		a.logFailure("certificate validation (clientcert=verify-full) failed for user \"" + a.Startup.User + "\": " + kind +
			" mismatch")
	}
	return err
}
