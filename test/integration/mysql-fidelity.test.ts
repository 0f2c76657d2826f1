import pg from 'pg';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import { publishStage } from '../../activities/stages/publish.ts';
import type { StageTools } from '../../activities/stages/runner.ts';
import { extractRun } from '../support/extract-run.ts';
import { freshDatabase, type FreshDatabase } from '../support/local-cloud.ts';
import { describeMysql, openMysqlSource, type MysqlSource } from '../support/mysql-source.ts';
import { openTestWarehouse, runOf, toolsOf, type TestWarehouse } from '../support/warehouse.ts';

const LABEL = '20010105080000';

/** Of each type its declaration, two values as MySQL reads them, and what PostgreSQL must say of each at the other end. */
const COLUMNS: Readonly<Record<string, readonly [type: string, values: readonly [string, string][]]>> = {
  yes: [
    'boolean',
    [
      ['true', 'true'],
      ['false', 'false'],
    ],
  ],
  tiny: [
    'tinyint',
    [
      ['-128', '-128'],
      ['127', '127'],
    ],
  ],
  small: [
    'smallint unsigned',
    [
      ['65535', '65535'],
      ['0', '0'],
    ],
  ],
  whole: [
    'int unsigned',
    [
      ['4294967295', '4294967295'],
      ['0', '0'],
    ],
  ],
  big: [
    'bigint',
    [
      ['-9223372036854775808', '-9223372036854775808'],
      ['9007199254740993', '9007199254740993'],
    ],
  ],
  ubig: [
    'bigint unsigned',
    [
      ['18446744073709551615', '18446744073709551615'],
      ['0', '0'],
    ],
  ],
  bits: [
    'bit(64)',
    [
      ['0x8000000000000001', '9223372036854775809'],
      ["b'0'", '0'],
    ],
  ],
  wide: [
    'decimal(38,10)',
    [
      ['-9999999999999999999999999999.9999999999', '-9999999999999999999999999999.9999999999'],
      ['0.0000000001', '0.0000000001'],
    ],
  ],
  price: [
    'decimal(12,2)',
    [
      ['1.1', '1.10'],
      ['-0.00', '0.00'],
    ],
  ],
  single: [
    'float',
    [
      ['16777217', '1.6777216e+07'],
      ['0.1', '0.1'],
    ],
  ],
  twice: [
    'double',
    [
      ['0.1e0 + 0.2e0', '0.30000000000000004'],
      ['2.2250738585072014e-308', '2.2250738585072014e-308'],
    ],
  ],
  day: [
    'date',
    [
      ["'2020-02-29'", '2020-02-29'],
      ["'9999-12-31'", '9999-12-31'],
    ],
  ],
  wall: [
    'datetime(6)',
    [
      ["'2020-03-29 02:30:00.123456'", '2020-03-29 02:30:00.123456'],
      ["'0001-01-01'", '0001-01-01 00:00:00'],
    ],
  ],
  instant: [
    'timestamp(6) null',
    [
      ["'2020-10-25 02:30:00.000001'", '2020-10-25 00:30:00.000001+00'],
      ["'1970-01-01 02:00:01'", '1970-01-01 00:00:01+00'],
    ],
  ],
  span: [
    'time(3)',
    [
      ["'-838:59:59'", '-838:59:59.000'],
      ["'12:00'", '12:00:00.000'],
    ],
  ],
  born: [
    'year',
    [
      ['1901', '1901'],
      ['2155', '2155'],
    ],
  ],
  word: [
    'varchar(40)',
    [
      ["'\\\\''\"\\r\\n\\t ä😀'", `\\'"\r\n\t ä😀`],
      ["''", ''],
    ],
  ],
  latin: [
    'varchar(9) character set latin1',
    [
      ["'Größe €'", 'Größe €'],
      ["' x '", ' x '],
    ],
  ],
  padded: [
    'char(5)',
    [
      ["'ab'", 'ab'],
      ["''", ''],
    ],
  ],
  size: [
    "enum('s','large, \"x\"')",
    [
      ['\'large, "x"\'', 'large, "x"'],
      ["'s'", 's'],
    ],
  ],
  body: [
    'blob',
    [
      ["x'00ff0a5c'", '\\x00ff0a5c'],
      ["''", '\\x'],
    ],
  ],
  fixed: [
    'binary(3)',
    [
      ["x'00ff'", '\\x00ff00'],
      ["'abc'", '\\x616263'],
    ],
  ],
  ref: [
    'uuid',
    [
      ["'6F2C1B1E-3C52-4D8E-9A31-0B2D7C5E9F10'", '6f2c1b1e-3c52-4d8e-9a31-0b2d7c5e9f10'],
      ['null', 'NULL'],
    ],
  ],
};

describeMysql('A table of MySQL', () => {
  let source: MysqlSource;
  let warehouse: TestWarehouse;
  let serving: FreshDatabase;
  let client: pg.Client;
  let tools: StageTools;

  beforeAll(async () => {
    source = await openMysqlSource('mysql-fidelity');
    warehouse = await openTestWarehouse('mysql-fidelity');
    serving = await freshDatabase('mysql_fidelity_serving');
    client = new pg.Client({ connectionString: serving.url });
    await client.connect();
    await client.query("set time zone 'UTC'");
    const given = toolsOf(warehouse);
    tools = {
      ...given,
      connection: (name) => {
        if (name === 'shop') return { kind: 'mysql', url: source.url };
        return name === 'serving' ? { kind: 'postgres', url: serving.url } : given.connection(name);
      },
    };
  });
  afterAll(async () => {
    await client.end();
    await serving.drop();
    await warehouse.close();
    await source.close();
  });

  test('is served as it was, through files and the warehouse, with every awkward value and NULL', async () => {
    const names = Object.keys(COLUMNS);
    const values = (row: number): string =>
      Object.values(COLUMNS)
        .map(([, pairs]) => pairs[row]?.[0])
        .join(', ');
    await source.query(
      "set time_zone = '+02:00'",
      `create table awkward (id int primary key, ${names.map((name) => `\`${name}\` ${COLUMNS[name]?.[0] ?? ''}`).join(', ')})`,
      `insert into awkward values (0, ${values(0)}), (1, ${values(1)})`,
      'insert into awkward (id) values (2)',
    );
    const work = { from: `shop.${source.database}.awkward` };
    const { uri } = await extractStage(extractRun({ table: 'awkward', timelabel: LABEL, work }), tools);
    const output = 'warehouse.analytics.awkward';
    const load = { kind: 'load', from: 'lake.shop.awkward', mode: 'append', key: [] } as const;
    await loadStage(runOf({ work: load, output, timelabel: LABEL, uri }), tools);
    const publish = { kind: 'publish', from: output, key: ['id'], rows: 'all' } as const;
    await publishStage(runOf({ work: publish, output: 'serving.app.awkward', timelabel: LABEL }), tools);

    const list = names.map((name) => `coalesce("${name}"::text, 'NULL')`).join(', ');
    const { rows } = await client.query<string[]>({
      text: `select ${list} from app.awkward order by id`,
      rowMode: 'array',
    });
    const served = rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
    const expected = [0, 1].map((row) =>
      Object.fromEntries(names.map((name) => [name, COLUMNS[name]?.[1][row]?.[1]])),
    );
    expect(served).toEqual([...expected, Object.fromEntries(names.map((name) => [name, 'NULL']))]);
  });
});
