package backend

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/internal/scram"
	"waypost/protocol"
)

// noVerifier stands in for the verifier of a role that has none, so that it takes no less time to read.
const noVerifier = scram.Method + "$4096:AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:" +
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// secret is what a client's password is held to. Where there is none, everything is done as if there were one, with a
// verifier that nothing fits: neither the answers nor their time tell a wrong password from a role that is not there.
type secret struct {
	kind   scram.Kind
	md5    string
	scram  scram.Verifier
	doomed bool
}

// stored gives the secret of the client's role, and notes for the log why it has none.
func (a *authentication) stored() *secret {
	text, name := "", a.Startup.User
	switch r := a.role; {
	case r == nil:
		a.detail = "Role \"" + name + "\" does not exist."
	case r.Password == "":
		a.detail = "User \"" + name + "\" has no password assigned."
	case r.Expired(time.Now()):
		a.detail = "User \"" + name + "\" has an expired password."
	default:
		text = r.Password
	}
	s := &secret{kind: scram.KindOf(text), md5: text, doomed: text == ""}
	mock := scram.Mock(a.set.MockSecret(), name, a.P.Settings.Int(guc.ScramIterations))
	if s.kind == scram.SCRAM {
		s.scram, _ = scram.Parse(text)
		return s
	}
	scram.Parse(noVerifier)
	s.scram = mock
	if s.doomed {
		// Most roles' passwords are of the kind that new ones get.
		s.kind = scram.SCRAM
		if a.P.Settings.Text(guc.PasswordEncryption) == "md5" {
			s.kind = scram.MD5
		}
	}
	return s
}

// challenge is scram-sha-256, and md5, which is whatever the password is stored for.
func (a *authentication) challenge() error {
	s := a.stored()
	if a.rule.Method == hba.MD5 && s.kind == scram.MD5 {
		return a.md5(s)
	}
	return a.sasl(s)
}

// password is the method of that name: the client sends it as it is.
func (a *authentication) password() error {
	if err := a.send(protocol.AppendAuthenticationCleartextPassword(nil)); err != nil {
		return err
	}
	password, err := a.readPassword()
	if err != nil {
		return err
	}
	s, ok := a.stored(), false
	// With an MD5 verifier, too: this is what takes time, and the time is to tell nothing.
	err = a.within(func(ctx context.Context) (err error) {
		ok, err = s.scram.Matches(ctx, password)
		return err
	})
	if s.kind == scram.MD5 {
		ok = scram.MD5Verifies(s.md5, password, a.Startup.User)
	}
	return a.verdict(ok, s, err)
}

// verdict ends a method by password.
func (a *authentication) verdict(ok bool, s *secret, err error) error {
	switch {
	case err != nil:
		return err
	case s.doomed:
		return errAuthentication // stored has said why
	case !ok:
		return a.fail("Password does not match for user \"%s\".", a.Startup.User)
	}
	a.proved(a.Startup.User)
	return nil
}

func (a *authentication) md5(s *secret) error {
	var salt [4]byte
	if _, err := unix.Getrandom(salt[:], 0); err != nil {
		return err
	}
	if err := a.send(protocol.AppendAuthenticationMD5Password(nil, salt)); err != nil {
		return err
	}
	answer, err := a.readPassword()
	return a.verdict(err == nil && scram.MD5Matches(s.md5, salt, answer), s, err)
}

func (a *authentication) readPassword() (string, error) {
	_, body, err := a.Reader.Next(protocol.PhasePassword)
	if err != nil {
		return "", err
	}
	return protocol.DecodePasswordMessage(body)
}

// sasl is the exchange of SCRAM-SHA-256 (PostgreSQL: CheckSASLAuth).
func (a *authentication) sasl(s *secret) error {
	e := &scram.Exchange{Verifier: s.scram, Doomed: s.doomed}
	if s.kind != scram.SCRAM {
		e.Doomed = true
		a.detail = "User \"" + a.Startup.User + "\" does not have a valid SCRAM secret."
	}
	if tls := a.Conn.TLS(); tls != nil {
		e.TLS = scram.TLS{InUse: true, EndPoint: tls.ServerEndPoint}
	}
	if _, err := unix.Getrandom(e.Nonce[:], 0); err != nil {
		return err
	}
	if err := a.send(protocol.AppendAuthenticationSASL(nil, e.TLS.Mechanisms())); err != nil {
		return err
	}
	first, err := a.saslFirst(e)
	if err != nil {
		return err
	}
	answer, err := e.First(first)
	if err != nil {
		return err
	}
	if err := a.send(protocol.AppendAuthenticationSASLContinue(nil, answer)); err != nil {
		return err
	}
	_, final, err := a.Reader.Next(protocol.PhaseSASL)
	if err != nil {
		return err
	}
	answer, ok, err := e.Final(final)
	switch {
	case err != nil:
		return err
	case !ok:
		return errAuthentication
	}
	a.proved(a.Startup.User)
	a.out = protocol.AppendAuthenticationSASLFinal(a.out, answer)
	return nil
}

// saslFirst reads the mechanism and its first message, which the client may want to be asked for.
func (a *authentication) saslFirst(e *scram.Exchange) ([]byte, error) {
	_, body, err := a.Reader.Next(protocol.PhaseSASL)
	if err != nil {
		return nil, err
	}
	mechanism, first, err := protocol.DecodeSASLInitialResponse(body)
	if mechanism != "" || err == nil { // whatever may be wrong with the rest
		if err := e.Begin(mechanism); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	if first != nil {
		return first, nil
	}
	if err := a.send(protocol.AppendAuthenticationSASLContinue(nil, nil)); err != nil {
		return nil, err
	}
	_, first, err = a.Reader.Next(protocol.PhaseSASL)
	return first, err
}
