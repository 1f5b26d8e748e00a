package roles

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkLoad is what each connection pays for its roles.
func BenchmarkLoad(b *testing.B) {
	for _, roles := range []int{1, 20, 1000} {
		b.Run(fmt.Sprint(roles), func(b *testing.B) {
			dir := b.TempDir()
			require.NoError(b, os.Mkdir(filepath.Join(dir, "global"), 0o700))
			require.NoError(b, Create(b.Context(), dir, "boss", ""))
			require.NoError(b, Update(b.Context(), dir, func(s *Set) error {
				for i := range roles {
					s.roles = append(s.roles, &Role{OID: s.next, Name: fmt.Sprint("role", i), Login: true, ConnLimit: -1,
						Password: "SCRAM-SHA-256$4096:rt0sLBx4AynDye/bM2tAIQ==$TXyro7atbet5hLUFESxK2/9yOKemMI/fHMg9FJSC/Xw=:" +
							"qtZD/HTpYgetGZPTHydtAAXl4tS/B9N4xXk1bbjKHVU="})
					s.next++
				}
				return nil
			}))
			for b.Loop() {
				_, err := Load(dir)
				require.NoError(b, err)
			}
		})
	}
}
