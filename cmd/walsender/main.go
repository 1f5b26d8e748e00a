// Command walsender serves one client: it begins as a regular backend and becomes a walsender when the client asks for
// replication. The postmaster starts it.
package main

import (
	"os"

	"waypost/internal/backend"
	"waypost/internal/child"
	"waypost/internal/procsignal"
	"waypost/internal/walsender"
)

func main() {
	os.Exit(child.Main(procsignal.Spare, func(p *child.Process) error {
		return backend.Main(p, walsender.New)
	}))
}
