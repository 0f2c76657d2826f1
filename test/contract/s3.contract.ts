import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from '@jest/globals';
import { createS3Client } from '../../connectors/s3/client.ts';
import { folderSize } from '../../connectors/s3/folder-size.ts';
import { parseS3Uri } from '../../connectors/s3/location.ts';
import { readManifest, writeManifest } from '../../connectors/s3/manifest.ts';
import { putObject } from '../../connectors/s3/put-object.ts';
import { contract } from './contract.ts';
import { scrapsOf } from './environment/scraps.ts';
import { openStageStore } from './environment/stage-store.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { stageStoreChecks, type StageStoreUnderTest } from './kinds/stage-store.ts';

contract('s3', 'stage store', () => {
  const scraps = scrapsOf('s3');
  let store: StageStoreUnderTest;
  const production = createS3Client();
  beforeAll(async () => {
    const { bucket, prefix, client, keys } = await openStageStore(scraps);
    store = {
      answers: awsAnswer,
      bucket,
      prefix,
      async put(uri, body, signal) {
        await putObject(production, uri, body, {
          contentType: 'application/octet-stream',
          ...(signal === undefined ? {} : { signal }),
        });
      },
      writeManifest: (uri, manifest, signal) => writeManifest(production, uri, manifest, signal),
      readManifest: (uri, signal) => readManifest(production, uri, signal),
      folderSize: (uri) => folderSize(production, uri, new AbortController().signal),
      async get(uri) {
        const { bucket: Bucket, key: Key } = parseS3Uri(uri);
        try {
          const found = await client.send(new GetObjectCommand({ Bucket, Key }));
          return await found.Body?.transformToByteArray();
        } catch (error) {
          if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
          throw error;
        }
      },
      async set(uri, text) {
        const { bucket: Bucket, key: Key } = parseS3Uri(uri);
        await client.send(new PutObjectCommand({ Bucket, Key, Body: text }));
      },
      list: async () => (await keys()).map((key) => `s3://${bucket}/${key}`),
    };
  });
  afterAll(() => production.destroy());
  return stageStoreChecks(() => store);
});
