import type { Attributes } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { METRICS, type LabelsOf, type Meter, type MetricName } from '../../activities/metrics.ts';

/** Sets what a reading finds: gauges, and counters that somebody else counts. */
export type Setter = <N extends MetricName>(name: N, labels: LabelsOf<N>, value: number) => void;

export interface Registry {
  readonly meter: Meter;
  /** All metrics in the text format of Prometheus, version 0.0.4. */
  read(): Promise<string>;
}

/** From a routed event to a long extract, in seconds: all durations use the same scale. */
const BOUNDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400];
/** Series of one metric in one process; what is beyond goes into one with the label `otel_metric_overflow`. */
const SERIES = 10_000;

/** Counts with OpenTelemetry. `observe` is asked at each reading; a gauge that it does not set is absent then. */
export function createRegistry(observe: (set: Setter) => Promise<void>): Registry {
  const counted = openInstruments();
  return {
    meter: {
      add: (name, labels, by = 1) => counted.record(name, by, labels),
      observe: (name, labels, seconds) => counted.record(name, seconds, labels),
    },
    read: async () => {
      // OpenTelemetry goes on showing what a gauge once was, so what is observed gets instruments for one reading.
      const observed = openInstruments();
      await observe((name, labels, value) => observed.record(name, value, labels));
      return `${await observed.read()}${await counted.read()}`;
    },
  };
}

interface Instruments {
  readonly record: (name: MetricName, value: number, labels: Attributes) => void;
  readonly read: () => Promise<string>;
}

/** Without `target_info` and labels of the scope, which would be said several times on one page. */
const SERIALIZER = new PrometheusSerializer(undefined, false, undefined, true, true);

/** Each instrument is made when it is used first. */
function openInstruments(): Instruments {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({
    readers: [reader],
    views: [{ instrumentName: '*', aggregationCardinalityLimit: SERIES }],
  });
  const instruments = provider.getMeter('reefline');
  const made = new Map<MetricName, (value: number, labels: Attributes) => void>();
  const make = (name: MetricName): ((value: number, labels: Attributes) => void) => {
    const { kind, help: description } = METRICS[name];
    switch (kind) {
      case 'counter': {
        const counter = instruments.createCounter(name, { description });
        return (value, labels) => counter.add(value, labels);
      }
      case 'gauge': {
        const gauge = instruments.createGauge(name, { description });
        return (value, labels) => gauge.record(value, labels);
      }
      case 'histogram': {
        const advice = { explicitBucketBoundaries: BOUNDS };
        const histogram = instruments.createHistogram(name, { description, advice });
        return (value, labels) => histogram.record(value, labels);
      }
    }
  };
  return {
    record: (name, value, labels) => {
      const record = made.get(name) ?? make(name);
      made.set(name, record);
      record(value, labels);
    },
    read: async () => {
      if (made.size === 0) return '';
      return SERIALIZER.serialize((await reader.collect()).resourceMetrics);
    },
  };
}
