package relay

import (
	"strings"

	"waypost/tests/cluster"
)

// controlData is what pg_controldata prints of a data directory.
func controlData(c *cluster.Cluster, dir string) map[string]string {
	c.T.Helper()
	fields := map[string]string{}
	for _, line := range strings.Split(c.Run(c.ClientProgram("pg_controldata"), "-D", dir), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	return fields
}
