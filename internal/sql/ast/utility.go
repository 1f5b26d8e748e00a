package ast

// SetValue is one value of a SET or ALTER SYSTEM, as it was written.
type SetValue struct {
	Text string
	Kind ConstKind // IntConst, FloatConst, StringConst; true, on and names are StringConst
}

// SettingAction is what is to be done with a setting.
type SettingAction int

// What is to be done with a setting.
const (
	SetValueTo SettingAction = iota
	SetToDefault
	SetFromCurrent
	ResetOne
	ResetAll
)

// TransactionKind is the kind of a transaction statement.
type TransactionKind int

// The transaction statements.
const (
	Begin TransactionKind = iota
	StartTransaction
	Commit
	Rollback
	Savepoint
	ReleaseSavepoint
	RollbackToSavepoint
	PrepareTransaction
	CommitPrepared
	RollbackPrepared
)

// TransactionMode is one mode of BEGIN, SET TRANSACTION and their like:
// transaction_isolation, transaction_read_only, transaction_deferrable.
type TransactionMode struct {
	Name  string
	Value SetValue
}

// FetchDirection is where a FETCH goes.
type FetchDirection int

// The directions of FETCH.
const (
	FetchForward FetchDirection = iota
	FetchBackward
	FetchAbsolute
	FetchRelative
)

// OtherClass says why a statement is refused.
type OtherClass int

// Why a statement is refused.
const (
	NotImplemented OtherClass = iota // PostgreSQL runs it on a hot standby
	Writes                           // not in a read-only transaction
	NotInRecovery
)

// Utility statements. The engine hands them to the session as they are.
type (
	// Show is SHOW Name; "all" is SHOW ALL.
	Show struct{ Name string }
	// Set is SET, RESET and SET TRANSACTION. The special settings of SQL's
	// own syntax come under PostgreSQL's names (timezone, role, …).
	Set struct {
		Setting
		Local bool
		// Modes are those of SET TRANSACTION and SET SESSION
		// CHARACTERISTICS, told apart by Name: "TRANSACTION" and "SESSION
		// CHARACTERISTICS".
		Modes []TransactionMode
	}
	// Setting is what SET, ALTER SYSTEM and ALTER ROLE … SET have in common.
	Setting struct {
		Action SettingAction
		Name   string
		Values []SetValue
		At     Pos
	}
	// AlterSystem is ALTER SYSTEM.
	AlterSystem struct{ Setting }
	// Transaction is BEGIN, COMMIT and their like.
	Transaction struct {
		Kind  TransactionKind
		Name  string // savepoint or prepared transaction
		Chain bool
		Modes []TransactionMode
		At    Pos
	}
	// Discard is DISCARD; Target is ALL, PLANS, SEQUENCES or TEMP.
	Discard struct{ Target string }
	// Prepare is the statement PREPARE.
	Prepare struct {
		Name  string
		Types []TypeName
		Query Stmt
	}
	// Execute is the statement EXECUTE.
	Execute struct {
		Name   string
		Params []Expr
	}
	// Deallocate is DEALLOCATE; an empty Name stands for ALL.
	Deallocate struct{ Name string }
	// RoleRef names a role: by its name, or, if Special, by current_user,
	// current_role, session_user or public as a keyword.
	RoleRef struct {
		Name    string
		Special bool
	}
	// RoleOption is one option of CREATE or ALTER ROLE, by PostgreSQL's
	// keyword in lower case: superuser, createdb, createrole, inherit,
	// canlogin, isreplication, bypassrls (Bool); password (Text, Null for
	// PASSWORD NULL); connectionlimit, sysid (Int); validUntil (Text); and
	// those that name roles (Roles): addroleto, rolemembers, adminmembers.
	RoleOption struct {
		Name  string
		Bool  bool
		Int   int32
		Text  string
		Null  bool
		Roles []RoleRef
		At    Pos
	}
	// CreateRole is CREATE ROLE, USER or GROUP; Kind is which.
	CreateRole struct {
		Kind    string
		Name    string
		Options []RoleOption
	}
	// AlterRole is ALTER ROLE. Drop says of ALTER GROUP that it takes members
	// away (the option rolemembers).
	AlterRole struct {
		Role    RoleRef
		Drop    bool
		Options []RoleOption
	}
	// AlterRoleSet is ALTER ROLE … SET; All says that it is for every role.
	AlterRoleSet struct {
		All      bool
		Role     RoleRef
		Database string
		Setting
	}
	// DropRole is DROP ROLE.
	DropRole struct {
		Roles    []RoleRef
		IfExists bool
	}
	// RenameRole is ALTER ROLE … RENAME TO.
	RenameRole struct{ Name, NewName string }
	// GrantOption is an option of a membership: admin, inherit or set.
	GrantOption struct {
		Name string
		On   bool
		At   Pos
	}
	// GrantRole is GRANT or REVOKE of roles. REVOKE with options takes these
	// away and leaves the membership.
	GrantRole struct {
		Revoke   bool
		Roles    []string
		Grantees []RoleRef
		Options  []GrantOption
		Grantor  *RoleRef // nil where none is named
		Cascade  bool
	}
	// CommentRole is COMMENT ON ROLE; an empty Text takes the comment away.
	CommentRole struct{ Name, Text string }
	// Checkpoint is CHECKPOINT.
	Checkpoint struct{}
	// Listen is LISTEN, Unlisten UNLISTEN (an empty Name stands for *).
	Listen struct{ Channel string }
	// Unlisten is UNLISTEN.
	Unlisten struct{ Channel string }
	// Notify is NOTIFY.
	Notify struct{ Channel, Payload string }
	// DeclareCursor is DECLARE.
	DeclareCursor struct {
		Name                                        string
		Query                                       *Select
		Binary, Scroll, NoScroll, Hold, Insensitive bool
	}
	// Fetch is FETCH and MOVE. Count may be negative; All says that it
	// stands for all rows.
	Fetch struct {
		Name      string
		Direction FetchDirection
		Count     int64
		All       bool
		Move      bool
	}
	// CloseCursor is CLOSE; an empty Name stands for ALL.
	CloseCursor struct{ Name string }
	// SetConstraints is SET CONSTRAINTS; All says that none is named.
	SetConstraints struct{ All bool }
	// Copy is COPY (query) TO STDOUT.
	Copy struct {
		Query   *Select
		Options []CopyOption
	}
	// CopyOption is an option of COPY, "true" or "false" where it has a
	// switch's value.
	CopyOption struct {
		Name, Value string
		At          Pos
	}
	// Other is a statement of PostgreSQL's that Waypost does not run. Tag is
	// its command tag.
	Other struct {
		Tag   string
		Class OtherClass
	}
	// Empty is a query string without a statement.
	Empty struct{}
)

func (*Select) statement()         {}
func (*Show) statement()           {}
func (*Set) statement()            {}
func (*AlterSystem) statement()    {}
func (*Transaction) statement()    {}
func (*Discard) statement()        {}
func (*Prepare) statement()        {}
func (*Execute) statement()        {}
func (*Deallocate) statement()     {}
func (*CreateRole) statement()     {}
func (*AlterRole) statement()      {}
func (*AlterRoleSet) statement()   {}
func (*DropRole) statement()       {}
func (*RenameRole) statement()     {}
func (*GrantRole) statement()      {}
func (*CommentRole) statement()    {}
func (*DeclareCursor) statement()  {}
func (*Fetch) statement()          {}
func (*CloseCursor) statement()    {}
func (*SetConstraints) statement() {}
func (*Copy) statement()           {}
func (*Checkpoint) statement()     {}
func (*Listen) statement()         {}
func (*Unlisten) statement()       {}
func (*Notify) statement()         {}
func (*Other) statement()          {}
func (*Empty) statement()          {}
