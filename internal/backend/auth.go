package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"waypost/internal/guc"
	"waypost/internal/hba"
	"waypost/internal/roles"
	"waypost/protocol"
)

// authentication is one client on its way in. What is found out about it goes to the log only: the client learns no more
// than that it has failed.
type authentication struct {
	*Session
	set  *roles.Set
	role *roles.Role // nil: there is none of the name
	rule *hba.Rule

	lookedUp   bool   // the upstream was asked for the role
	identity   string // who the client has proved to be; "" where nothing was to be proved
	detail     string // why it failed, for the log
	admittedAt int64  // as in BackendStatus
}

// errAuthentication says that the client is not who it says it is.
var errAuthentication = errors.New("authentication failed")

// authenticate finds the rule of pg_hba.conf that the client falls under, does what it says, and then finds out whether the
// role may come in. Afterwards Role and Roles are set.
func (s *Session) authenticate() error {
	set, err := roles.Load(s.P.DataDir)
	if err != nil {
		return noRoles(err)
	}
	a := &authentication{Session: s, set: set, role: set.Find(s.Startup.User)}
	if err := a.chooseRule(); err != nil {
		return err
	}
	if err := a.lookUp(); err != nil {
		return err
	}
	switch err := a.prove(); {
	case errors.Is(err, errAuthentication):
		return a.failed()
	case errors.Is(err, ErrTimeout):
		// For the log alone, as in PostgreSQL: the client may be in the middle of a message.
		e := protocol.Fatalf(protocol.CodeQueryCanceled, "canceling authentication due to timeout")
		e.LogOnly = true
		return e
	case errors.Is(err, io.EOF):
		return errEnd // as psql does to ask its user for the password
	case err != nil:
		return err
	}
	a.logAuthenticated()
	s.logAuthorized()
	s.out = protocol.AppendAuthenticationOk(s.out)
	return a.admit()
}

// noRoles is the error for a client where nobody can be let in. What is wrong is for the log.
func noRoles(err error) error {
	e := protocol.Fatalf(protocol.CodeInternalError, "could not read the roles of this node")
	var damaged *roles.DamagedError
	if errors.As(err, &damaged) {
		e.Code = protocol.CodeDataCorrupted
	}
	e.DetailLog = err.Error()
	return e
}

// chooseRule finds the rule, and refuses a client that none, or one that says reject, admits.
func (a *authentication) chooseRule() error {
	client := &hba.Client{
		Local: a.Conn.Peer.Local(), Addr: a.Conn.Peer.Addr, SSL: a.Conn.TLS() != nil,
		Database: a.Startup.Database, User: a.Startup.User,
		Replication: a.Startup.Replication == protocol.ReplicationPhysical,
		Member:      a.isMember,
		Deadline:    a.deadline(),
	}
	a.rule = a.hba.Rules.Match(client)
	switch {
	case a.rule == nil:
		return notAdmitted(client.NoEntry())
	case a.rule.Method == hba.Reject:
		return notAdmitted(client.Rejected())
	}
	return nil
}

// isMember says whether the client's role is a member of the one of the name, or that one.
func (a *authentication) isMember(of string) bool {
	if err := a.lookUp(); err != nil {
		a.P.Log.Info().Msg(err.Error())
	}
	r := a.set.Find(of)
	return a.role != nil && r != nil && a.set.IsMember(a.role, r)
}

// notAdmitted is the refusal of a client. It says nothing that the client does not know, but whether a rule rejected it.
func notAdmitted(e *hba.Error) error {
	refusal := protocol.Fatalf(protocol.SQLSTATE(e.SQLSTATE), "%s", e.Message)
	refusal.DetailLog = e.Detail
	return refusal
}

// prove does what the rule asks of the client. errAuthentication: it has failed.
func (a *authentication) prove() error {
	if err := a.certificateThere(); err != nil {
		return err
	}
	if err := a.method(); err != nil {
		return err
	}
	if a.rule.Options.ClientCert == hba.ClientCertFull {
		return a.certificateFits()
	}
	return nil
}

func (a *authentication) method() error {
	a.P.Title.Set("authentication")
	switch a.rule.Method {
	case hba.Trust, hba.Cert: // of cert, its certificate's name is what counts
		return nil
	case hba.SCRAM, hba.MD5:
		return a.challenge()
	case hba.Password:
		return a.password()
	case hba.Peer:
		return a.peer()
	}
	return protocol.Fatalf(protocol.CodeInternalError, "authentication method %v is not supported", a.rule.Method)
}

// failed is the error for a client that is not who it says it is (PostgreSQL: auth_failed).
func (a *authentication) failed() error {
	code, text := protocol.CodeInvalidAuthorization, ""
	switch a.rule.Method {
	case hba.SCRAM, hba.MD5, hba.Password:
		code, text = protocol.CodeInvalidPassword, "password"
	case hba.Peer:
		text = "Peer"
	case hba.Cert:
		text = "certificate"
	default:
		text = `"` + a.rule.Method.String() + `"`
	}
	e := protocol.Fatalf(code, "%s authentication failed for user \"%s\"", text, a.Startup.User)
	e.DetailLog = fmt.Sprintf("Connection matched file \"%s\" line %d: \"%s\"", a.rule.File, a.rule.Line, a.rule.Raw)
	if a.detail != "" {
		e.DetailLog = a.detail + "\n" + e.DetailLog
	}
	return e
}

// fail notes why for the log.
func (a *authentication) fail(format string, args ...any) error {
	a.detail = fmt.Sprintf(format, args...)
	return errAuthentication
}

// send asks the client for something.
func (a *authentication) send(request []byte) error {
	a.out = append(a.out, request...)
	return a.Flush()
}

// within runs work that may take longer than the client is worth. Work that is broken off looks at ctx.
func (a *authentication) within(work func(ctx context.Context) error) error {
	ctx, cancel := context.WithDeadline(context.Background(), a.deadline())
	defer cancel()
	err := work(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrTimeout
	}
	return err
}

// deadline is the end of authentication_timeout.
func (a *authentication) deadline() time.Time {
	if a.Conn.Deadline().IsZero() {
		return a.started.Add(a.P.Settings.Duration(guc.AuthenticationTimeout))
	}
	return a.Conn.Deadline()
}
