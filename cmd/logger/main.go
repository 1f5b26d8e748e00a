// Command logger is the process that writes the log files. The postmaster starts it; see internal/logger.
package main

import (
	"os"

	"waypost/internal/logger"
)

func main() { os.Exit(logger.Main()) }
