/** The services of a Temporal server; each has a port for calls and one to find the others. */
export const SERVICES = ['frontend', 'history', 'matching', 'worker'] as const;
export type ServicePorts = Readonly<
  Record<(typeof SERVICES)[number], { readonly grpc: number; readonly membership: number }>
>;

/** Fixed for the life of a cluster; few, because one process serves them all. */
const SHARDS = 4;

/** Each of the four services has a pool of its own for each database. */
const CONNECTIONS = { temporal: 10, temporal_visibility: 4 } as const;

/**
 * Static configuration of a Temporal server on 127.0.0.1 with PostgreSQL behind it and a file of dynamic configuration, in the shape of the file that the
 * server reads (Temporal, "Temporal Service configuration reference").
 */
export function serverConfig(ports: ServicePorts, dynamicConfig: string, postgresUrl: string): object {
  const frontend = `127.0.0.1:${String(ports.frontend.grpc)}`;
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      numHistoryShards: SHARDS,
      defaultStore: 'temporal',
      visibilityStore: 'temporal_visibility',
      datastores: Object.fromEntries(
        Object.entries(CONNECTIONS).map(([database, most]) => [database, store(postgresUrl, database, most)]),
      ),
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(
      SERVICES.map((service) => [
        service,
        {
          rpc: {
            grpcPort: ports[service].grpc,
            membershipPort: ports[service].membership,
            bindOnIP: '127.0.0.1',
          },
        },
      ]),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: frontend },
      },
    },
    publicClient: { hostPort: frontend },
    dynamicConfigClient: { filepath: dynamicConfig, pollInterval: '10s' },
  };
}

function store(postgresUrl: string, database: string, most: number): object {
  const { host, username, password } = new URL(postgresUrl);
  return {
    sql: {
      pluginName: 'postgres12',
      databaseName: database,
      connectAddr: host,
      connectProtocol: 'tcp',
      user: username,
      password: decodeURIComponent(password),
      maxConns: most,
      maxIdleConns: most,
      maxConnLifetime: '1h',
    },
  };
}
