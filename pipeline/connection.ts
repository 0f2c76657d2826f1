/**
 * Outside systems as the configuration names them. Values that are secrets hold a reference (`${env:NAME}`), which
 * only a worker resolves (workers/secrets.ts); the catalog, events and histories see the reference.
 */
export type Connection =
  | PostgresConnection
  | MysqlConnection
  | S3Connection
  | GlueConnection
  | RedshiftConnection
  | AthenaConnection
  | SnowflakeConnection
  | SalesforceConnection;

export interface PostgresConnection {
  readonly kind: 'postgres';
  /** A `postgres://` URL or, usually, a reference such as `${env:SHOP_URL}`. */
  readonly url: string;
  /** Seconds that the server may send nothing within a statement; when absent, extracts have a usual limit (pipeline/silence.ts) and nothing else has one. */
  readonly silenceSeconds?: number;
  readonly concurrency?: number;
}

/** MySQL 5.7 to 8.4, or MariaDB: a source of extracts. */
export interface MysqlConnection {
  readonly kind: 'mysql';
  /** A `mysql://` URL or, usually, a reference such as `${env:SHOP_URL}`. TLS is chosen by its parameters. */
  readonly url: string;
  /** Seconds that the server may send nothing within a statement; as for PostgreSQL. */
  readonly silenceSeconds?: number;
  readonly concurrency?: number;
}

/** Stage store: files and manifests live under `s3://<bucket>/<prefix>`. */
export interface S3Connection {
  readonly kind: 's3';
  readonly bucket: string;
  readonly prefix?: string;
  readonly region?: string;
  readonly concurrency?: number;
}

export interface GlueConnection {
  readonly kind: 'glue';
  /** Prepended to the schema to make the Glue database name, e.g. `reefline_`. */
  readonly databasePrefix?: string;
  readonly region?: string;
  readonly concurrency?: number;
}

/** Redshift through the Data API: a provisioned cluster or a serverless workgroup. */
export interface RedshiftConnection {
  readonly kind: 'redshift';
  readonly database: string;
  readonly cluster?: string;
  readonly workgroup?: string;
  readonly dbUser?: string;
  readonly secretArn?: string;
  /** Role that COPY uses to read S3; `default` when absent. */
  readonly copyRole?: string;
  readonly region?: string;
  readonly concurrency?: number;
}

/** A database of a Snowflake account. With `privateKey` it signs in by key pair, else with the password. */
export interface SnowflakeConnection {
  readonly kind: 'snowflake';
  /** Identifier of the account, such as `acme-analytics`. */
  readonly account: string;
  readonly user: string;
  /** Private key (PEM, PKCS#8) whose public key the user has. */
  readonly privateKey?: string;
  readonly privateKeyPassphrase?: string;
  readonly password?: string;
  readonly database: string;
  /** The warehouse that runs the statements. */
  readonly warehouse: string;
  /** The default role of the user when absent. */
  readonly role?: string;
  /** With which COPY reads the staged files; needed by loads. */
  readonly storageIntegration?: string;
  /** Where the account answers when it is not at its own address; no setting, a worker puts it in (workers/secrets.ts). */
  readonly accessUrl?: string;
  readonly concurrency?: number;
}

/**
 * A Salesforce org through its REST and Bulk 2.0 APIs. With `privateKey` it signs in by JWT bearer, with `password` by
 * username and password, else by client credentials.
 */
export interface SalesforceConnection {
  readonly kind: 'salesforce';
  /** Where tokens are given, such as `https://acme.my.salesforce.com`. */
  readonly loginUrl: string;
  /** Consumer key of the connected app. */
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly username?: string;
  readonly password?: string;
  /** Private key (PEM) whose certificate the connected app holds. */
  readonly privateKey?: string;
  /** Such as `62.0`. */
  readonly apiVersion?: string;
  readonly concurrency?: number;
}

/** Athena over the Glue Data Catalog: the schema of a dataset is a Glue database, and its files lie in S3. */
export interface AthenaConnection {
  readonly kind: 'athena';
  /** Folder below which tables get their files, `s3://<bucket>/<folder>`. */
  readonly location: string;
  /** `primary` when absent. */
  readonly workgroup?: string;
  /** Where Athena puts the results of queries, `s3://<bucket>/<folder>`; what the workgroup says when absent. */
  readonly output?: string;
  readonly region?: string;
  readonly concurrency?: number;
}

export type ConnectionKind = Connection['kind'];
