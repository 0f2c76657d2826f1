import type { z } from 'zod';
import type { EndpointDefinition, NameList } from '../pipeline/endpoint.ts';
import type { endpointSchema } from './endpoint-schema.ts';
import { parseAge } from './timeout.ts';

type EndpointFields = z.infer<typeof endpointSchema>;

/** The endpoint that its fields in reefline.yaml mean: a plain list of names allows them, and ages are in seconds. */
export function endpointOf(name: string, fields: EndpointFields): EndpointDefinition {
  const { schemas, tables, maxAge, giveUpAfter, ...others } = fields;
  const maxAgeSeconds = parseAge(maxAge ?? '');
  const giveUpSeconds = parseAge(giveUpAfter ?? '');
  return {
    name,
    ...others,
    ...(schemas === undefined ? {} : { schemas: nameList(schemas) }),
    ...(tables === undefined ? {} : { tables: nameList(tables) }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(giveUpSeconds === undefined ? {} : { giveUpSeconds }),
  } as EndpointDefinition;
}

function nameList(list: NonNullable<EndpointFields['schemas']>): NameList {
  return (Array.isArray(list) ? { allow: list } : list) as NameList;
}
