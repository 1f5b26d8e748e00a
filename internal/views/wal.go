package views

import (
	"strconv"
	"strings"

	"waypost/internal/sql"
	"waypost/internal/sql/types"
)

var walFunctions = [...]function{
	{names: "pg_split_walfile_name", eval: splitWALFileName},
	{names: "pg_get_wal_resource_managers", rows: func(*node, []sql.Value) ([]sql.Row, error) {
		var rows []sql.Row
		for id, name := range resourceManagers {
			rows = append(rows, sql.Row{int64(id), name, true})
		}
		return rows, nil
	}},
}

// resourceManagers are by number (src/include/access/rmgrlist.h); 15 to 18 have the same.
var resourceManagers = [...]string{"XLOG", "Transaction", "Storage", "CLOG", "Database", "Tablespace", "MultiXact",
	"RelMap", "Standby", "Heap2", "Heap", "Btree", "Hash", "Gin", "Gist", "Sequence", "SPGist", "BRIN", "CommitTs",
	"ReplicationOrigin", "Generic", "LogicalMessage"}

// splitWALFileName gives segment_number and timeline_id.
func splitWALFileName(n *node, a []sql.Value) (sql.Value, error) {
	given := a[0].(string)
	name := strings.ToUpper(given)
	if len(name) != 24 || strings.Trim(name, "0123456789ABCDEF") != "" {
		return nil, types.Errorf(types.CodeInvalidParameter, "invalid WAL file name \"%s\"", given)
	}
	tli, _ := strconv.ParseUint(name[:8], 16, 32)
	log, _ := strconv.ParseUint(name[8:16], 16, 32)
	seg, _ := strconv.ParseUint(name[16:], 16, 32)
	perID := uint64(1<<32) / uint64(n.XLog.Segsize())
	return &types.Row{
		Types: []sql.OID{types.Numeric, types.Int8},
		Vals:  []sql.Value{numberOf(log*perID + seg), int64(tli)},
	}, nil
}
