import { invalid } from './fault.ts';

export type Body = Readonly<Record<string, unknown>>;

/** The text under `name`, undefined when absent. @throws AthenaFault when it is something else. */
export function text(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`${name} must be a string.`);
  return value;
}

export function requiredText(body: Body, name: string): string {
  const value = text(body, name);
  if (value === undefined || value === '') throw invalid(`${name} is null or empty`);
  return value;
}

/** @throws AthenaFault when it is not a whole number from `min` to `max`. */
export function whole(body: Body, name: string, min: number, max: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const shown = `1 validation error detected: Value '${JSON.stringify(value)}' at '${name}' failed to satisfy constraint: `;
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw invalid(`${shown}Member must be an integer`);
  if (value < min) throw invalid(`${shown}Member must have value greater than or equal to ${String(min)}`);
  if (value > max) throw invalid(`${shown}Member must have value less than or equal to ${String(max)}`);
  return value;
}

export function flag(body: Body, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw invalid(`${name} must be a boolean.`);
  return value;
}

export function object(body: Body, name: string): Body {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(`${name} must be a structure.`);
  return value as Body;
}

/** Refuses members of the real API that this server does not imitate, because ignoring them would give wrong answers. */
export function refuse(body: Body, names: readonly string[]): void {
  for (const name of names) {
    if (body[name] !== undefined && body[name] !== null)
      throw invalid(`${name} is not supported by this local Athena.`);
  }
}
