import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** What /metrics shows. One registry per app, so that tests do not share counters. */
export interface Metrics {
  registry: Registry
  requests: Counter<'route' | 'status'>
  requestSeconds: Histogram<'route'>
  jobs: Counter<'job' | 'outcome'>
  webhooks: Counter<'outcome'>
  usage: Counter<'outcome'>
}

export function createMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.processMetrics) collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    requests: new Counter({
      name: 'devforge_requests_total',
      help: 'Requests answered',
      labelNames: ['route', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'devforge_request_seconds',
      help: 'Time to answer',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    jobs: new Counter({
      name: 'devforge_jobs_total',
      help: 'Jobs worked on',
      labelNames: ['job', 'outcome'],
      registers,
    }),
    webhooks: new Counter({
      name: 'devforge_webhooks_total',
      help: 'Stripe deliveries',
      labelNames: ['outcome'],
      registers,
    }),
    usage: new Counter({
      name: 'devforge_usage_events_total',
      help: 'Downloads, installs, updates and uninstalls of extensions, written down or lost',
      labelNames: ['outcome'],
      registers,
    }),
  }
}
