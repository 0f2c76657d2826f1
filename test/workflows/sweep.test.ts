import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SWEPT_KINDS } from '../../pipeline/findings.ts';
import { jobs, only, openSandbox, type Asked, type WorkflowSandbox } from '../support/workflow-sandbox.ts';

let sandbox: WorkflowSandbox;

beforeAll(async () => {
  sandbox = await openSandbox();
});

afterAll(async () => {
  await sandbox.close();
});

describe('a sweep', () => {
  test('looks for one kind after the other, and tells how many it found and mended', async () => {
    const run = await sandbox.start('sweep', { workflowId: 'sweep', args: [{}] });
    let asked: Asked = only(run.begun);
    for (const kind of SWEPT_KINDS) {
      expect(asked).toMatchObject({ what: 'activity', name: 'sweepKind', args: [{ kind, ageSeconds: 120 }] });
      asked = only(await run.activate(jobs.resolve(asked, { kind, found: 2, mended: 1 })));
    }
    expect(asked).toMatchObject({
      what: 'complete',
      args: [{ found: 2 * SWEPT_KINDS.length, mended: SWEPT_KINDS.length }],
    });
  });

  test('goes on with the next kind when one cannot be looked for, and says why', async () => {
    const run = await sandbox.start('sweep', { workflowId: 'sweep', args: [{ ageSeconds: 0 }] });
    let asked: Asked = only(run.begun);
    expect(asked.args).toEqual([{ kind: SWEPT_KINDS[0], ageSeconds: 0 }]);
    asked = only(await run.activate(jobs.fail(asked, 'unavailable', 'the catalog is away')));
    for (const kind of SWEPT_KINDS.slice(1))
      asked = only(await run.activate(jobs.resolve(asked, { kind, found: 0, mended: 0 })));
    expect(asked).toMatchObject({
      what: 'complete',
      args: [
        {
          found: 0,
          kinds: [{ kind: SWEPT_KINDS[0], error: 'the catalog is away' }, {}, {}, {}, {}, {}, {}, {}, {}],
        },
      ],
    });
  });

  test('that a person starts without any input waits the usual two minutes', async () => {
    const run = await sandbox.start('sweep', { workflowId: 'sweep', args: [] });
    expect(only(run.begun).args).toMatchObject([{ ageSeconds: 120 }]);
  });
});
