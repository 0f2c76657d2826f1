import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { code, moveAll, type AwkwardSource } from '../support/awkward-moves.ts';
import { AWKWARD_MYSQL_TYPES, OWN_TYPES, REFUSED_MYSQL_TYPES } from '../support/awkward-mysql.ts';
import { openFidelityWorld, type FidelityWorld } from '../support/fidelity-world.ts';
import { describeMysql, MAKER, openMysqlSource, type MysqlSource } from '../support/mysql-source.ts';
import { expectTables } from '../support/written-page.ts';

describeMysql('Awkward values of MySQL', () => {
  let shop: MysqlSource;
  let world: FidelityWorld;
  let source: AwkwardSource;

  beforeAll(async () => {
    shop = await openMysqlSource('mysql-fidelity');
    world = await openFidelityWorld('mysql-fidelity');
    await shop.query("set time_zone = '+02:00'");
    source = {
      tools: world.toolsWith({ kind: 'mysql', url: shop.url }),
      from: (table) => `shop.${shop.database}.${table}`,
      async create(table, columns, rows) {
        const inserts = rows.map(
          (row, id) => `insert into ${table} values (${[String(id), ...row].join(', ')})`,
        );
        await shop.query(
          `create table ${table} (id int primary key${columns.map((each) => `, ${each}`).join('')})`,
          ...inserts,
        );
      },
      async texts(table, expressions) {
        const list = expressions.map(
          (each, at) => `cast(${each.replace('::text', '')} as char) as t${String(at)}`,
        );
        const rows = await shop.query(`select ${list.join(', ')} from ${table} order by id`);
        return rows.map((row) => Object.values(row) as (string | null)[]);
      },
    };
  });
  afterAll(async () => {
    await world.close();
    await shop.close();
  });

  test('come back equal from everywhere, or are refused by a message that names the column; docs/types-mysql.md says which', async () => {
    const types = [...AWKWARD_MYSQL_TYPES, ...OWN_TYPES[MAKER]];
    const report = await moveAll(source, world.destinations, types, REFUSED_MYSQL_TYPES);
    const titles = world.destinations.map(({ title }) => title);
    expect(report.values.length).toBeGreaterThan(40);
    const own = OWN_TYPES[MAKER].map(({ declared }) => code(declared));
    const isOwn = ([declared = '']: readonly string[]): boolean => own.includes(declared);
    const ofBoth = (rows: readonly (readonly string[])[]) => rows.filter((row) => !isOwn(row));
    expectTables('types-mysql.md', {
      types: { titles: ['MySQL', 'staged as', ...titles], rows: ofBoth(report.types) },
      values: { titles: ['MySQL', 'value', ...titles], rows: ofBoth(report.values) },
      refusals: { titles: ['MySQL', 'value', 'message'], rows: report.refusals },
      [`types of ${MAKER}`]: { titles: [MAKER, 'staged as', ...titles], rows: report.types.filter(isOwn) },
      [`values of ${MAKER}`]: { titles: [MAKER, 'value', ...titles], rows: report.values.filter(isOwn) },
    });
  });
});
