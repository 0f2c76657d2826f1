import { GlueFault } from './fault.ts';
import type { Entity } from './store.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly NextToken?: string;
}

/** The name that a NextToken continues after. Throws InvalidInputException for a token that is none of ours. */
export function readToken(token: string | undefined): string | undefined {
  // The service treats an empty token as a first call.
  if (token === undefined || token === '') return undefined;
  const decoded = Buffer.from(token, 'base64url').toString();
  if (!decoded.startsWith('after:')) {
    throw new GlueFault('InvalidInputException', 'The continuation token is invalid.');
  }
  return decoded.slice('after:'.length);
}

/**
 * The first `size` entities that `pick` accepts, with a token when more entities follow. As in the service, the last
 * page may turn out to be empty when the entities behind the token match nothing.
 */
export function takePage<T>(
  entities: Iterable<Entity>,
  size: number,
  pick: (body: unknown, name: string) => T | undefined,
): Page<T> {
  const items: T[] = [];
  let last = '';
  for (const entity of entities) {
    if (items.length === size) {
      return { items, NextToken: Buffer.from(`after:${last}`).toString('base64url') };
    }
    const item = pick(entity.body, entity.name);
    if (item !== undefined) items.push(item);
    last = entity.name;
  }
  return { items };
}
