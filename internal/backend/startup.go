package backend

import (
	"waypost/internal/launch"
	"waypost/protocol"
)

// readStartup reads packets until the one that begins the session. errEnd: the client wanted nothing more.
func (s *Session) readStartup() error {
	ssl, gss := false, false // asked for: once each
	for first := true; ; first = false {
		body, err := s.Reader.ReadStartupPacket()
		if err == protocol.ErrDirectTLS {
			if !first || !s.mayEncrypt() {
				e := tlsError("invalid length of startup packet")
				e.Detail = "The client began with a TLS handshake."
				return e
			}
			if err := s.acceptDirectTLS(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		packet, err := protocol.ParseStartupPacket(body)
		switch packet := packet.(type) {
		case protocol.SSLRequest:
			if ssl {
				return protocol.UnsupportedProtocol(protocol.SSLRequestCode)
			}
			ssl = true
			if s.mayEncrypt() {
				gss = true // encryption of either kind is enough
				err = s.acceptTLS()
			} else {
				err = s.refuseEncryption(packet)
			}
		case protocol.GSSENCRequest:
			if gss {
				return protocol.UnsupportedProtocol(protocol.GSSENCRequestCode)
			}
			gss = true
			err = s.refuseEncryption(packet)
		case *protocol.CancelRequest:
			s.cancel(packet)
			return errEnd
		case *protocol.StartupMessage:
			s.Startup = packet
			if packet.NeedsNegotiation() {
				s.out = protocol.AppendNegotiateProtocolVersion(s.out, packet.UnrecognizedOptions)
			}
			return err
		}
		if err != nil {
			return err
		}
	}
}

// refuseEncryption answers 'N'. Whatever came behind the request was not meant to be read in clear.
func (s *Session) refuseEncryption(request protocol.StartupPacket) error {
	s.out = append(s.out, 'N')
	if err := s.Flush(); err != nil {
		return err
	}
	if s.Reader.Buffered() > 0 {
		return protocol.UnencryptedDataAfter(request)
	}
	return nil
}

// refusal is what a client is told that the postmaster could not take; nil if it could.
func refusal(cac launch.CAC, hotStandby bool) error {
	const not = protocol.CodeCannotConnectNow
	switch cac {
	case launch.CACOK:
		return nil
	case launch.CACStartup:
		return protocol.Fatalf(not, "the database system is starting up")
	case launch.CACNotConsistent:
		if !hotStandby {
			return protocol.Fatalf(not, "the database system is not accepting connections").
				WithDetail("Hot standby mode is disabled.")
		}
		return protocol.Fatalf(not, "the database system is not yet accepting connections").
			WithDetail("Consistent recovery state has not been yet reached.")
	case launch.CACShutdown:
		return protocol.Fatalf(not, "the database system is shutting down")
	case launch.CACRecovery:
		return protocol.Fatalf(not, "the database system is in recovery mode")
	default:
		return protocol.Fatalf(protocol.CodeTooManyConnections, "sorry, too many clients already")
	}
}
