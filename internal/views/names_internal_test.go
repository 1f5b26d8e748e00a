package views

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatViewsGiveAreColumns(t *testing.T) {
	for _, family := range viewFamilies() {
		for _, v := range family {
			row := rowOf(v.name)
			for i := range ownRelations {
				if ownRelations[i].name == v.name {
					row = &ownRelations[i]
				}
			}
			if v.name == "pg_stat_get_activity" {
				columns, _ := outputs(v.name)
				for name := range strings.FieldsSeq(v.gives) {
					require.GreaterOrEqual(t, indexOf(columns, name), 0, "%s: %s", v.name, name)
				}
				continue
			}
			require.NotNil(t, row, v.name)
			for name := range strings.FieldsSeq(v.gives) {
				require.Contains(t, " "+strings.ReplaceAll(row.columns, "!", ""), " "+name+":", v.name)
			}
		}
	}
}

func TestRelationsAreSortedAndTheirOIDsTheirOwn(t *testing.T) {
	seen := map[uint32]string{}
	for i, r := range relationRows {
		if i > 0 {
			require.Less(t, relationRows[i-1].name, r.name)
		}
		require.Empty(t, seen[uint32(r.oid)], r.name)
		seen[uint32(r.oid)] = r.name
	}
}
