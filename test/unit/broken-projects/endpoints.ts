import { at, type BrokenProject, SETTINGS } from './broken-project.ts';

const CUSTOMERS = 'customers: { kind: sqs, queueUrl: "${env:CUSTOMER_QUEUE_URL}"';

/** Endpoints whose filters cannot be what was meant. */
export const ENDPOINTS: readonly BrokenProject[] = [
  {
    name: 'filters of an endpoint that mean nothing',
    edits: [
      [
        SETTINGS,
        CUSTOMERS,
        `${CUSTOMERS}, schemas: ["re:(a"], tables: { deny: ["re:(a)\\\\1"], alow: [x] }, maxAge: 7y, types: [mysql]`,
      ],
    ],
    expected: [
      at(SETTINGS, 8, 'endpoints.customers.schemas.0', /no regular expression: .*missing closing/, /RE2/),
      at(SETTINGS, 8, 'endpoints.customers.tables.deny.0', /no regular expression/, /no back-references/),
      at(SETTINGS, 8, 'endpoints.customers.tables.alow', /not known/, /allow/),
      at(SETTINGS, 8, 'endpoints.customers.maxAge', /no age/, /12h or 7d/),
      at(SETTINGS, 8, 'endpoints.customers.types.0', /not known/, /redshift/),
    ],
  },
  {
    name: 'filters of an endpoint that let nothing pass',
    edits: [[SETTINGS, CUSTOMERS, `${CUSTOMERS}, pipelines: [order], events: [metadata], on: [FAILURE]`]],
    expected: [
      at(SETTINGS, 8, 'endpoints.customers.pipelines.0', /pipeline order is not known/, /orders/),
      at(SETTINGS, 8, 'endpoints.customers.on', /schema changes have no outcome/, /remove on/),
    ],
  },
];
