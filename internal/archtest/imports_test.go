package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "waypost"

// The process packages: what one executable each is made of.
var processes = []string{
	"postmaster", "startup", "walreceiver", "walsender", "checkpointer", "archiver", "slotsync",
	"metrics", "logger",
}

// pkg is what `go list -json` says of one package, as far as it matters here.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string // direct
	Deps       []string // direct and indirect
}

// graph is the project's own packages by their path below the module ("cmd/postmaster").
type graph map[string]pkg

// loadGraph goes on (-e) past a package that is not there yet; that it is missed, the build says.
func loadGraph(t *testing.T) graph {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,Deps", "./...")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go list")

	g := graph{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "decode go list's output")
		if rel, ours := strings.CutPrefix(p.ImportPath, module+"/"); ours {
			g[rel] = p
		}
	}
	require.Contains(t, g, "xlog", "go list did not see the project")
	return g
}

// ours is paths' packages of the project, by their path below the module.
func ours(paths []string) []string {
	var out []string
	for _, p := range paths {
		if rel, ok := strings.CutPrefix(p, module+"/"); ok {
			out = append(out, rel)
		}
	}
	return out
}

// within says whether rel is the package area, or lies below it.
func within(rel, area string) bool {
	return rel == area || strings.HasPrefix(rel, area+"/")
}

// requireNot fails where a package within area reaches, directly or not, one within any of banned.
func (g graph) requireNot(t *testing.T, area string, why string, banned ...string) {
	t.Helper()
	for rel, p := range g {
		if !within(rel, area) {
			continue
		}
		for _, dep := range p.Deps {
			for _, b := range banned {
				name := strings.TrimPrefix(dep, module+"/")
				require.Falsef(t, within(name, b), "%s imports %s, directly or through another: %s", rel, name, why)
			}
		}
	}
}

func TestXlogImportsNothingOfOurs(t *testing.T) {
	g := loadGraph(t)
	require.Empty(t, ours(g["xlog"].Deps))
}

// level orders the layers: a package may import its own level (but see the
// rules for processes) and those below, never one above.
func level(rel string) int {
	switch {
	case within(rel, "tests"), within(rel, "bench"):
		return 6
	case within(rel, "cmd"):
		return 5
	case isProcess(rel) != "":
		return 4
	case within(rel, "internal"):
		return 3
	case within(rel, "transport"), within(rel, "pmsignal"):
		return 2
	case within(rel, "xlog"):
		return 0
	default: // shmem, protocol, walfile
		return 1
	}
}

// isProcess is the process whose package rel is, or lies in; "" for none.
func isProcess(rel string) string {
	for _, p := range processes {
		if within(rel, "internal/"+p) {
			return p
		}
	}
	return ""
}

// sharedSmall are packages without any import of ours that every level may use.
var sharedSmall = []string{"internal/invariants"}

func TestArrowsPointOneWay(t *testing.T) {
	for rel, p := range loadGraph(t) {
		for _, dep := range ours(p.Imports) {
			if slices.Contains(sharedSmall, dep) {
				continue
			}
			require.LessOrEqualf(t, level(dep), level(rel), "%s imports %s, which is above it", rel, dep)
		}
	}
}

func TestSharedSmallPackagesImportNothingOfOurs(t *testing.T) {
	g := loadGraph(t)
	for _, rel := range sharedSmall {
		if p, there := g[rel]; there {
			require.Empty(t, ours(p.Deps), rel)
		}
	}
}

func TestProcessPackagesDoNotImportEachOther(t *testing.T) {
	for rel, p := range loadGraph(t) {
		self := isProcess(rel)
		if self == "" {
			continue
		}
		for _, dep := range ours(p.Deps) {
			other := isProcess(dep)
			require.Truef(t, other == "" || other == self, "%s imports %s", rel, dep)
		}
	}
}

// Tests and benchmarks share their framework; nothing else may know it.
func TestCommandsImportNoCommand(t *testing.T) {
	for rel, p := range loadGraph(t) {
		outside := within(rel, "tests") || within(rel, "bench")
		for _, dep := range ours(p.Deps) {
			require.Falsef(t, within(dep, "cmd") || within(dep, "bench") || within(dep, "tests") && !outside,
				"%s imports %s", rel, dep)
		}
	}
}

func TestPostmasterLinksNoWireProtocolAndNoWALCode(t *testing.T) {
	g := loadGraph(t)
	const why = "the postmaster trusts its private memory only and must not fail for a client's or the WAL's sake"
	g.requireNot(t, "internal/postmaster", why, "protocol", "walfile", "transport", "github.com/jackc")
	g.requireNot(t, "cmd/postmaster", why, "protocol", "walfile", "transport", "github.com/jackc")
}

// The logger must live through whatever happens to shared memory, and whoever else linked what rotates files would pay for it.
func TestLogFilesAreTheLoggersAlone(t *testing.T) {
	g := loadGraph(t)
	require.Contains(t, g, "internal/logger")
	g.requireNot(t, "internal/logger", "the logger shares nothing with the node", "internal/child", "internal/layout", "pmsignal",
		"protocol", "walfile", "transport", "github.com/jackc")
	for rel, p := range g {
		if !within(rel, "internal/logger") && !within(rel, "cmd/logger") {
			require.NotContains(t, p.Deps, "gopkg.in/natefinch/lumberjack.v2", rel)
		}
	}
}

func TestFormatPackagesKnowNoSharedMemoryAndNoLogging(t *testing.T) {
	g := loadGraph(t)
	const why = "a format package works on bytes alone"
	for _, area := range []string{"protocol", "walfile"} {
		g.requireNot(t, area, why, "shmem", "pmsignal", "internal/walrcv", "internal/walsnd", "github.com/rs/zerolog")
	}
}

func TestUnsafeIsInSharedMemoryOnly(t *testing.T) {
	allowed := []string{"shmem", "internal/proctitle"}
	for rel, p := range loadGraph(t) {
		if slices.Contains(p.Imports, "unsafe") {
			require.Contains(t, allowed, rel, "only these packages may import unsafe")
		}
	}
}

// A main.go parses flags, calls one Main, and exits: there is nothing to test in it.
func TestCommandsAreThin(t *testing.T) {
	const most = 60 // lines of a process's main.go
	for rel, p := range loadGraph(t) {
		name, isCmd := strings.CutPrefix(rel, "cmd/")
		if !isCmd || !slices.Contains(processes, name) {
			continue
		}
		require.Equal(t, []string{"main.go"}, p.GoFiles, rel)
		require.Contains(t, ours(p.Imports), "internal/"+name, "%s calls its process package", rel)
		src, err := os.ReadFile(filepath.Join(p.Dir, "main.go"))
		require.NoError(t, err)
		require.LessOrEqualf(t, strings.Count(string(src), "\n"), most, "%s/main.go has more to it than flags and Main", rel)
	}
}

// Once there is a postmaster, the rules above must have something to hold: a
// renamed package would escape them silently.
func TestPackagesThatTheRulesSpeakOfExist(t *testing.T) {
	g := loadGraph(t)
	known := []string{"xlog"}
	if _, there := g["cmd/postmaster"]; there {
		known = append(known,
			"shmem", "pmsignal", "protocol", "walfile", "transport", "transport/pgwire",
			"internal/postmaster", "internal/startup", "internal/walreceiver", "internal/walsender", "internal/checkpointer",
			"cmd/startup", "cmd/walreceiver", "cmd/walsender", "cmd/checkpointer", "cmd/waypost", "cmd/shmdump")
	}
	for _, rel := range known {
		require.Contains(t, g, rel)
	}
}
