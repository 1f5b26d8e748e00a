// Package hba reads pg_hba.conf and pg_ident.conf as PostgreSQL 17 does, finds the rule that a client falls under, and
// the users that a name of the system's may be. It decides nothing further: what a rule's method asks of the client is
// the backend's business. It never logs.
//
// pg_hba.conf is lines of
//
//	local                                                    database user method [option…]
//	host|hostssl|hostnossl|hostgssenc|hostnogssenc database user address [mask] method [option…]
//	include|include_if_exists|include_dir path
//
// and pg_ident.conf lines of
//
//	map system-user database-user
//	include|include_if_exists|include_dir path
//
// Fields stand between blanks; database and user are lists with commas. Double quotes take a keyword's meaning
// (all, sameuser, samerole, replication, a leading +) away; @file stands for what is in that file; a leading slash
// begins a regular expression (see are.go for how far); # begins a comment; a backslash at the end of a line continues
// it. The first rule that fits holds. (PostgreSQL: libpq/hba.c; manual, "The pg_hba.conf File", "User Name Maps".)
package hba

import (
	"net/netip"
	"time"
)

// ConnType is the kind of connection that a rule is for.
type ConnType uint8

// The kinds.
const (
	Local        ConnType = iota // Unix-domain socket
	Host                         // TCP, encrypted or not
	HostSSL                      // TCP with TLS
	HostNoSSL                    // TCP without TLS
	HostGSSEnc                   // TCP with GSSAPI encryption
	HostNoGSSEnc                 // TCP without GSSAPI encryption
	numConnTypes = iota
)

// String gives the word that stands in the file.
func (t ConnType) String() string { return connTypes[t] }

var connTypes = [numConnTypes]string{"local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"}

// Method is what a rule asks of the client.
type Method uint8

// The methods that are there.
const (
	Reject   Method = iota // refuse it
	Trust                  // believe it
	SCRAM                  // scram-sha-256: prove that it knows the password
	MD5                    // the same, by MD5 where that is how the password is stored, else by SCRAM
	Password               // send the password
	Peer                   // be the system user, as the kernel knows it, that Options.Map allows
	Cert                   // show a certificate whose name Options.Map allows
)

// String gives the word that stands in the file.
func (m Method) String() string {
	for _, known := range methods {
		if known.there && known.method == m {
			return known.name
		}
	}
	return "unknown"
}

// methods is every method of PostgreSQL 17, and whether it is there.
var methods = [...]struct {
	name   string
	method Method
	there  bool
}{
	{"trust", Trust, true}, {"reject", Reject, true}, {"scram-sha-256", SCRAM, true}, {"md5", MD5, true},
	{"password", Password, true}, {"peer", Peer, true}, {"cert", Cert, true},
	{name: "ident"}, {name: "gss"}, {name: "sspi"}, {name: "ldap"}, {name: "radius"}, {name: "pam"}, {name: "bsd"},
}

// ClientCert says what a rule asks of the client's certificate, beside what its method does.
type ClientCert uint8

// The levels.
const (
	ClientCertOff  ClientCert = iota // nothing
	ClientCertCA                     // it must be there, and a trusted authority's
	ClientCertFull                   // and its name must be the user's, by Options.Map where the method is cert
)

// ClientName says which name of the certificate counts.
type ClientName uint8

// The names.
const (
	ClientNameCN ClientName = iota // the common name
	ClientNameDN                   // the distinguished name, as RFC 2253 writes it
)

// Options are what stands behind a rule's method.
type Options struct {
	Map        string // the map of pg_ident.conf; "": names must be equal
	ClientCert ClientCert
	ClientName ClientName

	mapSet bool // map= stands there, if only with an empty name
}

// addrKind is the form of a rule's address.
type addrKind uint8

const (
	addrAll addrKind = iota
	addrMask
	addrSameHost
	addrSameNet
	addrName
)

// Rule is one line of the file.
type Rule struct {
	Type    ConnType
	Method  Method
	Options Options
	File    string
	Line    int    // the first, of a continued one
	Raw     string // as it stands in the file, continued lines joined

	databases, users []word
	kind             addrKind
	addr, mask       netip.Addr // addrMask
	name             string     // addrName: a host name, or a domain with a dot before it
}

// Rules is a file that was read whole.
type Rules struct {
	rules []Rule
	lines []line // what they were made from, where the file was read by this process

	// Skipped are the files of include_if_exists that are not there.
	Skipped []string
}

// Len is the number of rules.
func (r *Rules) Len() int { return len(r.rules) }

// Client is what a rule is chosen by.
type Client struct {
	Local       bool       // came by a Unix-domain socket
	Addr        netip.Addr // where it came from, unless Local
	SSL, GSS    bool       // how the connection is encrypted
	Database    string
	User        string
	Replication bool // physical replication: only the keyword replication fits, whatever Database says

	// Member says whether User is a member of role, directly or not; a superuser is not for being one, and a role is one
	// of itself. False where either does not exist. Nil: no memberships are known, so only the role itself is.
	Member func(role string) bool

	// Resolver is asked only if a rule names hosts, Interfaces only by samehost and samenet. Nil asks the system.
	Resolver   Resolver
	Interfaces func() ([]netip.Prefix, error)
	Deadline   time.Time // Resolver is to answer by then, and in 10 s at most; zero: no other bound

	lookup lookup
}

// Match gives the first rule that fits, or nil.
func (r *Rules) Match(c *Client) *Rule {
	m := matcher{c: c, addr: c.Addr.Unmap().WithZone("")}
	for i := range r.rules {
		if m.fits(&r.rules[i]) {
			return &r.rules[i]
		}
	}
	return nil
}

func (r *Rule) admitsType(c *Client) bool {
	if c.Local || r.Type == Local {
		return c.Local && r.Type == Local
	}
	switch r.Type {
	case HostSSL:
		return c.SSL
	case HostNoSSL:
		return !c.SSL
	case HostGSSEnc:
		return c.GSS
	case HostNoGSSEnc:
		return !c.GSS
	}
	return true
}

func (r *Rule) admitsDatabase(c *Client) bool {
	for _, w := range r.databases {
		switch {
		case c.Replication:
			if w.is("replication") {
				return true
			}
		case w.is("all"):
			return true
		case w.is("sameuser"):
			if c.Database == c.User {
				return true
			}
		case w.is("samerole"), w.is("samegroup"):
			if isMember(c.Database, c.User, c.Member) {
				return true
			}
		case w.is("replication"):
		case w.re != nil:
			if w.re.matches(c.Database) {
				return true
			}
		case w.text == c.Database:
			return true
		}
	}
	return false
}

func (r *Rule) admitsUser(c *Client) bool {
	for _, w := range r.users {
		if w.admits(c.User, c.Member, false) {
			return true
		}
	}
	return false
}
