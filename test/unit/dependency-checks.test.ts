import { describe, expect, test } from '@jest/globals';
import { judgeAudit } from '../../scripts/dependencies/audit-report.ts';
import { isAllowed, licenceProblems } from '../../scripts/dependencies/licences.ts';

const TODAY = '2026-11-29';
const ADVISORY = {
  source: 1,
  name: 'tar',
  dependency: 'tar',
  title: 'Path traversal',
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  severity: 'high',
  range: '<7.5.0',
};
const REPORT = JSON.stringify({
  auditReportVersion: 2,
  vulnerabilities: {
    tar: { name: 'tar', severity: 'high', via: [ADVISORY], effects: ['packer'], nodes: ['node_modules/tar'] },
    packer: { name: 'packer', severity: 'high', via: ['tar'], effects: [], nodes: ['node_modules/packer'] },
  },
  metadata: {},
});
const EXCEPTION = {
  advisory: 'GHSA-aaaa-bbbb-cccc',
  package: 'tar',
  reason: 'Reefline opens no archive.',
  until: TODAY,
};

describe('the audit of dependencies', () => {
  test('fails for an advisory, once however many packages it reaches, and says what to do', () => {
    const verdict = judgeAudit(REPORT, [], TODAY);
    expect(verdict).toEqual({ kind: 'judged', problems: [expect.any(String)], excepted: [] });
    expect(verdict).toMatchObject({
      problems: [expect.stringContaining('tar <7.5.0 has GHSA-aaaa-bbbb-cccc (high)')],
    });
  });

  test('takes a reasoned exception of that package until its last day', () => {
    expect(judgeAudit(REPORT, [EXCEPTION], TODAY)).toMatchObject({
      problems: [],
      excepted: [expect.stringContaining('Reefline opens no archive.')],
    });
    expect(judgeAudit(REPORT, [EXCEPTION], '2026-11-30')).toMatchObject({
      problems: [expect.stringContaining('ended on 2026-11-29')],
    });
    expect(judgeAudit(REPORT, [{ ...EXCEPTION, package: 'untar' }], TODAY)).toMatchObject({
      problems: [expect.stringContaining('tar <7.5.0')],
    });
  });

  test('says that the registry could not be asked, and does not take that for a clean report', () => {
    const refused = JSON.stringify({
      message: 'request failed, getaddrinfo ENOTFOUND',
      error: { summary: '' },
    });
    expect(judgeAudit(refused, [], TODAY)).toEqual({
      kind: 'not-asked',
      reason: 'request failed, getaddrinfo ENOTFOUND',
    });
    expect(judgeAudit('', [], TODAY)).toEqual({ kind: 'not-asked', reason: 'npm gave no answer' });
    expect(judgeAudit('spawnSync npm ETIMEDOUT', [], TODAY)).toMatchObject({ kind: 'not-asked' });
  });
});

describe('the licences of dependencies', () => {
  test.each([
    ['MIT', true],
    ['(MIT OR CC0-1.0)', true],
    ['GPL-3.0-only OR MIT', true],
    ['Apache-2.0 AND MIT', true],
    ['Apache-2.0 AND LGPL-3.0-or-later', false],
    ['(MIT AND GPL-2.0-only) OR ISC', true],
    ['MIT AND (GPL-2.0-only OR AGPL-3.0-only)', false],
    ['GPL-2.0-only WITH Classpath-exception-2.0', false],
    ['Apache-2.0 WITH LLVM-exception', false],
    ['(MIT', false],
    ['MIT)', false],
    ['SEE LICENSE IN LICENSE', false],
    ['UNLICENSED', false],
    ['none', false],
    ['', false],
  ])('%s: allowed is %s', (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });

  test('a package is refused with its name and version; an exception holds for the licence that was read', () => {
    expect(licenceProblems([{ name: 'gpl', version: '1.2.3', licence: 'GPL-3.0-only' }])).toEqual([
      expect.stringContaining('gpl 1.2.3 has the licence "GPL-3.0-only"'),
    ]);
    const unionfs = { name: 'unionfs', version: '4.6.0', licence: 'none' };
    expect(licenceProblems([unionfs])).toEqual([]);
    expect(licenceProblems([{ ...unionfs, licence: 'SSPL-1.0' }])).toHaveLength(1);
  });
});
