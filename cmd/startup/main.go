// Command startup is the startup process: it recovers the node. The postmaster starts it; see internal/startup.
package main

import (
	"fmt"
	"os"

	"waypost/internal/child"
	"waypost/internal/procsignal"
	"waypost/internal/startup"
	"waypost/transport"
	"waypost/transport/pgwire"
)

func main() {
	var transports transport.Registry
	if err := transports.Register(transport.DefaultName, &pgwire.Transport{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(child.Main(procsignal.Startup, startup.Main(&transports)))
}
