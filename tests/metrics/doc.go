// Package metrics tests what a node counts, from end to end: the metrics process and its life, that the numbers agree with
// what is, and that counters survive.
package metrics
