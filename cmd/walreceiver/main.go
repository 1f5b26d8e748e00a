// Command walreceiver is the process that receives WAL from the upstream. The postmaster starts it.
package main

import (
	"fmt"
	"os"

	"waypost/internal/child"
	"waypost/internal/procsignal"
	"waypost/internal/walreceiver"
	"waypost/transport"
	"waypost/transport/pgwire"
)

func main() {
	var transports transport.Registry
	if err := transports.Register(transport.DefaultName, &pgwire.Transport{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(child.Main(procsignal.WalReceiver, walreceiver.Main(&transports)))
}
