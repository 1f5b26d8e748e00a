package walfile

import "strconv"

// RmgrID numbers a resource manager: the part of the server that a record belongs to.
type RmgrID uint8

// The resource managers whose records this package looks into (access/rmgrlist.h).
const (
	RmgrXLOG           RmgrID = 0
	RmgrTransaction    RmgrID = 1
	RmgrStandby        RmgrID = 8
	RmgrLogicalMessage RmgrID = 21
)

// Ids from minCustomRmgr on are those of extensions (RM_MIN_CUSTOM_ID).
const minCustomRmgr RmgrID = 128

// rmgrName has the built-in resource managers in the order of their ids; versions 15 to 18 have the same.
var rmgrName = [...]string{
	"XLOG", "Transaction", "Storage", "CLOG", "Database", "Tablespace", "MultiXact", "RelMap", "Standby", "Heap2",
	"Heap", "Btree", "Hash", "Gin", "Gist", "Sequence", "SPGist", "BRIN", "CommitTs", "ReplicationOrigin", "Generic",
	"LogicalMessage",
}

// Valid says whether WAL may have records of this resource manager (RmgrIdIsValid): built in, or an extension's.
func (id RmgrID) Valid() bool { return int(id) < len(rmgrName) || id >= minCustomRmgr }

// String gives the name that pg_waldump prints: "Heap2", or "custom128" for an extension's.
func (id RmgrID) String() string {
	switch {
	case int(id) < len(rmgrName):
		return rmgrName[id]
	case id >= minCustomRmgr:
		return "custom" + strconv.Itoa(int(id))
	}
	return "unknown" + strconv.Itoa(int(id))
}
