package waltest

import (
	"os"
	"os/exec"
	"testing"
)

// Alone is for a test that does something to its whole process, such as limiting the size of files: it runs the test
// once more in a process of its own and gives true there, and false in this one, where the test is to return. Limits
// would otherwise hit the record of opened files that go test has its processes write.
func Alone(t *testing.T) bool {
	t.Helper()
	const variable = "WAYPOST_TEST_ALONE"
	if os.Getenv(variable) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), variable+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
	return false
}
