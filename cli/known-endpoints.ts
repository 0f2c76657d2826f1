import type pg from 'pg';
import { readEndpointNames } from '../catalog/dead-letters.ts';
import { suggest } from '../config/nearest.ts';
import { InvalidInput } from './invalid-input.ts';

/** @throws InvalidInput when no configuration that was applied has an endpoint of this name. */
export async function requireKnownEndpoint(db: pg.Pool, name: string): Promise<void> {
  const names = await readEndpointNames(db);
  if (names.includes(name)) return;
  const cure = suggest(name, names, 'apply a configuration that has it');
  throw new InvalidInput(`There is no endpoint "${name}": ${cure}`);
}
