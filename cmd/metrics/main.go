// Command metrics is the metrics process, which serves Prometheus. The postmaster starts it; see internal/metrics.
package main

import (
	"os"

	"waypost/internal/child"
	"waypost/internal/metrics"
	"waypost/internal/procsignal"
)

func main() { os.Exit(child.Main(procsignal.Metrics, metrics.Main)) }
