//go:build deps

// Package deps keeps requirements in go.mod while their users are being written.
package deps

import (
	_ "github.com/lib/pq"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/xdg-go/scram"
	_ "gopkg.in/natefinch/lumberjack.v2"
)
