// Command shmdump shows the shared memory of a live or dead Waypost node.
package main

import (
	"fmt"
	"os"

	"waypost/internal/shmdump"
)

func main() {
	if err := shmdump.Command().Execute(); err != nil {
		fmt.Fprintf(os.Stderr, "shmdump: %v\n", err)
		os.Exit(1)
	}
}
