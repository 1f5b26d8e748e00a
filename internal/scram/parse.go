package scram

import (
	"bytes"
	"fmt"
	"strings"

	"waypost/protocol"
)

func malformed(format string, args ...any) *protocol.Error {
	return protocol.Errorf(protocol.CodeProtocolViolation, "malformed SCRAM message").WithDetail(format, args...)
}

func wellFormed(message []byte) error {
	switch {
	case len(message) == 0:
		return malformed("The message is empty.")
	case bytes.IndexByte(message, 0) >= 0:
		return malformed("Message length does not match input length.")
	}
	return nil
}

// parser reads "a=value,b=value…" from the left.
type parser struct{ rest string }

// next is the first byte that was not read, 0 at the end.
func (p *parser) next() byte {
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

// value reads the attribute that must come next.
func (p *parser) value(attr byte) (string, error) {
	if p.next() != attr {
		return "", malformed(`Expected attribute "%c" but found "%s".`, attr, shown(p.next()))
	}
	_, value, err := p.any()
	return value, err
}

// any reads whatever attribute comes next, and the comma behind it.
func (p *parser) any() (attr byte, value string, err error) {
	attr = p.next()
	switch {
	case attr == 0:
		return 0, "", malformed("Attribute expected, but found end of string.")
	case !(attr >= 'A' && attr <= 'Z' || attr >= 'a' && attr <= 'z'):
		return 0, "", malformed(`Attribute expected, but found invalid character "%s".`, shown(attr))
	}
	p.rest = p.rest[1:]
	if p.next() != '=' {
		return 0, "", malformed(`Expected character "=" for attribute "%c".`, attr)
	}
	value, p.rest, _ = strings.Cut(p.rest[1:], ",")
	return attr, value, nil
}

func (p *parser) comma() error {
	if p.next() != ',' {
		return malformed(`Comma expected, but found character "%s".`, shown(p.next()))
	}
	p.rest = p.rest[1:]
	return nil
}

// endPoint is the only kind of channel binding there is.
const endPoint = "tls-server-end-point"

// readFlag reads the gs2 header: what the client thinks of channel binding, and no authorization identity.
func (e *Exchange) readFlag(p *parser) error {
	switch flag := p.next(); flag {
	case 'n', 'y':
		if e.plus {
			return malformed("The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel " +
				"binding data.")
		}
		if flag == 'y' && len(e.TLS.EndPoint) > 0 {
			// Somebody between us has taken the better mechanism from the list.
			return protocol.Errorf(protocol.CodeInvalidAuthorization, "SCRAM channel binding negotiation error").
				WithDetail("The client supports SCRAM channel binding but thinks the server does not.  However, this server does " +
					"support channel binding.")
		}
		p.rest = p.rest[1:]
		if err := p.comma(); err != nil {
			return err
		}
	case 'p':
		if !e.plus {
			return malformed("The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes " +
				"channel binding data.")
		}
		kind, err := p.value('p')
		if err != nil {
			return err
		}
		if kind != endPoint {
			return protocol.Errorf(protocol.CodeProtocolViolation, `unsupported SCRAM channel-binding type "%s"`, shownText(kind))
		}
		e.bound = true
	default:
		return malformed(`Unexpected channel-binding flag "%s".`, shown(flag))
	}
	if p.next() == 'a' {
		return protocol.Errorf(protocol.CodeFeatureNotSupported, "client uses authorization identity, but it is not supported")
	}
	if p.next() != ',' {
		return malformed(`Unexpected attribute "%s" in client-first-message.`, shown(p.next()))
	}
	p.rest = p.rest[1:]
	return nil
}

// readFirstBare reads client-first-message-bare and gives the client's nonce.
func readFirstBare(p *parser) (nonce string, err error) {
	if p.next() == 'm' {
		return "", protocol.Errorf(protocol.CodeFeatureNotSupported, "client requires an unsupported SCRAM extension")
	}
	if _, err := p.value('n'); err != nil { // the startup packet has said who it is
		return "", err
	}
	if nonce, err = p.value('r'); err != nil {
		return "", err
	}
	for i := range len(nonce) {
		if nonce[i] < 0x21 || nonce[i] > 0x7e {
			return "", protocol.Errorf(protocol.CodeProtocolViolation, "non-printable characters in SCRAM nonce")
		}
	}
	for p.rest != "" { // optional extensions, which mean nothing here
		if _, _, err := p.any(); err != nil {
			return "", err
		}
	}
	return nonce, nil
}

// shown is a byte of the client's as a message may have it.
func shown(c byte) string {
	if c >= 0x21 && c <= 0x7e {
		return fmt.Sprintf("'%c'", c)
	}
	return fmt.Sprintf("0x%02x", c)
}

// shownText is a text of the client's as a message may have it.
func shownText(s string) string {
	const most = 30
	b := []byte(s)
	b = b[:min(len(b), most)]
	for i, c := range b {
		if c < 0x21 || c > 0x7e {
			b[i] = '?'
		}
	}
	return string(b)
}
