import type { z } from 'zod';
import type { HealthLimits } from '../pipeline/endpoint-health.ts';
import type { EndpointDefinition, NameList, RetryTimes } from '../pipeline/endpoint.ts';
import type { endpointSchema } from './endpoint-schema.ts';
import { parseAge } from './timeout.ts';

type EndpointFields = z.infer<typeof endpointSchema>;

/** The endpoint that its fields in reefline.yaml mean: a plain list of names allows them, and ages are in seconds. */
export function endpointOf(name: string, fields: EndpointFields): EndpointDefinition {
  const { schemas, tables, maxAge, giveUpAfter, retry, health, ...others } = fields;
  return {
    name,
    ...others,
    ...(schemas === undefined ? {} : { schemas: nameList(schemas) }),
    ...(tables === undefined ? {} : { tables: nameList(tables) }),
    ...inSeconds('maxAgeSeconds', maxAge),
    ...inSeconds('giveUpSeconds', giveUpAfter),
    ...(retry === undefined ? {} : { retry: retryOf(retry) }),
    ...(health === undefined ? {} : { health: healthLimitsOf(health) }),
  } as EndpointDefinition;
}

function retryOf({ first, longest, takeOver }: NonNullable<EndpointFields['retry']>): RetryTimes {
  return {
    ...inSeconds('firstSeconds', first),
    ...inSeconds('longestSeconds', longest),
    ...inSeconds('takeOverSeconds', takeOver),
  };
}

function healthLimitsOf({
  failedCalls,
  failingAfter,
  lateAfter,
  wellAfter,
}: NonNullable<EndpointFields['health']>): Partial<HealthLimits> {
  return {
    ...(failedCalls === undefined ? {} : { failedCalls }),
    ...inSeconds('failingSeconds', failingAfter),
    ...inSeconds('lateSeconds', lateAfter),
    ...inSeconds('wellSeconds', wellAfter),
  };
}

function inSeconds(field: string, text: string | undefined): Record<string, number> {
  const seconds = parseAge(text ?? '');
  return seconds === undefined ? {} : { [field]: seconds };
}

function nameList(list: NonNullable<EndpointFields['schemas']>): NameList {
  return (Array.isArray(list) ? { allow: list } : list) as NameList;
}
