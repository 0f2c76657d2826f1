import { invalid } from './fault.ts';
import { flag, object, refuse, requiredText, text, whole, type Body } from './request.ts';
import type { QueryStore, WorkgroupRecord } from './store.ts';

/** The workgroup that every account has. */
export const PRIMARY = 'primary';
/** Bytes: the smallest limit that the service takes. */
const SMALLEST_SCAN_LIMIT = 10_000_000;

/** The workgroup of a request. @throws AthenaFault when it does not exist. */
export function findWorkgroup(store: QueryStore, name: string): WorkgroupRecord {
  const found = store.workgroup(name);
  if (found === undefined) throw invalid(`WorkGroup ${name} is not found.`);
  return found;
}

export function createWorkgroup(store: QueryStore, body: Body): object {
  const name = requiredText(body, 'Name');
  if (!/^[a-zA-Z0-9._-]{1,128}$/.test(name)) throw invalid(`WorkGroup name ${name} is invalid.`);
  if (store.workgroup(name) !== undefined) throw invalid(`WorkGroup ${name} is already created.`);
  const configuration = object(body, 'Configuration');
  refuse(configuration, ['ManagedQueryResultsConfiguration', 'ExecutionRole', 'AdditionalConfiguration']);
  const output = text(object(configuration, 'ResultConfiguration'), 'OutputLocation');
  if (output !== undefined) checkLocation(output);
  store.saveWorkgroup({
    name,
    enabled: true,
    enforced: flag(configuration, 'EnforceWorkGroupConfiguration') ?? true,
    output,
    scanLimit: whole(
      configuration,
      'BytesScannedCutoffPerQuery',
      SMALLEST_SCAN_LIMIT,
      Number.MAX_SAFE_INTEGER,
    ),
    created: Date.now(),
  });
  return {};
}

export function getWorkgroup(store: QueryStore, body: Body): object {
  const { name, enabled, enforced, output, scanLimit, created } = findWorkgroup(
    store,
    requiredText(body, 'WorkGroup'),
  );
  return {
    WorkGroup: {
      Name: name,
      State: enabled ? 'ENABLED' : 'DISABLED',
      Configuration: {
        ResultConfiguration: output === undefined ? {} : { OutputLocation: output },
        EnforceWorkGroupConfiguration: enforced,
        PublishCloudWatchMetricsEnabled: false,
        RequesterPaysEnabled: false,
        ...(scanLimit === undefined ? {} : { BytesScannedCutoffPerQuery: scanLimit }),
      },
      CreationTime: created / 1000,
    },
  };
}

/** @throws AthenaFault for what is no folder in S3. */
export function checkLocation(location: string): void {
  if (!/^s3:\/\/[^/]+(?:\/|$)/.test(location)) throw invalid(`outputLocation is not a valid S3 path.`);
}
