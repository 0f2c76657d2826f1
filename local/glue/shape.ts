import { GlueFault } from './fault.ts';

/** Reports one broken constraint of the member at `path`. */
type Report = (path: string, value: unknown, constraint: string) => void;

/**
 * What a member of a request must look like. `read` returns the value with only the members that the model knows,
 * as the service does: unknown members are dropped.
 */
export interface Shape<T> {
  read(value: unknown, path: string, report: Report): T;
}

export interface Optional<T> {
  readonly optional: Shape<T>;
}

type Fields = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>;

type RequiredOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Shape<unknown> ? K : never]: Of<F[K]>;
};
type OptionalOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Shape<unknown> ? never : K]?: Of<F[K]>;
};

/** The TypeScript type of a shape. */
export type Of<S> =
  S extends Shape<infer T> ? T : S extends { readonly optional: Shape<infer T> } ? T : never;

export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape };
}

/** A string of `min` to `max` UTF-16 units that, when given, matches the model's pattern as a whole. */
export function text(min: number, max: number, pattern?: RegExp): Shape<string> {
  return {
    read(value, path, report) {
      if (typeof value !== 'string') throw wrongType(path, 'a string');
      checkLength(value.length, min, max, path, value, report);
      if (pattern !== undefined && !pattern.test(value)) {
        report(path, value, `Member must satisfy regular expression pattern: ${pattern.source}`);
      }
      return value;
    },
  };
}

export function integer(min: number, max: number): Shape<number> {
  return {
    read(value, path, report) {
      if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(path, 'an integer');
      if (value < min) report(path, value, `Member must have value greater than or equal to ${String(min)}`);
      if (value > max) report(path, value, `Member must have value less than or equal to ${String(max)}`);
      return value;
    },
  };
}

export const flag: Shape<boolean> = {
  read(value, path) {
    if (typeof value !== 'boolean') throw wrongType(path, 'a boolean');
    return value;
  },
};

/** Seconds since the Unix epoch, with fractions: how JSON 1.1 carries timestamps. */
export const time: Shape<number> = {
  read(value, path) {
    if (typeof value !== 'number') throw wrongType(path, 'a timestamp in seconds');
    return value;
  },
};

export function list<T>(of: Shape<T>, min = 0, max = Number.MAX_SAFE_INTEGER): Shape<readonly T[]> {
  return {
    read(value, path, report) {
      if (!Array.isArray(value)) throw wrongType(path, 'a list');
      checkLength(value.length, min, max, path, value, report);
      return value.map((item, at) => of.read(item, `${path}.${String(at + 1)}.member`, report));
    },
  };
}

export function map(key: Shape<string>, item: Shape<string>): Shape<Readonly<Record<string, string>>> {
  return {
    read(value, path, report) {
      if (!isObject(value)) throw wrongType(path, 'a map');
      const entries = Object.entries(value).filter(([, member]) => member !== null);
      return Object.fromEntries(
        entries.map(([name, member]) => [
          key.read(name, `${path}.key`, report),
          item.read(member, `${path}.${name}.member`, report),
        ]),
      );
    },
  };
}

export function struct<F extends Fields>(fields: F): Shape<RequiredOf<F> & OptionalOf<F>> {
  return {
    read(value, path, report) {
      if (!isObject(value)) throw wrongType(path, 'a structure');
      const found: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(fields)) {
        const member = value[name];
        const at = memberPath(path, name);
        if (member !== undefined && member !== null) {
          found[name] = ('optional' in field ? field.optional : field).read(member, at, report);
        } else if (!('optional' in field)) report(at, null, 'Member must not be null');
      }
      // Every required field was read or reported, and a report makes `parse` throw before anybody sees the value.
      return found as RequiredOf<F> & OptionalOf<F>;
    },
  };
}

/** A member of the real API that this server does not imitate: refused, because ignoring it would give wrong answers. */
export function refused(): Optional<never> {
  return {
    optional: {
      read(value, path) {
        if (isEmpty(value)) return undefined as never;
        throw new GlueFault(
          'InvalidInputException',
          `'${path}' is not supported by this local data catalog.`,
        );
      },
    },
  };
}

/** Checks a request body as the service's front does: all broken constraints in one ValidationException. */
export function parse<T>(shape: Shape<T>, body: unknown): T {
  const broken: string[] = [];
  const result = shape.read(body, '', (path, value, constraint) => {
    const shown = value === null ? 'Value' : `Value '${shorten(value)}'`;
    broken.push(`${shown} at '${path}' failed to satisfy constraint: ${constraint}`);
  });
  if (broken.length === 0) return result;
  const count = `${String(broken.length)} validation error${broken.length === 1 ? '' : 's'} detected: `;
  throw new GlueFault('ValidationException', count + broken.join('; '));
}

function checkLength(
  length: number,
  min: number,
  max: number,
  path: string,
  value: unknown,
  report: Report,
): void {
  if (length < min) report(path, value, `Member must have length greater than or equal to ${String(min)}`);
  if (length > max) report(path, value, `Member must have length less than or equal to ${String(max)}`);
}

function wrongType(path: string, expected: string): GlueFault {
  return new GlueFault('SerializationException', `'${path}' must be ${expected}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === false) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function memberPath(path: string, name: string): string {
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  return path === '' ? member : `${path}.${member}`;
}

function shorten(value: unknown): string {
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return shown.length > 200 ? `${shown.slice(0, 200)}...` : shown;
}
