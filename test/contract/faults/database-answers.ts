import type { ServiceFault } from '../attempts.ts';
import type { DatabaseError } from './database-protocols.ts';
import type { Answer } from './wire.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const POSTGRES: Readonly<Record<ServiceFault, DatabaseError>> = {
  throttled: { code: 0, state: '53300', message: 'sorry, too many clients already' },
  unavailable: {
    code: 0,
    state: '57P01',
    message: 'terminating connection due to administrator command',
  },
  unauthorized: { code: 0, state: '42501', message: 'permission denied' },
};

/** https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
const MYSQL: Readonly<Record<ServiceFault, DatabaseError>> = {
  throttled: { code: 1040, state: '08004', message: 'Too many connections' },
  unavailable: { code: 1053, state: '08S01', message: 'Server shutdown in progress' },
  unauthorized: { code: 1045, state: '28000', message: 'Access denied for user' },
};

/** The answer of PostgreSQL, which ends the connection, to whatever it was asked. */
export function postgresAnswer(fault: ServiceFault): Answer {
  return answerOf(POSTGRES[fault]);
}

/** The same of MySQL. */
export function mysqlAnswer(fault: ServiceFault): Answer {
  return answerOf(MYSQL[fault]);
}

function answerOf(error: DatabaseError): Answer {
  return { status: 0, headers: {}, body: JSON.stringify(error) };
}
