package metrics

import (
	"math"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"waypost/xlog"
)

// names keeps the descriptions of the metrics from one scrape to the next. They come into being when a metric is first told.
type names map[string]*prometheus.Desc

// out is where one scrape goes.
type out struct {
	ch    chan<- prometheus.Metric
	names names
}

// family is all metrics of one name.
type family struct {
	out  *out
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func (o *out) family(name, help string, kind prometheus.ValueType, labels []string) family {
	d := o.names[name]
	if d == nil {
		d = prometheus.NewDesc(name, help, labels, nil)
		o.names[name] = d
	}
	return family{o, d, kind}
}

// gauges is a family of values that may go up and down, counters one of values that only rise.
func (o *out) gauges(name, help string, labels ...string) family {
	return o.family(name, help, prometheus.GaugeValue, labels)
}

func (o *out) counters(name, help string, labels ...string) family {
	return o.family(name, help, prometheus.CounterValue, labels)
}

// gauge and counter tell a metric that has no labels.
func (o *out) gauge(name, help string, v float64) { o.gauges(name, help).add(v) }

func (o *out) counter(name, help string, v uint64) { o.counters(name, help).add(float64(v)) }

// add tells one metric. What clients have sent, such as an application's name, may be no UTF-8, which Prometheus would not
// take.
func (f family) add(v float64, labels ...string) {
	for i, l := range labels {
		labels[i] = strings.ToValidUTF8(l, "?")
	}
	m, err := prometheus.NewConstMetric(f.desc, f.kind, v, labels...)
	if err != nil {
		m = prometheus.NewInvalidMetric(f.desc, err)
	}
	f.out.ch <- m
}

// seconds is a time in Prometheus' way; NaN for none.
func seconds(t xlog.TimestampTz) float64 {
	if t == 0 {
		return math.NaN()
	}
	return float64(t.Time().UnixMicro()) / 1e6
}

func fromMicros(us uint64) float64 { return float64(us) / 1e6 }

func bool01(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// age is how long ago a time was, seconds; NaN for none.
func age(t xlog.TimestampTz, now time.Time) float64 {
	if t == 0 {
		return math.NaN()
	}
	return max(0, now.Sub(t.Time()).Seconds())
}

// behind is by how many bytes a position is behind another.
func behind(at, of xlog.LSN) float64 {
	if at >= of {
		return 0
	}
	return float64(of - at)
}
