// Bench measures every data path of Waypost beside PostgreSQL 15's own program for it, in one run on one machine, and
// prints the medians, their ratio, and the target that the ratio is held to. What is measured, and how to read it, is
// in docs/benchmarks.md.
//
// A failed set-up ends it with exit code 1. A missed target does not: it is printed, and people judge.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// options is what the command line says.
type options struct {
	only    []string // names of benchmarks
	runs    int
	size    int64         // bytes of WAL that are sent and received
	seconds time.Duration // of one pgbench run, and of one of second-hop delay
	short   bool
}

// benchmark is one of the things to measure.
type benchmark struct {
	name string
	what string
	run  func(*bench)
}

func benchmarks() []benchmark {
	return []benchmark{
		{"send", "sending WAL from files to clients that discard it", (*bench).send},
		{"tls", "sending WAL from files over TLS", (*bench).tls},
		{"receive", "receiving WAL to a RAM disk and to a real disk", (*bench).receive},
		{"commit", "pgbench -N with a synchronous standby of each kind", (*bench).commit},
		{"hop", "the delay that a second hop adds", (*bench).hop},
		{"read", "reading and checking pgbench's WAL", (*bench).read},
		{"connect", "connecting, memory, 200 walsenders at once", (*bench).connect},
		{"session", "regular sessions: connecting, TLS, the view of 200 walsenders", (*bench).session},
		{"syscalls", "system calls per message (untimed)", (*bench).syscalls},
	}
}

func main() { os.Exit(run()) }

func run() (code int) {
	opts, err := parse(os.Args[1:])
	if err != nil {
		return 2 // flag has said why
	}
	t := newTB("bench")
	defer func() {
		// What a failure leaves is looked at where it lies; whatever happens, no server stays behind.
		if r := recover(); r != nil && r != errFailed {
			t.Errorf("%v", r)
			defer panic(r)
		}
		t.cleanUp()
		if t.Failed() {
			code = 1
		}
	}()
	b := newBench(t, opts)
	b.printMachine()
	for _, one := range benchmarks() {
		if !slices.Contains(opts.only, one.name) {
			continue
		}
		began := time.Now()
		b.report.section(one.name, one.what)
		one.run(b)
		fmt.Printf("(%s took %.0f s)\n", one.name, time.Since(began).Seconds())
	}
	b.report.summary()
	return 0
}

func parse(args []string) (options, error) {
	var names []string
	for _, one := range benchmarks() {
		names = append(names, one.name)
	}
	var opts options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.BoolVar(&opts.short, "short", false, "a look at whether it all works: one run of each, little WAL; the numbers mean nothing")
	only := f.String("only", strings.Join(names, ","), "benchmarks to run")
	runs := f.Int("runs", 5, "runs of each kind, medians are taken")
	size := f.Int64("size", 1536, "WAL to send and to receive, MB")
	seconds := f.Duration("time", 3*time.Second, "length of one pgbench run and of one run of second-hop delay")
	if err := f.Parse(args); err != nil {
		return opts, err
	}
	opts.only, opts.runs, opts.size, opts.seconds = strings.Split(*only, ","), *runs, *size<<20, *seconds
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	if opts.short {
		if !given["runs"] {
			opts.runs = 1
		}
		if !given["size"] {
			opts.size = 128 << 20
		}
		if !given["time"] {
			opts.seconds = time.Second
		}
	}
	for _, name := range opts.only {
		if !slices.Contains(names, name) {
			err := fmt.Errorf("-only: %q is none of %s", name, strings.Join(names, ", "))
			fmt.Fprintln(os.Stderr, err)
			return opts, err
		}
	}
	if opts.runs < 1 || opts.size < 64<<20 || opts.seconds < time.Second {
		err := fmt.Errorf("at least one run, 64 MB and one second")
		fmt.Fprintln(os.Stderr, err)
		return opts, err
	}
	return opts, nil
}
