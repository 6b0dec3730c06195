import { totalmem } from 'node:os'

/** What the server is asked for beyond the cluster itself. */
export interface ServerSettings {
  port: number
  durable: boolean
  maxConnections: number
}

const MEGABYTE = 1024 * 1024

/** Megabytes that PostgreSQL keeps of its data: it takes them only as there are data to keep. */
function sharedBuffersMegabytes(): number {
  // Of a container its own limit, where it has one.
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  return Math.min(1_024, Math.max(128, Math.floor(memory / MEGABYTE / 16)))
}

/** Sized for a laptop or a small container: two cores, a few hundred megabytes. As `name=value`. */
export function serverSettings(settings: ServerSettings): string[] {
  const common = [
    `port=${settings.port}`,
    'listen_addresses=127.0.0.1',
    // No socket file: nothing to clean up, and no second way in.
    'unix_socket_directories=',
    `max_connections=${settings.maxConnections}`,
    `shared_buffers=${sharedBuffersMegabytes()}MB`,
    'effective_cache_size=1GB',
    'work_mem=8MB',
    'maintenance_work_mem=64MB',
    'random_page_cost=1.1',
    // Short statements only: compiling them and spreading them over two cores costs more than it brings.
    'jit=off',
    'max_parallel_workers_per_gather=0',
    'io_workers=2',
    'autovacuum_max_workers=2',
    'max_wal_size=512MB',
    'wal_level=minimal',
    'max_wal_senders=0',
    'max_logical_replication_workers=0',
    'shared_preload_libraries=pg_stat_statements',
    'password_encryption=scram-sha-256',
    'timezone=UTC',
    'log_timezone=UTC',
    'log_min_messages=warning',
    // The application reports its failed statements itself; here their parameters would leak into a file.
    'log_min_error_statement=panic',
    'log_checkpoints=off',
    'cluster_name=devforge',
  ]
  // For data that live as long as a test run: a crash of the machine may destroy them.
  const volatile = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'checkpoint_timeout=1h']
  return settings.durable ? common : [...common, ...volatile]
}
