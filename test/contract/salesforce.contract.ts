import { beforeAll } from '@jest/globals';
import { attemptAt, mustSucceed } from './attempts.ts';
import { contract } from './contract.ts';
import { openPublishing, type PublishingWarehouse } from './environment/published-table.ts';
import { openRedshift } from './environment/redshift.ts';
import { openSalesforce, type SalesforceEndpoint } from './environment/salesforce.ts';
import { scrapsOf } from './environment/scraps.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { salesforceAnswer } from './faults/salesforce-answers.ts';
import {
  destinationChecks,
  type DestinationTable,
  type DestinationUnderTest,
  type PublishedContent,
} from './kinds/destination.ts';

contract('salesforce', 'destination', () => {
  const scraps = scrapsOf('salesforce');
  const redshift = openRedshift(scraps);
  let salesforce: SalesforceEndpoint;
  let warehouse: PublishingWarehouse;
  beforeAll(async () => {
    salesforce = await openSalesforce(scraps);
    warehouse = await openPublishing(scraps, redshift);
    scraps.remove('the markers', async () => {
      for (const table of ['applied', 'failed_rows'])
        await redshift.query(`DELETE FROM reefline.${table} WHERE dataset LIKE 'out.${scraps.prefix}%'`);
    });
    // The first publish makes the tables of markers, which only one place would then have as a step.
    const attempt = await table().publish({ columns: ['id', 'note'], rows: [[1, 'a']] });
    mustSucceed(await attemptAt({ words: [], attempt, state: async () => null }));
  });
  let places = 0;
  /** All places share one object: a record says whose it is, and so does its key. */
  const table = (noteField = 'Note__c'): DestinationTable => {
    const place = `${scraps.prefix}_n${String((places += 1))}x`;
    return {
      words: [place],
      looks: /^(DescribeStatement|GET \/services\/data\/v[\d.]+\/jobs\/ingest\/[^/]+)$/u,
      publish({ columns, rows }: PublishedContent, revision = 1, elsewhere = salesforce.object) {
        const [id = '', note = ''] = columns;
        const content = {
          columns: [id, 'place', note],
          rows: rows.map(([key, text = '']) => [`${place}-${String(key)}`, place, text]),
        };
        return warehouse.publish(content, {
          connectionNow: () => salesforce.connection,
          output: `out.${place}.${elsewhere}`,
          revision,
          keyType: 'VARCHAR(80)',
          fields: { [id]: 'Key__c', place: 'Place__c', [note]: noteField },
        });
      },
      rows: () => salesforce.notes(place),
    };
  };
  const underTest: DestinationUnderTest = {
    answers: (service, fault, name) =>
      service === 'redshift-data' ? awsAnswer(service, fault) : salesforceAnswer(fault, name),
    atomic: false,
    longestText: 32_768,
    longerText: 'is refused alone',
    texts: 1,
    table: () => Promise.resolve(table()),
    misfit: () => Promise.resolve({ table: table('Number__c'), refused: 'invalid_config' }),
  };
  return destinationChecks(() => underTest);
});
