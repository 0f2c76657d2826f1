import { textsIn } from '../pipeline/json.ts';
import type { Project } from '../pipeline/project.ts';

/** `${env:NAME}`: the whole value, because a part of a URL would have to be escaped first. */
const REFERENCE = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** The name in a reference, or undefined when the text is a plain value. */
export function referencedName(text: string): string | undefined {
  return REFERENCE.exec(text)?.[1];
}

/** True for texts that look as if a reference was meant, but are none. */
export function isMalformedReference(text: string): boolean {
  return !REFERENCE.test(text) && (/\$\{|\$env:/i.test(text) || /^\s*(\$[A-Za-z_{(]|env:)/i.test(text));
}

/** True when the text is a URL that carries a password, in its user part or as a parameter. */
export function holdsPassword(text: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:[^@]+@/i.test(text)) return true;
  if (/(^|[?&\s;])(password|passwd|pwd|secret|token)\s*=\s*[^\s&]/i.test(text)) return true;
  return false;
}

/** True for a value that is written out. Malformed references and passwords are not: they have their own problem. */
export function isPlain(text: string | undefined): text is string {
  return (
    text !== undefined &&
    referencedName(text) === undefined &&
    !isMalformedReference(text) &&
    !holdsPassword(text)
  );
}

export interface SecretUse {
  readonly name: string;
  /** Fields that refer to it, such as `connections.shop.url`. */
  readonly usedBy: readonly string[];
}

/**
 * The environment variables that the project refers to, sorted by name, with where each is used, so that a worker
 * can name all the missing ones at once. Never values.
 */
export function secretReferences(project: Project): readonly SecretUse[] {
  const uses = new Map<string, string[]>();
  const visit = (path: string, fields: object): void => {
    for (const [field, value] of Object.entries(fields)) {
      const name = typeof value === 'string' ? referencedName(value) : undefined;
      if (name !== undefined) uses.set(name, [...(uses.get(name) ?? []), `${path}.${field}`]);
    }
  };
  for (const [name, connection] of Object.entries(project.connections))
    visit(`connections.${name}`, connection);
  for (const { id, work } of project.stages) {
    if (work.kind !== 'custom') continue;
    for (const { text, path } of textsIn(work.options)) visit(`${id}.with`, { [path.join('.')]: text });
  }
  for (const endpoint of project.endpoints) visit(`endpoints.${endpoint.name}`, endpoint);
  for (const source of project.inbound ?? []) visit(`inbound.${source.name}`, source);
  return [...uses].map(([name, usedBy]) => ({ name, usedBy })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
