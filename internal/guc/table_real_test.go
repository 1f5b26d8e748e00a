package guc_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"waypost/internal/guc"
	"waypost/tests/cluster"
)

// connect starts a PostgreSQL and connects to it.
func connect(t *testing.T, version int, config *pgconn.Config) (*cluster.Postgres, *pgconn.PgConn) {
	t.Helper()
	p := cluster.New(t).NewPostgres("reference", version, cluster.PostgresOptions{})
	parsed, err := pgconn.ParseConfig(p.Conninfo())
	require.NoError(t, err)
	if config != nil {
		parsed.OnNotice, parsed.RuntimeParams = config.OnNotice, config.RuntimeParams
	}
	conn, err := pgconn.ConnectConfig(context.Background(), parsed)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.NoError(t, conn.Close(ctx))
	})
	return p, conn
}

// null is how the tests write a NULL.
const null = "NULL"

func text(s *string) string {
	if s == nil {
		return null
	}
	return *s
}

func rows(t *testing.T, conn *pgconn.PgConn, sql string) [][]string {
	t.Helper()
	result := conn.ExecParams(context.Background(), sql, nil, nil, nil, nil)
	var list [][]string
	for result.NextRow() {
		var row []string
		for _, v := range result.Values() {
			if v == nil {
				row = append(row, null)
			} else {
				row = append(row, string(v))
			}
		}
		list = append(list, row)
	}
	_, err := result.Close()
	require.NoError(t, err)
	return list
}

// described is what the table says of a setting, in the order of the query below.
func described(r guc.Row) []string {
	enum := null
	if r.EnumVals != nil {
		quoted := make([]string, len(r.EnumVals))
		for i, v := range r.EnumVals {
			quoted[i] = v
			if v == "" || strings.Contains(v, " ") {
				quoted[i] = strconv.Quote(v)
			}
		}
		enum = "{" + strings.Join(quoted, ",") + "}"
	}
	flags := guc.Describe(r.ID()).Flags
	has := func(f guc.Flags) string { return strconv.FormatBool(flags.Has(f)) }
	return []string{r.Name, text(r.Unit), r.Category, r.Context, r.VarType, text(r.MinVal), text(r.MaxVal), enum,
		text(r.BootVal),
		has(guc.FlagExplain), has(guc.FlagNoReset), has(guc.FlagNoResetAll), has(guc.FlagNotInSample),
		has(guc.FlagRuntimeComputed)}
}

const describedSQL = `select name, unit, category, context, vartype, min_val, max_val, enumvals, boot_val,
	(f @> '{EXPLAIN}')::text, (f @> '{NO_RESET}')::text, (f @> '{NO_RESET_ALL}')::text,
	(f @> '{NOT_IN_SAMPLE}')::text, (f @> '{RUNTIME_COMPUTED}')::text
	from pg_settings, lateral pg_settings_get_flags(name) f where name not like '%.%' order by lower(name) collate "C"`

var columns = [...]string{"name", "unit", "category", "context", "vartype", "min_val", "max_val", "enumvals", "boot_val",
	"EXPLAIN", "NO_RESET", "NO_RESET_ALL", "NOT_IN_SAMPLE", "RUNTIME_COMPUTED"}

// differences are the facts in which Waypost is not as PostgreSQL 17 is, and why.
var differences = map[string]string{
	"server_version.boot_val":            "the upstream's, once it is known",
	"server_version_num.boot_val":        "the upstream's, once it is known",
	"server_version_num.min_val":         "every version's",
	"server_version_num.max_val":         "every version's",
	"unix_socket_directories.boot_val":   "a matter of how PostgreSQL was built",
	"krb_server_keyfile.boot_val":        "a matter of how PostgreSQL was built",
	"default_toast_compression.enumvals": "a matter of how PostgreSQL was built",
	"wal_compression.enumvals":           "a matter of how PostgreSQL was built",
	"ssl_library.boot_val":               "Go's",
	"io_method.enumvals":                 "a matter of how PostgreSQL was built",
	"debug_assertions.boot_val":          "a matter of how PostgreSQL was built",
}

// otherVersions are the facts in which PostgreSQL 15, 16 or 18 is not as 17 is; Waypost's table has 17's.
var otherVersions = map[string]bool{
	"autovacuum_max_workers.context": true, "effective_io_concurrency.boot_val": true, "io_combine_limit.max_val": true,
	"log_connections.vartype": true, "log_connections.boot_val": true, "log_rotation_size.max_val": true,
	"maintenance_io_concurrency.boot_val": true, "maintenance_work_mem.min_val": true,
	"transaction_deferrable.NO_RESET": true, "transaction_isolation.NO_RESET": true, "transaction_read_only.NO_RESET": true,
	"vacuum_buffer_usage_limit.boot_val": true,
}

// renamed are settings that another version knows by another name, which Waypost takes as well.
var renamed = map[string]bool{"force_parallel_mode": true, "ssl_groups": true}

// TestTableAgreesWithRealPostgreSQL compares every setting of every version with what a server of that version says.
func TestTableAgreesWithRealPostgreSQL(t *testing.T) {
	for _, version := range cluster.Versions(t) {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			_, conn := connect(t, version, nil)
			ours := map[string][]string{}
			for _, r := range guc.New().Rows(version, nil) {
				ours[r.Name] = described(r)
			}
			compared := 0
			for _, theirs := range rows(t, conn, describedSQL) {
				name := theirs[0]
				if renamed[name] {
					_, ok := guc.Find(name)
					require.True(t, ok, name)
					continue
				}
				mine, ok := ours[name]
				if !assert.True(t, ok, "%s is missing", name) {
					continue
				}
				delete(ours, name)
				compared++
				for i, column := range columns {
					fact := name + "." + column
					_, known := differences[fact]
					known = known || version != 17 && (column == "category" || otherVersions[fact])
					assert.True(t, known || theirs[i] == mine[i], "%s: %s there, %s here", fact, theirs[i], mine[i])
				}
			}
			require.Greater(t, compared, 350)
			for name := range ours {
				id, _ := guc.Find(name)
				own := guc.Describe(id).Flags.Has(guc.FlagOwn)
				assert.True(t, own || name == "ssl_ecdh_curve", "%s is no setting of version %d", name, version)
			}
		})
	}
}
