import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { createContext } from '../../cli/context.ts';
import { buildProgram } from '../../cli/program.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import { metricsAddress } from '../../workers/metrics/metrics-address.ts';
import { testTerminal } from '../support/cli-terminal.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const text = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly securityContext: object;
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly resources?: readonly string[];
  readonly spec: {
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: {
        readonly containers: readonly Container[];
        readonly securityContext: object;
        readonly serviceAccountName?: string;
        readonly terminationGracePeriodSeconds?: number;
      };
    };
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly ingress: readonly { readonly ports: readonly { readonly port: number }[] }[];
    readonly scaleTargetRef: { readonly name: string };
    readonly triggers: readonly {
      readonly type: string;
      readonly metadata: Readonly<Record<string, string>>;
    }[];
  };
}

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
}

const KUBERNETES = 'deploy/kubernetes';
const manifests = new Map(
  readdirSync(join(PROJECT, KUBERNETES)).map((file) => {
    const documents = parseAllDocuments(text(`${KUBERNETES}/${file}`));
    expect(documents.map(({ errors }) => errors)).toEqual([[]]);
    return [file, documents[0]?.toJS() as Manifest];
  }),
);
const ofKind = (kind: string): readonly Manifest[] =>
  [...manifests.values()].filter((manifest) => manifest.kind === kind);
const pods = [...ofKind('Deployment'), ...ofKind('Job')].map(({ spec }) => spec.template);
const containers = pods.flatMap(({ spec }) => spec.containers);
const { services } = parse(text('deploy/compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const own = Object.values(services).filter(({ image }) => image.startsWith('reefline:'));
const dockerfile = text('deploy/Dockerfile');

/** The longest that a worker may take to drain, in seconds, as workers/run-workers.ts tells the SDK. */
const drain = Number(/shutdownForceTime: '(\d+)s'/.exec(text('workers/run-workers.ts'))?.[1]);

/** Variables that the processes read: their own, and those of Temporal's clients. */
function variablesRead(): ReadonlySet<string> {
  const files = ['workers', 'cli'].flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file}`),
  );
  const ours = files.flatMap((file) => [
    ...text(file).matchAll(/\benv(?:ironment)?\['([A-Z][A-Z0-9_]*)'\]/g),
  ]);
  const temporal = text('node_modules/@temporalio/envconfig/lib/envconfig-toml.js').matchAll(
    /\b(TEMPORAL_[A-Z_]*[A-Z])\b/g,
  );
  // The region of the AWS SDK (AWS SDKs and Tools Reference Guide, "AWS Region").
  return new Set([...[...ours, ...temporal].map(([, name = '']) => name), 'AWS_REGION']);
}

/** Fails for a command that no entry point has. */
function expectKnown([program = '', ...words]: readonly string[]): void {
  const entries = readdirSync(join(PROJECT, 'deploy/bin'));
  expect(entries).toContain(program);
  if (program !== 'reefline') return;
  let command = buildProgram(createContext(testTerminal().terminal, []).context);
  for (const word of words) command = command.commands.find((each) => each.name() === word) ?? command;
  const known = [...command.options.flatMap(({ long, short }) => [long, short]), '--help'];
  expect(known).toEqual(expect.arrayContaining(words.filter((word) => word.startsWith('-'))));
  expect([words, command.name()]).toEqual([
    words,
    words.filter((word) => /^[a-z]/.test(word)).at(-1) ?? 'reefline',
  ]);
}

describe('the image', () => {
  test('is built in stages on a pinned Node that fits the package', () => {
    const [, version = ''] = /^ARG NODE=(\d+\.\d+\.\d+)-/m.exec(dockerfile) ?? [];
    expect(dockerfile.match(/^FROM node:\$\{NODE\}(?: AS packages)?$/gm)).toHaveLength(2);
    const { engines } = parse(text('package.json')) as { engines: { node: string } };
    const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    const [ours = 0, ourMinor = 0] = version.split('.').map(Number);
    expect(ours > Number(major) || (ours === Number(major) && ourMinor >= Number(minor))).toBe(true);
  });

  test('holds all that processes are made of, which the builder is given, and runs as nobody special', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(?:--chmod=\S+ )?(.+) \S+$/gm)].flatMap(
      ([, from = '']) => from.split(' '),
    );
    expect(copied.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
    const { include } = parse(text('tsconfig.build.json')) as { include: readonly string[] };
    expect(copied).toEqual(expect.arrayContaining([...include]));
    const given = text('deploy/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    expect(given.map((line) => line.slice(1)).sort()).toEqual(
      [...new Set(copied.map((path) => path.replace(/\/$/, '')))].sort(),
    );
    expect(dockerfile).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(dockerfile).not.toMatch(/:latest|\bADD\b/);
  });

  test('starts programs that are there', () => {
    const [, start = ''] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    expectKnown(JSON.parse(start) as string[]);
    for (const entry of readdirSync(join(PROJECT, 'deploy/bin'))) {
      const [, program = ''] =
        /^exec node \S+ \/reefline\/(\S+\.ts) "\$@"$/m.exec(text(`deploy/bin/${entry}`)) ?? [];
      expect({ entry, found: program !== '' && existsSync(join(PROJECT, program)) }).toEqual({
        entry,
        found: true,
      });
      accessSync(join(PROJECT, 'deploy/bin', entry), constants.X_OK);
    }
  });
});

describe('the manifests and the composition', () => {
  test('start programs that are there, with variables that they read', () => {
    const read = variablesRead();
    expect([own.length, containers.length]).toEqual([3, 2]);
    for (const { command = [] } of own) expectKnown(command);
    for (const { command } of containers) expectKnown(command);
    const named = [
      ...own.flatMap(({ environment = {} }) => Object.keys(environment)),
      ...containers.flatMap(({ env = [] }) => env.map(({ name }) => name)),
      ...[...dockerfile.matchAll(/\b(REEFLINE_\w+)=/g)].map(([, name = '']) => name),
    ];
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !read.has(name))).toEqual([]);
  });

  test('ask a worker how it is at the address where it answers, and let Prometheus in there only', () => {
    const [worker] = ofKind('Deployment');
    const [container] = worker?.spec.template.spec.containers ?? [];
    const address = container?.env?.find(({ name }) => name === 'REEFLINE_METRICS_ADDRESS')?.value;
    const { host, port } = metricsAddress({ REEFLINE_METRICS_ADDRESS: address }) ?? {};
    expect(host).toBe('0.0.0.0');
    expect(container?.ports).toEqual([{ name: 'metrics', containerPort: port }]);
    const served = [...text('workers/metrics/serve.ts').matchAll(/case '(\/\w+)':/g)].map(([, path]) => path);
    expect(served).toEqual(['/metrics', '/healthz', '/readyz']);
    expect(container?.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'metrics' });
    expect(container?.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'metrics' });
    expect(worker?.spec.template.metadata.annotations).toMatchObject({ 'prometheus.io/port': String(port) });
    const [policy] = ofKind('NetworkPolicy');
    expect(policy?.spec.ingress.flatMap(({ ports }) => ports)).toMatchObject([{ port }]);

    const { environment, ports, healthcheck } = services['worker'] ?? {};
    expect(metricsAddress(environment ?? {})).toEqual({ host, port });
    expect(ports).toEqual([`127.0.0.1:${String(port)}:${String(port)}`]);
    expect(healthcheck?.test.at(-1)).toContain(`http://127.0.0.1:${String(port)}/readyz`);
    // Empty when nobody sets it, which asks for no traces.
    expect(environment?.['OTEL_EXPORTER_OTLP_ENDPOINT']).toBe('${OTEL_EXPORTER_OTLP_ENDPOINT:-}');
  });

  test('leave a worker the time to drain', () => {
    expect(drain).toBeGreaterThan(0);
    const [worker] = ofKind('Deployment');
    expect(worker?.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 10);
    expect(Number.parseInt(services['worker']?.stop_grace_period ?? '0', 10)).toBeGreaterThanOrEqual(
      drain + 10,
    );
  });

  test('pin every image, publish ports to the machine alone, and hold no secret', () => {
    for (const { image, ports = [], environment = {} } of Object.values(services)) {
      expect(image).toMatch(/^(reefline:local|[\w/.-]+:\d+\.\d+(\.\d+)?)$/);
      expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
      for (const [name, value] of Object.entries(environment))
        if (/PASSWORD|PWD|URL/.test(name)) expect(value).toMatch(/\$\{POSTGRES_PASSWORD:\?[^}]+\}/);
    }
    const plain = containers.flatMap(({ env = [] }) => env.filter(({ value }) => value !== undefined));
    expect(plain.filter(({ name }) => /URL|KEY|PASSWORD|SECRET/.test(name))).toEqual([]);
  });

  test('name the Temporal server that the suite runs on with npm run test:server', () => {
    const [, tested = ''] = /const VERSION = 'v([\d.]+)'/.exec(text('scripts/test-server.mjs')) ?? [];
    expect(services['temporal']?.image).toBe(`temporalio/server:${tested}`);
    expect(services['temporal-schema']?.image).toBe(`temporalio/admin-tools:${tested}`);
  });

  test('let containers do nothing that a worker does not need', () => {
    expect(pods).toHaveLength(2);
    for (const { spec } of pods) {
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      for (const { securityContext } of spec.containers)
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
    }
  });

  test('refer to each other by names that are there', () => {
    const [worker] = ofKind('Deployment');
    const [policy] = ofKind('NetworkPolicy');
    const [scaled] = ofKind('ScaledObject');
    const [account] = ofKind('ServiceAccount');
    for (const { metadata } of pods)
      expect(metadata.labels).toMatchObject(policy?.spec.podSelector.matchLabels ?? { no: 'policy' });
    expect(worker?.spec.template.metadata.labels).toEqual(worker?.spec.selector.matchLabels);
    expect(worker?.spec.template.spec.serviceAccountName).toBe(account?.metadata.name);
    expect(scaled?.spec.scaleTargetRef.name).toBe(worker?.metadata.name);
    const [routing, stages] = scaled?.spec.triggers.map(({ metadata }) => metadata['taskQueue'] ?? '') ?? [];
    expect(routing).toBe(ROUTING_QUEUE);
    expect(stages).toMatch(new RegExp(`^${ROUTING_QUEUE}\\.[A-Z]+$`));
    const resources = manifests.get('kustomization.yaml')?.resources ?? [];
    expect([...resources, 'kustomization.yaml', 'keda.yaml'].sort()).toEqual([...manifests.keys()].sort());
    const waited = Object.values(services).flatMap(({ depends_on = {} }) => Object.keys(depends_on));
    expect(waited.filter((name) => services[name] === undefined)).toEqual([]);
  });
});
