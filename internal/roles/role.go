package roles

import "time"

// OIDs with a meaning (PostgreSQL: pg_authid.dat, transam.h).
const (
	BootstrapOID   uint32 = 10    // BOOTSTRAP_SUPERUSERID
	FirstNormalOID uint32 = 16384 // FirstNormalObjectId
)

// MaxName is the longest name of a role, bytes (NAMEDATALEN - 1).
const MaxName = 63

// Role is one role (PostgreSQL: pg_authid). What a Set gives out is shared and not to be changed.
type Role struct {
	OID         uint32
	Name        string
	Superuser   bool
	Inherit     bool
	CreateRole  bool
	CreateDB    bool
	Login       bool
	Replication bool
	BypassRLS   bool
	ConnLimit   int       // connections at a time; -1: no limit
	Password    string    // a SCRAM or MD5 verifier, "" for none. Secret
	ValidUntil  time.Time // of the password; zero: no end, see also Validity
	Validity    Validity
	Comment     string
	Upstream    bool // by way of auth_query: not in the file
}

// Validity says whether ValidUntil is one of PostgreSQL's special times, which shows in rolvaliduntil.
type Validity uint8

// What VALID UNTIL was.
const (
	ValidUntilTime   Validity = iota // ValidUntil says it
	ValidInfinity                    // 'infinity'
	ValidNegInfinity                 // '-infinity'
)

// Expired says whether the role's password is valid no more.
func (r *Role) Expired(now time.Time) bool {
	switch r.Validity {
	case ValidInfinity:
		return false
	case ValidNegInfinity:
		return true
	}
	return !r.ValidUntil.IsZero() && r.ValidUntil.Before(now)
}

// Membership is one role's membership in another (PostgreSQL: pg_auth_members).
type Membership struct {
	Role, Member, Grantor uint32
	Admin                 bool // the member may grant the membership on
	Inherit               bool // the member has the role's privileges without SET ROLE
	Set                   bool // the member may SET ROLE to it
}

// Setting is one setting of ALTER ROLE … SET (PostgreSQL: pg_db_role_setting).
type Setting struct {
	Role     uint32 // 0: all roles
	Database string // "": all databases
	Name     string
	Value    string
}
