import { suggest } from '../config/nearest.ts';
import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import type { Project } from '../pipeline/project.ts';
import { InvalidInput } from './invalid-input.ts';

/** The endpoint of this name in the files of a project. @throws InvalidInput when there is none. */
export function requireEndpoint({ endpoints }: Project, name: string): EndpointDefinition {
  const found = endpoints.find((endpoint) => endpoint.name === name);
  if (found !== undefined) return found;
  const names = endpoints.map((endpoint) => endpoint.name);
  const cure = suggest(name, names, 'add it under endpoints: in reefline.yaml');
  throw new InvalidInput(`There is no endpoint "${name}": ${cure}`);
}
