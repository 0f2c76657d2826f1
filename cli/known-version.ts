import type pg from 'pg';
import { type ConfigVersion, readConfigVersion, readVersionInForce } from '../catalog/config-history.ts';
import { InvalidInput } from './invalid-input.ts';

/** A config version by its number, or the one in force. @throws InvalidInput when there is none. */
export async function knownVersion(db: pg.Pool, version: number | undefined): Promise<ConfigVersion> {
  const inForce = await readVersionInForce(db);
  if (inForce === undefined) throw new InvalidInput('The config store is empty. Run "reefline apply" once.');
  const found = version === undefined ? inForce : await readConfigVersion(db, version);
  if (found !== undefined) return found;
  throw new InvalidInput(
    `There is no config version ${String(version)}; the newest is ${String(inForce.version)}. "reefline config history" lists them.`,
  );
}
