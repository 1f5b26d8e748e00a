//go:build deps

// Package deps keeps the chosen dependencies in go.mod until their first users land.
package deps

import (
	_ "github.com/jackc/pgproto3/v2"
	_ "github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/pgconn"
	_ "github.com/lib/pq"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/rs/zerolog"
	_ "github.com/spf13/cobra"
	_ "github.com/sqlc-dev/oliphant"
	_ "github.com/stretchr/testify/require"
	_ "github.com/xdg-go/scram"
	_ "golang.org/x/sys/unix"
	_ "gopkg.in/natefinch/lumberjack.v2"
)
