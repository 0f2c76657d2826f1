import { Connection } from 'jsforce';
import type { SalesforceConnection } from '../../../pipeline/connection.ts';
import type { Scraps } from './scraps.ts';

/** The object of the org that the variables of the run name. */
export interface SalesforceEndpoint {
  readonly connection: SalesforceConnection;
  readonly object: string;
  /** Keys and notes of the records of one place, by a session of the test's own, in the order of their keys. */
  notes(place: string): Promise<string[][]>;
}

interface Note {
  readonly Id: string;
  readonly Key__c: string;
  readonly Note__c: string | null;
}

const OBJECT = 'Reefline_Contract__c';

/** Records that the suite makes are in places that begin with its prefix; those of each place are removed. */
export async function openSalesforce(scraps: Scraps): Promise<SalesforceEndpoint> {
  const given = (name: string): string => process.env[`REEFLINE_CONTRACT_SALESFORCE_${name}`] ?? '';
  const connection: SalesforceConnection = {
    kind: 'salesforce',
    loginUrl: given('LOGIN_URL'),
    clientId: given('CLIENT_ID'),
    clientSecret: given('CLIENT_SECRET'),
  };
  const { loginUrl, clientId, clientSecret = '' } = connection;
  const api = new Connection({ loginUrl, version: '62.0', oauth2: { loginUrl, clientId, clientSecret } });
  await api.authorize({ grant_type: 'client_credentials' });
  const read = async (place: string): Promise<readonly Note[]> => {
    const { records } = await api.query<Note>(
      `SELECT Id, Key__c, Note__c FROM ${OBJECT} WHERE Place__c = '${place}' ORDER BY Key__c`,
    );
    return records;
  };
  const places = new Set<string>();
  scraps.remove('the records in Salesforce', async () => {
    for (const place of places) for (const { Id } of await read(place)) await api.sobject(OBJECT).destroy(Id);
  });
  return {
    connection,
    object: OBJECT,
    async notes(place) {
      places.add(place);
      return (await read(place)).map(({ Key__c, Note__c }) => [
        Key__c.slice(place.length + 1),
        Note__c ?? 'NULL',
      ]);
    },
  };
}
