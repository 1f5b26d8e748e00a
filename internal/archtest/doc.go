// Package archtest holds the project's import graph to DESIGN.md's arrows. It is
// a test only; it has no code of its own and nothing may import it.
package archtest
