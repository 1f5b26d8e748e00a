package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMedianAndQuantile(t *testing.T) {
	require.Equal(t, 3.0, median([]float64{5, 1, 3}))
	require.Equal(t, 2.5, median([]float64{4, 1, 2, 3}))
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	require.Equal(t, 100.0, quantile(hundred, 0.99))
	require.Equal(t, 7.0, quantile([]float64{7}, 0.99))
}

func TestTargetsAreHeldToTheRatioOrToTheNumberItself(t *testing.T) {
	require.True(t, atMost(0.75).met(0.75, 9))
	require.False(t, atMost(0.75).met(0.76, 0))
	require.True(t, atLeast(1.2).met(1.2, 0))
	require.False(t, moreThan(1).met(1, 9))
	require.True(t, atMostItself(1.5).met(3, 1.5))
	require.False(t, atMostItself(1.5).met(0.1, 1.6))
}

func TestStraceSummaryIsReadWithAndWithoutErrors(t *testing.T) {
	const summary = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000600           2       300        10 futex
 40.00    0.000400           4       100           sendfile
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000           2       400        10 total
`
	counts := parseSummary(summary)
	require.Equal(t, callCounts{"futex": 300, "sendfile": 100}, counts)
	require.Equal(t, "4.00 calls, futex 3.00, sendfile 1.00", counts.per(100))
}
