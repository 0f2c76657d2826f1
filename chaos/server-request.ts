import type { DrawnOrg } from './org.ts';

/** What a server process is asked to start; `dir` holds its data. */
export type ServerRequest = { readonly dir: string } & (
  | { readonly kind: 'temporal' | 'postgres' | 'mariadb' | 'glue' }
  | ({ readonly kind: 'salesforce' } & Pick<DrawnOrg, 'objects' | 'credentials'>)
  | { readonly kind: 'objects'; readonly region: string }
  | { readonly kind: 'redshift' | 'snowflake'; readonly postgresUrl: string; readonly s3Endpoint: string }
  | { readonly kind: 'athena'; readonly s3Endpoint: string; readonly glueEndpoint: string }
);

/** The one line that it prints once the server answers. */
export interface ServerReply {
  readonly url: string;
  /** The process to kill: the server's own. */
  readonly pid: number;
}
