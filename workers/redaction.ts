import type { Project } from '../pipeline/project.ts';
import { referencedName, secretReferences } from '../config/secret-reference.ts';
import { payloadKeyVariables } from './payload-keys.ts';

/** What the worker itself is given in secret, beside what the configuration refers to. */
const OWN = [
  'REEFLINE_CATALOG_URL',
  'TEMPORAL_API_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  // Often the key of whoever keeps the traces.
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
] as const;

/** Anything shorter stands in ordinary words; no system gives out such a secret. Characters. */
const SHORTEST = 4;
/** From here on a secret is looked for inside words, too. Characters. */
const UNMISTAKABLE = 12;

/**
 * The text with every secret in it replaced by the reference that it came from. Connectors keep secrets out of what they
 * say, but they pass on what drivers, services and modules of users say, and nobody can know what that quotes.
 */
export function redactProject(text: string, project: Project, environment: NodeJS.ProcessEnv): string {
  const names = secretReferences(project).map(({ name }) => name);
  return redactNames(text, names, environment);
}

/** As `redactProject`, for what the fields of one endpoint or inbound source refer to. */
export function redactFields(text: string, definition: object, environment: NodeJS.ProcessEnv): string {
  const names = Object.values(definition).flatMap((value: unknown) =>
    typeof value === 'string' ? (referencedName(value) ?? []) : [],
  );
  return redactNames(text, names, environment);
}

/** As `redactProject`, for what the process says before it has a configuration. */
export function redactOwn(text: string, environment: NodeJS.ProcessEnv): string {
  return redactNames(text, [], environment);
}

/** As the three above, for variables beside those of the process itself. */
function redactNames(text: string, others: readonly string[], environment: NodeJS.ProcessEnv): string {
  const names = [...others, ...OWN, ...payloadKeyVariables(environment)];
  const secrets = names.flatMap((name) =>
    [...secretParts(environment[name] ?? ''), ...headersIn(name, environment[name] ?? '')].map((part) => ({
      part,
      reference: `\${env:${name}}`,
    })),
  );
  // The whole before its parts.
  secrets.sort((a, b) => b.part.length - a.part.length);
  return secrets.reduce((safe, { part, reference }) => replaceSecret(safe, part, reference), text);
}

/** The values in a list of headers, `api-key=…,tenant=…`, which exporters of traces are given. */
function headersIn(name: string, value: string): readonly string[] {
  if (!name.endsWith('_HEADERS')) return [];
  return value
    .split(',')
    .flatMap((header) => both(header.slice(header.indexOf('=') + 1).trim()))
    .filter((part) => part.length >= UNMISTAKABLE);
}

function replaceSecret(text: string, secret: string, reference: string): string {
  if (secret.length >= UNMISTAKABLE) return text.replaceAll(secret, () => reference);
  const escaped = secret.replace(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'gu'), () => reference);
}

/** What of a value must not be read anywhere: the value, what is secret in a URL, and the lines of a key. */
function secretParts(value: string): readonly string[] {
  const lines = value
    .split(/\n|\\n/u)
    .map((line) => line.trim())
    .filter((line) => line.length >= UNMISTAKABLE && !line.startsWith('-----'));
  const parts = [value, ...lines, ...urlSecrets(value)];
  const written = parts.flatMap((part) => [
    part,
    JSON.stringify(part).slice(1, -1),
    encodeURIComponent(part),
    new URLSearchParams([['', part]]).toString().slice(1),
  ]);
  return [...new Set(written)].filter((part) => part.length >= SHORTEST);
}

/**
 * The password of a URL as it is written and as it is meant, and its parameters that hold secrets. A password that is also the
 * name of the user or of the database protects nothing, and replacing it would garble what is said about them. The path of
 * a web address is as good as a password: many services give out addresses that nobody else may know.
 */
function urlSecrets(value: string): readonly string[] {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const raw = /^[a-z][a-z0-9+.-]*:\/\/([^/?#@:]*):(.*)@/iu.exec(value);
  const passwords = [raw?.[2], url?.password].flatMap((password) => both(password));
  const known = [raw?.[1], url?.username, url?.pathname.slice(1)];
  const parameters = [...(url?.searchParams ?? [])].flatMap(([name, secret]) =>
    /pass|pwd|secret|token|key|sig/iu.test(name) ? [secret, encodeURIComponent(secret)] : [],
  );
  const path = url !== undefined && /^https?:$/u.test(url.protocol) ? both(url.pathname + url.search) : [];
  return [
    ...passwords.filter((password) => !known.includes(password)),
    ...parameters,
    ...path.filter((part) => part.length >= UNMISTAKABLE),
  ];
}

function both(encoded: string | undefined): readonly string[] {
  if (encoded === undefined) return [];
  try {
    return [encoded, decodeURIComponent(encoded)];
  } catch {
    return [encoded];
  }
}
