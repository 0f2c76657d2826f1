import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { ObjectDefinition } from '../local/salesforce/objects.ts';
import type { Credentials } from '../local/salesforce/sessions.ts';
import type { DrawnPipeline } from './project.ts';

/** The Salesforce org of the projects: what it starts with, and what a worker signs in with. */
export interface DrawnOrg {
  readonly objects: readonly ObjectDefinition[];
  readonly credentials: Credentials;
  readonly variables: Readonly<Record<string, string>>;
}

/** Digits of an amount that the org takes: days sum up to more and to less, so it refuses some of them. */
const DIGITS = 4;

/** The object that the days of a pipeline are published to. */
export function objectOf(name: string): string {
  return `${name.toUpperCase()}_Day__c`;
}

/** Workers sign in by assertion, whose times are those of their own clocks. */
export function makeOrg(pipelines: readonly Pick<DrawnPipeline, 'name'>[]): DrawnOrg {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    objects: pipelines.map(({ name }) => ({
      name: objectOf(name),
      fields: [
        { name: 'Day__c', type: 'string', length: 10, externalId: true, unique: true },
        { name: 'Orders__c', type: 'int', precision: 8 },
        { name: 'Amount__c', type: 'int', precision: DIGITS },
      ],
    })),
    credentials: {
      clientId: 'chaos',
      clientSecret: randomBytes(12).toString('hex'),
      username: 'mover@chaos.example',
      password: randomBytes(12).toString('hex'),
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
    variables: { CHAOS_CRM_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
  };
}
