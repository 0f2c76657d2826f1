import { describe, expect, test } from '@jest/globals';
import type { Project } from '../../pipeline/project.ts';
import { buildRoutingTable, eventTypeOf, findDataset, targetsOf } from '../../pipeline/routing.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const DAY = '20010105000000' as Timelabel;
const HOUR = '20010105080000' as Timelabel;

const PROJECT = projectOf([
  { name: 'hourly', period: '1h' },
  { name: 'same', period: '1h', reads: ['hourly'] },
  { name: 'daily', period: '1d', reads: ['hourly', OUTSIDE] },
  { name: 'monthly', period: '1mo', reads: ['daily'] },
  { name: 'finer', period: '1h', reads: ['daily'] },
]);
const TABLE = buildRoutingTable(3, PROJECT);

/** The same dataset names once more behind another connection. */
const TWICE: Project = {
  ...PROJECT,
  datasets: [
    ...PROJECT.datasets,
    { dataset: 'second.partners.fares', period: '1d', type: 'redshift' },
    { dataset: 'lake.partners.fares', period: '1d', type: 's3' },
  ],
};

const FARES = { type: 'redshift', schema: 'partners', table: 'fares', timelabel: DAY } as const;

describe('the dataset of an event', () => {
  test('is found from type, schema and table', () => {
    expect(findDataset(TABLE, FARES)).toMatchObject({ known: { dataset: OUTSIDE, producer: null } });
    expect(findDataset(TABLE, { ...FARES, schema: 'main', table: 'daily' })).toMatchObject({
      known: { dataset: 'warehouse.main.daily', producer: 'p.daily', period: '1d' },
    });
  });

  test('is refused when two have the same type, schema and table, and naming it helps', () => {
    const table = buildRoutingTable(1, TWICE);
    expect(findDataset(table, FARES)).toEqual({
      field: 'dataset',
      reason: `The type redshift, schema "partners" and table "fares" are ambiguous: ${OUTSIDE}, second.partners.fares. Send the field "dataset" as well.`,
    });
    expect(findDataset(table, { ...FARES, dataset: 'second.partners.fares' })).toMatchObject({
      known: { dataset: 'second.partners.fares' },
    });
    expect(findDataset(table, { ...FARES, type: 's3' })).toMatchObject({
      known: { dataset: 'lake.partners.fares' },
    });
  });

  test.each([
    [{ ...FARES, table: 'fare' }, 'table', 'Declare it under "datasets"'],
    [{ ...FARES, type: 'glue' }, 'table', 'No dataset has type glue'],
    [{ ...FARES, dataset: 'warehouse.partners.nothing' }, 'dataset', 'is unknown'],
    [{ ...FARES, dataset: 'warehouse.main.daily' }, 'dataset', 'does not agree with schema "partners"'],
    [{ ...FARES, timelabel: HOUR }, 'timelabel', `${HOUR} is not the start of an interval of ${OUTSIDE}`],
    [{ ...FARES, dataset: '__proto__' }, 'dataset', 'is unknown'],
    [{ ...FARES, schema: 'constructor', table: 'constructor' }, 'table', 'No dataset has'],
  ] as const)('%j is refused at the field %s', (event, field, reason) => {
    expect(findDataset(TABLE, event)).toEqual({ field, reason: expect.stringContaining(reason) });
  });
});

describe('the dependents of an event', () => {
  const targets = (dataset: string, label: Timelabel): string[] =>
    targetsOf(TABLE, dataset, label).map(({ stage, timelabel }) => `${stage.name} ${timelabel}`);

  test('are the labels that it is part of; a coarser input starts nothing', () => {
    expect(targets('warehouse.main.hourly', HOUR)).toEqual([`same ${HOUR}`, `daily ${DAY}`]);
    expect(targets('warehouse.main.daily', DAY)).toEqual(['monthly 20010101000000']);
    expect(targets(OUTSIDE, DAY)).toEqual([`daily ${DAY}`]);
    expect(targets('warehouse.main.monthly', '20010101000000' as Timelabel)).toEqual([]);
    expect(targets('warehouse.unknown.table', DAY)).toEqual([]);
  });
});

describe('the type of a stage’s events', () => {
  const [stage] = PROJECT.stages as [StageDefinition];
  const publishing: Project = {
    ...PROJECT,
    connections: { warehouse: { kind: 'postgres', url: '${env:A}' } },
  };

  test.each([
    [{ kind: 'extract', from: 'a.b.c', mode: 'snapshot', format: 'parquet' }, PROJECT, 's3'],
    [{ kind: 'register', from: 'a.b.c' }, PROJECT, 'glue'],
    [{ kind: 'load', from: 'a.b.c', mode: 'append', key: [] }, PROJECT, 'redshift'],
    [{ kind: 'load', from: 'a.b.c', mode: 'append', key: [] }, publishing, 'publish'],
    [{ kind: 'publish', from: 'a.b.c', key: [], rows: 'all' }, PROJECT, 'publish'],
  ] as const)('says where its output lies: %j', (work, project, type) => {
    expect(eventTypeOf({ ...stage, work }, project)).toBe(type);
  });
});
