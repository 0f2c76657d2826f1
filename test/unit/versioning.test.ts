import { expect, test } from '@jest/globals';
import { workerVersioning } from '../../workers/versioning.ts';

test('workers are versioned only where a deployment is named', () => {
  expect(workerVersioning({})).toEqual({});
  // An image may know its build; whoever deploys it decides.
  expect(workerVersioning({ REEFLINE_BUILD_ID: '1.4.2' })).toEqual({});
  expect(workerVersioning({ REEFLINE_DEPLOYMENT: 'reefline', REEFLINE_BUILD_ID: '1.4.2' })).toEqual({
    workerDeploymentOptions: {
      version: { deploymentName: 'reefline', buildId: '1.4.2' },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  });
});

test.each([
  ['reefline.eu', '1', 'REEFLINE_DEPLOYMENT is "reefline.eu"'],
  ['reefline', '', 'REEFLINE_BUILD_ID must say which build'],
  ['reefline', 'a:b', 'it is "a:b"'],
])('names that Temporal refuses are refused at the start: %s, %s', (name, build, expected) => {
  const environment = { REEFLINE_DEPLOYMENT: name, REEFLINE_BUILD_ID: build };
  expect(() => workerVersioning(environment)).toThrow(expected);
});
