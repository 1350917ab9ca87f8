import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type Metric as PromMetric,
} from 'prom-client';
import { METRICS, type MetricEntry, type MetricLabels, type MetricName } from './table.ts';

/** Series of one metric; more are not opened, whatever a caller finds to do. */
const SERIES_MAX = 2_000;

/** Renews gauges just before they are read. */
type Collect = () => void | Promise<void>;

/** What this process counts, in Prometheus' text format. Counting costs no I/O; gauges are read when somebody asks. */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<MetricName, PromMetric>();
  readonly #collectors: Collect[] = [];
  readonly #series = new Set<string>();

  constructor() {
    for (const [name, entry] of Object.entries(METRICS))
      this.#metrics.set(name as MetricName, create(name, entry, this.#registry));
  }

  add<Name extends MetricName>(name: Name, labels: MetricLabels<Name>, value = 1): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Counter) metric.inc({ ...labels }, value);
  }

  set<Name extends MetricName>(name: Name, labels: MetricLabels<Name>, value: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) metric.set({ ...labels }, value);
  }

  /** Forgets the series of a gauge whose labels come and go. */
  clear(name: MetricName): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) metric.reset();
  }

  observe<Name extends MetricName>(name: Name, labels: MetricLabels<Name>, seconds: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Histogram) metric.observe({ ...labels }, seconds);
  }

  /** One answered request of a listener. */
  request(listener: string, method: string, route: string, status: number, seconds: number): void {
    const key = `${listener} ${method} ${route} ${status}`;
    if (!this.#series.has(key)) {
      if (this.#series.size >= SERIES_MAX) return;
      this.#series.add(key);
    }
    this.add('sekisho_http_requests_total', { listener, method, route, status });
    this.observe('sekisho_http_request_seconds', { listener }, seconds);
    const kind = CERTIFICATE_ROUTES[route];
    if (kind !== undefined) {
      const outcome = status < 300 ? 'issued' : status < 500 ? 'refused' : 'failed';
      this.add('sekisho_certificate_requests_total', { kind, outcome });
      this.observe('sekisho_certificate_request_seconds', { kind }, seconds);
    }
    const reason = listener === 'admin' ? REFUSALS[status] : undefined;
    if (reason !== undefined) this.add('sekisho_sign_in_refusals_total', { reason });
  }

  /** Called before each reading. */
  onCollect(collect: Collect): void {
    this.#collectors.push(collect);
  }

  /** All metrics in the text format, those of the Node process included. */
  async text(): Promise<string> {
    for (const collect of this.#collectors) await collect();
    return `${await processRegistry().metrics()}\n${await this.#registry.metrics()}`;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

const CERTIFICATE_ROUTES: Readonly<Record<string, 'enrol' | 'renew'>> = {
  '/.well-known/est/simpleenroll': 'enrol',
  '/.well-known/est/simplereenroll': 'renew',
};
const REFUSALS: Readonly<Record<number, string>> = { 401: 'sign-in', 403: 'right', 429: 'limit' };

function create(name: string, entry: MetricEntry, registry: Registry): PromMetric {
  const options = { name, help: entry.en, labelNames: [...entry.labels], registers: [registry] };
  switch (entry.type) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...(entry.buckets ?? [])] });
  }
}

let ofProcess: Registry | undefined;

/** Memory, CPU, event loop and garbage collection of the process: measured from the first reading on, once per process. */
function processRegistry(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}
