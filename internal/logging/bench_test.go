package logging

import (
	"io"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// What is held back must cost next to nothing: walsenders call Debug where WAL goes by.
func BenchmarkHeldBack(b *testing.B) {
	l := New(io.Discard)
	for b.Loop() {
		l.Debug().Str("key", "value").Msg("m")
	}
}

func BenchmarkStatement(b *testing.B) {
	s := NewSink(io.Discard)
	for b.Loop() {
		s.SetStatement("select 1")
	}
}

func benchmarkEvents(b *testing.B, change func(c *Config)) {
	s := NewSink(io.Discard)
	c := defaultConfig()
	change(c)
	s.Configure(c)
	l := s.Logger()
	for b.Loop() {
		l.WithLevel(zerolog.InfoLevel).Str(DetailField, "d").Msg("m")
	}
}

func BenchmarkText(b *testing.B) { benchmarkEvents(b, func(*Config) {}) }
func BenchmarkJSON(b *testing.B) {
	benchmarkEvents(b, func(c *Config) { c.Text, c.JSON = false, true })
}

func BenchmarkPipe(b *testing.B) {
	read, write := newPipe(b)
	go func() { _, _ = io.Copy(io.Discard, read) }()
	p, err := OpenPipe(write, patient(time.Minute))
	if err != nil {
		b.Fatal(err)
	}
	s := NewSink(io.Discard)
	s.UsePipe(p)
	l := s.Logger()
	for b.Loop() {
		l.Info().Str(DetailField, "d").Msg("m")
	}
	p.Close()
	unix.Close(write)
}
