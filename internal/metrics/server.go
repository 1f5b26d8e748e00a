package metrics

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"waypost/protocol"
)

// What one client, or many, may ask of the process.
const (
	maxConns   = 16      // one more closes an idle one, or waits
	maxScrapes = 2       // at once; more are told 503
	maxHeader  = 8 << 10 // bytes
	maxScrape  = 10 * time.Second
	stopGrace  = 500 * time.Millisecond // for a scrape that is under way when the process ends
)

// server is HTTP on one address.
type server struct {
	wanted   string // the setting
	http     *http.Server
	listener *limited
	failed   chan error
}

// listen serves on an address: "host:port", or ":port" for all of the machine's.
func listen(address string, c prometheus.Collector, log *zerolog.Logger) (*server, error) {
	s, err := open(address, c, log)
	if err != nil {
		return nil, err
	}
	log.Info().Msgf("serving metrics on %s", s.address())
	go s.serve()
	return s, nil
}

func open(address string, c prometheus.Collector, log *zerolog.Logger) (*server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &addressError{address, err}
	}
	s := &server{wanted: address, listener: newLimited(l, maxConns), failed: make(chan error, 1)}
	s.http = &http.Server{
		Handler:           handler(c),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      3 * maxScrape,
		IdleTimeout:       2 * time.Minute, // beyond a usual scrape_interval
		MaxHeaderBytes:    maxHeader,
		ConnState:         s.listener.connState,
		ErrorLog:          stdlog.New(debugLog{log}, "", 0),
	}
	return s, nil
}

func (s *server) serve() {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		s.failed <- err
	}
}

// address is where the server listens.
func (s *server) address() string { return s.listener.Addr().String() }

// stop ends it, and soon.
func (s *server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close() // a client that does not read must not hold up the node's end
	}
}

// handler has two pages, and nothing else.
func handler(c prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError, // what is right is better than nothing
		MaxRequestsInFlight: maxScrapes,
		Timeout:             maxScrape,
		EnableOpenMetrics:   true,
	})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Waypost</title></head><body><h1>Waypost</h1>"+
			`<p><a href="/metrics">Metrics</a></p></body></html>`+"\n")
	})
	return mux
}

// addressError says that the address cannot be used.
type addressError struct {
	address string
	err     error
}

func (e *addressError) Error() string {
	return fmt.Sprintf("could not serve metrics on %q: %v", e.address, e.err)
}
func (e *addressError) Unwrap() error { return e.err }

// LogFields makes it a logging.Reporter.
func (e *addressError) LogFields() (sqlstate, message, detail, hint string) {
	return string(protocol.CodeConfigFileError), e.Error(), "",
		`Set "metrics_listen_address" to host:port or :port of an address of this machine that is free.`
}

// debugLog takes what HTTP's server has to say of clients that misbehave.
type debugLog struct{ log *zerolog.Logger }

func (d debugLog) Write(p []byte) (int, error) {
	d.log.Debug().Msg("metrics: " + strings.TrimSpace(string(p)))
	return len(p), nil
}
